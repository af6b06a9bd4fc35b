"""What an instrument says, laid out as the sheets of an XLSForm."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amana.standards import codes
from amana.standards.datafile import LANGUAGES, BadData, Words
from amana.standards.form_nodes import nodes_of, words_of
from amana.standards.instrument import Answer, Instrument, Question, Section
from amana.standards.xlsform.book import Sheet
from amana.standards.xpath import Writer

TONGUES = {"fr": "Français (fr)", "ar": "العربية (ar)", "en": "English (en)"}
DEFAULT = TONGUES["fr"]
STYLE = "pages"
# So much of a person's own words beside an answer; what takes answers in allows no more.
LONGEST_WORDS = 500
TOGETHER = "field-list"
# Long values of the sheet `amana` are cut: half of what Excel keeps in a cell.
PIECE = 16_000
ALL = "all"
SKIPPED = "SKIPPED"

# Keys of a question or a section for which XLSForm has no column, and how each is written.
TEXTS = ("kind", "list", "indicator")
LISTS = ("standing", "codes")
FLAGS = ("required", "words", "may_skip")
NUMBERS = ("least", "most", "longest", "repeats")
# An empty list is said; an empty cell is silence.
NOTHING = "-"

OWN = "amana::"
ROLE, FROM, ID, WHEN, MORE = (f"{OWN}{key}" for key in ("role", "from", "id", "when", "more"))
# Columns of choices go into the form as they are: their names must be names in XML.
ANSWER_CODES, ANSWER_WHEN, OFFERED = "amana_codes", "amana_when", "offered"
LIST_NAME = "list_name"
KEY, PART, JSON = "key", "part", "json"
# Said elsewhere than in the sheet `amana`.
SAID_ELSEWHERE = ("name", "version", "sections")


def in_three(begins: str) -> tuple[str, ...]:
    """Return the three columns of what is said in three languages."""
    return tuple(f"{begins}::{TONGUES[language]}" for language in LANGUAGES)


SURVEY = (
    "type",
    "name",
    *in_three("label"),
    *in_three("hint"),
    *in_three("guidance_hint"),
    "required",
    "relevant",
    "constraint",
    *in_three("constraint_message"),
    "choice_filter",
    "appearance",
    ROLE,
    FROM,
    ID,
    WHEN,
    *(f"{OWN}{key}" for key in (*TEXTS, *LISTS, *FLAGS, *NUMBERS)),
    MORE,
)
CHOICES = (LIST_NAME, "name", *in_three("label"), OFFERED, ANSWER_CODES, ANSWER_WHEN)
SETTINGS = ("form_title", "form_id", "version", "default_language", "style")
AMANA = (KEY, PART, JSON)

TYPES = {"many": "select_multiple", "one": "select_one", "yesno": "select_one"}
PLAIN = {"number": "integer", "date": "text", "text": "text"}


def say(begins: str, words: Words | None) -> dict[str, str]:
    """Return the cells of something said in three languages."""
    if words is None:
        return {}
    return {f"{begins}::{TONGUES[lg]}": words.said_in(lg) for lg in LANGUAGES}


def form_words(key: str, **values: object) -> Words:
    """Return words that only a form needs, filled in."""
    found = codes.values("FORM_WORDS")[key]
    return Words(*(found.said_in(language).format(**values) for language in LANGUAGES))


def to_a_child(words: Words) -> Words:
    """Return the wording for a child as a guidance: an XLSForm has one wording a question."""
    return _each(lambda *said: " ".join(said), form_words("TO_A_CHILD"), words)


def _each(join: Any, *words: Words) -> Words:  # noqa: ANN401
    return Words(*(join(*(w.said_in(language) for w in words)) for language in LANGUAGES))


def list_of(question: Question) -> str:
    """Return the name of the list of a question's answers; equal answers share one."""
    if question.kind == "yesno" or question.list:
        # No id holds a hyphen and no code list is in small letters: these names are free.
        begins = question.list or "yes-no"
        return "-".join((begins, *(a.id for a in question.standing)))
    return question.id


def sheets_of(instrument: Instrument) -> list[Sheet]:
    """Return the sheets of an instrument."""
    layout = _Layout(instrument)
    sheets = [
        Sheet("survey", SURVEY, list(layout.survey())),
        Sheet("choices", CHOICES, list(layout.choices())),
        Sheet("settings", SETTINGS, [layout.settings()]),
        Sheet("amana", AMANA, list(layout.amana())),
    ]
    for sheet in sheets[:2]:
        _refuse_what_forms_would_fill_in(sheet)
    return sheets


def _refuse_what_forms_would_fill_in(sheet: Sheet) -> None:
    for row in sheet.rows:
        for header, text in row.items():
            begins = header.split("::")[0]
            if begins in {"label", "hint", "guidance_hint", "constraint_message"} and "${" in text:
                raise BadData(f"{sheet.name}: {row['name']}: no XLSForm can say '${{'")


def condition(value: object) -> str:
    """Return a raw condition, or any value of the format, as the text of a cell."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def lists_of_choices(instrument: Instrument) -> dict[str, tuple[Question, Sequence[Answer]]]:
    """Return each list by name with the first question that asks it."""
    found: dict[str, tuple[Question, Sequence[Answer]]] = {}
    for question in instrument.questions:
        if question.is_coded:
            found.setdefault(list_of(question), (question, question.offered))
    return found


@dataclass(frozen=True)
class _Limit:
    """What an answer must be, and what is said when it is not."""

    expression: str
    words: Words


class _Layout:
    """One instrument on its way into sheets."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.nodes = nodes_of(instrument)
        self.xpath = Writer(instrument)
        self.raw_sections = instrument.resolved["sections"]
        self.raw = {q["id"]: q for s in self.raw_sections for q in s["questions"]}
        self.n_taken = len(self.raw_sections) - len(instrument.document["sections"])
        begins = instrument.document.get("begins_with")
        self.taken_from = f"{begins['name']} {begins['version']}" if begins else ""

    def settings(self) -> dict[str, str]:
        return {
            "form_title": self.instrument.title.fr,
            "form_id": self.instrument.name,
            "version": self.instrument.version,
            "default_language": DEFAULT,
            "style": STYLE,
        }

    def amana(self) -> Iterator[dict[str, str]]:
        """Give what no sheet of an XLSForm holds, as JSON in pieces."""
        for key, value in self.instrument.document.items():
            if key in SAID_ELSEWHERE:
                continue
            text = json.dumps(value, ensure_ascii=False)
            for part, start in enumerate(range(0, len(text), PIECE), start=1):
                yield {KEY: key, PART: str(part), JSON: text[start : start + PIECE]}

    # What is asked.

    def survey(self) -> Iterator[dict[str, str]]:
        for number, section in enumerate(self.instrument.sections):
            taken = {FROM: self.taken_from} if number < self.n_taken else {}
            for row in self._section(section, self.raw_sections[number]):
                yield {**row, **taken}

    def _section(self, section: Section, raw: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        if section.may_skip:
            yield self._skip(section, raw)
        kind = "repeat" if section.repeats else "group"
        yield self._beginning(section, raw, kind)
        if section.hint:
            hint = {"type": "note", "name": self.nodes.hints[section.id], ROLE: "hint"}
            yield {**hint, **say("label", section.hint)}
        for question in section.questions:
            yield self._question(question)
            if question.has_words and not section.repeats:
                yield self._words(question, section)
        yield {"type": f"end_{kind}", ROLE: "end"}
        if section.repeats:
            # Own words are kept once for a question, not once for an entry.
            for question in words_of(section):
                yield self._words(question, section)

    def _beginning(self, section: Section, raw: Mapping[str, Any], kind: str) -> dict[str, str]:
        left_out = [f"${{{self.nodes.skips[section.id]}}} = ''"] if section.may_skip else []
        when = [self.xpath(raw["when"], at=section.id)] if "when" in raw else []
        return {
            "type": f"begin_{kind}",
            "name": self.nodes.sections[section.id],
            **say("label", section.title),
            "relevant": _both([*when, *left_out]),
            "appearance": TOGETHER if section.is_one_page else "",
            ROLE: "section",
            **_renamed(section.id, self.nodes.sections),
            **_own_cells(raw, SAID_OF_SECTION),
        }

    def _skip(self, section: Section, raw: Mapping[str, Any]) -> dict[str, str]:
        return {
            "type": f"select_one {SKIPPED}",
            "name": self.nodes.skips[section.id],
            **say("label", _each(_in_line, section.title, form_words("LEAVE_OUT"))),
            "relevant": self.xpath(raw["when"], at=section.id) if "when" in raw else "",
            ROLE: "skip",
        }

    def _words(self, question: Question, section: Section) -> dict[str, str]:
        pointer = f"${{{self.nodes.questions[question.id]}}}"
        relevant, label = f"{pointer} != ''", form_words("OWN_WORDS")
        if section.repeats:
            relevant = f"count(${{{self.nodes.sections[section.id]}}}) > 0"
            label = _each(_in_line, question.ask, label)
        return {
            "type": "text",
            "name": self.nodes.words[question.id],
            **say("label", label),
            "relevant": relevant,
            **_limits([_no_longer_than(LONGEST_WORDS)]),
            ROLE: "words",
        }

    def _question(self, question: Question) -> dict[str, str]:
        raw = self.raw[question.id]
        kind = TYPES.get(question.kind)
        guidance = to_a_child(question.child_ask) if question.child_ask else None
        return {
            "type": f"{kind} {list_of(question)}" if kind else PLAIN[question.kind],
            "name": self.nodes.questions[question.id],
            **say("label", question.ask),
            **say("hint", question.hint),
            **say("guidance_hint", guidance),
            "required": "yes" if question.is_required else "",
            "relevant": self.xpath(raw["when"], at=question.id) if "when" in raw else "",
            **_limits([*_limits_of(question), *self._checks(question)]),
            "choice_filter": self._filter(question),
            ROLE: "question",
            **_renamed(question.id, self.nodes.questions),
            **_own_cells(raw, said_of_question(raw)),
        }

    def _checks(self, question: Question) -> Iterator[_Limit]:
        raw = self.instrument.resolved.get("checks", [])
        for check, given in zip(self.instrument.checks, raw, strict=True):
            if check.at == question.id:
                against = self.xpath(given["when"], me=question.id)
                yield _Limit(f"not({against})", check.words)

    def _filter(self, question: Question) -> str:
        """Offer some answers to some people only.

        A filter, not a constraint: what was ticked before the age was known goes with it.
        """
        parts = [
            f"({OFFERED} = '{name}' and ({self.xpath(when, at=question.id)}))"
            for name, when in self._offers(question).values()
        ]
        return " or ".join([f"{OFFERED} = '{ALL}'", *parts]) if parts else ""

    def _offers(self, question: Question) -> dict[str, tuple[str, Any]]:
        """Return each condition of a question's answers by its text, with a short name."""
        found: dict[str, tuple[str, Any]] = {}
        for answer in self.raw[question.id].get("answers", []):
            if "when" in answer:
                text = condition(answer["when"])
                found.setdefault(text, (f"w{len(found) + 1}", answer["when"]))
        return found

    def choices(self) -> Iterator[dict[str, str]]:
        for name, (question, answers) in lists_of_choices(self.instrument).items():
            offers = self._offers(question) if question.id == name else {}
            raw = {a["id"]: a for a in self.raw[question.id].get("answers", [])}
            for answer in answers:
                cells = {LIST_NAME: name, "name": answer.id, **say("label", answer.label)}
                own = raw.get(answer.id, {}) if question.id == name else {}
                text = condition(own["when"]) if "when" in own else ""
                if offers:
                    cells[OFFERED] = offers[text][0] if text else ALL
                yield cells | {ANSWER_CODES: " ".join(own.get("codes", [])), ANSWER_WHEN: text}
        if self.nodes.skips and SKIPPED not in lists_of_choices(self.instrument):
            for code, words in codes.values(SKIPPED).items():
                yield {LIST_NAME: SKIPPED, "name": code, **say("label", words)}


SAID_OF_SECTION = ("id", "title", "hint", "layout", "questions")


def said_of_question(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys of a question that XLSForm's own columns say."""
    has_answers = raw["kind"] in {"many", "one"} and not (raw["kind"] == "one" and "list" in raw)
    return ("id", "ask", "child_ask", "hint", *(["answers"] if has_answers else []))


def _own_cells(raw: Mapping[str, Any], said: Sequence[str]) -> dict[str, str]:
    cells, more = {}, {}
    for key, value in raw.items():
        if key in said:
            continue
        if key in TEXTS:
            cells[f"{OWN}{key}"] = value
        elif key in LISTS:
            cells[f"{OWN}{key}"] = " ".join(value) or NOTHING
        elif key in FLAGS:
            cells[f"{OWN}{key}"] = "yes" if value else "no"
        elif key in NUMBERS:
            cells[f"{OWN}{key}"] = str(value)
        elif key == "when":
            cells[WHEN] = condition(value)
        else:
            more[key] = value
    return cells | ({MORE: condition(more)} if more else {})


def _renamed(own_id: str, nodes: Mapping[str, str]) -> dict[str, str]:
    return {} if nodes[own_id] == own_id else {ID: own_id}


def _both(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else " and ".join(f"({part})" for part in parts)


def _in_line(first: str, then: str) -> str:
    return f"{first} — {then}"


def _limits(limits: Sequence[_Limit]) -> dict[str, str]:
    if not limits:
        return {}
    messages = tuple(limit.words for limit in limits)
    words = _each(lambda *said: " ".join(dict.fromkeys(said)), *messages)
    expression = _both([limit.expression for limit in limits])
    return {"constraint": expression, **say("constraint_message", words)}


def _no_longer_than(most: int) -> _Limit:
    return _Limit(f"string-length(.) <= {most}", form_words("TOO_LONG", most=most))


def _limits_of(question: Question) -> Iterator[_Limit]:
    if question.kind == "number":
        bounds = {"least": question.least, "most": question.most}
        expression = f". >= {question.least} and . <= {question.most}"
        yield _Limit(expression, form_words("NOT_POSSIBLE", **bounds))
    elif question.kind == "date":
        yield _Limit(PAST_DAY, form_words("NO_DAY"))
    elif question.kind == "text":
        yield _no_longer_than(question.longest)
    elif question.kind == "many" and question.standing:
        alone = " or ".join(f"selected(., '{a.id}')" for a in question.standing)
        yield _Limit(f"count-selected(.) = 1 or not({alone})", form_words("STANDS_ALONE"))


# A year, a month or a day; its first day is not to come.
PAST_DAY = (
    "regex(., '^(19|20)[0-9]{2}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$')"
    " and number(concat(substr(., 0, 4),"
    " if(string-length(.) > 4, substr(., 5, 7), '01'),"
    " if(string-length(.) > 7, substr(., 8, 10), '01')))"
    " <= number(format-date(today(), '%Y%m%d'))"
)
