"""The long tests, once before a release: `make soak`.

    python -m tests.faults.soak [--only crash fuzz mutants group channel histories] [--kills 500]
        [--seconds 60] [--messages 10000] [--histories 100000] [--seed 1]

Five hundred kills in every kind of write, a minute of coverage-guided fuzzing for each parser,
every mutant hunted, a hundred and fifty people registered by ten phones without a line, ten
thousand messages of two nodes over a bad line, a hundred thousand lives of cases. Writes
benchmarks/results/soak.json and soak.md, and group_intake; a part that was not asked for keeps its
last result. Exits with 1 when something was lost, escaped or got away.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from amana.node.clock import Clock
from fuzz.targets import TARGETS
from tests.faults import channel_soak
from tests.faults.mutants import ROOT

RESULTS = ROOT / "benchmarks" / "results"
Part = dict[str, Any]


def crash(asked: argparse.Namespace) -> Part:
    """Kill and look, as tests.faults.crash does."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "crash.json"
        _run("tests.faults.crash", "--kills", str(asked.kills), "--out", str(kept))
        found: Part = json.loads(kept.read_text())
    return found


def fuzz(asked: argparse.Namespace) -> Part:
    """Fuzz each parser for so many seconds."""
    asked.found.mkdir(exist_ok=True, parents=True)
    found: Part = {}
    for target in TARGETS:
        how = ("--seconds", str(asked.seconds), "--found", str(asked.found))
        done = _run("fuzz.run", target, *how)
        found[target] = {
            "seconds": asked.seconds,
            "runs": _runs(done.stderr),
            "outcome": "nothing escaped" if done.returncode == 0 else "something escaped",
        }
        print(f"{target}: {found[target]['outcome']}, {found[target]['runs']} runs", flush=True)
    return found


def _runs(said: str) -> int:
    """Return how often libFuzzer says that it ran the parser."""
    counted = [line.split()[1] for line in said.splitlines() if line.startswith("Done ")]
    return int(counted[-1]) if counted else 0


def mutants(_asked: argparse.Namespace) -> Part:
    """Hunt every mutant."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "mutants.json"
        _run("tests.faults.mutants", "--out", str(kept))
        found: Part = json.loads(kept.read_text())
    return found


def group(_asked: argparse.Namespace) -> Part:
    """Have many people registered at once, as tests.journeys.group_load does."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "group_intake.json"
        done = _run("tests.journeys.group_load", "--out", folder)
        if not kept.exists():
            return {"is_whole": False, "fault": done.stderr.splitlines()[-1:]}
        for one in (kept, kept.with_suffix(".md")):
            (RESULTS / one.name).write_text(one.read_text())
        found: Part = json.loads(kept.read_text())
    return found


def channel(asked: argparse.Namespace) -> Part:
    """Let two nodes talk over a bad line, as tests.faults.channel_soak does."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "channel.json"
        how = ("--messages", str(asked.messages), "--seed", str(asked.seed))
        done = _run("tests.faults.channel_soak", *how, "--out", str(kept))
        if not kept.exists():
            return {"broke_off": done.stderr.splitlines()[-1:], "faults": ["it broke off"]}
        found: Part = json.loads(kept.read_text())
    return found


def histories(asked: argparse.Namespace) -> Part:
    """Live so many invented cases and see that no invariant broke."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "histories.json"
        how = ("--count", str(asked.histories), "--seed", str(asked.seed), "--out", str(kept))
        _run("tests.faults.histories", *how)
        found: Part = json.loads(kept.read_text())
    return found


def _run(module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


PARTS: dict[str, Callable[[argparse.Namespace], Part]] = {
    "crash": crash,
    "fuzz": fuzz,
    "mutants": mutants,
    "group": group,
    "channel": channel,
    "histories": histories,
}


def is_clean(results: dict[str, Part]) -> bool:
    """Say whether nothing was lost, nothing escaped, nobody got away."""
    killed = results.get("crash", {"lost": [], "halves": []})
    fuzzed = [row["outcome"] for row in results.get("fuzz", {}).values()]
    hunted = list(results.get("mutants", {}).values())
    met = results.get("group", {"is_whole": True})
    talked = results.get("channel", {"faults": []})
    told = results.get("histories", {"faults": []})
    return (
        not killed["lost"]
        and not killed["halves"]
        and set(fuzzed) <= {"nothing escaped"}
        and set(hunted) <= {"caught"}
        and bool(met["is_whole"])
        and not talked["faults"]
        and not told["faults"]
    )


def page(results: dict[str, Part]) -> str:
    """Return the results as a person reads them."""
    lines = ["# Soak", "", "Written by `make soak`; see `tests/faults` and `fuzz`.", ""]
    if killed := results.get("crash"):
        lines += _crash_page(killed)
    if fuzzed := results.get("fuzz"):
        lines += ["## Fuzzing", "", "| parser | seconds | runs | outcome |", "|---|---|---|---|"]
        lines += [
            f"| {name} | {row['seconds']} | {row['runs']:,} | {row['outcome']} |"
            for name, row in fuzzed.items()
        ]
        lines.append("")
    if hunted := results.get("mutants"):
        caught = sum(became == "caught" for became in hunted.values())
        lines += ["## Mutants", "", f"{caught} of {len(hunted)} were caught.", ""]
        lines += ["| the fault | outcome |", "|---|---|"]
        lines += [f"| {name} | {became} |" for name, became in hunted.items()]
        lines.append("")
    if met := results.get("group"):
        lines += _group_page(met)
    if talked := results.get("channel"):
        lines += (
            ["## A bad line", "", f"**It broke off**: {talked['broke_off']}", ""]
            if "broke_off" in talked
            else channel_soak.page(talked)
        )
    if told := results.get("histories"):
        lines += _histories_page(told)
    about = results.get("about", {})
    lines.append(f"{about.get('machine', '')}, {about.get('cores', '')}, {about.get('on', '')}.")
    return "\n".join(lines) + "\n"


def _histories_page(told: Part) -> list[str]:
    happened = dict(told["happened"])
    outcome = "no invariant broke" if not told["faults"] else f"**{len(told['faults'])} broke**"
    lived, entries, corrected = (happened.pop(k) for k in ("lived", "entries", "corrected"))
    summary = (
        f"{lived:,} lives with {entries:,} entries, {corrected:,} of them corrections, in "
        f"{told['seconds']} s: {outcome}. Seed {told['seed']}."
    )
    lines = ["## Lives of cases", "", summary, "", "| so many of them | reached |", "|---|---|"]
    lines += [f"| {count:,} | {kind} |" for kind, count in sorted(happened.items())]
    return [*lines, ""]


def _crash_page(killed: Part) -> list[str]:
    total = sum(killed["acknowledged"].values())
    summary = (
        f"{killed['kills']} times kill -9 to the writer ({killed['database']}), "
        f"{killed['keeper_kills']} of them to the keeper too, in {killed['seconds']:.0f} s: "
        f"{total:,} acknowledged writes, **{len(killed['lost'])} lost**, "
        f"{len(killed['halves'])} half there. Seed {killed['seed']}."
    )
    lines = ["## Crashes", "", summary, ""]
    lines += ["| kind of write | acknowledged | killed during |", "|---|---|---|"]
    done, during = killed["acknowledged"], killed["killed_during"]
    for kind in dict.fromkeys([*done, *during]):
        lines.append(f"| {kind} | {done.get(kind, 0)} | {during.get(kind, 0)} |")
    return [*lines, ""]


def _group_page(met: Part) -> list[str]:
    if "people" not in met:
        return ["## Many people at once", "", f"**It broke off**: {met['fault']}", ""]
    outcome = "nobody lost, doubled or parted" if met["is_whole"] else "**not whole**"
    summary = (
        f"{met['people']} people, {met['phones']} phones, no line for {met['hours']} hours: "
        f"{met['registered']} registered, {outcome}. See [group_intake.md](group_intake.md)."
    )
    return ["## Many people at once", "", summary, ""]


def main() -> int:
    """Run what was asked for and keep what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--histories", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--found", type=Path, default=ROOT / "var" / "fuzz")
    asked = parser.parse_args()
    kept = RESULTS / "soak.json"
    results: dict[str, Part] = json.loads(kept.read_text()) if kept.exists() else {}
    for name in asked.only:
        started = time.monotonic()
        print(f"soak: {name}", flush=True)
        results[name] = PARTS[name](asked)
        print(f"soak: {name} took {time.monotonic() - started:.0f} s", flush=True)
    results["about"] = {
        "machine": platform.machine(),
        "cores": f"{os.cpu_count()} cores",
        "on": Clock(None, is_demo=False).now().date().isoformat(),
    }
    kept.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    (RESULTS / "soak.md").write_text(page(results))
    return 0 if is_clean(results) else 1


if __name__ == "__main__":
    sys.exit(main())
