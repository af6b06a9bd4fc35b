"""The door: who comes in, what a session holds, what a stolen row is worth."""

from datetime import timedelta

import pytest

from amana.access import actions, queries
from amana.access.actions import keys
from amana.access.models import Account, Failure, KeyWrap, Membership, Session
from amana.access.rules import CARE, DESK, FAILURES_ALLOWED, IDLE, LONGEST, NotFound, Refused, Role
from amana.crypto.boxes import unseal
from amana.crypto.secrets import CannotOpen, Key, token
from amana.keeper.rules import DEMO_CODE
from tests.cast import PASSWORD, THE_MOMENT, Cast, name_of

pytestmark = pytest.mark.django_db
NOW = THE_MOMENT


def attempt(name: str, password: str, address: str = "one-address") -> bytes:
    return actions.sign_in(
        sign_in_name=name, password=password, code=DEMO_CODE, address=address, now=NOW
    )


def test_a_good_password_opens_the_person_s_own_keys_and_her_team_s(cast: Cast) -> None:
    worker, desk = cast.actor(Role.CASE_WORKER), cast.actor(Role.DESK)

    assert set(worker.teams) == {CARE}
    assert set(desk.teams) == {DESK}
    assert worker.teams[CARE] == cast.keys[CARE]
    assert worker.own_key(worker.epoch) != desk.own_key(desk.epoch)


def test_a_wrong_name_and_a_wrong_password_are_one_answer(cast: Cast) -> None:
    for name, password in ((name_of(Role.DESK), "wrong"), ("nobody-at-all", PASSWORD)):
        with pytest.raises(Refused) as refused:
            attempt(name, password)
        assert refused.value.objections == ["NAME_OR_PASSWORD_WRONG"]
    assert not Session.objects.exists()


def test_after_too_many_failures_even_the_right_password_waits(cast: Cast) -> None:
    name = name_of(Role.DESK)
    for _ in range(FAILURES_ALLOWED["name"]):
        with pytest.raises(Refused):
            attempt(name, "wrong")

    with pytest.raises(Refused) as refused:
        attempt(name, PASSWORD)

    assert refused.value.objections == ["TRY_LATER"]
    # A colleague behind the same address is not kept out by it.
    assert attempt(name_of(Role.SUPERVISOR), PASSWORD)


def test_a_good_sign_in_forgives_what_was_mistyped_before(cast: Cast) -> None:
    name = name_of(Role.DESK)
    with pytest.raises(Refused):
        attempt(name, "wrong")

    attempt(name, PASSWORD)

    assert Failure.objects.count() == 1


def test_a_session_row_without_its_cookie_opens_nothing(cast: Cast) -> None:
    cookie = cast.cookie(name_of(Role.CASE_WORKER))
    row = Session.objects.get()

    assert cookie not in bytes(row.sealed)
    assert actions.find_actor(token(), NOW) is None
    place = queries.session_place(row.pk, row.account_id)
    for guess in (token(), bytes.fromhex(row.pk)):
        with pytest.raises(CannotOpen):
            unseal(Key(guess), bytes(row.sealed), place)


def test_a_session_moved_to_another_account_opens_nothing(cast: Cast) -> None:
    cookie = cast.cookie(name_of(Role.FIRST_RESPONDER))
    worker = Account.objects.get(sign_in_name=name_of(Role.CASE_WORKER))
    Session.objects.update(account=worker)

    assert actions.find_actor(cookie, NOW) is None


@pytest.mark.parametrize("late", [IDLE, LONGEST])
def test_a_session_ends_when_nobody_is_there(cast: Cast, late: timedelta) -> None:
    cookie = cast.cookie(name_of(Role.DESK))

    assert actions.find_actor(cookie, NOW + late - timedelta(seconds=1)) is None or late is IDLE
    assert actions.find_actor(cookie, NOW + late) is None


def test_what_has_ended_is_swept_away_and_what_lives_stays(cast: Cast) -> None:
    cast.cookie(name_of(Role.DESK))
    with pytest.raises(Refused):
        attempt("nobody-at-all", "wrong")

    actions.sweep(NOW + timedelta(minutes=1))
    assert (Session.objects.count(), Failure.objects.count()) == (1, 2)

    actions.sweep(NOW + IDLE)
    assert (Session.objects.count(), Failure.objects.count()) == (0, 0)


def test_a_closed_account_is_out_at_once_and_its_team_keys_are_gone(cast: Cast) -> None:
    cast.hire("second", "Deuxième Inventée", Role.DESK)
    cookie = cast.cookie("second")
    second = Account.objects.get(sign_in_name="second")
    admin = cast.actor(Role.ADMINISTRATOR)

    actions.close_account(account_id=second.pk, actor=admin, now=NOW)

    assert actions.find_actor(cookie, NOW) is None
    assert not Membership.objects.filter(account=second).exists()
    with pytest.raises(NotFound):
        actions.close_account(account_id=second.pk, actor=admin, now=NOW)


def test_the_last_member_of_a_team_and_oneself_cannot_be_closed(cast: Cast) -> None:
    admin = cast.actor(Role.ADMINISTRATOR)
    only_desk = Account.objects.get(sign_in_name=name_of(Role.DESK))

    with pytest.raises(Refused) as last:
        actions.close_account(account_id=only_desk.pk, actor=admin, now=NOW)
    with pytest.raises(Refused) as oneself:
        actions.close_account(account_id=admin.account_id, actor=admin, now=NOW)

    assert last.value.objections == ["LAST_MEMBER"]
    assert oneself.value.objections == ["OWN_ACCOUNT"]


def test_a_key_opens_for_the_teams_it_was_wrapped_to_and_can_be_shared_once(cast: Cast) -> None:
    worker, desk = cast.actor(Role.CASE_WORKER), cast.actor(Role.DESK)
    key_id, key = keys.issue_key(CARE)

    assert queries.access_key(worker, key_id) == key
    with pytest.raises(NotFound):
        queries.access_key(desk, key_id)
    for _ in range(2):
        keys.share_key(key_id=key_id, key=key, team=DESK)
    assert queries.access_key(desk, key_id) == key
    assert KeyWrap.objects.filter(key_id=key_id).count() == 2


def test_a_wrap_moved_to_another_key_s_row_does_not_open(cast: Cast) -> None:
    worker = cast.actor(Role.CASE_WORKER)
    one, _ = keys.issue_key(CARE)
    other, _ = keys.issue_key(CARE)
    stolen = KeyWrap.objects.get(key_id=other).wrapped
    KeyWrap.objects.filter(key_id=one).update(wrapped=stolen)

    with pytest.raises(NotFound):
        queries.access_key(worker, one)


def test_a_name_is_given_once(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        cast.hire(name_of(Role.DESK), "Autre Inventée", Role.DESK)

    assert refused.value.objections == ["NAME_TAKEN"]
