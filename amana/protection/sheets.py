"""What may stand in a sheet of a case, what follows from it, which version stands. Pure.

No sheet and no check is written here: they are data (`standards.sheets`). A version is never
changed: a later one stands in its place, and both stay to be read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

from amana.access.rules import Refused
from amana.look.days import in_words
from amana.names.keys import is_arabic, name_keys, skeleton
from amana.standards import codes
from amana.standards.datafile import Words
from amana.standards.journey import ANY
from amana.standards.sheets import (
    ANYTHING,
    AUTHORS,
    CHOICES,
    CODED,
    DATE,
    MOST_ROWS,
    ROWS,
    Ask,
    Item,
    Says,
    Sheet,
    When,
)

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """One thing that stands against a sheet: at which item, in which row, in which words.

    The words are those of the sheet's own check; without them the code is one of the house's lists.
    """

    code: str
    item: str = ""
    row: int | None = None
    words: Words | None = None
    # Of what stands against a fact or a move: the fact or track that it speaks of.
    about: str = ""


class SheetRefused(Refused):
    """A sheet that is not kept: all that stands against it, and a colleague's version if one came.

    `theirs` was kept after the version that this one was written over; a person chooses.
    """

    def __init__(self, faults: Sequence[Fault], theirs: "Version | None" = None) -> None:
        super().__init__(list(dict.fromkeys(fault.code for fault in faults)))
        self.faults = list(faults)
        self.theirs = theirs


class Version(Protocol):
    """One kept version of a sheet; `over` is the number of the one it was written over."""

    @property
    def number(self) -> int: ...
    @property
    def sheet(self) -> str: ...
    @property
    def values(self) -> Values: ...


@dataclass(frozen=True)
class Known:
    """What whoever fills a sheet can see beside it: the day, what holds, what other sheets say.

    What she cannot see is not judged for her.
    """

    today: date
    facts: frozenset[str] = frozenset()
    standing: Mapping[str, Values] = field(default_factory=dict)
    authors: Mapping[str, frozenset[str]] = field(default_factory=dict)


def standing(versions: Sequence[Version], sheet: str) -> Version | None:
    """Return the version of a sheet that stands: the last that was kept."""
    mine = [v for v in versions if v.sheet == sheet]
    return max(mine, key=lambda v: v.number, default=None)


def cleaned(values: Values) -> dict[str, Any]:
    """Return the answers without what was left empty: blank texts, empty rows."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        kept = _cleaned(value)
        if kept not in ("", None, []):
            found[name] = kept
    return found


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - an answer is text, a list, or rows
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [row for one in value if (row := cleaned(one) if isinstance(one, dict) else one)]
    return value


def is_hers(item: Item, role: str) -> bool:
    """Say whether a role answers an item of a sheet that it may write."""
    return not item.by or role in item.by


def together(sheet: Sheet, said: Values, before: Values, role: str) -> dict[str, Any]:
    """Return a whole version: what she says now, and what others said before of what is theirs.

    What is said anew is carried over only while the text stays: nobody's approval covers what was
    written after it.
    """
    hers = cleaned(said)
    items = sheet.items
    keeps_the_text = all(items[name].anew for name in hers if name in items)
    carried = {
        name: before[name]
        for name, item in items.items()
        if name in before and not is_hers(item, role) and (keeps_the_text or not item.anew)
    }
    return {**carried, **hers}


# What stands against it.


def objections(sheet: Sheet, said: Values, whole: Values, role: str, known: Known) -> list[Fault]:
    """Return everything that stands against keeping a sheet, all at once.

    `said` is what this person answered, `whole` the version that would stand.
    """
    found = [Fault("NOT_THIS_ROLE")] if role not in sheet.by else []
    items = {name: item for name, item in sheet.items.items() if "." not in name}
    for name in said:
        if name not in items:
            found.append(Fault("UNKNOWN_QUESTION", name))
        elif not is_hers(items[name], role):
            found.append(Fault("NOT_THIS_ROLE", name))
    shaped = [fault for name, item in items.items() for fault in _shape(item, whole.get(name))]
    found += shaped
    # What has no shape cannot be compared; all else still is, so that she is told it at once.
    sound = _without(whole, shaped)
    faulty = {(fault.item.partition(".")[0], fault.row) for fault in shaped}
    for ask in sheet.asks:
        if holds(ask.when, sound):
            found += [
                fault
                for fault in _CHECKS[ask.kind](ask, sound, sheet, known)
                if (fault.item.partition(".")[0], fault.row) not in faulty
            ]
    return list(dict.fromkeys(found))


def _without(values: Values, faults: Sequence[Fault]) -> dict[str, Any]:
    """Return the answers without those that have no shape; every row keeps its place."""
    sound = {name: _copy(value) for name, value in values.items()}
    for fault in faults:
        rows, _sign, inner = fault.item.partition(".")
        if fault.row is None:
            sound.pop(rows, None)
        else:
            sound[rows][fault.row].pop(inner, None)
    return sound


def _copy(value: Any) -> Any:  # noqa: ANN401
    rows = isinstance(value, list) and all(isinstance(row, dict) for row in value)
    return [dict(row) for row in value] if rows else value


def _shape(item: Item, value: Any, row: int | None = None) -> list[Fault]:  # noqa: ANN401
    if value in (None, "", []):
        return [Fault("MISSING", item.id, row)] if item.required and row is None else []
    if item.kind == ROWS:
        return _shape_of_rows(item, value)
    if item.kind == CHOICES:
        known = codes.values(item.codes)
        fits = (
            isinstance(value, list) and len(set(value)) == len(value) and set(value) <= set(known)
        )
        return [] if fits else [Fault("UNKNOWN_ANSWER", item.id, row)]
    if not isinstance(value, str):
        return [Fault("WRONG_KIND", item.id, row)]
    if item.kind in CODED:
        return [] if value in codes.values(item.codes) else [Fault("UNKNOWN_ANSWER", item.id, row)]
    if item.kind == DATE:
        return [] if _day(value) else [Fault("NO_DAY", item.id, row)]
    return [Fault("TOO_LONG", item.id, row)] if len(value) > item.most else []


def _shape_of_rows(item: Item, value: Any) -> list[Fault]:  # noqa: ANN401
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        return [Fault("WRONG_KIND", item.id)]
    if len(value) > MOST_ROWS:
        return [Fault("TOO_MANY", item.id)]
    inner = {i.id: i for i in item.rows}
    found = []
    for number, row in enumerate(value):
        found += [
            Fault("UNKNOWN_QUESTION", f"{item.id}.{k}", number) for k in row if k not in inner
        ]
        for each in item.rows:
            named = [
                Fault(f.code, f"{item.id}.{f.item}", number)
                for f in _shape(each, row.get(each.id), number)
            ]
            if each.required and row.get(each.id) in (None, "", []):
                named = [Fault("MISSING", f"{item.id}.{each.id}", number)]
            found += named
    return found


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


@dataclass(frozen=True)
class _Found:
    """One answer, and where it stands."""

    value: Any
    row: int | None


def _answers(values: Values, path: str) -> Iterator[_Found]:
    """Yield every answer to an item: one, or one for each row that has it."""
    rows, _sign, inner = path.partition(".")
    held = values.get(rows)
    if not inner:
        if held not in (None, "", []):
            yield _Found(held, None)
        return
    for number, row in enumerate(held or []):
        if row.get(inner) not in (None, "", []):
            yield _Found(row[inner], number)


def needed(values: Values) -> list[str]:
    """Return the fields in which somebody needs something, of a sheet of needs; never in words."""
    rows = [row for row in values.get("needs") or [] if row.get("level") != NO_NEED]
    return sorted({str(row["domain"]) for row in rows if row.get("domain")})


def holds(when: When, values: Values) -> bool:
    """Say whether all answers of a condition were given; of rows, in any of them."""
    return all(
        any(ANYTHING in wanted or _said(one.value) & set(wanted) for one in _answers(values, path))
        for path, wanted in when.items()
    )


def _said(value: Any) -> set[str]:  # noqa: ANN401
    return {v for v in value if isinstance(v, str)} if isinstance(value, list) else {str(value)}


def _fault(ask: Ask, row: int | None = None) -> Fault:
    return Fault(ask.code, ask.of, row, ask.words)


def _different_at_least(ask: Ask, values: Values, sheet: Sheet, _known: Known) -> list[Fault]:
    """So many different codes, or names: one person written twice is one."""
    found = [str(one.value) for one in _answers(values, ask.of)]
    if sheet.items[ask.of].kind in CODED:
        return [] if len(set(found)) >= ask.n else [_fault(ask)]
    seen: list[str] = []
    for name in found:
        if not any(
            name.casefold() == other.casefold() or same_person(name, other) for other in seen
        ):
            seen.append(name)
    return [] if len(seen) >= ask.n else [_fault(ask)]


def _answered_at_least(ask: Ask, values: Values, _sheet: Sheet, _known: Known) -> list[Fault]:
    found = [one for one in _answers(values, ask.of) if _said(one.value) & set(ask.answers)]
    return [] if len(found) >= ask.n else [_fault(ask)]


def _never(ask: Ask, values: Values, _sheet: Sheet, _known: Known) -> list[Fault]:
    found = [one for one in _answers(values, ask.of) if _said(one.value) & set(ask.answers)]
    return [_fault(ask, one.row) for one in found]


# Two full names of which the one holds the other may be one person; a single word never is enough.
# How a sheet of needs says that nothing is needed in a field.
NO_NEED = "NONE"
_ENOUGH = 2


def same_person(one: str, other: str) -> bool:
    """Say whether two names may be one person's, in whichever script and order they were written.

    For a check that asks people to look again: it would rather stop once too often.
    """
    a, b = frozenset(name_keys(one)), frozenset(name_keys(other))
    if is_arabic(one) != is_arabic(other):
        # Arabic writes no short vowels: across scripts the consonants are compared.
        a, b = frozenset(map(skeleton, a)), frozenset(map(skeleton, b))
    if not a or not b:
        return False
    less, more = sorted((a, b), key=len)
    return a == b or (len(less) >= _ENOUGH and less <= more)


def _none_of_these_people(ask: Ask, values: Values, _sheet: Sheet, known: Known) -> list[Fault]:
    others: set[str] = set()
    for place in ask.among:
        if place == AUTHORS:
            others |= known.authors.get(ask.sheet, frozenset())
        else:
            held = known.standing.get(ask.sheet, {})
            others |= {str(one.value) for one in _answers(held, place)}
    return [
        _fault(ask, one.row)
        for one in _answers(values, ask.of)
        if any(same_person(str(one.value), other) for other in others)
    ]


def _not_the_same_as_before(ask: Ask, values: Values, sheet: Sheet, known: Known) -> list[Fault]:
    if ask.fact not in known.facts:
        return []
    before = [str(one.value) for one in _answers(known.standing.get(sheet.id, {}), ask.of)]
    return [
        _fault(ask, one.row)
        for one in _answers(values, ask.of)
        if any(same_person(str(one.value), other) for other in before)
    ]


def _in_order(ask: Ask, values: Values, _sheet: Sheet, _known: Known) -> list[Fault]:
    ends = {one.row: _day(one.value) for one in _answers(values, ask.than)}
    found = []
    for one in _answers(values, ask.of):
        begins, last = _day(one.value), ends.get(one.row, ends.get(None))
        if begins and last and last < begins:
            found.append(Fault(ask.code, ask.than, one.row, ask.words))
    return found


def _not_past(ask: Ask, values: Values, _sheet: Sheet, known: Known) -> list[Fault]:
    days = [(one, _day(one.value)) for one in _answers(values, ask.of)]
    return [_fault(ask, one.row) for one, day in days if day and day < known.today]


def _not_to_come(ask: Ask, values: Values, _sheet: Sheet, known: Known) -> list[Fault]:
    days = [(one, _day(one.value)) for one in _answers(values, ask.of)]
    return [_fault(ask, one.row) for one, day in days if day and day > known.today]


def _within_days(ask: Ask, values: Values, _sheet: Sheet, known: Known) -> list[Fault]:
    last = known.today + timedelta(days=ask.n)
    days = [(one, _day(one.value)) for one in _answers(values, ask.of)]
    return [_fault(ask, one.row) for one, day in days if day and day > last]


def _needed(ask: Ask, values: Values, _sheet: Sheet, _known: Known) -> list[Fault]:
    """An answer that another answer asks for; inside rows, in each row whose condition holds."""
    rows, _sign, inner = ask.of.partition(".")
    if not inner:
        return [] if any(True for _ in _answers(values, ask.of)) else [_fault(ask)]
    own = {path.partition(".")[2]: wanted for path, wanted in ask.when.items() if "." in path}
    return [
        _fault(ask, number)
        for number, row in enumerate(values.get(rows) or [])
        if row.get(inner) in (None, "", []) and holds(own, row)
    ]


def _is_one_of_the_rows(ask: Ask, values: Values, _sheet: Sheet, _known: Known) -> list[Fault]:
    offered = {str(one.value) for one in _answers(values, ask.among[0])}
    return [
        _fault(ask, one.row) for one in _answers(values, ask.of) if str(one.value) not in offered
    ]


def _all_of(ask: Ask, values: Values, _sheet: Sheet, _known: Known) -> list[Fault]:
    """Every one of these was answered: no field is passed over in silence."""
    said = set().union(*(_said(one.value) for one in _answers(values, ask.of)))
    return [] if set(ask.answers) <= said else [_fault(ask)]


def _rows_differ(ask: Ask, values: Values, _sheet: Sheet, _known: Known) -> list[Fault]:
    seen: set[str] = set()
    found = []
    for one in _answers(values, ask.of):
        if str(one.value) in seen:
            found.append(_fault(ask, one.row))
        seen.add(str(one.value))
    return found


def _different(ask: Ask, values: Values, _sheet: Sheet, _known: Known) -> list[Fault]:
    other = values.get(ask.than, "")
    return [
        _fault(ask, one.row)
        for one in _answers(values, ask.of)
        if str(one.value).casefold() == str(other).casefold() or same_person(str(one.value), other)
    ]


def _same_people(ask: Ask, values: Values, _sheet: Sheet, _known: Known) -> list[Fault]:
    others = [str(one.value) for one in _answers(values, ask.than)]
    return [
        _fault(ask, one.row)
        for one in _answers(values, ask.of)
        if any(same_person(str(one.value), other) for other in others)
    ]


def _there(ask: Ask, known: Known) -> list[str]:
    """Return what another sheet of the case says at the places that a check names."""
    held = known.standing.get(ask.sheet, {})
    return [str(one.value) for place in ask.among for one in _answers(held, place)]


def _stands_there(ask: Ask, values: Values, _sheet: Sheet, known: Known) -> list[Fault]:
    days = [_day(said) for said in _there(ask, known)]
    stands = any(day is not None and day >= known.today for day in days)
    return [] if stands else [_fault(ask, one.row) for one in _answers(values, ask.of)]


def _as_said_there(ask: Ask, values: Values, _sheet: Sheet, known: Known) -> list[Fault]:
    if ask.sheet not in known.standing:
        return []
    said = _there(ask, known)
    return [_fault(ask, one.row) for one in _answers(values, ask.of) if str(one.value) not in said]


def _only_if_there(ask: Ask, values: Values, _sheet: Sheet, known: Known) -> list[Fault]:
    allows = set(_there(ask, known)) & set(ask.answers)
    return [] if allows else [_fault(ask, one.row) for one in _answers(values, ask.of)]


_CHECKS = {
    "different_at_least": _different_at_least,
    "answered_at_least": _answered_at_least,
    "never": _never,
    "none_of_these_people": _none_of_these_people,
    "not_the_same_as_before": _not_the_same_as_before,
    "in_order": _in_order,
    "not_past": _not_past,
    "not_to_come": _not_to_come,
    "within_days": _within_days,
    "needed": _needed,
    "is_one_of_the_rows": _is_one_of_the_rows,
    "all_of": _all_of,
    "rows_differ": _rows_differ,
    "different": _different,
    "same_people": _same_people,
    "stands_there": _stands_there,
    "as_said_there": _as_said_there,
    "only_if_there": _only_if_there,
}


def agreed(sheet: Sheet) -> tuple[str, ...]:
    """Return the sheets by which this one is judged: whoever fills it is shown what they say."""
    kinds = ("stands_there", "as_said_there", "only_if_there")
    return tuple(dict.fromkeys(ask.sheet for ask in sheet.asks if ask.kind in kinds))


def by_its_sheet(fact: str, known: Mapping[str, Sheet], versions: Sequence[Version]) -> bool:
    """Say whether a fact is stated by its own sheet alone: one that it must agree with stands."""
    kept = {version.sheet for version in versions}
    return any(
        kept & set(agreed(sheet))
        for sheet in known.values()
        if any(said.kind == fact and not said.track for said in sheet.says)
    )


# What follows.


def follows(sheet: Sheet, whole: Values, said: Values, tier: str) -> list[Says]:
    """Return the facts and moves that a version says of a child or an adult, in their order.

    What rests only on answers that were carried over from another person was said by her.
    """
    return [
        one
        for one in sheet.says
        if one.tier in (tier, ANY)
        and holds(one.when, whole)
        and (not one.when or any(path.partition(".")[0] in said for path in one.when))
    ]


# How it reads.

_COLON = {"fr": "\u00a0: ", "ar": ": ", "en": ": "}


def laid_out(
    sheet: Sheet, values: Values, language: str
) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """Return a sheet in words for a page or a paper: headings, each with (label, lines).

    Every code is a word of the language, every day is written out; what was not answered is left
    away, and a heading with nothing under it too. Of rows each is one label with its lines.
    """
    found = []
    for section in sheet.sections:
        said: list[tuple[str, list[str]]] = []
        for item in section.items:
            said += _laid_out(item, values.get(item.id), language)
        if said:
            found.append((section.title.said_in(language), said))
    return found


def in_a_line(label: str, lines: Sequence[str], language: str) -> str:
    """Return one answer as a line of a paper."""
    return label + _COLON[language] + " · ".join(lines)


def _laid_out(item: Item, value: Any, language: str) -> list[tuple[str, list[str]]]:  # noqa: ANN401
    label = item.label.said_in(language)
    if value in (None, "", []):
        return []
    if item.kind != ROWS:
        return [(label, _lines(item, value, language))]
    colon = _COLON[language]
    return [
        (
            f"{label} {number}",
            [
                inner.label.said_in(language) + colon + " · ".join(_lines(inner, held, language))
                for inner in item.rows
                if (held := row.get(inner.id)) not in (None, "", [])
            ],
        )
        for number, row in enumerate(value, start=1)
    ]


def _lines(item: Item, value: Any, language: str) -> list[str]:  # noqa: ANN401
    if item.kind == CHOICES:
        return [codes.label(item.codes, code, language) for code in value]
    if item.kind in CODED:
        return [codes.label(item.codes, value, language)]
    if item.kind == DATE:
        return [in_words(date.fromisoformat(value), language)]
    return str(value).splitlines()


def differences(sheet: Sheet, one: Values, other: Values) -> list[Item]:
    """Return the items that two versions answer differently, in the order of the page."""
    return [
        item
        for section in sheet.sections
        for item in section.items
        if one.get(item.id) != other.get(item.id)
    ]
