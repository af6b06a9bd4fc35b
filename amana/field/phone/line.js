/* The line to the node, as docs/field.md has it: enrolment, sealing, the queue, sending. */

import { all, enqueue, read, settle, wipe, write } from "./store.js";

const AT_MOST = 20;
const BYTES_AT_MOST = 900_000;
const TIMEOUT = 20_000;
const WAITS = [5_000, 15_000, 60_000, 300_000];
const DAY = 86_400_000;
const QUIET = 20_000;
const STEP = 512;
const TAKEN = new Set(["TAKEN", "KNOWN", "LATE"]);
const FIRST = ["DANGER", "CHILD_ALONE", "OTHER"];
const SIGN = { name: "ECDSA", hash: "SHA-256" };
const P256 = { name: "ECDSA", namedCurve: "P-256" };

export const bytes = (text) => new TextEncoder().encode(text);
export const base64 = (held) => {
  let text = "";
  for (const one of new Uint8Array(held)) text += String.fromCharCode(one);
  return btoa(text);
};
export const unbase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
export const hex = (held) =>
  [...new Uint8Array(held)].map((one) => one.toString(16).padStart(2, "0")).join("");
export const sha256 = (held) => crypto.subtle.digest("SHA-256", held);
export const joined = (...parts) => new Uint8Array(parts.flatMap((part) => [...new Uint8Array(part)]));
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** How the line stands; the page shows it. Nothing here is about a person. */
export const status = {
  unsent: 0, aside: [], isFull: false, isSending: false, message: null, received: new Map(),
  isWithdrawn: false, isUnknown: false, hasOtherKey: false, isClockWrong: false,
};

/* Sealed items that the full store would not take. */
export const unstored = new Map();
let tell = () => {};
// What another tab has sent is counted here as well.
const tabs = new BroadcastChannel("carnet");
tabs.onmessage = () => count();
let failures = 0;
let timer = 0;

/** Have the page told of every change. */
export function onChange(listener) {
  tell = listener;
}

/** Count anew what waits. */
export async function count() {
  const queue = await queued();
  status.unsent = queue.length;
  status.aside = queue.filter((item) => item.aside);
  tell();
}

export async function queued() {
  const items = new Map((await all("queue")).map((item) => [item.record, item]));
  for (const item of unstored.values()) {
    if (!(items.get(item.record)?.seq > item.seq)) items.set(item.record, item);
  }
  return [...items.values()];
}

// The phone's keys.

/** The key pair of this phone; made once, and never to be taken out of the browser. */
export async function keys() {
  const held = await read("keys");
  if (held) return held;
  const made = await crypto.subtle.generateKey(P256, false, ["sign", "verify"]);
  await write("keys", made);
  return made;
}

export const sign = (pair, text) => crypto.subtle.sign(SIGN, pair.privateKey, bytes(text));

// Sealing.

/** Seal everything that was answered to the team, and queue it. Only the team can open it. */
export async function seal(content, urgency) {
  const { team, recipient, key } = await read("device");
  const { Aes256Gcm, CipherSuite, HkdfSha256, XWing } = await import("./hpke.js");
  const suite = new CipherSuite({
    kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm(),
  });
  const { record, seq } = content;
  const said = bytes(JSON.stringify(content));
  const filled = new Uint8Array(Math.ceil(said.length / STEP) * STEP).fill(32);
  filled.set(said);
  const { enc, ct } = await suite.seal({
    recipientPublicKey: await suite.kem.deserializePublicKey(unbase64(recipient)),
    info: bytes(`amana/field/v1/${team}/${record}/${seq}`),
  }, filled);
  filled.fill(0);
  const item = { record, seq, team, key, urgency, body: base64(joined(enc, ct)) };
  try {
    await enqueue(item);
    unstored.delete(record);
    status.isFull = unstored.size > 0;
  } catch {
    // The store is full: the sealed item stays in memory, and goes out from there if it can.
    unstored.set(record, item);
    status.isFull = true;
  }
  await count();
  if (status.isFull || urgency !== "OTHER") send();
}

// Sending.

/* What is sealed travels as base64, a third longer than it is; packed, it is as long as before. */
async function packed(text) {
  const headers = { "Content-Type": "application/json" };
  if (!self.CompressionStream) return { headers, body: text };
  const body = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return {
    headers: { ...headers, "Content-Encoding": "gzip" }, body: await new Response(body).arrayBuffer(),
  };
}

export async function post(path, body) {
  const stop = new AbortController();
  const timeout = setTimeout(() => stop.abort(), TIMEOUT);
  try {
    const response = await fetch(`/field/${path}`, {
      method: "POST",
      ...(await packed(JSON.stringify(body))),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: stop.signal,
    });
    return { code: response.status, body: await response.json() };
  } catch {
    return { code: 0, body: {} };
  } finally {
    clearTimeout(timeout);
  }
}

/** Records that a living tab still writes; their parts wait, unless somebody is in danger. */
async function open() {
  const { held } = await navigator.locks.query();
  return new Set(held.map((one) => one.name));
}

/** The first word of danger goes at once; what is added while she speaks, a little later. */
const isPressing = ({ record, urgency }) =>
  urgency !== "OTHER" && Date.now() - (status.received.get(record)?.at ?? 0) > QUIET;

async function ready() {
  const isOpen = await open();
  return (await queued())
    .filter((item) => !item.aside)
    .filter((item) => !isOpen.has(`record-${item.record}`) || isPressing(item))
    .sort((a, b) => FIRST.indexOf(a.urgency) - FIRST.indexOf(b.urgency));
}

/** Signed when it leaves, so that a phone enrolled anew can still send what it holds. */
export async function signed(item, device, pair) {
  const { record, seq, team, key, urgency, body } = item;
  const text = ["amana/field/item/v1", device, record, seq, team, key, urgency,
    hex(await sha256(unbase64(body)))].join("\n");
  return { record, seq, team, key, urgency, body, sig: base64(await sign(pair, text)) };
}

/** Send what waits. Two tabs never do it at once; the second leaves it to the first. */
export async function send({ isAsked = false } = {}) {
  clearTimeout(timer);
  await navigator.locks.request("send", { ifAvailable: true }, async (lock) => {
    const device = await read("device");
    if (!lock || !device) return;
    status.isSending = true;
    tell();
    try {
      await sendAll(device, isAsked);
    } finally {
      status.isSending = false;
      if (!status.hasLeft) await count();
      tabs.postMessage(0);
    }
  });
}

async function sendAll(device, isAsked) {
  const pair = await keys();
  let most = AT_MOST;
  let taken = 0;
  let slow = 0;
  if (isAsked) failures = 0;
  for (let first = true; ; first = false) {
    const waiting = await ready();
    if (!waiting.length && !(first && isAsked) && !status.isWithdrawn) break;
    const items = [];
    let size = 0;
    for (const item of waiting.slice(0, most)) {
      size += item.body.length + 400;
      if (items.length && size > BYTES_AT_MOST) break;
      items.push(await signed(item, device.device, pair));
    }
    const answer = await post("in", { v: 1, device: device.device, items });
    if (answer.code === 200) {
      const settled = await take(answer.body, items, device);
      taken += settled.taken;
      failures = 0;
      most = Math.min(AT_MOST, most * 2);
      say(taken ? "received" : "nothing_to_send", taken);
      if (status.isWithdrawn && !(await ready()).length) return leave(device);
      // An answer that settles nothing must not be asked for again and again.
      if (items.length && !settled.all) return later("no_receipt");
      if (!items.length) break;
    } else if (answer.code === 404) {
      status.isUnknown = true;
      return say("unknown_device");
    } else if (answer.code === 429) {
      await wait(2_000);
      if (++slow > 3) return later("slow_down");
    } else if (items.length > 1) {
      most = items.length >> 1;
    } else if (answer.code === 413 || answer.code === 400) {
      // This one alone is refused: it must not stop the others.
      const state = answer.code === 413 ? "TOO_LARGE" : "BAD_ITEM";
      if (items.length) await aside(items[0], state);
      else return later("no_line");
    } else {
      return later("no_line");
    }
    await count();
  }
}

function say(what, n = 0) {
  status.message = { what, n, at: new Date() };
  tell();
}

function later(what) {
  say(what);
  timer = setTimeout(send, WAITS[Math.min(failures++, WAITS.length - 1)]);
}

/** Only what the node signed for is let go of; what it refuses is set aside and kept. */
async function take(answer, items, device) {
  status.isUnknown = false;
  status.isWithdrawn = answer.state === "WITHDRAWN";
  status.hasOtherKey = Boolean(answer.key) && answer.key !== device.key;
  status.isClockWrong = Math.abs(Date.parse(answer.now) - Date.now()) > DAY;
  const node = await crypto.subtle.importKey(
    "raw", unbase64(device.node_key), P256, false, ["verify"]);
  const settled = { taken: 0, all: true };
  for (const item of items) {
    const receipt = answer.receipts.find(
      (one) => one.record === item.record && one.seq === item.seq);
    if (receipt && TAKEN.has(receipt.state)) {
      const { record, seq, state } = receipt;
      const text = ["amana/field/receipt/v1", device.device, record, seq, state].join("\n");
      if (await crypto.subtle.verify(SIGN, node, unbase64(receipt.sig), bytes(text))) {
        await forget(record, seq);
        status.received.set(record, { seq, at: new Date() });
        settled.taken += 1;
        continue;
      }
    } else if (receipt) {
      await aside(item, receipt.state);
      continue;
    }
    settled.all = false;
  }
  return settled;
}

async function forget(record, seq) {
  if (unstored.get(record)?.seq <= seq) unstored.delete(record);
  status.isFull = unstored.size > 0;
  await settle(record, seq, null);
}

async function aside(item, state) {
  const held = unstored.get(item.record);
  if (held?.seq === item.seq) held.aside = state;
  await settle(item.record, item.seq, { aside: state });
}

/** This phone was withdrawn and everything it held was taken: it forgets the node. */
async function leave(device) {
  if ((await queued()).length) return;
  const answer = await post("leave", { v: 1, device: device.device });
  if (answer.code !== 200) return;
  await wipe();
  Object.assign(status, { hasLeft: true, isWithdrawn: false, unsent: 0 });
  tell();
}
