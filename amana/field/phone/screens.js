/* The first screens: home, a page of questions, the pause. */

import { button, h, icon, instrument, link, moreWords, said, t } from "./dom.js";
import { call, heading, numbers, primary, problems } from "./parts.js";
import { faults, kept, walk } from "./path.js";
import { against, asked, field } from "./questions.js";
import { begin, changed, rest, save, way } from "./record.js";
import { after, drafts, go, isResumable, state } from "./state.js";

export const RAPID = "rapid-screening";
export const GROUP = "first-pass";
const PRESSING = ["P1", "P2", "P3"];

/* Each screen gives what stands in the middle, and what lies under the thumb. */
export const screens = {
  home,
  question,
  pause,
  review: async () => (await after()).review(),
  sent: async () => (await after()).sent(),
  queue: async () => (await after()).queue(),
  passphrase: async () => (await drafts()).passphrase(),
  locked: async () => (await drafts()).locked(),
  enrol: async () => (await others()).enrol(),
  group: async () => (await others()).group(),
  left: async () => (await others()).left(),
};

/* What no first question needs. */
export const others = async () => (await Promise.all([import("./more.js"), moreWords()]))[0];

// Home.

async function home() {
  if (!state.device) return (await others()).enrol();
  const further = state.list.filter(({ name }) => ![RAPID, GROUP].includes(name));
  return {
    main: [
      heading(t("home")),
      h("section", { class: "panel say" }, h("h2", {}, t("say_first")), h("ul", {},
        ["say_who", "say_refuse", "say_stays"].map((key) => h("li", {}, t(key))))),
      await begun(),
      further.length > 0 && h("details", { class: "panel" }, h("summary", {}, t("others")),
        h("ul", { class: "plain" }, further.map(({ name, title, language }) => h("li", {},
          link(title[document.documentElement.lang], () => start(name), { "data-name": name }))))),
      call(true),
    ],
    dock: [
      primary(t("begin"), () => start(RAPID), { "data-act": "begin" }),
      button(t("group"), () => go("group", { group: { siblings: [] } }),
        { class: "second", "data-act": "group" }),
    ],
  };
}

/* Drafts that can be opened again, on phones where that is allowed. */
async function begun() {
  return isResumable() ? (await drafts()).list() : null;
}

export async function start(name, more) {
  if (isResumable()) return (await drafts()).begin(() => first(name, more));
  return first(name, more);
}

async function first(name, more) {
  const record = await begin(name, more);
  const pages = way(await instrument(name));
  go("question", { page: pages[0].id, back: "" });
  return record;
}

// A page of questions.

async function question() {
  const { record } = state;
  const held = await instrument(record.instrument);
  const pages = way(held);
  const at = Math.max(0, pages.findIndex((page) => page.id === state.page));
  const page = pages[at];
  const done = walk(held, record);
  const { section } = page;
  const more = (section.repeats || section.may_skip) && await others();
  const into = section.repeats ? state.entry ??= {} : record.answers;
  const questions = section.repeats ? more.inside(held, section, into) : page.questions;
  const isOne = section.layout === "each";
  const danger = held.sections[0].id === "danger" && section.id !== "danger" && "danger";
  const name = said(held, section.title);
  return {
    page: page.id,
    main: [
      h("div", { class: "steps" }, h("span", {}, t("step", { n: at + 1, of: pages.length })),
        state.listen?.row(held),
        h("progress", { max: String(pages.length), value: String(at + 1), "aria-hidden": "true" })),
      section.id === "person" && urgent(held, done),
      isOne ? h("h1", { class: "eyebrow", tabindex: "-1" }, name) : heading(name),
      section.hint !== undefined && h("p", { class: "lead" }, said(held, section.hint)),
      problems(),
      section.repeats > 0 && more.entries(held, section),
      page.isSkipped
        ? h("p", { class: "notice" }, t("was_skipped"), " ", t(`skip_${record.skipped[section.id]}`))
        : h("form", { class: isOne ? "asked" : "", id: "page", autocomplete: "off",
          onsubmit: (event) => { event.preventDefault(); onward(held, page, questions, into, more); } },
        questions.map((one) => field(held, one, done, into, state.listen?.button(held))),
        section.repeats > 0 && link(t("entry_more"), () => {
          if (more.addEntry(held, section, questions, into)) go("question");
        })),
      section.may_skip && !page.isSkipped && more.skipping(section),
      page.isSkipped && button(t("skip_again"), () => {
        delete record.skipped[section.id];
        changed();
        go("question");
      }, { class: "second" }),
      call(false),
    ],
    dock: [
      page.isSkipped
        ? primary(t("onward"), () => onward(held, page, questions, into, more), { "data-act": "on" })
        : h("button", { class: "primary", form: "page", "data-act": "on" }, t("onward")),
      h("div", { class: "ways" },
        link([icon("back"), t("back")], () => backward(pages, at), { "data-act": "back" }),
        link([icon("warning"), t("danger")], () => look(danger), {
          "data-act": "danger", "aria-disabled": danger ? null : "true",
        }),
        link([icon("pause"), t("tired")], () => pausing(), { "data-act": "pause" }),
        link([icon("phone"), t("call_short")], () => calling(), { "data-act": "call" }),
        isResumable() && (await drafts()).lockLink()),
    ],
  };
}

/* What the danger check found is said before anything else is asked. */
function urgent(held, done) {
  const found = held.indicators.filter(({ code }) => PRESSING.includes(code) && done.found.has(code));
  return found.length > 0 && h("div", { class: "notice attention", role: "note", "data-state": "urgent" },
    icon("warning"), h("div", {}, h("p", {}, h("strong", {}, t("act_now"))),
      h("ul", {}, found.map(({ label }) => h("li", {}, said(held, label)))),
      h("p", {}, t("act_how")), numbers()));
}

function look(danger) {
  if (!danger) return;
  save();
  go("question", { page: danger, back: state.page });
}

function backward(pages, at) {
  save();
  if (state.back) return go(state.back === "review" ? "review" : "question", { page: state.back, back: "" });
  return at ? go("question", { page: pages[at - 1].id }) : pausing();
}

/** Leave the page only with answers that can be; "does not know" is one. */
function onward(held, page, questions, into, more) {
  const { record } = state;
  if (page.section.repeats && Object.keys(into).length
    && !more.addEntry(held, page.section, questions, into)) return undefined;
  if (!page.section.repeats && !page.isSkipped) {
    const stands = against(held, questions, into);
    const here = new Set(questions.map(({ id }) => id));
    for (const check of faults(held, kept(held, record))) {
      if (here.has(check.at)) stands.push({ at: check.at, text: said(held, check.words) });
    }
    if (stands.length) return go("question", { problems: stands });
  }
  Object.assign(record, kept(held, record));
  save();
  if (state.back) {
    return go(state.back === "review" ? "review" : "question", { page: state.back, back: "" });
  }
  const pages = way(held);
  const still = pages.findIndex((one) => one.id === page.id);
  const next = still < 0 ? pages.find((one) => !one.isDone) : pages[still + 1];
  return next ? go("question", { page: next.id }) : go("review");
}

// Pause.

function pausing() {
  rest(true);
  save();
  go("pause");
}

function calling() {
  const calls = document.querySelector("main .calls");
  calls.open = true;
  calls.scrollIntoView({ block: "center" });
  calls.querySelector("a, summary").focus();
}

function pause() {
  return {
    main: [
      heading(t("pause_title")),
      h("p", { class: "lead" }, t("pause_calm")),
      h("p", {}, t("pause_kept")),
      call(true),
    ],
    dock: [
      primary(t("pause_on"), () => { rest(false); go("question"); }, { "data-act": "continue" }),
      button(t("pause_stop"), stop, { class: "second", "data-act": "stop" }),
    ],
  };
}

const stop = async () => (await after()).end(false);
