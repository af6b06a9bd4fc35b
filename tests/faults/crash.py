"""Kill -9 during every kind of write, again and again: what was acknowledged is there afterwards.

    python -m tests.faults.crash [--kills 500] [--seed N] [--out FILE.json]

A writer is forked from a process that has Django and signed-in people ready, begins with the kind
whose turn it is, and tells of every write before it begins and after it is done. It dies at a
random moment: half of the time within the kind it was sent for, half of the time anywhere. Every
few kills the keeper dies with it, as in a power cut. Then everything acknowledged since the last
look is looked for, and everything that may never be half there; at the end of a house all of it
once more. A death of the process, not of the machine: what a disk does with its cache is not seen.
"""

import argparse
import io
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.house import House, a_house

# How many kills a house lives through: the whole record is proved after each of them.
KILLS_A_HOUSE = 50
KEEPER_DIES_EACH = 5
SHORTEST, LONGEST = 0.05, 0.4
# A write takes about this long here; an aimed kill falls at a random moment of it.
AIMED = 0.06
PATIENCE = 60.0


@dataclass
class Tally:
    """What was counted: kills by the kind that was under way, acknowledged and lost by kind."""

    kills: int = 0
    keeper_kills: int = 0
    seconds: float = 0.0
    database: str = "sqlite"
    killed_during: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    halves: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Add what another house counted."""
        self.kills += other.kills
        self.keeper_kills += other.keeper_kills
        self.seconds += other.seconds
        self.killed_during += other.killed_during
        self.acknowledged += other.acknowledged
        self.lost += other.lost
        self.halves += other.halves

    @property
    def is_clean(self) -> bool:
        """Say whether nothing was lost and nothing half there."""
        return not self.lost and not self.halves


@dataclass
class Run:
    """One writer's life, as its lines told it."""

    under_way: str = ""
    acknowledged: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def hear(self, line: str) -> None:
        """Take in a line."""
        kind, _, said = line.partition(" ")
        if said:
            self.acknowledged.append((kind, json.loads(said)))
            self.under_way = ""
        else:
            self.under_way = kind


def _writer(house: House, out: int, first: str, seed: int) -> None:
    """Be the process that is killed. Whatever it acknowledged lies in the pipe."""
    from tests.faults.writes import Writer  # noqa: PLC0415 - after Django is pointed at the node

    def tell(line: str) -> None:
        os.write(out, f"{line}\n".encode())

    try:
        writer = Writer(house, tell, lambda kind, said: tell(f"{kind} {json.dumps(said)}"))
        writer.go_on(first, random.Random(seed))  # noqa: S311 - no secret dice
    except BaseException as problem:  # noqa: BLE001 - a fault of the writer is no kill
        traceback.print_exc()
        tell(f"failed {json.dumps({'problem': repr(problem)})}")
    os._exit(1)


def live_and_die(house: House, first: str, dice: random.Random) -> Run:
    """Fork a writer, let it work, kill it; return what it told."""
    house.let_go()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _writer(house, writing, first, dice.getrandbits(32))
    os.close(writing)
    run = Run()
    with os.fdopen(reading, "rb", buffering=0) as told:
        rest = _listen(told, run, first, dice)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        # What it had told before it died lies in the pipe; a line cut short was never told.
        for line in (rest + b"".join(iter(lambda: told.read(65536), b""))).split(b"\n")[:-1]:
            run.hear(line.decode())
    return run


def _listen(told: io.RawIOBase, run: Run, first: str, dice: random.Random) -> bytes:
    """Hear a writer until its moment has come; return the beginning of a line, if one had begun."""
    begun, buffer = time.monotonic(), b""
    is_aimed = dice.random() < 0.5
    end = begun + (PATIENCE if is_aimed else dice.uniform(SHORTEST, LONGEST))
    while (left := end - time.monotonic()) > 0 and select.select([told], [], [], left)[0]:
        piece = told.read(65536)
        if not piece:
            break
        *lines, buffer = (buffer + piece).split(b"\n")
        for line in map(bytes.decode, lines):
            run.hear(line)
            if is_aimed and line == first:
                end = min(end, time.monotonic() + dice.uniform(0, AIMED))
    return buffer


def one_house(kills: int, dice: random.Random, folder: Path, turn: int) -> Tally:
    """Let one node live through so many kills; return what was counted."""
    started, tally, heard = time.monotonic(), Tally(), []
    with a_house(folder / f"node-{turn}") as house:
        from django.db import connection  # noqa: PLC0415 - after Django is pointed at the node

        from tests.faults.whole import file_fault, halves  # noqa: PLC0415
        from tests.faults.writes import KINDS  # noqa: PLC0415

        tally.database = connection.vendor
        order = list(KINDS)
        for n in range(kills):
            run = live_and_die(house, order[(turn + n) % len(order)], dice)
            tally.kills += 1
            tally.killed_during[run.under_way or "between"] += 1
            if n % KEEPER_DIES_EACH == 0:
                house.keeper.kill()
                house.keeper.start()
                tally.keeper_kills += 1
            tally.lost += _lost(house, run.acknowledged)
            tally.halves += halves(house)
            heard += run.acknowledged
        tally.acknowledged = Counter(kind for kind, _ in heard)
        tally.lost += _lost(house, heard)
        tally.halves += filter(None, [file_fault()])
        house.let_go()
    tally.seconds = time.monotonic() - started
    return tally


def _lost(house: House, acknowledged: list[tuple[str, dict[str, Any]]]) -> list[str]:
    from tests.faults.writes import look_for  # noqa: PLC0415

    lost = []
    for kind, said in acknowledged:
        try:
            is_there = kind != "failed" and look_for(house, kind, said)
        except Exception as problem:  # noqa: BLE001 - whatever stands in its way, it is not there
            lost.append(f"{kind} {said}: {problem!r}")
            continue
        if not is_there:
            lost.append(f"{kind} {said}")
    return lost


def main() -> int:
    """Run all houses, each in a process of its own; print and keep what was counted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--out", type=Path, default=None)
    asked = parser.parse_args()
    seed = random.SystemRandom().getrandbits(32) if asked.seed is None else asked.seed
    whole = Tally()
    with tempfile.TemporaryDirectory(prefix="amana-faults-", dir="/tmp") as folder:
        for turn, left in enumerate(range(asked.kills, 0, -KILLS_A_HOUSE)):
            whole.add(_in_a_fork(min(left, KILLS_A_HOUSE), seed + turn, Path(folder), turn))
            print(f"{whole.kills} kills, {whole.acknowledged.total()} acknowledged", flush=True)
    counted = {"seed": seed, **vars(whole)}
    if asked.out:
        asked.out.write_text(json.dumps(counted, indent=1))
    print(json.dumps({k: v for k, v in counted.items() if k in ("seed", "lost", "halves")}))
    return 0 if whole.is_clean else 1


def _in_a_fork(kills: int, seed: int, folder: Path, turn: int) -> Tally:
    """Run one house in a fork: Django is pointed at a node's folder once per process."""
    kept = folder / f"tally-{turn}.json"
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            tally = one_house(kills, random.Random(seed), folder, turn)  # noqa: S311
            kept.write_text(json.dumps(vars(tally)))
            code = 0
        except BaseException:  # noqa: BLE001 - this process ends here and says why
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if status:
        return Tally(lost=[f"house {turn} did not come to its end"])
    found = json.loads(kept.read_text())
    counters = {k: Counter(found.pop(k)) for k in ("killed_during", "acknowledged")}
    return Tally(**found, **counters)


if __name__ == "__main__":
    sys.exit(main())
