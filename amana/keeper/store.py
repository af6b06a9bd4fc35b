"""The keeper's own folder: its secret, the epochs' keys, who may open a session. Nothing else.

DIR/keeper.json    the policy, and where it listens
DIR/secret         32 random bytes that exist nowhere else
DIR/epochs/N.key   one week's key, written once; destroyed by overwriting and deleting
DIR/epochs/N.json  when it was made, and whether the node still has rows under it
DIR/accounts/ID    the verifying key of an account, its role, its TOTP secret (sealed)
DIR/log            one line for every request: when, what, whose, how it ended
"""

import base64
import json
import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from amana.crypto.boxes import Place, seal, unseal
from amana.crypto.secrets import Key, Secret, derive, new_key, token
from amana.crypto.totp import TotpSecret
from amana.keeper.rules import Epoch, KeeperRefused, Policy

NAME = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Known:
    """An account as the keeper knows it: a key to verify by, a role, a phone's secret."""

    account: str
    signer: bytes
    role: str
    totp: TotpSecret | None
    is_closed: bool = False


def lay_out(folder: Path, policy: Policy, *, listen: str, now: datetime) -> None:
    """Make a keeper's folder with a fresh secret and its first epoch. Never over another one."""
    folder.mkdir(mode=0o700, parents=True)
    for name in ("epochs", "accounts"):
        (folder / name).mkdir(mode=0o700)
    write_whole(folder / "secret", token())
    write_whole(
        folder / "keeper.json", json.dumps({"listen": listen, **policy.fields()}, indent=1).encode()
    )
    Store(folder).new_epoch(now)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that only this user reads: all of it, on the disk, or not at all."""
    half = path.with_name(path.name + ".new")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        # A full disk must not stay full of what could not be written.
        half.unlink(missing_ok=True)
        raise
    half.replace(path)
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Wait until what a folder lists is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def overwrite(path: Path) -> None:
    """Overwrite a file in its place and delete it."""
    with path.open("r+b", buffering=0) as file:
        file.write(os.urandom(path.stat().st_size))
        os.fsync(file.fileno())
    path.unlink()
    _settle(path.parent)


class Store:
    """A keeper's folder, opened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        fields = json.loads((folder / "keeper.json").read_text())
        self.listen = str(fields.pop("listen"))
        self.policy = Policy.of(fields)
        self.secret = Secret((folder / "secret").read_bytes())
        self._finish_destroying()

    def key_for(self, purpose: str) -> Key:
        """Return the key that the keeper's secret has for one purpose."""
        return derive(self.secret, f"keeper/{purpose}")

    # Epochs

    def epochs(self) -> list[Epoch]:
        """Return the epochs whose keys exist, oldest first."""
        rows = [json.loads(p.read_text()) for p in (self.folder / "epochs").glob("*.json")]
        found = [
            Epoch(r["number"], datetime.fromisoformat(r["made_at"]), bool(r["retired"]))
            for r in rows
        ]
        return sorted(found, key=lambda e: e.number)

    def epoch_keys(self) -> dict[int, Key]:
        """Return every epoch's key."""
        return {e.number: self._epoch_key(e.number) for e in self.epochs()}

    def new_epoch(self, now: datetime) -> Epoch:
        """Begin the next epoch."""
        known = self.epochs()
        epoch = Epoch(known[-1].number + 1 if known else 1, now)
        # The key first: an epoch that is known has one.
        write_whole(self._epoch_path(epoch.number, "key"), new_key().reveal())
        self._write_epoch(epoch)
        return epoch

    def retire(self, number: int) -> None:
        """Note that no row of the node lies under this epoch any more."""
        for epoch in self.epochs():
            if epoch.number == number and not epoch.retired:
                self._write_epoch(replace(epoch, retired=True))

    def destroy(self, number: int) -> None:
        """Overwrite and delete an epoch's key: what lies under it, wherever, is noise from now."""
        self._epoch_path(number, "json").unlink()
        _settle(self.folder / "epochs")
        overwrite(self._epoch_path(number, "key"))

    def _finish_destroying(self) -> None:
        """Destroy the keys of no epoch: what a power cut left of a destruction, or of a start."""
        for path in (self.folder / "epochs").glob("*.key*"):
            if not path.with_suffix(".json").exists() or path.suffix != ".key":
                overwrite(path)

    def _epoch_path(self, number: int, suffix: str) -> Path:
        return self.folder / "epochs" / f"{number:06d}.{suffix}"

    def _epoch_key(self, number: int) -> Key:
        return Key(self._epoch_path(number, "key").read_bytes())

    def _write_epoch(self, epoch: Epoch) -> None:
        row = {
            "number": epoch.number,
            "made_at": epoch.made_at.isoformat(),
            "retired": epoch.retired,
        }
        write_whole(self._epoch_path(epoch.number, "json"), json.dumps(row).encode())

    # Accounts

    def find(self, account: str) -> Known | None:
        """Return what is known of an account, closed ones included, or None."""
        path = self._account_path(account)
        if path is None or not path.exists():
            return None
        row = json.loads(path.read_text())
        sealed = row["totp"]
        totp = self._open_totp(account, base64.b64decode(sealed)) if sealed else None
        signer = base64.b64decode(row["signer"])
        return Known(account, signer, row["role"], totp, bool(row["is_closed"]))

    def keep(self, known: Known) -> None:
        """Write what is known of an account."""
        path = self._account_path(known.account)
        if path is None:
            raise KeeperRefused("NO_SUCH_ACCOUNT")
        sealed = ""
        if known.totp is not None:
            box = seal(self.key_for("totp"), known.totp.reveal(), _totp_place(known.account))
            sealed = base64.b64encode(box).decode()
        row = {
            "signer": base64.b64encode(known.signer).decode(),
            "role": known.role,
            "totp": sealed,
            "is_closed": known.is_closed,
        }
        write_whole(path, json.dumps(row).encode())

    def _open_totp(self, account: str, box: bytes) -> TotpSecret:
        return TotpSecret(unseal(self.key_for("totp"), box, _totp_place(account)))

    def _account_path(self, account: str) -> Path | None:
        # An account's id becomes a file's name, so it must be what we make and nothing else.
        return self.folder / "accounts" / account if is_id(account) else None


def is_id(text: str) -> bool:
    """Say whether a text is the id of an account and nothing else."""
    return len(text) == 32 and set(text) <= NAME


def _totp_place(account: str) -> Place:
    return Place("keeper_account", account, "totp", "keeper")
