"""Who may see what: the matrix of roles and classes, and what each of its cells opens.

The matrix is the field's; which sealed part meets a cell is a decision of this house, written into
the same file. A cell that is smaller than a part is met by a copy that is sealed for that reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from amana.standards import citations
from amana.standards.datafile import MARKS, Place, Words, opened

CARE_FILE, POLICE_FILE = "care", "police"
# How a role writes: reads and changes it; writes a copy anew, unread; adds to it, unread.
EDIT, REPLACE, ADD = "edit", "replace", "add"


@dataclass(frozen=True)
class Part:
    """One sealed part of a file: its class, what it is a copy of, who writes it and how."""

    name: str
    data_class: str
    copy_of: str
    file: str
    writers: Mapping[str, str]
    fields: tuple[str, ...]


@dataclass(frozen=True)
class NeedToKnow:
    """The matrix (role, class, right), what a right of a class opens, and the parts there are."""

    classes: Mapping[str, Words]
    matrix: Mapping[str, Mapping[str, str]]
    opens: Mapping[str, Mapping[str, tuple[str, ...]]]
    nothing: frozenset[str]
    parts: Mapping[str, Part]

    def opened_by(self, role: str) -> frozenset[str]:
        """Return the parts that a role opens, over all classes."""
        found: set[str] = set()
        for data_class, right in self.matrix.get(role, {}).items():
            found.update(self.opens.get(data_class, {}).get(right, ()))
        return frozenset(found)

    def way_of_writing(self, role: str, part: str) -> str:
        """Return how a role writes a part: edit, replace, add, or "" for not at all."""
        known = self.parts.get(part)
        return known.writers.get(role, "") if known else ""


def read(root: Place) -> NeedToKnow:
    """Return what a file says, or where it is at fault: no right may mean two things, or none."""
    root.at("mark").one_of(MARKS)
    root.at("source").one_of(citations.load())
    classes = {code: place.words() for code, place in root.at("classes").keyed().items()}
    parts = {name: _part(name, place, classes) for name, place in root.at("parts").keyed().items()}
    opens = {
        data_class: {
            right: tuple(str(p.one_of(parts)) for p in listed.each())
            for right, listed in place.keyed().items()
        }
        for data_class, place in root.at("opens").keyed(only=classes).items()
    }
    nothing = frozenset(root.at("nothing").keyed())
    matrix = {
        role: {
            data_class: cell.one_of({*nothing, *opens.get(data_class, {})})
            for data_class, cell in row.keyed(only=classes).items()
        }
        for role, row in root.at("matrix").keyed().items()
    }
    return NeedToKnow(classes, matrix, opens, nothing, parts)


def _part(name: str, place: Place, classes: Mapping[str, Words]) -> Part:
    writers = {
        role: how.one_of((EDIT, REPLACE, ADD)) for role, how in place.at("writers").keyed().items()
    }
    return Part(
        name=name,
        data_class=place.at("class").one_of(classes),
        copy_of=str(place.at("copy_of").value),
        file=place.at("file").one_of((CARE_FILE, POLICE_FILE)),
        writers=writers,
        fields=tuple(str(f.value) for f in place.at("fields").each()),
    )


@cache
def load() -> NeedToKnow:
    """Return the matrix of this house."""
    return read(opened("need_to_know.json"))
