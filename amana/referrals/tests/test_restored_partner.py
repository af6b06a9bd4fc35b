"""A partner that was restored from a backup: both countries go on from the same story."""

from dataclasses import replace

import pytest

from amana.audit.queries import first_fault
from amana.crypto.secrets import new_id
from amana.exchange import actions, queries
from amana.exchange.models import Message
from amana.exchange.rules import Reason
from amana.exchange.tests.builders import offer_body
from amana.exchange.tests.test_actions import Post, post  # noqa: F401
from amana.exchange.tests.test_actions_of_restores import brought, deliver, restored
from amana.referrals import queries as referrals
from amana.referrals.models import Referral
from amana.referrals.rules import State
from tests.cast import THE_MOMENT as NOW

pytestmark = pytest.mark.django_db


def test_what_a_restored_partner_forgot_counts_no_longer_and_can_be_said_again(
    post: Post,  # noqa: F811
) -> None:
    first = brought(post)
    referral = Referral.objects.get(pk=first.conv)
    assert referrals.told(referral).story.state is State.OFFERED
    restored(post)

    deliver(said_of_receipts=Reason.NOT_THEIRS)

    assert referrals.told(referral).story.state is State.NOT_OFFERED
    kept = Message.objects.get(pk=first.mid)
    assert (kept.refused_for, bytes(kept.container) != b"") == ("forgotten", True)
    assert queries.waiting() == (0, 0)

    again = replace(first, mid=new_id(), inc=2)
    post.bring(post.seal(again, offer_body(reference=referral.code)))
    assert actions.open_messages(actor=post.desk, now=NOW) == (1, [])
    assert referrals.told(referral).story.state is State.OFFERED
    assert Referral.objects.count() == 1
    assert first_fault() is None
