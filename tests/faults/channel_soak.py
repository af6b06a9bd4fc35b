"""The long conversation of two countries over a line that loses a fifth: `bin/soak --only channel`.

    python -m tests.faults.channel_soak [--messages 10000] [--kills 50] [--cuts 6] [--seed 1]

Messages on both sides, kill -9 at random, hours without a line, a full disk, a restore from a
backup; then rest, and an independent look into both databases. Writes
benchmarks/results/channel-soak.json and .md; exits with 1 when anything does not hold.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.faults import channel_check
from tests.faults.channel import Channel

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
DISK = "1500m"


HAPPENINGS: dict[str, Callable[[Channel], object]] = {
    "kill": lambda channel: channel.kill_one(),
    "cut": lambda channel: channel.cut(hours=channel.dice.choice([2, 5, 9]), seconds=2),
    "disk": lambda channel: channel.fill_disk(channel.sides[1], seconds=4),
    "backup": lambda channel: channel.back_up(channel.sides[0]),
    "restore": lambda channel: channel.restore(channel.sides[0]),
}


def planned(channel: Channel, kills: int, cuts: int) -> list[str]:
    """Return what will happen, in an order that the dice decide; a restore some time after it."""
    happenings = ["kill"] * kills + ["cut"] * cuts
    channel.dice.shuffle(happenings)
    if channel.has_disk:
        happenings.insert(len(happenings) // 3, "disk")
    if channel.is_to_be_restored:
        happenings.insert(len(happenings) // 2, "backup")
        happenings.insert(len(happenings) * 2 // 3 + 1, "restore")
    return happenings


def soak(channel: Channel, *, messages: int, kills: int, cuts: int, patience: float) -> list[str]:
    """Let it all happen while so many messages are written; return what does not hold."""
    happenings = planned(channel, kills, cuts)
    with channel.running():
        deadline = time.monotonic() + patience
        for n, what in enumerate(happenings):
            while channel.posted() < messages * n / (len(happenings) + 1):
                if time.monotonic() > deadline:
                    return [f"{channel.posted()} messages when the time was over"]
                time.sleep(0.2)
            print(f"{time.monotonic():.0f} {channel.posted()} {what}", flush=True)
            HAPPENINGS[what](channel)
        is_at_rest = channel.come_to_rest(max(300.0, deadline - time.monotonic()))
        here, there = channel.status()
        found = [] if is_at_rest else ["it did not come to rest"]
        found += channel_check.states(here, there)
        for one in channel.sides:
            verified = one.place.amana("verify", "--data", one.data)
            found += [verified.stderr] if verified.returncode else []
    books = [channel_check.read(s.country, s.data, s.log) for s in channel.sides]
    channel.seen["messages"] = sum(len(b.sent()) for b in books)
    channel.seen["forgotten"] = sum(
        row["refused_for"] == "forgotten" for b in books for row in b.messages.values()
    )
    return found + channel_check.faults(books[0], books[1], restored=channel.restored)


@contextlib.contextmanager
def a_disk(*, is_small: bool) -> Iterator[Path]:
    """Give a folder; on a disk of its own where one is to be filled."""
    with tempfile.TemporaryDirectory(prefix="amana-channel-") as folder:
        place = Path(folder)
        if is_small:
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", place], check=True
            )
        try:
            yield place
        finally:
            if is_small:
                subprocess.run(["umount", "-l", place], check=True)


def page(result: dict[str, Any]) -> str:
    """Return the result as a person reads it."""
    faults = result["faults"]
    summary = (
        f"{result['messages']:,} messages in {result['seconds']:.0f} s of the machine and "
        f"{result['hours']:.0f} h of the simulated clocks, seed {result['seed']}: "
    )
    held = (
        "Held: each message once, in order, the same bytes and end on both sides; receipts true; "
        "nothing acknowledged lost; both records whole and as the other vouched for them; every "
        "referral in the same state."
    )
    outcome = "all of it holds" if not faults else f"**{len(faults)} things do not hold**"
    lines = [
        "# Two nodes over a bad line",
        "",
        "Written by `bin/soak --only channel`; see `tests/faults/channel.py`.",
        "",
        f"{summary}{outcome}.",
        "",
        "| what happened | how often |",
        "|---|---|",
        *(f"| {name} | {n:,} |" for name, n in sorted(result["seen"].items())),
        "",
        held,
        "",
        *(f"- {fault}" for fault in faults[:40]),
    ]
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Run it and keep what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--cuts", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=3 * 3600)
    parser.add_argument("--no-disk", action="store_true")
    parser.add_argument("--no-restore", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    # Asked to stop, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(1))
    began = time.monotonic()
    has_disk = not asked.no_disk and os.geteuid() == 0
    with a_disk(is_small=has_disk) as place:
        # An offer, an acknowledgement, a decision, now and then a dossier, two for each round.
        offers = -(-asked.messages // (2 * asked.rounds + 3) // 2) + 1
        channel = Channel(place / "home", asked.seed, offers, asked.rounds, asked.share)
        channel.has_disk, channel.is_to_be_restored = has_disk, not asked.no_restore
        found = soak(
            channel,
            messages=asked.messages,
            kills=asked.kills,
            cuts=asked.cuts,
            patience=asked.patience,
        )
    seen = dict(channel.seen)
    result = {
        "messages": seen.pop("messages", 0),
        "seconds": time.monotonic() - began,
        "hours": channel.hours,
        "seed": asked.seed,
        "seen": seen,
        "faults": found,
    }
    (asked.out / "channel-soak.json").write_text(json.dumps(result, indent=1) + "\n")
    (asked.out / "channel-soak.md").write_text(page(result))
    print("\n".join(found[:40]) or "all of it holds", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
