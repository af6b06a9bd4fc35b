"""What the node does while its keeper is away, and once it is back."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client, override_settings
from pytest_django import Settings

from amana.access import actions, keys, queries
from amana.access.models import KeyWrap
from amana.access.rules import CARE, FAILURES_ALLOWED, Refused, Role
from amana.keeper.client import KeeperGone
from amana.keeper.rules import DEMO_CODE, Limit, Policy
from amana.node.serve import _while_the_keeper_is_there
from tests.cast import PASSWORD, THE_MOMENT, Cast, StoppedClock, assemble, name_of
from tests.keeping import KeeperProcess, a_keeper

pytestmark = pytest.mark.django_db
NOW = THE_MOMENT


@pytest.fixture
def own_keeper(tmp_path: Path) -> Iterator[KeeperProcess]:
    """A keeper of this test alone, which it may kill."""
    with a_keeper(tmp_path / "keeper") as process, override_settings(KEEPER=process.line):
        yield process


@pytest.fixture
def own_cast(db: None, own_keeper: KeeperProcess) -> Cast:
    return assemble(NOW)


def test_a_session_outlives_its_keeper_and_is_proved_anew(
    own_keeper: KeeperProcess, own_cast: Cast
) -> None:
    cookie = own_cast.cookie(name_of(Role.CASE_WORKER))
    before = actions.find_actor(cookie, NOW)
    own_keeper.kill()
    with pytest.raises(KeeperGone):
        actions.find_actor(cookie, NOW)
    own_keeper.start()

    after = actions.find_actor(cookie, NOW)

    assert before is not None
    assert after is not None
    assert after.ticket != before.ticket
    assert after.epochs == before.epochs
    # And the new ticket was kept: the next page shows no proof again.
    again = actions.find_actor(cookie, NOW)
    assert again is not None
    assert again.ticket == after.ticket


def test_a_closed_account_opens_nothing_however_it_comes(
    own_keeper: KeeperProcess, own_cast: Cast
) -> None:
    worker = own_cast.actor(Role.FIRST_RESPONDER)
    cookie = own_cast.cookies[name_of(Role.FIRST_RESPONDER)]
    # As if the node's own rows had not been touched: the keeper alone must hold.
    own_keeper.line.close(account=worker.account_id)

    assert actions.find_actor(cookie, NOW) is None
    with pytest.raises(Refused):
        actions.sign_in(
            sign_in_name=name_of(Role.FIRST_RESPONDER),
            password=PASSWORD,
            code=DEMO_CODE,
            address="here",
            now=NOW,
        )


def test_reading_stops_and_what_arrives_is_taken_in_and_enclosed_later(
    own_keeper: KeeperProcess,
    own_cast: Cast,
    client: Client,
    settings: Settings,
    stopped_clock: StoppedClock,
) -> None:
    cookie = own_cast.cookie(name_of(Role.CASE_WORKER))
    client.cookies[settings.SESSION_COOKIE] = cookie.hex()
    own_keeper.kill()

    key_id, key = keys.issue_key(CARE)

    assert KeyWrap.objects.get(key_id=key_id).epoch == queries.NO_EPOCH
    assert queries.wraps_without_layer() == 1
    assert client.get("/").status_code == 503
    with pytest.raises(KeeperGone):
        keys.enclose_waiting()
    own_keeper.start()
    assert keys.enclose_waiting() == 1
    assert queries.wraps_without_layer() == 0
    worker = actions.find_actor(cookie, NOW)
    assert worker is not None
    assert queries.held_keys(worker, [key_id]) == {key_id: key}


def test_the_worker_says_once_that_the_keeper_is_away_and_once_that_it_is_back(
    own_keeper: KeeperProcess, own_cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    job = _while_the_keeper_is_there(lambda _now: own_keeper.line.status())
    with caplog.at_level(logging.WARNING, "amana"):
        job(NOW)
        own_keeper.kill()
        for _ in range(5):
            job(NOW)
        own_keeper.start()
        for _ in range(3):
            job(NOW)

    # The log says kinds and places, never words.
    assert ["KeeperGone" in r.getMessage() for r in caplog.records] == [True, False]


def test_names_that_nobody_bears_are_told_to_wait_no_sooner_than_names_that_exist(
    tmp_path: Path,
) -> None:
    """The keeper counts guesses by name; counted together, its refusals would say who exists."""
    tight = Policy(is_demo=True, stretch_account=Limit(3, 900))
    with (
        a_keeper(tmp_path / "tight", policy=tight) as process,
        override_settings(KEEPER=process.line),
    ):
        assemble(NOW)

        def answers(name: str) -> list[str]:
            said = []
            for n in range(FAILURES_ALLOWED["name"] + 1):
                with pytest.raises(Refused) as refused:
                    actions.sign_in(
                        sign_in_name=name,
                        password="wrong " * 3,
                        code=DEMO_CODE,
                        address=f"address {name} {n}",
                        now=NOW + timedelta(seconds=n),
                    )
                said += refused.value.objections
            return said

        nobody = answers("nobody-1")
        assert nobody == answers("nobody-2")
        assert nobody[:3] == ["NAME_OR_PASSWORD_WRONG"] * 3
        assert nobody[3:] == ["TRY_LATER"] * 6
        assert answers(name_of(Role.DESK))[3:] == nobody[3:]
