"""Carrying bytes to the other node. Knows nothing of what they say, trusts nobody on the way."""

import http.client
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT = 20.0
LARGEST_ANSWER = 64 * 1024


class NotCarried(Exception):
    """The other node was not reached, or its answer did not arrive whole."""


@dataclass(frozen=True)
class Answer:
    """What the other node said: its status and its bytes."""

    status: int
    body: bytes


def carry(*, url: str, host: str, sender: str, parcel: bytes) -> Answer:
    """Post one parcel and return the answer; raises NotCarried for anything short of one.

    `url` comes from a signed directory, never from a message. No redirect is followed.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
    headers = {
        "Host": host,
        "Content-Type": "application/octet-stream",
        "Amana-Node": sender,
    }
    try:
        connection.request("POST", parts.path, body=parcel, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(LARGEST_ANSWER))
    except (OSError, socket.gaierror, http.client.HTTPException) as problem:
        raise NotCarried(type(problem).__name__) from problem
    finally:
        connection.close()
