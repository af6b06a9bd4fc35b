"""Asking the search process."""

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from amana.keeper import wire
from amana.keeper.client import KeeperGone
from amana.search.rules import Asked
from amana.search.server import SOCKET

TIMEOUT = 20.0
# Leaving waits for nothing: what is not forgotten now is in ten seconds.
FORGET_TIMEOUT = 0.5


class SearchGone(Exception):
    """The search process does not answer; everything else goes on without it."""


def find(folder: Path, cookie: bytes, question: Asked) -> list[str]:
    """Return the codes of the cases that may be meant, best first, for a live session."""
    fields = {
        "name": question.name,
        "birth_year": question.birth_year,
        "town": question.town,
        "sex": question.sex,
    }
    answered = _ask(folder, {"do": "find", "cookie": cookie, "question": fields})
    if answered.get("refused") == "KEEPER_GONE":
        raise KeeperGone("search")
    return list(answered.get("ok", []))


def forget(folder: Path, session_id: str) -> None:
    """Let the process forget a session's cards now and not in ten seconds."""
    with suppress(SearchGone):
        _ask(folder, {"do": "forget", "session": session_id}, timeout=FORGET_TIMEOUT)


def _ask(folder: Path, request: dict[str, Any], *, timeout: float = TIMEOUT) -> dict[str, Any]:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(timeout)
                line.connect(f"/proc/self/fd/{descriptor}/{SOCKET}")
                with line.makefile("rwb") as stream:
                    wire.write(stream, request)
                    answered = wire.read(stream)
        finally:
            os.close(descriptor)
    except (OSError, wire.BadWire) as problem:
        raise SearchGone from problem
    if not isinstance(answered, dict):
        raise SearchGone
    return answered
