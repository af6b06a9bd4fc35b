"""Every way in is lost: two officers and a day give a seed back, and nobody alone, ever."""

from dataclasses import replace
from datetime import timedelta

import pytest

from amana.access import actions, queries, rules
from amana.access.actions import keys, recovery
from amana.access.models import Account, Lock, Notice, Recovery, RecoveryShare, Session
from amana.access.rules import CARE, Actor, NotFound, Refused, Role, StepUp
from amana.crypto import shares
from amana.crypto.hybrid import public_of, unwrap
from amana.crypto.secrets import CannotOpen, Seed, new_seed
from amana.crypto.totp import code_at
from tests.cast import CHEAP, PASSWORD, THE_MOMENT, Cast, name_of

pytestmark = pytest.mark.django_db
NOW = THE_MOMENT
DAY = rules.RECOVERY_WAITS
WORKER = name_of(Role.CASE_WORKER)
NEW = "quite another password"


def officers(cast: Cast) -> list[Actor]:
    """Return the officers of the bench node, signed in: its supervisors."""
    return [cast.who(officer.sign_in_name) for officer in queries.recovery_officers()]


def ask(name: str = WORKER) -> tuple[Seed, Recovery | None]:
    one_time = recovery.ask(sign_in_name=name, address="somewhere", now=NOW)
    return one_time, recovery.find(sign_in_name=name, one_time=one_time, now=NOW)


def asked(name: str = WORKER) -> tuple[Seed, Recovery]:
    one_time, found = ask(name)
    assert found is not None
    return one_time, found


def finish(one_time: Seed, *, after: timedelta, name: str = WORKER, code: str = "") -> None:
    now = NOW + after
    shown = code or code_at(rules.phone_after_recovery(one_time), now)
    recovery.finish(
        sign_in_name=name,
        one_time=one_time,
        password=NEW,
        code=shown,
        address="somewhere",
        now=now,
    )


def approve(found: Recovery, *by: Actor) -> None:
    for officer in by:
        recovery.approve(recovery_id=found.pk, actor=officer, now=NOW)


@pytest.fixture
def lost(cast: Cast) -> Cast:
    """A node where everybody signed in once, so that the seeds are shared."""
    for name in (WORKER, name_of(Role.ADMINISTRATOR)):
        cast.who(name)
    return cast


def test_two_officers_and_a_day_give_everything_back_and_no_key_is_lost(lost: Cast) -> None:
    worker = lost.who(WORKER)
    key_id, key = keys.issue_key(CARE)
    one_time, found = asked()
    approve(found, *officers(lost)[:2])

    finish(one_time, after=DAY)

    cookie = actions.sign_in(
        sign_in_name=WORKER, password=NEW, code="000000", address="a", now=NOW + DAY
    )
    back = actions.find_actor(cookie, NOW + DAY)
    assert back is not None
    assert back.seed == worker.seed
    assert queries.access_key(back, key_id) == key
    assert set(back.teams) == set(worker.teams)


def test_what_was_lost_opens_nothing_any_more(lost: Cast) -> None:
    old = lost.cookie(WORKER)
    account = Account.objects.get(sign_in_name=WORKER)
    Lock.objects.create(
        account=account, kind="passkey", made_at=NOW, sealed_seed=b"x", credential_id=b"stolen"
    )
    one_time, found = asked()
    approve(found, *officers(lost)[:2])
    finish(one_time, after=DAY)

    assert not Session.objects.filter(account=account).exists()
    assert actions.find_actor(old, NOW + timedelta(minutes=1)) is None
    assert queries.passkey_ids(account.pk) == []
    with pytest.raises(Refused):
        actions.sign_in(
            sign_in_name=WORKER, password=PASSWORD, code="000000", address="a", now=NOW + DAY
        )
    with pytest.raises(Refused) as again:
        finish(one_time, after=DAY)
    assert again.value.objections == ["RECOVERY_NOT_OPEN"]


def test_one_officer_alone_gives_nothing_back_however_long_she_waits(lost: Cast) -> None:
    one_time, found = asked()
    one = officers(lost)[0]
    approve(found, one, one)

    for after in (DAY, rules.RECOVERY_ENDS - timedelta(seconds=1)):
        with pytest.raises(Refused) as refused:
            finish(one_time, after=after)
        assert refused.value.objections == ["RECOVERY_NEEDS_TWO"]
    mine = RecoveryShare.objects.get(account=found.account, officer_id=one.account_id)
    info = queries.wrap_info(f"share:{found.account_id}")
    with pytest.raises(CannotOpen):
        shares.combine([unwrap(one.seed, bytes(mine.sealed), info).decode()])


def test_two_officers_wait_for_the_day_and_three_do_not(lost: Cast) -> None:
    one_time, found = asked()
    first, second, third = officers(lost)
    approve(found, first, second)
    with pytest.raises(Refused) as refused:
        finish(one_time, after=DAY - timedelta(seconds=1))
    assert refused.value.objections == ["RECOVERY_WAITS_A_DAY"]

    approve(found, third)

    finish(one_time, after=timedelta(minutes=5))
    assert not Recovery.objects.exists()


def test_after_two_weeks_a_request_answers_to_nobody_and_is_swept_away(lost: Cast) -> None:
    one_time, found = asked()
    approve(found, *officers(lost)[:2])

    with pytest.raises(Refused) as refused:
        finish(one_time, after=rules.RECOVERY_ENDS)
    actions.sweep(NOW + rules.RECOVERY_ENDS)

    assert refused.value.objections == ["RECOVERY_NOT_OPEN"]
    assert not Recovery.objects.exists()


def test_an_administrator_can_neither_approve_nor_name_officers_nor_open_a_share(
    lost: Cast,
) -> None:
    admin = lost.actor(Role.ADMINISTRATOR)
    _, found = asked()

    for act in (recovery.approve, recovery.stop):
        with pytest.raises(NotFound):
            act(recovery_id=found.pk, actor=admin, now=NOW)
    with pytest.raises(NotFound):
        recovery.make_officer(account_id=admin.account_id, actor=admin, now=NOW)
    info = queries.wrap_info(f"share:{found.account_id}")
    for share in RecoveryShare.objects.filter(account=found.account):
        with pytest.raises(CannotOpen):
            unwrap(admin.seed, bytes(share.sealed), info)


def test_an_account_that_the_administrator_makes_is_no_officer_until_an_officer_names_it(
    lost: Cast,
) -> None:
    made = actions.make_account(
        sign_in_name="neuve",
        name="Neuve Inventée",
        role=Role.SUPERVISOR,
        first=actions.FirstLock(PASSWORD, cost=CHEAP),
        now=NOW - timedelta(days=1),
        by="administrator",
    )
    officer = officers(lost)[0]
    assert made not in queries.recovery_officers()
    with pytest.raises(NotFound):  # she still has the password that she was handed
        recovery.make_officer(account_id=made.pk, actor=officer, now=NOW)

    neuve = lost.who("neuve")
    actions.set_password(account=made, seed=neuve.seed, ticket=neuve.ticket, password=NEW, now=NOW)
    with pytest.raises(NotFound):
        recovery.make_officer(account_id=made.pk, actor=lost.actor(Role.ADMINISTRATOR), now=NOW)
    recovery.make_officer(account_id=made.pk, actor=officer, now=NOW)

    assert made in queries.recovery_officers()
    assert Notice.objects.filter(kind="OFFICER_NAMED").count() == len(queries.recovery_officers())


def test_nobody_opens_a_share_that_was_cut_for_another_officer(lost: Cast) -> None:
    first, second, *_ = officers(lost)
    account = Account.objects.get(sign_in_name=WORKER)
    info = queries.wrap_info(f"share:{account.pk}")
    theirs = RecoveryShare.objects.get(account=account, officer_id=second.account_id)

    with pytest.raises(CannotOpen):
        unwrap(first.seed, bytes(theirs.sealed), info)


def test_an_officer_can_neither_hold_nor_give_a_share_of_her_own_seed(lost: Cast) -> None:
    first = officers(lost)[0]
    name = Account.objects.get(pk=first.account_id).sign_in_name
    _, found = asked(name)

    assert not RecoveryShare.objects.filter(account=found.account, officer=found.account).exists()
    with pytest.raises(NotFound):
        recovery.approve(recovery_id=found.pk, actor=first, now=NOW)


def test_other_letters_open_nothing_although_two_officers_approved(lost: Cast) -> None:
    _, found = asked()
    approve(found, *officers(lost)[:2])

    with pytest.raises(Refused) as refused:
        finish(new_seed(), after=DAY)

    assert refused.value.objections == ["RECOVERY_NOT_OPEN"]


def test_a_name_that_nobody_has_gets_the_same_answer_and_alarms_nobody(lost: Cast) -> None:
    one_time, found = ask("nobody-at-all")

    assert found is None
    assert rules.seed_of(rules.letters_of(one_time)) == one_time
    assert not Recovery.objects.exists()
    assert not Notice.objects.filter(kind="RECOVERY_ASKED").exists()


def test_the_person_and_every_officer_hear_of_it_and_nothing_of_the_letters_is_kept(
    lost: Cast,
) -> None:
    one_time, found = asked()

    told = set(Notice.objects.filter(kind="RECOVERY_ASKED").values_list("account_id", flat=True))
    assert told == {found.account_id} | {o.pk for o in queries.recovery_officers()}
    assert one_time.reveal() not in bytes(found.one_time_recipient)
    assert bytes(found.one_time_recipient) == public_of(one_time)


def test_the_person_herself_and_any_officer_can_stop_it(lost: Cast) -> None:
    for actor in (lost.who(WORKER), officers(lost)[0]):
        one_time, found = asked()
        approve(found, *officers(lost)[1:])
        recovery.stop(recovery_id=found.pk, actor=actor, now=NOW)
        with pytest.raises(Refused) as refused:
            finish(one_time, after=DAY)
        assert refused.value.objections == ["RECOVERY_NOT_OPEN"]


def test_a_colleague_who_is_no_officer_can_stop_nothing(lost: Cast) -> None:
    _, found = asked()

    with pytest.raises(NotFound):
        recovery.stop(recovery_id=found.pk, actor=lost.actor(Role.DESK), now=NOW)
    assert Recovery.objects.filter(pk=found.pk).exists()


def test_an_approval_wants_the_officer_to_show_that_it_is_still_she(lost: Cast) -> None:
    _, found = asked()
    tired = replace(officers(lost)[0], stepped_up_at=NOW - rules.STEP_UP)

    with pytest.raises(StepUp):
        recovery.approve(recovery_id=found.pk, actor=tired, now=NOW)


def test_a_wrong_code_or_a_weak_password_changes_nothing(lost: Cast) -> None:
    one_time, found = asked()
    approve(found, *officers(lost)[:2])

    # The code that a demo prints is no code of the new phone.
    with pytest.raises(Refused) as refused:
        finish(one_time, after=DAY, code="000000")

    assert refused.value.objections == ["CODE_WRONG"]
    assert Recovery.objects.filter(pk=found.pk).exists()


def test_the_door_is_slowed_down_and_only_a_few_requests_stand_open(lost: Cast) -> None:
    for _ in range(rules.FAILURES_ALLOWED["name"]):
        ask()
    with pytest.raises(Refused) as refused:
        ask()

    assert refused.value.objections == ["TRY_LATER"]
    assert Recovery.objects.count() == rules.RECOVERIES_OPEN


def test_shares_that_are_cut_anew_take_old_approvals_with_them(lost: Cast) -> None:
    _, found = asked()
    approve(found, officers(lost)[0])
    lost.hire("renfort", "Renfort Inventé", Role.SUPERVISOR)
    worker = lost.who(WORKER)

    assert actions.share_for_recovery(account=found.account, seed=worker.seed, now=NOW)

    assert queries.approvals(found) == []


def test_whose_shares_are_old_and_not_for_today_s_officers_is_listed(lost: Cast) -> None:
    later = NOW + rules.SHARES_AGE + timedelta(days=1)
    assert WORKER not in {a.sign_in_name for a in queries.accounts_not_shared(later)}

    lost.hire("renfort", "Renfort Inventé", Role.SUPERVISOR)

    assert WORKER in {a.sign_in_name for a in queries.accounts_not_shared(later)}
    assert queries.accounts_not_shared(NOW) == []


def test_letters_are_read_as_people_type_them_and_rubbish_is_none() -> None:
    seed = new_seed()
    letters = rules.letters_of(seed)

    assert len(letters.split()) == 13
    assert rules.seed_of(letters.lower().replace(" ", "-")) == seed
    assert rules.seed_of(letters.replace("O", "0").replace("I", "1").replace("B", "8")) == seed
    for rubbish in ("", "A", letters[:-1], letters + "AAAA", "é" * 52, "?" * 52):
        assert rules.seed_of(rubbish) is None
