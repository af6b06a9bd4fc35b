"""Under which name each part of an instrument stands in a form of the OpenRosa family.

One list of names for the XLSForm that is given away and for the submissions that come back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from amana.standards.instrument import Instrument, Question, Section

# The element around all answers, as pyxform names it.
ROOT = "data"
# What a form keeps for itself: no answer may stand under these.
META = "meta"


@dataclass(frozen=True)
class Nodes:
    """The names of one instrument's nodes, by what they hold; no name stands twice."""

    questions: Mapping[str, str]
    sections: Mapping[str, str]
    words: Mapping[str, str]
    skips: Mapping[str, str]
    hints: Mapping[str, str]


# One node of a country has a few dozen instruments in use at once.
@lru_cache(maxsize=64)
def _nodes(key: tuple[tuple[str, ...], ...]) -> Nodes:
    questions, sections, words, skips, hints = key
    taken = {ROOT, META}

    def named(ids: tuple[str, ...], ending: str = "") -> dict[str, str]:
        found = {}
        for one in ids:
            name = one + ending
            # Ids of questions and of sections may be the same word; names in a form may not.
            while name in taken:
                name += "_"
            taken.add(name)
            found[one] = name
        return found

    return Nodes(
        questions=named(questions),
        sections=named(sections),
        words=named(words, "_words"),
        skips=named(skips, "_skipped"),
        hints=named(hints, "_hint"),
    )


def nodes_of(instrument: Instrument) -> Nodes:
    """Return the names of an instrument's nodes."""
    return _nodes(
        (
            tuple(q.id for q in instrument.questions),
            tuple(s.id for s in instrument.sections),
            tuple(q.id for q in instrument.questions if q.has_words),
            tuple(s.id for s in instrument.sections if s.may_skip),
            tuple(s.id for s in instrument.sections if s.hint),
        )
    )


def words_of(section: Section) -> list[Question]:
    """Return the questions of a section beside which the person's own words may be noted."""
    return [q for q in section.questions if q.has_words]
