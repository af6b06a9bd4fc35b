"""What a message of each kind must say to be taken in. Pure: a body in, whether it is whole out.

A body that is signed is still only words of another country: every value must be of the shape that
a page can show, and an acceptance that names nobody is none.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from amana.referrals import dossier, rules
from amana.standards import codes
from amana.standards.references import is_reference

LONGEST_TEXT, LONGEST_LIST = 8000, 60
CHILD_BANDS = frozenset({"0_4", "5_9", "10_14", "15_17", "UNK_CHILD"})

# Fields that must be there and hold words, by kind.
NEEDED: Mapping[str, tuple[str, ...]] = {
    rules.OFFER: ("reference", "purpose", "ground", "by"),
    rules.ACKNOWLEDGE: ("by",),
    rules.ASK: ("by", "text"),
    rules.REPLY: ("by", "text"),
    rules.ACCEPT: ("by", "worker_name", "service", "from_on"),
    rules.DECLINE: ("by", "reason"),
    rules.CASE: ("by", "ground"),
    rules.ERASE: ("by", "recall_for"),
    rules.ERASED: ("by",),
}
# The only fields that hold more than short words and lists of them; each is looked at by itself.
NESTED = ("cover", "identity", "consent", "unit_sealed")


def is_whole(kind: str, body: Mapping[str, Any]) -> bool:
    """Say whether a body holds all that its kind needs, in shapes that can be shown."""
    flat = {name: value for name, value in body.items() if name not in NESTED}
    if not _is_plain(flat) or not all(_is_said(body.get(name)) for name in NEEDED[kind]):
        return False
    return _SPECIAL.get(kind, _nothing_more)(body)


# What a field beside the nested ones is to an agreement; any other field is data no article has.
FIELDS: Mapping[str, str] = {
    **dict.fromkeys(("text", "conditions", "service", "budget_line", "topics"), "WORDS"),
    **dict.fromkeys(("worker_name", "worker_phone"), "WORKER"),
    **dict.fromkeys(("m", "by", "reference", "purpose", "urgency", "ground"), "STATUS"),
    **dict.fromkeys(("decision", "reason", "from_on", "recall_for"), "STATUS"),
    **dict.fromkeys(("erased_on", "in_backups_until", "kept_for"), "STATUS"),
    # Names of groups, and no word of what they held.
    **dict.fromkeys(("content", "erased", "kept"), "STATUS"),
    "consent": "CONSENT_RECORD",
}


def categories(_kind: str, body: Mapping[str, Any]) -> frozenset[str]:
    """Return the categories of data that a body holds, for the agreement to be asked.

    A field that is in no table counts as OTHER, which no agreement lets pass. What the unit's part
    holds was said by the worker who sealed it.
    """
    found = {FIELDS.get(n, "OTHER") for n in body if n not in (*dossier.PARTS, "unit_sealed")}
    for part in dossier.PARTS:
        held = body.get(part, {})
        found |= dossier.categories(held) if isinstance(held, Mapping) else {"OTHER"}
    return frozenset(found)


def tier_of(cover: Mapping[str, Any]) -> str:
    """Return whose clocks run for an offer: a child's when it is said, or of a child's age."""
    is_adult = cover.get("is_child") is False and cover.get("age_band") not in CHILD_BANDS
    return "adult" if is_adult else "child"


def _is_said(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_plain(fields: object) -> bool:
    """Say whether a mapping holds only words, yes or no, and lists of words, none too long."""
    if not isinstance(fields, Mapping):
        return False
    return all(_is_plain_value(value) for value in fields.values())


def _is_plain_value(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= LONGEST_LIST and all(_is_short(item) for item in value)
    return value is None or isinstance(value, bool) or _is_short(value)


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _nothing_more(_body: Mapping[str, Any]) -> bool:
    return True


def _offer(body: Mapping[str, Any]) -> bool:
    cover = body.get("cover")
    if not _is_plain(cover) or set(cover or ()) - dossier.IN_AN_OFFER:
        return False
    return is_reference(body["reference"]) and _is_cover(cover or {})


def _is_cover(cover: Mapping[str, Any]) -> bool:
    return (
        all(_is_code(cover.get(name)) for name in ("age_band", "sex"))
        and isinstance(cover.get("is_child"), bool)
        and isinstance(cover.get("needs", []), list)
        and all(isinstance(cover.get(n, ""), str) for n in ("class", "language", "risk"))
    )


def _is_code(value: object) -> bool:
    """Say whether it has the shape of a code. One that no list here holds is shown and flagged.

    The other country may be a version ahead; a person must not wait for a list.
    """
    return isinstance(value, str) and bool(re.fullmatch("[A-Z0-9][A-Z0-9_]{0,29}", value))


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _erase(body: Mapping[str, Any]) -> bool:
    return _is_code(body["recall_for"]) and _are_groups(body, "content")


def _erased(body: Mapping[str, Any]) -> bool:
    """Say whether it is the two days of an erasure, the ground on which something is kept, or both.

    Both only where the answer names which groups went and which stay.
    """
    if not (_are_groups(body, "erased") and _are_groups(body, "kept")):
        return False
    dates = [_is_day(body.get(name)) for name in ("erased_on", "in_backups_until")]
    if "kept_for" in body:
        return _is_code(body["kept_for"]) and (all(dates) or "erased_on" not in body)
    return all(dates)


def _are_groups(body: Mapping[str, Any], name: str) -> bool:
    groups = body.get(name, [])
    return isinstance(groups, list) and all(g in codes.values("CONSENT_CONTENT") for g in groups)


def _accept(body: Mapping[str, Any]) -> bool:
    if not _is_day(body["from_on"]):
        return False
    # What releases an identity is never read into a word that nobody here knows.
    return body.get("decision") in codes.values("DECISION")


def _decline(body: Mapping[str, Any]) -> bool:
    return _is_code(body["reason"])


def _ask(body: Mapping[str, Any]) -> bool:
    return isinstance(body.get("topics"), list)


def _case(body: Mapping[str, Any]) -> bool:
    identity = body.get("identity")
    if not isinstance(identity, Mapping) or set(identity) - dossier.IN_A_DOSSIER:
        return False
    words = {name: value for name, value in identity.items() if name != "coded"}
    coded = identity.get("coded", {})
    numbers_as_words = {k: str(v) if isinstance(v, int) else v for k, v in _items(coded)}
    is_text = isinstance(body.get("unit_sealed", ""), str)
    return (
        is_text and _is_plain(words) and isinstance(coded, Mapping) and _is_plain(numbers_as_words)
    )


def _items(value: object) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []


_SPECIAL = {
    rules.OFFER: _offer,
    rules.ASK: _ask,
    rules.ACCEPT: _accept,
    rules.DECLINE: _decline,
    rules.CASE: _case,
    rules.ERASE: _erase,
    rules.ERASED: _erased,
}
