"""Many processes want the last beds in the same moment; some of them are killed in the middle.

    python -m tests.faults.beds [--requests 200] [--beds 20] [--kill 0]

Each request is a process of its own: forked from one that has Django and signed-in people ready,
it waits for the others at a gate, says yes as the house and takes the bed as the unit, and writes
what it heard to a file. With `--kill` so many of them are ended by kill -9 at a random moment; what
is left is asked once more afterwards. With DATABASE_URL on PostgreSQL. Prints as JSON what each
heard, and what stands in the tables.
"""

import argparse
import json
import multiprocessing as mp
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.house import NOW, House, a_house

TOGETHER = mp.get_context("fork")
PATIENCE = 240.0


def prepare(house: House, requests: int, beds: int) -> list[int]:
    """Let one house have so many beds, and so many people ask it; return the asks."""
    from amana.access.rules import Role  # noqa: PLC0415 - after `use`
    from amana.cases.models import Case  # noqa: PLC0415
    from amana.shelters.tests.builders import a_request, a_shelter, asked, staff  # noqa: PLC0415

    row, _unit = a_shelter(house.cast, NOW, beds=beds)
    staff(house.cast)
    team = house.who(Role.CASE_WORKER).team_of("care")
    asks = []
    for number in range(requests):
        case = Case.objects.create(
            code=f"MA-R{number:03}",
            team=team,
            worker=house.who(Role.CASE_WORKER).account_id,
            opened_at=NOW,
            origin="screening",
            age_band="25_34",
            sex="F",
            tier="adult",
        )
        from amana.cases.models import Involved  # noqa: PLC0415

        Involved.objects.create(case=case, team=team, since=NOW)
        (ask,) = asked(house.cast, NOW, a_request(house.cast, NOW, case), row)
        asks.append(ask.pk)
    return asks


@dataclass(frozen=True)
class Pair:
    """Who says yes for the house, and who takes the bed for the unit: signed in beforehand."""

    house: Any
    unit: Any


def pair(house: House) -> Pair:
    """Return them."""
    from amana.access.rules import Role  # noqa: PLC0415
    from amana.shelters.tests.builders import staff  # noqa: PLC0415

    return Pair(staff(house.cast), house.who(Role.CASE_WORKER))


def take(by: Pair, ask_id: int) -> list[str]:
    """Hold a bed as the house and accept it as the unit; return what stood against it."""
    from amana.access.rules import Refused  # noqa: PLC0415
    from amana.shelters import actions  # noqa: PLC0415

    try:
        actions.hold(ask_id=ask_id, actor=by.house, now=NOW)
        actions.accept(ask_id=ask_id, escort=by.unit.account_id, actor=by.unit, now=NOW)
    except Refused as refused:
        return refused.objections
    return []


def all_at_once(house: House, asks: list[int], n_killed: int, folder: Path) -> Counter[str]:
    """Let every ask be a process, kill some, and return how often each thing was heard."""
    by = pair(house)
    house.let_go()
    # The gate is a pipe that opens when it is closed: whoever is killed at it holds up nobody.
    waits, opens = os.pipe()

    def run(ask_id: int) -> None:
        os.close(opens)
        os.read(waits, 1)
        try:
            said = take(by, ask_id)
        except Exception:  # noqa: BLE001 - whatever came is told, and the test fails on it
            said = [traceback.format_exc(limit=-2)]
        (folder / f"{ask_id}.json").write_text(json.dumps(said))

    processes = {ask: TOGETHER.Process(target=run, args=(ask,)) for ask in asks}
    for process in processes.values():
        process.start()
    os.close(opens)
    dice = random.Random(7)  # noqa: S311 - a moment to be killed at is no secret
    for ask in dice.sample(asks, n_killed):
        time.sleep(dice.uniform(0, 0.05))
        pid = processes[ask].pid
        if pid is not None and processes[ask].is_alive():
            os.kill(pid, signal.SIGKILL)
    for process in processes.values():
        process.join(PATIENCE)
    return Counter(_heard(folder / f"{ask}.json", process) for ask, process in processes.items())


def _heard(file: Path, process: Any) -> str:
    if process.is_alive():
        process.kill()
        return "still waiting"
    if file.exists():
        return ", ".join(json.loads(file.read_text())) or "placed"
    return "killed" if process.exitcode == -signal.SIGKILL else "gone"


def stands() -> dict[str, Any]:
    """Return what is in the tables: beds given, twice, by halves; does the record hold."""
    from django.db.models import Count  # noqa: PLC0415

    from amana.audit.queries import first_fault  # noqa: PLC0415
    from amana.shelters.models import Ask, Request, Stay  # noqa: PLC0415

    open_ = Stay.objects.filter(ended_at=None)
    twice = open_.values("unit", "bed").annotate(n=Count("pk")).filter(n__gt=1)
    # An ask says that a bed is held, or chosen, if and only if a stay says so too.
    halves = Ask.objects.filter(state__in=("HELD", "CHOSEN")).exclude(stays__ended_at=None).count()
    halves += open_.exclude(ask__state__in=("HELD", "CHOSEN")).count()
    halves += Ask.objects.filter(state="CHOSEN").exclude(request__state="PLACED").count()
    halves += Request.objects.filter(state="PLACED").exclude(asks__state="CHOSEN").count()
    return {
        "given": open_.count(),
        "accepted": open_.filter(state="ACCEPTED").count(),
        "twice": twice.count(),
        "halves": halves,
        "record": str(first_fault() or ""),
    }


def main() -> None:
    """Run it and print what was heard."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--beds", type=int, default=20)
    parser.add_argument("--kill", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, a_house(Path(place) / "node") as house:
        asks = prepare(house, asked.requests, asked.beds)
        folder = Path(place)
        begun = time.monotonic()
        heard = all_at_once(house, asks, asked.kill, folder)
        found = {"seconds": round(time.monotonic() - begun, 1), "heard": heard, **stands()}
        if asked.kill:
            found["again"] = _ask_again(house, asks)
            found["afterwards"] = stands()
        print(json.dumps(found))


def _ask_again(house: House, asks: list[int]) -> dict[str, int]:
    """Ask once more what is open, and take what was held and not yet accepted."""
    from amana.shelters import actions  # noqa: PLC0415
    from amana.shelters.models import Ask  # noqa: PLC0415

    heard: Counter[str] = Counter()
    by = pair(house)
    for ask in Ask.objects.filter(pk__in=asks, state="HELD"):
        actions.accept(ask_id=ask.pk, escort=by.unit.account_id, actor=by.unit, now=NOW)
        heard["placed"] += 1
    for ask in Ask.objects.filter(pk__in=asks, state="OPEN"):
        heard[", ".join(take(by, ask.pk)) or "placed"] += 1
    return heard


if __name__ == "__main__":
    sys.exit(main())
