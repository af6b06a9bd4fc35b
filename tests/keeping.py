"""A keeper process for tests: started for real, asked over its socket, killed when they like."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from amana.keeper.client import Keeper, KeeperGone
from amana.keeper.rules import Limit, Policy
from amana.keeper.store import lay_out
from amana.node.clock import Clock

WIDE = Limit(1_000_000, 900)
ROOT = Path(__file__).resolve().parents[1]
# The keeper has a clock of its own; what it notes of the first epoch is of no account here.
THE_START = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)

# A keeper lives in the real time, and so do its people's phones.
CLOCK = Clock(None, is_demo=False)


@dataclass
class KeeperProcess:
    """A keeper's folder, its process and the line to it."""

    folder: Path
    line: Keeper
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> "KeeperProcess":
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "amana", "keeper", "--data", str(self.folder)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                self.line.status()
            except KeeperGone:
                assert self.process.poll() is None, "the keeper did not start"
                assert time.monotonic() < deadline, "the keeper does not answer"
                time.sleep(0.02)
            else:
                return self

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextlib.contextmanager
def a_keeper(
    folder: Path, *, policy: Policy | None = None, listen: str = "socket"
) -> Iterator[KeeperProcess]:
    """Make a keeper in a folder that is not there yet and run it for as long as the block lasts."""
    wide = Policy(
        is_demo=True,
        stretch_account=WIDE,
        stretch_all=WIDE,
        open_account=WIDE,
        evaluate_account=WIDE,
        glass_account=WIDE,
    )
    lay_out(folder, policy or wide, listen=listen, now=THE_START)
    process = KeeperProcess(folder, Keeper(f"unix:{folder / listen}"))
    process.start()
    try:
        yield process
    finally:
        process.line.forget()
        process.kill()
