"""The keeper at work: listens, answers one request after another, writes its log."""

import contextlib
import json
import logging
import os
import socket
import socketserver
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from amana.crypto.secrets import CannotOpen
from amana.keeper import wire
from amana.keeper.answers import Approval, Service
from amana.keeper.rules import KeeperRefused
from amana.keeper.store import Store, is_id

ill = logging.getLogger("amana.keeper")

Clock = Callable[[], datetime]

# The whole interface: request, its fields and their types. What is not here is not answered.
REQUESTS: dict[str, dict[str, type]] = {
    "enrol": {"account": str, "signer": bytes, "role": str, "totp": bytes, "stretched": bytes},
    "restretch": {"ticket": bytes, "stretched": bytes},
    "set_totp": {"ticket": bytes, "totp": bytes},
    "close": {"account": str},
    "stretch": {"account": str, "stretched": bytes, "code": str},
    "hello": {},
    "open": {"account": str, "nonce": bytes, "signature": bytes},
    "epochs": {"ticket": bytes},
    "leave": {"ticket": bytes},
    "enclose": {"boxes": list},
    "relayer": {"epoch": int, "boxes": list},
    "rotate": {"force": bool},
    "retire": {"epoch": int},
    "status": {},
    "evaluate": {"ticket": bytes, "points": list},
    "glass_enclose": {"key_ids": list, "boxes": list},
    "glass_open": {"key_id": str, "box": bytes, "approvals": list},
}
INSIDE = {"boxes": bytes, "points": bytes, "key_ids": str, "approvals": dict}
# Sealing what arrives and asking for the epochs happen with every page; a log of them hides others.
UNLOGGED = frozenset({"hello", "epochs", "enclose", "status", "glass_enclose"})


def answer(service: Service, request: Any, now: datetime) -> dict[str, Any]:  # noqa: ANN401
    """Answer one request that came over the wire. Never raises: a refusal is an answer too."""
    try:
        name, given = _checked(request)
        with service.lock:
            return {"ok": _plain(getattr(service, name)(now, **given))}
    except KeeperRefused as refused:
        return {"refused": refused.code}
    except (ValueError, CannotOpen):
        return {"refused": "BAD_REQUEST"}
    except Exception as problem:  # noqa: BLE001 - one bad request must not end the connection
        # Its disk is full or gone. Nothing was half written; it must be asked again.
        ill.error("%s", type(problem).__name__)  # a trace would show what was asked
        return {"refused": "KEEPER_IS_ILL"}


def _checked(request: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
    name = request.get("do") if isinstance(request, dict) else None
    if not isinstance(name, str) or name not in REQUESTS:
        raise KeeperRefused("BAD_REQUEST")
    wanted = REQUESTS[name]
    given = {k: v for k, v in request.items() if k != "do"}
    if set(given) != set(wanted):
        raise KeeperRefused("BAD_REQUEST")
    for field, kind in wanted.items():
        if type(given[field]) is not kind or (field == "account" and not is_id(given[field])):
            raise KeeperRefused("BAD_REQUEST")
        if kind is list and any(type(one) is not INSIDE[field] for one in given[field]):
            raise KeeperRefused("BAD_REQUEST")
    if "key_ids" in given and len(given["key_ids"]) != len(given["boxes"]):
        raise KeeperRefused("BAD_REQUEST")
    if "approvals" in given:
        given["approvals"] = [_approval(a) for a in given["approvals"]]
    return name, given


def _approval(fields: dict[str, Any]) -> Approval:
    try:
        at = datetime.fromisoformat(fields["at"])
        account, signature = fields["account"], fields["signature"]
    except (KeyError, TypeError, ValueError):
        raise KeeperRefused("BAD_REQUEST") from None
    if not (isinstance(account, str) and isinstance(signature, bytes) and at.tzinfo):
        raise KeeperRefused("BAD_REQUEST")
    return Approval(account, at, signature)


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return a value as JSON knows it: a mapping by number becomes a list of pairs."""
    if isinstance(value, dict) and value and all(isinstance(k, int) for k in value):
        return [[k, v] for k, v in value.items()]
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


class Log:
    """One line for each request that matters. It holds accounts' ids and never more."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, now: datetime, request: Any, answered: dict[str, Any]) -> None:  # noqa: ANN401
        """Note a request, unless it is one of those that every page makes."""
        name = request.get("do") if isinstance(request, dict) else None
        if isinstance(name, str) and name in UNLOGGED and "ok" in answered:
            return
        account = request.get("account", "") if isinstance(request, dict) else ""
        line = {
            "at": now.isoformat(timespec="seconds"),
            "do": name if isinstance(name, str) and name in REQUESTS else "?",
            "account": account if isinstance(account, str) and is_id(account) else "",
            "ended": answered.get("refused", "ok"),
        }
        with contextlib.suppress(OSError), self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def serve(folder: Path, clock: Clock, *, ready: Callable[[], None] = lambda: None) -> None:
    """Answer until the process is told to stop."""
    store = Store(folder)
    service, log = Service(store), Log(folder / "log")

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError, wire.BadWire):
                for request in _requests(self.rfile):
                    now = clock()
                    answered = answer(service, request, now)
                    log.write(now, request, answered)
                    wire.write(self.wfile, answered)

    with _listening(store.listen, folder, Handler) as server:
        ready()
        server.serve_forever(poll_interval=0.1)


def _requests(stream: BufferedIOBase) -> Iterator[Any]:
    while (request := wire.read(stream)) is not None:
        yield request


class _Local(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


class _Remote(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    context: ssl.SSLContext

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ANN401
        # A node that vanished with its link must not hold a thread for ever.
        request.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return super().verify_request(request, client_address)

    def get_request(self) -> tuple[socket.socket, Any]:
        # The handshake happens with the first read, in the connection's own thread.
        connection, address = super().get_request()
        return self.context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        ), address


def _listening(
    listen: str, folder: Path, handler: type[socketserver.BaseRequestHandler]
) -> "_Local | _Remote":
    """Return the server: on a socket file for one machine, with TLS on both sides for two."""
    if listen.startswith("tls:"):
        host, _, port = listen.removeprefix("tls:").rpartition(":")
        server = _Remote((host, int(port)), handler)
        server.context = tls(folder, server_side=True)
        return server
    # A socket's path has at most 107 bytes; the folder's descriptor makes any path short.
    descriptor = os.open(folder, os.O_RDONLY)
    with contextlib.suppress(FileNotFoundError):
        (folder / listen).unlink()
    local = _Local(f"/proc/self/fd/{descriptor}/{listen}", handler)
    (folder / listen).chmod(0o600)
    return local


def tls(folder: Path, *, server_side: bool) -> ssl.SSLContext:
    """Return TLS 1.3 with a certificate on both sides; each side knows the other's and no other."""
    purpose = ssl.PROTOCOL_TLS_SERVER if server_side else ssl.PROTOCOL_TLS_CLIENT
    context = ssl.SSLContext(purpose)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "own.crt", folder / "own.key")
    context.load_verify_locations(folder / "other.crt")
    return context
