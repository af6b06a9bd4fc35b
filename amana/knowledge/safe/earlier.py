"""What was published before, in one picture with what shall be published now. Pure.

Whoever has two releases of one table subtracts them: ten women in March, eleven in April, and the
one who came is a table of her own. So the difference of two releases is a table too, which is shown
nowhere and must be protected like any other; and what an earlier release withheld stays withheld
beside the new one.
"""

from collections.abc import Mapping

import numpy as np

from amana.knowledge.safe.cells import Numbers, Sum, Tables
from amana.knowledge.safe.suppress import Asked, asked, small


def with_earlier(
    tables: Tables,
    values: Numbers,
    threshold: int,
    earlier: list[tuple[Mapping[str, float], frozenset[str]]],
) -> Asked:
    """Return what a release must protect beside earlier ones of the same period.

    Each earlier release gives its true numbers by key, and the keys that it withheld. Its cells
    that the new tables do not have are left out: they say nothing of one of these by a sum here.
    """
    if not earlier:
        return asked(tables, values, threshold)
    keys = list(tables.keys)
    sums = list(tables.sums)
    numbers = list(values)
    hidden = [False] * len(keys)
    fixed = [False] * len(keys)
    place = {key: cell for cell, key in enumerate(tables.keys)}

    def cell(key: str, value: float, *, is_hidden: bool, is_fixed: bool) -> int:
        keys.append(key)
        numbers.append(value)
        hidden.append(is_hidden)
        fixed.append(is_fixed)
        return len(keys) - 1

    for edition, (numbers_then, withheld_then) in enumerate(earlier, start=1):
        then: dict[int, int] = {}
        for key, value in numbers_then.items():
            if key not in place:
                continue
            is_withheld = key in withheld_then
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
    return Asked(
        Tables(tuple(keys), tuple(sums)),
        whole_values,
        small(whole_values, threshold),
        np.array(hidden),
        np.array(fixed),
        float(threshold - 2),
    )
