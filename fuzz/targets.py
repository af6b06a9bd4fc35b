"""One function for each parser of untrusted bytes: any bytes in; out comes a reading or a refusal.

A refusal is the exception that the parser promises, and no other: whatever else escapes is a fault
and is left to escape. Nothing here needs a database.
"""

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from amana.access.passkeys import Site, registered
from amana.access.rules import Refused
from amana.crypto import age, framing, notes, phones
from amana.crypto.framing import BadFrame
from amana.crypto.notes import BadNote
from amana.crypto.secrets import CannotOpen, Secret, Seed
from amana.exchange import directory, rules
from amana.exchange.rules import Unacceptable
from amana.field import rules as field_rules
from amana.field.parts import whole
from amana.files.rules import NotAccepted, kind_of
from amana.identification import answers
from amana.identification.answers import BadAnswers
from amana.keeper import server, wire
from amana.keeper.answers import Service
from amana.keeper.rules import Limit, Policy
from amana.keeper.store import Store, lay_out
from amana.keeper.wire import BadWire
from amana.names import card
from amana.names.card import BadCard
from amana.node.assess import _reading
from amana.node.cli import Failed
from amana.referrals import bodies
from amana.referrals.bodies import is_whole
from amana.referrals.rules import OFFER
from amana.standards import instrument_file, openrosa, xlsform
from amana.standards.datafile import BadData, Place
from amana.standards.instrument import NotLoaded
from amana.standards.instruments import shelf
from amana.standards.xlsform.book import Row, opened
from amana.standards.xlsform.reading import document_in

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
TODAY = NOW.date()
# No secret of anybody: what the corpora were sealed to and signed by.
READER, ROOT = Seed(b"fuzz" * 8), Seed(b"root" * 8)
WIDE = Limit(1_000_000_000, 900)


def frame(data: bytes) -> None:
    """Take a parcel or an envelope apart."""
    for padded in (False, True):
        with suppress(BadFrame):
            framing.read(data, padded=padded)


def container(data: bytes) -> None:
    """Open an age container."""
    with suppress(CannotOpen):
        age.decrypt(READER, data)


def headers(data: bytes) -> None:
    """Read what stands around and in a message, and judge it."""
    for read in (rules.read_outer, rules.read_header, rules.read_receipt, rules.read_body):
        with suppress(Unacceptable):
            read(data)
    with suppress(Unacceptable):
        rules.check_outer(rules.read_outer(data), own_country="MA", now=NOW)
    with suppress(Unacceptable):
        header = rules.read_header(data)
        rules.check_times(header, now=NOW)
        rules.check_order(header, applied=1)


def body(data: bytes) -> None:
    """Read what a message of each kind says."""
    with suppress(Unacceptable):
        said = rules.read_body(data)
        for kind in bodies.NEEDED:
            if is_whole(kind, said) and kind == OFFER:
                bodies.tier_of(said["cover"])


def published(data: bytes) -> None:
    """Open a directory that nobody signed, and the same words signed by a pinned root."""
    with suppress(Unacceptable):
        directory.open_directory(data, pinned=_pinned(), now=NOW)
    with suppress(Unacceptable):
        directory.fingerprint_in(data)
    with suppress(Unacceptable):
        directory._read(data.decode(errors="replace"))  # noqa: SLF001 - behind the signature


@cache
def _pinned() -> str:
    return directory.fingerprint_in(directory.sign_directory({}, ROOT))


def note(data: bytes) -> None:
    """Read what logs and witnesses say to each other."""
    readers: tuple[Callable[[bytes], object], ...] = (
        notes.read_note,
        notes.read_lines,
        notes.read_request,
        notes.read_proof,
        notes.read_size,
        lambda text: notes.read_checkpoint(text.decode(errors="replace")),
        lambda text: notes.read_key(text.decode(errors="replace")),
    )
    for read in readers:
        with suppress(BadNote):
            read(data)


def keeper_line(data: bytes) -> None:
    """Ask the keeper anything: it answers, and never raises."""
    with suppress(BadWire):
        answered = server.answer(_service(), wire.parse(data), NOW)
        if set(answered) not in ({"ok"}, {"refused"}):
            raise AssertionError("an answer that is none")


@cache
def _service() -> Service:
    folder = Path(tempfile.mkdtemp(prefix="amana-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    lay_out(
        folder / "keeper",
        Policy(is_demo=True, stretch_account=WIDE, stretch_all=WIDE, open_account=WIDE),
        listen="socket",
        now=NOW,
    )
    return Service(Store(folder / "keeper"))


def search_card(data: bytes) -> None:
    """Unpack a search card."""
    with suppress(BadCard):
        card.unpacked(data)


def kind_of_file(data: bytes) -> None:
    """Name the kind of an uploaded file."""
    with suppress(NotAccepted):
        kind_of(data)


def facts(data: bytes) -> None:
    """Read facts as `amana assess` does."""
    with suppress(ValueError, RecursionError, Failed):
        given = json.loads(data)
        _judged(given)


def _judged(given: Any) -> None:  # noqa: ANN401 - whatever JSON holds
    # A ValueError of the rules themselves would be a fault; only that of the JSON is a refusal.
    try:
        with suppress(Failed):
            _reading(given, "", TODAY)
    except ValueError as problem:
        raise AssertionError("the rules let a ValueError out") from problem


def answer_sheet(data: bytes) -> None:
    """Read the answers to the longest instrument, as every way in does."""
    with suppress(ValueError, RecursionError):
        given = json.loads(data)
        with suppress(BadAnswers):
            name, version, told = answers.parse(given)
            with suppress(NotLoaded):
                answers.checked(shelf().find(name, version), told, TODAY)


def instrument(data: bytes) -> None:
    """Read the file of an instrument."""
    with suppress(ValueError, RecursionError):
        document = json.loads(data)
        with suppress(BadData):
            instrument_file.read(Place(document, "x"), shelf().find)


def xlsform_sheet(data: bytes) -> None:
    """Read a workbook that a Kobo team sends back."""
    with suppress(BadData):
        xlsform.read(data, shelf().find)


def xlsform_cells(data: bytes) -> None:
    """Read the sheets of an honest workbook in which cells were edited, added and struck out.

    A line is one edit, `sheet|row|column|text`, counted from nought and round; without a text the
    row goes. Bytes of a workbook are a zip, of which a fuzzer hardly leaves anything to be read.
    """
    book = {name: list(rows) for name, rows in _workbook().items()}
    for line in data.decode(errors="replace").split("\n"):
        _edit(book, line.split("|", 3))
    with suppress(BadData):
        document_in(book, shelf().find)


@cache
def _workbook() -> dict[str, list[Row]]:
    return opened(xlsform.export(shelf().find("ilo-forced-labour")))


def _edit(book: dict[str, list[Row]], given: list[str]) -> None:
    if len(given) not in (3, 4) or not all(n.isdecimal() and len(n) < 9 for n in given[:3]):
        return
    sheet, row, column = (int(n) for n in given[:3])
    rows = book[sorted(book)[sheet % len(book)]]
    if not rows:
        return
    at = rows[row % len(rows)]
    if len(given) == 3:
        rows.remove(at)
        return
    headers = sorted(at.columns)
    cells = {**at.cells, headers[column % len(headers)]: given[3]}
    rows[row % len(rows)] = replace(at, cells={k: v for k, v in cells.items() if v})


def submission(data: bytes) -> None:
    """Read an OpenRosa submission."""
    with suppress(openrosa.BadSubmission):
        openrosa.read(data, shelf().find)


def passkey(data: bytes) -> None:
    """Take what a browser says of a passkey that it made."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return
    site = Site("ma.localhost", "https://ma.localhost", "Amana", Secret(b"site" * 8))
    with suppress(Refused):
        registered(site, answer, "a" * 32, NOW)


DEVICE = "d0" * 16


def phone_parcel(data: bytes) -> None:
    """Take what a phone sends, or what enrols one."""
    public = phones.sign_public_of(READER)
    with suppress(field_rules.BadRequest):
        field_rules.read_enrolment(data)
    try:
        device, items = field_rules.read_parcel(data, field_rules.MOST_ITEMS)
    except field_rules.BadRequest:
        return
    for raw in items:
        field_rules.name_of(raw)
        found = field_rules.read_item(raw)
        if isinstance(found, field_rules.Item):
            field_rules.judge(found, device=device, public=public, team="care")
            with suppress(CannotOpen):
                phones.open_from_phone(READER, found.body, found.info)


def phone_content(data: bytes) -> None:
    """Read what a phone sealed, beside what another phone sealed of the same person."""
    try:
        content = field_rules.read_content(data, DEVICE, 1)
    except field_rules.Unreadable:
        return
    part = {**content, "record": DEVICE, "seq": 1, "account": ""}
    answers_ = {"minor": "no", "q04": ["false_promise"]}
    other = {**part, "seq": 2, "answers": answers_, "started": {}}
    for parts in ({"a": part}, {"a": part, "b": other}):
        joined = whole(parts, {})
        given = answers.Given(*(joined.content[k] for k in ("answers", "words", "skipped")))
        answers.faults_in(shelf().find("rapid-screening"), given, TODAY)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "frame": frame,
    "container": container,
    "headers": headers,
    "body": body,
    "published": published,
    "note": note,
    "keeper_line": keeper_line,
    "search_card": search_card,
    "kind_of_file": kind_of_file,
    "facts": facts,
    "answer_sheet": answer_sheet,
    "instrument": instrument,
    "xlsform_sheet": xlsform_sheet,
    "xlsform_cells": xlsform_cells,
    "submission": submission,
    "passkey": passkey,
    "phone_parcel": phone_parcel,
    "phone_content": phone_content,
}
