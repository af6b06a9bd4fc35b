/* Parts that several screens share. */

import { button, h, hour, icon, language, link, ltr, t } from "./dom.js";
import { go, state } from "./state.js";

export const heading = (text) => h("h1", { tabindex: "-1" }, text);

/** What stands against going on: a summary that links to each field. */
export function problems() {
  if (!state.problems.length) return null;
  return h("div", { class: "problems", role: "group", tabindex: "-1", "aria-labelledby": "stop" },
    h("h2", { id: "stop" }, icon("warning"), t("correct")),
    h("ul", {}, state.problems.map(({ at, text }) => h("li", {},
      h("a", { href: `#q-${at}`, onclick: (event) => reach(event, at) }, text)))));
}

/* The address never tells which question is open. */
function reach(event, at) {
  event.preventDefault();
  document.querySelector(`[data-question="${at}"] :is(input, select, textarea)`)?.focus();
}

/** Numbers to call, as this phone's team gave them. */
export const numbers = () => h("ul", { class: "numbers" },
  state.device.numbers.map(({ label, number }) => h("li", {},
    h("a", { class: "button second", href: `tel:${number.replace(/[^+0-9]/g, "")}` },
      icon("phone"), h("span", {}, label[language], ltr(number))))));

/** Whom to call: unfolded where nothing else is to be done. */
export const call = (isOpen) => h("details", { class: "panel calls", open: isOpen },
  h("summary", {}, icon("phone"), t("call")),
  state.device.numbers.length ? numbers() : h("p", {}, t("no_numbers")));

/** How the line stands, in a sentence. */
export function sentence() {
  const status = state.line;
  if (status?.isSending) return t("sending");
  const message = status?.message;
  if (!message) return "";
  return t(message.what, { n: message.n, hour: hour(message.at) });
}

const LOUD = [
  ["isFull", "store_full"], ["isUnknown", "unknown_device"], ["hasOtherKey", "other_key"],
  ["isClockWrong", "clock_wrong"], ["isWithdrawn", "withdrawn"],
];

/** What must be seen on every screen. */
export function warnings() {
  return LOUD.filter(([name]) => state.line?.[name]).map(([name, word]) =>
    h("div", { class: "notice attention", "data-state": name }, icon("warning"),
      h("div", {}, h("p", {}, t(word)),
        name === "isFull" && link(t("export"), () => go("queue")))));
}

export const primary = (label, act, more = {}) => button(label, act, { class: "primary", ...more });
