"""Which field stands in which column of an HTCDS sheet, however its header was written.

The layouts come from the description in our note on standards, section 1.5; the shipped templates
were not at hand. Row 1 holds machine names, hidden; row 2 labels; column A the numbers 1 to 1000
(HTCDS-12). A person types under what she sees, so where name and label disagree the label decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from amana.standards.htcds_cells import folded
from amana.standards.htcds_fields import Field, known

CASE, PERSON = "x-amana:case", "x-amana:person"
KEYS = (CASE, PERSON)
TITLE, SECOND_NAME = "prs_Title", "prs_SecondName"
# The parts of an address by the words that a label has for them; the longer word comes first.
PARTS = {
    "postalcode": "PostalCode",
    "zip": "PostalCode",
    "country": "Country",
    "street": "Street",
    "state": "State",
    "city": "City",
}
ADDRESSES = ("prs_Mailing", "org_Shipping")


@dataclass(frozen=True)
class Column:
    """One column: the field in it, or the key of a row, or what is wrong with its header."""

    field: Field | None = None
    key: str = ""
    repair: str = ""
    fault: str = ""
    remedy: str = ""


@dataclass
class Layout:
    """The columns of a sheet; whether its second row holds labels and its first column numbers."""

    columns: list[Column] = field(default_factory=list)
    has_labels: bool = False
    is_numbered: bool = False

    @property
    def is_htcds(self) -> bool:
        return any(column.field for column in self.columns)


def layout(first: Sequence[str], second: Sequence[str]) -> Layout:
    """Return what the first two rows of a sheet say of its columns."""
    named = _names()
    if not any(name.strip() in named for name in first):
        labelled = [_by_label(text, set()) for text in first]
        return Layout([_labelled(text, of) for text, of in zip(first, labelled, strict=True)])
    # What `workbook` writes has keys, and no row of labels.
    has_labels = not set(KEYS).intersection(first) and _are_labels(second)
    labels = [*second, *[""] * (len(first) - len(second))] if has_labels else [""] * len(first)
    names = [*first, *[""] * (len(labels) - len(first))]
    held = {named[name.strip()][0].name for name in names if name.strip() in named}
    found = Layout(has_labels=has_labels, is_numbered=not names[0].strip())
    found.columns = [_column(n, x, held, has_labels) for n, x in zip(names, labels, strict=True)]
    _refuse_twice(found)
    return found


def _names() -> dict[str, tuple[Field, str]]:
    """Return every field by the names it goes by, with the repair that a name is."""
    found = {name: (of, "") for name, of in known().items()}
    return found | {
        alias: (of, repair) for of in known().values() for alias, repair in of.aliases.items()
    }


def _are_labels(cells: Sequence[str]) -> bool:
    """Whether a row holds labels: more than half of what it says are labels of fields."""
    labels = {folded(of.label) for of in known().values()} | set(PARTS)
    filled = [folded(text) for text in cells if text.strip()]
    return 2 * sum(text in labels for text in filled) > len(filled)


def _by_label(text: str, held: set[str]) -> Field | None:
    """Return the one field of this label that stands in no other column."""
    found = [f for f in known().values() if folded(f.label) == folded(text) and f.name not in held]
    return found[0] if text.strip() and len(found) == 1 else None


def _labelled(text: str, of: Field | None) -> Column:
    if of or not text.strip():
        return Column(of)
    if text.strip() in KEYS:
        return Column(key=text.strip())
    return _unknown(text)


def _unknown(name: str) -> Column:
    if name.strip() == "cas_Persons":
        remedy = "Give each person a row: a list in one cell cannot be read back."
        return Column(fault="cas_Persons holds a text that is no data", remedy=remedy)
    remedy = "Give it the name of a field of HTCDS 2.0, or take the column out."
    return Column(fault=f"{name.strip()!r} is no field", remedy=remedy)


def _column(name: str, label: str, held: set[str], has_labels: bool) -> Column:  # noqa: FBT001
    name = name.strip()
    if name in KEYS:
        return Column(key=name)
    if not name:
        of = _by_label(label, held)
        if of or not label.strip():
            return Column(of, repair="HTCDS-2" if of else "")
        return _unknown(label)
    if name not in _names():
        return _unknown(name)
    of, repair = _names()[name]
    shifted = _shifted(of, label)
    if shifted:
        return Column(shifted, repair="HTCDS-3")
    if of.name == TITLE and folded(label) == folded(known()[SECOND_NAME].label):
        # Only where no other column holds the second name: two columns would be one field.
        return Column(of if SECOND_NAME in held else known()[SECOND_NAME], repair="HTCDS-5")
    if has_labels and of.name == "per_Organisation" and not label.strip():
        return Column(of, repair="HTCDS-11")
    return Column(of, repair=repair)


def _shifted(of: Field, label: str) -> Field | None:
    """Return the part of the same address that a label names, where it is not the field's own."""
    address = next((start for start in ADDRESSES if of.name.startswith(start)), "")
    said = next((part for word, part in PARTS.items() if word in folded(label)), "")
    if not address or not said or of.name == address + said:
        return None
    return known()[address + said]


def _refuse_twice(found: Layout) -> None:
    seen: set[str] = set()
    for at, column in enumerate(found.columns):
        name = column.field.name if column.field else column.key
        if name and name in seen:
            fault = Column(fault=f"{name} stands twice", remedy="Keep one of the two columns.")
            found.columns[at] = fault
        seen.add(name)
