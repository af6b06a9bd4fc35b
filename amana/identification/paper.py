"""An instrument as a form on paper: the same questions in the same order as on the screen.

Pure but for the typesetting, which is `look.paper`. A sheet that lies around must not betray a
person: its name, its largest words and what the file says about itself are neutral.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

from amana.identification.answers import SKIPPED
from amana.look import paper, qr
from amana.standards import citations, codes
from amana.standards.datafile import Words, opened
from amana.standards.instrument import Answer, Instrument, Question, Section

# How often a section that repeats stands on the paper.
BLANKS = 3
# How many letters an answer may have so that three, or two, stand beside each other.
THREE_BESIDE, TWO_BESIDE = 15, 25
LETTERS_A_LINE, MOST_LINES = 60, 6
RIGHT_TO_LEFT = frozenset({"ar"})
QUOTES = {"fr": "«\u00a0{}\u00a0»", "ar": "«{}»", "en": "“{}”"}


def form_pdf(instrument: Instrument, language: str) -> bytes:
    """Return the form of an instrument in fr, ar or en, ready to be printed on A4."""
    return paper.pdf("form.typ", form(instrument, language))


def qr_text(instrument: Instrument) -> str:
    """Return what the code on the paper says: which instrument, which version, nothing else."""
    return f"amana:instrument:{instrument.name}:{instrument.version}"


def form(instrument: Instrument, language: str) -> dict[str, Any]:
    """Return what stands on the paper, in the order of the paper."""
    said = _Said(instrument, language)
    title, about = (w.said_in(language) for w in (instrument.title, instrument.about))
    source = citations.load()[instrument.source].words.said_in(language)
    return {
        "language": said.language,
        "direction": "rtl" if said.language in RIGHT_TO_LEFT else "ltr",
        "name": instrument.name,
        "version": instrument.version,
        "headline": said("neutral_title") if betrays(title) else title,
        "lead": "" if betrays(about) else about,
        "small_print": [text for text in (title, about) if betrays(text)],
        "facts": [
            {"label": said("state"), "text": said(instrument.mark), "language": said.language},
            {"label": said("source"), "text": source, "language": said.language},
            {"label": said("edition"), "text": instrument.edition, "language": "en"},
        ],
        "words": said.words("receipt", "done_by", "date", "place", "keep", "several", "single")
        | said.words("child", "may_be_empty", "own_words", "year", "month", "day", "left_out")
        | said.words("observation"),
        "skips": [said.code("SKIP_REASON", reason) for reason in SKIPPED],
        "more": said("more_entries", number=BLANKS),
        "qr": qr.svg(qr_text(instrument)),
        "qr_says": said("form", text=qr_text(instrument)),
        "sections": [said.section(s) for s in instrument.sections],
    }


def spoken_condition(instrument: Instrument, language: str, when: Mapping[str, Any]) -> str:
    """Return in words when something is asked, as the paper says it."""
    return _Said(instrument, language).condition(when)


def betrays(text: str) -> bool:
    """Say whether words tell a stranger what the paper is about."""
    stems = opened("paper.json").at("betraying").texts()
    return any(stem in text.casefold() for stem in stems)


@cache
def _paper_words() -> Mapping[str, Words]:
    return codes.read(opened("paper.json"))["PAPER"].values


@dataclass(frozen=True)
class _Named:
    """A question as a condition speaks of it: its number on the paper, and its answers."""

    number: int
    question: Question


class _Said:
    """Everything of one instrument in one language."""

    def __init__(self, instrument: Instrument, language: str) -> None:
        self.instrument = instrument
        self.language = language.replace("_", "-").split("-")[0].lower()
        self.raw = {s["id"]: s for s in instrument.resolved["sections"]}
        self.named = {q.id: _Named(n, q) for n, q in enumerate(instrument.questions, 1)}

    def __call__(self, key: str, **values: object) -> str:
        """Return words of the paper, filled with values."""
        return _paper_words()[key].said_in(self.language).format(**values)

    def code(self, name: str, code: str) -> str:
        return codes.label(name, code, self.language)

    def words(self, *keys: str) -> dict[str, str]:
        return {key: self(key) for key in keys}

    def section(self, section: Section) -> dict[str, Any]:
        raw = self.raw[section.id]
        asked = {q["id"]: q for q in raw["questions"]}
        return {
            "title": section.title.said_in(self.language),
            "hint": section.hint.said_in(self.language) if section.hint else "",
            "when": self.condition(raw.get("when")),
            "may_skip": section.may_skip,
            "entries": [self("entry", number=n) for n in range(1, BLANKS + 1)]
            if section.repeats
            else [],
            "questions": [self.question(q, asked[q.id]) for q in section.questions],
        }

    def question(self, question: Question, raw: Mapping[str, Any]) -> dict[str, Any]:
        child, hint = question.child_ask, question.hint
        when = {a["id"]: a["when"] for a in raw.get("answers", []) if "when" in a}
        answers = [self.answer(a, when.get(a.id)) for a in question.answers]
        return {
            "number": str(self.named[question.id].number),
            "id": question.id,
            "kind": question.kind,
            "ask": question.ask.said_in(self.language),
            "child_ask": child.said_in(self.language) if child else "",
            "hint": hint.said_in(self.language) if hint else "",
            "when": self.condition(raw.get("when")),
            "is_optional": not question.is_required,
            "answers": answers,
            "standing": [self.answer(a, None) for a in question.standing],
            "beside": _beside(answers),
            "has_words": question.has_words,
            "lines": _lines(question.longest),
            "digits": len(str(question.most)),
            "bounds": self("bounds", least=question.least, most=question.most),
        }

    def answer(self, answer: Answer, when: Any) -> dict[str, str]:  # noqa: ANN401
        return {"label": answer.label.said_in(self.language), "when": self.condition(when)}

    # Conditions, as a person reads them.

    def condition(self, when: Any) -> str:  # noqa: ANN401
        """Return when something is asked, in words; "" when it always is."""
        if when is None:
            return ""
        if "not" in when:
            return self("not_if", when=self.clause(when["not"]))
        return self("only_if", when=self.clause(when))

    def clause(self, when: Mapping[str, Any], *, inside: bool = False) -> str:
        """Return one condition in words; several together stand in brackets inside others."""
        if "not" in when:
            return self("not", when=self.clause(when["not"]))
        if "number" in when:
            return self.figure(when)
        if "positive" in when:
            label = dict(self.instrument.reader.dimensions)[when["positive"]]
            return self("positive", labels=self.quoted(label.said_in(self.language)))
        if "has" in when:
            parts, joint = [*self.things(when["has"])], "or"
        else:
            joint = "and" if "all" in when else "or"
            parts = [self.clause(c, inside=True) for c in when.get("all", when.get("any"))]
        text = self.joined(joint, parts)
        if when.get("at_least", 1) > 1:
            text = self("at_least", number=when["at_least"], when=text)
        return f"({text})" if inside and len(parts) > 1 else text

    def figure(self, when: Mapping[str, Any]) -> str:
        number = self.named[when["number"]].number
        least, below = when.get("from"), when.get("below")
        if least is not None and below is not None:
            return self("within", number=number, least=least, below=below)
        if least is not None:
            return self("from", number=number, bound=least)
        return self("below", number=number, bound=below)

    def things(self, atoms: Iterable[str]) -> Iterator[str]:
        """Give what a condition names: answers by question, signs by their label."""
        answers: dict[str, list[str]] = {}
        signs: list[str] = []
        for atom in atoms:
            question, _, answer = atom.partition(".")
            if answer:
                answers.setdefault(question, []).append(self.label_of(question, answer))
            elif atom in {"child", "adult"}:
                yield self(f"is_{atom}")
            else:
                signs += self.signs(atom)
        for question, labels in answers.items():
            number = self.named[question].number
            yield self("question", number=number, labels=self.joined("or", labels))
        if signs:
            yield self("sign", labels=self.joined("or", signs))

    def label_of(self, question: str, answer: str) -> str:
        found = self.named[question].question.answer(answer)
        return self.quoted(found.label.said_in(self.language) if found else answer)

    def signs(self, atom: str) -> list[str]:
        reader = self.instrument.reader
        named = reader.alphabet.sets[atom[1:]] if atom.startswith("@") else {atom}
        return [
            self.quoted(i.label.said_in(self.language))
            for i in reader.indicators
            if i.code in named
        ]

    def joined(self, joint: str, parts: Iterable[str]) -> str:
        return reduce(lambda first, then: self(joint, first=first, then=then), parts)

    def quoted(self, label: str) -> str:
        return QUOTES[self.language].format(label)


def _beside(answers: Iterable[Mapping[str, str]]) -> int:
    """Return how many answers stand beside each other: short ones save paper."""
    longest = max((len(a["label"]) + len(a["when"]) for a in answers), default=0)
    return 3 if longest <= THREE_BESIDE else 2 if longest <= TWO_BESIDE else 1


def _lines(longest: int) -> int:
    """Return how many lines a text of this length needs when it is written by hand."""
    return max(1, min(MOST_LINES, -(-longest // LETTERS_A_LINE)))
