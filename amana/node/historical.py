"""`amana import ctdc`: de-identified rows of the past become historical screenings of a node."""

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from amana.crypto.secrets import digest
from amana.identification.reading import class_of
from amana.node.cli import Failed
from amana.node.lifecycle import use
from amana.standards import countries, ctdc
from amana.standards.ctdc_file import GZIP_MAGIC

UNKNOWN_AGE = "UNK"


@dataclass
class Report:
    """What an import did."""

    read: int = 0
    imported: int = 0
    known: int = 0
    by_class: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    codes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the report as it is printed."""
        return {
            "read": self.read,
            "imported": self.imported,
            "known": self.known,
            "by_class": dict(self.by_class),
            "unmapped": dict(self.unmapped),
        }


def run(a: argparse.Namespace) -> int:
    """Read the file whole first; only a file without a fault is imported, and then all of it."""
    if not a.file.exists():
        raise Failed(f"{a.file} is not there")
    if a.read_only:
        _print(ctdc.summary(a.file, class_of), as_json=a.json)
        return 0
    if a.data is None:
        raise Failed("say which node takes the rows: --data DIR (or only read them: --read-only)")
    use(a.data)
    from django.conf import settings  # noqa: PLC0415

    exploited_in, citizens_of = _country(a.exploited_in), _country(a.citizens_of)
    chosen = list(selected(a.file, exploited_in=exploited_in, citizens_of=citizens_of))
    report = register(chosen, source=a.file, now=settings.CLOCK.now())
    _print(report.as_json(), as_json=a.json)
    return 0


def _country(code: str | None) -> str | None:
    if code is not None and not countries.is_alpha3(code.upper()):
        raise Failed(f"{code} is not the three-letter code of a country, such as MAR")
    return code.upper() if code else None


def _print(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for key, value in found.items():
        if isinstance(value, dict):
            print(f"{key}:")
            for inner, n in value.items():
                print(f"  {inner:32} {n:>8}")
        else:
            print(f"{key:34} {value:>8}")


def selected(
    path: Path, *, exploited_in: str | None, citizens_of: str | None
) -> Iterator[tuple[int, ctdc.Row]]:
    """Yield the rows of a selection with their number in the file; every row is validated."""
    for number, row in enumerate(ctdc.read(path), start=1):
        if exploited_in and row.exploited_in != exploited_in:
            continue
        if citizens_of and row.citizenship != citizens_of:
            continue
        yield number, row


def register(rows: list[tuple[int, ctdc.Row]], *, source: Path, now: datetime) -> Report:
    """Register rows as historical screenings, all or none; the same file twice changes nothing."""
    from django.db import transaction  # noqa: PLC0415

    from amana.identification.actions import register_historical  # noqa: PLC0415

    report = Report()
    content = source.read_bytes()
    # The same rows are the same rows, packed or not.
    unpacked = gzip.decompress(content) if content[:2] == GZIP_MAGIC else content
    file_id = digest(unpacked).hex()
    with transaction.atomic():
        for number, row in rows:
            coded = coded_values(row)
            submission = digest(f"{file_id}/{number}".encode()).hex()
            screening, is_new = register_historical(submission=submission, coded=coded, now=now)
            report.read += 1
            report.imported += is_new
            report.known += not is_new
            report.by_class[class_of(coded["minor"], tuple(coded["indicators"]))] += 1
            report.unmapped.update(coded["unmapped"])
            report.codes.append(screening.pk)
    return report


def coded_values(row: ctdc.Row) -> dict[str, Any]:
    """Return a row as coded values: what it says, what it does not say, what has no equal here."""
    found = ctdc.mapped(row)
    coded = {
        "year": row.year,
        "source_age": found.source_age_band or "",
        "exploited_in": found.exploited_in or "",
        "forms": list(found.forms),
        "indicators": list(found.indicators),
        "unmapped": list(found.unmapped),
        "not_reported": list(found.not_reported),
    }
    return {
        "sex": found.sex,
        "age_band": found.age_band or UNKNOWN_AGE,
        "minor": found.minor,
        "situation": "unknown",
        "language": "",
        "citizenship": found.citizenship or "",
        "indicators": list(found.indicators),
        "not_reported": list(found.not_reported),
        "unmapped": list(found.unmapped),
        "coded": coded,
    }
