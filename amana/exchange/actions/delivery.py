"""Carrying what waits to the other nodes: the worker's part. Holds no desk key and opens nothing.

Each partner has two lanes, of messages and of receipts, and in each lane one parcel at a time is
under way. A slow or silent partner keeps only its own mail waiting.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

from django.db import DataError, transaction
from django.db.models import F, Q, QuerySet

from amana.agreements import queries as agreements
from amana.audit.actions import Act, record, record_all
from amana.crypto.signing import Signer
from amana.exchange import parcels, queries, rules
from amana.exchange.actions.arrivals import take_receipts
from amana.exchange.carrier import Answer, NotCarried, carry
from amana.exchange.directory import Directory
from amana.exchange.models import Message, Peer, Receipt
from amana.exchange.rules import Rank, Reason, Unacceptable

MESSAGES, RECEIPTS = "/exchange/messages", "/exchange/receipts"

Post = Callable[..., Answer]
Row = Message | Receipt
Rows = Sequence[Row]
Clock = Callable[[], datetime]
# What bytes from abroad, however wrong, can make of the code that reads them.
UNFORESEEN = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, DataError)
# Whatever a partner answers, its rows wait and the others go on.
CANNOT_NOW = (NotCarried, Unacceptable, *UNFORESEEN)
# Longer than one delivery may take; a worker that was killed in between is waited for no longer.
LEASE = timedelta(seconds=25)
# Seconds that a turn waits for an answer before it leaves that partner to the next turn.
PATIENCE = 1.0


def deliver_due(*, now: datetime, clock: Clock, jitter: float, via: Post = carry) -> int:
    """Carry every message and receipt that is due, partner after partner; return how many arrived.

    A claim on the rows (their next moment is put off) keeps two workers from one parcel; a worker
    that dies leaves only the claim, which runs out.
    """
    return Delivery(clock=clock, via=via, starts=_here).turn(now, jitter)


@dataclass(frozen=True)
class Lane:
    """The way of messages, or of receipts, to one country."""

    country: str
    model: type[Row]

    @property
    def path(self) -> str:
        """Return the door at which the other node takes it."""
        return MESSAGES if self.model is Message else RECEIPTS

    def due(self, now: datetime) -> QuerySet[Any]:
        """Return what waits here: an index holds these rows and no others."""
        waits = {"country": self.country, "is_ours": True, "not_before__lte": now}
        if self.model is Message:
            to_carry = Q(rank=Rank.QUEUED) | Q(carry_again=True)
            messages = Message.objects.filter(to_carry, refused_for="", **waits)
            return messages.order_by("not_before", "attempts")
        receipts = Receipt.objects.filter(is_carried=False, **waits)
        return receipts.order_by("not_before", "attempts", "rank")


@dataclass(frozen=True)
class UnderWay:
    """A parcel that left, and the answer that is waited for."""

    rows: Rows
    directory: Directory | None
    answer: "Future[bytes]"


Starts = Callable[["Future[bytes]", Callable[[], bytes]], None]


def _here(answer: "Future[bytes]", ask: Callable[[], bytes]) -> None:
    """Ask and wait for the answer."""
    try:
        answer.set_result(ask())
    except Exception as failure:  # noqa: BLE001 - whoever waits for the answer gets it
        answer.set_exception(failure)


def apart(answer: "Future[bytes]", ask: Callable[[], bytes]) -> None:
    """Ask in a thread of its own, which touches no table and dies with the process."""
    Thread(target=_here, args=(answer, ask), daemon=True).start()


class Delivery:
    """What is under way to each partner; lives as long as its worker."""

    def __init__(self, *, clock: Clock, via: Post, starts: Starts = apart) -> None:
        self._clock, self._via, self._starts = clock, via, starts
        self._under_way: dict[Lane, UnderWay] = {}
        # How many go into a parcel: half as many after every failure, so that a line too weak for
        # many carries one at last, and one that breaks them all stands alone.
        self._most: dict[Lane, int] = {}

    def turn(self, now: datetime, jitter: float) -> int:
        """Send what is due and take the answers that come soon; return how many pieces arrived."""
        countries, arrived = _countries(), 0
        if not self._under_way and not _is_due(countries, now):
            return 0
        _give_up(now)
        holding = agreements.holding(now)
        lanes = [Lane(c, m) for c in countries for m in (Message, Receipt)]
        while True:
            for lane in lanes:
                if lane not in self._under_way and (rows := self._claimed(lane, now)):
                    self._under_way[lane] = self._sent(lane, rows, holding)
            answers = {way.answer: lane for lane, way in self._under_way.items()}
            if not answers:
                return arrived
            done = wait(answers, timeout=PATIENCE, return_when=FIRST_COMPLETED).done
            if not done:
                return arrived
            for answer in done:
                lane = answers[answer]
                arrived += self._taken(lane, self._under_way.pop(lane), jitter)

    @transaction.atomic
    def _claimed(self, lane: Lane, now: datetime) -> Rows:
        """Claim what goes into the next parcel."""
        most = self._most.get(lane, parcels.MOST)
        rows = list(lane.due(now).select_for_update(skip_locked=True)[:most])
        sizes = [len(r.container if isinstance(r, Message) else r.signed) for r in rows]
        rows = rows[: parcels.fitting(sizes)]
        if rows:
            ids = [row.pk for row in rows]
            lane.model.objects.filter(pk__in=ids).update(not_before=now + LEASE)
        return rows

    def _sent(self, lane: Lane, rows: Rows, holding: frozenset[str]) -> UnderWay:
        answer: Future[bytes] = Future()
        # What a suspension met in the outbox waits there: it leaves when its article holds again.
        rows = [r for r in rows if not isinstance(r, Message) or holding >= {*r.under.split()}]
        if not rows:
            answer.set_result(b"")
            return UnderWay(rows, None, answer)
        try:
            directory = queries.peer_directory(lane.country, self._clock())
            parcel = _parcel(lane, rows, directory, self._clock())
        except CANNOT_NOW as failure:
            answer.set_exception(failure)
            return UnderWay(rows, None, answer)
        url, sender, via = directory.url + lane.path, queries.own().country, self._via

        def ask() -> bytes:
            said = via(url=url, host=directory.host, sender=sender, parcel=parcel)
            if said.status != 200:
                raise NotCarried(f"status {said.status}")
            return said.body

        self._starts(answer, ask)
        return UnderWay(rows, directory, answer)

    def _taken(self, lane: Lane, way: UnderWay, jitter: float) -> int:
        """Apply an answer: what arrived is due no more, what was refused is tried again later."""
        now = self._clock()
        if not way.rows:
            return 0
        try:
            body = way.answer.result()
            said = _said(lane, way, body, now)
        except CANNOT_NOW as failure:
            self._most[lane] = max(1, len(way.rows) // 2)
            _try_all_later(lane, way.rows, failure, now, jitter)
            return 0
        self._most[lane] = min(parcels.MOST, 2 * self._most.get(lane, parcels.MOST))
        refused = {
            row.pk: reason
            for row, reason in zip(way.rows, said, strict=True)
            if reason and not _is_forgotten(row, reason, now)
        }
        _try_later([row for row in way.rows if row.pk in refused], refused, now, jitter)
        return len(way.rows) - len(refused)


def _is_due(countries: list[str], now: datetime) -> bool:
    """Say whether anything waits for its moment: most turns of a worker find nothing."""
    waits = {"country__in": countries, "is_ours": True, "not_before__lte": now}
    return any(model.objects.filter(**waits).exists() for model in (Message, Receipt))


def _countries() -> list[str]:
    return list(Peer.objects.order_by("pk").values_list("pk", flat=True))


def _parcel(lane: Lane, rows: Rows, directory: Directory, now: datetime) -> bytes:
    if lane.model is Message:
        both = ((bytes(r.outer), bytes(r.container)) for r in rows if isinstance(r, Message))
        body = parcels.join(piece for pair in both for piece in pair)
    else:
        body = parcels.sealed_to(
            directory, (bytes(r.signed) for r in rows if isinstance(r, Receipt))
        )
    return parcels.close(body, to=lane.country, signer=Signer(queries.own().seed), now=now)


def _said(lane: Lane, way: UnderWay, body: bytes, now: datetime) -> list[Reason | None]:
    """Return for each row of a parcel why it did not arrive; what did is put down as arrived."""
    if lane.model is Receipt:
        said = parcels.reasons(body, len(way.rows))
        arrived = [r.pk for r, reason in zip(way.rows, said, strict=True) if reason is None]
        Receipt.objects.filter(pk__in=arrived).update(is_carried=True, not_before=None)
        return said
    answers = parcels.pairs(parcels.unsealed(queries.own().seed, body))
    if len(answers) != len(way.rows) or way.directory is None:
        raise Unacceptable(Reason.TRUNCATED)
    said = [parcels.reason_in(reason) for reason, _ in answers]
    taken = take_receipts(
        [signed for reason, (_, signed) in zip(said, answers, strict=True) if reason is None],
        way.directory,
        now,
    )
    judged = iter(taken)
    found = [reason or next(judged) for reason in said]
    arrived = [row.pk for row, reason in zip(way.rows, found, strict=True) if reason is None]
    again = Message.objects.filter(pk__in=arrived, carry_again=True)
    again.update(carry_again=False, not_before=None)
    return found


def _is_forgotten(row: Row, reason: Reason, now: datetime) -> bool:
    """Take note when a restored partner no longer knows what it said; say whether that is so.

    Believed only of what it said in an earlier incarnation than its root signs today. What it has
    forgotten counts no longer here either: both countries go on from the same story, and it can say
    the same again. The message, its digest and its receipts stay.
    """
    if not isinstance(row, Receipt) or reason is not Reason.NOT_THEIRS:
        return False
    with transaction.atomic():
        message = Message.objects.select_for_update().filter(pk=row.mid, is_ours=False).first()
        if message is None:
            return False
        today = queries.peer_directory(message.country, now, grace=rules.READING_GRACE)
        if message.inc >= today.incarnation:
            return False
        Receipt.objects.filter(mid=row.mid, is_ours=True).update(is_carried=True, not_before=None)
        if not message.refused_for:
            message.refused_for = Reason.FORGOTTEN.value
            message.save(update_fields=["refused_for"])
            record(at=now, actor="worker", verb="exchange.forgotten_there", subject=row.mid)
    return True


def _give_up(now: datetime) -> None:
    """Say of what was never carried in its life that it was not: silence becomes evidence."""
    # What waits of each country stands in the index of what is due.
    waiting = Message.objects.filter(country__in=_countries(), not_before__isnull=False)
    late = waiting.filter(is_ours=True, rank=Rank.QUEUED, refused_for="", expires_at__lt=now)
    with transaction.atomic():
        mids = list(late.select_for_update().values_list("pk", flat=True)[:500])
        if mids:
            Message.objects.filter(pk__in=mids).update(
                refused_for=Reason.EXPIRED.value, not_before=None
            )
            acts = [Act("exchange.give_up", mid) for mid in mids]
            record_all(acts, at=now, actor="worker")


def _try_all_later(
    lane: Lane, rows: Rows, failure: Exception, now: datetime, jitter: float
) -> None:
    """Put off a parcel that did not arrive, and with it all that would take the same way now."""
    reason = failure.reason if isinstance(failure, Unacceptable) else None
    _try_later(rows, {row.pk: reason for row in rows}, now, jitter)
    wait_ = _patience(min(row.attempts for row in rows), jitter)
    lane.due(now).order_by().update(not_before=now + wait_)


def _try_later(
    rows: Iterable[Row], reasons: Mapping[Any, Reason | None], now: datetime, jitter: float
) -> None:
    alike: dict[int, list[Row]] = {}
    for row in rows:
        row.attempts += 1
        alike.setdefault(row.attempts, []).append(row)
    acts = []
    with transaction.atomic():
        for attempts, some in sorted(alike.items()):
            model = type(some[0])
            # One that arrived meanwhile by another way is due no more.
            left = model.objects.filter(pk__in=[row.pk for row in some], not_before__isnull=False)
            left.update(attempts=F("attempts") + 1, not_before=now + _patience(attempts, jitter))
            if attempts & (attempts - 1) == 0:
                # On record at the first failure and then ever more rarely: 1, 2, 4, 8, ...
                acts += [_not_carried(row, reasons.get(row.pk)) for row in some]
        record_all(acts, at=now, actor="worker")


def _patience(attempts: int, jitter: float) -> timedelta:
    return rules.retry_after(attempts, base=queries.own().retry_base, jitter=jitter)


def _not_carried(row: Row, reason: Reason | None) -> Act:
    said = reason.value if reason else "not_carried"
    return Act("exchange.not_carried", row.mid, {"reason": said})
