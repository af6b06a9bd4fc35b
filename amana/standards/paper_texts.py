"""The fixed words of a case's papers: what a person's rights are, what confidentiality means.

They are proposed: written to be read aloud to somebody who is sixteen and afraid, and to be
validated by the national committees.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from amana.standards import citations, journey
from amana.standards.datafile import MARKS, Place, Words, once, opened


@dataclass(frozen=True)
class Passage:
    """One heading with its lines, and the text that it rests on."""

    label: Words
    lines: tuple[Words, ...]
    source: str


@dataclass(frozen=True)
class PaperText:
    """What stands on one kind of paper, and who signs it; no passages where they are computed."""

    id: str
    passages: tuple[Passage, ...]
    signs: tuple[str, ...]
    mark: str
    date: date


@dataclass(frozen=True)
class PaperTexts:
    """The words around every paper, who may sign, and the papers whose words are known here."""

    words: Mapping[str, Words]
    signers: Mapping[str, Words]
    papers: Mapping[str, PaperText]


def read(root: Place) -> PaperTexts:
    """Return the texts of a file, or say where it is broken."""
    signers = {code: place.words() for code, place in root.at("signers").keyed().items()}
    papers = [_paper(place, signers) for place in root.at("papers").each()]
    once(root.at("papers"), [paper.id for paper in papers])
    return PaperTexts(
        words={code: place.words() for code, place in root.at("words").keyed().items()},
        signers=signers,
        papers={paper.id: paper for paper in papers},
    )


def _paper(place: Place, signers: Mapping[str, Words]) -> PaperText:
    return PaperText(
        id=place.at("id").one_of(journey.load().documents),
        passages=tuple(
            Passage(
                label=p.at("label").words(),
                lines=tuple(line.words() for line in p.at("lines").each()),
                source=p.at("source").one_of(citations.load()),
            )
            for p in place.at("sections").each()
        ),
        signs=place.at("signs").each_one_of(signers),
        mark=place.at("mark").one_of(MARKS),
        date=place.at("date").day(),
    )


@cache
def load() -> PaperTexts:
    """Return the texts of this house."""
    return read(opened("paper_texts.json"))
