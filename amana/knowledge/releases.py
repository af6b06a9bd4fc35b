"""Synthetic rows of a country's own files: what is promised, what it may cost, the bytes. Pure.

The rows are drawn from noisy counts, which are all that is kept of the real ones: who has them
draws the same rows again. Each release costs privacy, and what releases of the same days cost adds
up; the budget for that is data.
"""

from collections.abc import Iterable, Mapping, Sequence
from csv import writer
from datetime import date
from io import StringIO
from math import isfinite
from typing import Any

from amana.knowledge import rules
from amana.knowledge.rules import SYNTHETIC, Definition, Fact
from amana.knowledge.synthetic import Noisy, Plan, codebook, draw, report
from amana.standards.statistics import Statistics

# What a sum of costs may be wrong by, as numbers in a machine are.
NEARLY = 1e-9


def definition(since: date, until: date, table: Statistics) -> Definition:
    """Return what is drawn of these days: persons, by every code but their needs."""
    columns = tuple(sorted(table.dimensions))
    return Definition(rules.PERSON, since, until, (columns,), table.synthetic.k, SYNTHETIC)


def plan(epsilon: float, table: Statistics) -> Plan:
    """Return the promise of a release. Raises BadTable for a cost that is no number above 0."""
    asked = table.synthetic
    return Plan(epsilon, asked.delta, k=asked.k, hidden=asked.hidden)


def left(spent: Iterable[float], table: Statistics) -> float:
    """Return how much more may be spent on days for which so much was spent."""
    return max(0.0, round(table.synthetic.budget - sum(spent), 9))


def objections(
    wanted: Definition, epsilon: float, spent: Sequence[float], today: date, table: Statistics
) -> list[str]:
    """Return what stands against a release before anything is counted, all of it."""
    against = rules.against_days(wanted, today)
    if not (isfinite(epsilon) and epsilon > 0):
        against.append("EPSILON_NOT_ABOVE_ZERO")
    elif epsilon > left(spent, table) + NEARLY:
        against.append("BUDGET_PASSED")
    return against


def rows_of(facts: Sequence[Fact], wanted: Definition) -> list[tuple[str, ...]]:
    """Return a row for each person, in the columns of a release."""
    return [
        tuple(of.get(column, rules.UNKNOWN) for column in wanted.dimensions)
        for of, times in facts
        for _ in range(times)
    ]


def is_enough(noisy: Noisy) -> bool:
    """Whether something of every column is shown; else too few people are behind the rows.

    Asked of the noisy counts alone, so that the answer costs nothing.
    """
    return {column for column, _value in noisy.attributes} == set(range(len(noisy.columns)))


def drawn(noisy: Noisy, version: int) -> list[tuple[str, ...]]:
    """Return the rows of a version: its number is the seed."""
    return draw(noisy, version)


def content(noisy: Noisy, wanted: Definition, about: Mapping[str, Any]) -> bytes:
    """Return the bytes of a release: the same for the same counts and version, to the last one."""
    text = StringIO()
    rows = drawn(noisy, about["version"])
    writer(text, lineterminator="\n").writerows([noisy.columns, *rows])
    return rules.written({
        **about,
        "kind": SYNTHETIC,
        "definition": wanted.as_json(),
        "counts": noisy.to_dict(),
        "seed": about["version"],
        # Of the noisy counts alone: what real rows would say of it stays inside.
        "report": report([], [], noisy).public(),
        "codebook": codebook(noisy),
        "rows": text.getvalue(),
    })  # fmt: skip
