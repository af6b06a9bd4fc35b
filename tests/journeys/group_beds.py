"""Everybody of an operation has a bed or a recorded reason: the night after `group_load`.

The coordination enters houses, who runs them their rooms; the unit opens files, asks beds, asks the
houses that are proposed; two houses are full after sixty-four; the others are asked for the rest.
All over HTTP, on the pages, as people do it. What came of it is read from the pages.
"""

import re
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from amana.node.clock import Clock
from amana.node.persona import Persona
from amana.node.sheltered import counted

AGES = ("0_4", "5_9", "10_14", "15_17", "UNK_CHILD", "UNK")
GROWN = ("18_24", "25_34", "35_44", "45_59", "60P", "UNK_ADULT")


@dataclass
class Night:
    """What came of it: how many have a bed, how many wait with a reason, who was parted."""

    people: int = 0
    with_bed: int = 0
    waiting: int = 0
    unrecorded: int = 0
    parted: list[list[str]] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    files_s: float = 0
    asked_s: float = 0
    proposed_s: float = 0
    night_s: float = 0
    presses: int = 0

    @property
    def is_whole(self) -> bool:
        """Say whether everybody has a bed or a recorded reason, and nobody was parted."""
        everybody = self.with_bed + self.waiting == self.people
        return everybody and not (self.unrecorded or self.parted or self.over)


@dataclass(frozen=True)
class House:
    """A house of the night: where it is entered, its name, its beds."""

    path: str
    alias: str
    beds: int


def entered(
    coordinator: Persona,
    manager: Persona,
    number: int,
    each: int,
    *,
    is_for_children: bool = True,
) -> House:
    """Enter a house with two dormitories of so many beds; who runs it says where it stands."""
    until = Clock(None, is_demo=False).now().date() + timedelta(days=200)
    alias = f"Maison inventée {number}"
    page = coordinator.post(
        "/beds/houses/new",
        {
            "alias": alias,
            "kind": "TRANSIT_CHILD" if is_for_children else "EMERGENCY",
            "team": "shelter",
            "area": "MA_RABAT",
            "licence_valid_to_day": str(until.day),
            "licence_valid_to_month": str(until.month),
            "licence_valid_to_year": str(until.year),
            "security": "3",
            "profiles": ["GIRL", "BOY"] if is_for_children else ["WOMAN", "MAN"],
            "services": ["NURSE_NIGHT", "PSYCHOLOGIST"],
            "night_languages": ["fr", "ary"],
        },
    )
    path = page.path.partition("?")[0]
    ages = list(AGES if is_for_children else GROWN)
    for label, sex in (("Chambre 1", "F"), ("Chambre 2", "M")):
        said = {"label": label, "beds": str(each), "surge": "0", "sex": sex, "source": "DIRECTOR"}
        manager.post(path, {"act": "room", **said, "ages": ages})
    manager.post(path, {"act": "address", "address": f"Rue inventée {number}"})
    return House(path, alias, 2 * each)


def lived(
    coordinator: Persona,
    supervisor: Persona,
    manager: Persona,
    code: str,
    families: Sequence[Sequence[str]],
) -> Night:
    """Live the night of an operation; return what came of it, as its pages say."""
    night, page = Night(), f"/operations/{code}/beds/"
    n_people = len(rows(supervisor, page))
    night.people = n_people
    # Two houses that are full after sixty-four; the others have beds for four fifths of the rest.
    share = max(2, round(64 / 150 * n_people / 4))
    first = [entered(coordinator, manager, n, share) for n in (1, 2)]
    counted_as(manager)
    began = time.monotonic()
    while "left=0" not in supervisor.post(page, {"act": "files"}).path:
        night.presses += 1
    night.files_s = round(time.monotonic() - began, 1)
    adults = supervisor.open(page).all(r'name="agreed" value="([^"]+)"')
    # Of the adults one in nine says no that night.
    yes = [one for n, one in enumerate(adults) if n % 9 != 8]
    supervisor.post(page, {"act": "beds", "agreed": yes})
    night.asked_s = round(time.monotonic() - began - night.files_s, 1)
    night.proposed_s = one_round(supervisor, manager, code)
    for house in first:
        manager.post(house.path, {"act": "status", "status": "FULL"})
    left = max(2, round(0.8 * (n_people - 4 * share) / 4))
    later = [entered(coordinator, manager, 3, left)]
    later.append(entered(coordinator, manager, 4, left, is_for_children=False))
    counted_as(manager)
    one_round(supervisor, manager, code)
    supervisor.post(page, {"act": "record"})
    night.night_s = round(time.monotonic() - began, 1)
    _read(supervisor, page, [*first, *later], families, night)
    return night


def counted_as(manager: Persona) -> None:
    """Confirm every room's free beds with one tap."""

    class Here:
        def who(self, _role: object) -> Persona:
            return manager

    counted(Here())


def one_round(supervisor: Persona, manager: Persona, code: str) -> float:
    """Propose, ask, answer and take; return how long the proposal took, in seconds."""
    page, asked = f"/operations/{code}/beds/", f"/beds/groups/{code}/"
    began = time.monotonic()
    places = supervisor.open(f"{page}?propose=1").all(r'name="place" value="([^"]+)"')
    took = round(time.monotonic() - began, 1)
    supervisor.post(page, {"act": "houses", "place": places})
    asks = manager.open(asked).all(r'name="ask" value="(\d+)"')
    manager.post(asked, {"act": "yes", "ask": asks})
    shown = supervisor.open(page)
    me = shown.first(r'<option value="([^"]+)" selected>') or ""
    escorts = dict.fromkeys(shown.all(r'<select id="(escort-[^"]+)"'), me)
    supervisor.post(page, {"act": "take", **escorts})
    return took


def rows(supervisor: Persona, page: str) -> list[tuple[str, str, bool]]:
    """Return each wristband on the page, in which house she has a bed, and whether she has one."""
    found = []
    for row in re.findall(r'<tr>\s*<th scope="row".*?</tr>', supervisor.open(page).text, re.DOTALL):
        band = re.search(r"B-\w{4}-\w{4}", row)
        assert band, row
        house = re.search(r"Maison inventée \d", row)
        found.append((band.group(0), house.group(0) if house else "", "data-bed" in row))
    return found


def _read(
    supervisor: Persona,
    page: str,
    houses: Sequence[House],
    families: Sequence[Sequence[str]],
    night: Night,
) -> None:
    found = rows(supervisor, page)
    where = {band: house for band, house, has_bed in found if has_bed}
    night.with_bed = len(where)
    night.waiting = sum(not has_bed for _band, _house, has_bed in found)
    inside: dict[str, int] = defaultdict(int)
    for house in where.values():
        inside[house] += 1
    night.over = [one.alias for one in houses if inside[one.alias] > one.beds]
    night.parted = [list(one) for one in families if len({where.get(band, "") for band in one}) > 1]
    # Of whom it was noted that nothing fitted, pressing again notes nothing.
    again = supervisor.post(page, {"act": "record"}).path
    told = re.search(r"[?&]n=(\d+)", again)
    assert told, again
    night.unrecorded = int(told.group(1))
