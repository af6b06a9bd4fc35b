"""How near synthetic rows came to the real ones, and the codebook that goes out with them. Pure.

What is computed here from real rows is exact: it has no noise, so to publish it costs privacy that
no budget has paid for. It is for inside, to decide whether a release is good enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amana.knowledge.synthetic.counts import (
    LENGTHS,
    Ints,
    Noisy,
    encode,
    pack,
    subsets,
)


@dataclass(frozen=True)
class Nearness:
    """How near combinations of one length came. Internal.

    `error` is the sum of |synthetic - real| over all combinations, by the sum of real counts.
    `lost` is the share of combinations with `k` people or more that vanished. `rare_shown` and
    `invented` are numbers of combinations that are shown: of people, but fewer than `k`; of nobody.
    """

    length: int
    error: float
    lost: float
    shown: int
    rare_shown: int
    invented: int


@dataclass(frozen=True)
class Quality:
    """What a release promises, which is public, and how near it came, which is internal."""

    noisy: Noisy
    nearness: tuple[Nearness, ...]
    mean_attributes: tuple[float, float]

    def public(self) -> dict[str, Any]:
        """Return what may stand beside the rows: it follows from the noisy counts alone."""
        plan = self.noisy.plan
        return {
            "protects": "one row, which is one person: added or removed",
            "epsilon": plan.epsilon,
            "delta": plan.delta,
            "k": plan.k,
            "shown_under_k_at_most_with_probability": plan.hidden,
            "noise_sigma": self.noisy.sigma,
            "shown_from_people": {
                length: round(least, 1)
                for length, least in zip(LENGTHS, self.noisy.shown_from, strict=True)
            },
            "rows": self.noisy.rows,
        }

    def internal(self) -> dict[str, Any]:
        """Return what was computed from real rows without noise; not to be published."""
        return {
            "nearness": [vars(one) for one in self.nearness],
            "mean_attributes": {"real": self.mean_attributes[0],
                                "synthetic": self.mean_attributes[1]},
        }  # fmt: skip


def report(
    real: Sequence[Sequence[str]], synthetic: Sequence[Sequence[str]], noisy: Noisy
) -> Quality:
    """Return what the release promises and how near it came; reads real counts, for inside."""
    both, attributes = encode([*real, *synthetic], len(noisy.columns))
    ids, drawn = both[: len(real)], both[len(real) :]
    return Quality(
        noisy,
        tuple(_near(ids, drawn, length, noisy.plan.k, len(attributes)) for length in LENGTHS),
        (_mean((ids >= 0).sum(1)), _mean((drawn >= 0).sum(1))),
    )


def codebook(noisy: Noisy) -> list[dict[str, Any]]:
    """Return the columns of a release, and the values that occur in what is shown of each."""
    return [
        {
            "column": name,
            "is_flag": is_flag,
            "values": [value for column, value in noisy.attributes if column == n],
        }
        for n, (name, is_flag) in enumerate(zip(noisy.columns, noisy.flags, strict=True))
    ]


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else 0.0


def _near(ids: Ints, drawn: Ints, length: int, k: int, n_attributes: int) -> Nearness:
    keys = [np.concatenate([np.zeros(0, np.int64)] + [pack(members, n_attributes)
            for _mine, members in subsets(rows, length)]) for rows in (ids, drawn)]  # fmt: skip
    names = np.unique(np.concatenate(keys))
    real, made = (np.bincount(np.searchsorted(names, one), minlength=len(names)) for one in keys)
    common, is_shown = real >= k, made > 0
    return Nearness(
        length,
        float(np.abs(made - real).sum() / max(1, real.sum())),
        float((common & ~is_shown).sum() / max(1, common.sum())),
        int(is_shown.sum()),
        int((is_shown & ~common & (real > 0)).sum()),
        int((is_shown & (real == 0)).sum()),
    )
