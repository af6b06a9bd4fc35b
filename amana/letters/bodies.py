"""What a letter must say to leave and to be taken in: one function for both. Pure.

A code that no list here holds is kept and said to be unknown: the other country may be a version
ahead. A field that no row names is kept too, if it is plain and short.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from amana.standards import codes, messages
from amana.standards.messages import Field
from amana.standards.references import is_reference

# What every letter holds beside the fields of its family.
ALWAYS = frozenset({"m", "by", "unit_sealed"})
LONGEST, LONGEST_NAME, LONGEST_SEALED, MOST_ENTRIES = 2000, 120, 20_000, 60
# A whole body in characters; the table's own limits lie below.
LARGEST = 120_000

_CODE = re.compile("[A-Za-z0-9][A-Za-z0-9_]{0,39}")


def faults(kind: str, body: Mapping[str, Any]) -> list[str]:
    """Return the fields that are missing or not of their shape; "" where the whole is too large."""
    family = messages.families()[kind]
    found = [name for name in family.needed if not _is_said(body.get(name))]
    if not _is_said(body.get("by")) or not isinstance(body["by"], str):
        found.append("by")
    found += [name for name, value in body.items() if not _fits(family.fields, name, value)]
    for name, least in (family.least or {}).items():
        value = body.get(name)
        if isinstance(value, list) and len(value) < least:
            found.append(name)
    if len(json.dumps(body, ensure_ascii=False)) > LARGEST:
        found.append("")
    return list(dict.fromkeys(found))


def is_whole(kind: str, body: Mapping[str, Any]) -> bool:
    """Say whether a body holds all that its kind needs, in shapes that can be shown."""
    return not faults(kind, body)


def _is_said(value: object) -> bool:
    return value not in (None, "", []) and not (isinstance(value, str) and not value.strip())


def _fits(fields: tuple[str, ...], name: str, value: object) -> bool:
    if name == "unit_sealed":
        return isinstance(value, str) and len(value) <= LONGEST_SEALED
    if name not in fields:
        return _is_plain(value)
    # What only the unit may open lies in the sealed part and nowhere else.
    return not messages.field(name).is_for_unit and fits(messages.field(name), value)


def fits(field: Field, value: object) -> bool:
    """Say whether a value has the shape of its field."""
    return _SHAPES[field.type](field, value)


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= MOST_ENTRIES and all(_is_short(item) for item in value)
    return value is None or isinstance(value, bool) or _is_short(value)


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


def _code(_field: Field, value: object) -> bool:
    return isinstance(value, str) and bool(_CODE.fullmatch(value))


def _codes(field: Field, value: object) -> bool:
    if not isinstance(value, list) or len(value) > MOST_ENTRIES:
        return False
    return len(set(map(str, value))) == len(value) and all(_code(field, item) for item in value)


def _text(field: Field, value: object) -> bool:
    return isinstance(value, str) and len(value) <= field.most


def _day(_field: Field, value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _moment(_field: Field, value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _number(field: Field, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= field.most


def _reference(_field: Field, value: object) -> bool:
    return isinstance(value, str) and is_reference(value)


def _letter(_field: Field, value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch("[0-9a-f]{32}", value))


def _digest(_field: Field, value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch("[0-9a-f]{64}", value))


def _rows(field: Field, value: object) -> bool:
    if not isinstance(value, list) or not value or len(value) > field.most:
        return False
    return all(_row(field, row) for row in value)


def _row(field: Field, row: object) -> bool:
    """A line of a list holds coded values alone: there is no place in it for a name."""
    if not isinstance(row, Mapping) or not row or set(row) - set(field.rows):
        return False
    return all(fits(messages.field(name), value) for name, value in row.items())


_SHAPES: Mapping[str, Callable[[Field, object], bool]] = {
    messages.CODE: _code,
    messages.CODES: _codes,
    messages.TEXT: _text,
    messages.DAY: _day,
    messages.MOMENT: _moment,
    messages.NUMBER: _number,
    messages.REFERENCE: _reference,
    messages.LETTER: _letter,
    messages.DIGEST: _digest,
    messages.ROWS: _rows,
}


def categories(kind: str, body: Mapping[str, Any]) -> frozenset[str]:
    """Return the categories of data that a body holds, for the agreement to be asked.

    A field that its family does not name is anything else, which no agreement lets pass.
    """
    family = messages.families()[kind]
    found = {"STATUS"}
    for name, value in body.items():
        if name in ALWAYS or not _is_said(value):
            continue
        found.add(messages.field(name).category if name in family.fields else "OTHER")
    return frozenset(found)


def categories_of(names: Mapping[str, Any]) -> frozenset[str]:
    """Return what the fields of a sealed part are to an agreement."""
    return frozenset(messages.field(name).category for name in names)


def unknown_codes(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return every code that no list of this node holds, with its field."""
    return [
        (name, code)
        for name, code in _coded(body)
        if code not in codes.values(messages.field(name).listed)
    ]


def _coded(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in body.items():
        field = messages.load().fields.get(name)
        if field is None:
            continue
        if field.type == messages.CODE and isinstance(value, str):
            yield name, value
        elif field.type == messages.CODES and isinstance(value, list):
            yield from ((name, str(code)) for code in value)
        elif field.type == messages.ROWS and isinstance(value, list):
            for row in value:
                yield from _coded(row)


def texts(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields that hold words that somebody typed."""
    fields = messages.load().fields
    return {
        name: value
        for name, value in body.items()
        if name in fields and fields[name].type == messages.TEXT and isinstance(value, str)
    }


# Fields in which a name or a number of the service is expected.
CONTACTS = frozenset(f.name for f in messages.load().fields.values() if f.category == "WORKER")
