"""`amana assess`: the rules on a file, without a node."""

import json
from pathlib import Path
from typing import Any

from amana.identification import rules
from amana.node.cli import Failed
from amana.standards import catalogue, codes


def run(path: Path, *, as_json: bool) -> int:
    """Read one set of facts, or a list of them, and print what the rules read."""
    given = _given(path)
    readings = [_reading(facts, at) for at, facts in _numbered(given)]
    if as_json:
        print(json.dumps(readings if isinstance(given, list) else readings[0], ensure_ascii=False))
        return 0
    for reading in readings:
        print(codes.label("CLASS", reading["primary"], "en"))
        for key in ("also", "rules", "fired", "noted"):
            print(f"  {key}: {', '.join(map(str, reading[key])) or '-'}")
    return 0


def _given(path: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise Failed(f"{path} cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise Failed(f"{path} is not UTF-8; save it as UTF-8") from None
    except ValueError as problem:
        raise Failed(f"{path} is not JSON: {problem}") from None


def _numbered(given: Any) -> list[tuple[str, Any]]:  # noqa: ANN401
    if isinstance(given, list):
        return [(f"item {i}: ", facts) for i, facts in enumerate(given, start=1)]
    return [("", given)]


def _reading(facts: Any, at: str) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(facts, dict):
        raise Failed(f'{at}expected an object with "minor", "situation" and "indicators"')
    try:
        read = rules.reading(rules.facts_from(facts), catalogue.load())
    except rules.BadFacts as problem:
        raise Failed(f"{at}{problem}") from None
    return dict(rules.as_json(read))
