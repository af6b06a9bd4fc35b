"""The one language of conditions: branches, rules, checks and next steps, compiled to bit masks.

A condition is data (docs/instruments.md). What is there are atoms: indicator codes, answers,
`child` or `adult`, rules that hold. Each atom is a bit, so that a reading costs microseconds.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from amana.standards.datafile import Place

# Returns the bits of the indicators that made a condition hold, None when it does not hold.
Condition = Callable[["State"], int | None]


@dataclass(frozen=True)
class State:
    """What is there: the atoms as bits, and the numbers that were given."""

    seen: int
    numbers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Dimension:
    """Indicators that are judged together, by strength; one pattern is enough."""

    code: str
    strong: int
    medium: int
    weak: int
    patterns: Sequence[tuple[int, int, int]]

    def counts(self, seen: int) -> tuple[int, int, int]:
        """Return how many strong, medium and weak indicators are there."""
        return tuple((seen & bits).bit_count() for bits in (self.strong, self.medium, self.weak))  # type: ignore[return-value]

    def is_positive(self, seen: int) -> bool:
        """Say whether so many strong, medium and weak indicators make the dimension positive."""
        return is_positive(self.counts(seen), self.patterns)


def is_positive(counts: tuple[int, int, int], patterns: Iterable[tuple[int, int, int]]) -> bool:
    """Say whether some pattern is contained in the counts (strong, medium, weak)."""
    s, m, w = counts
    return any(s >= a and m >= b and w >= c for a, b, c in patterns)


@dataclass
class Alphabet:
    """The atoms that conditions of one file may name, each with its bit."""

    codes: Sequence[str]
    sets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    dimensions: dict[str, Dimension] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    bits: dict[str, int] = field(default_factory=dict)
    indicators: int = 0

    def __post_init__(self) -> None:
        self.allow(self.codes)
        self.indicators = self.mask(self.codes)

    def allow(self, atoms: Iterable[str]) -> None:
        """Let conditions name these atoms from here on."""
        for atom in atoms:
            self.bits.setdefault(atom, 1 << len(self.bits))

    def mask(self, atoms: Iterable[str]) -> int:
        """Return the atoms as bits; what no condition can name is left out."""
        found = 0
        for atom in atoms:
            found |= self.bits.get(atom, 0)
        return found

    def codes_in(self, mask: int) -> tuple[str, ...]:
        """Return the indicator codes of a mask, in the order of the catalogue."""
        return tuple(code for code in self.codes if self.bits[code] & mask)


def compiled(place: Place, alphabet: Alphabet) -> Condition:
    """Return a condition ready to be asked, or say where it names what is not there."""
    keys = set(place.keyed()) - {"at_least", "below", "from"}
    if len(keys) != 1 or not keys <= set(_COMPILERS):
        raise place.bad(f"must be one of {', '.join(_COMPILERS)}")
    return _COMPILERS[keys.pop()](place, alphabet)


def _has(place: Place, alphabet: Alphabet) -> Condition:
    mask = 0
    for atom in place.at("has").each():
        mask |= alphabet.mask(_named(atom, alphabet))
    least, indicators = place.keyed().get("at_least"), alphabet.indicators
    wanted = least.count() if least else 1
    if wanted > mask.bit_count():
        raise place.bad(f"at_least {wanted} of {mask.bit_count()} can never hold")

    def held(state: State) -> int | None:
        found = state.seen & mask
        return found & indicators if found.bit_count() >= wanted else None

    def held_by_any(state: State) -> int | None:
        found = state.seen & mask
        return found & indicators if found else None

    return held_by_any if wanted == 1 else held


def _named(place: Place, alphabet: Alphabet) -> Collection[str]:
    atom = place.text()
    if atom.startswith("@"):
        if atom[1:] not in alphabet.sets:
            raise place.bad(f"{atom!r} is no set")
        return alphabet.sets[atom[1:]]
    if atom not in alphabet.bits:
        raise place.bad(
            f"{atom!r} leads nowhere: no such code, or no such answer before this place"
        )
    return (atom,)


def _all(place: Place, alphabet: Alphabet) -> Condition:
    parts = [compiled(each, alphabet) for each in place.at("all").each()]

    def held(state: State) -> int | None:
        fired = 0
        for part in parts:
            found = part(state)
            if found is None:
                return None
            fired |= found
        return fired

    return held


def _any(place: Place, alphabet: Alphabet) -> Condition:
    parts = [compiled(each, alphabet) for each in place.at("any").each()]

    def held(state: State) -> int | None:
        fired = None
        for part in parts:
            found = part(state)
            if found is not None:
                fired = found | (fired or 0)
        return fired

    return held


def _not(place: Place, alphabet: Alphabet) -> Condition:
    part = compiled(place.at("not"), alphabet)
    return lambda state: 0 if part(state) is None else None


def _positive(place: Place, alphabet: Alphabet) -> Condition:
    code = place.at("positive").one_of(alphabet.dimensions)
    dimension = alphabet.dimensions[code]
    own = dimension.strong | dimension.medium | dimension.weak
    return lambda state: state.seen & own if dimension.is_positive(state.seen) else None


def _number(place: Place, alphabet: Alphabet) -> Condition:
    key = place.at("number").one_of(alphabet.numbers)
    bound = {name: p.value for name, p in place.keyed().items() if name in ("below", "from")}
    least, below = bound.get("from"), bound.get("below")

    def held(state: State) -> int | None:
        given = state.numbers.get(key)
        if given is None:
            return None
        is_in = (least is None or given >= least) and (below is None or given < below)  # type: ignore[operator]
        return 0 if is_in else None

    return held


_COMPILERS: dict[str, Callable[[Place, Alphabet], Condition]] = {
    "has": _has,
    "all": _all,
    "any": _any,
    "not": _not,
    "positive": _positive,
    "number": _number,
}
