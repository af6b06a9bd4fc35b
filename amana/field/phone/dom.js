/* Elements, words and languages. Everything on a screen is made here from text, never from markup. */

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  lock: "M5 11h14v10H5zM8 11V7.5a4 4 0 0 1 8 0V11",
  warning: "M12 4L2.5 20h19zM12 10v5M12 17.7h.01",
  phone: "M6 3h4l2 5-2.5 1.5a12 12 0 0 0 5 5L16 12l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 4 5a2 2 0 0 1 2-2z",
  pause: "M8 5v14M16 5v14",
  sound: "M4 9.5v5h4l5 4v-13l-5 4zM16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11",
  back: "M20 12H4M10 6l-6 6 6 6",
  check: "M4 12.5l5.5 5.5L20 7",
};

const root = document.documentElement;
const page = JSON.parse(document.getElementById("data").textContent);
/* What each language says: the words of the screens, and of the instruments that come first. */
const spoken = { [page.language]: page.said };
const shelf = new Map();
const added = new Set();

/** The language of the screen. */
export let language = page.language;

export const DIRECTION = { fr: "ltr", ar: "rtl", en: "ltr" };

/** A word of the interface, filled in. */
export function t(key, values = {}) {
  return (spoken[language].words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Make an element: h("p", {class: "hint"}, "text", child, null). */
export function h(tag, given = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === false || value === undefined || value === null) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (["value", "checked"].includes(name)) made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...inside.flat(3).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

export function icon(name) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("class", name === "back" ? "icon mirrored" : "icon");
  made.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  made.append(path);
  return made;
}

/** A figure, a code or a phone number: Arabic text must not turn it around. */
export const ltr = (text) => h("bdi", { dir: "ltr" }, text);

export const button = (label, act, more = {}) =>
  h("button", { type: "button", onclick: act, ...more }, label);

export const link = (label, act, more = {}) => button(label, act, { class: "link", ...more });

/** An hour, as people write it in the language of the screen. */
export function hour(date) {
  const two = (n) => String(n).padStart(2, "0");
  const [hours, minutes] = [two(date.getHours()), two(date.getMinutes())];
  return language === "fr" ? `${hours}\u00a0h\u00a0${minutes}` : `${hours}:${minutes}`;
}

async function fetched(path) {
  const response = await fetch(`/field/${path}`, { credentials: "omit" });
  if (!response.ok) throw new Error(path);
  return response.json();
}

/* A few instruments lie in files of their own; the rare ones lie together. */
const SOON = new Set(["first-pass", "steps"]);
const part = async (name, kind) => (SOON.has(name)
  ? fetched(`instruments/${name}${kind}.json`)
  : (await fetched(`instruments/others${kind}.json`))[name]);

/** Have an instrument, in the languages that are asked for; it is the same for every record. */
export async function instrument(name, ...languages) {
  if (!shelf.has(name)) {
    const held = page.shapes[name] ?? await part(name, "");
    Object.defineProperty(held, "words", { value: {} });
    shelf.set(name, held);
  }
  const held = shelf.get(name);
  await Promise.all([language, ...languages].map((one) => worded(name, held, one)));
  return held;
}

async function worded(name, held, wanted) {
  const { instruments } = await words(wanted);
  held.words[wanted] ??= instruments[name] ?? await part(name, `.${wanted}`);
}

async function words(wanted) {
  spoken[wanted] ??= await fetched(`words/${wanted}.json`);
  return spoken[wanted];
}

/** What an instrument says at a place, in the language of the screen or in another. */
export const said = (held, number, spoken = language) => held.words[spoken]?.[number] ?? "";

/** Have the words of the later screens, which the first question does not need. */
export async function moreWords() {
  if (added.has(language)) return;
  Object.assign(spoken[language].words, await fetched(`words/more.${language}.json`));
  added.add(language);
}

export const listed = () => fetched("instruments.json");
export const recordings = () => fetched("audio.json");

/** Change the language of the screen; every answer stays. */
export async function speak(wanted) {
  await words(wanted);
  await Promise.all([...shelf].map(([name, held]) => worded(name, held, wanted)));
  language = wanted;
  root.lang = wanted;
  root.dir = DIRECTION[wanted];
}
