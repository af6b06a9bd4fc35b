"""Synthetic rows with differential privacy beside pac-synth: how near, how fast, what they show.

    PAC_SYNTH_PYTHON=/path/to/python python -m bench.synthesis [--sizes 10000,30000,91000,193025]

`PAC_SYNTH_PYTHON` is a Python that has pac-synth 0.0.8 (a virtual environment of its own); without
it nothing is measured. The rows are a fixed sample of the public synthetic CTDC release of 2021
in ../shared: 19 columns that are nearest to those of the release of 2024, chosen before anything
was measured. Both get epsilon 2 and delta 1 / (n ln n), pac-synth's default, and both protect one
row that is added or removed (its documentation: the noise follows the number of combinations that
one record adds, and for the number of records Laplace(1 / epsilon)).

Every run is a process of its own, so that its memory is its own; time is from rows to rows. The
noise takes no seed on either side: a repetition is new noise. What was reached is computed from
the real rows by amana.knowledge.synthetic.report for both. Writes
benchmarks/results/synthesis.json and synthesis.md.
"""

import argparse
import csv
import gzip
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
RELEASE = ROOT.parent / "shared" / "data" / "ctdc" / "ctdc_global_synthetic_2021-08-25.csv.gz"
FIRST = ("yearOfRegistration", "gender", "ageBroad", "citizenship", "CountryOfExploitation",
         "traffickMonths")  # fmt: skip
FLAGS = (
    "meansOfControlTakesEarnings", "meansOfControlThreats", "meansOfControlPsychologicalAbuse",
    "meansOfControlPhysicalAbuse", "meansOfControlFalsePromises",
    "meansOfControlRestrictsMovement", "meansOfControlExcessiveWorkingHours",
    "meansOfControlWithholdsDocuments", "isForcedLabour", "isSexualExploit", "isOtherExploit",
    "typeOfSexProstitution", "typeOfLabourOther",
)  # fmt: skip
COLUMNS = FIRST + FLAGS
EPSILON, SAMPLE_SEED, SIZE = 2.0, 20_211, 91_000
# Which combinations are rare: of fewer people; and with what chance one of them is shown by ours.
RARE, HIDDEN = 10, 4e-5
# Its settings, all with use_synthetic_counts(True) and reporting length 3. The best 3-way error of
# those tried (accuracy modes, percentiles 90 and 95, fabrication modes) has "progressive".
OURS, BEST, DEFAULT, SAFEST = "Amana", "progressive", "default", "minimize"
AIM_ERROR, AIM_TIME = 0.6, 0.3


def rows_of(n: int) -> list[tuple[str, ...]]:
    """Return the fixed sample of so many rows, with the nineteen columns."""
    with gzip.open(RELEASE, "rt", encoding="utf-8", newline="") as lines:
        read = csv.reader(lines)
        header = next(read)
        places = [header.index(name) for name in COLUMNS]
        every = [tuple(row[place] for place in places) for row in read]
    return every if n >= len(every) else random.Random(SAMPLE_SEED).sample(every, n)


def ours(rows: list[tuple[str, ...]], seed: int) -> tuple[list[tuple[str, ...]], list[float]]:
    """Return rows of ours, and the seconds to fit and to draw."""
    from amana.knowledge.synthetic import Plan, draw, fit  # noqa: PLC0415 - the peer has no amana

    plan = Plan(EPSILON, delta_of(len(rows)), RARE, HIDDEN)
    begun = time.perf_counter()
    noisy = fit(COLUMNS, rows, plan, flags=frozenset(FLAGS))
    fitted = time.perf_counter()
    drawn = draw(noisy, seed)
    return drawn, [fitted - begun, time.perf_counter() - fitted]


def theirs(rows: list[tuple[str, ...]], setting: str) -> tuple[list[tuple[str, ...]], list[float]]:
    """Return rows of pac-synth, and the seconds to fit and to sample."""
    import pacsynth  # noqa: PLC0415 - only the peer's Python has it

    plan = pacsynth.DpAggregateSeededParametersBuilder().epsilon(EPSILON)
    plan = plan.delta(delta_of(len(rows))).reporting_length(3).use_synthetic_counts(True)  # noqa: FBT003
    if setting != DEFAULT:
        plan = plan.fabrication_mode(getattr(pacsynth.FabricationMode, setting)())
    table = pacsynth.Dataset([list(COLUMNS), *map(list, rows)])
    begun = time.perf_counter()
    made = pacsynth.DpAggregateSeededSynthesizer(plan.build())
    made.fit(table)
    fitted = time.perf_counter()
    _header, *drawn = made.sample()
    return [tuple(row) for row in drawn], [fitted - begun, time.perf_counter() - fitted]


def delta_of(n: int) -> float:
    """Return pac-synth's default delta."""
    return 1 / (n * math.log(n))


def run_one(who: str, n: int, seed: int) -> None:
    """Make rows once and print them with what they cost; a process of its own does this."""
    rows = rows_of(n)
    drawn, seconds = ours(rows, seed) if who == OURS else theirs(rows, who)
    # Not getrusage: there a process starts with what its parent had.
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    json.dump({"seconds": seconds, "mib": round(peak), "drawn": drawn}, sys.stdout)


def measured(who: str, n: int, seed: int, peer: str) -> dict[str, Any]:
    """Run one and return what it cost and how near it came."""
    from amana.knowledge.synthetic import Plan, fit, report  # noqa: PLC0415 - see `ours`

    python = sys.executable if who == OURS else peer
    asked = [python, "-m", "bench.synthesis", "--run", who, str(n), str(seed)]
    told = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    made = json.loads(told.stdout)
    # The report reads columns, flags and k of the counts: those of no rows will do.
    frame = fit(COLUMNS, [], Plan(EPSILON, delta_of(n)), flags=frozenset(FLAGS))
    found = report(rows_of(n), [tuple(row) for row in made.pop("drawn")], frame)
    row = {"who": who, "rows": n, "seed": seed, **made, "total": sum(made["seconds"]),
           **found.internal()}  # fmt: skip
    print({name: value for name, value in row.items() if name != "nearness"},
          [round(one.error, 4) for one in found.nearness], file=sys.stderr, flush=True)  # fmt: skip
    return row


def main() -> None:
    """Measure every size and setting, and write what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="10000,30000,91000,193025")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--run", nargs=3, metavar=("WHO", "ROWS", "SEED"))
    asked = parser.parse_args()
    if asked.run:
        who, n, seed = asked.run
        run_one(who, int(n), int(seed))
        return
    peer = os.environ.get("PAC_SYNTH_PYTHON", "")
    if not peer or not RELEASE.exists():
        sys.exit("PAC_SYNTH_PYTHON must name a Python with pac-synth 0.0.8, and the release must "
                 "lie in ../shared/data/ctdc; nothing was measured")  # fmt: skip
    plan = [(OURS, SIZE, seed) for seed in range(1, asked.repeats + 1)]
    plan += [(who, SIZE, seed) for who in (BEST, DEFAULT) for seed in range(1, asked.repeats + 1)]
    plan += [(SAFEST, SIZE, 1)]
    for n in map(int, asked.sizes.split(",")):
        plan += [(who, n, 1) for who in (OURS, BEST) if n != SIZE]
    write([measured(*one, peer) for one in plan])


def write(rows: list[dict[str, Any]]) -> None:
    """Write both results."""
    from bench.figures import exponent, machine  # noqa: PLC0415 - see `ours`

    growth = {
        f"{who} {name}": round(
            exponent(
                [(row["rows"], row[name]) for row in rows if row["who"] == who and row["seed"] == 1]
            ),
            2,
        )
        for who in (OURS, BEST)
        for name in ("total", "mib")
    }
    found = {
        "machine": machine(), "peer": "pac-synth 0.0.8", "epsilon": EPSILON,
        "delta": "1 / (n ln n)", "sample_seed": SAMPLE_SEED, "columns": COLUMNS, "growth": growth,
        "rows": rows,
    }  # fmt: skip
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "synthesis.json").write_text(json.dumps(found, indent=1) + "\n")
    (RESULTS / "synthesis.md").write_text(told(rows, found["machine"], growth))


def told(rows: list[dict[str, Any]], where: dict[str, Any], growth: dict[str, float]) -> str:
    """Return the tables: for repetitions the smallest, the middle and the largest."""
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["who"], row["rows"]), []).append(row)
    error, total = (_ratio(groups, BEST, name) for name in (_error, lambda row: row["total"]))
    safest, default = (_ratio(groups, peer, _error) for peer in (SAFEST, DEFAULT))
    longer = _ratio(groups, DEFAULT, lambda row: row["total"])
    about = (
        f"`python -m bench.synthesis`, on {where['cpu']}, {where['cores']} cores, Python "
        f"{where['python']}, load {where['load']}. The public synthetic CTDC release of 2021, "
        f"sample seed {SAMPLE_SEED}, 19 columns: {', '.join(COLUMNS)}. Epsilon {EPSILON:g}, delta "
        "1 / (n ln n), one row added or removed. pac-synth 0.0.8 with "
        "`use_synthetic_counts(True)`, reporting length 3, by its fabrication mode; "
        f"`{BEST}` has its best 3-way error. Ours may show a combination of fewer than {RARE} "
        f"people with a chance of {HIDDEN:g} each."
    )
    found = (
        f"**At {SIZE:,} rows, in the middle: 3-way error {default:.3f} times that of pac-synth "
        f"with that option alone and {error:.3f} times that of its best mode (aimed at "
        f"{AIM_ERROR}), time {longer:.2f} and {total:.2f} times (aimed at {AIM_TIME}).** Beside "
        f"`{SAFEST}`, which shows as good as nothing rare, the error is {safest:.3f} times."
    )
    words = (
        "Rare: combinations of up to three attributes that are shown, of people, but fewer than "
        "10. Invented: of nobody. Lost: share of the 3-way combinations of 10 people or more that "
        "are not shown. Of repetitions the smallest, the middle and the largest."
    )
    heads = ("who", "rows", "error 1-way", "2-way", "3-way", "rare", "invented", "lost",
             "attributes a row (real)", "s fit + draw", "s", "MiB")  # fmt: skip
    lines = ["# Synthetic rows", "", about, "", found, "", words, "",
             f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]  # fmt: skip
    lines += [_line(groups[key]) for key in sorted(groups, key=lambda key: (key[1], key[0]))]
    lines += [
        "",
        "Growth, as a power of the number of rows: "
        + ", ".join(f"{name} {power:g}" for name, power in growth.items())
        + ".",
    ]
    return "\n".join(lines) + "\n"


def _error(row: dict[str, Any]) -> float:
    return float(row["nearness"][2]["error"])


def _ratio(
    groups: dict[tuple[str, int], list[dict[str, Any]]],
    peer: str,
    value: Callable[[dict[str, Any]], float],
) -> float:
    mine, other = (statistics.median(map(value, groups[who, SIZE])) for who in (OURS, peer))
    return float(mine / other)


def _line(mine: list[dict[str, Any]]) -> str:
    def span(values: list[float], form: str) -> str:
        all_of = sorted({min(values), statistics.median(values), max(values)})
        return " / ".join(format(value, form) for value in all_of)

    def near(length: int, name: str) -> list[float]:
        return [row["nearness"][length - 1][name] for row in mine]

    def shown(name: str) -> str:
        return span([sum(one[name] for one in row["nearness"]) for row in mine], ".0f")

    last = mine[-1]
    attributes = last["mean_attributes"]
    return (
        f"| {last['who']} | {last['rows']:,} | "
        + " | ".join(span(near(length, "error"), ".3f") for length in (1, 2, 3))
        + f" | {shown('rare_shown')} | {shown('invented')} | {span(near(3, 'lost'), '.2f')} "
        f"| {attributes['synthetic']:.2f} ({attributes['real']:.2f}) "
        f"| {last['seconds'][0]:.1f} + {last['seconds'][1]:.1f} "
        f"| {span([row['total'] for row in mine], '.1f')} "
        f"| {span([row['mib'] for row in mine], '.0f')} |"
    )


if __name__ == "__main__":
    main()
