"""Publishing the own directory, having partners take it over, taking theirs, comparing roots.

A directory travels like a checkpoint: in a frame that the sending node signs, with the proof that
its digest is an entry of the sender's log under the head that the receiver vouched for. A first
root is never taken this way: two people compare it.
"""

import struct
from collections.abc import Callable
from datetime import date, datetime

from django.db import transaction

from amana.access.actions.keys import renew_team_key, take_as_published
from amana.access.queries import team
from amana.access.rules import DESK, Actor, NotFound, Refused, Role
from amana.audit import actions as audit
from amana.audit import queries as log
from amana.audit.rules import Trouble
from amana.crypto.framing import BadFrame, pack, read
from amana.crypto.secrets import digest, new_id
from amana.crypto.signing import sign, sign_public_of
from amana.exchange import queries, rules, trust
from amana.exchange.actions import keep_replaced, pin_peer
from amana.exchange.carrier import Answer, NotCarried, carry
from amana.exchange.directory import Directory, fingerprint_in, open_directory
from amana.exchange.models import Candidate, Handover, HolidayWord, Peer, Published
from amana.exchange.rules import Outer, Reason, Unacceptable
from amana.exchange.witness import FRAME_LIFE

PATH = "/exchange/directory"
CONFIRMS = frozenset({Role.COORDINATOR, Role.DESK})
Post = Callable[..., Answer]

# What cannot be a mistake of the wire: somebody shows us another country than we pinned.
ALARMS = {
    Reason.ROLLED_BACK: Trouble.ROLLED_BACK,
    Reason.UNKNOWN_SENDER: Trouble.FOREIGN_ROOT,
    Reason.NOT_LOGGED: Trouble.NOT_LOGGED,
}


# The own directory.


@transaction.atomic
def publish(file: bytes, *, now: datetime, by: str) -> Published:
    """Take a signed directory as this node's own, and put its digest on record.

    Raises Unacceptable: not_theirs for another country's, rolled_back for a number that is not
    higher, unknown_sender for a root that is neither the last one nor the announced.
    """
    last = Published.objects.select_for_update().order_by("-version").first()
    if last is not None and bytes(last.file) == file:
        return last
    if last is None:
        directory = open_directory(file, pinned=fingerprint_in(file), now=now)
    else:
        held = trust.Pinned(fingerprint_in(bytes(last.file)), bytes(last.file))
        # A restored node skips the numbers that partners saw before it was lost.
        directory, _ = trust.newer(held, file, now=now)
    if directory.country != queries.own().country:
        raise Unacceptable(Reason.NOT_THEIRS)
    entry = audit.record(
        at=now,
        actor=by,
        verb=trust.PUBLISHED,
        subject=directory.country,
        sha256=digest(file).hex(),
        version=str(directory.version),
    )
    desk = directory.desk
    take_as_published(DESK, recipient=desk.public, signer=desk.signer)
    return Published.objects.create(version=directory.version, file=file, at=now, entry=entry.seq)


@transaction.atomic
def renew_desk_key(*, actor: Actor, now: datetime) -> None:
    """Give the desk a new key; every key that it had vouches for it.

    Nothing changes for partners until two officers have signed the next directory and each partner
    has taken it over; what was sealed to the former key opens as before. Raises NotFound for who is
    not of the desk; Refused while an earlier new key still waits to be signed.
    """
    if not actor.holds(DESK):
        raise NotFound
    if desk_key_waits():
        raise Refused(["DESK_KEY_WAITS"])
    before = actor.teams[DESK]
    renew_team_key(team_code=DESK, actor=actor, now=now, with_new_seed=True)
    new = bytes(team(DESK).signer)
    Handover.objects.bulk_create(
        Handover(former=sign_public_of(old), signer=new, cross=sign(old, rules.CROSS, new), at=now)
        for old in before.ever
    )


def desk_key_waits() -> bool:
    """Say whether the desk has a key that no signed directory names yet."""
    row = team(DESK)
    return row.published_signer is not None and bytes(row.published_signer) != bytes(row.signer)


def tell_all(now: datetime, via: Post = carry) -> int:
    """Bring the own directory to every partner that lacks it; return how many took it over.

    The partner must have vouched for a head that holds it first: the witness's turn comes before.
    """
    row, told = queries.published(), 0
    if row is None:
        return 0
    for peer in Peer.objects.filter(has_ours__lt=row.version):
        try:
            told += _tell(peer, row, now, via)
        except (NotCarried, Unacceptable):
            continue
    return told


def _tell(peer: Peer, row: Published, now: datetime, via: Post) -> bool:
    directory = queries.peer_directory(peer.country, now, grace=rules.READING_GRACE)
    proof = log.proof_to(directory.log_name, row.entry)
    if proof is None:
        return False
    own, content = queries.own(), bytes(proof)
    outer = Outer(1, peer.country, new_id(), (now + FRAME_LIFE).isoformat())
    body = struct.pack(">I", len(content)) + content + bytes(row.file)
    parcel = pack(rules.UPDATE, rules.encode(outer), body, own.seed, padded=False)
    url = directory.url + PATH
    answer = via(url=url, host=directory.host, sender=own.country, parcel=parcel)
    if answer.status != 200:
        raise NotCarried(f"status {answer.status}")
    return bool(Peer.objects.filter(pk=peer.pk).update(has_ours=row.version))


# A partner's.


def receive_directory(parcel: bytes, *, caller: str, now: datetime) -> None:
    """Take over a partner's newer directory, or raise the alarm and leave the old one in place.

    Raises Unacceptable, after it is on record. The very bytes that are held do nothing.
    """
    try:
        _take_over(parcel, caller, now)
    except Unacceptable as refused:
        if refused.reason is Reason.REPLAYED:
            return
        _refuse(refused.reason, caller, parcel, now)
        raise


def _take_over(parcel: bytes, caller: str, now: datetime) -> None:
    proof, file = _parts(parcel, caller, now)
    with transaction.atomic():
        peer = Peer.objects.select_for_update().get(pk=caller)
        held = trust.Pinned(peer.pinned_root, bytes(peer.directory))
        directory, root = trust.newer(held, file, now=now)
        last = queries.peer_directory(caller, now, grace=rules.FOR_EVER)
        trust.check_logged(file, proof, _head_of(last))
        keep_replaced(peer, now)
        peer.pinned_root, peer.directory = root, file
        peer.version, peer.url = directory.version, directory.url
        peer.save()
        audit.end_alarms(caller, ALARMS.values(), now)
        audit.record(
            at=now,
            actor="node",
            verb="exchange.take_directory",
            subject=caller,
            version=str(directory.version),
            root="same" if root == held.root else "announced",
        )


def _parts(parcel: bytes, caller: str, now: datetime) -> tuple[bytes, bytes]:
    """Return proof and file out of a frame that the caller's node signed."""
    directory = queries.peer_directory(caller, now, grace=rules.FOR_EVER)
    if len(parcel) > rules.LARGEST_PARCEL:
        raise Unacceptable(Reason.MALFORMED)
    try:
        frame = read(parcel, padded=False)
    except BadFrame as bad:
        raise Unacceptable(Reason(bad.reason)) from None
    signer = trust.signer_of(frame, rules.UPDATE, directory, "node", now=now)
    if signer is None:
        raise Unacceptable(Reason.CHANGED)
    trust.check_not_revoked(signer, directory, written_at=now, came_at=now)
    rules.check_outer(rules.read_outer(frame.header), own_country=queries.own().country, now=now)
    size = int.from_bytes(frame.body[:4])
    return frame.body[4 : 4 + size], frame.body[4 + size :]


def _head_of(directory: Directory) -> trust.Head | None:
    row = next((row for row in log.witnessed() if row.origin == directory.log_name), None)
    return trust.Head(row.origin, row.size, bytes(row.root)) if row else None


def _refuse(reason: Reason, caller: str, parcel: bytes, now: datetime) -> None:
    is_partner = Peer.objects.filter(pk=caller[:2]).exists() and len(caller) == 2
    with transaction.atomic():
        audit.record(
            at=now,
            actor="node",
            verb="exchange.refuse_directory",
            subject=caller if is_partner else "??",
            reason=reason.value,
        )
        if is_partner and reason in ALARMS:
            own = queries.own()
            audit.raise_alarm(
                ALARMS[reason],
                country=caller,
                said_by=own.log_name,
                size=0,
                note=parcel,
                now=now,
            )


# Comparing a root, by two people.


@transaction.atomic
def bring_root(file: bytes, *, actor: Actor, now: datetime) -> Candidate:
    """Lay a partner's directory beside, until two people have compared its words."""
    _check_role(actor)
    directory = open_directory(file, pinned=fingerprint_in(file), now=now)
    if directory.country == queries.own().country:
        raise Unacceptable(Reason.NOT_FOR_US)
    if Peer.objects.filter(pk=directory.country).exists():
        raise Unacceptable(Reason.CONFLICT)
    # Another file begins the comparison anew: what was said of the first is not said of this one.
    found, _ = Candidate.objects.update_or_create(
        country=directory.country,
        defaults={
            "root": fingerprint_in(file),
            "directory": file,
            "brought_at": now,
            "first_by": "",
            "first_at": None,
        },
    )
    audit.record(
        at=now, actor=actor.account_id, verb="exchange.bring_root", subject=directory.country
    )
    return found


@transaction.atomic
def compare_root(country: str, *, root: str, actor: Actor, now: datetime) -> Peer | None:
    """Say that this person compared the words; the second one who says so pins the root.

    `root` is what stood on her page: of a file that was changed meanwhile she has said nothing.
    """
    _check_role(actor)
    found = Candidate.objects.select_for_update().filter(pk=country).first()
    if found is None:
        raise NotFound
    if found.root != root:
        raise Refused(["ROOT_CHANGED"])
    if found.first_by == actor.account_id:
        raise Refused(["SECOND_PERSON_IS_THE_FIRST"])
    audit.record(
        at=now, actor=actor.account_id, verb="exchange.compare_root", subject=country, root=root
    )
    if not found.first_by:
        found.first_by, found.first_at = actor.account_id, now
        found.save(update_fields=["first_by", "first_at"])
        return None
    peer = pin_peer(
        file=bytes(found.directory), fingerprint=found.root, now=now, by=actor.account_id
    )
    found.delete()
    return peer


# Holidays.


@transaction.atomic
def say_holiday(day: date, *, is_rest: bool | None, actor: Actor, now: datetime) -> None:
    """Confirm that a day is one of rest, or that it is not; None takes back what was said.

    It counts for both countries once it stands in the signed directory.
    """
    _check_role(actor)
    if is_rest is None:
        HolidayWord.objects.filter(pk=day).delete()
    else:
        HolidayWord.objects.update_or_create(
            day=day, defaults={"is_rest": is_rest, "by": actor.account_id, "at": now}
        )
    audit.record(
        at=now,
        actor=actor.account_id,
        verb="exchange.say_holiday",
        subject=day.isoformat(),
        said={True: "rest", False: "work", None: "nothing"}[is_rest],
    )


def _check_role(actor: Actor) -> None:
    if actor.role not in CONFIRMS:
        raise NotFound
