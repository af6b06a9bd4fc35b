"""`amana assess`: the rules on a file or a stream, without a node.

What is read: bare facts ({"minor", "situation", "indicators"}) or a list of them, the answers to
any instrument ({"instrument", "answers", ...}), an OpenRosa submission (XML), or one of the first
two a line (FILE.jsonl, or `-` for standard input), as many as come.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from amana.identification import answers, reading
from amana.node.cli import Failed
from amana.node.clock import Clock
from amana.standards import codes, openrosa
from amana.standards.instrument import Instrument, NotLoaded
from amana.standards.instruments import shelf

# A longer line is no answer sheet: the longest interview with every word noted is a fifth of it.
LONGEST_LINE = 1024 * 1024
LANGUAGE = "en"


def run(source: str, *, as_json: bool, keep_going: bool) -> int:
    """Read what is given and print what the rules read."""
    today = Clock(None, is_demo=False).now().date()
    if source == "-" or source.endswith(".jsonl"):
        return _stream(source, today, as_json=as_json, keep_going=keep_going)
    path = Path(source).resolve()
    data = _bytes(path)
    if data.lstrip()[:1] == b"<":
        return _print([_submission(data, today)], is_list=False, as_json=as_json)
    given = _json(path, data)
    read = [_reading(one, at, today) for at, one in _numbered(given)]
    return _print(read, is_list=isinstance(given, list), as_json=as_json)


def _print(read: list[dict[str, Any]], *, is_list: bool, as_json: bool) -> int:
    if as_json:
        print(json.dumps(read if is_list else read[0], ensure_ascii=False))
        return 0
    for one in read:
        print(codes.label("CLASS", one["class"], LANGUAGE))
        for key in ("also", "rules", "fired", "noted", "contradictions"):
            print(f"  {key}: {', '.join(map(str, one[key])) or '-'}")
        for missing in one["missing"]:
            print(f"  open: {missing['question'] or ' '.join(missing['codes'])} could lead to "
                  f"{missing['outcome']}")  # fmt: skip
        print(f"  seen again: {_days(one['rescreen_in_days'])}")
    return 0


def _days(days: int | None) -> str:
    return "-" if days is None else f"in {days} days"


def _stream(source: str, today: date, *, as_json: bool, keep_going: bool) -> int:
    """Read line by line; each answer is out before the next line is read."""
    failed = 0
    for number, line in enumerate(_lines(source), start=1):
        if not line.strip():
            continue
        at = f"line {number}: "
        try:
            read = _reading(_json_line(line, at), at, today)
        except Failed as problem:
            if not keep_going:
                raise
            failed += 1
            print(f"amana: {problem}", file=sys.stderr)
            if as_json:
                print(json.dumps({"line": number, "error": str(problem)}, ensure_ascii=False))
            continue
        print(json.dumps(read, ensure_ascii=False) if as_json else _in_short(read), flush=True)
    return 1 if failed else 0


def _in_short(read: dict[str, Any]) -> str:
    return f"{read['class']}  {' '.join(read['fired'])}"


def _lines(source: str) -> Iterator[bytes]:
    """Give the lines of a stream, each counted once, holding no more than one of them.

    A line without end is cut off where no answer sheet ends, and its rest is passed over.
    """
    try:
        stream = sys.stdin.buffer if source == "-" else Path(source).open("rb")  # noqa: SIM115
    except OSError as problem:
        raise Failed(f"{source} cannot be read: {problem.strerror}") from None
    with stream:
        while line := stream.readline(LONGEST_LINE + 1):
            yield line
            while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                line = stream.readline(LONGEST_LINE + 1)


def _json_line(line: bytes, at: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    if len(line.removesuffix(b"\n")) > LONGEST_LINE:
        raise Failed(f"{at}is longer than {LONGEST_LINE} bytes; the rest of it is passed over")
    try:
        return json.loads(line)
    except UnicodeDecodeError:
        raise Failed(f"{at}is not UTF-8") from None
    except (ValueError, RecursionError) as problem:
        raise Failed(f"{at}is not JSON, or cut off: {problem}") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise Failed(f"{path} cannot be read: {problem.strerror}") from None


def _json(path: Path, data: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise Failed(f"{path} is not UTF-8; save it as UTF-8") from None
    except (ValueError, RecursionError) as problem:
        raise Failed(f"{path} is not JSON: {problem}") from None


def _numbered(given: Any) -> list[tuple[str, Any]]:  # noqa: ANN401
    if isinstance(given, list):
        return [(f"item {i}: ", facts) for i, facts in enumerate(given, start=1)]
    return [("", given)]


def _reading(given: Any, at: str, today: date) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(given, dict):
        raise Failed(
            f'{at}expected an object with "minor", "situation" and "indicators", '
            'or with "instrument" and "answers"'
        )
    return _of_answers(given, at, today) if "instrument" in given else _of_facts(given, at)


def _of_facts(given: dict[str, Any], at: str) -> dict[str, Any]:
    reader = reading.reader_of_facts()
    try:
        return reading.as_json(reading.read_facts(reading.facts_from(given, reader), reader))
    except reading.BadFacts as problem:
        raise Failed(f"{at}{problem}") from None


def _of_answers(given: dict[str, Any], at: str, today: date) -> dict[str, Any]:
    instrument = None
    try:
        name, version, told = answers.parse(given)
        instrument = shelf().find(name, version)
        answers.checked(instrument, told, today)
    except answers.BadAnswers as bad:
        raise Failed(at + in_english(bad.faults, instrument)) from None
    except NotLoaded as missing:
        raise Failed(f"{at}instrument: {missing}") from None
    return reading.as_json(reading.read_answers(instrument, told))


def _submission(data: bytes, today: date) -> dict[str, Any]:
    try:
        submission = openrosa.read(data, shelf().find)
    except openrosa.BadSubmission as bad:
        raise Failed(in_english(bad.faults, None)) from None
    return _of_answers(dict(submission.document), "", today)


def _words(fault: answers.Fault | openrosa.Fault, instrument: Instrument | None) -> str:
    """Return a fault as the command line says it: the field, then what is wrong there."""
    checks = instrument.checks if instrument else ()
    words = next((c.words.en for c in checks if c.code == fault.code), "")
    if not words and fault.code in codes.values("ANSWER_FAULT"):
        words = codes.label("ANSWER_FAULT", fault.code, LANGUAGE)
    return f"{fault.field}: {words.format_map(_Kept(fault.values)) or fault.code}"


class _Kept(dict[str, str]):
    """What was found, for the words; what no fault names is left out."""

    def __missing__(self, key: str) -> str:
        return ""


def in_english(
    faults: Iterable[answers.Fault | openrosa.Fault], instrument: Instrument | None
) -> str:
    """Return all faults of one submission in one line."""
    return "; ".join(_words(fault, instrument) for fault in faults)
