"""Figures from the shell: `amana attack`, `import glotip`, `publish`, `export`."""

import argparse
import csv
import getpass
import gzip
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from amana.knowledge import hidden
from amana.knowledge.safe import shown, verdict
from amana.knowledge.synthetic.counts import BadTable, Noisy, Plan
from amana.knowledge.synthetic.fitting import fit
from amana.knowledge.synthetic.quality import codebook, report
from amana.knowledge.synthetic.rows import draw as draw_rows
from amana.node.cli import Failed
from amana.node.lifecycle import use
from amana.standards import codes, ctdc, glotip, htcds, public_crosswalk, public_lists
from amana.standards.datafile import BadData

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
    _said(a, report, _attack_in_words(report))
    return 1 if report["recovered"] else 0


def _attack_in_words(report: dict[str, Any]) -> list[str]:
    faults = report["sums_that_fall_short"] + report["sums_that_are_passed"]
    broken = (report["file"] or {}).get("broken", 0)
    recovered, subtracted = report["recovered"], report["by_subtraction"]
    lines = [
        f"{report['cells']:>9,}  cells, {report['sums']:,} sums between them",
        f"{faults:>9,}  of the sums do not add up, and are not used",
        f"{report['withheld']:>9,}  cells withheld",
        f"{recovered:>9,}  of them recovered, {subtracted:,} by subtraction",
        *(
            f"{count:>9,}    {group} (of {report['withheld_by_group'][group]:,})"
            for group, count in report["recovered_by_group"].items()
            if group
        ),
        *(
            f"           {cell['cell']} = {cell['value']}, by {cell['by']}"
            for cell in report["recovered_cells"][:NAMED]
        ),
    ]
    if recovered > NAMED:
        lines.append(f"           and {recovered - NAMED:,} more: --json names all")
    if broken:
        lines.append(f"{broken:>9,}  broken cells of the file: amana import glotip FILE names them")
    return lines


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
    lines = [
        f"{said['rows']:>9,}  rows of {said['countries']} countries",
        f"{said['withheld']:>9,}  withheld",
        *(f"{n:>9,}    {name}" for name, n in said["by_indicator"].items()),
        *(f"{n:>9,}    repaired: {name}" for name, n in said["repaired"].items()),
        f"{said['doubles']:>9,}  stand twice",
        f"{said['broken']:>9,}  broken cells",
        *(
            f"           line {b.line}, {b.column}: {b.found or 'empty'}. {b.remedy}"
            for b in report.broken[:NAMED]
        ),
    ]
    _said(a, said, lines)
    return 0


def run_tally(a: argparse.Namespace) -> int:
    """Count a CTDC file of any release, and say what is broken in it where."""
    _must_be_there(a.file)
    draw = bar("reading", a.file.stat().st_size)
    try:
        found = ctdc.tally(a.file, progress=lambda done, _whole: draw(done))
    except ValueError as fault:
        raise Failed(f"{a.file.name}: {fault}") from None
    report = found.report
    said = {
        "release": found.release,
        "rows": found.rows,
        "refused": report.refused,
        "faults": report.faults,
        "repaired": dict(report.repaired),
        "distinct": found.distinct,
        "unique": found.unique,
        "counts": {name: dict(counted) for name, counted in found.counts.items()},
        "exploited_in": {
            country: {who or "": n for who, n in found.exploited_in(country).items()}
            for country in sorted({b for _a, b in found.corridors if b})
        },
        "broken_cells": [vars(one) for one in report.bad],
    }
    lines = [
        f"{found.rows:>9,}  rows of release {found.release}",
        *(f"{n:>9,}    repaired: {name}" for name, n in report.repaired.items()),
        f"{report.refused:>9,}  rows refused, for {report.faults:,} broken cells",
        *(
            f"           line {b.line}, {b.column}: {b.fault}. {b.remedy}"
            for b in report.bad[:NAMED]
        ),
    ]
    _said(a, said, lines)
    return 0


def run_htcds(a: argparse.Namespace) -> int:
    """Read HTCDS sheets into documents of one case each; repairs by name, faults by cell."""
    for file in a.files:
        _must_be_there(file)
    found = htcds.Report()
    try:
        documents = htcds.read(*a.files, report=found)
    except BadData as fault:
        raise Failed(str(fault)) from None
    if a.to is not None:
        _write_cases(a.to, documents)
    said = {
        "cases": len(documents),
        "rows": found.rows,
        "faults": found.faults,
        "repaired": dict(found.repaired),
        "deprecated": dict(found.deprecated),
        "core_missing": dict(found.core_missing),
        "sheets_not_read": found.sheets_not_read,
        "broken_cells": [vars(one) for one in found.bad],
        "repaired_cells": [vars(one) for one in found.touched],
    }
    lines_said = [
        f"{len(documents):>9,}  cases from {found.rows:,} rows",
        *(f"{n:>9,}    repaired: {name}" for name, n in sorted(found.repaired.items())),
        *(f"{n:>9,}    deprecated field: {name}" for name, n in found.deprecated.items()),
        f"{found.faults:>9,}  broken cells",
        *(
            f"           {b.sheet}, row {b.row}, column {b.column}: {b.fault}. {b.remedy}"
            for b in found.bad[:NAMED]
        ),
    ]
    _said(a, said, lines_said)
    return 0


def _write_cases(to: Path, documents: list[htcds.Document]) -> None:
    """Write cases as lines of JSON, as a workbook, or as a CSV of each object in a new folder.

    Cases of people: readable by whoever brought them, and nobody else; nothing is written over.
    """
    if to.suffix == ".jsonl":
        lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in documents)
        files = {to: lines.encode()}
    elif to.suffix == ".xlsx":
        files = {to: htcds.workbook(documents)}
    else:
        to.mkdir(mode=0o700)
        files = {to / name: raw for name, raw in htcds.csv_files(documents).items()}
    for file, raw in files.items():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(raw)


def run_lists(a: argparse.Namespace) -> int:
    """Show the code lists that are known, one of them, or what of one another has no word for."""
    lists = public_lists.load()
    if a.file is not None:
        lists = lists.with_file(a.file)
    try:
        if a.name is None:
            names = {
                f"{of}.{name}": f"{len(held.entries)} codes, {held.mark}"
                for of, standard in lists.standards.items()
                for name, held in standard.lists.items()
            }
            if public_lists.IC_TIP not in lists.standards:
                names[public_lists.IC_TIP] = "not loaded: amana lists --file FILE"
            _said(a, names, [f"{name:34} {told}" for name, told in names.items()])
        elif a.to is None:
            entries = {e.code: e.words for e in lists.find(a.name).entries.values()}
            said = {code: vars(words) for code, words in entries.items()}
            _said(a, said, [f"{code:34} {w.fr} · {w.en}" for code, w in entries.items()])
        else:
            missing = list(public_crosswalk.unmapped(a.name, a.to))
            _said(a, {"unmapped": missing}, missing or ["everything has a counterpart"])
    except LookupError as fault:
        raise Failed(str(fault)) from None
    return 0


def run_publish(a: argparse.Namespace) -> int:
    """List what is published, publish a table or synthetic rows, or make a version again."""
    use(a.data)
    from amana.knowledge import publications  # noqa: PLC0415 - a node's settings come first

    if a.act == "list":
        rows = [
            {"kind": p.kind, "series": p.series, "version": p.version, "digest": p.digest}
            for p in publications.everything()
        ]
        _said(a, {"published": rows}, [f"{r['series']} {r['version']} {r['kind']}" for r in rows])
        return 0
    return _as_statistician(a)


def _as_statistician(a: argparse.Namespace) -> int:
    from django.conf import settings  # noqa: PLC0415

    from amana.access.actions import find_actor, sign_in, sign_out  # noqa: PLC0415
    from amana.access.rules import NotFound, Refused  # noqa: PLC0415
    from amana.knowledge import actions  # noqa: PLC0415

    now = settings.CLOCK.now()
    password = sys.stdin.readline().rstrip("\n") if a.stdin else getpass.getpass("Password: ")
    code = a.code or getpass.getpass("Code: ")
    try:
        cookie = sign_in(
            sign_in_name=a.account, password=password, code=code, address="cli", now=now
        )
        actor = find_actor(cookie, now)
    except Refused as refused:
        raise Failed(", ".join(refused.objections)) from None
    if actor is None:
        raise Failed("nobody is signed in")
    try:
        if a.act == "again":
            same = actions.reproduced(series=a.series, version=a.version, actor=actor, now=now)
            _said(a, {"same": same}, ["the same to the last byte" if same else "NOT the same"])
            return 0 if same else 1
        if a.act == "synthetic":
            _rows_published(a, actor, now)
            return 0
        wanted = _definition(a.file)
        row = actions.publish(wanted=wanted, actor=actor, now=now)
        said = {"series": row.series, "version": row.version, "digest": row.digest}
        _said(a, said, [f"{row.series} {row.version}"])
    except Refused as refused:
        raise Failed(", ".join(refused.objections)) from None
    except NotFound:
        raise Failed("there is no such table, or this account may not count") from None
    finally:
        sign_out(actor=actor, now=now)
    return 0


def _rows_published(a: argparse.Namespace, actor: Any, now: datetime) -> None:  # noqa: ANN401 - as above
    from amana.knowledge import actions  # noqa: PLC0415

    asked = {"since": a.since, "until": a.until, "epsilon": a.epsilon}
    try:
        found = actions.publish_rows(**asked, actor=actor, now=now)
    except actions.NotDrawn as refused:
        words = [f"{code}: {codes.label('OBJECTION', code, 'en')}" for code in refused.objections]
        words.append(f"Left of the budget of these days: {refused.left:g}.")
        if refused.shown is not None:
            words.append(f"Shown combinations: {refused.shown}.")
        raise Failed(" ".join(words)) from None
    row = found.row
    said = {"series": row.series, "version": row.version, "digest": row.digest}
    lines = [f"{row.series} {row.version}", *_near(found.internal)]
    # How near the rows came is read from real files: for this screen alone.
    _said(a, said | {"internal": found.internal}, lines)


def _near(internal: Mapping[str, Any]) -> list[str]:
    return [
        f"{near['error']:>9.3f}  error of {near['length']} attributes together (internal)"
        for near in internal["nearness"]
    ]


def _definition(file: Path) -> Any:  # noqa: ANN401 - its room is imported once a node is used
    from amana.knowledge.rules import definition_from  # noqa: PLC0415

    _must_be_there(file)
    try:
        return definition_from(json.loads(file.read_text(encoding="utf-8")))
    except (KeyError, TypeError, ValueError):
        raise Failed(f"{file.name} is no definition; copy that of a publication") from None


def run_export(a: argparse.Namespace) -> int:
    """Write a published table in a format that others read: the same bytes each time."""
    use(a.data)
    from amana.access.rules import NotFound  # noqa: PLC0415
    from amana.knowledge import publications  # noqa: PLC0415

    try:
        one = publications.published(a.series, a.version)
    except NotFound:
        raise Failed(f"{a.series} is not published here") from None
    try:
        raw, unmapped = publications.taken_out(one, a.form, _population(a.population))
    except ValueError as fault:
        raise Failed(f"{a.series}: {fault}") from None
    a.to.write_bytes(raw)
    said = {"file": str(a.to), "bytes": len(raw), "unmapped": unmapped}
    lines = [f"{a.to}: {len(raw):,} bytes", *(f"no code of {a.form} for {u}" for u in unmapped)]
    if a.form in publications.PERSONS:
        said["left_out"] = left_out = publications.left_out(one)
        lines.append(f"rows left out, as too few are alike: {left_out:,}")
    if a.form == "sdg" and a.population is None:
        lines.append("population: not loaded, so no rate; --population FILE with sex,age,people")
    _said(a, said, lines)
    return 0


def _population(file: Path | None) -> dict[tuple[str, str], int]:
    """Return people by our codes of sex and age from a CSV; nothing where none is given."""
    if file is None:
        return {}
    _must_be_there(file)
    found = {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for line, row in enumerate(csv.DictReader(lines), start=2):
            try:
                found[row["sex"], row["age"]] = int(row["people"])
            except (KeyError, ValueError):
                raise Failed(f"{file.name}, line {line}: give sex,age,people") from None
    return found


def run_hidden(a: argparse.Namespace) -> int:
    """Estimate how many nobody has seen, from lists that overlap, and say what it rests on."""
    _must_be_there(a.file)
    try:
        seen = hidden.read(a.file)
        found, alone = hidden.estimate(seen, draws=a.draws), hidden.main_effects(seen)
    except hidden.BadHistories as fault:
        raise Failed(f"{a.file.name}: {fault}") from None
    said = {
        "observed": found.observed,
        "hidden": _whole(found.hidden),
        "total": _whole(found.total),
        "interval_95": [_whole(found.low), _whole(found.high)],
        "total_if_no_list_sends_to_another": _whole(alone.total),
        "pairs": [list(map(str, pair)) for pair in found.pairs],
        "assumptions": list(found.assumptions),
        "warnings": list(found.warnings),
    }
    low, high = (_told(limit) for limit in (found.low, found.high))
    lines = [
        f"{found.observed:>9,}  seen on some list",
        f"{_told(found.hidden):>9}  estimated as seen on none",
        f"{_told(found.total):>9}  in all; 95 % interval {low} to {high}",
        f"{_told(alone.total):>9}  in all, if no list sent to another",
        *(f"           assumed: {code}" for code in found.assumptions),
        *(f"           WARNING: {code}" for code in found.warnings),
    ]
    _said(a, said, lines)
    return 0


def run_synthetic(a: argparse.Namespace) -> int:
    """Draw rows that nobody is, with the counts of many; or draw them again from kept counts."""
    _must_be_there(a.file)
    draw = bar("drawing", 3)
    try:
        if a.again:
            noisy = Noisy.from_dict(json.loads(a.file.read_text(encoding="utf-8")))
            real = None
        else:
            columns, real = _rows_of(a.file)
            flags = frozenset(filter(None, a.flags.split(",")))
            noisy = fit(columns, real, Plan(a.epsilon, a.delta), flags=flags)
        draw(1)
        rows = draw_rows(noisy, a.seed)
        draw(2)
    except BadTable as fault:
        raise Failed(f"{a.file.name}: {fault}") from None
    a.to.mkdir(parents=True, exist_ok=True)
    with (a.to / "rows.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows([noisy.columns, *rows])
    kept = {"counts.json": noisy.to_dict(), "codebook.json": codebook(noisy)}
    for name, content in kept.items():
        (a.to / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    said: dict[str, Any] = {"rows": len(rows)}
    lines_said = [f"{len(rows):>9,}  rows drawn into {a.to}"]
    if real is not None:
        quality = report(real, rows, noisy)
        public = json.dumps(quality.public(), ensure_ascii=False, indent=1)
        (a.to / "report.json").write_text(public, encoding="utf-8")
        # Without noise: for whoever decides, and never beside the rows.
        said["internal"] = quality.internal()
        lines_said += _near(quality.internal())
    draw(3)
    _said(a, said, lines_said)
    return 0


def _rows_of(file: Path) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8-sig", newline="") as lines:
        read = csv.reader(lines)
        columns = tuple(next(read, ()))
        return columns, [tuple(row) for row in read]


def _whole(number: float | None) -> int | None:
    return None if number is None else round(number)


def _told(number: float | None) -> str:
    return "no figure" if number is None else f"{number:,.0f}"


def _said(a: argparse.Namespace, content: dict[str, Any], lines: list[str]) -> None:
    if a.json:
        print(json.dumps(content, ensure_ascii=False, indent=1))
    else:
        print("\n".join(lines))


def _must_be_there(file: Path) -> None:
    if not file.is_file():
        raise Failed(f"{file} is not there")
