/* Screens that come once, or with a group: joining a team, a wristband, the end of a phone. */

import { button, h, icon, link, ltr, t } from "./dom.js";
import { exported, join, retry } from "./joining.js";
import { heading, primary } from "./parts.js";
import { walk } from "./path.js";
import { against, asked, inWords, writing } from "./questions.js";
import { changed } from "./record.js";
import { wristband } from "./references.js";
import { GROUP, RAPID, start } from "./screens.js";
import { go, line, state } from "./state.js";

const SKIPPED = ["NOT_READY", "ALREADY_TOLD", "NOT_RELEVANT", "REFUSED", "UNSAFE"];

// Enrolment.

export function enrol() {
  const code = writing("input", { id: "code", type: "text", dir: "ltr", value: state.typed ?? "" });
  const fault = state.problems[0];
  return {
    name: "enrol",
    main: [
      heading(t("enrol_title")),
      h("p", {}, t("enrol_why")),
      state.isEnrolling && h("p", { class: "notice" }, t("one_moment")),
      h("form", { class: "panel", id: "enrol", onsubmit: (event) => {
        event.preventDefault();
        enrolWith(code.value);
      } },
      h("div", { class: fault ? "field has-error" : "field" }, h("label", { for: "code" }, t("enrol_code")),
        h("p", { class: "hint" }, t("enrol_hint")),
        fault && h("p", { class: "error", role: "alert" }, icon("warning"), fault.text), code)),
    ],
    dock: [h("button", { class: "primary", form: "enrol" }, t("enrol_go"))],
  };
}

/** Take the phone into a team with what a code said: `<token>.<print>`, bare or in an address. */
export async function enrolWith(typed) {
  const found = /([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{22})\s*$/.exec(typed);
  if (!found) return go("enrol", { typed, problems: [{ at: "code", text: t("enrol_no_code") }] });
  go("enrol", { isEnrolling: true });
  try {
    state.device = await join(found[1], found[2]);
  } catch (error) {
    const known = ["enrol_over", "enrol_no_line", "enrol_print"].includes(error.message);
    const text = t(known ? error.message : "enrol_no_line");
    return go("enrol", { typed, isEnrolling: false, problems: [{ at: "code", text }] });
  }
  (await line()).send({ isAsked: true });
  return go("home", { isEnrolling: false, typed: "" });
}

// Group intake.

export function group() {
  const { code = "", siblings } = state.group;
  const input = (id, value) => writing("input", { id, type: "text", dir: "ltr", maxlength: "14", value });
  const own = input("band", code);
  const other = input("sibling", "");
  const error = (at) => {
    const fault = state.problems.find((one) => one.at === at);
    return fault && h("p", { class: "error", role: "alert" }, icon("warning"), fault.text);
  };
  const bad = (at) => ({ problems: [{ at, text: t("band_wrong") }] });
  const add = () => {
    const found = wristband(other.value);
    state.group.code = own.value;
    if (!found || siblings.includes(found)) return go("group", bad("sibling"));
    siblings.push(found);
    return go("group");
  };
  const onward = () => {
    const found = wristband(own.value);
    state.group.code = own.value;
    if (!found) return go("group", bad("band"));
    if (other.value.trim()) {
      const last = wristband(other.value);
      if (!last) return go("group", bad("sibling"));
      siblings.push(last);
    }
    const name = state.list.some((one) => one.name === GROUP) ? GROUP : RAPID;
    return start(name, {
      wristband: found,
      siblings: [...new Set(siblings)].filter((one) => one !== found),
      isGroup: true,
    });
  };
  return {
    main: [
      heading(t("group_title")),
      h("p", { class: "counted", "data-counted": state.counted ?? 0 },
        t("counted", { n: state.counted ?? 0 })),
      h("form", { class: "panel", onsubmit: (event) => { event.preventDefault(); onward(); } },
        h("div", { class: "field" }, h("label", { for: "band" }, t("band")),
          h("p", { class: "hint" }, t("band_hint")), error("band"), own),
        h("div", { class: "field" }, h("label", { for: "sibling" }, t("sibling")),
          h("p", { class: "hint" }, t("sibling_hint")), error("sibling"),
          h("ul", { class: "plain" }, siblings.map((one) => h("li", {}, ltr(one), " ",
            link(t("take_out"), () => {
              siblings.splice(siblings.indexOf(one), 1);
              go("group");
            })))),
          other, link(t("sibling_add"), add, { "data-act": "sibling" })),
        h("button", { class: "unseen", tabindex: "-1", "aria-hidden": "true" }, t("begin"))),
    ],
    dock: [
      primary(t("begin"), onward, { "data-act": "begin" }),
      link(t("home_back"), () => go("home", { group: null })),
    ],
  };
}

// What the node refused, and everything as a file.

export function carrying() {
  const { aside, isPersistent } = state.line;
  return [
    isPersistent === false && h("p", { class: "hint" }, t("not_persistent")),
    aside.length > 0 && h("section", { class: "panel" }, h("h2", {}, t("aside")),
      h("ul", {}, aside.map((one) => h("li", { "data-aside": one.aside },
        ltr(one.record.slice(0, 8)), " – ", t(`aside_${one.aside}`)))),
      h("p", {}, t("aside_hint")),
      link(t("aside_again"), retry)),
    h("section", { class: "panel" }, h("h2", {}, t("export")), h("p", {}, t("export_hint")),
      button(t("export_go"), carry, { class: "second", "data-act": "export" })),
  ];
}

async function carry() {
  const { name, text } = await exported();
  const address = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// Entries of a section that repeats, and sections that are skipped.

export function addEntry(held, section, questions, entry) {
  const stands = against(held, questions, entry);
  if (stands.length) {
    go("question", { problems: stands });
    return false;
  }
  const { answers } = state.record;
  answers[section.id] = [...(answers[section.id] || []), entry];
  state.entry = {};
  changed();
  return true;
}

export function entries(held, section) {
  const { answers } = state.record;
  return h("ol", { class: "entries" }, (answers[section.id] || []).map((entry, at) => h("li", {},
    section.questions.filter(({ id }) => id in entry)
      .map((one) => h("p", {}, asked(held, one), " – ", h("bdi", {}, inWords(held, one, entry[one.id])))),
    link(t("take_out"), () => {
      answers[section.id].splice(at, 1);
      if (!answers[section.id].length) delete answers[section.id];
      changed();
      go("question");
    }))));
}

export const skipping = (section) => h("details", { class: "panel" }, h("summary", {}, t("skip")),
  h("ul", { class: "plain" }, SKIPPED.map((reason) => h("li", {}, link(t(`skip_${reason}`), () => {
    state.record.skipped[section.id] = reason;
    changed();
    go("question");
  })))));

export const inside = (held, section, entry) => walk(
  { ...held, sections: [{ ...section, repeats: 0, when: undefined }] },
  { answers: { ...entry, minor: state.record.answers.minor } }).asked;

// The end.

export function left() {
  return { main: [heading(t("left_title")), h("p", {}, t("left"))], dock: [] };
}
