/* After the questions: the review with what the rules read, the seal, what waits to be sent. */

import { h, hour, icon, instrument, link, said, t } from "./dom.js";
import { send } from "./line.js";
import { heading, numbers, primary, sentence } from "./parts.js";
import { faults, kept } from "./path.js";
import { asked, inWords, writing } from "./questions.js";
import { readAnswers } from "./reading.js";
import { changed, finish, way } from "./record.js";
import { others } from "./screens.js";
import { go, state } from "./state.js";

export async function review() {
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

export async function end(isFinished) {
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

export async function sent() {
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

export async function queue() {
  const status = state.line;
  const waiting = (status?.unsent ?? 0) - (status?.aside.length ?? 0);
  return {
    main: [
      heading(t("queue_title")),
      h("p", { class: "big", "data-waiting": waiting }, t("unsent", { n: status?.unsent ?? 0 })),
      h("p", { role: "status", class: "notice", "data-message": status?.message?.what ?? "" },
        sentence() || t("queue_hint")),
      await others().then((more) => more.carrying()).catch(() => null),
    ],
    dock: [
      primary(t("send_now"), async () => send({ isAsked: true }), { "data-act": "send" }),
      link([icon("back"), t("back")], () => go(...state.cameFrom), { "data-act": "back" }),
    ],
  };
}
