"""The worker in which a stranger's file is opened: one file, then it ends.

Before the first byte is decoded, the process gives up files, processes and the network (a list of
the few system calls that decoding needs; all others fail), memory beyond a share, and core dumps.
Whoever takes it over through a decoder holds one file and two pipes.
"""

import ctypes
import json
import os
import platform
import resource
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from amana.files.clean import CANNOT_CONFINE
from amana.files.rules import IMAGES, LARGEST, SECONDS, Kind, NotAccepted, Reason

MEMORY = 1536 * 1024 * 1024

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
SIGKILL = 9
SECCOMP_SET_MODE_FILTER, TO_ALL_THREADS = 1, 1

# What a decoder calls once its code is loaded: memory, its three pipes, threads' locks, the end.
# Each machine: its name to the kernel, the number of seccomp itself, and the numbers allowed.
MACHINES = {
    "x86_64": (
        0xC000003E,
        317,
        # read write close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask
        # rt_sigreturn mremap madvise exit getrusage sigaltstack gettid futex sched_getaffinity
        # clock_gettime exit_group getrandom
        (
            *(0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 25, 28),
            *(60, 98, 131, 186, 202, 204, 228, 231, 318),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        277,
        (
            *(63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 216, 233),
            *(93, 165, 132, 178, 98, 123, 113, 94, 278),
        ),
    ),
}
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000  # REFUSE answers "not permitted"


class _Program(ctypes.Structure):
    """A filter as the kernel takes it: how many steps, and where they lie."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def work() -> None:
    """Read one file from stdin and write its clean copy, or the reason why not, to stdout."""
    kind = Kind(sys.argv[2])
    cleaner = _cleaner(kind)
    limit()
    data = _read(sys.stdin.buffer)
    try:
        confine()
    except OSError:
        sys.exit(CANNOT_CONFINE)
    try:
        said, content = cleaner(kind, data)
    except NotAccepted as refused:
        said, content = {"reason": refused.reason.value}, b""
    header = json.dumps(said).encode()
    os.write(1, struct.pack(">I", len(header)) + header)
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
    # What the libraries would still tidy up needs calls that are no longer theirs.
    os._exit(0)


def _cleaner(kind: Kind) -> Callable[[Kind, bytes], tuple[dict[str, Any], bytes]]:
    """Return what cleans this kind, with all its code loaded: later no file opens any more."""
    if kind in IMAGES:
        from amana.files.image import clean_image  # noqa: PLC0415

        return clean_image
    if kind is Kind.PDF:
        from amana.files.paper import clean_paper  # noqa: PLC0415

        return clean_paper
    from amana.files.sound import clean_sound  # noqa: PLC0415

    return clean_sound


def _read(stream: BinaryIO) -> bytes:
    """Return the file; a sender that says another length than it sends is not worked for."""
    size = int.from_bytes(stream.read(8))
    data = stream.read(min(size, LARGEST) + 1)
    if len(data) != size:
        raise NotAccepted(Reason.DAMAGED)
    return data


def limit() -> None:
    """Take a share of memory and time, and nothing that reaches a disk."""
    for what, most in (
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def confine() -> None:
    """Keep the few system calls that decoding needs; raises OSError where the kernel will not."""
    if platform.system() != "Linux" or platform.machine() not in MACHINES:
        raise OSError("No filter is known for this machine")
    libc = ctypes.CDLL(None, use_errno=True)
    for what, value in (
        (PR_SET_PDEATHSIG, SIGKILL),
        (PR_SET_DUMPABLE, 0),
        (PR_SET_NO_NEW_PRIVS, 1),
    ):
        _or_fail(libc.prctl(what, value, 0, 0, 0))
    machine, seccomp, allowed = MACHINES[platform.machine()]
    steps = _steps(machine, allowed)
    held = ctypes.create_string_buffer(steps, len(steps))
    program = _Program(len(steps) // 8, ctypes.addressof(held))
    _or_fail(libc.syscall(seccomp, SECCOMP_SET_MODE_FILTER, TO_ALL_THREADS, ctypes.byref(program)))


def _or_fail(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), "The kernel did not confine the worker")


def _steps(machine: int, allowed: tuple[int, ...]) -> bytes:
    """Return the filter: another machine's calls end the process, unlisted ones fail."""
    steps = [(LOAD, 0, 0, 4), (JUMP_IF_EQUAL, 1, 0, machine), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    for number in allowed:
        steps += [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    steps.append((RETURN, 0, 0, REFUSE))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
