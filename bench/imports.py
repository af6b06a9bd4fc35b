"""How fast a CTDC file is read and counted, beside DuckDB over the same file in the same run.

    DUCKDB_PYTHON=... python -m bench.imports [--sizes 10000,100000,1000000,10000000] [--runs 3]

The file is the public synthetic release of 2021, repeated up to each size, as a plain CSV file on
this disk: 60,886 different lines at most, which suits a reader that counts lines that are alike.
A second file has every column shuffled by itself, so that hardly two lines are alike: what suits it
least. Each run is a process of its own, so that its time and memory are its own; time runs from
the open file to the counts, not over the start of an interpreter. `DUCKDB_PYTHON` names a Python
that has duckdb, which is in no environment of ours.

The two do not do the same. Ours looks at every different cell, knows which values a column may
hold, and counts rows that are alike. DuckDB reads text as text and counts every column and the two
countries together in one query of grouping sets, on one thread and on as many as there are cores.
What both count must be equal, or the run stops. Writes benchmarks/results/imports.json and
imports.md.
"""

import argparse
import gzip
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from amana.standards import ctdc, ctdc_releases
from bench.figures import exponent, machine

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
RELEASE = ROOT.parent / "shared/data/ctdc/ctdc_global_synthetic_2021-08-25.csv.gz"
REPEATED, SHUFFLED = "The release repeated", "Every column shuffled: lines differ"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
PEER = """
import json, sys, time
import duckdb
path, threads = sys.argv[1], int(sys.argv[2])
db = duckdb.connect()
db.execute(f"SET threads = {threads}")
db.execute("SET enable_progress_bar = false")
with open(path, encoding="utf-8") as file:
    columns = file.readline().strip().split(",")
sets = ", ".join(f"({name})" for name in [*columns, "citizenship, CountryOfExploitation"])
begun = time.perf_counter()
rows = db.execute(
    f"SELECT {', '.join(columns)}, GROUPING({', '.join(columns)}), count(*) "
    f"FROM read_csv('{path}', all_varchar = true) GROUP BY GROUPING SETS ({sets})"
).fetchall()
seconds = time.perf_counter() - begun
counts = {name: {} for name in columns}
for row in rows:
    held = [n for n in range(len(columns)) if not row[-2] >> (len(columns) - 1 - n) & 1]
    if len(held) == 1 and row[held[0]] is not None:
        counts[columns[held[0]]][row[held[0]]] = row[-1]
with open("/proc/self/status", encoding="utf-8") as file:
    peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "mib": peak / 1024, "version": duckdb.__version__,
                  "counts": counts}))
"""


def peak_mib() -> float:
    """Return the most memory this process held; what its parent held is not in it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def count(path: Path) -> dict[str, Any]:
    """Read and count one file here, and return what it took and what it held."""
    begun = time.perf_counter()
    found = ctdc.tally(path)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "mib": peak_mib(), "rows": found.rows, "counts": found.counts}


def started(command: list[str]) -> dict[str, Any]:
    """Run a measurement in a process of its own and return what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603
    if done.returncode:
        raise SystemExit(f"the measurement stopped: {done.stderr.strip()[-500:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def compared(path: Path, peer: str, runs: int) -> dict[str, Any]:
    """Return the medians of ours and of the peer over one file, taken in turn."""
    cores = os.cpu_count() or 1
    commands = {
        "ours": [sys.executable, "-m", "bench.imports", "--one", str(path)],
        "duckdb_1": [peer, "-c", PEER, str(path), "1"],
        "duckdb_all": [peer, "-c", PEER, str(path), str(cores)],
    }
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(started(command))
    ours = taken["ours"][0]
    for other in ("duckdb_1", "duckdb_all"):
        theirs = taken[other][0]["counts"]
        named = {column.name: column.aliases for column in ctdc_releases.load("2021").columns}
        for column, counts in ours["counts"].items():
            held = next(theirs[name] for name in (column, *named[column]) if name in theirs)
            if held != counts:
                raise SystemExit(f"{other} counts another {column} than we do")
    row: dict[str, Any] = {"rows": ours["rows"], "version": taken["duckdb_1"][0]["version"]}
    for name, all_runs in taken.items():
        seconds = statistics.median(run["seconds"] for run in all_runs)
        row[f"{name}_seconds"] = round(seconds, 3)
        row[f"{name}_rows_per_second"] = round(ours["rows"] / seconds)
        row[f"{name}_mib"] = round(max(run["mib"] for run in all_runs))
    for other in ("duckdb_1", "duckdb_all"):
        row[f"times_{other}"] = round(row["ours_seconds"] / row[f"{other}_seconds"], 2)
    return row


def repeated(folder: Path, rows: int) -> Path:
    """Write the release, repeated up to a number of rows."""
    path = folder / f"{rows}.csv"
    with gzip.open(RELEASE) as packed:
        header, *lines = packed.read().splitlines(keepends=True)
    with path.open("wb") as file:
        file.write(header)
        left = rows
        while left > 0:
            file.writelines(lines[:left])
            left -= len(lines)
    return path


def shuffled(folder: Path, rows: int) -> Path:
    """Write so many rows, each cell drawn from its own column of the release."""
    path, dice = folder / f"shuffled-{rows}.csv", random.Random(1)
    with gzip.open(RELEASE, mode="rt", encoding="utf-8") as packed:
        header, *lines = packed.read().splitlines()
    columns = [*zip(*(line.split(",") for line in lines), strict=True)]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(header + "\n")
        for first in range(0, rows, 100_000):
            drawn = [dice.choices(column, k=min(100_000, rows - first)) for column in columns]
            file.writelines(",".join(cells) + "\n" for cells in zip(*drawn, strict=True))
    return path


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sizes", default=",".join(map(str, SIZES)))
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    a = asked.parse_args()
    if a.one:
        print(json.dumps(count(a.one)))
        return
    peer = os.environ.get("DUCKDB_PYTHON", "")
    if not peer or not Path(peer).exists():
        raise SystemExit("name a Python that has duckdb in DUCKDB_PYTHON: it is the peer here")
    if not RELEASE.exists():
        raise SystemExit("the release is not in ../shared/data/ctdc beside this repository")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        sizes = [int(size) for size in a.sizes.split(",")]
        # Ten million rows that are all different would take minutes and show nothing more.
        loads = [(REPEATED, repeated, n) for n in sizes]
        loads += [(SHUFFLED, shuffled, n) for n in sizes if n <= 1_000_000]
        for load, write, size in loads:
            path = write(Path(folder), size)
            rows.append({"load": load, **compared(path, peer, a.runs)})
            print(rows[-1], flush=True)
            path.unlink()
    growth = {
        load: {name: _growth(rows, load, name) for name in ("ours", "duckdb_1", "duckdb_all")}
        for load in (REPEATED, SHUFFLED)
    }
    found = {"machine": machine(), "runs": a.runs, "growth": growth, "rows": rows}
    (RESULTS / "imports.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "imports.md").write_text(told(found), encoding="utf-8")


def _growth(rows: list[dict[str, Any]], load: str, name: str) -> float:
    points = [(row["rows"], row[f"{name}_seconds"]) for row in rows if row["load"] == load]
    return round(exponent(points), 2)


def told(found: dict[str, Any]) -> str:
    """Return the figures as a page."""
    about = (
        f"`python -m bench.imports`, on {found['machine']}, DuckDB {found['rows'][0]['version']}."
        f" Medians of {found['runs']} runs in turn, memory the largest."
    )
    checked = "Ours checks every value and says where a fault stands; DuckDB reads text as text."
    head = (
        "| rows | ours: rows/s, MiB | DuckDB, one thread | DuckDB, every core |"
        " ours takes, of DuckDB’s time: one thread, every core |"
    )
    lines = ["# Reading and counting a CTDC file", "", about, "", checked]
    for load, growth in found["growth"].items():
        grows = (
            f"Seconds grow with rows to the power of {growth['ours']} (ours),"
            f" {growth['duckdb_1']} (DuckDB, one thread), {growth['duckdb_all']} (every core)."
        )
        lines += ["", f"## {load}", "", grows, "", head, "|---|---|---|---|---|"]
        lines += [_line(row) for row in found["rows"] if row["load"] == load]
    return "\n".join([*lines, ""])


def _line(row: dict[str, Any]) -> str:
    cells = [
        f"{row[f'{name}_rows_per_second']:,}, {row[f'{name}_mib']}"
        for name in ("ours", "duckdb_1", "duckdb_all")
    ]
    times = f"{row['times_duckdb_1']}, {row['times_duckdb_all']}"
    return f"| {row['rows']:,} | {' | '.join(cells)} | {times} |"


if __name__ == "__main__":
    main()
