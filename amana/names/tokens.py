"""Match tokens: what two teams may compare blindly, to learn only "possible duplicate".

A token is a few facts of a person put together; two people share it when these facts are equal.
Tokens go through the keeper's oblivious function one by one and are stored only as its outputs:
a token itself is as telling as the name, so that none is ever stored, sent or logged.

Who is asked about may have a name more or a name less than who is kept, but a name in the place of
another is another person. So what is kept of a person and what is asked about one are two sets:
both hold the whole name; kept are also its parts, asked also whether the parts stand alone.
"""

from collections.abc import Iterable, Iterator, Sequence

from amana.names.card import SearchCard
from amana.names.keys import skeleton, spelling

# From here on somebody should look; below, nothing is said.
ENOUGH = 4.5

# A name that many bear says little. What a left-out name, or a roughly equal one, takes away.
COMMON, RARE = 1.0, 2.0
LEFT_OUT, ROUGH = 1.0, 3.0
# Beginnings of skeletons bridge a slip of the pen; among four words they would bridge two people.
ROUGH_LETTERS, ROUGH_WORDS = 2, 3
# What the year adds, by the number of shared bands; bands of six years begin every second year.
YEAR = (0.0, 1.0, 1.5, 2.0)
BAND_STEP = 2
SAME_TOWN = 1.0

# A name and one more that the person is known as; further ones would only add false alarms.
NAMES_READ = 2
_PART = "|"

Names = tuple[str, ...]


def kept(card: SearchCard) -> frozenset[str]:
    """Return the tokens by which a registered person can be found again; 30 for four words."""
    return frozenset(_tokens(card, whole_of_parts=False))


def asked(card: SearchCard) -> frozenset[str]:
    """Return the tokens that tell whether this person is registered already; 35 for four words."""
    return frozenset(_tokens(card, whole_of_parts=True))


def is_possible_duplicate(shared: Iterable[str]) -> bool:
    """Say whether somebody should look, from the tokens that were asked and are kept of one person.

    It is never more than a reason to look: two people may share everything that is written here.
    """
    return weight(shared) >= ENOUGH


def weight(shared: Iterable[str]) -> float:
    """Return what the shared tokens of one kept person say; 0 when there are none."""
    evidence: dict[tuple[str, str], list[str]] = {}
    for token in shared:
        _, kind, names, fact = token.split(_PART)
        evidence.setdefault((kind, names), []).append(fact)
    return max((_weight(*names, facts) for names, facts in evidence.items()), default=0.0)


def _weight(kind: str, names: str, facts: Sequence[str]) -> float:
    common = {
        skeleton(key)[:ROUGH_LETTERS] if kind == "rough" else skeleton(key)
        for key in spelling().common
    }
    told = sum(COMMON if name in common else RARE for name in names.split())
    told -= {"whole": 0.0, "fewer": LEFT_OUT, "more": LEFT_OUT, "rough": ROUGH}[kind]
    n_bands = sum(fact.startswith("band") for fact in facts)
    return told + YEAR[n_bands] + SAME_TOWN * any(fact.startswith("town") for fact in facts)


def _tokens(card: SearchCard, *, whole_of_parts: bool) -> Iterator[str]:
    facts = list(_facts(card))
    for keys in card.keys[:NAMES_READ]:
        for kind, names in _kinds(tuple(sorted(map(skeleton, keys))), whole_of_parts, card.sex):
            for fact in facts:
                yield _PART.join((str(spelling().edition), kind, " ".join(names), fact))


def _kinds(whole: Names, whole_of_parts: bool, sex: str) -> Iterator[tuple[str, Names]]:  # noqa: FBT001
    """Return the sets of names and what each is called on both sides.

    `fewer` is a kept person's name without one word, asked as a whole; `more` is the reverse.
    """
    if len(whole) < 2:
        return
    yield "whole", whole
    if len(whole) <= ROUGH_WORDS:
        yield "rough", (*sorted(name[:ROUGH_LETTERS] for name in whole), *([sex] if sex else []))
    yield ("fewer" if whole_of_parts else "more"), whole
    if len(whole) > 2:
        for left_out in range(len(whole)):
            part = whole[:left_out] + whole[left_out + 1 :]
            yield ("more" if whole_of_parts else "fewer"), part


def _facts(card: SearchCard) -> Iterator[str]:
    """Return what is put beside the names: nothing, the town, three overlapping bands of years."""
    yield ""
    if card.town_key:
        yield f"town {skeleton(card.town_key)}"
    if card.birth_year:
        block = card.birth_year // BAND_STEP
        yield from (f"band {block + shift}" for shift in (-1, 0, 1))
