"""Writing the record, in the transaction of the act; and what witnesses say of it and of others."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from amana.audit import rules
from amana.audit.models import Alarm, Cosigned, Entry, Head, Witnessed
from amana.audit.rules import Offered, Seen, Tree, Trouble, Verdict
from amana.crypto.merkle import EMPTY
from amana.crypto.secrets import leaf_hash, token


@dataclass(frozen=True)
class Act:
    """What one entry says: the verb, an opaque reference, and coded detail only."""

    verb: str
    subject: str
    codes: Mapping[str, str] = field(default_factory=dict)


def record(*, at: datetime, actor: str, verb: str, subject: str, **codes: str) -> Entry:
    """Append one entry: who did what to which opaque reference, and when.

    `actor` is an account's id or a process ("worker", "import"); `codes` hold coded detail only.
    """
    (entry,) = record_all([Act(verb, subject, codes)], at=at, actor=actor)
    return entry


# Every act of the whole node passes here: three statements as they are, since to have them put
# together anew each time takes five times as long as to run them.
READ_HEAD = 'SELECT size, frontier, root FROM audit_head WHERE "only" = 1'
KEEP_HEAD = 'UPDATE audit_head SET size = %s, frontier = %s, root = %s WHERE "only" = 1'
KEEP_ENTRY = "INSERT INTO audit_entry (seq, leaf, salt, event) VALUES (%s, %s, %s, %s)"


@transaction.atomic(savepoint=False)
def record_all(acts: Sequence[Act], *, at: datetime, actor: str) -> list[Entry]:
    """Append one entry for each act, in their order: the head is read and written once for all."""
    if not acts:
        return []
    tree, entries, rows = _locked_head(), list[Entry](), list[tuple[int, bytes, bytes, bytes]]()
    for act in acts:
        event = rules.event_bytes(
            at=at, actor=actor, verb=act.verb, subject=act.subject, codes=act.codes
        )
        salt = token()
        leaf = leaf_hash(salt, event)
        tree = tree.grown(leaf)
        rows.append((tree.size, leaf, salt, event))
        entries.append(Entry(seq=tree.size, leaf=leaf, salt=salt, event=event))
    with connection.cursor() as cursor:
        cursor.executemany(KEEP_ENTRY, rows)
        cursor.execute(KEEP_HEAD, (tree.size, tree.frontier, tree.root))
    return entries


def _locked_head() -> Tree:
    """Return the head, locked: of two processes that append at once its row decides who is next."""
    locking = " FOR UPDATE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(READ_HEAD + locking)
            if (found := cursor.fetchone()) is not None:
                return Tree(found[0], bytes(found[1]), bytes(found[2]))
            Head.objects.get_or_create(only=1, defaults={"root": EMPTY})


@transaction.atomic
def empty_entry(seq: int, *, at: datetime, actor: str, reason: str) -> None:
    """Erase what an entry says and leave its leaf; an entry of its own puts that on record.

    An entry that was emptied already stays as it is. Raises ValueError for one that says that
    another was emptied: without it the other would count as altered.
    """
    entry = Entry.objects.select_for_update().get(pk=seq)
    if entry.event is None:
        return
    if json.loads(bytes(entry.event))["verb"] == rules.EMPTIED:
        raise ValueError("What was emptied must stay on record")
    Entry.objects.filter(pk=seq).update(salt=None, event=None)
    record(at=at, actor=actor, verb=rules.EMPTIED, subject=str(seq), reason=reason)


# Witnessing.


@transaction.atomic
def witness(offered: Offered, *, country: str, said_by: str, now: datetime) -> tuple[Verdict, int]:
    """Judge a partner's checkpoint against the last one seen, and keep it or raise the alarm.

    `said_by` is this node's own name. Returns the verdict and the size that is known here now.
    """
    origin = offered.checkpoint.origin
    # The row is locked from the comparison to the writing: two requests are judged one by one.
    Witnessed.objects.get_or_create(
        origin=origin, defaults={"country": country, "root": EMPTY, "seen_at": now}
    )
    row = Witnessed.objects.select_for_update().get(pk=origin)
    verdict = rules.judge(Seen(row.size, bytes(row.root), row.signed_at), offered)
    if verdict in (Verdict.FORKED, Verdict.SHORTER):
        raise_alarm(
            Trouble(verdict.value),
            country=country,
            said_by=said_by,
            size=offered.checkpoint.size,
            note=offered.note,
            now=now,
        )
    if verdict is Verdict.GROWN:
        _keep(row, offered, now)
    return verdict, row.size


def _keep(row: Witnessed, offered: Offered, now: datetime) -> None:
    is_new_log = not row.signed_at
    row.size, row.root = offered.checkpoint.size, offered.checkpoint.root
    row.signed_at = max(row.signed_at, offered.signed_at)
    row.note, row.seen_at = offered.note, now
    row.save()
    # A log of a new name begins over what its country's root signed: what was wrong with the last
    # one has been looked at. The same log that speaks again only ends its silence.
    over = Alarm.objects.filter(country=row.country)
    _end(over if is_new_log else over.filter(kind=Trouble.SILENT.value), now)


@transaction.atomic
def keep_cosigned(*, witness: str, size: int, note: bytes, now: datetime) -> None:
    """Keep the last checkpoint of the own log that a witness vouched for, and end its alarms."""
    Cosigned.objects.update_or_create(
        witness=witness, defaults={"size": size, "note": note, "at": now}
    )
    _end(Alarm.objects.filter(said_by=witness), now)


@transaction.atomic
def raise_alarm(
    kind: Trouble, *, country: str, said_by: str, size: int, note: bytes, now: datetime
) -> None:
    """Open an alarm and put it on record; one that is open already stays as it is."""
    _, is_new = Alarm.objects.get_or_create(
        country=country,
        kind=kind.value,
        said_by=said_by,
        ended_at=None,
        defaults={"at": now, "size": size, "note": note},
    )
    if is_new:
        record(at=now, actor="node", verb="audit.alarm", subject=country, kind=kind.value)


@transaction.atomic
def end_alarms(country: str, kinds: Iterable[Trouble], now: datetime) -> None:
    """End the alarms of some kinds over a country: what they were about has come right."""
    _end(Alarm.objects.filter(country=country, kind__in=[kind.value for kind in kinds]), now)


def _end(alarms: QuerySet[Alarm], now: datetime) -> None:
    for alarm in alarms.filter(ended_at=None):
        alarm.ended_at = now
        alarm.save(update_fields=["ended_at"])
        verb = "audit.alarm_ended"
        record(at=now, actor="node", verb=verb, subject=alarm.country, kind=alarm.kind)
