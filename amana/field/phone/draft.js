/* Drafts that can be opened again, only on phones where an administrator allowed it.

   What lies on the phone is ciphertext, salt and cost; the key comes from four made-up words that
   are shown once, lives in memory, and goes after three minutes without a touch. */

import { button, h, hour, icon, instrument, link, ltr, moreWords, t } from "./dom.js";
import { heading, primary, problems } from "./parts.js";
import { kept, urgency } from "./path.js";
import { writing } from "./questions.js";
import { forget, save, take, way } from "./record.js";
import { go, line, state } from "./state.js";
import { all, drop, put } from "./store.js";

const LIFE = 24 * 3_600_000;
const IDLE = 3 * 60_000;
const STRONG = { memory: 65_536, times: 3 };
const FLOOR = { memory: 19_456, times: 2 };
/* The strong cost is about seven times the floor; nobody waits longer than this. */
const PATIENCE = 500;
const CONSONANTS = "bdfgjklmnprstvz";
const VOWELS = "aeiou";
const N_WORDS = 4;

/* The lock of the record that is open: its key, and what lies beside the ciphertext. */
let open = null;
let touched = 0;

const base64 = (held) => btoa(String.fromCharCode(...new Uint8Array(held)));
const unbase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

// The passphrase.

/* One of n, each as likely as the others. */
function one(n) {
  const byte = crypto.getRandomValues(new Uint8Array(1))[0];
  return byte < 256 - (256 % n) ? byte % n : one(n);
}

const syllable = () => CONSONANTS[one(CONSONANTS.length)] + VOWELS[one(VOWELS.length)];

/** Four words of two syllables: 4 × log2(75²) = 49.8 bits. */
export const newPhrase = () =>
  Array.from({ length: N_WORDS }, () => syllable() + syllable()).join(" ");

const plain = (typed) => typed.toLowerCase().replace(/[^a-z]+/g, " ").trim();

async function derived(phrase, salt, { memory, times }) {
  const { argon2id } = await import("./argon2.js");
  const raw = await argon2id({
    password: plain(phrase), salt, parallelism: 1, iterations: times, memorySize: memory,
    hashLength: 32, outputType: "binary",
  });
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  raw.fill(0);
  return key;
}

/** Measure what this phone can bear. */
async function cost(salt) {
  const before = performance.now();
  await derived("mesure", salt, FLOOR);
  if (performance.now() - before > PATIENCE) return FLOOR;
  return derived("mesure", salt, STRONG).then(() => STRONG, () => FLOOR);
}

// Keeping and opening.

/** Keep the open record under its lock; only its time and urgency can be read beside it. */
export async function keepDraft(record) {
  if (open?.id !== record.record) return;
  const { id, key, salt, spent, began } = open;
  const held = await instrument(record.instrument);
  const { since, isChanged, ...whole } = record;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const said = { ...whole, page: state.page, device: state.device.device };
  const text = new TextEncoder().encode(JSON.stringify(said));
  const body = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text);
  text.fill(0);
  await put("drafts", {
    id, salt, cost: spent, iv, body, at: began, urgency: urgency(held, kept(held, record)),
  });
}

async function living() {
  const drafts = [];
  for (const draft of await all("drafts")) {
    if (Date.now() - draft.at > LIFE) await drop("drafts", draft.id);
    else drafts.push(draft);
  }
  return drafts.sort((a, b) => b.at - a.at);
}

/** The record is finished: its draft goes. */
export async function done(record) {
  if (open?.id === record.record) open = null;
  await drop("drafts", record.record);
}

async function opened(draft, phrase) {
  const key = await derived(phrase, draft.salt, draft.cost);
  const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: draft.iv }, key, draft.body);
  const record = JSON.parse(new TextDecoder().decode(text));
  // What was handed over is, on both phones, what every later answer starts from.
  if (draft.isGiven) record.started = { ...record.answers, ...record.started };
  if (draft.isHanded) {
    const isMine = record.device === state.device.device;
    record.seq = isMine ? record.seq + 1_000 : 0;
    record.started = isMine ? { ...record.answers, ...record.started } : { ...record.answers };
  }
  open = { id: record.record, key, salt: draft.salt, spent: draft.cost, began: draft.at };
  await take(record);
  const pages = way(await instrument(record.instrument));
  const page = pages.find(({ id }) => id === record.page) ?? pages[0];
  await keepDraft(state.record);
  go("question", { page: page.id, back: "" });
}

// Locking.

/** Drop the key and every answer; what was kept opens with the words alone. */
export async function lock() {
  await save();
  open = null;
  forget();
  (await line()).send();
  go("home", { page: "", back: "" });
}

/** Lock when nobody touches the phone. */
export function watch() {
  const touch = () => { touched = Date.now(); };
  const look = () => {
    if (open && state.record && Date.now() - touched >= IDLE) lock();
  };
  touch();
  for (const name of ["pointerdown", "keydown"]) addEventListener(name, touch);
  document.addEventListener("visibilitychange", look);
  setInterval(look, 5_000);
}

// The screens.

/** Begin a record that can be opened again: its words are shown once. */
export async function begin(onward) {
  await moreWords();
  go("passphrase", { phrase: newPhrase(), onward });
}

export function passphrase() {
  const { phrase, onward, problems: stands } = state;
  const start = async (event) => {
    event.target.disabled = true;
    try {
      const salt = crypto.getRandomValues(new Uint8Array(16));
      const spent = await cost(salt);
      const key = await derived(phrase, salt, spent);
      const record = await onward();
      open = { id: record.record, key, salt, spent, began: Date.now() };
    } catch {
      return go("passphrase", { problems: [{ at: "", text: t("lock_impossible") }] });
    }
    return Object.assign(state, { phrase: "", onward: null });
  };
  return {
    main: [
      heading(t("lock_title")),
      stands.length > 0 && h("p", { class: "notice attention", role: "alert" }, icon("warning"),
        stands[0].text),
      h("p", {}, t("lock_why")),
      h("p", { class: "panel words", "data-phrase": "" }, ltr(phrase)),
      h("p", { class: "hint" }, t("lock_once")),
    ],
    dock: [
      stands.length > 0
        ? primary(t("lock_without"), () => onward(), { "data-act": "without" })
        : primary(t("lock_go"), start, { "data-act": "begin" }),
      link(t("home_back"), () => go("home", { phrase: "", onward: null })),
    ],
  };
}

/** What was begun on this phone and can be opened again. */
export async function list() {
  await moreWords();
  const drafts = await living();
  const file = h("input", { type: "file", id: "handed", class: "unseen", accept: ".carnet",
    onchange: (event) => arrived(event.target.files[0]) });
  return h("section", { class: "panel" }, h("h2", {}, t("draft_title")),
    h("p", { class: "hint" }, t("draft_life")), problems(),
    h("ul", { class: "plain drafts" }, drafts.map((draft) => h("li", { "data-draft": draft.urgency },
      h("span", {}, t("draft_begun", { hour: hour(new Date(draft.at)) }), " – ",
        t(`draft_${draft.urgency}`)),
      h("span", {}, link(t("draft_open"), () => go("locked", { draft }), { "data-act": "open" }),
        link(t("hand"), () => handed(draft), { "data-act": "hand" }))))),
    h("label", { for: "handed", class: "link" }, t("hand_open")), file);
}

export async function locked() {
  await moreWords();
  const phrase = writing("input", { id: "phrase", type: "text", dir: "ltr", value: "" });
  const act = async (event) => {
    event.preventDefault();
    try {
      await opened(state.draft, phrase.value);
    } catch {
      go("locked", { problems: [{ at: "phrase", text: t("lock_wrong") }] });
    }
  };
  return {
    main: [
      heading(t("lock_open")),
      problems(),
      h("form", { class: "panel field", id: "unlock", "data-question": "phrase", onsubmit: act },
        h("label", { for: "phrase" }, t("lock_words")), h("p", { class: "hint" }, t("lock_hint")),
        phrase),
    ],
    dock: [
      h("button", { class: "primary", form: "unlock", "data-act": "unlock" }, t("draft_open")),
      link([icon("back"), t("back")], () => go("home", { draft: null }), { "data-act": "back" }),
    ],
  };
}

// From one phone to another: ciphertext, salt and cost in a file, the words by mouth.

async function handed(draft) {
  const { id, salt, cost: spent, iv, body, at, urgency: soon } = draft;
  await put("drafts", { ...draft, isGiven: true });
  const text = JSON.stringify({
    v: 1, salt: base64(salt), cost: spent, iv: base64(iv), body: base64(body), at, urgency: soon,
  });
  const address = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  h("a", { href: address, download: `${id.slice(0, 8)}.carnet` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

async function arrived(file) {
  try {
    const { salt, cost: spent, iv, body, at, urgency: soon } = JSON.parse(await file.text());
    if (Date.now() - at > LIFE) throw new Error("over");
    if (spent.memory > STRONG.memory || spent.times > STRONG.times) throw new Error("cost");
    go("locked", { draft: {
      salt: unbase64(salt), cost: spent, iv: unbase64(iv), body: unbase64(body), at, urgency: soon,
      isHanded: true,
    } });
  } catch {
    go("home", { problems: [{ at: "handed", text: t("hand_bad") }] });
  }
}

/** Lock now: one tap, wherever a person is being asked. */
export const lockLink = () => button([icon("lock"), t("lock")], lock, { class: "link", "data-act": "lock" });
