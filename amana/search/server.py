"""The search process: a local socket, one question after another."""

import contextlib
import gc
import os
import socketserver
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection

from amana.access.rules import NotFound
from amana.keeper import wire
from amana.keeper.client import KeeperGone
from amana.search.holder import Holder
from amana.search.rules import LOOK_AROUND, asked

SOCKET = "search.socket"


def answer(holder: Holder, request: Any, now: datetime) -> dict[str, Any]:  # noqa: ANN401
    """Answer one question. Never raises: a refusal is an answer too, and never says why."""
    try:
        if request["do"] == "forget":
            holder.forget(str(request["session"]))
            return {"ok": []}
        if request["do"] == "find" and isinstance(request["cookie"], bytes):
            return {"ok": holder.find(request["cookie"], asked(request["question"]), now)}
    except KeeperGone:
        return {"refused": "KEEPER_GONE"}
    except (NotFound, KeyError, TypeError, ValueError):
        pass
    except DatabaseError:
        # A line to the database that broke is opened anew with the next question.
        connection.close()
    return {"refused": "NO"}


def serve(folder: Path, clock: Callable[[], datetime]) -> None:
    """Answer until told to stop. The socket lies in `folder`, for this user alone."""
    holder = Holder()
    # Opened cards are many small things without a circle; looking for circles in them costs more
    # than opening them.
    gc.set_threshold(500_000, 50, 100)

    class Handler(socketserver.StreamRequestHandler):
        # One asks after another; who opens a line and says nothing must not hold up the next.
        timeout = 5

        def handle(self) -> None:
            with contextlib.suppress(OSError, wire.BadWire):
                while (request := wire.read(self.rfile)) is not None:
                    wire.write(self.wfile, answer(holder, request, clock()))

    descriptor = os.open(folder, os.O_RDONLY)
    with contextlib.suppress(FileNotFoundError):
        (folder / SOCKET).unlink()
    server = _Server(f"/proc/self/fd/{descriptor}/{SOCKET}", Handler)
    (folder / SOCKET).chmod(0o600)
    _look_around(holder, clock)
    with server:
        server.serve_forever(poll_interval=0.2)


def _look_around(holder: Holder, clock: Callable[[], datetime]) -> None:
    """Let go of ended sessions every ten seconds, in one thread with a line of its own."""

    def again_and_again() -> None:
        while True:
            time.sleep(LOOK_AROUND.total_seconds())
            try:
                holder.look_around(clock())
            except DatabaseError:  # busy, or gone for a moment: asked anew in ten seconds
                connection.close()

    threading.Thread(target=again_and_again, daemon=True).start()


class _Server(socketserver.UnixStreamServer):
    """One thread, so that its lines to the database and to the keeper stay open."""

    request_queue_size = 64
