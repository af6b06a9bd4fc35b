"""`amana instruments`: what is loaded, where a file is at fault, out and in, and on paper."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from amana.node.assess import in_english
from amana.node.cli import Failed
from amana.node.lifecycle import use
from amana.standards import openrosa, xlsform
from amana.standards.datafile import BadData, Place
from amana.standards.instrument import Instrument, NotLoaded
from amana.standards.instrument_file import read
from amana.standards.instruments import INSTRUMENTS, Shelf, opened_file, shelf, shelf_of

SHEET = ".xlsx"


def show(data: Path | None, *, as_json: bool) -> int:
    """Print what is loaded, and what is asked for and is not."""
    held = _shelf(data)
    loaded = [
        {
            "name": i.name,
            "version": i.version,
            "questions": len(list(i.questions)),
            "mark": i.mark,
            "title": i.title.en,
        }
        for i in held.every()
    ]
    absent = [{"name": a.name, "title": a.title.en, "why": a.why.en} for a in held.absent]
    if as_json:
        print(json.dumps({"loaded": loaded, "not_loaded": absent}, ensure_ascii=False))
        return 0
    for one in loaded:
        print(f"{one['name']:22} {one['version']}  {one['questions']:>4} questions  {one['mark']}")
    for gap in absent:
        print(f"{gap['name']:22} not loaded: {gap['why']}")
    return 0


def check(files: Sequence[Path], *, as_json: bool) -> int:
    """Read each file and say where the first fault of each is."""
    found = [{"file": path.name, "fault": _fault_of(path)} for path in files]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for one in found:
            print(one["fault"] or f"{one['file']}: whole")
    return 1 if any(one["fault"] for one in found) else 0


def _fault_of(path: Path) -> str:
    try:
        _opened(path, shelf())
    except (BadData, Failed) as fault:
        return str(fault)
    return ""


def export(name: str, version: str, to: Path) -> int:
    """Write an instrument as JSON, or as an XLSForm when the file's name ends in .xlsx."""
    try:
        instrument = shelf().find(name, version)
    except NotLoaded as missing:
        raise Failed(str(missing)) from None
    if to.suffix == SHEET:
        data = xlsform.export(instrument)
    else:
        data = (json.dumps(instrument.document, ensure_ascii=False, indent=1) + "\n").encode()
    _put(to, data)
    print(f"{to.name}: {instrument.name} {instrument.version}")
    return 0


def take_in(path: Path, data: Path) -> int:
    """Put a whole instrument beside those of a node; a version that is there is never changed."""
    if not (data / "node.json").exists():
        raise Failed(f"{data} is no node")
    use(data)
    try:
        instrument = _opened(path, _shelf(data))
    except BadData as fault:
        raise Failed(str(fault)) from None
    folder = data / "instruments"
    folder.mkdir(mode=0o700, exist_ok=True)
    name, version = instrument.name, instrument.version
    text = json.dumps(instrument.document, ensure_ascii=False, indent=1) + "\n"
    if _is_here(instrument, data) or not _put_on_record(
        folder / f"{name}.{version}.json", text.encode(), f"{name}@{version}"
    ):
        # Whoever was a moment earlier may have brought another one.
        _is_here(instrument, data)
        print(f"{name} {version} is here already, the same")
        return 0
    print(f"{name} {version} is loaded")
    return 0


def _is_here(instrument: Instrument, data: Path) -> bool:
    """Say whether this very instrument is loaded; refuse when its version says something else."""
    name, version, held = instrument.name, instrument.version, _shelf(data)
    if version not in held.versions(name):
        return False
    if held.find(name, version).document == instrument.document:
        return True
    raise Failed(
        f"{name} {version} is here already and says something else; "
        "a version is never changed: give it a new date"
    )


def _put_on_record(path: Path, content: bytes, subject: str) -> bool:
    """Write a new file and enter it in the record, both or neither; False when it is there."""
    from django.conf import settings  # noqa: PLC0415 - only after the node is known
    from django.db import transaction  # noqa: PLC0415

    from amana.audit.actions import record  # noqa: PLC0415
    from amana.crypto.secrets import digest  # noqa: PLC0415

    now, is_put = settings.CLOCK.now(), False
    try:
        with transaction.atomic():
            record(
                at=now,
                actor="import",
                verb="instruments.import",
                subject=subject,
                sha256=digest(content).hex(),
            )
            _put_new(path, content)
            is_put = True
    except FileExistsError:
        return False
    except Exception:
        if is_put:  # the file is ours, and its entry was not kept
            path.unlink(missing_ok=True)
        raise
    return True


def _put_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, whole or not at all; raises FileExistsError."""
    beside = _beside(path, content)
    try:
        # Unlike a renaming, a link never takes the place of another's file.
        os.link(beside, path)
        _settle(path.parent)
    except FileExistsError:
        raise
    except OSError as problem:
        raise Failed(f"{path.name} cannot be written: {problem.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)


def _put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, also when the power goes; takes the place of an older."""
    beside = _beside(path, content)
    try:
        beside.replace(path)
        _settle(path.parent)
    except OSError as problem:
        beside.unlink(missing_ok=True)
        raise Failed(f"{path.name} cannot be written: {problem.strerror}") from None


def _beside(path: Path, content: bytes) -> Path:
    """Write the content on the disk under a name of this process alone, in the same folder."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        beside.unlink(missing_ok=True)
        raise Failed(f"{path.name} cannot be written: {problem.strerror}") from None
    return beside


def _settle(folder: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    held = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _opened(path: Path, held: Shelf) -> Instrument:
    try:
        if path.suffix == SHEET:
            return read(Place(xlsform.read(path.read_bytes(), held.find), path.name), held.find)
        return read(opened_file(path), held.find)
    except OSError as problem:
        raise Failed(f"{path.name} cannot be read: {problem.strerror}") from None


def _shelf(data: Path | None) -> Shelf:
    return shelf_of([INSTRUMENTS, data / "instruments"]) if data else shelf()


def bring(files: Sequence[Path], *, as_json: bool) -> int:
    """Take in submissions, each once; one at fault is named and stops no other."""
    from django.conf import settings  # noqa: PLC0415 - only after the node is known

    done = [_brought(path, settings.CLOCK.now()) for path in files]
    if as_json:
        print(json.dumps(done, ensure_ascii=False))
    else:
        for one in done:
            print(one["fault"] or f"{one['file']}: {one['screening']}, {one['is']}",
                  file=sys.stderr if one["fault"] else sys.stdout)  # fmt: skip
    return 1 if any(one["fault"] for one in done) else 0


def _brought(path: Path, now: Any) -> dict[str, str]:  # noqa: ANN401
    from amana.access.rules import Refused  # noqa: PLC0415
    from amana.identification import actions, answers, queries  # noqa: PLC0415
    from amana.standards import codes  # noqa: PLC0415

    result = {"file": path.name, "screening": "", "is": "", "fault": ""}
    try:
        submission = openrosa.read(path.read_bytes(), queries.shelf().find)
        _, _, given = answers.parse(dict(submission.document))
        row, is_new = actions.receive_submission(
            submission=submission.instance_id,
            instrument=submission.instrument,
            given=given,
            now=now,
        )
    except OSError as problem:
        return result | {"fault": f"{path.name} cannot be read: {problem.strerror}"}
    except (openrosa.BadSubmission, answers.BadAnswers) as bad:
        return result | {"fault": f"{path.name}: {in_english(bad.faults, None)}"}
    except Refused as refused:
        said = "; ".join(codes.label("OBJECTION", o, "en") for o in refused.objections)
        return result | {"fault": f"{path.name}: {said}"}
    return result | {"screening": row.pk, "is": "new" if is_new else "known already"}
