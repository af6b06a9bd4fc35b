"""One bit of anything that crosses the border, and it is nothing: not one flip is accepted.

Of a container, a parcel, a receipt, a directory and a checkpoint: every byte of the head and of the
end, and of what lies between every twenty-third, a bit of each, now and then all eight; through the
functions that a node itself asks. The hands that flip are the worst there are: a flipped container
is carried by the true node, a flipped receipt is sealed by it, so that no outer signature hides
what the inner one misses.
"""

from collections.abc import Callable, Iterator

import pytest

from amana.access.queries import access_key
from amana.access.rules import DESK, Actor
from amana.crypto import age, notes
from amana.crypto.boxes import seal
from amana.crypto.framing import pack
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import Seed
from amana.exchange import actions, parcels, queries, rules
from amana.exchange.actions import arrivals
from amana.exchange.directory import Directory, fingerprint_in, open_directory
from amana.exchange.models import Message, Receipt
from amana.exchange.rules import Rank, ReceiptNote, Unacceptable
from amana.exchange.tests.builders import OtherCountry, parcel
from amana.exchange.tests.test_actions import Post, post, posted  # noqa: F401
from tests.cast import THE_MOMENT as NOW

pytestmark = pytest.mark.django_db


def flips(whole: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Give the bytes with one bit changed, each time another."""
    ends = {*range(256), *range(len(whole) - 16, len(whole)), *range(0, len(whole), 23)}
    for place in sorted(ends & set(range(len(whole)))):
        for bit in range(8) if place % 207 == 0 else [place % 8]:
            yield place, bit, whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]


def accepted(whole: bytes, take: Callable[[bytes], object], refusal: type[Exception]) -> list[str]:
    """Return the flips that were taken; an error that nobody foresaw breaks the test."""
    take(whole)
    taken, tried = [], 0
    for place, bit, other in flips(whole):
        tried += 1
        try:
            take(other)
        except refusal:
            continue
        taken.append(f"byte {place} of {len(whole)}, bit {bit}")
    print(f"{tried} flips over {len(whole)} bytes, {len(taken)} accepted")
    assert tried >= 256
    return taken


def directory_of(there: OtherCountry) -> Directory:
    file = there.directory_file(NOW)
    return open_directory(file, pinned=fingerprint_in(file), now=NOW)


def test_no_flip_in_a_container_opens(post: Post) -> None:  # noqa: F811
    offer = post.offer()
    post.bring(offer)
    row = Message.objects.get(pk=offer.header.mid)
    place = queries.cover_place(row.mid, row.cover_id)
    cover = access_key(post.desk, row.cover_id)
    opening = actions._Opening([row.mid], post.desk, NOW)

    def opens(container: bytes) -> object:
        row.container = seal(cover, container, place)
        return opening._unsealed(row, {row.cover_id: cover})

    assert accepted(offer.container, opens, Unacceptable) == []


def test_no_flip_under_the_container_is_the_other_desks_word(post: Post) -> None:  # noqa: F811
    """The frame itself, sealed anew by who can: by anybody who has this desk's public key."""
    offer = post.offer()
    public = public_of(seed_of(post.desk))
    frame = age.decrypt(seed_of(post.desk), offer.container)
    post.bring(offer)
    row = Message.objects.get(pk=offer.header.mid)
    place = queries.cover_place(row.mid, row.cover_id)
    cover = access_key(post.desk, row.cover_id)
    opening = actions._Opening([row.mid], post.desk, NOW)

    def opens(flipped: bytes) -> object:
        row.container = seal(cover, age.encrypt([public], flipped), place)
        opened = opening._unsealed(row, {row.cover_id: cover})
        rules.check_times(opened.header, now=NOW)
        return rules.read_body(opened.body)

    assert accepted(frame, opens, Unacceptable) == []


def seed_of(desk: Actor) -> Seed:
    return desk.teams[DESK].seed


def test_no_flip_in_a_parcel_comes_through_the_door(post: Post) -> None:  # noqa: F811
    carried, directory = parcel(post.offer(), post.there.node), directory_of(post.there)

    def through(flipped: bytes) -> object:
        return parcels.opened(flipped, directory, own_country="MA", now=NOW)

    assert accepted(carried, through, Unacceptable) == []


@pytest.mark.parametrize("rank", [Rank.RELAYED, Rank.DELIVERED])
def test_no_flip_in_a_receipt_raises_a_message(post: Post, rank: Rank) -> None:  # noqa: F811
    message, there = posted(post), post.there
    by_node = rank is Rank.RELAYED
    signer = there.country if by_node else there.desk_address
    note = ReceiptNote(1, message.mid, rank, message.sha256, NOW.isoformat(), signer, "")
    seed = there.node if by_node else there.desk
    signed = pack(rules.RECEIPT, rules.encode(note), b"", seed, padded=True)
    directory = directory_of(there)

    def takes(flipped: bytes) -> object:
        (reason,) = arrivals.take_receipts([flipped], directory, NOW)
        if reason is not None:
            raise Unacceptable(reason)
        return reason

    assert accepted(signed, takes, Unacceptable) == []
    kept = Receipt.objects.filter(is_ours=False)
    assert [(r.mid, r.rank) for r in kept] == [(message.mid, rank)]


def test_no_flip_in_a_directory_is_the_roots(post: Post) -> None:  # noqa: F811
    file = post.there.directory_file(NOW)
    pinned = fingerprint_in(file)

    def opens(flipped: bytes) -> object:
        return open_directory(flipped, pinned=pinned, now=NOW)

    assert accepted(file, opens, Unacceptable) == []


def test_no_flip_in_a_checkpoint_is_the_logs_or_the_witnesss(post: Post) -> None:  # noqa: F811
    there, name = post.there, "amana/CI/1"
    checkpoint = notes.Checkpoint(name, 1234, bytes(range(32)))
    own = notes.signed(there.node, checkpoint, at=1_800_000_000)
    lines = notes.cosigned(there.desk, "amana/MA/1", checkpoint, at=1_800_000_001)
    note = bytes(notes.Note(own.text, (*own.lines, *lines)))
    log, witness = notes.keys_of(there.node, name), notes.keys_of(there.desk, "amana/MA/1")

    def holds(flipped: bytes) -> object:
        read = notes.read_note(flipped)
        notes.signed_at(read, notes.of_kinds(witness, notes.WITNESS_KINDS))
        notes.signed_at(read, notes.of_kinds(log, notes.LOG_KINDS))
        return notes.read_checkpoint(read.text)

    assert accepted(note, holds, notes.BadNote) == []
