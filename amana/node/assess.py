"""`amana assess`: the rules on a file or a stream, without a node.

It reads bare facts (the signs found), answers to an instrument, or an OpenRosa submission.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from amana.identification import answers, reading
from amana.node.cli import Failed
from amana.node.clock import Clock
from amana.node.instruments import shelf_at
from amana.standards import codes, openrosa
from amana.standards.instrument import NotLoaded
from amana.standards.instruments import Shelf

STDIN = "-"
# One screening is a few thousand characters; a longer line is none, and must not fill the memory.
LONGEST_LINE = openrosa.LARGEST


class Unread(Failed):
    """Something that could not be read: what to tell, and each fault for programs."""

    def __init__(self, told: str, faults: list[dict[str, Any]]) -> None:
        super().__init__(told)
        self.faults = faults


def run(path: str, *, data: Path | None, as_json: bool, keep_going: bool) -> int:
    """Read what a file or the standard input holds, and print what the rules read."""
    shelf = shelf_at(data)
    if path == STDIN:
        return _stream(sys.stdin.buffer, shelf, as_json=as_json, keep_going=keep_going)
    try:
        with Path(path).open("rb") as file:
            if path.endswith(".jsonl"):
                return _stream(file, shelf, as_json=as_json, keep_going=keep_going)
            content = file.read()
    except OSError as problem:
        raise Failed(f"{path} cannot be read: {problem.strerror}") from None
    if path.endswith(".xml"):
        read = _submission(content, shelf)
        _print([read], as_list=False, as_json=as_json)
        return 0
    given = _given(path, content)
    readings = [_reading(one, at, shelf) for at, one in _numbered(given)]
    _print(readings, as_list=isinstance(given, list), as_json=as_json)
    return 0


def _print(readings: list[dict[str, Any]], *, as_list: bool, as_json: bool) -> None:
    if as_json:
        print(json.dumps(readings if as_list else readings[0], ensure_ascii=False))
        return
    for read in readings:
        print(codes.label("CLASS", read["class"], "en"))
        if read["primary"] != read["class"]:
            print(f"  outcome: {read['primary']}")
        for key in ("also", "rules", "fired", "noted"):
            print(f"  {key}: {', '.join(map(str, read[key])) or '-'}")


def _given(path: str, content: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise Failed(f"{path} is not UTF-8; save it as UTF-8") from None
    except (ValueError, RecursionError) as problem:
        raise Failed(f"{path} is not JSON: {problem}") from None


def _numbered(given: Any) -> list[tuple[str, Any]]:  # noqa: ANN401
    if isinstance(given, list):
        return [(f"item {i}: ", one) for i, one in enumerate(given, start=1)]
    return [("", given)]


# One screening.


def _reading(given: Any, at: str, shelf: Shelf) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(given, dict):
        told = 'expected an object with "minor", "situation" and "indicators"'
        raise Unread(f"{at}{told}", [_fault("", "WRONG_KIND")])
    if "instrument" in given:
        return _reading_of_answers(given, at, shelf)
    reader = reading.reader_of_facts()
    try:
        facts = reading.facts_from(given, reader)
    except reading.BadFacts as problem:
        raise Unread(f"{at}{problem}", [_fault(problem.field, str(problem))]) from None
    return reading.as_json(reading.read_facts(facts, reader))


def _reading_of_answers(document: Mapping[str, Any], at: str, shelf: Shelf) -> dict[str, Any]:
    try:
        name, version, given = answers.parse(document)
        instrument = shelf.find(name, version)
        today = Clock(None, is_demo=False).now().date()
        given = answers.checked(instrument, given, today)
    except NotLoaded as missing:
        fault = _fault(
            "instrument", "FROM_THE_FUTURE" if missing.is_newer else "UNKNOWN_INSTRUMENT"
        )
        raise Unread(f"{at}instrument: {missing}", [fault]) from None
    except answers.BadAnswers as bad:
        raise _unread(at, bad.faults) from None
    return reading.as_json(reading.read_answers(instrument, given))


def _submission(content: bytes, shelf: Shelf) -> dict[str, Any]:
    try:
        submission = openrosa.read(content, shelf.find)
    except openrosa.BadSubmission as bad:
        raise _unread("", bad.faults) from None
    return _reading_of_answers(submission.document, "", shelf)


def _unread(at: str, faults: tuple[answers.Fault, ...] | tuple[openrosa.Fault, ...]) -> Unread:
    return Unread(at + told_of(faults), [_fault(f.field, f.code, f.values) for f in faults])


def told_of(faults: tuple[answers.Fault, ...] | tuple[openrosa.Fault, ...]) -> str:
    """Return faults in words, each with its field."""
    told = [(f.field, openrosa.fault_words(f.code, f.values).en) for f in faults]
    return " ".join(f"{field}: {words}" if field else words for field, words in told)


def _fault(field: str, code: str, values: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {"field": field, "code": code, "values": dict(values or {})}


# A stream: one screening a line, and never more than one in memory.


def _stream(source: BinaryIO, shelf: Shelf, *, as_json: bool, keep_going: bool) -> int:
    """Answer each line with a line; a bad one is named by its number and field."""
    n_bad = 0
    for number, line in enumerate(_lines(source), start=1):
        if line is not None and not line.strip():
            continue
        try:
            read = _line(line, f"line {number}: ", shelf)
        except Unread as problem:
            n_bad += 1
            if not keep_going:
                raise
            print(f"amana: {problem}", file=sys.stderr)
            if as_json:
                print(json.dumps({"line": number, "faults": problem.faults}, ensure_ascii=False))
            continue
        _print([read], as_list=False, as_json=as_json)
    return 1 if n_bad else 0


def _lines(source: BinaryIO) -> Iterator[bytes | None]:
    """Give each line, None for one too long to be a screening."""
    while line := source.readline(LONGEST_LINE + 1):
        if len(line) <= LONGEST_LINE:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = source.readline(LONGEST_LINE + 1)
        yield None


def _line(line: bytes | None, at: str, shelf: Shelf) -> dict[str, Any]:
    if line is None:
        raise Unread(f"{at}is too long for a screening", [_fault("", "TOO_LARGE")])
    try:
        given = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise Unread(f"{at}is not JSON: {problem}", [_fault("", "NOT_JSON")]) from None
    return _reading(given, at, shelf)
