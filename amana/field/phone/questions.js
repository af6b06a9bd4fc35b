/* One page of questions: its fields, and what is read from them. */

import { h, icon, link, said, t } from "./dom.js";
import { hasWords, isDay, isRequired, shown, ticked, walk } from "./path.js";
import { changed } from "./record.js";
import { redraw, state } from "./state.js";

const LONG = 200;
const today = () => new Date().toISOString().slice(0, 10);
const UNLEARNT = { autocomplete: "off", autocapitalize: "off", autocorrect: "off", spellcheck: "false" };

/** Text that is typed about a person: the keyboard and the browser are asked to learn nothing. */
export const writing = (tag, more) => h(tag, { ...UNLEARNT, ...more });

/** The wording for this person; a doubtful age is spoken to as a child. */
export const asked = (held, question, spoken) => said(held,
  state.record.answers.minor === "no" ? question.ask : question.child_ask ?? question.ask, spoken);

/** One question with its answers. `held` is the instrument, `into` where the answers are kept. */
export function field(held, question, done, into, listen) {
  const label = asked(held, question);
  const hint = question.hint === undefined ? null
    : h("p", { class: "hint", id: `h-${question.id}` }, said(held, question.hint));
  const fault = state.problems.find(({ at }) => at === question.id);
  const error = fault && h("p", { class: "error", id: `e-${question.id}` }, icon("warning"), fault.text);
  const about = [hint && `h-${question.id}`, error && `e-${question.id}`].filter(Boolean).join(" ");
  const notes = {
    id: `q-${question.id}`,
    "aria-describedby": about || null,
    "aria-invalid": error ? "true" : null,
  };
  const optional = isRequired(question) ? null : h("span", { class: "optional" }, ` ${t("optional")}`);
  const keeps = (value) => note(question, value, into);
  const frame = (head, ...rest) => h(head === "legend" ? "fieldset" : "div", {
    class: error ? "field has-error" : "field",
    "data-question": question.id,
    "aria-describedby": head === "legend" ? about || null : null,
  }, h(head, head === "legend" ? {} : { for: notes.id }, label, optional), listen?.(question),
  hint, error, rest, into === state.record.answers && hasWords(question) && ownWords(question));
  if (["many", "one", "yesno"].includes(question.kind) && !question.list) {
    return frame("legend", choices(held, question, shown(held, question, done), into, keeps));
  }
  if (question.kind === "one") return frame("label", select(held, question, into, keeps, notes));
  const value = into[question.id] ?? "";
  const typed = (event) => keeps(typedValue(question, event.target.value));
  if (question.kind === "text" && (question.longest ?? LONG) > LONG) {
    return frame("label", writing("textarea",
      { ...notes, value, maxlength: question.longest, rows: "4", oninput: typed }));
  }
  const more = {
    number: { inputmode: "numeric", class: "short", maxlength: "6" },
    date: { inputmode: "numeric", class: "medium", maxlength: "10" },
    text: { maxlength: question.longest ?? LONG },
  }[question.kind];
  return frame("label", question.kind === "date" && h("p", { class: "hint" }, t("date_hint")),
    writing("input", { ...notes, ...more, type: "text", value: String(value), oninput: typed }));
}

function choices(held, question, offered, into, keeps) {
  const isMany = question.kind === "many";
  const chosen = [into[question.id] ?? []].flat();
  const choose = (id, isOn) => {
    const before = shape(held, into);
    if (isMany) keeps(ticked([into[question.id] ?? []].flat(), id, isOn));
    else keeps(id);
    const now = [into[question.id] ?? []].flat();
    for (const box of group.querySelectorAll("input")) box.checked = now.includes(box.value);
    if (shape(held, into) !== before) redraw();
  };
  const group = h("div", { class: "choices" }, offered.map(({ id, label }) => h("div", { class: "choice" },
    h("input", {
      type: isMany ? "checkbox" : "radio",
      name: question.id,
      id: `q-${question.id}-${id}`,
      value: id,
      checked: chosen.includes(id),
      autocomplete: "off",
      onchange: (event) => choose(id, event.target.checked),
    }),
    h("label", { for: `q-${question.id}-${id}` }, said(held, label)))));
  return group;
}

/* What the answers lead to; the page is drawn anew only when that changes. */
function shape(held, into) {
  const done = walk(held, { ...state.record, answers: { ...state.record.answers, ...into } });
  return JSON.stringify([into.minor === "no", done.asked.map((question) =>
    [question.id, ...shown(held, question, done).map(({ id }) => id)])]);
}

function select(held, question, into, keeps, notes) {
  const made = h("select", { ...notes, autocomplete: "off", onchange: (event) => {
    keeps(event.target.value || undefined);
    redraw();
  } }, h("option", { value: "" }, t("choose")),
  question.answers.map(({ id, label }) => h("option", { value: id }, said(held, label))));
  made.value = into[question.id] ?? "";
  return made;
}

function ownWords(question) {
  const { words } = state.record;
  return h("details", { class: "own", open: Boolean(words[question.id]) },
    h("summary", {}, t("own_words")),
    writing("textarea", {
      rows: "3",
      maxlength: "500",
      "aria-label": t("own_words"),
      value: words[question.id] ?? "",
      oninput: (event) => {
        if (event.target.value.trim()) words[question.id] = event.target.value.trim();
        else delete words[question.id];
        changed();
      },
    }));
}

/* Figures may be typed in either script. */
const western = (text) =>
  text.replace(/[\u0660-\u0669]/g, (digit) => String(digit.charCodeAt(0) - 0x660)).trim();

function typedValue(question, typed) {
  const text = question.kind === "text" ? typed.trim() : western(typed);
  if (!text) return undefined;
  return question.kind === "number" && /^-?\d+$/.test(text) ? Number(text) : text;
}

function note(question, value, into) {
  if (value === undefined || (Array.isArray(value) && !value.length)) delete into[question.id];
  else into[question.id] = value;
  changed();
}

/** What stands against the answers of one page: [{at, text}]. */
export function against(held, questions, into) {
  return questions.flatMap((question) => {
    const value = into[question.id];
    const text = value === undefined ? isRequired(question) && t("answer_needed") : wrong(question, value);
    return text ? [{ at: question.id, text: `${asked(held, question)} – ${text}` }] : [];
  });
}

function wrong(question, value) {
  const { kind, least, most } = question;
  if (kind === "number" && !(Number.isInteger(value) && value >= least && value <= most)) {
    return t("number_between", { least, most });
  }
  return kind === "date" && !isDay(value, today()) ? t("no_day") : "";
}

/** What was answered, in words. */
export function inWords(held, question, value) {
  if (!question.answers?.length) return String(value);
  const chosen = [value].flat();
  return question.answers.filter(({ id }) => chosen.includes(id))
    .map(({ label }) => said(held, label)).join(" · ");
}

/** A button that reads a question aloud. */
export const listening = (act) => (question) =>
  link([icon("sound"), h("span", { class: "unseen" }, t("listen"))], () => act(question),
    { class: "listen" });
