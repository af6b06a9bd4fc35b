"""A register of invented people, the same for the same seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from bench.invented.names import GIVEN, PEOPLES, SURNAMES, SYLLABLES, TOWNS

# How many words of a name come from the long tail of rare ones, and how many rare ones there are.
RARE_SURNAME, RARE_GIVEN, N_RARE = 0.30, 0.12, 60_000
ZIPF = 0.9
THIS_YEAR = 2026


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist."""

    code: str
    surname: str
    given: tuple[str, ...]
    birth_year: int
    town: str
    sex: str

    @property
    def name(self) -> str:
        return " ".join((self.surname, *self.given))


def register(n: int, seed: int = 1) -> list[Person]:
    """Return n invented people."""
    chance, rare = random.Random(seed), _rare_names()
    return [_person(chance, f"P{number:07}", rare) for number in range(n)]


@cache
def words(listed: str) -> list[str]:
    """Return the names of a list; an underscore stands for a blank inside a name."""
    return [word.replace("_", " ") for word in listed.split()]


def zipf(chance: random.Random, held: Sequence[str]) -> str:
    """Return one of the names, the first ones far more often."""
    return chance.choices(held, cum_weights=_weights(len(held)))[0]


@cache
def _weights(n: int) -> list[float]:
    return list(accumulate(1 / (rank + 3) ** ZIPF for rank in range(n)))


@cache
def _rare_names() -> dict[str, list[str]]:
    """Return the rare names of each people: the same for every register."""
    chance = random.Random(0)
    return {people: _rare(chance, people, N_RARE // len(SYLLABLES)) for people in SYLLABLES}


def _rare(chance: random.Random, people: str, n: int) -> list[str]:
    first, middle, last = (part.split() for part in SYLLABLES[people])
    return ["".join(_syllables(chance, first, middle, last)) for _ in range(n)]


def _syllables(
    chance: random.Random, first: list[str], middle: list[str], last: list[str]
) -> Iterator[str]:
    yield chance.choice(first)
    for _ in range(chance.choice((0, 1, 1, 2, 2))):
        yield chance.choice(middle)
        if chance.random() < 0.4:
            yield chance.choice("aeiou")
    yield chance.choice(last)


def _person(chance: random.Random, code: str, rare: dict[str, list[str]]) -> Person:
    people = chance.choices(list(PEOPLES), weights=[share for share, _ in PEOPLES.values()])[0]
    sex = chance.choice(("male", "female"))
    surname = _word(chance, words(SURNAMES[people]), rare[people], RARE_SURNAME)
    groups = PEOPLES[people][1]
    group = chance.choices(list(groups), weights=list(groups.values()))[0]
    n_given = chance.choices((1, 2, 3), weights=(0.62, 0.30, 0.08))[0]
    given = [
        _word(chance, words(GIVEN[group, sex]), rare[people], RARE_GIVEN) for _ in range(n_given)
    ]
    side = "north" if chance.random() < (0.85 if people == "maghreb" else 0.10) else "west"
    year = THIS_YEAR - min(70, int(chance.gammavariate(4, 5)))
    town = zipf(chance, words(TOWNS[side]))
    return Person(code, surname, tuple(dict.fromkeys(given)), year, town, sex)


def _word(chance: random.Random, usual: list[str], rare: list[str], share: float) -> str:
    return chance.choice(rare) if chance.random() < share else zipf(chance, usual)
