"""Letters through the actions a person uses, on the real database, with a real other desk."""

import pytest

from amana.access.rules import Role
from amana.exchange.models import Message
from amana.letters.tests.builders import accepted, sent
from amana.referrals.tests import test_actions as told
from amana.referrals.tests.test_actions import Corridor

pytestmark = pytest.mark.django_db
corridor = told.corridor


def test_a_family_assessment_is_asked_for_and_given(corridor: Corridor) -> None:
    referral = accepted(corridor)
    sent(corridor, referral.code, "assessment.request")
    assert corridor.reads(Message.objects.get(kind="assessment.request"))["m"] == "M06"
    assert Role.DESK
