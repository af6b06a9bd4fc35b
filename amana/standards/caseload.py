"""How much one worker can carry: what a case weighs by its risk, and the ceiling of the whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from amana.standards import citations, codes
from amana.standards.datafile import MARKS, Place, opened


@dataclass(frozen=True)
class Caseload:
    """Weights by the level of risk; what was not assessed weighs `unassessed`, never nothing."""

    weights: Mapping[str, int]
    unassessed: int
    ceiling: int
    source: str
    mark: str
    date: date

    def weigh(self, levels: Iterable[str]) -> int:
        """Return what cases of these levels of risk weigh together; "" was not assessed."""
        return sum(self.weights.get(level, self.unassessed) for level in levels)


def read(root: Place) -> Caseload:
    """Return the weights of a file, or say where it is at fault."""
    weights = {level: place.count() for level, place in root.at("weights").keyed().items()}
    missing = set(codes.values("RISK_LEVEL")) ^ set(weights)
    if missing:
        raise root.at("weights").bad(f"{min(missing)!r} has no weight, or is no level of risk")
    return Caseload(
        weights=weights,
        unassessed=root.at("unassessed").count(),
        ceiling=root.at("ceiling").count(),
        source=root.at("source").one_of(citations.load()),
        mark=root.at("mark").one_of(MARKS),
        date=root.at("date").day(),
    )


@cache
def load() -> Caseload:
    """Return the weights of this house."""
    return read(opened("caseload.json"))
