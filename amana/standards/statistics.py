"""What is counted, in which codes: the dimensions of figures, and how a file's signs become a form.

A sign of exploitation says of which form it is a sign; somebody with signs of two forms is counted
under "several", so that the forms add up to everybody.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from amana.standards import citations, codes
from amana.standards.datafile import MARKS, Place, Words, once, opened

COUNTRY = "COUNTRY"


@dataclass(frozen=True)
class Goal:
    """An indicator of the 2030 agenda: whether our tables give it, and which or why not."""

    indicator: str
    is_computed: bool
    words: Words


@dataclass(frozen=True)
class Budget:
    """What synthetic rows may cost: epsilon of all releases of a day, delta and `k` of each.

    A combination of fewer than `k` people is shown with a probability of at most `hidden`.
    """

    budget: float
    delta: float
    k: int
    hidden: float


@dataclass(frozen=True)
class Statistics:
    """Dimensions with the list of their codes, and what a coded file is counted as.

    `least_alike`: from how many who are alike on CTDC shows somebody.
    """

    threshold: int
    least_alike: int
    synthetic: Budget
    most_cells: int
    bases: tuple[int, ...]
    dimensions: Mapping[str, str]
    needs: str
    minor: Mapping[str, str]
    forms: Mapping[str, frozenset[str]]
    agenda: tuple[Goal, ...]
    several: str
    unstated: str

    def form(self, indicators: Collection[str]) -> str:
        """Return the form of exploitation that signs stand for."""
        found = [form for form, signs in self.forms.items() if not signs.isdisjoint(indicators)]
        if len(found) > 1:
            return self.several
        return found[0] if found else self.unstated


def read(root: Place) -> Statistics:
    """Return what a file describes, or say where it is at fault."""
    root.at("mark").one_of(MARKS)
    root.at("source").one_of(citations.load())
    threshold, alike, synthetic = (
        _sourced(root.at(name)) for name in ("threshold", "least_alike", "synthetic")
    )
    listed = (*codes.load(), COUNTRY)
    dimensions = [
        (place.at("id").text(), place.at("list").one_of(listed))
        for place in root.at("dimensions").each()
    ]
    once(root.at("dimensions"), [name for name, _ in dimensions])
    forms = codes.values("STAT_FORM")
    signs = [
        (p.at("form").one_of(forms), frozenset(p.at("indicators").texts()))
        for p in root.at("forms").each()
    ]
    once(root.at("forms"), [sign for _, held in signs for sign in held])
    ages = codes.values("STAT_AGE")
    return Statistics(
        threshold=threshold.at("value").count(),
        least_alike=alike.at("value").count(),
        synthetic=Budget(
            synthetic.at("budget").number(),
            synthetic.at("delta").number(),
            synthetic.at("k").count(),
            synthetic.at("hidden").number(),
        ),
        most_cells=root.at("most_cells").count(),
        bases=tuple(place.count() for place in root.at("bases").each()),
        dimensions=dict(dimensions),
        needs=root.at("needs").one_of(codes.load()),
        minor={said: place.one_of(ages) for said, place in root.at("minor").keyed().items()},
        forms=dict(signs),
        agenda=tuple(
            Goal(
                place.at("indicator").text(),
                place.at("is_computed").flag(),
                place.at("words").words(),
            )
            for place in root.at("agenda").each()
        ),
        several=root.at("several").one_of(forms),
        unstated=root.at("unstated").one_of(forms),
    )


def _sourced(place: Place) -> Place:
    """Return a place whose value says where it is from."""
    place.at("mark").one_of(MARKS)
    place.at("source").one_of(citations.load())
    return place


@cache
def load() -> Statistics:
    """Return what is counted here."""
    return read(opened("statistics.json"))
