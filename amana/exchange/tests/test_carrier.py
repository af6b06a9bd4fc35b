"""The only way outwards leads to the address that was checked, once, and brings back little."""

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from amana.exchange import carrier
from amana.exchange.carrier import (
    LARGEST_ANSWER,
    Answer,
    NotCarried,
    carry,
    carry_nearby,
    is_public,
)

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
PARCEL: dict[str, Any] = {"host": "ma.example", "sender": "CI", "parcel": b"sealed"}


class Peer:
    """A node that answers with given bytes to whoever calls, and keeps what it heard."""

    def __init__(self, *answers: bytes, hangs: bool = False) -> None:
        self.heard: list[bytes] = []
        self._answers, self._hangs = answers, hangs
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            self.heard.append(line.recv(65536))
            self._say(line)

    def _say(self, line: socket.socket) -> None:
        try:
            for answer in self._answers:
                line.sendall(answer)
            while self._hangs:
                line.sendall(b"x")
                threading.Event().wait(0.05)
        except OSError:
            pass
        finally:
            line.close()

    def close(self) -> None:
        self._door.close()


@contextmanager
def peer(*answers: bytes, hangs: bool = False) -> Iterator[Peer]:
    standing = Peer(*answers, hangs=hangs)
    try:
        yield standing
    finally:
        standing.close()


def resolving(*addresses: str) -> Callable[..., list[Any]]:
    """Return a resolver that gives the first address first, and each time the next."""
    waiting = list(addresses)

    def resolve(_host: object, port: object, **_: object) -> list[Any]:
        address = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in address.split()]

    return resolve


# The three networks of RFC 1918, as numbers: no tracked file names an address inside a house.
PRIVATE = [str(ipaddress.IPv4Address(n)) for n in (0x0A010203, 0xAC100001, 0xC0A80101)]
INSIDE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0"),  # noqa: S104
    *PRIVATE,
    *("169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_a_network_is_never_called(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(address))
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it was called"))

    for scheme in ("http", "https"):
        with pytest.raises(NotCarried, match="forbidden address"):
            carry(url=f"{scheme}://ma.example/exchange/messages", **PARCEL)


@pytest.mark.parametrize("address", ["8.8.8.8", "196.200.0.1", "2606:4700::1111"])
def test_an_address_of_the_internet_may_be_called(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{}/x", "http://localhost:{}/x", "http://[::1]:{}/x"]
)
def test_a_node_of_today_does_not_call_its_own_machine(url: str) -> None:
    with peer(HELLO) as other:
        with pytest.raises(NotCarried, match="forbidden address"):
            carry(url=url.format(other.port), **PARCEL)

        assert other.heard == []


@pytest.mark.parametrize(
    "address", [a for a in [*INSIDE, "8.8.8.8"] if not ipaddress.ip_address(a).is_loopback]
)
def test_the_nodes_of_a_demo_call_this_machine_and_no_other(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(address))

    with pytest.raises(NotCarried, match="forbidden address"):
        carry_nearby(url="http://ma.example/x", **PARCEL)


def test_one_forbidden_address_among_others_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(f"8.8.8.8 {PRIVATE[0]}"))

    with pytest.raises(NotCarried, match="forbidden address"):
        carry(url="http://ma.example/x", **PARCEL)


def test_a_name_that_changes_its_address_is_called_where_it_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve = resolving("127.0.0.1", PRIVATE[0])
    asked: list[object] = []

    def counted(host: object, port: object, *_: object, **__: object) -> list[Any]:
        # An address that is already one is resolved too; only names are counted.
        if host == "ma.example":
            asked.append(host)
            return resolve(host, port)
        assert host == "127.0.0.1", "the second answer was called"
        return resolving("127.0.0.1")(host, port)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    with peer(HELLO) as other:
        answer = carry_nearby(url=f"http://ma.example:{other.port}/x", **PARCEL)

    assert answer == Answer(200, b"hello")
    assert asked == ["ma.example"]


def test_the_parcel_arrives_under_the_name_of_the_directory() -> None:
    with peer(HELLO) as other:
        carry_nearby(url=f"http://127.0.0.1:{other.port}/exchange/messages", **PARCEL)

        head, body = other.heard[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /exchange/messages HTTP/1.1\r\n")
    assert b"Host: ma.example\r\n" in head
    assert b"Amana-Node: CI" in head
    assert body in (b"", b"sealed"), "it may come in a second packet"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirection_is_followed(status: int) -> None:
    with peer(HELLO) as elsewhere:
        where = f"Location: http://127.0.0.1:{elsewhere.port}/\r\n".encode()
        says = b"HTTP/1.1 %d Go\r\n%bContent-Length: 0\r\n\r\n" % (status, where)
        with peer(says) as other, pytest.raises(NotCarried, match="redirected"):
            carry_nearby(url=f"http://127.0.0.1:{other.port}/x", **PARCEL)

        assert elsewhere.heard == []


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + bytes(2 * LARGEST_ANSWER),
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(LARGEST_ANSWER + 1),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    ],
)
def test_what_is_too_long_or_not_whole_is_no_answer(says: bytes) -> None:
    with peer(says) as other, pytest.raises(NotCarried):
        carry_nearby(url=f"http://127.0.0.1:{other.port}/x", **PARCEL)


@pytest.mark.parametrize(
    "begins", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_a_node_that_answers_byte_by_byte_is_left(
    monkeypatch: pytest.MonkeyPatch, begins: bytes
) -> None:
    monkeypatch.setattr(carrier, "LONGEST", 0.4)

    with peer(begins, hangs=True) as other, pytest.raises(NotCarried):
        carry_nearby(url=f"http://127.0.0.1:{other.port}/x", **PARCEL)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ma.example",
        "ftp://ma.example/",
        "file:///etc/passwd",
        "http://[",
        "http:///x",
        "http://ma.example:99999/",
    ],
)
def test_what_is_no_address_of_a_node_is_not_called(url: str) -> None:
    with pytest.raises(NotCarried):
        carry(url=url, **PARCEL)


def test_a_name_that_nobody_knows_is_not_reached() -> None:
    with pytest.raises(NotCarried):
        carry(url="https://nowhere.invalid/x", **PARCEL)
