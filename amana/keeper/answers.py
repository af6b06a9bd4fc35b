"""What the keeper does when it is asked: one method for each request, bytes in and bytes out."""

import threading
from dataclasses import dataclass, replace
from datetime import datetime

from amana.crypto import layers, oprf
from amana.crypto.secrets import CannotOpen, Key, derive, digest, keyed, token
from amana.crypto.secrets import Secret as Hidden
from amana.crypto.signing import verify
from amana.crypto.totp import TotpSecret, matching_step, new_totp
from amana.keeper import rules
from amana.keeper.rules import Counter, KeeperRefused
from amana.keeper.store import Known, Store

OPEN = b"amana/keeper/open/v1"
GLASS = b"amana/keeper/glass/v1"


@dataclass
class Ticket:
    """A session that the keeper opened for an account."""

    account: str
    made_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Approval:
    """One supervisor's signed word that one key may be opened."""

    account: str
    at: datetime
    signature: bytes


def glass_message(key_id: str, at: datetime) -> bytes:
    """Return what a supervisor signs: one key, one moment."""
    return f"{key_id}|{at.isoformat()}".encode()


class Service:
    """The keeper's memory and its answers. Safe for many threads: one request at a time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lock = threading.RLock()
        self._counter = Counter()
        self._tickets: dict[bytes, Ticket] = {}
        self._nonces: dict[bytes, datetime] = {}
        self._code_steps: dict[str, int] = {}
        self._burnt: dict[str, int] = {}
        self._keys = store.epoch_keys()
        self._nobody = new_totp()

    # Who may open a session

    def enrol(
        self,
        now: datetime,
        *,
        account: str,
        signer: bytes,
        role: str,
        totp: bytes,
        stretched: bytes,
    ) -> bytes:
        """Note a new account: its verifying key, its phone's secret. It is noted once.

        Answers its first password, since no phone has shown a code yet.
        """
        if self.store.find(account) is not None:
            raise KeeperRefused("ACCOUNT_IS_KNOWN")
        self.store.keep(Known(account, signer, role, TotpSecret(totp)))
        return self._half(account, stretched)

    def restretch(self, now: datetime, *, ticket: bytes, stretched: bytes) -> bytes:
        """Answer a new password of the account whose session this is."""
        account = self._ticket(ticket, now).account
        self._counter.take("restretch", account, self.store.policy.stretch_account, now)
        return self._half(account, stretched)

    def _half(self, account: str, stretched: bytes) -> bytes:
        return keyed(self.store.key_for("stretch"), account.encode() + b"\0" + stretched)

    def set_totp(self, now: datetime, *, ticket: bytes, totp: bytes) -> None:
        """Change the phone's secret of the account whose session this is."""
        known = self._known(self._ticket(ticket, now).account)
        self.store.keep(replace(known, totp=TotpSecret(totp)))

    def close(self, now: datetime, *, account: str) -> None:
        """End an account for good: nothing opens for it again, whatever it still holds."""
        known = self.store.find(account)
        if known is not None:
            self.store.keep(replace(known, is_closed=True, totp=None))
        self._tickets = {t: k for t, k in self._tickets.items() if k.account != account}

    # Signing in

    def stretch(self, now: datetime, *, account: str, stretched: bytes, code: str) -> bytes:
        """Answer one guess of a password with the keeper's half of it. Every guess is counted.

        Without the right code of the account's phone there is no answer at all, so a password
        alone cannot even be tried. NO says neither which of the two was wrong nor whether the
        account exists.
        """
        limits = self.store.policy
        self._counter.take("stretch", "*", limits.stretch_all, now)
        self._counter.take("stretch", account, limits.stretch_account, now)
        known = self.store.find(account)
        step = self._code_step(known, code, now)
        if known is None or known.is_closed or step is None:
            raise KeeperRefused("NO")
        self._code_steps[account] = step
        return self._half(account, stretched)

    def _code_step(self, known: Known | None, code: str, now: datetime) -> int | None:
        # For who is not there a code is compared all the same, so that the time tells nothing.
        secret = known.totp if known and known.totp else self._nobody
        step = matching_step(secret, code, now)
        if self.store.policy.is_demo and code == rules.DEMO_CODE:
            return -1
        # A code that has opened a session opens no second one.
        if known is None or step is None or step <= self._burnt.get(known.account, -1):
            return None
        return step

    def hello(self, now: datetime) -> bytes:
        """Return a number that is signed once, soon."""
        self._nonces = {n: at for n, at in self._nonces.items() if now - at < rules.NONCE_LIFE}
        nonce = token()
        self._nonces[nonce] = now
        return nonce

    def open(
        self, now: datetime, *, account: str, nonce: bytes, signature: bytes
    ) -> tuple[bytes, dict[int, bytes]]:
        """Open a session for who signs with the account's own key: the ticket and the epochs."""
        self._counter.take("open", account, self.store.policy.open_account, now)
        if self._nonces.pop(nonce, None) is None:
            raise KeeperRefused("NO")
        known = self.store.find(account)
        if known is None or known.is_closed or not verify(known.signer, signature, OPEN, nonce):
            raise KeeperRefused("NO")
        self._burnt[account] = max(self._burnt.get(account, -1), self._code_steps.pop(account, -1))
        self._counter.forgive("stretch", account)
        self._sweep(now)
        ticket = token()
        self._tickets[digest(ticket)] = Ticket(account, now, now)
        return ticket, self._epochs()

    def epochs(self, now: datetime, *, ticket: bytes) -> dict[int, bytes]:
        """Return every living epoch's key to a session that stands."""
        self._ticket(ticket, now).seen_at = now
        return self._epochs()

    def leave(self, now: datetime, *, ticket: bytes) -> None:
        """End a session."""
        self._tickets.pop(digest(ticket), None)

    def _epochs(self) -> dict[int, bytes]:
        return {number: key.reveal() for number, key in self._keys.items()}

    def _ticket(self, ticket: bytes, now: datetime) -> Ticket:
        found = self._tickets.get(digest(ticket))
        if found is None or not _stands(found, now):
            raise KeeperRefused("NO_SESSION")
        return found

    def _sweep(self, now: datetime) -> None:
        self._tickets = {t: k for t, k in self._tickets.items() if _stands(k, now)}

    def _known(self, account: str) -> Known:
        known = self.store.find(account)
        if known is None or known.is_closed:
            raise KeeperRefused("NO")
        return known

    # Layers

    def enclose(self, now: datetime, *, boxes: list[bytes]) -> tuple[int, list[bytes]]:
        """Put the newest epoch's layer around what was wrapped without a session."""
        newest = max(self._keys)
        return newest, [layers.add_layer(self._keys[newest], box) for box in boxes]

    def relayer(self, now: datetime, *, epoch: int, boxes: list[bytes]) -> tuple[int, list[bytes]]:
        """Move boxes from an old epoch's layer to the newest, without showing what is below."""
        if epoch not in self._keys:
            raise KeeperRefused("EPOCH_IS_GONE")
        return self.enclose(now, boxes=layers.remove_layers(self._keys[epoch], boxes))

    def rotate(self, now: datetime, *, force: bool) -> tuple[int, list[int]]:
        """Begin a new epoch when its week has come (or at once); return it and all that live."""
        current = self.store.epochs()[-1]
        if force or rules.is_due(current, now):
            current = self.store.new_epoch(now)
            self._keys = self.store.epoch_keys()
        return current.number, sorted(self._keys)

    def retire(self, now: datetime, *, epoch: int) -> list[int]:
        """Note that the node has nothing under this epoch, and destroy what the window lets go.

        Returns the epochs that were destroyed. The newest is never retired.
        """
        if epoch == max(self._keys):
            raise KeeperRefused("EPOCH_IS_THE_NEWEST")
        self.store.retire(epoch)
        gone = rules.to_destroy(self.store.epochs(), window=self.store.policy.window)
        for number in gone:
            self.store.destroy(number)
        self._keys = self.store.epoch_keys()
        return gone

    def status(self, now: datetime) -> dict[str, object]:
        """Say what stands, without any secret."""
        return {
            "epochs": [
                {"number": e.number, "made_at": e.made_at.isoformat(), "retired": e.retired}
                for e in self.store.epochs()
            ],
            "window": self.store.policy.window,
            "sessions": sum(_stands(t, now) for t in self._tickets.values()),
        }

    # Comparing without showing

    def evaluate(self, now: datetime, *, ticket: bytes, points: list[bytes]) -> list[bytes]:
        """Answer blinded tokens; counted per account and day."""
        account = self._ticket(ticket, now).account
        limit = self.store.policy.evaluate_account
        self._counter.take("evaluate", account, limit, now, n=len(points))
        key = oprf.key_from(Hidden(self.store.key_for("compare").reveal()), "duplicates")
        try:
            return [oprf.evaluate(key, point) for point in points]
        except CannotOpen:
            raise KeeperRefused("BAD_REQUEST") from None

    # Breaking glass

    def glass_enclose(
        self, now: datetime, *, key_ids: list[str], boxes: list[bytes]
    ) -> list[bytes]:
        """Put each key's own layer around its wrap for the supervisors. Anybody may add one."""
        return [
            layers.add_layer(self._glass_key(key_id), box)
            for key_id, box in zip(key_ids, boxes, strict=True)
        ]

    def glass_open(
        self, now: datetime, *, key_id: str, box: bytes, approvals: list[Approval]
    ) -> bytes:
        """Take the layer off one key's wrap on two supervisors' signed word, for 24 hours."""
        known = [self._known(a.account) for a in approvals]
        for approval, signer in zip(approvals, known, strict=True):
            message = glass_message(key_id, approval.at)
            if not verify(signer.signer, approval.signature, GLASS, message):
                raise KeeperRefused("NO")
            self._counter.take("glass", approval.account, self.store.policy.glass_account, now)
        against = rules.objections_to_glass(
            accounts=[a.account for a in approvals],
            roles=[k.role for k in known],
            times=[a.at for a in approvals],
            now=now,
        )
        if against:
            raise KeeperRefused(against[0])
        return layers.remove_layer(self._glass_key(key_id), box)

    def _glass_key(self, key_id: str) -> Key:
        return derive(Hidden(self.store.key_for("glass").reveal()), f"glass/{key_id}")


def _stands(ticket: Ticket, now: datetime) -> bool:
    return now - ticket.seen_at < rules.IDLE and now - ticket.made_at < rules.LONGEST


__all__ = ["GLASS", "OPEN", "Approval", "Service", "glass_message"]
