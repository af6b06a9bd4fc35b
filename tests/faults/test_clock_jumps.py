"""A clock that jumps a day back or ahead lets nobody in, loses nothing, and orders nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings
from hypothesis import HealthCheck, given
from hypothesis import settings as law
from hypothesis import strategies as st

from amana.access import actions as access
from amana.access.models import Failure, Session
from amana.access.rules import FAILURES_ALLOWED, STEP_UP, Refused, Role, StepUp, require_step_up
from amana.audit.queries import first_fault
from amana.crypto.secrets import new_seed
from amana.crypto.totp import code_at, new_totp
from amana.exchange import actions as exchange
from amana.exchange import rules as exchange_rules
from amana.exchange.actions.delivery import deliver_due
from amana.exchange.carrier import Answer, NotCarried
from amana.exchange.directory import fingerprint_in
from amana.exchange.models import Message, Receipt
from amana.exchange.rules import LIFETIME, Rank, Unacceptable
from amana.exchange.tests.builders import other_country, receive_message
from amana.keeper import rules as keeper_rules
from amana.keeper.answers import Service
from amana.keeper.rules import KeeperRefused
from amana.keeper.store import Store, lay_out
from amana.node.clock import Clock, shift
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast, StoppedClock, assemble, name_of
from tests.faults.house import House
from tests.faults.writes import Writer, brought
from tests.keeping import a_keeper

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def house(cast: Cast, tmp_path: Path) -> House:
    """This bench as a house of the fault tests."""
    there = other_country()
    file = there.directory_file(NOW)
    exchange.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
    return House(tmp_path, None, cast, there)  # type: ignore[arg-type] - its keeper is left alone


def page(cast: Cast, role: Role, moment: datetime) -> int:
    """Return what this person's first page answers at a moment."""
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(role)).hex()
    with override_settings(CLOCK=StoppedClock(moment)):
        return browser.get("/").status_code


# The node's clock.


def test_a_day_ahead_every_session_has_ended_and_a_day_back_none_lives_longer(cast: Cast) -> None:
    assert page(cast, Role.DESK, NOW) == 200

    assert page(cast, Role.DESK, NOW + DAY) == 302
    # Back in the past the session is not older than it was: it stands, and its end is where it was.
    assert page(cast, Role.DESK, NOW - DAY) == 200
    assert page(cast, Role.DESK, NOW + timedelta(hours=8)) == 302


def test_a_clock_that_went_back_and_forth_deletes_no_session_that_is_used(cast: Cast) -> None:
    cast.cookie(name_of(Role.DESK))

    access.sweep(NOW - DAY)
    assert Session.objects.count() == 1
    access.sweep(NOW + DAY)
    assert Session.objects.count() == 0


def test_a_step_up_is_not_made_younger_by_a_clock_that_is_set_back(cast: Cast) -> None:
    desk = cast.actor(Role.DESK)

    with pytest.raises(StepUp):
        require_step_up(desk, NOW + DAY)
    require_step_up(desk, NOW + STEP_UP - timedelta(seconds=1))


def test_failures_of_yesterday_are_forgotten_and_failures_of_tomorrow_lock_nobody_out(
    cast: Cast,
) -> None:
    name = name_of(Role.DESK)
    wrong = {"sign_in_name": name, "password": "wrong", "code": "000000", "address": "here"}
    for _ in range(FAILURES_ALLOWED["name"]):
        with pytest.raises(Refused):
            access.sign_in(**wrong, now=NOW + DAY)
    assert Failure.objects.exists()

    # The keeper counts by a clock of its own; what the node noted is of a day that has not come.
    with pytest.raises(Refused) as refused:
        access.sign_in(**wrong, now=NOW)
    assert refused.value.objections == ["NAME_OR_PASSWORD_WRONG"]


# The post.


@law(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(jumps=st.lists(st.integers(-1440, 1440), min_size=5, max_size=5))
def test_order_and_receipts_never_depend_on_clocks(house: House, jumps: list[int]) -> None:
    moments = iter([NOW + timedelta(minutes=minutes) for minutes in jumps])
    mid, carried = brought(house)

    receive_message(carried, by=house.there, now=next(moments))
    receive_message(carried, by=house.there, now=next(moments))
    assert Message.objects.filter(pk=mid).count() == 1
    desk = house.who(Role.DESK)
    assert exchange.open_message(mid, actor=desk, now=next(moments)) is None
    exchange.settle(mid, Rank.ACCEPTED, actor=desk, now=next(moments))
    exchange.settle(mid, Rank.REFUSED, actor=desk, now=next(moments))

    assert Message.objects.get(pk=mid).rank == Rank.ACCEPTED
    ranks = Receipt.objects.filter(mid=mid).order_by("pk").values_list("rank", flat=True)
    assert list(ranks) == sorted(ranks)
    assert first_fault() is None


def test_a_message_ends_when_the_receiver_s_clock_says_so_and_not_before(house: House) -> None:
    _, carried = brought(house)

    with pytest.raises(Unacceptable) as refused:
        receive_message(carried, by=house.there, now=NOW + LIFETIME + DAY)
    assert refused.value.reason is exchange_rules.Reason.EXPIRED
    # The clock is set right, and the same parcel comes again.
    assert receive_message(carried, by=house.there, now=NOW)


def test_a_release_while_the_clock_was_a_day_ahead_is_carried_when_it_is_right_again(
    house: House,
) -> None:
    mid = Writer(house).write("release")["mid"]
    # A worker whose clock was ahead tried and put the next try off, by its own clock.
    deliver_due(now=NOW + DAY, clock=lambda: NOW + DAY, jitter=0.0, via=no_line)
    waits_until = Message.objects.get(pk=mid).not_before
    assert waits_until is not None

    deliver_due(now=waits_until, clock=lambda: waits_until, jitter=0.0, via=no_line)

    row = Message.objects.get(pk=mid)
    assert (row.rank, row.refused_for, row.attempts) == (Rank.QUEUED, "", 2)
    assert row.not_before - waits_until < timedelta(hours=2)


def no_line(**_: object) -> Answer:
    """Carry nothing."""
    raise NotCarried("no line")


# The keeper's clock.


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A keeper that is no demo, in this process: its clock is an argument."""
    folder = tmp_path / "strict"
    lay_out(folder, keeper_rules.Policy(), listen="socket", now=NOW)
    return Service(Store(folder))


ACCOUNT = "a" * 32


def test_a_code_of_a_phone_opens_nothing_on_another_day(service: Service) -> None:
    totp = new_totp()
    given_ = {"account": ACCOUNT, "signer": b"", "role": "R03", "totp": totp.reveal()}
    service.enrol(NOW, **given_, stretched=b"s")
    code = code_at(totp, NOW)

    for moment in (NOW - DAY, NOW + DAY):
        with pytest.raises(KeeperRefused) as refused:
            service.stretch(moment, account=ACCOUNT, stretched=b"s", code=code)
        assert refused.value.code == "NO"
    assert service.stretch(NOW, account=ACCOUNT, stretched=b"s", code=code)


def test_a_guesser_gains_nothing_by_a_clock_that_goes_back(service: Service) -> None:
    allowed = service.store.policy.stretch_account.count
    for _ in range(allowed):
        with pytest.raises(KeeperRefused):
            service.stretch(NOW, account=ACCOUNT, stretched=b"s", code="123456")

    for moment in (NOW, NOW - DAY):
        with pytest.raises(KeeperRefused) as refused:
            service.stretch(moment, account=ACCOUNT, stretched=b"s", code="123456")
        assert refused.value.code == "TRY_LATER"


def test_a_day_back_an_epoch_is_neither_made_nor_destroyed(service: Service) -> None:
    before = [e["number"] for e in service.status(NOW)["epochs"]]  # type: ignore[attr-defined]

    assert service.rotate(NOW - DAY, force=False) == (1, [1])

    assert [e["number"] for e in service.status(NOW)["epochs"]] == before  # type: ignore[attr-defined]


@pytest.fixture
def shifted(tmp_path: Path, db: None) -> Iterator[Path]:
    """A node with a keeper process that lives by the demo clock beside its folder."""
    beside = tmp_path / "node"
    beside.mkdir()
    shift(beside, NOW - Clock(None, is_demo=False).now())
    with a_keeper(tmp_path / "node-keeper") as process, override_settings(KEEPER=process.line):
        yield beside


def test_a_keeper_a_day_ahead_ends_its_tickets_and_the_session_is_proved_anew(
    shifted: Path,
) -> None:
    cast = assemble(NOW)
    before = cast.actor(Role.DESK)

    for by in (DAY, -DAY):
        shift(shifted, NOW + by - Clock(None, is_demo=False).now())
        after = access.find_actor(cast.cookie(name_of(Role.DESK)), NOW)

        assert after is not None
        assert after.epochs == before.epochs
        # By the node's own clock the session's end is where it was.
        late = NOW + timedelta(hours=8)
        assert access.find_actor(cast.cookie(name_of(Role.DESK)), late) is None


def test_a_keeper_s_jump_gives_no_strange_seed_a_session(shifted: Path) -> None:
    cast = assemble(NOW)
    desk = cast.actor(Role.DESK)

    for by in (DAY, -DAY):
        shift(shifted, NOW + by - Clock(None, is_demo=False).now())
        with pytest.raises(KeeperRefused):
            settings.KEEPER.open(account=desk.account_id, seed=new_seed())
