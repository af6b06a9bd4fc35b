"""Asking the keeper. Every method is one request; all of them may raise KeeperGone."""

import os
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from amana.crypto.secrets import Key, Seed
from amana.crypto.signing import sign
from amana.crypto.totp import TotpSecret
from amana.keeper import wire
from amana.keeper.answers import GLASS, OPEN, Approval, glass_message
from amana.keeper.rules import KeeperRefused
from amana.keeper.server import tls

# Thousands of wraps at once take a second or two; whoever waits longer waits in vain.
TIMEOUT = 10.0
# A link that carries nothing for so long is down, whatever the keeper is doing.
LINK_SECONDS = 3.0


class KeeperGone(Exception):
    """The keeper does not answer: reading stops until it does; writing to the inbox goes on."""


@dataclass(frozen=True)
class Opened:
    """A session at the keeper."""

    ticket: bytes
    epochs: dict[int, Key]


class Keeper:
    """One node's keeper, at `unix:FOLDER/socket` or `tls:HOST:PORT` with certificates in a folder.

    Each thread keeps a connection of its own; a broken one is made anew once for each request.
    """

    def __init__(self, address: str, certificates: Path | None = None) -> None:
        self.address = address
        self._certificates = certificates
        self._mine = threading.local()

    # Accounts and sessions

    def enrol(
        self, *, account: str, signer: bytes, role: str, totp: TotpSecret, stretched: bytes
    ) -> Key:
        """Make an account known and return the keeper's half of its first password.

        Raises KeeperRefused when it is known already.
        """
        return Key(
            self._ask(
                "enrol",
                account=account,
                signer=signer,
                role=role,
                totp=totp.reveal(),
                stretched=stretched,
            )
        )

    def restretch(self, *, ticket: bytes, stretched: bytes) -> Key:
        """Return the keeper's half of a new password of the account whose session this is."""
        return Key(self._ask("restretch", ticket=ticket, stretched=stretched))

    def set_totp(self, *, ticket: bytes, totp: TotpSecret) -> None:
        """Change the phone's secret of the account whose session this is."""
        self._ask("set_totp", ticket=ticket, totp=totp.reveal())

    def close(self, *, account: str) -> None:
        """End an account for good."""
        self._ask("close", account=account)

    def stretch(self, *, account: str, stretched: bytes, code: str) -> Key:
        """Return the keeper's half of a password, or refuse with NO or TRY_LATER."""
        return Key(self._ask("stretch", account=account, stretched=stretched, code=code))

    def open(self, *, account: str, seed: Seed) -> Opened:
        """Open a session by signing with the account's own seed."""
        nonce = self._ask("hello")
        signature = sign(seed, OPEN, nonce)
        ticket, epochs = self._ask("open", account=account, nonce=nonce, signature=signature)
        return Opened(ticket, {n: Key(k) for n, k in epochs})

    def epochs(self, ticket: bytes) -> dict[int, Key]:
        """Return the epochs' keys, in bulk; refuses with NO_SESSION when the session is over."""
        return {n: Key(k) for n, k in self._ask("epochs", ticket=ticket)}

    def leave(self, ticket: bytes) -> None:
        """End a session."""
        self._ask("leave", ticket=ticket)

    # Layers

    def enclose(self, boxes: Sequence[bytes]) -> tuple[int, list[bytes]]:
        """Return the newest epoch and the boxes under its layer."""
        number, enclosed = self._ask("enclose", boxes=list(boxes))
        return number, enclosed

    def relayer(self, epoch: int, boxes: Sequence[bytes]) -> tuple[int, list[bytes]]:
        """Return the newest epoch and the boxes moved there from an old one."""
        number, moved = self._ask("relayer", epoch=epoch, boxes=list(boxes))
        return number, moved

    def rotate(self, *, force: bool = False) -> tuple[int, list[int]]:
        """Begin a new epoch when it is due; return the newest and all that live."""
        number, living = self._ask("rotate", force=force)
        return number, living

    def retire(self, epoch: int) -> list[int]:
        """Say that nothing lies under an epoch; return those whose keys were destroyed."""
        return list(self._ask("retire", epoch=epoch))

    def status(self) -> dict[str, Any]:
        """Return what stands there."""
        return dict(self._ask("status"))

    # Comparing, and breaking glass

    def evaluate(self, ticket: bytes, points: Sequence[bytes]) -> list[bytes]:
        """Return the answers to blinded tokens; refuses with TRY_LATER beyond the day's measure."""
        return list(self._ask("evaluate", ticket=ticket, points=list(points)))

    def glass_enclose(self, key_ids: Sequence[str], boxes: Sequence[bytes]) -> list[bytes]:
        """Return each wrap for the supervisors under its key's own layer."""
        return list(self._ask("glass_enclose", key_ids=list(key_ids), boxes=list(boxes)))

    def glass_open(self, *, key_id: str, box: bytes, approvals: Sequence[Approval]) -> bytes:
        """Return one key's wrap without that layer, on two supervisors' signed word."""
        said = [
            {"account": a.account, "at": a.at.isoformat(), "signature": a.signature}
            for a in approvals
        ]
        return bytes(self._ask("glass_open", key_id=key_id, box=box, approvals=said))

    # The line

    def _ask(self, do: str, **given: Any) -> Any:  # noqa: ANN401
        answered = self._exchange({"do": do, **given})
        if answered.get("refused") == "KEEPER_IS_ILL":
            raise KeeperGone(self.address)
        if "refused" in answered:
            raise KeeperRefused(answered["refused"])
        return answered["ok"]

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._has_line():
            with suppress(OSError, wire.BadWire):
                return self._once(request)
            # The keeper was started anew since this line was made; ask once more on another.
            self.forget()
        try:
            return self._once(request)
        except (OSError, wire.BadWire) as problem:
            self.forget()
            raise KeeperGone(self.address) from problem

    def _once(self, request: dict[str, Any]) -> dict[str, Any]:
        stream = self._stream()
        wire.write(stream, request)
        answered = wire.read(stream)
        if not isinstance(answered, dict):
            raise wire.BadWire
        return answered

    def forget(self) -> None:
        """Close this thread's connection."""
        for name in ("stream", "connection"):
            with suppress(AttributeError, OSError):
                getattr(self._mine, name).close()
        self._mine.__dict__.clear()

    def _has_line(self) -> bool:
        # A process that was forked must not speak on its parent's line.
        return getattr(self._mine, "process", None) == os.getpid()

    def _stream(self) -> Any:  # noqa: ANN401 - a buffered socket, both ways
        if not self._has_line():
            self._mine.connection = self._connect()
            self._mine.stream = self._mine.connection.makefile("rwb")
            self._mine.process = os.getpid()
        return self._mine.stream

    def _connect(self) -> socket.socket:
        if self.address.startswith("tls:"):
            host, _, port = self.address.removeprefix("tls:").rpartition(":")
            if self._certificates is None:
                raise OSError("no certificates")
            plain = socket.create_connection((host, int(port)), timeout=LINK_SECONDS)
            try:
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                unheard = int(LINK_SECONDS * 1000)
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unheard)
                line = tls(self._certificates, server_side=False).wrap_socket(plain)
            except OSError:
                plain.close()
                raise
            line.settimeout(TIMEOUT)
            return line
        path = Path(self.address.removeprefix("unix:"))
        local = socket.socket(socket.AF_UNIX)
        local.settimeout(TIMEOUT)
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            local.connect(f"/proc/self/fd/{descriptor}/{path.name}")
        except OSError:
            local.close()
            raise
        finally:
            os.close(descriptor)
        return local


def approve_glass(*, account: str, seed: Seed, key_id: str, at: datetime) -> Approval:
    """Return a supervisor's signed word that one key may be opened within 24 hours of `at`."""
    return Approval(account, at, sign(seed, GLASS, glass_message(key_id, at)))
