"""How good and how fast many people are placed, beside a worker's own choice and the LP bound.

    python -m bench.shelters [--sizes 60,300,1000,4000] [--seeds 3] [--seconds 10]

Invented people and houses that contain every hard rule: families, siblings, people who must not
meet, a licence that has lapsed, counts that are old, a place that is no shelter. Each size is a
process of its own, so that its memory is its own. What the solver gives and what a worker would
choose, one party after the other, are both judged by the checker of the tests, which shares no line
with them. The distance is to the bound of the linear relaxation; where the solver proved a tighter
one, that gap stands beside it. Writes benchmarks/results/shelters.json and shelters.md.
"""

import argparse
import json
import multiprocessing as mp
import os
import resource
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import machine

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
HOUSES = {60: 12, 300: 40, 1_000: 120, 4_000: 400}
# Beds for nine of ten, so that who is in danger and who is a child comes first.
BEDS = 0.9
# What the house aims at: seconds, and per cent under the best bound.
AIMS = {300: 1.0, 1_000: 3.0, 4_000: 10.0}
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
# By hand four thousand would take a worker's choice a minute to compute, and measure nothing new.
BY_HAND = 1_000


def measure(size: int, seed: int, seconds: float) -> dict[str, Any]:
    """Place one crowd and return what came of it."""
    from amana.shelters import batch  # noqa: PLC0415 - after Django's settings are named
    from amana.shelters.tests.checker import faults  # noqa: PLC0415
    from amana.shelters.tests.people import crowd, network  # noqa: PLC0415
    from amana.standards.shelters import load  # noqa: PLC0415

    table, n_houses = load(), HOUSES.get(size, max(4, size // 10))
    people = crowd(size, seed, NOW)
    houses = network(n_houses, int(size * BEDS), seed, NOW)
    begun = time.perf_counter()
    found = batch.place(people, houses, NOW, table, seconds=seconds)
    took = time.perf_counter() - begun
    row: dict[str, Any] = {
        "people": size,
        "houses": n_houses,
        "seed": seed,
        "seconds": round(took, 2),
        "placed": len(found.rooms),
        "waiting": sum(len(one.party) for one in found.waiting),
        "under_lp_percent": round(100 * (found.lp_bound - found.value) / found.lp_bound, 3),
        "proven_gap_percent": round(100 * found.gap, 3),
        "hard_rules_broken": len(faults(people, houses, found.rooms, NOW)),
    }
    if size <= BY_HAND:
        begun = time.perf_counter()
        by_hand = batch.by_hand(people, houses, NOW, table)
        row["by_hand_seconds"] = round(time.perf_counter() - begun, 2)
        row["by_hand_placed"] = len(by_hand)
        row["by_hand_rules_broken"] = len(faults(people, houses, by_hand, NOW))
    row["memory_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return row


def _apart(size: int, seed: int, seconds: float, heard: Any) -> None:
    heard.put(measure(size, seed, seconds))


def main() -> None:
    """Measure every size and write what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="60,300,1000,4000")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amana.node.settings")
    rows = []
    for size in map(int, asked.sizes.split(",")):
        for seed in range(1, asked.seeds + 1):
            heard = mp.get_context("spawn").SimpleQueue()
            process = mp.get_context("spawn").Process(
                target=_apart, args=(size, seed, asked.seconds, heard)
            )
            process.start()
            rows.append(heard.get())
            process.join()
            print(rows[-1], file=sys.stderr, flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    found = {"machine": machine(), "seconds_allowed": asked.seconds, "rows": rows}
    (RESULTS / "shelters.json").write_text(json.dumps(found, indent=1) + "\n")
    (RESULTS / "shelters.md").write_text(told(rows, asked.seconds))


def told(rows: list[dict[str, Any]], seconds: float) -> str:
    """Return the table, medians over the seeds; broken rules are added up."""
    lines = [
        "# Batch placement",
        "",
        f"At most {seconds:g} s of solving; medians over the seeds; broken rules are added up.",
        "",
        "| people / houses | placed | by hand | under the LP bound | proven gap | s | aim s | MiB "
        "| rules broken |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for size in sorted({row["people"] for row in rows}):
        mine = [row for row in rows if row["people"] == size]

        def mid(name: str, mine: list[dict[str, Any]] = mine) -> Any:
            values = [row[name] for row in mine if name in row]
            return round(statistics.median(values), 3) if values else "–"

        lines.append(
            f"| {size} / {mine[0]['houses']} | {mid('placed')} | {mid('by_hand_placed')} "
            f"| {mid('under_lp_percent')} % | {mid('proven_gap_percent')} % | {mid('seconds')} "
            f"| {AIMS.get(size, '–')} | {mid('memory_mib')} "
            f"| {sum(row['hard_rules_broken'] for row in mine)} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
