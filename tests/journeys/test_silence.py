"""A silent partner: one desk opens its mail and answers nothing for a month of feasts.

Two running nodes whose clocks are shifted from day to day, one of them twenty minutes slow. What
climbs is compared, on both sides, with a list that was counted by hand.
"""

import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amana.access.rules import Role
from amana.node import cast, demo, story, two_weeks
from amana.node.clock import Clock, shift
from amana.node.persona import Persona, Typed
from amana.node.processes import RunningNode, running
from amana.node.two_weeks import Country

pytestmark = [pytest.mark.nodes]

# A Wednesday before a long feast: 1, 11 and 14 January are holidays in Morocco, which owes a word.
OFFERED = datetime(2026, 12, 30, 9, 0, tzinfo=UTC)
SLOW = timedelta(minutes=20)
ACK, DECISION = "human_acknowledgement", "decision"


def late(day: int) -> datetime:
    """Return the end of a day of January in Morocco, one hour ahead of UTC."""
    return datetime(2027, 1, day, 22, 59, 59, tzinfo=UTC)


def by_hand(offered: datetime) -> dict[tuple[str, int], datetime]:
    """Return when each rung is reached, counted by hand with a calendar on the wall.

    Acknowledgement: 48 hours. Its working days after Friday the 1st: 4, 5, 6 are three; ten are
    4 5 6 7 8 12 13 15 18 19. Decision: seven working days after 30 December are
    31 4 5 6 7 8 12; three after the 12th are 13 15 18; ten are 13 15 18 19 20 21 22 25 26 27.
    """
    half = int((late(12) - offered).total_seconds() / 2)
    return {
        (ACK, 0): offered + timedelta(hours=24),
        (ACK, 1): offered + timedelta(hours=48),
        (ACK, 2): offered + timedelta(hours=96),
        (ACK, 3): late(6),
        (ACK, 4): late(19),
        (DECISION, 0): offered + timedelta(seconds=half),
        (DECISION, 1): late(12),
        (DECISION, 2): late(14),
        (DECISION, 3): late(18),
        (DECISION, 4): late(27),
    }


@dataclass
class Corridor:
    """Two countries, and one calendar that both are led through."""

    ci: Country
    ma: Country

    def at(self, moment: datetime) -> None:
        """Make it this moment in both countries; one clock is slow."""
        by = moment - Clock(None, is_demo=False).now()
        shift(self.ci.node.data, by)
        shift(self.ma.node.data, by - SLOW)


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corridor]:
    made = demo.make_nodes(tmp_path_factory.mktemp("silence"), {"CI": 0, "MA": 0})
    with running(*[node.data for node in made]) as (ci, ma):
        yield Corridor(two_weeks.country(ci), two_weeks.country(ma))


RUNG = re.compile(r'data-rung="(\w+):(\d):(\w\w):([^"]+)"( data-cleared)?')


def climbed(desk: Persona, referral: str) -> dict[tuple[str, int], datetime]:
    """Return the rungs that a desk sees, each owed by Morocco."""
    found = RUNG.findall(desk.open(f"/watch/silence/{referral}/").text)
    assert {country for _, _, country, _, _ in found} <= {"MA"}
    return {
        (clock, int(level)): datetime.fromisoformat(at).astimezone(UTC)
        for clock, level, _, at, is_cleared in found
        if not is_cleared
    }


def wait_until(corridor: Corridor, referral: str, wanted: dict[tuple[str, int], datetime]) -> None:
    """Wait until both desks see exactly these rungs."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        here = climbed(corridor.ci.who(Role.DESK), referral)
        there = climbed(corridor.ma.who(Role.DESK), referral)
        if here == there == wanted:
            return
        time.sleep(0.5)
    assert here == wanted
    assert there == wanted


def kill_worker(node: RunningNode) -> None:
    """End a worker as a power cut would, and start another."""
    assert node.worker is not None
    os.killpg(node.worker.pid, signal.SIGKILL)
    node.worker.wait()
    node.start_worker()


def figures(who: Persona) -> list[str]:
    """Return the figures of both years as a coordinator sees them, without words."""
    pages = [who.open(f"/watch/report/?year={year}").text for year in (2026, 2027)]
    return [
        found
        for page in pages
        for found in re.findall(r'data-(?:direction|clock|median|late|unanswered)="[^"]*"', page)
    ]


def test_a_silence_climbs_at_the_same_seconds_on_both_sides_through_a_month_of_feasts(
    corridor: Corridor,
) -> None:
    corridor.at(OFFERED)
    referral = two_weeks.offer(corridor.ci, corridor.ma, cast.MOROCCAN_MAID, Typed())
    asking, owing = corridor.ci.who(Role.DESK), corridor.ma.who(Role.DESK)

    # Before any rung nobody is silent.
    assert climbed(asking, referral) == {}
    corridor.at(OFFERED + timedelta(hours=26))
    offered = first_moment(corridor, referral) - timedelta(hours=24)
    assert timedelta() <= offered - OFFERED < timedelta(minutes=5)
    hand = by_hand(offered)

    for day, killed in ((2, None), (4, corridor.ci), (7, None), (13, corridor.ma), (15, None)):
        now = datetime(2027, 1, day, 12, 0, tzinfo=UTC)
        corridor.at(now)
        if killed is not None:
            kill_worker(killed.node)
        wait_until(corridor, referral, {key: at for key, at in hand.items() if at <= now})
    # A clock set back by a week takes nothing away.
    corridor.at(datetime(2027, 1, 8, 12, 0, tzinfo=UTC))
    time.sleep(3)
    wait_until(corridor, referral, {k: at for k, at in hand.items() if at <= late(14)})

    # From the second rung on somebody phones, and the person is not left waiting.
    corridor.at(datetime(2027, 1, 15, 12, 0, tzinfo=UTC))
    assert "data-plan-missing" in asking.open("/watch/").text
    assert "data-plan-missing" not in owing.open("/watch/").text
    asking.post(f"/watch/silence/{referral}/call", {"whom": "DUTY_OFFICER", "outcome": "NOBODY"})
    asking.post(f"/watch/silence/{referral}/plan", {"plan": "STAY", "words": "Chez sa tutrice"})
    assert "data-plan-missing" not in asking.open("/watch/").text
    assert "Chez sa tutrice" in asking.open(f"/watch/silence/{referral}/").text

    # At the end of January it stands before the joint committee, by its code alone, on both sides.
    corridor.at(datetime(2027, 1, 28, 12, 0, tzinfo=UTC))
    wait_until(corridor, referral, hand)
    here = corridor.ci.who(Role.COORDINATOR)
    there = corridor.ma.who(Role.COORDINATOR)
    assert f'data-unanswered="{referral}"' in here.open("/watch/report/").text
    assert figures(here) == figures(there)
    # Silence was neither a yes nor a no.
    for desk in (asking, owing):
        assert 'data-state="offered"' in desk.open(f"/referrals/{referral}/").text

    # A word at last: nothing that was climbed is forgotten, and both count the same seconds.
    story.acknowledge(owing, referral)
    story.wait_for(asking, referral, "acknowledged")
    wait_until(corridor, referral, hand)
    assert figures(here) == figures(there)
    assert any(re.fullmatch(r'data-median="\d+"', one) for one in figures(here))


def first_moment(corridor: Corridor, referral: str) -> datetime:
    """Wait for the reminder, and return its moment as both desks see it."""
    desks = (corridor.ci.who(Role.DESK), corridor.ma.who(Role.DESK))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        seen = [climbed(desk, referral) for desk in desks]
        if all(seen):
            assert seen[0] == seen[1]
            return seen[0][ACK, 0]
        time.sleep(0.5)
    pytest.fail("nobody was reminded")


def test_a_node_that_is_no_demo_obeys_no_shifted_clock(tmp_path: Path) -> None:
    shift(tmp_path, timedelta(days=40))

    real = Clock(tmp_path, is_demo=False).now()
    shifted = Clock(tmp_path, is_demo=True).now()

    assert timedelta(days=39) < shifted - real < timedelta(days=41)
