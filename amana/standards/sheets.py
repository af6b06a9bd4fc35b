"""The sheets of a case as data: what is asked, of whom, what follows, what is checked.

A sheet is one document that the journey names. Its headings, answers and checks are a rendering of
field practice; `protection.sheets` judges by them and knows no sheet by name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from amana.standards import citations, codes, journey, need_to_know
from amana.standards.datafile import MARKS, Place, Words, once, opened

TEXT, LONG, DATE, CHOICE, CHOICES, YES_NO, ROWS = (
    *("text", "long", "date", "choice", "choices", "yes_no"),
    "rows",
)
KINDS = (TEXT, LONG, DATE, CHOICE, CHOICES, YES_NO, ROWS)
CODED = {CHOICE, CHOICES, YES_NO}
# How many characters an answer may have, by its kind.
MOST = {TEXT: 200, LONG: 4000}
# More rows than any family, panel or plan has.
MOST_ROWS = 40
# Of a condition: any answer at all.
ANYTHING = "*"
# In place of an item of another sheet: whoever kept a version of it.
AUTHORS = "@authors"

# What a check may ask, and the words that its row of the data has beside `code` and `words`.
ASKS = {
    "different_at_least": {"of", "n"},
    "answered_at_least": {"of", "answers", "n"},
    "never": {"of", "answers"},
    "none_of_these_people": {"of", "sheet", "in"},
    "not_the_same_as_before": {"of", "fact"},
    "in_order": {"of", "than"},
    "not_past": {"of"},
    "not_to_come": {"of"},
    "within_days": {"of", "n"},
    "needed": {"of"},
    "is_one_of_the_rows": {"of", "in"},
    "all_of": {"of", "answers"},
    "rows_differ": {"of"},
    "different": {"of", "than"},
    "same_people": {"of", "than"},
    # Against another sheet of the case, as it stands: a day that is not past, the same answer,
    # one of these answers. Where that sheet was never kept, the first two of them say so.
    "stands_there": {"of", "sheet", "in"},
    "as_said_there": {"of", "sheet", "in"},
    "only_if_there": {"of", "sheet", "in", "answers"},
}


@dataclass(frozen=True)
class Item:
    """One thing asked. `by` narrows who answers it; what is said `anew` is never carried over.

    A row's own items stand in `rows`. A coded answer is one of the list `codes`.
    """

    id: str
    kind: str
    label: Words
    hint: Words | None
    codes: str
    required: bool
    by: tuple[str, ...]
    anew: bool
    rows: tuple["Item", ...]

    @property
    def most(self) -> int:
        """Return how many characters an answer may have; 0 where it is not typed."""
        return MOST.get(self.kind, 0)


@dataclass(frozen=True)
class Section:
    """What stands under one heading."""

    title: Words
    hint: Words | None
    items: tuple[Item, ...]


When = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Says:
    """A fact, or a move where `track` is named, that follows when these answers are given.

    `tier` narrows it to a child or an adult: what an adult chooses, a panel decides for a child.
    """

    track: str
    kind: str
    tier: str
    when: When


@dataclass(frozen=True)
class Ask:
    """One check; `of` and `than` name items, as `rows.item` inside a row. It runs only `when`."""

    code: str
    kind: str
    words: Words
    of: str
    than: str
    sheet: str
    among: tuple[str, ...]
    answers: tuple[str, ...]
    fact: str
    n: int
    when: When


@dataclass(frozen=True)
class Sheet:
    """One document of a case: whom it is for, who writes it, in which part it lies sealed."""

    id: str
    title: Words
    aim: Words
    tier: str
    by: tuple[str, ...]
    part: str
    sections: tuple[Section, ...]
    says: tuple[Says, ...]
    asks: tuple[Ask, ...]
    signs: tuple[str, ...]
    source: str
    mark: str
    date: date

    @property
    def items(self) -> dict[str, Item]:
        """Return every item by its name, in the order of the page; of a row as `rows.item`."""
        return dict(_named(self))

    def is_for(self, tier: str) -> bool:
        """Say whether a sheet is meant for a child, an adult, or anybody."""
        return self.tier in (tier, journey.ANY)


def _named(sheet: Sheet) -> Iterator[tuple[str, Item]]:
    for section in sheet.sections:
        for item in section.items:
            yield item.id, item
            yield from ((f"{item.id}.{inner.id}", inner) for inner in item.rows)


def read(root: Place) -> dict[str, Sheet]:
    """Return the sheets of a file by name, or say where one contradicts itself or the journey."""
    root.at("name").text()
    sheets = [_sheet(place) for place in root.at("sheets").each()]
    once(root, [sheet.id for sheet in sheets])
    once(root, [ask.code for sheet in sheets for ask in sheet.asks])
    held = {sheet.id: sheet for sheet in sheets}
    for number, place in enumerate(root.at("sheets").each()):
        for ask, where in zip(sheets[number].asks, place.at("asks").each(), strict=True):
            _check_other_sheet(ask, where, held)
    return held


def _check_other_sheet(ask: Ask, where: Place, held: Mapping[str, Sheet]) -> None:
    if ask.kind != "none_of_these_people":
        return
    other = held[where.at("sheet").one_of(held)]
    where.at("in").each_one_of({AUTHORS, *other.items})


SHEET_KEYS = (
    *("id", "aim", "for", "by", "part", "sections", "says", "asks", "signs"),
    *("source", "mark", "date"),
)


def _sheet(place: Place) -> Sheet:
    place.keyed(only=SHEET_KEYS)
    documents = journey.load().documents
    name = place.at("id").one_of(documents)
    by = place.at("by").each_one_of(codes.values("ROLE"))
    sections = tuple(_section(p, by) for p in place.at("sections").each())
    bare = Sheet(
        id=name,
        title=documents[name],
        aim=place.at("aim").words(),
        tier=place.at("for").one_of((*journey.CASE_TIERS, journey.ANY)),
        by=by,
        part=place.at("part").one_of(need_to_know.load().parts),
        sections=sections,
        says=(),
        asks=(),
        signs=place.at("signs").each_one_of(codes.values("SIGNER")),
        source=place.at("source").one_of(citations.load()),
        mark=place.at("mark").one_of(MARKS),
        date=place.at("date").day(),
    )
    once(place, [item.id for section in sections for item in section.items])
    says = tuple(_says(p, bare) for p in place.at("says").each())
    asks = tuple(_ask(p, bare) for p in place.at("asks").each())
    return Sheet(**{**vars(bare), "says": says, "asks": asks})


def _section(place: Place, by: tuple[str, ...]) -> Section:
    place.keyed(only=("title", "hint", "items"))
    hint = place.maybe("hint")
    return Section(
        title=place.at("title").words(),
        hint=hint.words() if hint else None,
        items=tuple(_item(p, by) for p in place.at("items").each()),
    )


ITEM_KEYS = ("id", "kind", "label", "hint", "codes", "required", "by", "anew", "rows")


def _item(place: Place, by: tuple[str, ...], *, inside: bool = False) -> Item:
    held = place.keyed(only=ITEM_KEYS)
    kind = place.at("kind").one_of([k for k in KINDS if not (inside and k == ROWS)])
    rows = tuple(_item(p, by, inside=True) for p in held["rows"].each()) if kind == ROWS else ()
    once(place, [item.id for item in rows])
    listed = "YES_NO" if kind == YES_NO else ""
    if kind in (CHOICE, CHOICES):
        listed = place.at("codes").one_of(codes.load())
    elif "codes" in held:
        raise held["codes"].bad("only a choice has a list")
    return Item(
        id=_id(place.at("id")),
        kind=kind,
        label=place.at("label").words(),
        hint=held["hint"].words() if "hint" in held else None,
        codes=listed,
        required="required" in held and held["required"].flag(),
        by=held["by"].each_one_of(by) if "by" in held else (),
        anew="anew" in held and held["anew"].flag(),
        rows=rows,
    )


def _id(place: Place) -> str:
    """A name of an item becomes the name of a field: letters and low lines, nothing else."""
    if not place.text().replace("_", "").isalnum() or not place.text().islower():
        raise place.bad("must be small letters")
    return place.text()


def _when(place: Place | None, sheet: Sheet) -> When:
    if place is None:
        return {}
    found = {}
    for path, listed in place.keyed(only=sheet.items).items():
        item = sheet.items[path]
        known = {ANYTHING, *(codes.values(item.codes) if item.codes else ())}
        found[path] = listed.each_one_of(known)
    return found


def _says(place: Place, sheet: Sheet) -> Says:
    held = place.keyed(only=("fact", "move", "for", "when"))
    known = journey.load()
    when = _when(held.get("when"), sheet)
    tier = held["for"].one_of(journey.CASE_TIERS) if "for" in held else journey.ANY
    if "move" not in held:
        return Says("", place.at("fact").one_of(known.facts), tier, when)
    states = {f"{t.id}:{state}" for t in known.tracks.values() for state in t.states}
    track, _sign, state = held["move"].one_of(states).partition(":")
    return Says(track, state, tier, when)


def _ask(place: Place, sheet: Sheet) -> Ask:
    kind = place.at("ask").one_of(ASKS)
    held = place.keyed(only={"code", "ask", "words", "when", *ASKS[kind]})
    of = place.at("of").one_of(sheet.items)
    item = sheet.items[of]
    if "answers" in held:
        held["answers"].each_one_of(codes.values(item.codes) if item.codes else ())
    if kind == "is_one_of_the_rows":
        place.at("in").one_of(sheet.items)
    return Ask(
        code=place.at("code").text(),
        kind=kind,
        words=place.at("words").words(),
        of=of,
        than=place.at("than").one_of(sheet.items) if "than" in held else "",
        sheet=place.at("sheet").text() if "sheet" in held else "",
        among=_listed(held.get("in")),
        answers=held["answers"].texts() if "answers" in held else (),
        fact=place.at("fact").one_of(journey.load().facts) if "fact" in held else "",
        n=place.at("n").count() if "n" in held else 0,
        when=_when(held.get("when"), sheet),
    )


def _listed(place: Place | None) -> tuple[str, ...]:
    if place is None:
        return ()
    return (place.text(),) if isinstance(place.value, str) else place.texts()


@cache
def load() -> dict[str, Sheet]:
    """Return the sheets of this house."""
    return read(opened("sheets.json"))


def parts() -> frozenset[str]:
    """Return the parts of a case in which sheets lie."""
    return frozenset(sheet.part for sheet in load().values())
