"""How much a card looks like what was asked: names in any order and either script, year, town, sex.

The score lies between 0 and 1. What was not asked counts neither for nor against; what was asked
and is not known of the person counts less than agreement and more than contradiction. A score
orders answers for a human eye; it decides nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import mul

import numpy as np
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cdist

from amana.names.card import SearchCard
from amana.names.keys import is_arabic, name_keys, skeleton

# Chosen on invented people (bench/search.py), with other questions than those it reports on.
# Under this nothing is shown: it is nobody one would want to compare.
SHOWN = 0.78

# What each thing that was asked may weigh.
NAMES, YEAR, TOWN, SEX = 0.60, 0.18, 0.14, 0.08
# What is left of a weight when the person's card does not say.
UNKNOWN = 0.6
# Two words alike by less than this are two words: any two names share that much.
UNLIKE = 0.50
# How much of a word's likeness is its sound; the rest is its skeleton. Arabic writes few vowels.
SOUND, SOUND_ACROSS_SCRIPTS = 0.60, 0.12
# What was asked should be found (the first); what is on the card may not have been asked.
ASKED = 0.72

# Years apart, and what is left of the year's weight. Ages are estimated, and rounded to 5 and 10.
YEARS_APART = {0: 1.0, 1: 0.9, 2: 0.75, 3: 0.6, 4: 0.5, 5: 0.4, 6: 0.3, 7: 0.2, 8: 0.1}

Likeness = dict[str, list[float]]


@dataclass(frozen=True)
class Query:
    """What is asked: a name or a part of it, and what else is known."""

    text: str
    birth_year: int | None = None
    town: str = ""
    sex: str = ""

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of what was asked; empty when it holds no letter."""
        return name_keys(self.text)

    @cached_property
    def town_key(self) -> str:
        return "".join(name_keys(self.town))

    @cached_property
    def is_arabic(self) -> bool:
        """Say whether short vowels are missing from the keys."""
        return is_arabic(self.text)


@dataclass(frozen=True)
class Hit:
    """A card that is worth a look, and how much it looks like what was asked."""

    card: SearchCard
    score: float


def ranked(query: Query, cards: Sequence[SearchCard], n: int) -> list[Hit]:
    """Return at most n cards that may be shown, best first; equals in the order of their codes."""
    asked = query.keys
    if not asked:
        return []
    weights = _weights(asked)
    written = _likeness(asked, [c for c in cards if not c.is_arabic], query.is_arabic)
    unvoiced = _likeness(asked, [c for c in cards if c.is_arabic], not query.is_arabic)
    hits = []
    for card in cards:
        names = _names(card.keys, unvoiced if card.is_arabic else written, weights)
        score = _whole(names, query, card)
        if score >= SHOWN:
            hits.append(Hit(card, score))
    return sorted(hits, key=lambda hit: (-hit.score, hit.card.code))[:n]


def _weights(asked: Iterable[str]) -> list[float]:
    """Return what each word weighs: a long one says more than a short one."""
    return [3.0 + min(len(key), 8) for key in asked]


def _likeness(asked: Sequence[str], cards: Iterable[SearchCard], across: bool) -> Likeness:  # noqa: FBT001
    """Return how much each word on the cards is like each word that was asked, from 0 to 1."""
    words = list({key for card in cards for keys in card.keys for key in keys})
    if not words:
        return {}
    sound = SOUND_ACROSS_SCRIPTS if across else SOUND
    by_sound = cdist(words, asked, scorer=JaroWinkler.similarity, dtype=np.float32)
    bones = [skeleton(word) for word in words]
    by_skeleton = cdist(
        bones, [skeleton(a) for a in asked], scorer=JaroWinkler.similarity, dtype=np.float32
    )
    mixed = sound * by_sound + (1 - sound) * by_skeleton
    alike = np.maximum(0, (mixed - UNLIKE) / (1 - UNLIKE))
    return dict(zip(words, alike.tolist(), strict=True))


def _names(names: Sequence[Sequence[str]], likeness: Likeness, weights: Sequence[float]) -> float:
    """Return the likeness of the best of a person's names."""
    return max((_name([likeness[k] for k in keys], weights) for keys in names if keys), default=0.0)


def _name(rows: Sequence[Sequence[float]], weights: Sequence[float]) -> float:
    """Return how far two names cover each other, in whatever order their words stand."""
    found = sum(map(mul, weights, map(max, zip(*rows, strict=True))))
    # Who is asked for by a part of the name is not held against for having more than one word more.
    best = sorted(map(max, rows), reverse=True)[: len(weights) + 1]
    covered = sum(best) / len(best)
    return float(ASKED * found / sum(weights) + (1 - ASKED) * covered)


def _whole(names: float, query: Query, card: SearchCard) -> float:
    score, most = NAMES * names, NAMES
    if query.birth_year:
        agree = years(query.birth_year, card.birth_year) if card.birth_year else UNKNOWN
        score, most = score + YEAR * agree, most + YEAR
    if query.town_key:
        agree = _towns(query.town_key, card.town_key) if card.town_key else UNKNOWN
        score, most = score + TOWN * agree, most + TOWN
    if query.sex:
        agree = float(query.sex == card.sex) if card.sex else UNKNOWN
        score, most = score + SEX * agree, most + SEX
    return score / most


def _towns(one: str, other: str) -> float:
    return max(0.0, (JaroWinkler.similarity(one, other) - UNLIKE) / (1 - UNLIKE))


def years(one: int, other: int) -> float:
    """Return how well two years of birth agree, from 0 to 1."""
    return YEARS_APART.get(abs(one - other), 0.0)
