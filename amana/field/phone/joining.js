/* What a phone does once, or seldom, with its line: it joins a team, carries its queue by hand. */

import {
  base64, hex, joined, keys, post, queued, send, sha256, sign, signed, status, unbase64, unstored,
} from "./line.js";
import { read, settle, write } from "./store.js";

/** Take the phone into a team. Throws an Error whose message is a word of words.json. */
export async function join(token, print) {
  const pair = await keys();
  const answer = await post("enrol", {
    v: 1,
    token,
    public: base64(await crypto.subtle.exportKey("raw", pair.publicKey)),
    proof: base64(await sign(pair, `amana/field/enrol/v1\n${token}`)),
  });
  if (answer.code === 404) throw new Error("enrol_over");
  if (answer.code !== 200) throw new Error("enrol_no_line");
  const { device, team, recipient, node_key, mode, country, numbers } = answer.body;
  const whole = joined(unbase64(recipient), unbase64(node_key));
  const found = base64((await sha256(whole)).slice(0, 16))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  if (found !== print) throw new Error("enrol_print");
  const key = hex(await sha256(unbase64(recipient))).slice(0, 16);
  const enrolled = { device, team, recipient, node_key, mode, country, numbers, key };
  await write("device", enrolled);
  Object.assign(status, { isWithdrawn: false, isUnknown: false, hasOtherKey: false });
  if (navigator.storage?.persist) await navigator.storage.persist();
  return enrolled;
}

/** Try again what was refused, when somebody asks for it. */
export async function retry() {
  for (const item of status.aside) {
    await settle(item.record, item.seq, { aside: "" });
    if (unstored.has(item.record)) unstored.get(item.record).aside = "";
  }
  await send({ isAsked: true });
}

/** The whole queue as a file to be carried by hand; it stays queued until a node has it. */
export async function exported() {
  const { device } = await read("device");
  const pair = await keys();
  const items = [];
  for (const item of await queued()) items.push(await signed(item, device, pair));
  const name = `amana-${device.slice(0, 8)}-${items.length}.amana`;
  return { name, text: JSON.stringify({ v: 1, device, items }) };
}

