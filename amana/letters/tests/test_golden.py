"""Messages of every kind and version, kept for ever: what was once sent is still read and answered.

A golden that is changed is no golden: a new version of a kind brings a file of its own, and its
digest is added to `digests.json`.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from amana.access.rules import Role
from amana.crypto.secrets import new_id
from amana.exchange.models import Message
from amana.exchange.queries import digest_of
from amana.letters import bodies
from amana.letters.models import Thread
from amana.letters.tests import builders
from amana.letters.tests.builders import answer, conversation, sent
from amana.letters.tests.test_actions import THREADS
from amana.look import coded
from amana.referrals import actions as referrals
from amana.referrals import bodies as referral_bodies
from amana.referrals import rules as referral_rules
from amana.referrals.models import Referral
from amana.referrals.tests import test_actions as told
from amana.referrals.tests.test_actions import PROMISE, Corridor, offered
from amana.standards import messages
from tests.cast import THE_MOMENT as NOW

FOLDER = Path(__file__).resolve().parents[3] / "tests" / "vectors" / "messages"
DIGESTS = json.loads((FOLDER / "digests.json").read_text(encoding="utf-8"))
GOLDEN = sorted(DIGESTS)
corridor = told.corridor


def stored(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return found


def body(kind: str, **more: Any) -> dict[str, Any]:
    """Return the newest golden of a kind."""
    found: dict[str, Any] = stored(f"{kind}/{messages.schemas()[kind][-1]}.json")["body"]
    return found | more


def test_every_kind_in_every_version_has_its_golden_and_none_is_left_over() -> None:
    wanted = {f"{kind}/{v}.json" for kind, versions in messages.schemas().items() for v in versions}

    assert wanted == {str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.json")}
    assert wanted == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_was_never_changed(name: str) -> None:
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == DIGESTS[name]


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_is_still_read_and_shown(name: str) -> None:
    found = stored(name)
    header, said = found["header"], found["body"]
    kind = header["type"]
    family = messages.families()[kind]
    is_letter = family.room == messages.LETTERS

    assert messages.is_readable(header["schema"], kind, said)
    assert (bodies if is_letter else referral_bodies).is_whole(kind, said)
    held = (bodies if is_letter else referral_bodies).categories(kind, said)
    assert "OTHER" not in held
    assert all(coded.spoken(field, value) for field, value in said.items() if value)
    assert said["m"] == family.number
    if is_letter:
        assert bodies.unknown_codes(said) == []
        assert set(family.needed) <= set(said)


def said(corridor: Corridor, there: str, kind: str, *, to: str = "", **more: Any) -> str:
    """Let the other desk say a golden, byte for byte but for what names another message."""
    mid = corridor.say(there, kind, body(kind, **more), to=to)
    assert Message.objects.get(pk=mid).kind == kind, Message.objects.get(pk=mid).refused_for
    return mid


@pytest.mark.django_db
def test_goldens_of_who_asks_are_taken_in_and_answered(corridor: Corridor) -> None:
    there, desk = new_id(), corridor.who(Role.DESK)
    said(corridor, there, "referral.offer")
    referral = Referral.objects.get()
    referrals.acknowledge(referral=referral, actor=desk, now=NOW)
    referrals.ask(referral=referral, topics=["RISKS"], text="?", actor=desk, now=NOW)
    said(corridor, there, "referral.update", to=Message.objects.get(kind=referral_rules.ASK).pk)
    referrals.accept(referral=referral, promise=PROMISE, actor=desk, now=NOW)
    said(corridor, there, "referral.case")
    said(corridor, there, "assessment.request")
    sent(corridor, referral.code, "assessment.report")
    answer(corridor, referral.code, "letter.accept", said(corridor, there, "return.proposal"))
    answer(corridor, referral.code, "letter.read", said(corridor, there, "departure.notice"))
    handed = said(corridor, there, "handover.complete")
    answer(corridor, referral.code, "handover.countersign", handed)
    for kind in ("alert", "judicial.request", "closure"):
        last = said(corridor, there, kind)
    said(corridor, there, "cancel", to=last)
    said(corridor, there, "erase.request")

    referral.refresh_from_db()
    assert conversation(corridor, referral.code).setting.is_recalled


@pytest.mark.django_db
def test_goldens_of_who_is_asked_are_taken_in_and_answered(corridor: Corridor) -> None:
    referral = offered(corridor)
    code, there = referral.code, referral.pk
    said(corridor, there, "referral.acknowledge")
    question = said(corridor, there, "info.request")
    referrals.reply(referral=referral, text="Oui.", actor=corridor.who(Role.DESK), now=NOW)
    assert Message.objects.get(kind=referral_rules.REPLY).in_reply_to == question
    said(corridor, there, "referral.accept")
    assert referral.case is not None
    builders.said(corridor, referral.case, "TRACE_FAMILY")
    request = sent(corridor, code, "assessment.request")
    report = said(corridor, there, "assessment.report", to=request)
    answer(corridor, code, "letter.read", report)
    said(corridor, there, "letter.accept", to=sent(corridor, code, "return.proposal"))
    said(corridor, there, "letter.read", to=sent(corridor, code, "departure.notice"))
    handed = sent(corridor, code, "handover.complete")
    said(corridor, there, "handover.countersign", to=handed, record_digest=digest_of(handed))
    arrived = said(corridor, there, "arrival.confirm", to=handed)
    answer(corridor, code, "letter.read", said(corridor, there, "followup.report", to=arrived))
    second = sent(corridor, code, "return.proposal")
    said(corridor, there, "letter.decline", to=second)


@pytest.mark.django_db
def test_goldens_of_an_end_are_taken_in(corridor: Corridor) -> None:
    referral = offered(corridor)
    said(corridor, referral.pk, "referral.acknowledge")
    said(corridor, referral.pk, "referral.refuse")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", THREADS)
def test_goldens_of_threads_are_taken_in(corridor: Corridor, kind: str) -> None:
    said(corridor, new_id(), kind)

    assert Thread.objects.get().topic == kind


@pytest.mark.django_db
def test_a_golden_of_another_major_is_refused_and_of_a_later_minor_is_read(
    corridor: Corridor,
) -> None:
    known = body("closure")

    assert messages.is_readable("closure/1.7.3", "closure", known | {"later": "kept"})
    for schema in ("closure/2.0.0", "closure/0.9.0", "alert/1.0.0", "closure/1", "closure/1.a.0"):
        assert not messages.is_readable(schema, "closure", known)
    assert not messages.is_readable("closure/1.0.0", "closure", known | {"!must": "x"})
