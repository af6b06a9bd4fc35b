"""What was published before, in one picture with what shall be published now. Pure.

Whoever has two releases of one table subtracts them: ten women in March, eleven in April, and the
one who came is a table of her own. So the difference of two releases is a table too, which is shown
nowhere and must be protected like any other; and what an earlier release withheld stays withheld
beside the new one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from amana.knowledge.safe.cells import Flags, Numbers, Sum, Tables
from amana.knowledge.safe.suppress import Asked, asked, small


@dataclass(frozen=True)
class Edition:
    """An earlier release: its true numbers by key, and the keys that it withheld."""

    numbers: Mapping[str, float]
    withheld: frozenset[str]


def with_earlier(
    tables: Tables,
    values: Numbers,
    threshold: int,
    editions: Sequence[Edition],
    shown: Flags | None = None,
) -> Asked:
    """Return what a release must protect beside earlier ones of the same people and period.

    The tables hold the cells of every edition too, with the numbers of now: an old cell that is not
    part of the new release is not `shown`, and its sums still bind. Without `shown`, all are.
    """
    show = np.ones(len(tables), dtype=bool) if shown is None else shown
    request = asked(tables, values, threshold)
    if not editions:
        return replace(request, hidden=~show)
    keys = list(tables.keys)
    sums = list(tables.sums)
    numbers = list(values)
    hidden = list(~show)
    fixed = [False] * len(keys)
    place = {key: cell for cell, key in enumerate(tables.keys)}

    def cell(key: str, value: float, *, is_hidden: bool, is_fixed: bool) -> int:
        keys.append(key)
        numbers.append(value)
        hidden.append(is_hidden)
        fixed.append(is_fixed)
        return len(keys) - 1

    for edition, before in enumerate(editions, start=1):
        then: dict[int, int] = {}
        for key, value in before.numbers.items():
            if key not in place:
                continue
            is_withheld = key in before.withheld
            at = cell(f"{key}@{edition}", value, is_hidden=is_withheld, is_fixed=not is_withheld)
            then[place[key]] = at
            now = float(values[place[key]])
            came = cell(f"{key}@{edition}+", abs(now - value), is_hidden=True, is_fixed=False)
            # Who was taken out again is a person too: the greater number is the sum.
            more, less = (place[key], at) if now >= value else (at, place[key])
            sums.append(Sum(more, (less, came)))
        sums += [
            Sum(then[one.total], tuple(then[p] for p in one.parts))
            for one in tables.sums
            if all(c in then for c in one.cells)
        ]
    whole_values = np.array(numbers)
    return replace(
        request,
        tables=Tables(tuple(keys), tuple(sums)),
        values=whole_values,
        small=small(whole_values, threshold),
        hidden=np.array(hidden),
        fixed=np.array(fixed),
    )
