"""What every benchmark writes beside its figures: the machine, and how a cost grows."""

import math
import os
import platform
import sqlite3
import statistics
from collections.abc import Sequence
from pathlib import Path


def machine(minutes: int = 5) -> dict[str, object]:
    """Return what figures were measured on, and its load over the last 1, 5 or 15 minutes."""
    cpu = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((x.split(":")[1].strip() for x in cpu if "model name" in x), platform.machine())
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load": round(os.getloadavg()[(1, 5, 15).index(minutes)], 1),
    }


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """Return k of cost = c * n ** k, fitted by least squares; 0 where there is but one size."""
    if len(points) < 2:
        return 0.0
    xs, ys = [math.log(n) for n, _ in points], [math.log(cost) for _, cost in points]
    mx, my = statistics.fmean(xs), statistics.fmean(ys)
    over = sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True))
    return over / sum((x - mx) ** 2 for x in xs)
