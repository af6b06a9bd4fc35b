"""`amana demo`: two nodes with invented people, the main journey between them, and a tour."""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from amana.access.rules import Role
from amana.exchange.directory import fingerprint_in
from amana.keeper.rules import DEMO_CODE
from amana.node import cast, two_weeks
from amana.node.cli import Failed
from amana.node.config import load
from amana.node.persona import Persona, Typed
from amana.node.processes import RunningNode, free_port, running

HOME = Path(__file__).resolve().parents[2] / "var" / "demo"
PORTS = {"CI": 8001, "MA": 8002}
KEPT = "lived.json"


def run(a: argparse.Namespace) -> int:
    """Run the demo, or check it and stop."""
    if a.keep and not a.check:
        raise Failed("--keep goes with --check")
    if a.check:
        return _check(a.keep, a.shots)
    if a.fresh:
        shutil.rmtree(HOME, ignore_errors=True)
    return _stay(HOME, a.shots)


def _check(keep: Path | None, shots: Path | None) -> int:
    with ExitStack() as stack:
        home = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="amana-demo-")))
        if any((home / c.lower()).exists() for c in PORTS):
            raise Failed(f"{home} holds nodes already; give --keep a new folder")
        nodes = make_nodes(home, dict.fromkeys(PORTS, 0))
        stack.enter_context(running(*[n.data for n in nodes]))
        lived = _live(home, nodes)
        _walk(nodes, lived)
        if shots:
            _shots(shots, nodes, lived)
    print("The tour was walked on both nodes.")
    return 0


def _stay(home: Path, shots: Path | None) -> int:
    started = time.monotonic()
    nodes = make_nodes(home, PORTS)
    with running(*[n.data for n in nodes]):
        lived = _live(home, nodes)
        if shots:
            _shots(shots, nodes, lived)
        _tell(nodes, lived, time.monotonic() - started)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("\nStopping both nodes. The data stays; `make demo-fresh` starts over.")
    return 0


def make_nodes(home: Path, ports: dict[str, int]) -> list[RunningNode]:
    """Make one demo node for each country, and let each pin the others' roots."""
    for country, wanted in ports.items():
        data = home / country.lower()
        if (data / "node.json").exists():
            port = load(data)[0].port
            if free_port(port) != port:
                _amana("node", "init", "--data", str(data), "--port", str(free_port()))
        else:
            port = free_port(wanted)
            _amana(
                "node",
                "init",
                "--demo",
                "--country",
                country,
                "--data",
                str(data),
                "--port",
                str(port),
            )
    places = [home / c.lower() for c in ports]
    for data in places:
        for peer in places:
            if peer != data:
                file = peer / "directory.json"
                compared = fingerprint_in(file.read_bytes())
                _amana(
                    "node",
                    "init",
                    "--data",
                    str(data),
                    "--peer",
                    str(file),
                    "--fingerprint",
                    compared,
                )
    return [RunningNode(data) for data in places]


def _amana(*arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own command
        [sys.executable, "-m", "amana", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )
    if done.returncode:
        raise Failed(done.stderr.strip().removeprefix("amana: ") or f"amana {arguments[0]} failed")


def _countries(nodes: list[RunningNode]) -> dict[str, two_weeks.Country]:
    named = {
        "CI": ("Ouattarina Kpélé-Bénié", "+225 27 22 90 80 70"),
        "MA": ("Lalla Zhor Bentaïbia", "+212 5 37 90 80 70"),
    }
    return {
        node.config.country: two_weeks.country(node, *named[node.config.country]) for node in nodes
    }


def _live(home: Path, nodes: list[RunningNode]) -> dict[str, str]:
    """Live the two weeks and the main journey, once; a second start finds them done."""
    kept = home / KEPT
    if kept.exists():
        found: dict[str, str] = json.loads(kept.read_text())
        return found
    here = _countries(nodes)
    typed = Typed()
    print("All people in this demonstration are invented.")
    print("Two invented weeks, lived on both nodes:")
    two_weeks.live(here["MA"], here["CI"], typed, lambda words: print(f"  {words}", flush=True))
    print("The main journey, between the two running nodes:")
    case, referral = two_weeks.main_journey(here["MA"], here["CI"], typed, _timed())
    (home / "typed.json").write_text(json.dumps(asdict(typed), ensure_ascii=False, indent=1))
    lived = {"case": case, "referral": referral}
    kept.write_text(json.dumps(lived))
    return lived


def _timed() -> Callable[[str], None]:
    last = [time.monotonic()]
    step = [0]

    def said(words: str) -> None:
        now = time.monotonic()
        step[0] += 1
        print(f"  {step[0]:>2}. {words:<78} {now - last[0]:6.2f} s", flush=True)
        last[0] = now

    return said


# The tour: who, at which node, opens what, and what to notice.
Stop = tuple[str, Role, str, str]


def tour(lived: dict[str, str]) -> list[Stop]:
    """Return the stops."""
    referral = lived["referral"]
    return [
        (
            "MA",
            Role.FIRST_RESPONDER,
            "/screen/",
            "begin a screening; of those already sent only receipts are left",
        ),
        (
            "MA",
            Role.SUPERVISOR,
            "/screenings/",
            "one waits; open it: the rule that fired, the indicators behind it, your decision",
        ),
        (
            "CI",
            Role.SUPERVISOR,
            "/screenings/",
            "an interview that followed; an identification refused, contested and put right",
        ),
        (
            "CI",
            Role.SUPERVISOR,
            "/arrivals/",
            "what phones sent: one item sealed, and danger; two phones that differ about a child",
        ),
        (
            "CI",
            Role.SUPERVISOR,
            "/operations/",
            "a night with many people at once: open it, one line a wristband, brothers and sisters",
        ),
        (
            "MA",
            Role.CASE_WORKER,
            f"/cases/{lived['case']}/",
            "sealed parts open only for a reason, and the opening is on record",
        ),
        (
            "MA",
            Role.DESK,
            f"/referrals/{referral}/",
            "what left, field by field; what the desk itself cannot read",
        ),
        ("CI", Role.DESK, "/mail/", "the other desk: what is asked of it, and the clocks that run"),
        (
            "CI",
            Role.CASE_WORKER,
            f"/referrals/{referral}/",
            "the same story on the other side, in the reader's language",
        ),
        (
            "CI",
            Role.COORDINATOR,
            "/figures/",
            "her own work in numbers; of people whose files stay shut, only what is published",
        ),
        (
            "CI",
            Role.STATISTICIAN,
            "/data/",
            "what is published, for everybody: open the table, what it counts, what it withholds",
        ),
    ]


def _walk(nodes: list[RunningNode], lived: dict[str, str]) -> None:
    """Open every stop of the tour, in three languages, as the person it is for."""
    here = _countries(nodes)
    for country, role, path, _ in tour(lived):
        for language in ("fr", "ar", "en"):
            person = here[country].who(role)
            person.speak(language)
            page = person.open(path)
            direction = "rtl" if language == "ar" else "ltr"
            if f'lang="{language}" dir="{direction}"' not in page.text:
                raise Failed(f"{path} at {country} is not in {language}")
    states = {c: _shown(here[c], lived["referral"]) for c in ("MA", "CI")}
    if set(states.values()) != {"dossier_received"}:
        raise Failed(f"the two nodes tell different stories: {states}")


def _shown(country: two_weeks.Country, referral: str) -> str:
    desk: Persona = country.who(Role.DESK)
    return desk.open(f"/referrals/{referral}/").first(r'data-state="(\w+)"') or ""


def _tell(nodes: list[RunningNode], lived: dict[str, str], seconds: float) -> None:
    at = {n.config.country: n.address for n in nodes}
    names = {(c, m.role): m.sign_in_name for c in at for m in reversed(cast.staff(c))}
    print(f"\nBoth nodes serve after {seconds:.1f} s:")
    print(f"  Côte d'Ivoire  {at['CI']}")
    print(f"  Morocco        {at['MA']}")
    print(f"Everybody's password is {cast.PASSWORD}, the code of everybody's phone {DEMO_CODE}.")
    print("Only a node marked demo takes that code. All people are invented.\n")
    print(f"A tour in {len(tour(lived))} steps:")
    for number, (country, role, path, notice) in enumerate(tour(lived), start=1):
        print(f"  {number}. sign in as {names[country, role]:8} at {at[country]}{path}")
        print(f"     {notice}")
    print("\nCtrl-C stops everything.", flush=True)


def _shots(folder: Path, nodes: list[RunningNode], lived: dict[str, str]) -> None:
    from amana.node.shots import take  # noqa: PLC0415 - needs what only the tests install

    take(folder, nodes, tour(lived))
