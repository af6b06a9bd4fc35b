"""A file that a stranger made, written anew: nothing of it comes back but what is to be seen."""

import json
import signal
import struct
import subprocess
import sys
from pathlib import Path
from threading import Timer

from amana.files.rules import (
    LARGEST,
    LARGEST_CLEAN,
    SECONDS,
    Cleaned,
    Kind,
    NotAccepted,
    Reason,
    is_whole,
    kind_of,
)

ROOT = Path(__file__).resolve().parents[2]
# With -I neither the environment nor the folder the node was started in adds code to the worker.
START = "import sys; sys.path.insert(0, sys.argv[1]); from amana.files.jail import work; work()"
CANNOT_CONFINE = 70
# How a worker ends that used more than its share of time: by our clock, or by the kernel's.
KILLED = (-signal.SIGKILL, -signal.SIGXCPU)


class NotConfined(RuntimeError):
    """The kernel did not close the worker in, so nothing was cleaned: a fault of the node."""


def clean(data: bytes, *, seconds: float = SECONDS) -> Cleaned:
    """Return a safe copy of a file; raises NotAccepted with the one reason against it.

    Takes up to `seconds` of wall clock; a new process each time, so that no file meets another.
    """
    if len(data) > LARGEST:
        raise NotAccepted(Reason.TOO_LARGE)
    kind = kind_of(data)
    if not is_whole(kind, data):
        raise NotAccepted(Reason.DAMAGED)
    return _answer(kind, _worked(kind, data, seconds))


def _worked(kind: Kind, data: bytes, seconds: float) -> bytes:
    """Return what the worker wrote, which is believed in nothing but its bytes."""
    worker = subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
        [sys.executable, "-I", "-c", START, str(ROOT), kind.value],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # No password or address of this node's environment is worth reading there.
        env={},
        cwd="/",
    )
    end = Timer(seconds, worker.kill)
    end.start()
    try:
        with worker:
            answer = _exchanged(worker, data)
            if len(answer) > LARGEST_CLEAN:
                worker.kill()
    finally:
        end.cancel()
    if len(answer) > LARGEST_CLEAN:
        raise NotAccepted(Reason.TOO_LARGE)
    return _ended_well(worker.returncode, answer)


def _ended_well(code: int, answer: bytes) -> bytes:
    if code == CANNOT_CONFINE:
        raise NotConfined
    if code in KILLED:
        raise NotAccepted(Reason.TOOK_TOO_LONG)
    if code:
        # Whatever a decoder fell over: for the person who handed it in, the file is damaged.
        raise NotAccepted(Reason.DAMAGED)
    return answer


def _exchanged(worker: "subprocess.Popen[bytes]", data: bytes) -> bytes:
    """Hand the file in and read the answer; a worker that died early has none."""
    if worker.stdin is None or worker.stdout is None:
        raise ValueError("A worker is spoken to through its pipes")
    try:
        worker.stdin.write(struct.pack(">Q", len(data)) + data)
        worker.stdin.close()
    except BrokenPipeError:
        return b""
    return worker.stdout.read(LARGEST_CLEAN + 1)


def _answer(kind: Kind, answer: bytes) -> Cleaned:
    """Read u32 length | JSON | content; an answer of another shape is a worker gone wrong."""
    size = int.from_bytes(answer[:4])
    try:
        said = json.loads(answer[4 : 4 + size])
        if "reason" in said:
            raise NotAccepted(Reason(said["reason"]))
        return Cleaned(kind=kind, content=answer[4 + size :], **said)
    except (ValueError, TypeError):
        raise NotAccepted(Reason.DAMAGED) from None
