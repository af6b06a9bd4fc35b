"""A hundred thousand lives of invented cases: whatever people try, no invariant breaks.

    python -m tests.faults.histories [--count 100000] [--seed 1] [--out FILE]

Each is lived by people of every role who want to go on, try too early, undo each other's work; the
oracle that reads it afterwards shares no code with the rules. How many of them closed a case, left
the country, brought a child home is counted too: a law of what never happens would prove nothing.
Both the corrected entry and its correction stay in every history.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

TOGETHER = 250


def lived(seeds: range) -> tuple[Counter[str], list[str]]:
    """Live so many; return what happened in them, and what broke in which."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amana.node.settings")
    from amana.protection.rules import STRUCK  # noqa: PLC0415 - in the child alone
    from amana.protection.tests.histories import broken, live  # noqa: PLC0415

    happened, faults = Counter[str](), []
    for seed in seeds:
        history = live(seed)
        numbers = [entry.number for entry in history.entries]
        faults += [f"{seed}: {fault}" for fault in broken(history)]
        if numbers != list(range(1, len(numbers) + 1)):
            faults.append(f"{seed}: an entry is gone or was written over")
        happened["lived"] += 1
        happened["entries"] += len(numbers)
        happened["corrected"] += sum(entry.kind == STRUCK for entry in history.entries)
        reached = {entry.kind for entry in history.entries if entry.track}
        for kind in ("TRANSITION", "REUNIFIED", "BID_DECIDED", "CLOSED", "MISSING"):
            happened[f"{history.tier}: {kind.lower()}"] += kind in reached
    return happened, faults


def run(count: int, seed: int) -> dict[str, Any]:
    """Live so many on all cores; return what came of it."""
    begun, happened, faults = time.monotonic(), Counter[str](), list[str]()
    first = seed * 10_000_000
    ranges = [
        range(n, min(n + TOGETHER, first + count)) for n in range(first, first + count, TOGETHER)
    ]
    with ProcessPoolExecutor() as pool:
        for number, (more, broke) in enumerate(pool.map(lived, ranges), start=1):
            happened += more
            faults += broke
            if number % 40 == 0:
                print(f"{happened['lived']:,} lived, {len(faults)} broken", file=sys.stderr)
    return {
        "seed": seed,
        "seconds": round(time.monotonic() - begun),
        "happened": dict(happened),
        "faults": faults[:100],
    }


def main() -> int:
    """Live them and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found = run(asked.count, asked.seed)
    print(json.dumps(found, indent=1))
    if asked.out:
        asked.out.write_text(json.dumps(found))
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
