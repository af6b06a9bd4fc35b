"""Whoever takes the worker over through a decoder holds one file and two pipes."""

import os
import subprocess
import sys

import pytest

from amana.files import clean as cleaning
from amana.files.clean import CANNOT_CONFINE, ROOT, NotConfined, clean
from amana.files.rules import NotAccepted, Reason
from amana.files.tests.samples import jpeg

# A worker that was taken over, in the very words that follow confinement.
TAKEN_OVER = """
import os, socket, subprocess, sys, ctypes, signal
sys.path.insert(0, sys.argv[1])
from amana.files import jail
libc = ctypes.CDLL(None)
{before}
jail.confine()
try:
    {act}
except (OSError, MemoryError, ValueError) as refusal:
    os.write(1, type(refusal).__name__.encode())
    os._exit(0)
os.write(1, b"done")
os._exit(0)
"""


def attempt(act: str, before: str = "") -> str:
    """Return what became of an act inside the jail: `done`, or the error it met."""
    code = TAKEN_OVER.format(act=act, before=before)
    run = subprocess.run(
        [sys.executable, "-I", "-c", code, str(ROOT)], capture_output=True, check=False, timeout=60
    )
    return run.stdout.decode()


@pytest.mark.parametrize(
    "act",
    [
        "open('/etc/passwd')",
        "open('/tmp/left', 'w')",
        "os.listdir('/')",
        "os.stat('/etc')",
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "os.fork()",
        "os.execv('/bin/sh', ['sh'])",
        "os.kill(os.getppid(), 0)",
        "os.unlink('/tmp/left')",
        "os.pipe()",
        "os.memfd_create('x')",
        "os.setuid(0)",
        "os.environ.__class__ and os.readlink('/proc/self/exe')",
    ],
)
def test_the_worker_reaches_nothing_outside_itself(act: str) -> None:
    assert attempt(act) == "PermissionError"


@pytest.mark.parametrize("call", ["ptrace", "mount", "unshare", "io_uring_setup", "bpf", "keyctl"])
def test_the_worker_asks_the_kernel_for_nothing_unusual(call: str) -> None:
    numbers = {"ptrace": 101, "mount": 165, "unshare": 272, "io_uring_setup": 425}
    number = {**numbers, "bpf": 321, "keyctl": 250}[call]
    act = f"os.write(1, b'refused' if libc.syscall({number}, 0, 0, 0, 0) == -1 else b'granted')"

    assert attempt(act) == "refuseddone"


def test_what_is_refused_inside_is_granted_outside() -> None:
    assert attempt("pass", before="open('/etc/passwd').close(); socket.socket().close()") == "done"


def test_the_worker_has_a_share_of_memory() -> None:
    assert attempt("bytearray(4 << 30)", before="jail.limit()") == "MemoryError"


def test_the_worker_is_given_nothing_of_the_node_s_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://node:secret@db/amana")
    # Python itself names a locale where none is set.
    knows = "import os; os._exit(3 if set(os.environ) - {'LC_CTYPE'} else 70)"
    monkeypatch.setattr(cleaning, "START", knows)

    with pytest.raises(NotConfined):
        clean(jpeg())


def test_without_confinement_nothing_is_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    loosened = cleaning.START.replace(
        "work()", "import platform; platform.machine = lambda: 'other'; work()"
    )
    monkeypatch.setattr(cleaning, "START", loosened)

    with pytest.raises(NotConfined):
        clean(jpeg())


@pytest.mark.parametrize(
    ("worker", "reason"),
    [
        ("import os; os.write(1, bytes(4) + b'{}')", Reason.DAMAGED),
        ("import os; os.write(1, b'\\xff' * 64)", Reason.DAMAGED),
        ('import os; os.write(1, b\'\\0\\0\\0\\x12{"reason": "OTHER"}\')', Reason.DAMAGED),
        ("import os; os.write(1, b'\\0\\0\\0\\x0b{\"evil\": 1}x')", Reason.DAMAGED),
        ("import os; os.abort()", Reason.DAMAGED),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", Reason.TOOK_TOO_LONG),
        ("import os; b = bytes(1 << 20)\nwhile True: os.write(1, b)", Reason.TOO_LARGE),
    ],
)
def test_a_worker_that_was_taken_over_is_believed_in_nothing(
    monkeypatch: pytest.MonkeyPatch, worker: str, reason: Reason
) -> None:
    monkeypatch.setattr(cleaning, "START", "import sys; sys.stdin.buffer.read()\n" + worker)

    with pytest.raises(NotAccepted) as refusal:
        clean(jpeg())

    assert refusal.value.reason is reason


def test_no_worker_outlives_its_file() -> None:
    before = _children()

    clean(jpeg())

    assert _children() == before
    assert CANNOT_CONFINE


def _children() -> str:
    listed = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="],
        capture_output=True,
        text=True,
        check=False,
    )
    return "\n".join(line for line in listed.stdout.splitlines() if "amana.files" in line)
