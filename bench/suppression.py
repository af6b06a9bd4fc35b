"""How few cells are withheld, how fast, and what an attacker still finds: beside tau-Argus.

    ARGUS_PYTHON=/path/to/python python -m bench.suppression [--data DIR] [--seconds 60]

Two loads. The first is UNODC's file of detected victims: a completion that agrees with every
published number is taken as the truth, and what UNODC withholds, what the plain rule withholds
("below five, and one more in every sum") and what we withhold is attacked by one and the same
attacker. The second is the United Kingdom's referrals of a quarter, by first responder, form, age,
sex and nationality: tables of growing size, beside tau-Argus (`pytauargus`, its modular and
its optimal method), each table for itself, as tau-Argus takes them. Linked tables are ours alone.

ARGUS_PYTHON names a python that has pytauargus. Writes benchmarks/results/suppression.json, .md.
"""

import argparse
import csv
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from amana.knowledge.safe import attack, shown, suppress
from amana.knowledge.safe.cells import counted, flat
from amana.knowledge.safe.program import whole
from bench.figures import exponent, machine

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
THRESHOLD = 5
SEED = 20261127
GLOTIP = "companions/unodc_glotip_2023-05-30.csv.gz"
NRM = "companions/uk_nrm_referrals_2023q3_nonzero.csv.gz"
RESPONDER, KIND, FORM = "First responder", "First responder type", "Exploitation type"
AGE, SEX, NATION = "Age at exploitation", "Gender", "Nationality"
# Tables of growing size; the last three are linked, and ours alone.
SINGLE = ((AGE, SEX), (FORM, SEX), (FORM, RESPONDER), (NATION, AGE), (NATION, FORM),
          (NATION, AGE, SEX), (NATION, FORM, SEX))  # fmt: skip
LINKED = (
    ((FORM, SEX), (FORM, AGE), (AGE, SEX)),
    ((FORM, AGE, SEX), (RESPONDER, FORM)),
    ((NATION, SEX), (NATION, FORM), (NATION, AGE)),
)


def completed(file: shown.Shown) -> tuple[attack.Mended, np.ndarray]:
    """Return the file's sums, and whole numbers that agree with everything published."""
    held = attack.mended(file.tables, file.low, file.high)
    dice = np.random.default_rng(SEED)
    truth = np.where(held.low == held.high, held.low, 0.0)
    for piece, at in held.tables.pieces():
        low, high = held.low[at], held.high[at]
        if (low == high).all():
            continue
        costs = np.where(np.isinf(high), 0.0, dice.normal(size=len(at)))
        truth[at] = whole(piece.sums, low, np.where(np.isinf(high), 1e6, high), costs)
    return held, truth


def glotip(path: Path) -> dict[str, Any]:
    """Return what each rule withholds of UNODC's tables, and what is recovered."""
    file = shown.read(path)
    began = time.perf_counter()
    held, truth = completed(file)
    hidden = np.arange(len(truth)) >= len(file.tables)
    unodc = np.concatenate([file.withheld, np.zeros(hidden.sum(), dtype=bool)])
    attacked_at = time.perf_counter()
    own = attack.attack(held.tables, held.low, held.high, unodc)
    attack_seconds = time.perf_counter() - attacked_at
    few = suppress.small(truth, THRESHOLD) & ~hidden
    none = np.zeros_like(hidden)
    request = suppress.Asked(held.tables, truth, few, hidden, none, float(THRESHOLD - 2))
    protected_at = time.perf_counter()
    kept = suppress.protect(request)
    seconds = time.perf_counter() - protected_at
    rules = {
        "UNODC: 0 to 4 withheld, one by one": (unodc & ~hidden, own.recovered, own.recovered & few),
        "plain rule, zeros withheld too": _judged(
            request, suppress.plain(held.tables, truth, (truth < THRESHOLD) & ~hidden, hidden)
        ),
        "plain rule, zeros shown": _judged(
            request, suppress.plain(held.tables, truth, few.copy(), hidden)
        ),
        "Amana": _judged(request, kept.withheld),
    }
    people = float(truth[~hidden].sum())
    return {
        "cells": len(file.tables),
        "attack_seconds": attack_seconds,
        "completion_seconds": attacked_at - began,
        "amana_seconds": seconds,
        "amana_gap": kept.gap,
        "small_cells": int(few.sum()),
        "recovered_of_unodc_by_subtraction": int(own.by_subtraction.sum()),
        "recovered_of_unodc_victims": sum(
            file.groups[c].startswith("Detected") for c in np.flatnonzero(own.recovered)
        ),
        "rules": {
            name: {
                "withheld": int(withheld.sum()),
                "recovered": int(recovered.sum()),
                "too_narrow": int(narrow.sum()),
                "people_shown": float(truth[~hidden & ~withheld].sum()) / people,
            }
            for name, (withheld, recovered, narrow) in rules.items()
        },
    }


def _judged(request: suppress.Asked, withheld: np.ndarray) -> tuple[Any, Any, Any]:
    recovered, narrow = suppress.holes(request, withheld)
    return withheld, recovered, narrow


def referrals(path: Path) -> list[dict[str, str]]:
    """Return the finest rows of the quarter, without the file's own totals."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return [r for r in csv.DictReader(lines) if "Total" not in r.values()]


def ours(rows: list[dict[str, str]], crossings: Any, seconds: float) -> dict[str, Any]:
    """Return what we withhold of linked tables, attacked."""
    axes = [a for a in rows[0] if any(a in c for c in crossings)]
    dimensions = [flat(a, sorted({r[a] for r in rows})) for a in axes]
    facts = [(tuple(r[a] for a in axes), int(r["People"])) for r in rows]
    held = counted(dimensions, facts, crossings)
    request = suppress.asked(held.tables, held.values, THRESHOLD)
    began = time.perf_counter()
    kept = suppress.protect(request, seconds=seconds)
    took = time.perf_counter() - began
    recovered, narrow = suppress.holes(request, kept.withheld)
    rule = suppress.plain(held.tables, held.values, request.small.copy(), request.hidden)
    plain_recovered, plain_narrow = suppress.holes(request, rule)
    return {
        "tables": [list(c) for c in crossings],
        "cells": len(held.tables),
        "small": int(request.small.sum()),
        "seconds": took,
        "withheld": int(kept.withheld.sum()),
        "gap": kept.gap,
        "recovered": int(recovered.sum()),
        "narrow": int(narrow.sum()),
        "plain_withheld": int(rule.sum()),
        "plain_recovered": int(plain_recovered.sum()),
        "plain_narrow": int(plain_narrow.sum()),
    }


ARGUS = """
import json, sys, time
import pytauargus
asked = json.load(sys.stdin)
began = time.perf_counter()
found = pytauargus.protect(
    asked["rows"], tables=[asked["axes"]], response="People",
    safety_rules="FREQ(%d,%d)" % (asked["threshold"], asked["range"]),
    suppress=asked["method"], cost_var=asked["cost"], workdir=asked["workdir"],
)
took = time.perf_counter() - began
print("\\n@@" + json.dumps({"seconds": took, "rows": found.tables[0].rows}, default=str))
"""


# Method, and the safety range in per cent of a small count: as weak as it takes, and such that a
# count of two is left with as many values as our rule asks. Cost: -2 is one for each cell.
METHODS = (("MOD(1)", 1, "-2"), ("MOD(1)", 75, "-2"), ("OPT(1)", 1, "-2"), ("OPT(1)", 75, "-2"))


def argus(
    rows: list[dict[str, str]], axes: tuple[str, ...], way: tuple[str, int, str], seconds: float
) -> Any:
    """Return what tau-Argus withholds of one table, attacked by us; or why it gave none."""
    method, range_, cost = way
    names = {a: f"v{place}" for place, a in enumerate(axes)}
    codes = {a: {c: f"c{n}" for n, c in enumerate(sorted({r[a] for r in rows}))} for a in axes}
    people = [
        {**{names[a]: codes[a][r[a]] for a in axes}, "People": 1}
        for r in rows
        for _ in range(int(r["People"]))
    ]
    with tempfile.TemporaryDirectory() as folder:
        asked = {
            "rows": people, "axes": list(names.values()), "threshold": THRESHOLD,
            "method": method, "workdir": folder, "range": range_, "cost": cost,
        }  # fmt: skip
        try:
            done = subprocess.run(
                [os.environ["ARGUS_PYTHON"], "-c", ARGUS], input=json.dumps(asked),
                capture_output=True, text=True, timeout=seconds, check=False, cwd=folder,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {"method": method, "fault": f"no answer in {seconds:.0f} s"}
    if "\n@@" not in done.stdout:
        return {
            "method": method,
            "fault": (done.stderr.strip().splitlines() or ["silent"])[-1][:160],
        }
    answer = json.loads(done.stdout.split("\n@@", 1)[1])
    dimensions = [flat(a, list(codes[a].values())) for a in axes]
    facts = [(tuple(p[names[a]] for a in axes), 1) for p in people]
    held = counted(dimensions, facts, [axes])
    at = dict(zip(held.places, range(len(held.places)), strict=True))
    withheld = np.zeros(len(held.tables), dtype=bool)
    statuses: Counter[str] = Counter()
    for row in answer["rows"]:
        place = tuple(_code(row[names[a]]) for a in axes)
        statuses[str(row["status"])] += 1
        if str(row["status"]).strip().upper() in {"U", "D", "M"} and place in at:
            withheld[at[place]] = True
    request = suppress.asked(held.tables, held.values, THRESHOLD)
    recovered, narrow = suppress.holes(request, withheld)
    return {
        "method": method,
        "range": range_,
        "seconds": answer["seconds"],
        "withheld": int(withheld.sum()),
        "small_shown": int((request.small & ~withheld).sum()),
        "recovered": int(recovered.sum()),
        "narrow": int(narrow.sum()),
        "statuses": dict(statuses),
    }


def _code(text: Any) -> str:
    return "_T" if str(text).strip().lower() in {"", "total", "nan"} else str(text).strip()


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ctdc"))
    parser.add_argument("--seconds", type=float, default=60.0)
    a = parser.parse_args()
    if "ARGUS_PYTHON" not in os.environ:
        sys.exit("Say which python has pytauargus: ARGUS_PYTHON=...")
    rows = referrals(a.data / NRM)
    singles = []
    for axes in SINGLE:
        mine = ours(rows, [axes], a.seconds)
        theirs = [argus(rows, axes, way, 120.0) for way in METHODS]
        singles.append({**mine, "argus": theirs})
        print(json.dumps(singles[-1]), flush=True)
    linked = [ours(rows, crossings, a.seconds) for crossings in LINKED]
    found = {
        "machine": machine(),
        "threshold": THRESHOLD,
        "glotip": glotip(a.data / GLOTIP),
        "single": singles,
        "linked": linked,
        "exponent": exponent([(s["cells"], s["seconds"]) for s in singles]),
        "mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    (RESULTS / "suppression.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "suppression.md").write_text(_table(found), encoding="utf-8")


def _table(found: dict[str, Any]) -> str:
    held = found["glotip"]
    own = held["rules"]["UNODC: 0 to 4 withheld, one by one"]["recovered"]
    lines = [
        "# Cells withheld, and what an attacker still finds",
        "",
        f"Threshold {found['threshold']}. {found['machine']['cpu']}, {found['machine']['cores']} "
        f"cores, Python {found['machine']['python']}. Made by `python -m bench.suppression`.",
        "",
        f"## UNODC's file, {held['cells']:,} cells, a completion taken as the truth",
        "",
        f"Attack {held['attack_seconds']:.1f} s; protection {held['amana_seconds']:.1f} s, "
        f"{held['amana_gap']:.2%} above the bound that no choice can pass. Of UNODC's own file "
        f"{own:,} cells are recovered, "
        f"{held['recovered_of_unodc_by_subtraction']:,} by subtraction alone; of its victims' "
        f"tables {held['recovered_of_unodc_victims']:,}.",
        "",
        "| rule | withheld | recovered | too narrow | people shown |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {name} | {r['withheld']:,} | {r['recovered']:,} | {r['too_narrow']:,} | "
        f"{r['people_shown']:.2%} |"
        for name, r in held["rules"].items()
    ]
    lines += [
        "",
        "## One table after another, beside tau-Argus",
        "",
        "| table | cells | small | Amana: withheld, s, gap | open | plain rule: withheld, open | "
        "modular, 1 % | modular, 75 % | optimal, 1 % | optimal, 75 % |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {' x '.join(s['tables'][0])} | {s['cells']:,} | {s['small']} | {s['withheld']}, "
        f"{s['seconds']:.2f}, {s['gap']:.2%} | {s['recovered'] + s['narrow']} | "
        f"{s['plain_withheld']}, {s['plain_recovered'] + s['plain_narrow']} | "
        + " | ".join(_argus(x) for x in s["argus"])
        + " |"
        for s in found["single"]
    ]
    lines += [
        "",
        "Open: cells recovered, and small ones left with fewer values than their mark says. "
        f"Seconds grow as cells to the power {found['exponent']:.2f}. "
        f"Memory at most {found['mebibytes']:.0f} MiB, the file of UNODC included.",
        "",
        "## Linked tables",
        "",
        "| tables | cells | small | withheld | s | gap | open | plain rule: withheld, open |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {'; '.join(' x '.join(t) for t in s['tables'])} | {s['cells']:,} | {s['small']} | "
        f"{s['withheld']} | {s['seconds']:.1f} | {s['gap']:.2%} | {s['recovered'] + s['narrow']} | "
        f"{s['plain_withheld']}, {s['plain_recovered'] + s['plain_narrow']} |"
        for s in found["linked"]
    ]
    return "\n".join(lines) + "\n"


def _argus(found: dict[str, Any]) -> str:
    if "fault" in found:
        return str(found["fault"])
    open_ = found["recovered"] + found["narrow"] + found["small_shown"]
    return f"{found['withheld']}, {found['seconds']:.2f} s, open {open_}"


if __name__ == "__main__":
    main()
