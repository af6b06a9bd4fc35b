"""A person's ways in: two kinds before a case, a code that counts once, a password of her own."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from amana.access import actions, passkeys, queries, rules
from amana.access.actions import FirstLock, locks
from amana.access.models import Account, Lock, Notice, RecoveryShare
from amana.access.passkeys import SIGN_IN
from amana.access.rules import CARE, NotFound, Refused, Role, StepUp
from amana.crypto.secrets import token
from amana.crypto.totp import TotpSecret, code_at, new_totp
from amana.keeper.rules import DEMO_CODE, Policy
from tests.cast import CHEAP, PASSWORD, THE_MOMENT, Cast, name_of
from tests.keeping import WIDE, a_keeper

pytestmark = pytest.mark.django_db
NOW = THE_MOMENT
WORKER = name_of(Role.CASE_WORKER)


# Two locks of different kinds.


def test_whoever_has_one_kind_of_way_in_is_entrusted_with_no_case(cast: Cast) -> None:
    worker = cast.who(WORKER)
    locks.require_two_locks(worker)
    RecoveryShare.objects.filter(account_id=worker.account_id).delete()

    with pytest.raises(Refused) as refused:
        locks.require_two_locks(worker)

    assert refused.value.objections == ["NEEDS_TWO_LOCKS"]


def test_a_passkey_is_a_second_kind_and_a_second_passkey_is_none() -> None:
    assert rules.may_own_cases({rules.PASSWORD, rules.PASSKEY})
    assert not rules.may_own_cases([rules.PASSKEY, rules.PASSKEY])


def test_a_passkey_can_be_removed_but_never_the_last_lock_nor_a_colleague_s(cast: Cast) -> None:
    worker, other = cast.who(WORKER), cast.actor(Role.DESK)
    lock = Lock.objects.create(
        account_id=worker.account_id,
        kind="passkey",
        made_at=NOW,
        sealed_seed=b"x",
        credential_id=b"one",
    )
    with pytest.raises(NotFound):
        locks.remove_passkey(actor=other, lock_id=lock.pk, now=NOW)

    locks.remove_passkey(actor=worker, lock_id=lock.pk, now=NOW)
    password = Lock.objects.get(account_id=worker.account_id)
    with pytest.raises(NotFound):  # a password is changed, never removed
        locks.remove_passkey(actor=worker, lock_id=password.pk, now=NOW)

    Lock.objects.filter(pk=password.pk).update(kind="passkey", credential_id=b"last", salt=None)
    with pytest.raises(Refused) as refused:
        locks.remove_passkey(actor=worker, lock_id=password.pk, now=NOW)
    assert refused.value.objections == ["LAST_LOCK"]


# Challenges.


def test_a_challenge_is_for_one_purpose_for_five_minutes_and_for_this_node() -> None:
    site = locks.site()
    challenge = site.challenge(SIGN_IN, NOW)

    site.check(challenge, SIGN_IN, NOW)
    site.check(challenge, SIGN_IN, NOW + rules.CHALLENGE_LIFE - timedelta(seconds=1))
    for changed, purpose, at, why in (
        (challenge, "somebody-s-act", NOW, "PASSKEY_NOT_KNOWN"),
        (challenge[:-1] + bytes([challenge[-1] ^ 1]), SIGN_IN, NOW, "PASSKEY_NOT_KNOWN"),
        (b"", SIGN_IN, NOW, "PASSKEY_NOT_KNOWN"),
        (token(), SIGN_IN, NOW, "PASSKEY_NOT_KNOWN"),
        (challenge, SIGN_IN, NOW + rules.CHALLENGE_LIFE, "PASSKEY_TOO_LATE"),
        (challenge, SIGN_IN, NOW - timedelta(minutes=1), "PASSKEY_TOO_LATE"),
    ):
        with pytest.raises(Refused) as refused:
            site.check(changed, purpose, at)
        assert refused.value.objections == [why]


def test_a_challenge_is_answered_once_and_forgotten_when_it_is_too_old_anyway(db: None) -> None:
    locks._spend(b"c" * 32, NOW)

    with pytest.raises(Refused):
        locks._spend(b"c" * 32, NOW)
    actions.sweep(NOW + rules.CHALLENGE_LIFE)
    locks._spend(b"c" * 32, NOW)


@pytest.mark.parametrize(
    "answer",
    ["", "x", "[]", "{}", "null", '{"id": 1}', '{"id": "AA", "response": {}}', "[" * 5000],
    ids=range(8),
)
def test_what_is_no_answer_of_a_passkey_is_refused_and_breaks_nothing(
    cast: Cast, answer: str
) -> None:
    worker = cast.who(WORKER)

    with pytest.raises(Refused):
        locks.sign_in_by_passkey(answer=answer, prf="", address="a", now=NOW)
    with pytest.raises(Refused):
        locks.add_passkey(actor=worker, answer=answer, prf="", now=NOW)


def test_a_passkey_that_gives_no_secret_opens_nothing_and_the_person_is_told() -> None:
    for prf in ("", "AAAA", "not base64 at all", "é"):
        with pytest.raises(Refused) as refused:
            passkeys.key_of(prf)
        assert refused.value.objections == ["PASSKEY_OPENS_NOTHING"]


def test_the_browser_is_asked_for_the_same_secret_every_time_and_for_a_checked_person() -> None:
    site = locks.site()
    made = passkeys.options_to_register(
        site, account_id="0" * 32, sign_in_name="x", known=[b"k"], now=NOW
    )
    used = passkeys.options_to_prove(site, SIGN_IN, known=[], now=NOW)

    assert made["extensions"] == used["extensions"]
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert used["userVerification"] == "required"
    assert (made["rp"]["id"], used["rpId"]) == (settings.NODE.host, settings.NODE.host)
    assert made["challenge"] != used["challenge"]
    assert json.dumps(made)


# The phone's codes, with a keeper that is no demo's.


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[None]:
    """A keeper that accepts no printed code."""
    policy = Policy(is_demo=False, stretch_account=WIDE, stretch_all=WIDE)
    with (
        a_keeper(tmp_path / "strict", policy=policy) as process,
        override_settings(KEEPER=process.line),
    ):
        yield


def hire(totp: TotpSecret) -> Account:
    return actions.make_account(
        sign_in_name="neuve",
        name="Neuve Inventée",
        role=Role.CASE_WORKER,
        first=FirstLock(PASSWORD, totp, CHEAP),
        now=NOW - timedelta(days=1),
        by="test",
    )


def come_in(code: str) -> bytes:
    return actions.sign_in(sign_in_name="neuve", password=PASSWORD, code=code, address="a", now=NOW)


def test_only_the_code_of_her_phone_lets_her_in_and_each_code_once(strict: None) -> None:
    totp = new_totp()
    hire(totp)
    real = settings.CLOCK

    wrong = code_at(new_totp(), real.now())
    for code in (DEMO_CODE, wrong, "", "12345"):
        with pytest.raises(Refused) as refused:
            come_in(code)
        assert refused.value.objections == ["NAME_OR_PASSWORD_WRONG"]
    shown = code_at(totp, real.now())
    assert come_in(shown)
    with pytest.raises(Refused):
        come_in(shown)


def test_a_new_phone_counts_once_it_has_shown_a_code_and_the_old_one_no_more(
    strict: None,
) -> None:
    totp, real = new_totp(), settings.CLOCK
    hire(totp)
    actor = actions.find_actor(come_in(code_at(totp, real.now())), NOW)
    assert actor is not None
    fresh, box = locks.offer_phone(actor)
    assert locks.offered_phone(actor, box) == fresh

    with pytest.raises(Refused) as refused:
        locks.change_phone(actor=actor, totp=fresh, code=DEMO_CODE, now=NOW)
    assert refused.value.objections == ["CODE_WRONG"]
    locks.change_phone(actor=actor, totp=fresh, code=code_at(fresh, NOW), now=NOW)

    with pytest.raises(Refused):
        come_in(code_at(totp, real.now() + timedelta(seconds=30)))
    assert come_in(code_at(fresh, real.now() + timedelta(seconds=30)))
    assert Notice.objects.filter(account_id=actor.account_id, kind="WAYS_CHANGED").count() == 1


def test_a_phone_s_secret_that_another_session_was_offered_is_not_taken(cast: Cast) -> None:
    worker = cast.who(WORKER)
    _, box = locks.offer_phone(worker)

    for thief in (cast.actor(Role.DESK), replace(worker, session_id="another")):
        with pytest.raises(NotFound):
            locks.offered_phone(thief, box)
    for rubbish in ("", "zz", box[:-2]):
        with pytest.raises(NotFound):
            locks.offered_phone(worker, rubbish)


# What wants a fresh proof.


def test_no_way_in_is_changed_unless_it_is_still_she(cast: Cast) -> None:
    tired = replace(cast.who(WORKER), stepped_up_at=NOW - rules.STEP_UP)
    totp = new_totp()

    for act in (
        lambda: locks.add_passkey(actor=tired, answer="{}", prf="", now=NOW),
        lambda: locks.remove_passkey(actor=tired, lock_id=1, now=NOW),
        lambda: locks.change_password(actor=tired, password="x" * 12, now=NOW),
        lambda: locks.change_phone(actor=tired, totp=totp, code=code_at(totp, NOW), now=NOW),
    ):
        with pytest.raises(StepUp):
            act()


# Admission.


def test_a_member_admits_a_colleague_who_has_a_password_of_her_own(cast: Cast) -> None:
    made = hire(new_totp())
    worker, neuve = cast.who(WORKER), cast.who("neuve")
    with pytest.raises(Refused) as refused:
        actions.admit_colleague(team_code=CARE, account_id=made.pk, actor=worker, now=NOW)
    assert refused.value.objections == ["FIRST_PASSWORD_STILL"]
    locks.change_password(actor=neuve, password="one of her own", now=NOW)
    assert Notice.objects.filter(account=made, kind="WAYS_CHANGED").exists()

    actions.admit_colleague(team_code=CARE, account_id=made.pk, actor=worker, now=NOW)

    cookie = cast.cookies["neuve"]
    inside = actions.find_actor(cookie, NOW)
    assert inside is not None
    assert inside.teams[CARE] == worker.teams[CARE]
    assert Notice.objects.filter(account=made, kind="ADMITTED").exists()


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.DESK, Role.FIRST_RESPONDER])
def test_who_is_not_in_the_team_admits_nobody(cast: Cast, role: Role) -> None:
    made = hire(new_totp())

    with pytest.raises(NotFound):
        actions.admit_colleague(team_code=CARE, account_id=made.pk, actor=cast.actor(role), now=NOW)


def test_a_role_that_has_no_place_in_a_team_is_not_offered_for_it(cast: Cast) -> None:
    fit = queries.may_be_admitted(cast.who(WORKER))[CARE]

    roles = {Role(a.role) for a in fit}
    assert roles <= {Role.CASE_WORKER, Role.SUPERVISOR}
