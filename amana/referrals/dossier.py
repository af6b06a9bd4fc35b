"""What leaves the country, field by field: the least that the purpose needs. Pure.

An offer holds no identity. The identity part opens at the other desk after its acceptance.
The unit part is sealed by the case worker to the receiving unit: neither desk reads it.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amana.crypto.secrets import digest

WITH_OFFER, AFTER_ACCEPTANCE = "offer", "after_acceptance"


@dataclass(frozen=True)
class Kind:
    """A field that may leave: what consent must cover it, when it leaves, who opens it."""

    name: str
    group: str
    leaves: str
    opens: str


# A field that stands in no row cannot leave: "never sent" is the absence of a row.
KINDS = (
    Kind("age_band", "NEEDS", WITH_OFFER, "desk"),
    Kind("sex", "NEEDS", WITH_OFFER, "desk"),
    Kind("is_child", "NEEDS", WITH_OFFER, "desk"),
    Kind("language", "NEEDS", WITH_OFFER, "desk"),
    Kind("needs", "NEEDS", WITH_OFFER, "desk"),
    Kind("class", "CLASS", WITH_OFFER, "desk"),
    Kind("risk", "CLASS", WITH_OFFER, "desk"),
    Kind("first_name", "FIRST_NAME", AFTER_ACCEPTANCE, "desk"),
    Kind("full_name", "IDENTITY", AFTER_ACCEPTANCE, "desk"),
    Kind("known_as", "IDENTITY", AFTER_ACCEPTANCE, "desk"),
    Kind("birth", "IDENTITY", AFTER_ACCEPTANCE, "desk"),
    Kind("document", "IDENTITY", AFTER_ACCEPTANCE, "desk"),
    Kind("coded", "NEEDS", AFTER_ACCEPTANCE, "desk"),
    Kind("family_area", "FAMILY_AREA", AFTER_ACCEPTANCE, "unit"),
    Kind("safe_contact", "SAFE_CONTACT", AFTER_ACCEPTANCE, "unit"),
    Kind("do_not_contact", "SAFE_CONTACT", AFTER_ACCEPTANCE, "unit"),
    Kind("risk_summary", "RISK_SUMMARY", AFTER_ACCEPTANCE, "unit"),
    Kind("wishes", "WISHES", AFTER_ACCEPTANCE, "unit"),
)
KIND_OF = {kind.name: kind for kind in KINDS}
# What an offer may hold; an offer that holds more is refused at the other end.
IN_AN_OFFER = frozenset(k.name for k in KINDS if k.leaves == WITH_OFFER)
# What the desk-readable part of a dossier may hold.
IN_A_DOSSIER = frozenset(
    k.name for k in KINDS if k.leaves == AFTER_ACCEPTANCE and k.opens == "desk"
)
# Chosen by the case worker, field by field; the rest of an offer is always needed.
CHOSEN = tuple(k.name for k in KINDS if k.leaves == AFTER_ACCEPTANCE and k.name != "coded")


@dataclass(frozen=True)
class Field:
    """One field that would leave, with its value or, sealed, its size and its author."""

    kind: Kind
    value: Any
    size: int
    author: str

    @property
    def is_sealed(self) -> bool:
        """Say whether the reader of this preview sees only that it is there."""
        return self.value is None


def offered(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part that leaves with the offer; whatever names the person has no row in it."""
    return _part(values, WITH_OFFER, "desk")


def identity(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part that the other desk opens after its acceptance."""
    return _part(values, AFTER_ACCEPTANCE, "desk")


def for_unit(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part that only the receiving unit opens."""
    return _part(values, AFTER_ACCEPTANCE, "unit")


def _part(values: Mapping[str, Any], leaves: str, opens: str) -> dict[str, Any]:
    return {
        k.name: values[k.name]
        for k in KINDS
        if k.leaves == leaves and k.opens == opens and values.get(k.name) not in (None, "", [])
    }


def groups(values: Mapping[str, Any]) -> set[str]:
    """Return the groups of content that a consent must cover for these values."""
    return {
        KIND_OF[name].group
        for name, value in values.items()
        if name in KIND_OF and value not in (None, "", [])
    }


# What an offer stands on: without it there is no case over there.
BASIS = frozenset(k.group for k in KINDS if k.leaves == WITH_OFFER)


def fields_of(content: Collection[str]) -> list[str]:
    """Return the fields of a dossier that these groups name."""
    return [k.name for k in KINDS if k.group in content and k.leaves == AFTER_ACCEPTANCE]


# The parts of a message that a desk reads and that hold fields of this table.
PARTS = ("cover", "identity")


def categories(values: Mapping[str, Any]) -> set[str]:
    """Return what these fields are to an agreement; one that stands in no row is anything else."""
    return {
        KIND_OF[name].group if name in KIND_OF else "OTHER"
        for name, value in values.items()
        if value not in (None, "", [])
    }


# What the worker tells in her own words to the unit.
TOLD = ("risk_summary", "wishes")


def digests(values: Mapping[str, Any]) -> set[str]:
    """Return a digest of each value that would leave, to see later what is new in it."""
    return {
        digest(json.dumps([name, value], ensure_ascii=False).encode()).hex()
        for name, value in values.items()
        if name in KIND_OF and value not in (None, "", [])
    }


def names_in(text: str, identity: Mapping[str, Any]) -> bool:
    """Say whether free text repeats a word of the identity that has not left yet."""
    said = set(re.findall(r"[^\W_]{3,}", text.casefold()))
    named = " ".join(v for v in identity.values() if isinstance(v, str)).casefold()
    return bool(said & set(re.findall(r"[^\W_]{3,}", named)))


def preview(values: Mapping[str, Any], sealed: Sequence[Mapping[str, Any]]) -> list[Field]:
    """Return every field that would leave, in the order of the table.

    `sealed` lists what this reader cannot open: name, size in bytes, author.
    """
    shut = {str(s["name"]): s for s in sealed}
    found = []
    for kind in KINDS:
        if kind.name in shut:
            entry = shut[kind.name]
            found.append(Field(kind, None, int(entry["size"]), str(entry["author"])))
        elif values.get(kind.name) not in (None, "", []):
            found.append(Field(kind, values[kind.name], 0, ""))
    return found
