"""A yes is taken back while the other country is down for three days, and is obeyed all the same.

Two running nodes whose clocks are shifted. The recall waits in the outbox, arrives when the other
node is up again, is carried out there by people, and the page of the sender shows since when it is.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from amana.access.rules import Role
from amana.node import cast, demo, takenback, two_weeks
from amana.node.clock import Clock, shift
from amana.node.persona import Seen, Typed
from amana.node.processes import running
from amana.node.two_weeks import Country

pytestmark = [pytest.mark.nodes]

DAYS_DOWN = 3
HER_NAME = "Le nom complet, la naissance, les papiers"
CASE = r"/cases/([0-9A-Z-]+)/"


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Country, Country]]:
    made = demo.make_nodes(tmp_path_factory.mktemp("withdrawal"), {"MA": 0, "CI": 0})
    with running(*[node.data for node in made]) as (ma, ci):
        yield two_weeks.country(ma), two_weeks.country(ci, "Aya Inventée", "+225 00 00 00 00")


ROW = re.compile(r"<dt>(.*?)</dt><dd>(.*?)</dd>")


def told(page: Seen) -> set[tuple[str, str]]:
    """Return what the rows of a page tell, each with its title, without marks."""
    return {(title, re.sub("<[^>]+>", "", words)) for title, words in ROW.findall(page.text)}


def identity(there: Country, referral: str) -> str:
    """Return the identity of the received case as its worker opens it."""
    worker = there.who(Role.CASE_WORKER)
    case = there.who(Role.SUPERVISOR).open(f"/referrals/{referral}/").first(CASE)
    return worker.post(f"/cases/{case}/part/identity", {"reason": "ARRANGE_CARE"}).text


def test_what_is_taken_back_while_the_other_country_is_down_is_erased_there_when_it_is_up_again(
    corridor: tuple[Country, Country],
) -> None:
    ma, ci = corridor
    typed, person = Typed(), cast.NAFISSATOU
    today = Clock(None, is_demo=False).now()
    referral = two_weeks.offer(ma, ci, person, typed)
    takenback.hand_over(ma, ci, referral, today, typed)
    assert person.full_name in identity(ci, referral)

    # The other country goes dark; here her name is taken back and asked back.
    ci.node.stop()
    takenback.take_back(ma, referral)
    shift(ma.node.data, timedelta(days=DAYS_DOWN))
    assert 'data-watch="data_recall:urgent"' in ma.who(Role.DESK).open(at(referral)).text

    # Three days later it is up again: the request arrives, and people there erase what it names.
    shift(ci.node.data, timedelta(days=DAYS_DOWN))
    ci.node.start()
    takenback.erase(ci, referral)
    page = takenback.obeyed(ma, referral)

    later = today + timedelta(days=DAYS_DOWN)
    assert ("Effacé", HER_NAME) in told(page)
    assert ("Effacé le", later.date().isoformat()) in told(page)
    assert any(title == "Hors de toute sauvegarde à partir du" for title, _ in told(page))
    left = identity(ci, referral)
    assert person.full_name not in left
    # Only what was named is gone.
    assert person.alias in left


def at(referral: str) -> str:
    """Return where a referral is read."""
    return f"/referrals/{referral}/"
