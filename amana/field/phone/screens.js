/* The screens: home, enrolment, group, question, pause, review, sent, queue. */

import { button, h, hour, icon, instrument, link, ltr, moreWords, said, t } from "./dom.js";
import { call, heading, numbers, primary, problems, sentence } from "./parts.js";
import { faults, kept, readAnswers, shown, walk } from "./path.js";
import { against, asked, field, inWords, writing } from "./questions.js";
import { begin, changed, finish, rest, save, way } from "./record.js";
import { drafts, go, isResumable, line, redraw, state } from "./state.js";

export const RAPID = "rapid-screening";
export const GROUP = "first-pass";
const PRESSING = ["P1", "P2", "P3"];

/* Each screen gives what stands in the middle, and what lies under the thumb. */
export const screens = {
  home,
  question,
  pause,
  review,
  sent,
  queue,
  enrol: async () => (await later()).enrol(),
  passphrase: async () => (await drafts()).passphrase(),
  locked: async () => (await drafts()).locked(),
  group: async () => (await later()).group(),
  left: async () => (await later()).left(),
};

/* What the first question does not need. */
const later = async () => (await Promise.all([import("./more.js"), moreWords()]))[0];

// Home.

async function home() {
  if (!state.device) return (await later()).enrol();
  const others = state.list.filter(({ name }) => ![RAPID, GROUP].includes(name));
  return {
    main: [
      heading(t("home")),
      h("section", { class: "panel say" }, h("h2", {}, t("say_first")), h("ul", {},
        ["say_who", "say_refuse", "say_stays"].map((key) => h("li", {}, t(key))))),
      await begun(),
      others.length > 0 && h("details", { class: "panel" }, h("summary", {}, t("others")),
        h("ul", { class: "plain" }, others.map(({ name, title, language }) => h("li", {},
          link(title[document.documentElement.lang], () => start(name), { "data-name": name }))))),
      call(),
      state.line?.isPersistent === false && h("p", { class: "hint" }, t("not_persistent")),
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
  const more = (section.repeats || section.may_skip) && await later();
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
      h("details", { class: "panel calls" }, h("summary", {}, icon("phone"), t("call")),
        state.device.numbers?.length ? numbers() : h("p", {}, t("no_numbers"))),
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
      call(),
    ],
    dock: [
      primary(t("pause_on"), () => { rest(false); go("question"); }, { "data-act": "continue" }),
      button(t("pause_stop"), stop, { class: "second", "data-act": "stop" }),
    ],
  };
}

async function stop() {
  await end(false);
}

// Look over, and what the rules read.

async function review() {
  const { record } = state;
  const held = await instrument(record.instrument);
  const steps = await whatNext();
  const given = kept(held, record);
  const pages = way(held);
  const read = readAnswers({ ...held, steps }, given);
  const stands = faults(held, given);
  const label = (code) => said(held, held.indicators.find((one) => one.code === code).label);
  const outcome = (code) => said(held, held.outcomes.find((one) => one.code === code).label);
  const find = (id) => pages.find((page) => page.questions.some((one) => one.id === id));
  const change = (page) => go("question", { page: page.id, back: "review" });
  const toDo = (kind) => steps.filter((one) => one.kind === kind && read.next_steps.includes(one.code));
  const list = (items, key) => items.length > 0 && [h("h3", {}, t(key)),
    h("ul", {}, items.map((text) => h("li", {}, text)))];
  const unlike = [...held.contradictions, ...(held.own_contradictions || [])]
    .filter(({ code }) => read.contradictions.includes(code));
  return {
    main: [
      heading(t("review")),
      stands.length > 0 && h("div", { class: "problems", role: "group" }, h("h2", {}, icon("warning"), t("cannot_be")),
        h("ul", {}, stands.map((one) => h("li", {}, link(said(held, one.words), () => change(find(one.at))))))),
      h("details", { class: "panel reading", "data-class": read.class },
        h("summary", {}, t("reading")),
        h("p", { class: "reading-class" }, outcome(read.primary)),
        read.also.length > 0 && h("p", {}, t("also"), " ", read.also.map(outcome).join(" · ")),
        h("p", { class: "proposal" }, t("proposal")),
        list(read.fired.map(label), "because"),
        list(read.noted.map(label), "noted")),
      unlike.length > 0 && h("section", { class: "panel" }, list(unlike.map((one) => said(held, one.words)), "unlike"),
        h("p", { class: "hint" }, t("unlike_hint"))),
      read.missing.length > 0 && h("section", { class: "panel missing" }, h("h2", {}, t("missing")),
        h("ul", {}, read.missing.map((one) => h("li", {}, link(
          asked(held, find(one.question).questions.find(({ id }) => id === one.question)),
          () => change(find(one.question)))))),
        h("p", { class: "hint" }, t("missing_hint"))),
      h("section", { class: "panel" }, h("h2", {}, t("next")),
        h("ol", {}, toDo("do").map((one) => h("li", {}, said(steps, one.words)))),
        read.rescreen_in_days && h("p", {}, t("rescreen", { n: read.rescreen_in_days })),
        list(toDo("never").map((one) => said(steps, one.words)), "never")),
      h("section", { class: "panel" }, h("h2", {}, t("answers")),
        pages.map((page) => told(held, page, given, change))),
      h("div", { class: "panel field" }, h("label", { for: "observation" }, t("observation")),
        h("p", { class: "hint", id: "h-observation" }, t("observation_hint")),
        writing("textarea", {
          id: "observation", rows: "3", maxlength: "500", value: record.observation,
          "aria-describedby": "h-observation",
          oninput: (event) => { record.observation = event.target.value.trim(); changed(); },
        })),
    ],
    dock: [
      primary([icon("lock"), t("seal")], () => stands.length || end(true),
        { "data-act": "seal", "aria-disabled": stands.length ? "true" : null }),
      link([icon("back"), t("to_questions")], () => go("question", { page: pages.at(-1).id, back: "" })),
    ],
  };
}

function told(held, page, given, change) {
  const rows = page.questions.filter(({ id }) => id in given.answers && !page.section.repeats);
  if (page.section.repeats || page.isSkipped) {
    const n = (given.answers[page.id] || []).length;
    return row(said(held, page.section.title), page.isSkipped ? t("was_skipped") : String(n), page, change);
  }
  return rows.map((one) => row(asked(held, one), [inWords(held, one, given.answers[one.id]),
    given.words[one.id] && h("q", {}, h("bdi", {}, given.words[one.id]))], page, change, one.id));
}

const row = (asking, saying, page, change, id) => h("div", { class: "row", "data-row": id ?? page.id },
  h("p", {}, h("span", { class: "hint" }, asking), h("br"), h("bdi", {}, saying)),
  link([t("change"), h("span", { class: "unseen" }, ` ${asking}`)], () => change(page)));

/* They may be missing on a phone that lost its line in its first minute. */
const whatNext = () => instrument("steps").catch(() => []);

async function end(isFinished) {
  const { isGroup, record } = state.record;
  const held = await instrument(state.record.instrument);
  const steps = await whatNext();
  const read = readAnswers({ ...held, steps }, kept(held, state.record));
  const next = steps.filter((one) => one.kind === "do" && read.next_steps.includes(one.code))
    .map((one) => one.words);
  const seq = await finish(isFinished);
  state.counted = (state.counted ?? 0) + 1;
  go("sent", { sent: { record, seq, isFinished, isGroup, next: isFinished ? next : [] }, back: "", page: "" });
}

// Afterwards.

async function sent() {
  const { record, seq, isFinished, isGroup, next } = state.sent;
  const steps = await whatNext();
  const received = state.line?.received.get(record);
  const at = received?.seq >= seq ? received.at : null;
  return {
    value: at ? "received" : "queued",
    main: [
      heading(t(isFinished ? "sent_title" : "sent_part_title")),
      h("section", { class: "panel receipt", role: "status" },
        h("p", { class: "big" }, icon(at ? "check" : "lock"), t(at ? "received_one" : "sealed_one", { hour: at ? hour(at) : "" })),
        h("p", {}, t(at ? "received_hint" : "sealed_hint"))),
      h("section", { class: "panel" }, h("h2", {}, t("after")),
        next.length > 0 && h("ol", {}, next.map((words) => h("li", {}, said(steps, words)))),
        h("p", {}, t("after_team")), h("p", {}, t("after_stay")), numbers()),
    ],
    dock: [
      isGroup
        ? primary(t("next_person"), () => go("group", { group: { siblings: [] }, sent: null }), { "data-act": "next" })
        : primary(t("home_back"), () => go("home", { sent: null }), { "data-act": "home" }),
      isGroup && link(t("group_end"), () => go("home", { sent: null, group: null })),
    ],
  };
}

async function queue() {
  const status = state.line;
  const waiting = (status?.unsent ?? 0) - (status?.aside.length ?? 0);
  return {
    main: [
      heading(t("queue_title")),
      h("p", { class: "big", "data-waiting": waiting }, t("unsent", { n: status?.unsent ?? 0 })),
      h("p", { role: "status", class: "notice", "data-message": status?.message?.what ?? "" },
        sentence() || t("queue_hint")),
      await later().then((more) => more.carrying()).catch(() => null),
    ],
    dock: [
      primary(t("send_now"), async () => (await line()).send({ isAsked: true }), { "data-act": "send" }),
      link([icon("back"), t("back")], () => go(...state.cameFrom), { "data-act": "back" }),
    ],
  };
}
