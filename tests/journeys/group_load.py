"""Many people found at once, many phones, no line for twelve hours: is everybody on the list, once?

    python -m tests.journeys.group_load [--phones 10] [--people 150] [--out benchmarks/results]

A coordinator opens an operation on its page and prints the wristbands; the codes are read from the
paper. Each phone is a browser of its own, enrolled for the unit. Then there is no line: people are
registered, some by two phones, brothers and sisters linked across phones. Half a day later the line
comes back and all phones send at once; a supervisor opens everything and reads the list. The thumb
(`thumb.py`) touches the app's own buttons and never waits, so its time is that of the machine
alone; what a child's own answers take is not in it.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from amana.node import cast, demo, fieldwork
from amana.node.clock import Clock, shift
from amana.node.persona import Persona
from amana.node.processes import RunningNode
from tests.journeys import group_beds, handset, thumb
from tests.journeys.conftest import ARGUMENTS, CHROMIUM

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
SEED = 2026
NO_LINE = timedelta(hours=12)
# One in so many is written by two phones; every so many begin a group of brothers and sisters.
TWICE, FAMILY = 8, 10
AGES = ("5_9", "10_14", "15_17")
GROWN = ("18_24", "25_34", "35_44")
# Seven of ten are children; eight languages are spoken.
LANGUAGES = ("fr", "dyu", "mos", "bm", "ff", "ha", "en", "yo")
# The phone's own clock over each person, as it seals it: the last whole record says it.
LISTEN = """(() => {
  const { stringify } = JSON;
  window.measured = {};
  JSON.stringify = (held, ...more) => {
    if (held?.wristband && held.unfinished === false) measured[held.wristband] = held.ms;
    return stringify(held, ...more);
  };
})()"""


@dataclass
class Found:
    """What came of it."""

    phones: int
    people: int
    written_twice: int
    sibling_groups: int
    sealed_without_a_line: int = 0
    registered: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    clashes: int = 0
    faults: int = 0
    groups_parted: list[list[str]] = field(default_factory=list)
    touches: dict[str, float] = field(default_factory=dict)
    typed: float = 0
    child_ms_thumb: float = 0
    child_ms_phone: float = 0
    without_siblings: dict[str, float] = field(default_factory=dict)
    answered_s: float = 0
    sent_s: float = 0
    opened_s: float = 0
    list_s: float = 0
    presses: int = 0
    night: group_beds.Night = field(default_factory=group_beds.Night)

    @property
    def is_whole(self) -> bool:
        """Say whether everybody is on the list, once, with brothers and sisters."""
        against = (self.lost, self.doubled, self.groups_parted, self.clashes, self.faults)
        return self.registered == self.people and not any(against) and self.night.is_whole


def whoever(node: RunningNode, name: str) -> Persona:
    """Return somebody who works here, signed in, over plain HTTP."""
    host, _, port = node.address.removeprefix("http://").partition(":")
    return Persona(port=int(port), host=host, sign_in_name=name, password=cast.PASSWORD).sign_in()


def named(role: str, country: str = "MA") -> str:
    """Return the sign-in name of who has a role here."""
    return next(m.sign_in_name for m in cast.staff(country) if m.role.name == role)


# Before: an operation, its wristbands on paper.


def opened_operation(coordinator: Persona, expected: int) -> str:
    """Open an operation on the coordinator's page; return its code."""
    today = Clock(None, is_demo=False).now()
    begins = {
        "begins_on_day": today.day,
        "begins_on_month": today.month,
        "begins_on_year": today.year,
    }
    page = coordinator.post(
        "/operations/new",
        {
            "name": "Une gare inventée",
            "team": "care",
            "expected": str(expected),
            "n_wristbands": str(expected),
            **{name: str(value) for name, value in begins.items()},
        },
    )
    code = re.fullmatch(r"/operations/(O-[\w-]+)/", page.path)
    assert code, page.text
    return code.group(1)


def printed(coordinator: Persona, code: str) -> list[str]:
    """Print the wristbands and read them from the paper, in the order of their numbers."""
    address = f"http://127.0.0.1:{coordinator.port}/operations/{code}/wristbands.pdf"
    cookies = "; ".join(f"{name}={value}" for name, value in coordinator._cookies.items())
    host = f"{coordinator.host}:{coordinator.port}"
    asked = Request(address, headers={"Host": host, "Cookie": cookies})
    with urlopen(asked, timeout=120) as answer:  # noqa: S310 - our own node
        sheet = answer.read()
    reader = shutil.which("pdftotext")
    assert reader, "needs pdftotext: apt-get install poppler-utils"
    read = subprocess.run([reader, "-raw", "-", "-"], input=sheet, capture_output=True, check=True)
    # Each: the letter, two blocks, its number; one under the other, as they are read aloud.
    return ["-".join(one) for one in re.findall(r"(B)\s(\w{4})\s(\w{4})", read.stdout.decode())]


# The people, all invented.


def invented(bands: Sequence[str]) -> list[dict[str, Any]]:
    """Give each wristband a person; every tenth is the first of three brothers and sisters."""
    dice = random.Random(SEED)  # noqa: S311 - invented people need no secret dice
    people = []
    for at, band in enumerate(bands):
        is_child = at % FAMILY <= 2 or at % FAMILY not in (4, 6, 8)
        told = {
            **handset.SAFE,
            **handset.ADULT,
            "alias": f"Personne inventée {at + 1}",
            "sex": dice.choice("FM"),
            "minor": "yes" if is_child else "no",
            "age_band": dice.choice(AGES if is_child else GROWN),
            "situation": dice.choice(("alone", "separated", "accompanied")),
            "language": LANGUAGES[at % len(LANGUAGES)],
            **({"d2": ["ill_or_hurt"]} if at % 20 == 7 else {}),
        }
        # Named from both ends and in the middle: who was named first does not matter.
        near = at % FAMILY
        siblings = [bands[at - 1]] if near in (1, 2) else []
        people.append({"band": band, "siblings": siblings, "told": told})
    return people


def families(people: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return who must be found together."""
    found: list[list[str]] = []
    for before, one in pairwise(people):
        if one["siblings"] == [before["band"]]:
            if found and found[-1][-1] == before["band"]:
                found[-1].append(one["band"])
            else:
                found.append([before["band"], one["band"]])
    return found


def dealt(people: Sequence[dict[str, Any]], n_phones: int) -> list[list[dict[str, Any]]]:
    """Deal the people to the phones; one in eight is written by the next phone too."""
    hands: list[list[dict[str, Any]]] = [[] for _ in range(n_phones)]
    for at, person in enumerate(people):
        hands[at % n_phones].append(person)
        if at % TWICE == 0:
            hands[(at + 1) % n_phones].append(person)
    return hands


# The day.


def lived(node: RunningNode, browser: Any, n_phones: int, n_people: int) -> Found:
    """Live the day of an operation; return what came of it."""
    coordinator = whoever(node, named("COORDINATOR"))
    supervisor = whoever(node, named("SUPERVISOR"))
    code = opened_operation(coordinator, n_people)
    bands = printed(coordinator, code)
    assert len(bands) == n_people, f"{len(bands)} of {n_people} wristbands were printed"
    people = invented(bands)
    hands = dealt(people, n_phones)
    found = Found(n_phones, n_people, sum(map(len, hands)) - n_people, len(families(people)))
    with ExitStack() as stack:
        phones = []
        for _ in hands:
            context = browser.new_context(**handset.PHONE)
            stack.callback(context.close)
            page = context.new_page()
            page.add_init_script(LISTEN)
            phone = handset.Handset(page, node)
            phones.append(phone.enrol(fieldwork.invitation(supervisor, "Samira Inventée")))
        _registered(phones, hands, found)
        shift(node.data, NO_LINE)
        _sent(phones, found)
    _opened(supervisor, found)
    _read(supervisor, code, people, found)
    manager = whoever(node, named("SHELTER_MANAGER"))
    found.night = group_beds.lived(coordinator, supervisor, manager, code, families(people))
    return found


def _registered(
    phones: Sequence[handset.Handset], hands: Sequence[list[dict[str, Any]]], found: Found
) -> None:
    """Register everybody on all phones at once, without a line."""
    for phone in phones:
        phone.page.context.set_offline(True)
    began = time.monotonic()
    for phone, hand in zip(phones, hands, strict=True):
        thumb.started(phone.page, hand)
    done = [one for phone in phones for one in thumb.ended(phone.page)]
    found.answered_s = round(time.monotonic() - began, 1)
    found.sealed_without_a_line = sum(phone.unsent for phone in phones)
    measured = [ms for phone in phones for ms in phone.page.evaluate("measured").values()]
    linked = {one["band"] for hand in hands for one in hand if one["siblings"]}
    plain = [one for one in done if one["band"] not in linked]
    found.touches = _spread([one["touches"] for one in done])
    found.without_siblings = _spread([one["touches"] for one in plain])
    found.typed = statistics.median(one["typed"] for one in done)
    found.child_ms_thumb = round(statistics.median(one["ms"] for one in done))
    found.child_ms_phone = round(statistics.median(measured))


def _spread(held: Sequence[float]) -> dict[str, float]:
    return {"middle": statistics.median(held), "least": min(held), "most": max(held)}


def _sent(phones: Sequence[handset.Handset], found: Found) -> None:
    began = time.monotonic()
    for phone in phones:
        phone.page.context.set_offline(False)
    for phone in phones:
        phone.page.wait_for_selector('body[data-unsent="0"]', timeout=300_000)
        assert not phone.errors, phone.errors
    found.sent_s = round(time.monotonic() - began, 1)


def _opened(supervisor: Persona, found: Found) -> None:
    """Open everything that waits, press after press."""
    began = time.monotonic()
    is_more = True
    while is_more:
        page = supervisor.post("/arrivals/open", {})
        found.presses += 1
        for name in ("clashes", "faults"):
            told = re.search(rf"{name}=(\d+)", page.path)
            assert told, page.path
            setattr(found, name, getattr(found, name) + int(told.group(1)))
        is_more = "left=0" not in page.path
        assert found.presses < 100, page.path
    found.opened_s = round(time.monotonic() - began, 1)


def _read(supervisor: Persona, code: str, people: Sequence[dict[str, Any]], found: Found) -> None:
    """Read the list of the operation as the supervisor does."""
    began = time.monotonic()
    page = supervisor.open(f"/operations/{code}/")
    found.list_s = round(time.monotonic() - began, 2)
    rows = re.findall(r'<tr>\s*<th scope="row".*?</tr>', page.text, re.DOTALL)
    listed = [band for row in rows for band in re.findall(r"B-\w{4}-\w{4}", row)[:1]]
    bands = [one["band"] for one in people]
    found.registered = len(rows)
    found.lost = sorted(set(bands) - set(listed))
    found.doubled = sorted({band for band in listed if listed.count(band) > 1})
    lists = re.findall(r'<li class="code">(.*?)</li>', page.text, re.DOTALL)
    together = [set(re.findall(r"B-\w{4}-\w{4}", one)) for one in lists]
    found.groups_parted = [one for one in families(people) if set(one) not in together]


# Written down.


def page(told: Mapping[str, Any]) -> str:
    """Return the result as a person reads it."""
    touches, alone, night = told["touches"], told["without_siblings"], told["night"]
    is_whole = "everybody is on the list, once" if told["is_whole"] else "**not whole**"
    return f"""# Many people at once, many phones, no line

Written by `make soak` (`python -m tests.journeys.group_load`), never by hand. {told["machine"]}.

{told["phones"]} phones (browsers of their own in one Chromium), {told["people"]} invented people,
seven of ten of them children, eight languages,
with the printed wristbands of one operation, {told["written_twice"]} of them written by two phones,
{told["sibling_groups"]} groups of brothers and sisters linked across phones, no line for
{told["hours"]} hours (the node's clock was put forward): {is_whole}.

| | |
|---|---|
| sealed without a line | {told["sealed_without_a_line"]} |
| registered on the operation's list | {told["registered"]} of {told["people"]} |
| lost | {len(told["lost"])} |
| doubled | {len(told["doubled"])} |
| where two phones differ; not readable | {told["clashes"]}; {told["faults"]} |
| groups of brothers and sisters kept | \
{told["sibling_groups"] - len(told["groups_parted"])} of {told["sibling_groups"]} |
| touches for a child, from "next person" to the seal | {touches["middle"]:.0f} \
({touches["least"]:.0f}–{touches["most"]:.0f}) |
| the same, child without brothers and sisters | {alone["middle"]:.0f} |
| fields typed or chosen from a list | {told["typed"]:.0f} |
| middle time for a child, the thumb's ms | {told["child_ms_thumb"]:,} |
| middle time for a child, the phone's own ms | {told["child_ms_phone"]:,} |
| all answered and sealed, s | {told["answered_s"]} |
| all sent once the line was back, s | {told["sent_s"]} |
| all opened by the supervisor, s | {told["opened_s"]} in {told["presses"]} presses |
| the operation's list, s | {told["list_s"]} |
| that night: with a bed; waiting with a recorded reason | {night["with_bed"]}; \
{night["waiting"]} of {night["people"]} |
| siblings parted; houses beyond their beds; without bed or reason | {len(night["parted"])}; \
{len(night["over"])}; {night["unrecorded"]} |
| files opened, s; beds asked for all, s; a proposal, s | {night["files_s"]}; \
{night["asked_s"]}; {night["proposed_s"]} |
| from the first file to the last bed, two houses full after 64, s | {night["night_s"]} |

The thumb never waits: the times are what the app and this machine need while all phones share
{os.cpu_count()} cores, not what a conversation takes.
"""


def main() -> int:
    """Live one day and write down what came of it; 1 when anybody was lost, doubled or parted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--phones", type=int, default=10)
    parser.add_argument("--people", type=int, default=150)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - absent where tests are not

    with tempfile.TemporaryDirectory(prefix="amana-group-") as folder, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        (node,) = demo.make_nodes(Path(folder), {"MA": 0})
        node.start()
        try:
            found = lived(node, browser, asked.phones, asked.people)
        finally:
            node.stop()
        machine = (
            f"Chromium {browser.version}, {os.cpu_count()} cores, load {os.getloadavg()[2]:.1f}"
        )
    told = {
        **asdict(found),
        "is_whole": found.is_whole,
        "hours": NO_LINE // timedelta(hours=1),
        "machine": machine,
    }
    text = json.dumps({"schema": 1, "job": "group_intake", **told}, indent=1, ensure_ascii=False)
    (asked.out / "group_intake.json").write_text(text + "\n", encoding="utf-8")
    (asked.out / "group_intake.md").write_text(page(told), encoding="utf-8")
    print(page(told))
    return 0 if found.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
