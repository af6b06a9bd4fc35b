"""Carrying bytes to the other node. Knows nothing of what they say, trusts nobody on the way.

It is the only part of a node that opens a connection outwards, and only to what a signed directory
names. The name is resolved once and the very address that was checked is the one that is called,
so no second answer of a resolver leads anywhere else.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from urllib.parse import SplitResult, urlsplit

TIMEOUT = 20.0  # seconds for one step: to connect, to send, to hear the next byte
LONGEST = 60.0  # seconds for all of it: a node that answers byte by byte is no answer
LARGEST_ANSWER = 256 * 1024
PORTS = {"http": 80, "https": 443}
# Prefixes behind which another address stands written out: NAT64 and IPv4-compatible.
HIDING = tuple(ipaddress.IPv6Network(n) for n in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotCarried(Exception):
    """The other node was not reached, or its answer did not arrive whole."""


@dataclass(frozen=True)
class Answer:
    """What the other node said: its status and its bytes."""

    status: int
    body: bytes


def carry(*, url: str, host: str, sender: str, parcel: bytes) -> Answer:
    """Post one parcel and return the answer; raises NotCarried for anything short of one.

    `url` comes from a signed directory, never from a message. An address inside a network
    (private, of this machine, of the line, of a cloud's own services) is refused, and no redirect
    is followed.
    """
    return _carried(url, host, sender, parcel, is_public)


def carry_nearby(*, url: str, host: str, sender: str, parcel: bytes) -> Answer:
    """Do the same between the nodes of a demo: they all stand on this machine."""
    return _carried(url, host, sender, parcel, lambda ip: ip.is_loopback)


def is_public(ip: Ip) -> bool:
    """Say whether an address is one of the public Internet, also under what it is written as."""
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if inner is not None or any(ip in network for network in HIDING):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _carried(
    url: str, host: str, sender: str, parcel: bytes, is_allowed: Callable[[Ip], bool]
) -> Answer:
    headers = {
        "Host": host,
        "Content-Type": "application/octet-stream",
        "Amana-Node": sender,
    }
    try:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "")
        with _connected(parts, is_allowed) as line:
            end = Timer(LONGEST, _cut, [line])
            end.start()
            try:
                connection.sock = line
                connection.request("POST", parts.path, body=parcel, headers=headers)
                return _whole(connection.getresponse())
            finally:
                end.cancel()
                connection.close()
    except (OSError, ValueError, http.client.HTTPException) as problem:
        raise NotCarried(type(problem).__name__) from problem


def _connected(parts: SplitResult, is_allowed: Callable[[Ip], bool]) -> socket.socket:
    """Return a line to the one address that was checked; the name is not asked for again."""
    if parts.scheme not in PORTS or not parts.hostname:
        raise NotCarried("no address of a node")
    port = parts.port or PORTS[parts.scheme]
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(where[0]) for *_, where in found]
    # One forbidden address among others is no accident of a resolver.
    if not addresses or not all(is_allowed(ipaddress.ip_address(a)) for a in addresses):
        raise NotCarried("forbidden address")
    line = socket.create_connection((addresses[0], port), timeout=TIMEOUT)
    if parts.scheme == "http":
        return line
    try:
        # The certificate is that of the name in the directory, whatever the address.
        return ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname)
    except BaseException:
        line.close()
        raise


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _whole(answer: http.client.HTTPResponse) -> Answer:
    """Return an answer that came to its end within its size."""
    if 300 <= answer.status < 400:
        raise NotCarried("redirected")
    if answer.length is None and not answer.chunked:
        raise NotCarried("an answer without a length")
    body = answer.read(LARGEST_ANSWER + 1)
    if len(body) > LARGEST_ANSWER:
        raise NotCarried("too long an answer")
    if answer.length:
        raise NotCarried("the answer broke off")
    return Answer(answer.status, body)
