"""The 84 fields of HTCDS 2.0, and the JSON profile that this house gives them.

HTCDS is a list of fields without a file format. The profile is one document for each case, with
its persons, their consents, and its referrals, comments, events, plans and organisations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from amana.standards import citations, public_lists
from amana.standards.datafile import MARKS, Place, once, opened

KINDS = (
    *("text", "code", "country", "language", "date", "number", "flag", "phone"),
    *("longitude", "latitude"),
)
# Where the objects of a case stand in its document; consents stand in their person.
PLACES = {
    "person": "persons",
    "referral": "referrals",
    "comment": "comments",
    "event": "events",
    "plan": "plans",
    "organisation": "organisations",
}
OBJECTS = ("case", *PLACES, "consent")
PROFILE, VERSION = "amana-htcds", "2.0"
# One industry is all that the standard has room for; whatever else a form gave is kept here.
MORE_INDUSTRIES = "x-amana:MoreIndustries"
INDUSTRY = "vic_ForcedLabourIndustry"
# The codes that Amana adds to a list of the standard.
EXTENDED = {
    "vic_MethodsOfControl": "x-amana.control",
    "vic_TypeOfExploitation": "x-amana.exploitation",
}
E164 = r"^\+?[1-9]\d{1,14}$"
FIELD_KEYS = ("name", "object", "label", "kind", "many", "list", "core", "deprecated", "aliases")


@dataclass(frozen=True)
class Field:
    """One field; `aliases` are other names it goes by, and the repair that each of them is."""

    name: str
    object: str
    label: str
    kind: str
    is_many: bool
    list: str
    is_core: bool
    is_deprecated: bool
    aliases: Mapping[str, str]

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes a cell may hold, those that Amana adds included."""
        held = tuple(public_lists.find(self.list).entries) if self.list else ()
        added = EXTENDED.get(self.name)
        return (*held, *public_lists.find(added).entries) if added else held


def read(root: Place) -> dict[str, Field]:
    """Return the fields of a file by name, or say where it is at fault."""
    root.at("mark").one_of(MARKS)
    root.at("source").one_of(citations.load())
    fields = [_field(place) for place in root.at("fields").each()]
    once(root.at("fields"), [name for f in fields for name in (f.name, *f.aliases)])
    return {field.name: field for field in fields}


def _field(place: Place) -> Field:
    place.keyed(only=FIELD_KEYS)
    kind, listed, aliases = (
        place.at("kind").one_of(KINDS),
        place.maybe("list"),
        place.maybe("aliases"),
    )
    if listed:
        try:
            public_lists.find(listed.text())
        except LookupError as missing:
            raise listed.bad(str(missing)) from None
    if (kind == "code") != bool(listed):
        raise place.bad("has a list exactly when it holds codes")
    return Field(
        name=place.at("name").text(),
        object=place.at("object").one_of(OBJECTS),
        label=place.at("label").text(),
        kind=kind,
        is_many=_flag(place, "many"),
        list=listed.text() if listed else "",
        is_core=_flag(place, "core"),
        is_deprecated=_flag(place, "deprecated"),
        aliases={k: p.text() for k, p in aliases.keyed().items()} if aliases else {},
    )


def _flag(place: Place, key: str) -> bool:
    held = place.maybe(key)
    return held.flag() if held else False


@cache
def load() -> dict[str, Field]:
    return read(opened("htcds_fields.json"))


def known() -> dict[str, Field]:
    """Return the fields of the standard and the one that this house adds."""
    more = Field(
        *(MORE_INDUSTRIES, "person", "More industries", "code"),
        is_many=True,
        list=load()[INDUSTRY].list,
        is_core=False,
        is_deprecated=False,
        aliases={},
    )
    return {**load(), MORE_INDUSTRIES: more}


def of_object(name: str) -> tuple[Field, ...]:
    """Return the fields of an object in the order of the standard."""
    return tuple(field for field in known().values() if field.object == name)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of one case in our profile, as the fields and lists make it."""
    person = _object("person")
    person["properties"]["consents"] = {"type": "array", "items": _object("consent")}
    held: dict[str, Any] = {
        place: {"type": "array", "items": person if name == "person" else _object(name)}
        for name, place in PLACES.items()
    }
    return {
        "$schema": "http" + "://json-schema.org/draft-07/schema#",
        "title": "A case of HTCDS 2.0 in the profile of Amana",
        "type": "object",
        "additionalProperties": False,
        "required": ["profile", "version", "case", *held],
        "properties": {
            "profile": {"const": PROFILE},
            "version": {"const": VERSION},
            "case": _object("case"),
            **held,
        },
    }


def _object(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: _property(field) for field in of_object(name)},
    }


def _property(field: Field) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "text": {"type": "string", "minLength": 1},
        "date": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
        "number": {"type": "integer", "minimum": 0, "maximum": 150},
        "flag": {"type": "boolean"},
        "phone": {"type": "string", "pattern": E164},
        "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "language": {"type": "string", "pattern": "^[a-z]{2,3}$"},
        "longitude": {"type": "number", "minimum": -180, "maximum": 180},
        "latitude": {"type": "number", "minimum": -90, "maximum": 90},
        "code": {"enum": list(field.codes)},
    }
    one = kinds[field.kind]
    if not field.is_many:
        return one
    return {"type": "array", "items": one, "minItems": 1, "uniqueItems": True}
