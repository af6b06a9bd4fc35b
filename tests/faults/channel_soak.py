"""The long conversation of two countries over a line that loses a fifth: `bin/soak --only channel`.

    python -m tests.faults.channel_soak [--messages 10000] [--kills 50] [--cuts 6] [--seed 1]
        [--out FILE.json] [--keep FOLDER]

Messages on both sides, kill -9 at random, hours without a line, a full disk, a restore from a
backup; then rest, an independent look into both databases, and tamperings with copies of them that
the look must see. Says every half a minute how far it is; exits with 1 when anything does not hold.
What happens and when comes from the seed; how far each process is by then is the machine's.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from amana.node.clock import Clock
from tests.faults import channel_check, channel_tamper
from tests.faults.channel import COUNTRIES, Channel, Work
from tests.faults.network import Cable, is_possible

DISK = "1500m"
NUMBER = re.compile("[0-9a-f]{32}")
LONGEST = 120
Part = dict[str, Any]


HAPPENINGS: dict[str, Callable[[Channel], object]] = {
    "kill": lambda channel: channel.kill_one(),
    "cut": lambda channel: channel.cut(hours=channel.dice.choice([2, 5, 9]), seconds=2),
    "disk": lambda channel: channel.fill_disk(patience=120),
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
            if not channel.reaches(messages * n // (len(happenings) + 1), deadline):
                return [f"{channel.posted()} messages when the time was over", *channel.died]
            channel.say(what)
            HAPPENINGS[what](channel)
        is_at_rest = channel.come_to_rest(max(300.0, deadline - time.monotonic()))
        channel.say("at rest" if is_at_rest else "not at rest")
        found = [*channel.died] + ([] if is_at_rest else ["it did not come to rest"])
        found += channel_check.states(*channel.status())
    return found


def look(channel: Channel, messages: int, found: Part, folder: Path) -> Part:
    """Look into both databases; where all holds, prove on copies that the look sees."""
    sides, restored = channel.sides, channel.restored
    books = [channel_check.read(s.country, s.data, s.log) for s in sides]
    faults = channel_check.faults(books[0], books[1], restored=restored)
    figures = channel_check.figures(books[0], books[1])
    if figures["messages"] < messages:
        faults.append(f"only {figures['messages']} messages")
    tampered = {}
    if not faults:
        channel.say("it holds; tampering with copies")
        countries = [channel_tamper.Country(s.country, s.data, s.log) for s in sides]
        tampered = channel_tamper.told(countries[0], countries[1], folder, restored)
        faults += [f"not seen: {name}" for name, said in tampered.items() if not said]
    return {**found, "figures": figures, "tampered": tampered, "faults": found["faults"] + faults}


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


def page(result: Part) -> list[str]:
    """Return the result as a person reads it, line by line."""
    faults, figures, tampered = result["faults"], result["figures"], result["tampered"]
    outcome = "all of it holds" if not faults else f"**{len(faults)} things do not hold**"
    where = "two network namespaces, one cable" if result["is_apart"] else "one network namespace"
    happened = (
        f"{figures.get('messages', 0):,} messages of two nodes in {result['seconds']:.0f} s of the "
        f"machine (load {result['load']}) and {result['hours']:.0f} h of the simulated clocks, "
        f"{where}, {result['share']:.0%} of requests lost, as many delayed, as many doubled and "
        f"overtaken, seed {result['seed']}, {result['on']}: {outcome}."
    )
    looked = (
        "Looked for: each message once, in order, the same bytes and end on both sides; the same "
        "digest of every conversation; every receipt verified by `tools/verify_evidence.py` and "
        "its fact on record; nothing acknowledged lost but what lay on the lost disk alone; both "
        "records whole, as the other vouched for them; every referral in the same state. What the "
        "look said of tamperings with copies of the two databases:"
    )
    counts = [*sorted(result["seen"].items()), *sorted(figures.items())]
    return [
        "## A bad line",
        "",
        happened,
        "",
        "| what happened | how often |",
        "|---|---|",
        *(f"| {name} | {n:,} |" for name, n in counts),
        "",
        looked,
        "",
        "| tampering | what was said of it |",
        "|---|---|",
        *(
            f"| {n} | {NUMBER.sub('…', s)[:LONGEST] or '**nothing**'} |"
            for n, s in tampered.items()
        ),
        "",
        # What whoever kept the result has to say of it.
        *(line for note in result.get("notes", ()) for line in (note, "")),
        *(f"- {fault}" for fault in faults[:40]),
    ]


def main() -> int:
    """Run it and keep what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--cuts", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=60)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=3 * 3600)
    parser.add_argument("--no-disk", action="store_true")
    parser.add_argument("--no-restore", action="store_true")
    parser.add_argument("--no-network", action="store_true")
    parser.add_argument("--keep", type=Path, default=None, help="where both nodes are kept")
    parser.add_argument("--out", type=Path, default=None)
    asked = parser.parse_args()
    # Asked to stop, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(1))
    result = run(asked)
    if asked.out:
        asked.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    print("\n".join(page(result)), flush=True)
    return 1 if result["faults"] else 0


def run(asked: argparse.Namespace) -> Part:
    """Do it all; return what came of it."""
    began = time.monotonic()
    has_disk = not asked.no_disk and os.geteuid() == 0
    cable = None if asked.no_network or not is_possible() else Cable(COUNTRIES)
    with tempfile.TemporaryDirectory() as folder, a_disk(is_small=has_disk) as place:
        notes = Path(folder, "notes")
        # An offer, an acknowledgement, a decision, now and then a dossier, two for each round.
        # What the restored country forgot is said again, for people go on until all is decided.
        offers = -(-asked.messages // (2 * asked.rounds + 3) // 2) + 1
        work = Work(offers, asked.rounds, asked.at_once)
        channel = Channel(place / "home", notes, asked.seed, work, asked.share, cable)
        channel.has_disk, channel.is_to_be_restored = has_disk, not asked.no_restore
        try:
            faults = soak(
                channel,
                messages=asked.messages,
                kills=asked.kills,
                cuts=asked.cuts,
                patience=asked.patience,
            )
            found = {
                "seed": asked.seed,
                "share": asked.share,
                "hours": channel.hours,
                "is_apart": cable is not None,
                "on": Clock(None, is_demo=False).now().date().isoformat(),
                "load": f"{os.getloadavg()[2]:.1f} on {os.cpu_count()} cores",
                "seen": dict(channel.seen),
                "faults": faults,
            }
            result = look(channel, asked.messages, found, notes / "copies")
        finally:
            if asked.keep:
                no_sockets = shutil.ignore_patterns("*socket", "copies")
                for part in (place / "home", notes):
                    with contextlib.suppress(shutil.Error):
                        shutil.copytree(part, asked.keep / part.name, ignore=no_sockets)
    return {**result, "seconds": time.monotonic() - began}


if __name__ == "__main__":
    sys.exit(main())
