"""Two whole nodes with a bad line between them, people who write on both sides, and bad luck.

`Channel` builds it and lets things happen: kill -9, hours without a line, a full disk, a restore
from a backup. What became of the messages is judged by `channel_check`, which shares no code.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from amana.exchange.directory import fingerprint_in
from amana.node import demo
from amana.node.clock import shift
from amana.node.config import load, write
from amana.node.processes import RunningNode, free_port
from tests.vault.nodes import ROOT, Place

# Signs the node's directory once more, for an address that leads through the bad line.
SIGN = """
from amana.node.lifecycle import _version, sign
from amana.node.config import load
data = Path(sys.argv[1])
sign(data, load(data)[1], version=_version(data) + 1, now=now())
answer = ""
"""


@dataclass
class Side:
    """One country: its node, its people, what they were told was done."""

    country: str
    data: Path
    log: Path
    node: RunningNode
    writer: "subprocess.Popen[bytes] | None" = None

    @property
    def place(self) -> Place:
        """Return where its commands run."""
        return Place(self.data)


@dataclass
class Channel:
    """The two countries and the line; `seen` counts what happened to them."""

    home: Path
    seed: int
    offers: int
    rounds: int
    share: float
    sides: list[Side] = field(default_factory=list)
    proxy: "subprocess.Popen[str] | None" = None
    seen: Counter[str] = field(default_factory=Counter)
    hours: float = 0.0
    has_disk: bool = False
    is_to_be_restored: bool = False
    backup: Path = Path()
    restored: str = ""

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - bad luck, no secret
        self.control = self.home / "line"

    # Building.

    def build(self) -> None:
        """Make both nodes, lay the line between them, let each pin the other through it."""
        self.home.mkdir(exist_ok=True)
        self.control.write_text(str(self.share))
        for node in demo.make_nodes(self.home, {"CI": 0, "MA": 0}):
            country = node.config.country
            log = self.home / f"{country}.acknowledged"
            self.sides.append(Side(country, node.data, log, node))
        ways = []
        for side in self.sides:
            port = free_port()
            ways.append(f"127.0.0.1:{port}=127.0.0.1:{side.node.config.port}")
            config = load(side.data)[0]
            url = f"http://127.0.0.1:{port}"
            write(side.data, replace(config, url=url, retry_base=0.2, silence_after=1e9))
        command = [sys.executable, "-m", "tests.faults.proxy", self.control, str(self.seed), *ways]
        self.proxy = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        heard = self.proxy.stdout
        assert heard is not None
        assert next(heard) == "ready\n"
        for side in self.sides:
            side.node = RunningNode(side.data)
            side.node.start()
        self.publish()

    def publish(self) -> None:
        """Let each country sign its directory anew and the other pin it."""
        for side in self.sides:
            side.place.ask(SIGN)
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
            if self.proxy is not None:
                self.proxy.send_signal(signal.SIGTERM)
                with contextlib.suppress(ValueError, subprocess.TimeoutExpired):
                    said = self.proxy.communicate(timeout=10)[0]
                    self.seen.update(json.loads(said or "{}"))
                _kill(self.proxy)

    def start_writer(self, side: Side) -> None:
        """Let the people of a country come to work."""
        partner = next(s.country for s in self.sides if s is not side)
        arguments = [side.data, partner, str(self.offers), str(self.rounds), side.log]
        with (self.home / f"{side.country}.writer.log").open("ab") as sink:
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
        side = self.dice.choice(self.sides)
        what = self.dice.choice(["web", "worker", "writer", "node"])
        node = side.node
        if what == "web":
            _kill_group(node.web)
            node.start_web()
        elif what == "worker":
            _kill_group(node.worker)
            node.start_worker()
        elif what == "writer":
            _kill(side.writer)
            self.start_writer(side)
        else:
            _kill(side.writer)
            node.kill()
            node.start()
            self.start_writer(side)
        self.seen[f"killed {what}"] += 1
        self.seen["kills"] += 1

    def cut(self, hours: float, seconds: float) -> None:
        """Cut the line; hours pass on both clocks while people go on writing."""
        self.control.write_text("cut")
        time.sleep(seconds)
        self.pass_time(hours)
        time.sleep(seconds)
        self.control.write_text(str(self.share))
        # Whatever waits longest to be tried again is due.
        self.pass_time(1.0)
        self.seen["cuts"] += 1

    def pass_time(self, hours: float) -> None:
        """Let hours pass on the clocks of both."""
        self.hours += hours
        for side in self.sides:
            shift(side.data, timedelta(hours=self.hours))

    def fill_disk(self, side: Side, seconds: float) -> None:
        """Take the last byte of the disk under a node, and give it back."""
        filler = side.data.parent / f"{side.country}.filler"
        try:
            with filler.open("wb", buffering=0) as file:
                size = 1024 * 1024
                while size:
                    try:
                        file.write(bytes(size))
                    except OSError:
                        size //= 2
            time.sleep(seconds)
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
        keeper.start_keeper()
        try:
            side.place.do("restore", "--data", side.data, self.backup, "--no-ledger")
        finally:
            keeper.kill()
        for name in ("keys/root.seed", "directory.json", "demo-clock"):
            if (lost / name).exists():
                shutil.copy2(lost / name, side.data / name)
        side.node = RunningNode(side.data)
        side.node.start()
        self.publish()
        self.start_writer(side)
        self.restored = side.country
        self.seen["restores"] += 1

    # Where it stands.

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

    def come_to_rest(self, patience: float) -> bool:
        """Let the line be good and the people finish; say whether both came to rest."""
        self.control.write_text("0")
        deadline, before = time.monotonic() + patience, -1
        while time.monotonic() < deadline:
            self.pass_time(0.05)
            time.sleep(3)
            here, there = self.status()
            posted = self.posted()
            waits = sum([*here["waiting"].values(), *there["waiting"].values()])
            sealed = here["sealed_mail"] + there["sealed_mail"]
            if waits == sealed == 0 and posted == before:
                return True
            before = posted
        return False


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
