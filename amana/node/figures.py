"""Figures from the shell: `amana attack`, `import glotip`, `publish`, `export`."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from amana.knowledge.safe import shown, verdict
from amana.node.cli import Failed
from amana.standards import glotip

# So many are named on a screen; --json names all.
NAMED = 20


def bar(what: str, whole: int) -> Callable[[int], None]:
    """Return what draws how far a work is, on a terminal alone; it hears how much is done."""
    if not sys.stderr.isatty():
        return glotip.unheard
    shown_at = [0.0]

    def drawn(done: int) -> None:
        now = time.monotonic()
        if now - shown_at[0] > 0.1 or done >= whole:
            shown_at[0] = now
            share = min(1.0, done / whole) if whole else 1.0
            end = "\n" if done >= whole else ""
            print(f"\r{what} [{'#' * int(30 * share):30}] {share:4.0%}", end=end, file=sys.stderr)

    return drawn


def summed(draw: Callable[[int], None]) -> Callable[[int], None]:
    """Return what hears how much more is done, and tells how much that is in all."""
    done = [0]

    def more(count: int) -> None:
        done[0] += count
        draw(done[0])

    return more


def run_attack(a: argparse.Namespace) -> int:
    """Attack a published file; exit 1 where something that it withholds can be named."""
    _must_be_there(a.file)
    try:
        file = shown.read(a.file, bar("reading", a.file.stat().st_size))
    except (shown.NotATable, glotip.NotGlotip) as fault:
        raise Failed(f"{a.file.name}: {fault}") from None
    progress = summed(bar("attacking", len(file.tables)))
    report = verdict.on(file, whole_limits=a.limits, progress=progress)
    if a.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        _print_attack(report)
    return 1 if report["recovered"] else 0


def _print_attack(report: dict[str, Any]) -> None:
    print(f"{report['cells']:>9,}  cells, {report['sums']:,} sums between them")
    faults = report["sums_that_fall_short"] + report["sums_that_are_passed"]
    print(f"{faults:>9,}  of the sums do not add up, and are not used")
    print(f"{report['withheld']:>9,}  cells withheld")
    print(
        f"{report['recovered']:>9,}  of them recovered, {report['by_subtraction']:,} by subtraction"
    )
    for group, count in report["recovered_by_group"].items():
        if group:
            print(f"{count:>9,}    {group} (of {report['withheld_by_group'][group]:,})")
    for cell in report["recovered_cells"][:NAMED]:
        print(f"           {cell['cell']} = {cell['value']}, by {cell['by']}")
    if report["recovered"] > NAMED:
        print(f"           and {report['recovered'] - NAMED:,} more: --json names all")
    broken = (report["file"] or {}).get("broken", 0)
    if broken:
        print(f"{broken:>9,}  broken cells of the file: amana import glotip FILE names them")


def run_glotip(a: argparse.Namespace) -> int:
    """Read UNODC's tables whole; say what they hold, and what is broken where."""
    _must_be_there(a.file)
    report = glotip.Report()
    try:
        for _ in glotip.read(a.file, report, bar("reading", a.file.stat().st_size)):
            pass
    except glotip.NotGlotip as fault:
        raise Failed(f"{a.file.name}: {fault}") from None
    said = report.as_json()
    if a.json:
        print(json.dumps(said, ensure_ascii=False, indent=1))
        return 0
    print(f"{said['rows']:>9,}  rows of {said['countries']} countries")
    print(f"{said['withheld']:>9,}  withheld")
    for name, count in {**said["by_indicator"], **said["repaired"]}.items():
        print(f"{count:>9,}    {name}")
    print(f"{said['doubles']:>9,}  stand twice")
    print(f"{said['broken']:>9,}  broken cells")
    for cell in said["broken_cells"][:NAMED]:
        held = cell["found"] or "empty"
        print(f"           line {cell['line']}, {cell['column']}: {held}. {cell['remedy']}")
    return 0


def _must_be_there(file: Path) -> None:
    if not file.is_file():
        raise Failed(f"{file} is not there")
