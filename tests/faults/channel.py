"""Two whole nodes with a bad line between them, people who write on both sides, and bad luck.

`Channel` builds it and lets things happen: kill -9, hours without a line, a full disk, a restore
from a backup. What became of the messages is judged by `channel_check`, which shares no code.

Where this machine allows it each country lives in a network namespace (`tests.faults.network`) and
a cut is a pulled cable. A demo's node calls its own host alone, as its web server listens there
alone: so an end of the line stands in each namespace, as a real node's web server would.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from amana.exchange.directory import fingerprint_in
from amana.node import demo
from amana.node.clock import shift
from amana.node.config import load, write
from amana.node.processes import RunningNode, free_port
from tests.faults.network import PORT, Cable
from tests.vault.nodes import ROOT, Place

COUNTRIES = ("CI", "MA")
# So many looks in a row, three seconds apart, must find nothing that waits.
STILL = 6

# Signs the node's directory once more, for an address that leads through the bad line.
SIGN = """
from amana.node.lifecycle import sign
from amana.node.config import load
data = Path(sys.argv[1])
answer = sign(data, load(data)[1], now=now())
"""


@dataclass(frozen=True)
class Work:
    """What a country's people do: referrals of their own, questions to each, so many at once."""

    offers: int
    rounds: int
    at_once: int


@dataclass
class Side:
    """One country: its node, its people, what they were told was done."""

    country: str
    data: Path
    log: Path
    node: RunningNode
    cable: Cable | None = None
    writer: "subprocess.Popen[bytes] | None" = None

    @property
    def place(self) -> Place:
        """Return where its commands run."""
        return Place(self.data, namespace=self.cable.names[self.country] if self.cable else None)

    def inside(self) -> contextlib.AbstractContextManager[None]:
        """Let what is started be born on this country's host."""
        return self.cable.inside(self.country) if self.cable else contextlib.nullcontext()


@dataclass
class Channel:
    """The two countries and the line; `seen` counts what happened to them.

    `home` is the disk of the nodes, which may be full; `notes` is where people and we write down.
    """

    home: Path
    notes: Path
    seed: int
    work: Work
    share: float
    cable: Cable | None = None
    sides: list[Side] = field(default_factory=list)
    ends: "list[subprocess.Popen[str]]" = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    hours: float = 0.0
    has_disk: bool = False
    is_to_be_restored: bool = False
    backup: Path = Path()
    restored: str = ""
    died: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - bad luck, no secret
        self.control = self.notes / "line"
        self.began = time.monotonic()

    # Building.

    def build(self) -> None:
        """Make both nodes, lay the line between them, let each pin the other through it."""
        self.home.mkdir(exist_ok=True)
        self.notes.mkdir(exist_ok=True)
        self.control.write_text(str(self.share))
        for node in demo.make_nodes(self.home, dict.fromkeys(COUNTRIES, 0)):
            country = node.config.country
            log = self.notes / f"{country}.acknowledged"
            self.sides.append(Side(country, node.data, log, node, self.cable))
        if self.cable:
            self.cable.lay()
        self.lay_line()
        for side in self.sides:
            side.node = RunningNode(side.data)
            with side.inside():
                side.node.start()
        self.publish()

    def lay_line(self) -> None:
        """Start the ends of the line, and let each node call its own end as if it were the other.

        What leaves a country meets its bad luck at that country's end.
        """
        for here, there in (self.sides, self.sides[::-1]):
            door = f"127.0.0.1:{there.node.config.port}"
            with here.inside():
                port = free_port()
            ways = [f"127.0.0.1:{port}={door}"]
            if self.cable:
                ours, theirs = (f"{self.cable.address(s.country)}:{PORT}" for s in (here, there))
                ways = [
                    f"127.0.0.1:{port}={theirs}",
                    f"plain:{ours}=127.0.0.1:{here.node.config.port}",
                ]
            # Whoever calls `there` finds it where the line of `here` begins.
            config = load(there.data)[0]
            url = f"http://127.0.0.1:{port}"
            write(there.data, replace(config, url=url, retry_base=0.2, silence_after=1e9))
            seed = str(self.seed * 2 + len(self.ends))
            command = [sys.executable, "-m", "tests.faults.proxy", self.control, seed, *ways]
            with here.inside():
                end = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            self.ends.append(end)
            assert end.stdout is not None
            assert next(end.stdout) == "ready\n"

    def publish(self) -> None:
        """Let each country sign its directory anew and the other pin it."""
        for side in self.sides:
            assert side.place.ask(SIGN)
        for here, there in (self.sides, self.sides[::-1]):
            file = there.data / "directory.json"
            pinned = fingerprint_in(file.read_bytes())
            here.place.do(
                *("node", "init", "--data", here.data),
                *("--peer", file, "--fingerprint", pinned),
            )

    @contextlib.contextmanager
    def running(self) -> Iterator["Channel"]:
        """Run everything for as long as the block lasts."""
        try:
            self.build()
            for side in self.sides:
                self.start_writer(side)
            yield self
        finally:
            for side in self.sides:
                _kill(side.writer)
                side.node.kill()
            for end in self.ends:
                end.send_signal(signal.SIGTERM)
                with contextlib.suppress(ValueError, subprocess.TimeoutExpired):
                    said = end.communicate(timeout=10)[0]
                    self.seen.update(json.loads(said or "{}"))
                _kill(end)
            if self.cable:
                self.cable.take_away()
            for side in self.sides:
                self.seen.update(_troubles(self.notes / f"{side.country}.writer.log"))

    def start_writer(self, side: Side) -> None:
        """Let the people of a country come to work."""
        partner = next(s.country for s in self.sides if s is not side)
        work = (self.work.offers, self.work.rounds, self.work.at_once)
        arguments = [side.data, partner, *work, side.log]
        with (self.notes / f"{side.country}.writer.log").open("ab") as sink, side.inside():
            side.writer = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.channel_writer", *map(str, arguments)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=sink,
                stderr=sink,
            )

    # What happens.

    def kill_one(self) -> None:
        """Kill one process of one node, as it comes, and start it again."""
        self.look_for_dead()
        side = self.dice.choice(self.sides)
        what = self.dice.choice(["web", "worker", "writer", "node"])
        node = side.node
        if what in ("writer", "node"):
            _kill(side.writer)
        with side.inside():
            if what == "web":
                _kill_group(node.web)
                node.start_web()
            elif what == "worker":
                _kill_group(node.worker)
                node.start_worker()
            elif what == "node":
                node.kill()
                node.start()
        if what in ("writer", "node"):
            self.start_writer(side)
        self.seen[f"killed {what}"] += 1
        self.seen["kills"] += 1

    def cut(self, hours: float, seconds: float) -> None:
        """Cut the line; hours pass on both clocks while people go on writing."""
        if self.cable:
            self.cable.pull()
        else:
            self.control.write_text("cut")
        time.sleep(seconds)
        self.pass_time(hours)
        time.sleep(seconds)
        if self.cable:
            self.cable.plug()
        self.control.write_text(str(self.share))
        # Whatever waits longest to be tried again is due.
        self.pass_time(1.0)
        self.seen["cuts"] += 1

    def pass_time(self, hours: float) -> None:
        """Let hours pass on the clocks of both."""
        self.hours += hours
        for side in self.sides:
            shift(side.data, timedelta(hours=self.hours))

    def fill_disk(self, patience: float) -> None:
        """Take the last byte of the disk under both nodes until people met it; give it back.

        A database goes on for a while in the room that its log has already: a disk that is full for
        a moment is met by nobody.
        """
        before = [_met_full(self.notes, side) for side in self.sides]
        filler, deadline = self.home / "filler", time.monotonic() + patience
        try:
            with filler.open("wb", buffering=0) as file:
                while time.monotonic() < deadline:
                    _fill(file)
                    time.sleep(0.1)
                    met = [_met_full(self.notes, side) for side in self.sides]
                    if any(now > then for now, then in zip(met, before, strict=True)):
                        time.sleep(3)
                        break
                else:
                    self.died.append("a disk was full, and nobody met it")
        finally:
            filler.unlink()
        self.seen["full disks"] += 1

    def back_up(self, side: Side) -> None:
        """Write a backup of a node that runs."""
        file = self.home / f"{side.country}.backup-{self.seen['backups']}"
        # While a key waits for the keeper's layer no backup is made: tried again, as a cron would.
        for _ in range(60):
            if side.place.amana("backup", "--data", side.data, file, "--plain").returncode == 0:
                break
            time.sleep(0.5)
        assert file.exists()
        self.backup = file
        self.seen["backups"] += 1

    def restore(self, side: Side) -> None:
        """Lose a node's machine; put its backup in its place; tell the partner with a directory."""
        _kill(side.writer)
        side.node.kill()
        lost = side.data.with_name(f"{side.data.name}.lost")
        side.data.rename(lost)
        keeper = RunningNode(lost)
        with side.inside():
            keeper.start_keeper()
        try:
            side.place.do("restore", "--data", side.data, self.backup, "--no-ledger")
        finally:
            keeper.kill()
        for name in ("keys/root.seed", "directory.json", "demo-clock"):
            if (lost / name).exists():
                shutil.copy2(lost / name, side.data / name)
        side.node = RunningNode(side.data)
        with side.inside():
            side.node.start()
        self.publish()
        self.start_writer(side)
        self.restored = side.country
        self.seen["restores"] += 1

    # Where it stands.

    def look_for_dead(self) -> None:
        """Note each process that ended although nobody killed it."""
        for side in self.sides:
            node = side.node
            running = {"web": node.web, "worker": node.worker, "keeper": node.keeper}
            for what, process in {**running, "writer": side.writer}.items():
                if process is not None and process.poll() is not None:
                    self.died.append(f"{side.country}: the {what} died with {process.returncode}")

    def status(self) -> list[dict[str, Any]]:
        """Return what both nodes say of themselves."""
        found = []
        for side in self.sides:
            said = side.place.do("node", "status", "--json", "--data", side.data)
            found.append(json.loads(said))
        return found

    def posted(self) -> int:
        """Return how many messages both have posted, as told."""
        return sum(_lines(side.log) for side in self.sides)

    def say(self, what: str) -> None:
        """Tell who watches what happens now."""
        took = time.monotonic() - self.began
        print(f"{took:5.0f} s  {self.posted():6,} messages  {what}", flush=True)

    def reaches(self, messages: int, deadline: float) -> bool:
        """Wait until so many were posted; say whether they were before the time was over."""
        told = time.monotonic()
        while self.posted() < messages:
            if time.monotonic() > deadline:
                return False
            if time.monotonic() - told > 30:
                told = time.monotonic()
                self.look_for_dead()
                self.say(f"waits {[_waits(side.data) for side in self.sides]}")
            time.sleep(0.2)
        return True

    def come_to_rest(self, patience: float) -> bool:
        """Let the line be good and the people finish; say whether both came to rest."""
        self.control.write_text("0")
        deadline, before, still = time.monotonic() + patience, -1, 0
        told = 0.0
        while time.monotonic() < deadline:
            # No hours pass: whoever tries again does so within half a minute, and each hour that
            # passes makes everybody sign in anew, which is most of what people here would do.
            time.sleep(3)
            posted, waits = self.posted(), [_waits(side.data) for side in self.sides]
            # Not once, but for a while: people who sign in say nothing either.
            still = still + 1 if posted == before and not any(map(any, waits)) else 0
            if still == STILL:
                return True
            before = posted
            if time.monotonic() - told > 30:
                told = time.monotonic()
                self.look_for_dead()
                self.say(f"coming to rest, waits {waits}")
        return False


def _waits(data: Path) -> tuple[int, int, int]:
    """Return how many messages and receipts wait to leave, and how many to be opened."""
    with contextlib.closing(sqlite3.connect(data / "db" / "amana.sqlite3", timeout=60)) as db:
        messages, receipts, sealed = (
            db.execute(f"SELECT count(*) FROM {of}").fetchone()[0]  # noqa: S608 - no input
            for of in WAITS
        )
    return messages, receipts, sealed


WAITS = (
    "exchange_message WHERE is_ours AND refused_for = '' AND (rank = 0 OR carry_again)",
    "exchange_receipt WHERE is_ours AND NOT is_carried",
    "exchange_message WHERE NOT is_ours AND kind = '' AND refused_for = ''",
)


def _fill(file: BinaryIO) -> None:
    """Write until not one byte more can be written."""
    size = 1024 * 1024
    while size:
        try:
            file.write(bytes(size))
        except OSError:
            size //= 2


def _met_full(notes: Path, side: Side) -> int:
    """Return how often the people of a country were told that the disk is full."""
    log = notes / f"{side.country}.writer.log"
    return log.read_text().count("disk is full") if log.exists() else 0


def _troubles(log: Path) -> Counter[str]:
    """Return what kept people from their work, by its kind, and how often."""
    said = log.read_text().splitlines() if log.exists() else []
    kinds = (line.partition("(")[0].strip('"') for line in said if line.startswith('"'))
    return Counter(f"a person met {kind}" for kind in kinds)


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


def _kill(process: "subprocess.Popen[Any] | None") -> None:
    if process is not None and process.poll() is None:
        process.kill()
        process.wait()


def _kill_group(process: "subprocess.Popen[bytes] | None") -> None:
    if process is not None and process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
