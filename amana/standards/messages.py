"""The families of messages as data: their fields, who writes them, what answers them, by when.

What a field is stands once, whatever letter holds it. A field that stands in no row cannot leave:
"never sent" is the absence of a row.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import fastjsonschema

from amana.standards import citations, clocks, codes, consent
from amana.standards.datafile import FOLDER, MARKS, BadData, Place, once, opened

REFERRALS, LETTERS = "referrals", "letters"
REFERRAL, THREAD, ANYWHERE = "referral", "thread", "any"
ASKING, HOST, EITHER = "asking", "host", "either"
CODE, CODES, TEXT, DAY, MOMENT = "code", "codes", "text", "day", "moment"
NUMBER, REFERENCE, LETTER, DIGEST, ROWS = "number", "reference", "letter", "digest", "rows"
UNIT = "unit"
# A kind that a partner speaks and that stands in no row is read in its first version.
FIRST = "1.0.0"


@dataclass(frozen=True)
class Field:
    """One field: what it may hold, what it is to an agreement, and who opens it over there."""

    name: str
    type: str
    category: str
    listed: str = ""
    most: int = 1
    opens: str = "desk"
    rows: tuple[str, ...] = ()

    @property
    def is_for_unit(self) -> bool:
        """Say whether only the receiving unit opens it: no desk on the way reads it."""
        return self.opens == UNIT


@dataclass(frozen=True)
class Wait:
    """What a letter waits for: the kind of the answer, the clock that runs, and who owes it."""

    kind: str
    clock: str
    owes: str


@dataclass(frozen=True)
class Second:
    """When a second person must agree: always, or where a field holds one of these codes."""

    field: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asks:
    """The purpose to which the person must have said yes, but where a field holds one of these."""

    purpose: str
    field: str = ""
    but: tuple[str, ...] = ()

    def are_put(self, body: Mapping[str, Any]) -> bool:
        """Say whether a letter with this body needs the yes."""
        return not self.field or body.get(self.field) not in self.but


@dataclass(frozen=True)
class Family:
    """One kind of message. Of the kinds of the referral room only number and versions stand here.

    `follows` names the letter and the answer to it that must stand before; `lead` the field and
    the clock of the time that must lie before it; `least` how many entries a field must hold;
    `asks` a purpose of consent beside the sharing itself; `tells` which roles hear at once that it
    came.
    """

    kind: str
    number: str
    versions: tuple[str, ...]
    room: str
    where: str = ""
    writer: str = ""
    who: tuple[str, ...] = ()
    after: str = ""
    needed: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    waits: tuple[Wait, ...] = ()
    needs_consent: bool = False
    repeats: bool = False
    is_strict: bool = False
    second: Second | None = None
    follows: tuple[str, str] | None = None
    lead: tuple[str, str] | None = None
    tier: str = ""
    least: Mapping[str, int] | None = None
    asks: Asks | None = None
    tells: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields that it may hold, in the order they are asked."""
        return self.needed + self.may

    @property
    def schema(self) -> str:
        """Return what its header names: kind and newest version."""
        return f"{self.kind}/{self.versions[-1]}"


@dataclass(frozen=True)
class Messages:
    """Every family and every field of one version of the table."""

    version: str
    fields: Mapping[str, Field]
    families: Mapping[str, Family]


@cache
def _shape() -> Callable[[object], object]:
    path = FOLDER / "message.schema.json"
    found: Callable[[object], object] = fastjsonschema.compile(
        json.loads(path.read_text(encoding="utf-8"))
    )
    return found


def read(root: Place) -> Messages:
    """Return the families of a file; refuse a wrong shape and every name that leads nowhere."""
    try:
        _shape()(root.value)
    except fastjsonschema.JsonSchemaValueException as fault:
        steps = ".".join(str(step) for step in fault.path[1:])
        raise BadData(f"{root.path}.{steps}: is not as the schema asks") from None
    root.at("mark").one_of(MARKS)
    root.at("source").one_of(citations.load())
    fields = {name: _field(name, place) for name, place in root.at("fields").keyed().items()}
    for field in fields.values():
        _known(root, field.rows, fields)
    families = [_family(place, fields) for place in root.at("families").each()]
    once(root.at("families"), [f.kind for f in families])
    found = {f.kind: f for f in families}
    for family in families:
        _known(root, [w.kind for w in family.waits], found)
        _known(root, family.follows or (), found)
    return Messages(root.at("version").day().isoformat(), fields, found)


def _known(root: Place, names: Any, known: Mapping[str, object]) -> None:  # noqa: ANN401
    for name in names:
        if name not in known:
            raise root.bad(f"{name!r} stands in no row")


def _field(name: str, place: Place) -> Field:
    given: dict[str, Any] = {key: inner.value for key, inner in place.keyed().items()}
    place.at("category").one_of(codes.values("DATA_CATEGORY"))
    if name not in codes.values("FIELD"):
        raise place.bad("has no words in the list FIELD")
    is_coded = given["type"] in (CODE, CODES)
    if is_coded != ("list" in given) or (given["type"] == ROWS) != ("rows" in given):
        raise place.bad("a code has its list, and rows their fields")
    if is_coded:
        place.at("list").one_of(codes.load())
    return Field(
        name,
        given["type"],
        given["category"],
        given.get("list", ""),
        given.get("most", 1),
        given.get("opens", "desk"),
        tuple(given.get("rows", ())),
    )


def _family(place: Place, fields: Mapping[str, Field]) -> Family:
    given: dict[str, Any] = {key: inner.value for key, inner in place.keyed().items()}
    kind, number = place.at("kind").one_of(codes.values("MESSAGE")), given["number"]
    versions = tuple(sorted(given["versions"], key=numbers))
    if given["room"] == REFERRALS:
        return Family(kind, number, versions, REFERRALS)
    family = Family(
        kind=kind,
        number=number,
        versions=versions,
        room=LETTERS,
        where=given["where"],
        writer=given["writer"],
        who=tuple(given["who"]),
        after=given["after"],
        needed=tuple(given["needed"]),
        may=tuple(given["may"]),
        waits=tuple(Wait(**wait) for wait in given["waits"]),
        needs_consent=given.get("needs_consent", False),
        repeats=given.get("repeats", False),
        is_strict=given.get("strict", False),
        second=_second(given.get("second")),
        follows=tuple(given["follows"].values()) if "follows" in given else None,
        lead=tuple(given["lead"].values()) if "lead" in given else None,
        tier=given.get("tier", ""),
        least=given.get("least"),
        asks=_asks(place) if "asks" in given else None,
        tells=tuple(given.get("tells", ())),
    )
    _check(place, family, fields)
    return family


def _asks(place: Place) -> Asks:
    given: dict[str, Any] = {key: inner.value for key, inner in place.at("asks").keyed().items()}
    purpose = place.at("asks").at("purpose").one_of(consent.load().purposes)
    return Asks(purpose, given.get("field", ""), tuple(given.get("but", ())))


def _second(given: Mapping[str, Any] | None) -> Second | None:
    if given is None:
        return None
    return Second(given.get("field", ""), tuple(given.get("codes", ())))


def _check(place: Place, family: Family, fields: Mapping[str, Field]) -> None:
    once(place, family.fields)
    named = [*family.fields, *(family.least or {})]
    named += [family.second.field] if family.second and family.second.field else []
    named += [family.lead[0]] if family.lead else []
    named += [family.asks.field] if family.asks and family.asks.field else []
    _known(place, named, fields)
    keys = [w.clock for w in family.waits] + ([family.lead[1]] if family.lead else [])
    _known(place, keys, {key: key for key, _tier in clocks.load().held})


@cache
def load() -> Messages:
    """Return the table of this node."""
    return read(opened("messages.json"))


def families() -> Mapping[str, Family]:
    """Return every family by its kind."""
    return load().families


def letters() -> list[Family]:
    """Return the families that the room of letters writes and reads."""
    return [family for family in families().values() if family.room == LETTERS]


def field(name: str) -> Field:
    """Return what a field is."""
    return load().fields[name]


def schemas() -> dict[str, tuple[str, ...]]:
    """Return the versions of each kind that this node reads, for its directory."""
    return {family.kind: family.versions for family in families().values()}


def schema_of(kind: str) -> str:
    """Return the schema under which this node writes a kind."""
    family = families().get(kind)
    return family.schema if family else f"{kind}/{FIRST}"


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, to be compared."""
    return tuple(int(part) for part in version.split("."))


def is_readable(schema: str, kind: str, body: Mapping[str, Any]) -> bool:
    """Say whether this node reads a message: of its kind, of a major that it knows.

    A field that it does not know is kept and shown; one that is marked as critical is not skipped.
    """
    named, _sign, version = schema.partition("/")
    parts = version.split(".")
    if named != kind or len(parts) != 3 or not all(p.isascii() and p.isdigit() for p in parts):
        return False
    majors = {numbers(v)[0] for v in schemas().get(kind, (FIRST,))}
    return int(parts[0]) in majors and not any(name.startswith("!") for name in body)


def lists() -> dict[str, str]:
    """Return the list in which the codes of each coded field stand."""
    return {name: one.listed for name, one in load().fields.items() if one.listed}
