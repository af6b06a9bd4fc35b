/* The reading of answers in the browser: the same walk and the same rules as in
   identification/answers.py and identification/reading.py, over the same data, held to the same
   vectors (tests/vectors/screening). Pure: no page, no network, no clock. */

const STANDING = new Set(["unknown", "declined"]);

/* What a condition names, gathered once per instrument. */
function prepared(bundle) {
  if (!bundle.ready) {
    const order = new Map(bundle.indicators.map((one, at) => [one.code, at]));
    const dimensions = new Map(
      (bundle.dimensions || []).map((one) => [one.code, { strong: [], medium: [], weak: [] }]),
    );
    for (const one of bundle.indicators) {
      if (one.dimension && dimensions.get(one.dimension)[one.weight]) {
        dimensions.get(one.dimension)[one.weight].push(one.code);
      }
    }
    const patterns = (bundle.patterns || []).map((p) =>
      ["S", "M", "W"].map((letter) => p.split(letter).length - 1));
    Object.defineProperty(bundle, "ready", { value: { order, dimensions, patterns } });
  }
  return bundle.ready;
}

const inOrder = (bundle, codes) => {
  const { order } = prepared(bundle);
  return [...new Set(codes)].sort((a, b) => order.get(a) - order.get(b));
};

const counts = (dimension, seen) =>
  ["strong", "medium", "weak"].map((weight) =>
    dimension[weight].reduce((n, code) => n + seen.has(code), 0));

export const isPositive = (found, patterns) =>
  patterns.some((pattern) => pattern.every((n, at) => found[at] >= n));

/* Returns the signs that made a condition hold, or null when it does not hold. */
function fired(bundle, condition, seen, numbers) {
  const { order, dimensions, patterns } = prepared(bundle);
  if (condition.has) {
    const named = new Set(condition.has.flatMap((atom) =>
      atom[0] === "@" ? bundle.sets[atom.slice(1)] : [atom]));
    const there = [...named].filter((atom) => seen.has(atom));
    return there.length >= (condition.at_least || 1) ? there.filter((a) => order.has(a)) : null;
  }
  if (condition.all) {
    const parts = [];
    for (const part of condition.all) {
      const found = fired(bundle, part, seen, numbers);
      if (found === null) return null;
      parts.push(...found);
    }
    return parts;
  }
  if (condition.any) {
    let parts = null;
    for (const part of condition.any) {
      const found = fired(bundle, part, seen, numbers);
      if (found !== null) parts = [...(parts || []), ...found];
    }
    return parts;
  }
  if (condition.not) return fired(bundle, condition.not, seen, numbers) === null ? [] : null;
  if (condition.positive) {
    const dimension = dimensions.get(condition.positive);
    if (!isPositive(counts(dimension, seen), patterns)) return null;
    return Object.values(dimension).flat().filter((code) => seen.has(code));
  }
  const given = numbers[condition.number];
  const isIn = given !== undefined
    && (condition.from === undefined || given >= condition.from)
    && (condition.below === undefined || given < condition.below);
  return isIn ? [] : null;
}

/* Whether a condition holds after a walk; none always does. */
export const holds = (bundle, condition, done) =>
  !condition || fired(bundle, condition, done.atoms, done.numbers) !== null;

/* Goes through the questions in their order, as far as the answers lead. */
export function walk(bundle, given, known = []) {
  const { answers = {}, skipped = {} } = given;
  const done = {
    atoms: new Set([answers.minor === "no" ? "adult" : "child", ...known]),
    numbers: {},
    found: new Map(known.map((code) => [code, []])),
    sections: [],
    asked: [],
  };
  for (const section of bundle.sections) {
    if (!holds(bundle, section.when, done)) continue;
    done.sections.push(section);
    if (section.id in skipped) continue;
    if (!section.repeats) {
      walkQuestions(bundle, section, answers, done);
      continue;
    }
    for (const entry of answers[section.id] || []) {
      const inner = {
        atoms: new Set(done.atoms), numbers: { ...done.numbers }, found: new Map(), asked: [],
      };
      walkQuestions(bundle, section, entry, inner);
      for (const [code, said] of inner.found) {
        done.found.set(code, [...(done.found.get(code) || []), ...said]);
        done.atoms.add(code);
      }
    }
  }
  return done;
}

function walkQuestions(bundle, section, answers, done) {
  for (const question of section.questions) {
    if (!holds(bundle, question.when, done)) continue;
    done.asked.push(question);
    const value = answers[question.id];
    if (question.kind === "number" && Number.isInteger(value)) done.numbers[question.id] = value;
    const chosen = Array.isArray(value) ? value : [value];
    for (const answer of question.answers) {
      if (!chosen.includes(answer.id) || !holds(bundle, answer.when, done)) continue;
      done.atoms.add(`${question.id}.${answer.id}`);
      for (const code of answer.codes || []) {
        const said = done.found.get(code) || [];
        if (!said.includes(question.id)) said.push(question.id);
        done.found.set(code, said);
        done.atoms.add(code);
      }
    }
  }
}

export const shown = (bundle, question, done) =>
  question.answers.filter((answer) => holds(bundle, answer.when, done));

export function isOpen(question, given) {
  const value = (given.answers || {})[question.id];
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0 || (value.length === 1 && STANDING.has(value[0]));
  return STANDING.has(value);
}

const answered = (done, question, otherwise) => {
  const atom = [...done.atoms].find((a) => a.startsWith(`${question}.`));
  return atom ? atom.slice(question.length + 1) : otherwise;
};

/* Silence about age protects a child. */
const factsOf = (done) => ({
  minor: answered(done, "minor", "doubtful"),
  situation: answered(done, "situation", "unknown"),
  indicators: [...done.found.keys()],
});

const atomsOf = (facts) => new Set([
  ...facts.indicators,
  facts.minor === "no" ? "adult" : "child",
  `minor.${facts.minor}`,
  `situation.${facts.situation}`,
]);

function heldRules(bundle, atoms) {
  const held = new Map();
  const seen = new Set(atoms);
  for (const rule of bundle.rules) {
    const codes = fired(bundle, rule.when, seen, {});
    if (codes !== null) {
      held.set(rule.number, codes);
      seen.add(`rule.${rule.number}`);
    }
  }
  return held.size ? held : new Map([[bundle.otherwise.number, []]]);
}

/* The outcome of an earlier rule that would hold with more signs; no sign ever lowers a reading. */
function raised(bundle, atoms, first, more) {
  const seen = new Set([...atoms, ...more]);
  const current = first < bundle.rules.length ? bundle.rules[first].outcome : "";
  for (const rule of bundle.rules.slice(0, first)) {
    if (fired(bundle, rule.when, seen, {}) !== null) return rule.outcome === current ? "" : rule.outcome;
  }
  return "";
}

function openQuestions(bundle, given, done, atoms, first) {
  const order = bundle.outcomes.map((one) => one.code);
  const missing = [];
  for (const question of done.asked) {
    if (!first || !isOpen(question, given)) continue;
    const reached = new Map();
    for (const answer of shown(bundle, question, done)) {
      const outcome = raised(bundle, atoms, first, answer.codes || []);
      if (outcome) reached.set(outcome, [...(reached.get(outcome) || []), ...(answer.codes || [])]);
    }
    if (!reached.size) continue;
    const best = [...reached.keys()].sort((a, b) => order.indexOf(a) - order.indexOf(b))[0];
    missing.push({ question: question.id, codes: inOrder(bundle, reached.get(best)), outcome: best });
  }
  return missing;
}

const holding = (bundle, coded, seen, numbers = {}) =>
  (coded || []).filter((one) => fired(bundle, one.when, seen, numbers) !== null);

const firstHeld = (bundle, held) => {
  const at = bundle.rules.findIndex((rule) => held.has(rule.number));
  return at < 0 ? bundle.rules.length : at;
};

/* Reads the answers to an instrument; the result is what reading.as_json writes. */
export function readAnswers(bundle, given, known = []) {
  const done = walk(bundle, given, known);
  const facts = factsOf(done);
  const atoms = atomsOf(facts);
  const held = heldRules(bundle, atoms);
  const own = holding(bundle, bundle.own_contradictions, done.atoms, done.numbers);
  return reading(bundle, facts, held, {
    missing: openQuestions(bundle, given, done, atoms, firstHeld(bundle, held)),
    sources: Object.fromEntries([...done.found].map(([code, said]) => [code, [...new Set(said)]])),
    contradictions: own.map((one) => one.code),
  });
}

/* Reads bare facts: signs without the questions that found them. */
export function readFacts(bundle, facts) {
  const atoms = atomsOf(facts);
  const held = heldRules(bundle, atoms);
  const first = firstHeld(bundle, held);
  const missing = [];
  for (const { code } of bundle.indicators) {
    const outcome = raised(bundle, atoms, first, [code]);
    if (outcome) missing.push({ question: "", codes: [code], outcome });
  }
  return reading(bundle, facts, held, { missing, sources: {}, contradictions: [] });
}

function reading(bundle, facts, held, more) {
  const outcomeOf = new Map(bundle.outcomes.map((one) => [one.code, one]));
  const ruleOf = new Map([...bundle.rules, bundle.otherwise].map((one) => [one.number, one]));
  const outcomes = [...new Set([...held.keys()].map((n) => ruleOf.get(n).outcome))];
  const classes = [...new Set(outcomes.map((code) => outcomeOf.get(code).class))];
  const seen = atomsOf(facts);
  [...held.keys()].forEach((n) => seen.add(`rule.${n}`));
  classes.forEach((code) => seen.add(`class.${code}`));
  seen.add(`first.${classes[0]}`);
  const kinds = holding(bundle, bundle.kinds, seen).map((one) => one.code);
  kinds.forEach((code) => seen.add(`kind.${code}`));
  const days = holding(bundle, bundle.rescreen, seen).map((one) => one.days);
  const contradictions = holding(bundle, bundle.contradictions, seen).map((one) => one.code);
  if (days.length) seen.add("rescreen");
  const why = new Map([...held].map(([n, codes]) => [n, inOrder(bundle, codes)]));
  const firedCodes = new Set([...why.values()].flat());
  const found = new Set(facts.indicators);
  const { dimensions, patterns } = prepared(bundle);
  return {
    primary: outcomes[0],
    also: outcomes.slice(1),
    rules: [...held.keys()],
    fired: inOrder(bundle, firedCodes),
    noted: inOrder(bundle, facts.indicators.filter((code) => !firedCodes.has(code))),
    next_steps: holding(bundle, bundle.steps.map((s) => ({ when: { all: [] }, ...s })), seen)
      .map((one) => one.code),
    rescreen_in_days: days.length ? Math.min(...days) : null,
    class: classes[0],
    vulnerabilities: kinds,
    why: Object.fromEntries(why),
    missing: more.missing,
    contradictions: [...contradictions, ...more.contradictions],
    dimensions: Object.fromEntries([...dimensions].map(([code, dimension]) => {
      const [strong, medium, weak] = counts(dimension, found);
      return [code, { strong, medium, weak, positive: isPositive([strong, medium, weak], patterns) }];
    })),
    law: readLaw(bundle, facts, found),
    sources: more.sources,
  };
}

function readLaw(bundle, facts, found) {
  const read = {};
  for (const law of bundle.laws) {
    const states = law.elements.map((element) => {
      const codes = bundle.indicators
        .filter((one) => (element.codes || []).includes(one.code)
          || (one.element === element.element && one.legal.includes(law.citation)))
        .map((one) => one.code)
        .filter((code) => found.has(code));
      let state = "not_established";
      if (codes.length) state = "present";
      else if (facts.minor !== "no" && !element.needed_for_child) state = "not_needed_child";
      return { element: element.element, state, codes };
    });
    const persons = law.persons || ["adult", "child"];
    const speaks = persons.includes(facts.minor === "no" ? "adult" : "child");
    if (speaks && states.some((one) => one.state === "present")) read[law.id] = states;
  }
  return read;
}
