/* One person seen: what was answered, kept in memory, sealed to the team again and again. */

import { instrument, language } from "./dom.js";
import { kept, pages, urgency } from "./path.js";
import { readAnswers } from "./reading.js";
import { drafts, isResumable, line, state } from "./state.js";

const QUIET = 1_500;
let timer = 0;
let sealing = Promise.resolve();
let release = () => {};

const isEmpty = ({ answers, words, skipped, observation, wristband }) =>
  !Object.keys({ ...answers, ...words, ...skipped }).length && !observation && !wristband;

const id = () => [...crypto.getRandomValues(new Uint8Array(16))]
  .map((one) => one.toString(16).padStart(2, "0")).join("");

/** Begin with a person. */
export async function begin(name, more = {}) {
  const { version } = await instrument(name);
  return take({
    record: id(),
    seq: 0,
    instrument: name,
    version,
    answers: {},
    words: {},
    skipped: {},
    started: {},
    observation: "",
    wristband: "",
    siblings: [],
    began_at: new Date().toISOString(),
    ms: 0,
    ...more,
  });
}

/** Have a record in this tab; while the tab lives, other tabs leave its unfinished parts alone. */
export function take(record) {
  state.record = { ...record, since: performance.now(), isChanged: false };
  navigator.locks.request(`record-${record.record}`, () =>
    new Promise((resolve) => { release = resolve; }));
  return state.record;
}

export const shelved = () => instrument(state.record.instrument);

/** Something was answered: it is sealed when the fingers rest. */
export function changed() {
  state.record.isChanged = true;
  clearTimeout(timer);
  timer = setTimeout(save, QUIET);
}

/** Hold the clock while nobody is asked anything. */
export function rest(isResting) {
  const { record } = state;
  if (record.since) record.ms += performance.now() - record.since;
  record.since = isResting ? 0 : performance.now();
}

function content(held, record, isUnfinished) {
  const given = kept(held, record);
  const { started, observation, wristband, siblings } = record;
  return {
    v: 1,
    record: record.record,
    seq: record.seq,
    unfinished: isUnfinished,
    instrument: record.instrument,
    version: record.version,
    ...given,
    started,
    observation,
    wristband,
    siblings,
    shown: isUnfinished ? "" : readAnswers(held, given).class,
    language,
    began_at: record.began_at,
    kept_at: new Date().toISOString(),
    ms: Math.round(record.ms + (record.since ? performance.now() - record.since : 0)),
  };
}

/** Seal what is there so far; one at a time, in order. */
export function save(isFinished = false, isEnd = false) {
  clearTimeout(timer);
  const { record } = state;
  if (!record || isEmpty(record) || !(record.isChanged || isEnd)) return sealing;
  record.isChanged = false;
  record.seq += 1;
  const sealed = shelved().then((held) =>
    [content(held, record, !isFinished), urgency(held, kept(held, record))]);
  sealing = sealing.catch(() => {}).then(async () => {
    const [whole, soon] = await sealed;
    await (await line()).seal(whole, soon);
    if (isResumable()) await (await drafts()).keepDraft(record);
  });
  return sealing;
}

/** Seal for good and let go of everything; the line sends it. */
export async function finish(isFinished) {
  const { record } = state;
  await save(isFinished, true);
  if (isResumable()) await (await drafts()).done(record);
  forget();
  const { send } = await line();
  send();
  return record.seq;
}

/** Drop everything that was said from memory. */
export function forget() {
  clearTimeout(timer);
  state.record = null;
  release();
}

/** The pages of this person's way. */
export const way = (held) => pages(held, state.record);
