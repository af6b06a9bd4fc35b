"""Beside the browser: a wire that counts every byte, and a heavy app to stand beside ours."""

import base64
import contextlib
import gzip
import http.server
import random
import socket
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

# What the script of the peer weighs on the wire, packed: what others' first page weighs
# (stack.md §7: ODK Central 204 kB, the forms in it 455 more, Primero 1,764).
PEER_BYTES = 600_000
SEED = 2026


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, headers included."""

    method: str
    path: str
    status: int
    up: int
    down: int
    # Of both together.
    headers: int


@dataclass
class Wire:
    """A line to a node that passes everything on as it is and counts it."""

    port: int
    node_port: int
    carried: list[Exchange] = field(default_factory=list)

    def taken(self) -> list[Exchange]:
        """Return what passed since the last time."""
        found, self.carried[:] = list(self.carried), []
        return found


class Passing(socketserver.StreamRequestHandler):
    """One connection of the browser, passed on request by request."""

    def handle(self) -> None:
        """Pass on until one side has enough."""
        wire: Wire = self.server.wire  # type: ignore[attr-defined]
        with (
            contextlib.suppress(OSError, EOFError),
            socket.create_connection(("127.0.0.1", wire.node_port)) as line,
            line.makefile("rb") as back,
        ):
            while True:
                asked, sent = _message(self.rfile)
                line.sendall(asked + sent)
                answer, body = _message(back)
                method, path = asked.decode().split(" ", 2)[:2]
                wire.carried.append(
                    Exchange(
                        method,
                        path,
                        status=int(answer.split(b" ", 2)[1]),
                        up=len(asked + sent),
                        down=len(answer + body),
                        headers=len(asked + answer),
                    )
                )
                self.wfile.write(answer + body)


def _message(held: Any) -> tuple[bytes, bytes]:
    """Return one message of HTTP/1.1, head and body. The node says how long each one is."""
    head, length = b"", 0
    while not head.endswith(b"\r\n\r\n"):
        line = held.readline()
        if not line:
            raise EOFError
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if name.lower() == b"transfer-encoding":
            raise ValueError("a message without its length")
        head += line
    return head, held.read(length)


class Threads(socketserver.ThreadingTCPServer):
    """A thread for each connection, none of which outlives the run."""

    daemon_threads = True
    allow_reuse_address = True


@contextlib.contextmanager
def a_wire(node_port: int) -> Iterator[Wire]:
    """Carry to a node for as long as the block lasts."""
    with Threads(("127.0.0.1", 0), Passing) as server:
        server.wire = wire = Wire(server.server_address[1], node_port)  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield wire
        server.shutdown()


# The peer.

PAGE = b"""<!doctype html><html lang="fr"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Peer</title></head>
<body data-screen=""><div id="app"></div><script src="/app.js"></script></body></html>"""
# Everything is parsed, one function in four is run as the modules of an app are, a button stands.
START = """
for (const [at, one] of all.entries()) if (at % 4 === 0) one(at);
const button = document.createElement("button");
button.dataset.act = "begin";
button.textContent = "Commencer";
button.onclick = () => {
  const asked = document.createElement("main");
  asked.innerHTML = "<h1>?</h1><fieldset data-question=one></fieldset>";
  document.body.replaceChildren(asked);
  document.body.dataset.screen = "question";
};
document.getElementById("app").append(button);
"""


def peer_script(size: int = PEER_BYTES) -> bytes:
    """Return a script that weighs so much packed: random words, which no packer makes smaller."""
    dice = random.Random(SEED)
    parts = ["const all = [];"]
    # Base64 packs to three quarters of itself.
    for number in range(size // 300):
        word = base64.b64encode(dice.randbytes(290)).decode()
        parts.append(
            f'all.push(function f{number}(a) {{ const said = "{word}"; '
            f"return a % 2 ? said.length + {number} : said.charCodeAt(a % 300); }});"
        )
    return "\n".join([*parts, START]).encode()


class Peer(http.server.BaseHTTPRequestHandler):
    """The server of the peer: a page and a script, packed beforehand."""

    protocol_version = "HTTP/1.1"
    packed: bytes = b""

    def do_GET(self) -> None:
        """Give the page or its script."""
        is_script = self.path == "/app.js"
        body = self.packed if is_script else PAGE
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
        if is_script:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def a_peer() -> Iterator[tuple[str, int]]:
    """Serve the peer; give its address and what its script weighs on the wire."""
    packed = gzip.compress(peer_script(), 9)
    handler = type("Serving", (Peer,), {"packed": packed})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://peer.localhost:{server.server_address[1]}/", len(packed)
        server.shutdown()
