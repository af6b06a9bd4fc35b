"""What numbers a table may hold, as an optimisation library finds it. Pure.

HiGHS does it, through this module alone: the limits of a cell, a table that keeps every number
that is known, the fewest cells that cover what must be covered, and controlled rounding. It knows
sums and limits, and nothing of people.
"""

import ctypes
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache

import highspy
import numpy as np

from amana.knowledge.safe.cells import Flags, Numbers, Sum

INF = highspy.kHighsInf
# A number that differs by less is the same number: the library works in floating point.
NEAR = 1e-6


class Impossible(ValueError):
    """No table holds every number and every sum that is given."""


class Held:
    """All tables with whole, known sums and numbers between limits; asked for its extremes."""

    def __init__(self, sums: Sequence[Sum], low: Numbers, high: Numbers) -> None:
        self.size = len(low)
        self._columns = np.arange(self.size, dtype=np.int32)
        self._solver = _solver()
        self._solver.setOptionValue("presolve", "off")
        self._solver.passModel(_model(sums, low, high))

    def limit(self, low: Numbers, high: Numbers) -> None:
        """Give every number new limits."""
        self._solver.changeColsBounds(self.size, self._columns, low, high)

    def most(self, costs: Mapping[int, float]) -> tuple[float, Numbers, Numbers]:
        """Return the greatest weighted sum that any table has, the table, and the prices.

        Raises Impossible where no table keeps the limits; an unbounded sum is infinite, with a
        table that is merely possible.
        """
        cost = np.zeros(self.size)
        for cell, weight in costs.items():
            cost[cell] = -weight
        self._solver.changeColsCost(self.size, self._columns, cost)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            found = self._solver.getSolution()
            reached = -self._solver.getInfo().objective_function_value
            return reached, np.array(found.col_value), np.array(found.col_dual)
        if status in {
            highspy.HighsModelStatus.kUnbounded,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
        }:
            return INF, np.full(self.size, np.nan), np.zeros(self.size)
        raise Impossible


def short_and_over(sums: Sequence[Sum], low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
    """Return by how much the parts of each sum miss their total, and by how much they pass it.

    Of all ways to make the numbers fit, the one that changes least. All zero: everything adds up.
    """
    count = len(sums)
    model = _model(sums, low, high, slack=True)
    solver = _solver()
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise Impossible
    values = np.array(solver.getSolution().col_value)
    start = len(low)
    return values[start : start + count], values[start + count :]


def whole(sums: Sequence[Sum], low: Numbers, high: Numbers, costs: Numbers) -> Numbers:
    """Return the table of whole numbers of least cost, or raise Impossible."""
    model = _model(sums, low, high)
    model.col_cost_ = costs
    model.integrality_ = [highspy.HighsVarType.kInteger] * len(low)
    solver = _solver()
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise Impossible
    found: Numbers = np.rint(np.array(solver.getSolution().col_value))
    return found


class Cover:
    """The fewest cells, by weight, that keep every row: so many of these, weighted, at least."""

    def __init__(self, weights: Numbers, fixed: Flags, barred: Flags) -> None:
        self._solver = _solver()
        self._solver.setOptionValue("mip_rel_gap", 0.0)
        size = len(weights)
        self._size = size
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = size, 0
        lp.col_cost_ = weights
        lp.col_lower_ = np.where(fixed, 1.0, 0.0)
        lp.col_upper_ = np.where(barred, 0.0, 1.0)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.zeros(1, dtype=np.int32)
        self._solver.passModel(lp)

    def row(self, coefficients: Mapping[int, float], least: float) -> None:
        """Ask for so much of these cells."""
        cells = np.array(list(coefficients), dtype=np.int32)
        values = np.array(list(coefficients.values()), dtype=np.float64)
        self._solver.addRow(least, INF, len(cells), cells, values)

    def solve(self, *, is_whole: bool, seconds: float) -> tuple[Numbers, float]:
        """Return the share of each cell, and the bound that no choice can pass; or Impossible."""
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + seconds)
        kind = highspy.HighsVarType.kInteger if is_whole else highspy.HighsVarType.kContinuous
        columns = np.arange(self._size, dtype=np.int32)
        self._solver.changeColsIntegrality(
            self._size, columns, np.array([kind] * self._size, dtype=object).astype(np.uint8)
        )
        self._solver.run()
        found = self._solver.getSolution()
        info = self._solver.getInfo()
        if not found.value_valid or info.primal_solution_status != _FEASIBLE:
            raise Impossible
        bound = info.mip_dual_bound if is_whole else info.objective_function_value
        return np.array(found.col_value), float(bound)


class Moves:
    """Changes of a table that keep every sum, each with what the cells that move would cost."""

    def __init__(self, sums: Sequence[Sum], low: Numbers, high: Numbers, costs: Numbers) -> None:
        self.size = size = len(low)
        # A cell that goes down is a column of its own: down costs as much as up.
        self._up = np.where(high > 0, high, 0.0)
        self._down = np.where(low < 0, -low, 0.0)
        model = _model(sums, np.zeros(size), self._up)
        index, value, start = [], [], [0]
        for one in sums:
            index += [*one.cells, *(size + c for c in one.cells)]
            signs = [-1.0, *([1.0] * len(one.parts))]
            value += [*signs, *(-s for s in signs)]
            start.append(len(index))
        model.num_col_ = 2 * size
        model.col_cost_ = np.concatenate([costs, costs])
        model.col_lower_ = np.zeros(2 * size)
        model.col_upper_ = np.concatenate([self._up, self._down])
        model.a_matrix_.start_ = np.array(start, dtype=np.int32)
        model.a_matrix_.index_ = np.array(index, dtype=np.int32)
        model.a_matrix_.value_ = np.array(value)
        self._solver = _solver()
        self._solver.passModel(model)

    def cheapest(self, cell: int, sign: float, wanted: float) -> tuple[float, Flags]:
        """Return how far, up to what is wanted, a cell can go, and what moves at the least cost."""
        way = cell if sign > 0 else self.size + cell
        other = self.size + cell if sign > 0 else cell
        limit = float((self._up if sign > 0 else self._down)[cell])
        self._solver.changeColBounds(other, 0.0, 0.0)
        reach = min(wanted, limit)
        while reach > NEAR:
            self._solver.changeColBounds(way, reach, limit)
            self._solver.run()
            if self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                moved = np.array(self._solver.getSolution().col_value)
                used = (moved[: self.size] > NEAR) | (moved[self.size :] > NEAR)
                self._back(way, other)
                return reach, used
            reach = np.ceil(reach) - 1.0
        self._back(way, other)
        return 0.0, np.zeros(self.size, dtype=bool)

    def _back(self, *columns: int) -> None:
        for column in columns:
            high = self._up[column] if column < self.size else self._down[column - self.size]
            self._solver.changeColBounds(column, 0.0, float(high))


_FEASIBLE = 2


@cache
def _greeted() -> None:
    """Let the library print its licence, which it does once, where nobody reads figures."""
    library = ctypes.CDLL(None)
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        highspy.Highs()  # type: ignore[no-untyped-call]
        library.fflush(None)
    finally:
        os.dup2(kept, 1)
        os.close(nowhere)
        os.close(kept)


def _solver() -> highspy.Highs:
    _greeted()
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    # One after the other, so that the same table comes out each time. The number belongs to the
    # process: whoever asks for another one there, as amana.shelters.batch does not, gets no answer.
    solver.setOptionValue("threads", 1)
    return solver


def _model(
    sums: Sequence[Sum], low: Numbers, high: Numbers, *, slack: bool = False
) -> highspy.HighsLp:
    """Return the rows `parts - total = 0` over columns between limits; with slack, for a price."""
    size, count = len(low), len(sums)
    lp = highspy.HighsLp()
    more = 2 * count if slack else 0
    lp.num_col_, lp.num_row_ = size + more, count
    lp.col_cost_ = np.concatenate([np.zeros(size), np.ones(more)])
    lp.col_lower_ = np.concatenate([low, np.zeros(more)])
    lp.col_upper_ = np.concatenate([high, np.full(more, INF)])
    lp.row_lower_ = lp.row_upper_ = np.zeros(count)
    index: list[int] = []
    value: list[float] = []
    start = [0]
    for place, one in enumerate(sums):
        index += one.cells
        value += [-1.0, *([1.0] * len(one.parts))]
        if slack:
            index += [size + place, size + count + place]
            value += [1.0, -1.0]
        start.append(len(index))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.array(start, dtype=np.int32)
    lp.a_matrix_.index_ = np.array(index, dtype=np.int32)
    lp.a_matrix_.value_ = np.array(value)
    return lp
