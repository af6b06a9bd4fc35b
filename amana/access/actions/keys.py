"""Making, sharing and ending keys: the writes behind every sealed row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from amana.access import queries
from amana.access.models import Erased, KeyWrap, Membership, Session, Team
from amana.access.queries import NO_EPOCH, TEAM_FORM, keeper
from amana.access.rules import CARE, GLASS, Actor, NotFound
from amana.audit.actions import record
from amana.crypto.boxes import seal
from amana.crypto.hybrid import public_of, wrap
from amana.crypto.layers import add_layer
from amana.crypto.secrets import CannotOpen, Key, Seed, new_id, new_key, new_seed
from amana.crypto.signing import sign_public_of
from amana.keeper.client import KeeperGone

# So many wraps travel to the keeper at once.
BATCH = 20000

# A table whose rows lie under a week's layer: it has `epoch` and `wrapped`.
Layered = Any
Layer = Callable[[Sequence[bytes]], tuple[int, list[bytes]]]
# The rooms above add theirs when the process starts; node.apps is the one place that does.
_LAYERED: list[Layered] = [KeyWrap]


def layer_too(table: Layered) -> None:
    """Let another room's table be enclosed and moved with the wraps."""
    if table not in _LAYERED:
        _LAYERED.append(table)


# What strangers sealed straight to a team and nobody opened yet is sealed to its new seed.
Reseal = Callable[[str, bytes, Actor], None]
_RESEALING: list[Reseal] = []


def reseal_too(reseal: Reseal) -> None:
    """Have another room seal its rows anew, from (team, new public key, who renews)."""
    if reseal not in _RESEALING:
        _RESEALING.append(reseal)


def issue_key(*teams: str, actor: Actor | None = None) -> tuple[str, Key]:
    """Make a new key and wrap it to the teams; `actor` is whose session does it, if any."""
    key_id, key = new_id(), new_key()
    for code in teams:
        _wrap_to(code, key_id, key, actor)
    return key_id, key


def issue_keys(team_code: str, count: int) -> list[tuple[str, Key]]:
    """Make so many keys for what strangers brought a team; the keeper is asked once for all.

    Raises ValueError for the supervisors' team, whose wraps have a layer of their own.
    """
    team = queries.team(team_code)
    if team.kind == GLASS:
        raise ValueError("nobody seals to the supervisors")
    made = [(new_id(), new_key()) for _ in range(count)]
    wraps = [queries.wrapped_for(team, key_id, key) for key_id, key in made]
    epoch, boxes = _layered_without_session([box for _, box in wraps])
    KeyWrap.objects.bulk_create(
        KeyWrap(key_id=key_id, team=team, form=form, epoch=epoch, wrapped=box)
        for (key_id, _), (form, _), box in zip(made, wraps, boxes, strict=True)
    )
    return made


def share_key(*, key_id: str, key: Key, team: str, actor: Actor | None = None) -> None:
    """Give a further team a key that the caller has opened."""
    if not KeyWrap.objects.filter(key_id=key_id, team_id=team).exists():
        _wrap_to(team, key_id, key, actor)


def _wrap_to(code: str, key_id: str, key: Key, actor: Actor | None) -> None:
    if actor and actor.holds(code) and actor.teams[code].kind != GLASS:
        _wrap_to_own(code, key_id, key, actor)
        return
    team = queries.team(code)
    form, box = queries.wrapped_for(team, key_id, key)
    if team.kind == GLASS:
        # The supervisors' wrap gets the layer that only the keeper takes off, for two of them.
        box = keeper().glass_enclose([key_id], [box])[0]
    if actor:
        epoch, wrapped = queries.layered(box, actor)
    else:
        epoch, (wrapped,) = _layered_without_session([box])
    KeyWrap.objects.create(key_id=key_id, team=team, form=form, epoch=epoch, wrapped=wrapped)


def _wrap_to_own(code: str, key_id: str, key: Key, actor: Actor) -> None:
    """Wrap a key under the data key that a member's session holds: nothing is asked before."""
    form, box = queries.wrapped_by_member(actor, code, key_id, key)
    epoch, wrapped = queries.layered(box, actor)
    row = KeyWrap.objects.create(
        key_id=key_id, team_id=code, form=form, epoch=epoch, wrapped=wrapped
    )
    # From here to the end of the act nobody renews the team's key: the new row holds its team's.
    # A session that was opened before the last renewal would have wrapped under a key that is gone.
    team = queries.team(code)
    if team.generation != actor.teams[code].generation:
        row.form, box = queries.wrapped_for(team, key_id, key)
        row.epoch, row.wrapped = queries.layered(box, actor)
        row.save(update_fields=["form", "epoch", "wrapped"])


def _layered_without_session(boxes: list[bytes]) -> tuple[int, list[bytes]]:
    if not boxes:
        return NO_EPOCH, []
    try:
        return keeper().enclose(boxes)
    except KeeperGone:
        # What arrives is taken in all the same; the worker encloses it once the keeper is back.
        return NO_EPOCH, boxes


def enclose_waiting() -> int:
    """Give every wrap that has no layer yet the newest epoch's. Returns how many."""
    return sum(_put_under(table, NO_EPOCH, keeper().enclose) for table in _LAYERED)


@dataclass(frozen=True)
class Rotated:
    """The newest epoch, how many wraps were moved to it, which epochs were destroyed."""

    epoch: int
    moved: int
    destroyed: list[int]


def rotate(*, now: datetime, by: str, force: bool = False) -> Rotated:
    """Begin a new epoch when its week has come, move every living wrap there, retire the old.

    What was deleted is not moved; when the window has passed, the keeper destroys the old epoch's
    key and every backup of what was deleted is noise. Can be stopped at any point and run again.
    """
    newest, living = keeper().rotate(force=force)
    moved = enclose_waiting()
    for epoch in [n for n in living if n != newest]:
        moved += _move(epoch)
    gone = [n for epoch in living if epoch != newest for n in keeper().retire(epoch)]
    if moved or gone:
        record(at=now, actor=by, verb="access.rotate", subject=str(newest), moved=str(moved))
    return Rotated(newest, moved, gone)


def _move(epoch: int) -> int:
    def relayer(boxes: Sequence[bytes]) -> tuple[int, list[bytes]]:
        return keeper().relayer(epoch, boxes)

    return sum(_put_under(table, epoch, relayer) for table in _LAYERED)


def _put_under(table: Layered, epoch: int, layer: Layer) -> int:
    """Move a table's rows from one epoch's layer to the newest, a batch at a time."""
    moved = 0
    while rows := list(table.objects.filter(epoch=epoch)[:BATCH]):
        newest, boxes = layer([bytes(r.wrapped) for r in rows])
        _rewrite(table, rows, newest, boxes)
        moved += len(rows)
    return moved


@transaction.atomic
def _rewrite(table: Layered, rows: Sequence[Any], epoch: int, boxes: Sequence[bytes]) -> None:
    for row, box in zip(rows, boxes, strict=True):
        # A wrap that was deleted or moved meanwhile stays as it is.
        table.objects.filter(pk=row.pk, epoch=row.epoch).update(epoch=epoch, wrapped=box)


@transaction.atomic
def erase_keys(*, key_ids: Iterable[str], now: datetime, by: str) -> int:
    """Delete every wrap of these keys and enter them in the ledger. What they opened is noise.

    Here at once; in a backup when the epoch under which it was made is destroyed, or when it is
    restored, since a restore reads the ledger.
    """
    wanted = set(key_ids)
    Erased.objects.bulk_create(
        [Erased(key_id=k, at=now) for k in sorted(wanted)], ignore_conflicts=True
    )
    gone = sum(int(t.objects.filter(key_id__in=wanted).delete()[0]) for t in _LAYERED)
    for key_id in sorted(wanted):
        record(at=now, actor=by, verb="access.erase_key", subject=key_id)
    return gone


def backups_until(now: datetime) -> datetime:
    """Return from when no backup opens what is erased now: the keeper's window, and a week.

    The week is the one that has just begun. It holds where the epochs are rotated every week.
    """
    return now + timedelta(weeks=int(keeper().status()["window"]) + 1)


def leave_no_trace() -> bool:
    """Empty SQLite's journal, where deleted rows would still stand; False while a reader is busy.

    secure_delete has overwritten them in the file itself. PostgreSQL keeps its journal for as long
    as it wants: there, as in every backup, only the rotation of the epochs is the end.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return bool(cursor.fetchone()[0] == 0)


def withdraw_keys(team: str, key_ids: Iterable[str]) -> None:
    """Delete one team's wraps of these keys; what others hold stays."""
    KeyWrap.objects.filter(team_id=team, key_id__in=set(key_ids)).delete()


@transaction.atomic
def replay_erasures(*, ledger: Mapping[str, datetime], now: datetime) -> int:
    """Erase in a restored database what was erased after its backup; end its sessions.

    Returns how many wraps came back with the backup and went again.
    """
    Erased.objects.bulk_create(
        [Erased(key_id=k, at=at) for k, at in sorted(ledger.items())], ignore_conflicts=True
    )
    erased = Erased.objects.values("key_id")
    gone = sum(int(t.objects.filter(key_id__in=erased).delete()[0]) for t in _LAYERED)
    # Whoever was signed in when the backup was made is not signed in now.
    Session.objects.all().delete()
    record(at=now, actor="restore", verb="access.replay_erasures", subject="", wraps=str(gone))
    return gone


@transaction.atomic
def renew_team_key(
    *, team_code: str, actor: Actor, now: datetime, with_new_seed: bool = False
) -> int:
    """Give a team new keys after a member left; returns how many wraps were made anew.

    Every wrap of the team is moved under the new data key, those from strangers too, so that
    opening gets faster. A team to which phones seal gets a new seed as well; one that only
    partners seal to gets it where somebody asks for it, since its country must sign it.
    """
    if not actor.holds(team_code):
        raise NotFound
    team = Team.objects.select_for_update().get(pk=team_code)
    old = actor.teams[team_code]
    if old.generation != team.generation:
        return 0  # a colleague was first, between this session's opening and this moment
    is_reseeded = with_new_seed or team.kind == CARE
    fresh = old.renewed(new_key(), new_seed() if is_reseeded else None)
    if fresh.seed != old.seed:
        for reseal in _RESEALING:
            reseal(team_code, public_of(fresh.seed), actor)
    count = 0 if team.kind == GLASS else _rewrap(actor, team, fresh.data_key)
    for membership in Membership.objects.select_related("account").filter(team=team):
        membership.wrapped_keys = wrap(
            bytes(membership.account.recipient),
            fresh.packed(),
            queries.wrap_info(f"team:{team.pk}"),
        )
        membership.save(update_fields=["wrapped_keys"])
    if fresh.seed != old.seed:
        _put_seed(team, fresh.seed)
    team.is_renewal_due, team.generation = False, team.generation + 1
    team.save(update_fields=["is_renewal_due", "generation"])
    record(at=now, actor=actor.account_id, verb="access.renew_team_key", subject=team_code)
    return count


def take_as_published(team_code: str, *, recipient: bytes, signer: bytes) -> None:
    """Take note that the country signed a team's keys of today: partners know these from now on."""
    rows = Team.objects.filter(pk=team_code, recipient=recipient, signer=signer)
    rows.update(published_recipient=None, published_signer=None)


def _put_seed(team: Team, seed: Seed) -> None:
    """Take a new seed from now on; partners go on with the keys that the root signed."""
    team.published_recipient, team.published_signer = queries.published_keys(team)
    team.recipient, team.signer = public_of(seed), sign_public_of(seed)
    team.save(update_fields=["recipient", "signer", "published_recipient", "published_signer"])


def _rewrap(actor: Actor, team: Team, fresh: Key) -> int:
    rows = []
    # All layers are off before the first is moved: what was made anew lies under the newest.
    for row, box in queries.peeled(actor, list(KeyWrap.objects.filter(team=team))):
        try:
            inner = queries.open_wrap(actor, row, box).reveal()
        except CannotOpen:
            continue  # it opens for nobody, and must not shut the door for everybody
        row.form, row.epoch = TEAM_FORM, actor.epoch
        sealed = seal(fresh, inner, queries.wrap_place(row.key_id, team.pk))
        row.wrapped = add_layer(actor.epochs[actor.epoch], sealed)
        rows.append(row)
    KeyWrap.objects.bulk_update(rows, ["form", "epoch", "wrapped"], batch_size=500)
    return len(rows)


__all__ = [
    "backups_until",
    "enclose_waiting",
    "erase_keys",
    "issue_key",
    "issue_keys",
    "leave_no_trace",
    "renew_team_key",
    "replay_erasures",
    "rotate",
    "share_key",
    "take_as_published",
]
