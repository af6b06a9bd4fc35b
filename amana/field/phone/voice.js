/* Questions read aloud: a recording where the node has one, else a voice that lives on the phone. */

import { h, icon, instrument, language, recordings, t } from "./dom.js";
import { asked, listening } from "./questions.js";
import { redraw, state } from "./state.js";

/* Languages named in themselves. */
const SPOKEN = {
  fr: "Français", ar: "العربية", en: "English", dyu: "Julakan", bci: "Baoulé", ary: "الدارجة", tzm: "ⵜⴰⵎⴰⵣⵉⵖⵜ",
};
const WRITTEN = new Set(["fr", "ar", "en"]);
let recorded = {};
let chosen = "";
let playing = null;

recordings().then((found) => { recorded = found; }).catch(() => {});
window.speechSynthesis?.addEventListener?.("voiceschanged", () => {});

const spoken = () => chosen || language;

/* A voice that is not on the phone would send the question to a stranger. */
const voice = () => WRITTEN.has(spoken()) && (window.speechSynthesis?.getVoices() ?? [])
  .find((one) => one.localService && one.lang.toLowerCase().startsWith(spoken()));

const isRecorded = (held, question) =>
  recorded[spoken()]?.[held.name]?.includes(question.id) ?? false;

async function say(held, question) {
  playing?.pause();
  window.speechSynthesis?.cancel();
  if (isRecorded(held, question)) {
    playing = new Audio(`/field/audio/${spoken()}/${held.name}/${question.id}`);
    await playing.play().catch(() => {});
    return;
  }
  const found = voice();
  if (!found) return;
  await instrument(state.record.instrument, spoken());
  const words = new SpeechSynthesisUtterance(asked(held, question, spoken()));
  words.voice = found;
  words.lang = found.lang;
  speechSynthesis.speak(words);
}

/* Which language is spoken, and whether there is anything to hear in it. */
function row(held) {
  const select = h("select", { id: "spoken", "aria-label": t("listen_in"), "aria-describedby": "silent", autocomplete: "off", onchange: (event) => {
    chosen = event.target.value;
    redraw();
  } }, Object.entries(SPOKEN).map(([code, name]) => h("option", { value: code, lang: code }, name)));
  select.value = spoken();
  const isHeard = voice() || recorded[spoken()]?.[held.name]?.length;
  return h("div", { class: "listening" }, icon("sound"), select,
    !isHeard && h("p", { class: "hint", id: "silent" }, t("no_recording")));
}

const heard = (held) => listening((question) => say(held, question));

export const listen = {
  row,
  button: (held) => (question) =>
    (isRecorded(held, question) || voice() ? heard(held)(question) : null),
};
