"""Two countries on two hosts: a network namespace each, and one cable between them.

In its namespace a node has a loopback of its own and the cable, nothing else; so what reaches the
other country went through the line (`tests.faults.proxy`) at the end of the cable, or not at all.
Every process of a country is started inside: `inside` moves the thread that starts it, and children
are born where their parent is. Needs root and the program `ip`.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

CLONE_NEWNET = 0x40000000
PORT = 7000
# Of the addresses that stand for no host anywhere (RFC 5737).
ADDRESSES = ("192.0.2.1", "192.0.2.2")


@dataclass
class Cable:
    """Two namespaces by the names of their countries, and the two ends of what joins them."""

    countries: tuple[str, str]
    names: dict[str, str] = field(default_factory=dict)

    def lay(self) -> None:
        """Make both namespaces and lay the cable."""
        self.names = {c: f"amana-{c.lower()}-{os.getpid()}" for c in self.countries}
        for name in self.names.values():
            _ip("netns", "add", name)
        here, there = self.names.values()
        peer = ("peer", "name", "cable", "netns", there)
        _ip("link", "add", "cable", "netns", here, "type", "veth", *peer)
        for country, name in self.names.items():
            _ip("-n", name, "addr", "add", f"{self.address(country)}/24", "dev", "cable")
            _ip("-n", name, "link", "set", "lo", "up")
        self.plug()

    def take_away(self) -> None:
        """Remove it all; a namespace takes its end of the cable with it."""
        for name in self.names.values():
            _ip("netns", "del", name)
        self.names = {}

    def address(self, country: str) -> str:
        """Return where a country's end of the cable is."""
        return ADDRESSES[self.countries.index(country)]

    def pull(self) -> None:
        """Pull the cable out: what is under way on it hangs, what begins finds no way."""
        _ip("-n", self.names[self.countries[0]], "link", "set", "cable", "down")

    def plug(self) -> None:
        """Plug it in again."""
        for name in self.names.values():
            _ip("-n", name, "link", "set", "cable", "up")

    @contextlib.contextmanager
    def inside(self, country: str) -> Iterator[None]:
        """Move this thread into a country's namespace, for what it starts or asks there."""
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.names[country]}", os.O_RDONLY)
        try:
            _enter(there)
            try:
                yield
            finally:
                _enter(own)
        finally:
            os.close(own)
            os.close(there)


def is_possible() -> bool:
    """Say whether this machine lets this user lay a cable."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    trial = Cable(("here", "there"))
    try:
        trial.lay()
    except subprocess.CalledProcessError:
        return False
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            trial.take_away()
    return True


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
