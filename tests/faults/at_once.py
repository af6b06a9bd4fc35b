"""Two do the same thing in the same moment: both are answered, and it was done once.

    python -m tests.faults.at_once [--rounds 20]

Two forked processes wait for each other before every round. With DATABASE_URL on PostgreSQL.
Prints as JSON what each heard, and how many rows there are.
"""

import argparse
import json
import multiprocessing as mp
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.house import NOW, House, a_house

TOGETHER = mp.get_context("fork")
PATIENCE = 60.0
Do = Callable[[House, int], Any]


def both(house: House, first: Do, second: Do, rounds: int) -> list[list[Any]]:
    """Return what two processes heard that did these things at once, round by round."""
    house.let_go()
    gate, heard = TOGETHER.Barrier(2), TOGETHER.SimpleQueue()

    def run(who: int, do: Do) -> None:
        said = []
        for number in range(rounds):
            gate.wait(PATIENCE)
            try:
                said.append(do(house, number))
            except Exception:  # noqa: BLE001 - whatever came is told, and the test fails on it
                said.append(traceback.format_exc(limit=-3))
        heard.put((who, said))

    processes = [TOGETHER.Process(target=run, args=given) for given in enumerate((first, second))]
    for process in processes:
        process.start()
    told = dict(heard.get() for _ in processes)
    for process in processes:
        process.join()
    return [told[0], told[1]]


def submissions(house: House, rounds: int) -> dict[str, Any]:
    """Bring the same submissions: without an account and by a worker, then by two workers."""
    from amana.access.rules import CARE, Refused, Role  # noqa: PLC0415 - after `use`
    from amana.identification import actions  # noqa: PLC0415
    from amana.identification.answers import Given  # noqa: PLC0415
    from amana.identification.models import Screening  # noqa: PLC0415
    from amana.standards.instruments import shelf  # noqa: PLC0415
    from tests.faults.writes import TOLD  # noqa: PLC0415

    rapid = shelf().find("rapid-screening")
    house.cast.hire("second-worker", "Seconde Inventée", Role.CASE_WORKER, (CARE,))
    actors = {"one": house.who(Role.CASE_WORKER), "two": house.cast.who("second-worker")}

    def bring(by: str, group: str) -> Do:
        def do(_house: House, number: int) -> Any:
            try:
                row, is_new = actions.receive_submission(
                    submission=f"uuid:{group}-{number}",
                    instrument=rapid,
                    given=Given(TOLD),
                    now=NOW,
                    actor=actors.get(by),
                )
            except Refused as refused:
                return refused.objections
            return [row.pk, is_new]

        return do

    same = both(house, bring("", "same"), bring("one", "same"), rounds)
    other = both(house, bring("one", "other"), bring("two", "other"), rounds)
    return {"same": same, "other": other, "rows": Screening.objects.count()}


def renewals(house: House, rounds: int) -> dict[str, Any]:
    """Renew a team's keys while a stranger to it wraps keys; return what then opens."""
    from amana.access import queries  # noqa: PLC0415
    from amana.access.actions import keys  # noqa: PLC0415
    from amana.access.rules import CARE, Role  # noqa: PLC0415
    from amana.crypto.hybrid import public_of  # noqa: PLC0415
    from amana.exchange.directory import fingerprint_in, open_directory  # noqa: PLC0415
    from amana.node.config import load  # noqa: PLC0415
    from amana.node.lifecycle import sign  # noqa: PLC0415

    founding = house.who(Role.CASE_WORKER).teams[CARE].seed

    def renew(_house: House, _number: int) -> int:
        return keys.renew_team_key(team_code=CARE, actor=house.who(Role.CASE_WORKER), now=NOW)

    def wrap(_house: House, _number: int) -> list[str]:
        return [keys.issue_key(CARE)[0] for _ in range(3)]

    renewed, wrapped = both(house, renew, wrap, rounds)
    worker = house.who(Role.CASE_WORKER)
    held = queries.held_keys(worker, [key_id for round_ in wrapped for key_id in round_])
    sign(house.data, load(house.data)[1], now=NOW)
    file = (house.data / "directory.json").read_bytes()
    unit = open_directory(file, pinned=fingerprint_in(file), now=NOW).unit
    return {
        "published": unit.public == public_of(founding),
        "renewed": renewed,
        "wrapped": wrapped,
        "opened": sorted(held),
        "generation": queries.team(CARE).generation,
    }


WHAT: dict[str, Callable[[House, int], dict[str, Any]]] = {
    "submissions": submissions,
    "renewals": renewals,
}


def main() -> int:
    """Do one thing at once in a house of its own and print what was heard."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=sorted(WHAT))
    parser.add_argument("--rounds", type=int, default=20)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="amana-at-once-") as folder,
        a_house(Path(folder) / "node") as house,
    ):
        print(json.dumps(WHAT[asked.what](house, asked.rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
