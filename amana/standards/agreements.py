"""Agreements between countries as data: parties, articles, obligations, and what may flow.

A file says what a text allows; whether it is in force is not in a file but in a node's register.
What nobody brought is "not loaded" and stands among `absent`; it is never guessed.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema

from amana.standards import citations, clocks, codes
from amana.standards.datafile import FOLDER, BadData, Place, Words, once
from amana.standards.instruments import opened_file

AGREEMENTS = FOLDER / "agreements"
FORMAT = 1
# Said of a purpose or a ground on which a row does not depend; a message may also name none.
ANY, BOTH = "any", "both"


class NotLoaded(LookupError):
    """An agreement, or a version of one, that this node does not hold."""


@dataclass(frozen=True)
class Party:
    """One side: its country, the body that signed, and who signed for it, where that is known."""

    country: str
    body: Words
    signatory: Words | None


@dataclass(frozen=True)
class Term:
    """How long a text runs, how it is renewed, and how many days before its end people are told."""

    months: int
    renewal: str
    alert_days: int

    @property
    def is_tacit(self) -> bool:
        """Say whether it goes on by itself when nobody says otherwise."""
        return self.renewal == "tacit"


@dataclass(frozen=True)
class Document:
    """A text that hangs on the agreement, such as its action plan."""

    id: str
    title: Words
    signed_on: date
    term: Term | None
    source: str
    mark: str


@dataclass(frozen=True)
class Pillar:
    """One of the pillars on which the text rests."""

    id: str
    title: Words
    words: Words
    mark: str


@dataclass(frozen=True)
class Article:
    """One article of our rendering; `number` is its number in the signed text, where known."""

    id: str
    number: str
    pillar: str
    title: Words
    words: Words
    mark: str


@dataclass(frozen=True)
class Obligation:
    """What a party owes, by which article, and by which clock where one runs."""

    id: str
    article: str
    by: tuple[str, ...]
    words: Words
    clock: str


@dataclass(frozen=True)
class Clause:
    """One row of what may flow: kinds, purposes, data, directions, grounds, and in which states.

    Everything that a row does not name does not flow by it.
    """

    id: str
    article: str
    kinds: frozenset[str]
    purposes: frozenset[str]
    categories: frozenset[str]
    directions: frozenset[tuple[str, str]]
    grounds: frozenset[str]
    states: frozenset[str]
    is_for_any_purpose: bool
    is_on_any_ground: bool


@dataclass(frozen=True)
class Governing:
    """Which article rules the exchange, its beginning, its suspension, and its end."""

    exchange: str
    in_force: str
    suspension: str
    end: str


@dataclass(frozen=True)
class Absent:
    """Something of the text that is not here, and why."""

    what: Words
    why: Words


@dataclass(frozen=True)
class Agreement:
    """One agreement in one version of its rendering."""

    name: str
    version: str
    title: Words
    rendering: Words
    source: str
    mark: str
    checked_on: date
    parties: tuple[Party, ...]
    present: tuple[Words, ...]
    signed_on: date
    signed_at: Words
    term: Term | None
    documents: tuple[Document, ...]
    clocks: tuple[str, str]
    pillars: tuple[Pillar, ...]
    articles: tuple[Article, ...]
    obligations: tuple[Obligation, ...]
    rules: Governing
    clauses: tuple[Clause, ...]
    absent: tuple[Absent, ...]

    @property
    def countries(self) -> frozenset[str]:
        """Return the countries that it binds."""
        return frozenset(party.country for party in self.parties)

    def article(self, id_: str) -> Article:
        """Return an article by its id."""
        return next(article for article in self.articles if article.id == id_)

    def reference(self, article: str) -> str:
        """Return how one of its articles is named on a page, in a refusal and in a message."""
        return f"{self.name}@{self.version}#{article}"


@cache
def _shape() -> Callable[[object], object]:
    path = FOLDER / "agreement.schema.json"
    found: Callable[[object], object] = fastjsonschema.compile(
        json.loads(path.read_text(encoding="utf-8"))
    )
    return found


def read(root: Place, beside: tuple[Path, ...] = ()) -> Agreement:
    """Return the agreement of a file, or say at which place the file is at fault.

    The clocks it names are ours, or lie in one of the folders `beside`.
    """
    given = root.value.get("format") if isinstance(root.value, dict) else None
    if isinstance(given, int) and not isinstance(given, bool) and given > FORMAT:
        raise root.bad(f"is of format {given}, from the future: this node reads format {FORMAT}")
    try:
        _shape()(root.value)
    except fastjsonschema.JsonSchemaValueException as fault:
        raise BadData(f"{_path(root, fault)}: {_fault(fault)}") from None
    return _built(root, beside)


def _path(root: Place, fault: fastjsonschema.JsonSchemaValueException) -> str:
    steps = [f"[{s}]" if s.isdigit() else f".{s}" for s in map(str, fault.path[1:])]
    return root.path + "".join(steps)


def _fault(fault: fastjsonschema.JsonSchemaValueException) -> str:
    message = str(fault.message)
    return message.removeprefix(str(fault.name)).strip() or "is not as the schema asks"


def _built(root: Place, beside: tuple[Path, ...]) -> Agreement:
    """Build an agreement of the right shape; refuse every name in it that leads nowhere."""
    parties = tuple(_party(place) for place in root.at("parties").each())
    once(root.at("parties"), [p.country for p in parties])
    pillars = tuple(_pillar(place) for place in root.at("pillars").each())
    once(root.at("pillars"), [p.id for p in pillars])
    articles = tuple(_article(p, {x.id for x in pillars}) for p in root.at("articles").each())
    once(root.at("articles"), [a.id for a in articles])
    ids, countries = {a.id for a in articles}, {p.country for p in parties}
    obligations = tuple(_obligation(p, ids, countries) for p in root.at("obligations").each())
    once(root.at("obligations"), [o.id for o in obligations])
    clauses = tuple(_clause(p, ids, countries) for p in root.at("flows").each())
    once(root.at("flows"), [c.id for c in clauses])
    documents = tuple(_document(place) for place in root.at("documents").each())
    once(root.at("documents"), [d.id for d in documents])
    return Agreement(
        name=root.at("name").text(),
        version=root.at("version").day().isoformat(),
        title=root.at("title").words(),
        rendering=root.at("rendering").words(),
        source=root.at("source").one_of(citations.load()),
        mark=root.at("mark").text(),
        checked_on=root.at("date").day(),
        parties=parties,
        present=tuple(place.words() for place in root.at("present").each()),
        signed_on=root.at("signed").at("on").day(),
        signed_at=root.at("signed").at("at").words(),
        term=_term(root.at("term")),
        documents=documents,
        clocks=_clocks(root.at("clocks"), beside),
        pillars=pillars,
        articles=articles,
        obligations=obligations,
        rules=Governing(**{k: p.one_of(ids) for k, p in root.at("rules").keyed().items()}),
        clauses=clauses,
        absent=tuple(
            Absent(p.at("what").words(), p.at("why").words()) for p in root.at("not_loaded").each()
        ),
    )


def _party(place: Place) -> Party:
    signatory = place.at("signatory")
    return Party(
        country=place.at("country").one_of(codes.values("COUNTRY")),
        body=place.at("body").words(),
        signatory=None if signatory.value is None else signatory.words(),
    )


def _pillar(place: Place) -> Pillar:
    place.at("source").one_of(citations.load())
    return Pillar(
        id=place.at("id").text(),
        title=place.at("title").words(),
        words=place.at("words").words(),
        mark=place.at("mark").text(),
    )


def _article(place: Place, pillars: set[str]) -> Article:
    number, pillar = place.at("number"), place.at("pillar")
    place.at("source").one_of(citations.load())
    return Article(
        id=place.at("id").text(),
        number="" if number.value is None else number.text(),
        pillar="" if pillar.value is None else pillar.one_of(pillars),
        title=place.at("title").words(),
        words=place.at("words").words(),
        mark=place.at("mark").text(),
    )


def _obligation(place: Place, articles: set[str], countries: set[str]) -> Obligation:
    clock = place.maybe("clock")
    known = {key for key, _tier in clocks.load().held}
    return Obligation(
        id=place.at("id").text(),
        article=place.at("article").one_of(articles),
        by=place.at("by").each_one_of(countries),
        words=place.at("words").words(),
        clock=clock.one_of(known) if clock else "",
    )


def _document(place: Place) -> Document:
    return Document(
        id=place.at("id").text(),
        title=place.at("title").words(),
        signed_on=place.at("signed_on").day(),
        term=_term(place.at("term")),
        source=place.at("source").one_of(citations.load()),
        mark=place.at("mark").text(),
    )


def _term(place: Place) -> Term | None:
    if place.value is None:
        return None
    given: dict[str, Any] = {key: inner.value for key, inner in place.keyed().items()}
    return Term(**given)


def _clocks(place: Place, beside: tuple[Path, ...]) -> tuple[str, str]:
    held = clocks.every(beside)
    name = place.at("name").one_of({one.name for one in held})
    return name, place.at("version").one_of({one.version for one in held if one.name == name})


def _clause(place: Place, articles: set[str], countries: set[str]) -> Clause:
    purposes, grounds = place.at("purposes"), place.at("grounds")
    return Clause(
        id=place.at("id").text(),
        article=place.at("article").one_of(articles),
        kinds=frozenset(place.at("kinds").each_one_of(codes.values("MESSAGE"))),
        purposes=_some(purposes, "REFERRAL_PURPOSE"),
        categories=frozenset(place.at("categories").each_one_of(codes.values("DATA_CATEGORY"))),
        directions=frozenset(_directions(place.at("directions"), countries)),
        grounds=_some(grounds, "CONSENT_GROUND"),
        states=frozenset(place.at("while").texts()),
        is_for_any_purpose=purposes.value == ANY,
        is_on_any_ground=grounds.value == ANY,
    )


def _some(place: Place, listed: str) -> frozenset[str]:
    if place.value == ANY:
        return frozenset(codes.values(listed)) | {""}
    return frozenset(place.each_one_of(codes.values(listed)))


def _directions(place: Place, countries: set[str]) -> Iterable[tuple[str, str]]:
    if place.value == BOTH:
        return [(a, b) for a in countries for b in countries if a != b]
    return [_direction(one, countries) for one in place.each()]


def _direction(place: Place, countries: set[str]) -> tuple[str, str]:
    sender, _, to = place.text().partition(">")
    for country in (sender, to):
        if country not in countries:
            raise place.bad(f"{country!r} is no party")
    if sender == to:
        raise place.bad("leads nowhere: a country writes to another")
    return sender, to


# The shelf.


def read_file(path: Path) -> Agreement:
    """Return the agreement of a file that is named after it, or say where the file is at fault."""
    root = opened_file(path)
    agreement = read(root, (path.parent,))
    if path.name != f"{agreement.name}.{agreement.version}.json":
        raise root.bad(f"holds {agreement.name}.{agreement.version}, another than its name says")
    return agreement


@cache
def every(folders: tuple[Path, ...] = (AGREEMENTS,)) -> tuple[Agreement, ...]:
    """Return every agreement in every version, by name, the newest version last."""
    found = [read_file(path) for folder in folders for path in folder.glob("*.json")]
    return tuple(sorted(found, key=lambda a: (a.name, a.version)))


def find(name: str, version: str = "", folders: tuple[Path, ...] = (AGREEMENTS,)) -> Agreement:
    """Return an agreement in this version, or in its newest. Raises NotLoaded."""
    for agreement in reversed(every(folders)):
        if agreement.name == name and version in ("", agreement.version):
            return agreement
    raise NotLoaded(f"{name}@{version}" if version else name)
