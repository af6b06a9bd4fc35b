"""What a partner's restore from a backup does here: numbers begin anew, what it lost is told."""

from dataclasses import replace
from typing import Any

import pytest

from amana.crypto.secrets import new_id
from amana.exchange import actions, parcels, queries
from amana.exchange.actions.delivery import deliver_due
from amana.exchange.carrier import Answer
from amana.exchange.directory import fingerprint_in
from amana.exchange.models import Message, Receipt
from amana.exchange.rules import Header, Rank, Reason
from amana.exchange.tests.builders import offer_body
from amana.exchange.tests.test_actions import Post, post, posted, refusals  # noqa: F401
from amana.standards.references import new_reference
from tests.cast import THE_MOMENT as NOW

pytestmark = pytest.mark.django_db


def restored(here: Post, incarnation: int = 1_795_000_000) -> None:
    """Let the partner come back from a backup, and let this node pin what its root signs now."""
    file = here.there.directory_file(NOW, version=2, incarnation=incarnation)
    actions.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")


def brought(here: Post, **changed: Any) -> Header:
    """Let the partner make an offer; return its header."""
    offer = here.offer(**changed)
    here.bring(here.seal(offer.header, offer_body(reference=new_reference("R"))))
    actions.open_messages(actor=here.desk, now=NOW)
    return offer.header


def deliver(*, said_of_receipts: Reason | None = None) -> list[str]:
    """Let the worker carry what is due; messages get no answer. Returns where it went."""
    went: list[str] = []
    waiting = Receipt.objects.filter(is_ours=True, is_carried=False).count()

    def via(*, url: str, **_more: object) -> Answer:
        went.append(url.rpartition("/")[2])
        if went[-1] == "messages":
            return Answer(200, b"")
        return Answer(200, parcels.join([parcels.as_piece(said_of_receipts)] * waiting))

    deliver_due(now=NOW, clock=lambda: NOW, jitter=0.5, via=via)
    return went


def test_a_restored_partner_counts_anew_and_is_opened_in_order(post: Post) -> None:  # noqa: F811
    first = brought(post)
    restored(post)
    again = replace(
        first, mid=new_id(), inc=2, type="referral.update", schema="referral.update/1.0.0", seq=2
    )
    post.bring(post.seal(again))
    assert actions.open_messages(actor=post.desk, now=NOW) == (0, [])
    assert refusals() == ["out_of_order"]

    post.bring(post.seal(replace(again, mid=new_id(), seq=1)))
    opened, refused = actions.open_messages(actor=post.desk, now=NOW)

    # Both are looked at, in order, and refused for what they say; none for its number.
    assert (opened, refused) == (0, [Reason.MALFORMED, Reason.MALFORMED])
    places = Message.objects.filter(is_ours=False).order_by("inc", "seq")
    assert list(places.values_list("inc", "seq")) == [(1, 1), (2, 1), (2, 2)]


def test_a_number_used_twice_in_one_incarnation_is_still_a_conflict(post: Post) -> None:  # noqa: F811
    first = brought(post)
    post.bring(post.seal(replace(first, mid=new_id())))

    assert actions.open_messages(actor=post.desk, now=NOW) == (0, [Reason.CONFLICT])


@pytest.mark.parametrize("inc", [0, -1, 10**10])
def test_an_incarnation_that_none_can_be_is_refused(post: Post, inc: int) -> None:  # noqa: F811
    brought(post, inc=inc)

    assert refusals() == ["malformed"]


def test_what_a_restored_partner_had_is_carried_to_it_again(post: Post) -> None:  # noqa: F811
    message = posted(post)
    Message.objects.filter(pk=message.pk).update(rank=Rank.RELAYED)
    brought(post)
    Receipt.objects.update(is_carried=True)
    Receipt.objects.update(not_before=None)
    assert deliver() == []

    restored(post)

    assert queries.waiting() == (1, 2)
    assert sorted(deliver()) == ["messages", "receipts"]
    assert queries.waiting() == (1, 0)


def test_a_directory_that_is_only_signed_anew_carries_nothing_again(post: Post) -> None:  # noqa: F811
    message = posted(post)
    Message.objects.filter(pk=message.pk).update(rank=Rank.RELAYED)
    file = post.there.directory_file(NOW, version=2)
    actions.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")

    assert queries.waiting() == (0, 0)


def test_nobody_is_made_to_forget_by_a_partner_that_was_not_restored(post: Post) -> None:  # noqa: F811
    first = brought(post)
    assert Receipt.objects.filter(mid=first.mid, is_carried=False).exists()

    deliver(said_of_receipts=Reason.NOT_THEIRS)

    assert Message.objects.get(pk=first.mid).refused_for == ""
    assert queries.waiting() == (0, 1)


def test_what_a_restored_partner_forgot_counts_here_no_longer(post: Post) -> None:  # noqa: F811
    first = brought(post)
    restored(post)

    deliver(said_of_receipts=Reason.NOT_THEIRS)

    assert Message.objects.get(pk=first.mid).refused_for == "forgotten"
    assert queries.lines(first.conv) == []
    assert queries.waiting() == (0, 0)


def test_our_own_numbers_begin_anew_after_our_own_restore(
    post: Post,  # noqa: F811
    settings: Any,
) -> None:
    before = posted(post)
    settings.OWN = replace(settings.OWN, incarnation=2)
    after = posted(post, conversation=before.conversation)

    assert [(m.inc, m.seq) for m in (before, after)] == [(1, 1), (2, 1)]
