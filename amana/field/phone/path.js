/* The way through an instrument, page by page, as identification/path.py and answers.py have it:
   which pages, which answers still count, which cannot be, and how urgent they are. Pure. */

import { holds, shown, walk } from "./reading.js";

const ALONE = new Set(["none", "unknown", "declined"]);
const URGENT = ["P1", "P2", "P3"];

export const isRequired = (question) =>
  question.required ?? ["many", "one", "yesno"].includes(question.kind);

export const hasWords = (question) => question.words
  ?? (["many", "yesno"].includes(question.kind) || (question.kind === "one" && !question.list));

const isDone = (questions, given) => {
  const required = questions.filter(isRequired);
  return (required.length ? required : questions).every((one) => one.id in given.answers);
};

/** All pages to be gone through with these answers. */
export function pages(instrument, given) {
  const done = walk(instrument, given);
  const asked = new Set(done.asked);
  return done.sections.flatMap((section) => {
    if (section.id in given.skipped) {
      return [{ id: section.id, section, questions: [], isDone: true, isSkipped: true }];
    }
    if (section.repeats) {
      const { id, questions } = section;
      return [{ id, section, questions, isDone: id in given.answers }];
    }
    const questions = section.questions.filter((one) => asked.has(one));
    if (!questions.length) return [];
    const parts = section.layout === "each" ? questions.map((one) => [one]) : [questions];
    return parts.map((part) => ({
      id: section.layout === "each" ? part[0].id : section.id,
      section,
      questions: part,
      isDone: isDone(part, given),
    }));
  });
}

/** The answers without those whose question or answer is no longer asked. */
export function kept(instrument, given) {
  let { answers } = given;
  for (;;) {
    const done = walk(instrument, { ...given, answers });
    const left = {};
    for (const { id, repeats } of done.sections) {
      if (repeats && id in answers && !(id in given.skipped)) left[id] = answers[id];
    }
    for (const question of done.asked) {
      let value = answers[question.id];
      if (value === undefined) continue;
      if (question.kind === "many") {
        const offered = shown(instrument, question, done).map((one) => one.id);
        value = value.filter((one) => offered.includes(one));
        if (!value.length) continue;
      }
      left[question.id] = value;
    }
    if (JSON.stringify(left) === JSON.stringify(inOrderOf(left, answers))) {
      const there = new Set(done.sections.map((one) => one.id));
      const only = (held, has) =>
        Object.fromEntries(Object.entries(held).filter(([key]) => has(key)));
      return {
        answers: left,
        words: only(given.words, (id) => id in left),
        skipped: only(given.skipped, (id) => there.has(id)),
      };
    }
    answers = left;
  }
}

/* What was held before, its keys in the order of what is left, the rest after them. */
const inOrderOf = (left, before) => ({
  ...Object.fromEntries(Object.keys(left).map((id) => [id, before[id]])), ...before,
});

/** What is ticked after one more tick: "none", "unknown" and "declined" stand alone. */
export function ticked(before, id, isOn) {
  if (!isOn) return before.filter((one) => one !== id);
  return ALONE.has(id) ? [id] : [...before.filter((one) => one !== id && !ALONE.has(one)), id];
}

/** Answers that cannot be: [{at, words}]. */
export function faults(instrument, given) {
  const done = walk(instrument, given);
  return instrument.checks.filter((check) => holds(instrument, check.when, done));
}

/** Whether a day, a month or a year can be, and is not to come. */
export function isDay(text, today) {
  const found = /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$/.exec(text);
  if (!found || found[1] < "1900") return false;
  const [year, month, day] = [found[1], found[2] || "01", found[3] || "01"];
  const first = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return !Number.isNaN(first.getTime()) && first.getUTCDate() === Number(day)
    && `${year}-${month}-${day}` <= today;
}

/** How soon somebody must look at it, as the line tells the node. */
export function urgency(instrument, given) {
  const { found } = walk(instrument, given);
  if (URGENT.some((code) => found.has(code))) return "DANGER";
  const { minor, situation } = given.answers;
  const isAlone = ["alone", "separated"].includes(situation);
  return minor !== "no" && isAlone ? "CHILD_ALONE" : "OTHER";
}
