"""`amana instruments`: check, list, export and import the instruments of a node."""

import argparse
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amana.node import config
from amana.node.cli import Failed
from amana.standards import instrument_file, xlsform
from amana.standards.datafile import BadData, Place
from amana.standards.instrument import Instrument, NotLoaded
from amana.standards.instruments import INSTRUMENTS, Shelf, opened_file, shelf, shelf_of

FOLDER = "instruments"
JSON, XLSX = ".json", ".xlsx"


def shelf_at(data: Path | None) -> Shelf:
    """Return the instruments that come with Amana, and with a node's directory its own too."""
    return shelf() if data is None else shelf_of([INSTRUMENTS, data / FOLDER])


def opened(path: Path, known: Shelf) -> Instrument:
    """Return the instrument in a JSON or XLSX file, or say where the file is at fault."""
    if path.suffix not in (JSON, XLSX):
        raise BadData(f"{path.name}: is neither {JSON} nor {XLSX}")
    try:
        root = opened_file(path) if path.suffix == JSON else _from_workbook(path, known)
        return instrument_file.read(root, known.find)
    except OSError as problem:
        raise BadData(f"{path.name}: cannot be read: {problem.strerror}") from None


def _from_workbook(path: Path, known: Shelf) -> Place:
    try:
        return Place(xlsform.read(path.read_bytes(), known.find), path.name)
    except BadData as fault:
        raise BadData(f"{path.name}: {fault}") from None


def check(a: argparse.Namespace) -> int:
    """Say of each file whether it is a whole instrument, and where it is not."""
    known = _with(shelf_at(a.data), a.file)
    found = [_checked(path, known) for path in a.file]
    if a.json:
        print(json.dumps(found, ensure_ascii=False))
    for one in [] if a.json else found:
        print(one["fault"] or f"{one['file']}: {one['name']} {one['version']} is whole")
    return 1 if any(one["fault"] for one in found) else 0


def _with(known: Shelf, paths: list[Path]) -> Shelf:
    """Return the shelf with the files that are checked: one may begin with another."""
    files: dict[tuple[str, str], Path] = {}
    for path in paths:
        name, _, version = path.stem.partition(".")
        if path.suffix == JSON and version:
            files[name, version] = path
    return Shelf({**files, **known.files}, known.absent)


def _checked(path: Path, known: Shelf) -> dict[str, str]:
    try:
        found = opened(path, known)
    except BadData as fault:
        told = " ".join(str(fault).split())
        return {"file": path.name, "name": "", "version": "", "fault": told}
    return {"file": path.name, "name": found.name, "version": found.version, "fault": ""}


def list_all(a: argparse.Namespace) -> int:
    """List the instruments that are loaded, and those that people ask for and that are not."""
    known = shelf_at(a.data)
    loaded = [
        {
            "name": i.name,
            "version": i.version,
            "title": i.title.en,
            "questions": len(list(i.questions)),
            "mark": i.mark,
        }
        for i in known.every()
    ]
    absent = [{"name": m.name, "title": m.title.en, "why": m.why.en} for m in known.absent]
    if a.json:
        print(json.dumps({"loaded": loaded, "absent": absent}, ensure_ascii=False))
        return 0
    for one in loaded:
        print(f"{one['name']:22} {one['version']}  {one['questions']:4} questions  {one['title']}")
    for missing in absent:
        print(f"{missing['name']:22} {missing['title']}. {missing['why']}")
    return 0


def export(a: argparse.Namespace) -> int:
    """Write an instrument as JSON, or as an XLSForm for Kobo and ODK."""
    found = _found(shelf_at(a.data), a.name, a.version)
    if a.to.suffix == JSON:
        a.to.write_text(_as_text(found.document), encoding="utf-8")
    elif a.to.suffix == XLSX:
        a.to.write_bytes(xlsform.export(found))
    else:
        raise Failed(f"--to names a file that ends in {JSON} or {XLSX}")
    print(f"{a.to.name}: {found.name} {found.version}")
    return 0


def _found(known: Shelf, name: str, version: str) -> Instrument:
    try:
        return known.find(name, version)
    except NotLoaded as missing:
        raise Failed(str(missing)) from None


def _as_text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def import_one(a: argparse.Namespace) -> int:
    """Put an instrument into a node, once: a version is never changed."""
    config.load(a.data)
    known = shelf_at(a.data)
    found = opened(a.file, known)
    there = known.files.get((found.name, found.version))
    if there is None and _placed(found, a.data / FOLDER):
        print(f"{found.name} {found.version} is loaded. It is offered from the next page on.")
        return 0
    there = there or a.data / FOLDER / _file_of(found)
    if opened_file(there).value != found.document:
        raise Failed(
            f"{found.name} {found.version} is there with other content, and a version is never"
            " changed: give the new one a new version"
        )
    print(f"{found.name} {found.version} is there already, with the same content.")
    return 0


def _file_of(instrument: Instrument) -> str:
    return f"{instrument.name}.{instrument.version}{JSON}"


def _placed(instrument: Instrument, folder: Path) -> bool:
    """Write an instrument's file whole or not at all; False when its name was taken meanwhile."""
    folder.mkdir(mode=0o700, exist_ok=True)
    half = folder / f"{_file_of(instrument)}.{secrets.token_hex(4)}.tmp"
    try:
        with half.open("x", encoding="utf-8") as file:
            file.write(_as_text(instrument.document))
            file.flush()
            os.fsync(file.fileno())
        # A link, for a rename would overwrite what another process put there in between.
        os.link(half, folder / _file_of(instrument))
    except FileExistsError:
        return False
    finally:
        half.unlink(missing_ok=True)
    _sync(folder)
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
