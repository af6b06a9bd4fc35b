"""`amana corridor`: rows of the past, through the whole journey between two running nodes."""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from amana.access.rules import Role
from amana.node import story, two_weeks
from amana.node.cli import Failed
from amana.node.clock import Clock
from amana.node.config import write
from amana.node.demo import make_nodes
from amana.node.persona import Persona, Typed
from amana.node.processes import RunningNode, running
from amana.node.two_weeks import Country
from amana.standards import countries

INVENTED = Path(__file__).resolve().parents[2] / "tests" / "vectors" / "ctdc" / "invented.csv"
PRESUMED = "TRAITE_PRESUMEE"
REASON = "registered as a victim by a contributing organisation"
ACCEPTED = ("accepted", "dossier_sent", "dossier_received")

W, S, D = Role.CASE_WORKER, Role.SUPERVISOR, Role.DESK


@dataclass
class Tally:
    """What happened, counted from what both nodes hold at the end, and timed step by step."""

    read: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    decided: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, n: int) -> Iterator[None]:
        """Time one step over all rows, and say that it runs."""
        print(f"  {name} ({n})", file=sys.stderr, flush=True)
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 2)


def run(a: argparse.Namespace) -> int:
    """Take the rows of a corridor through the journey and print the table."""
    origin, host = _country(a.from_), _country(a.to)
    if origin == host:
        raise Failed("--from and --to must be two countries")
    source = a.data or INVENTED
    if not source.exists():
        raise Failed(f"{source} is not there")
    with tempfile.TemporaryDirectory(prefix="amana-corridor-") as folder:
        nodes = make_nodes(Path(folder), {origin: 0, host: 0})
        for node in nodes:
            _make_lossy(node, a.fail)
        tally = Tally()
        with running(*[n.data for n in nodes]):
            here = two_weeks.country(nodes[0])
            there = two_weeks.country(nodes[1], "Responsable Inventée", "+000 000 000")
            _journey(source, here, there, tally)
            _settle(nodes)
        found = _table(tally, [_status(n.data) for n in nodes], [n.data for n in nodes])
    _print(found, as_json=a.json)
    return 0 if found["lost"] == found["doubled"] == 0 else 1


def _country(code: str) -> str:
    try:
        return countries.known(code.upper())
    except countries.UnknownCountry:
        raise Failed(f"{code} is not the two-letter code of a country") from None


def _make_lossy(node: RunningNode, fail: float) -> None:
    write(node.data, replace(node.config, fail=fail, retry_base=0.2))


def _journey(source: Path, here: Country, there: Country, tally: Tally) -> None:
    to = there.node.config.country
    with tally.step("read by the engine", 0):
        report = _import(source, here, to)
    tally.read, tally.classes = report["read"], report["by_class"]
    n = tally.read
    with tally.step("decided", n):
        screenings = list(_decide_all(here.who(S), tally))
    with tally.step("opened", n):
        cases = [story.open_case(here.who(W), code) for code in screenings]
    with tally.step("ground confirmed by a second person", n):
        for case in cases:
            story.historical_ground(here.who(W), here.who(S), case, to)
    with tally.step("prepared", n):
        referrals = [
            story.prepare(here.who(W), case, to, purpose="INFORMATION", needs=["RETURN"])
            for case in cases
        ]
    with tally.step("offered", n):
        for code in referrals:
            story.release(here.who(D), code)
    with tally.step("delivered", n):
        _open_until(there.who(D), referrals, "offered")
    with tally.step("acknowledged", n):
        for code in referrals:
            story.acknowledge(there.who(D), code)
    with tally.step("accepted", n):
        _accept_all(there, referrals)
        _open_until(here.who(D), referrals, "accepted")
    with tally.step("dossier released and received", n):
        for code in referrals:
            story.release_dossier(here.who(D), code)
        _open_until(there.who(D), referrals, "dossier_received")


def _import(source: Path, here: Country, to: str) -> dict[str, Any]:
    """Register the corridor's rows at the node where people were exploited."""
    country = here.node.config.country
    selection = [
        *("--exploited-in", countries.alpha3(country)),
        *("--citizens-of", countries.alpha3(to)),
    ]
    data = ["--data", str(here.node.data)]
    output = _amana("import", "ctdc", str(source), *selection, *data, "--json")
    report: dict[str, Any] = json.loads(output)
    return report


def _decide_all(supervisor: Persona, tally: Tally) -> Iterator[str]:
    """Decide what waits until nothing waits; every row was registered as a victim's."""
    while True:
        page = supervisor.open("/screenings/")
        waiting = page.text.split("</table>")[0] if "<table" in page.text else ""
        codes = list(dict.fromkeys(re.findall(r'href="/screenings/(S-[^/"]+)/"', waiting)))
        if not codes:
            return
        for code in codes:
            tally.decided[story.decide(supervisor, code, PRESUMED, REASON)] += 1
            yield code


def _accept_all(there: Country, referrals: list[str]) -> None:
    day = Clock(None, is_demo=False).now().date() + timedelta(days=1)
    for code in referrals:
        story.accept(
            there.who(D),
            code,
            Typed(),
            worker=there.worker_name,
            phone=there.worker_phone,
            from_on=day,
        )


def _open_until(desk: Persona, referrals: list[str], wanted: str) -> None:
    """Open mail as it comes until every referral stands at least where it must."""
    for code in referrals:
        story.wait_for(desk, code, wanted)


def _settle(nodes: list[RunningNode]) -> None:
    """Wait until both nodes have carried everything, receipts included."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if all(sum(_status(n.data)["waiting"].values()) == 0 for n in nodes):
            return
        time.sleep(0.5)
    raise Failed("the nodes did not come to rest within 120 s")


def _status(data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_amana("node", "status", "--data", str(data), "--json"))
    return found


def _amana(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own command
        [sys.executable, "-m", "amana", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )
    if done.returncode:
        raise Failed(done.stderr.strip().removeprefix("amana: ") or "a command failed")
    return done.stdout


def _table(tally: Tally, states: list[dict[str, Any]], data: list[Path]) -> dict[str, Any]:
    """Count from what the two nodes hold, not from what was asked of them."""
    ours, theirs = ({r["conversation"]: r for r in s["referrals"]} for s in states)
    same = [c for c in ours if c in theirs and ours[c]["messages"] == theirs[c]["messages"]]
    accepted = [c for c in same if ours[c]["state"] == theirs[c]["state"] in ACCEPTED]
    wire = [_wire(d) for d in data]
    return {
        "read": tally.read,
        "classes": tally.classes,
        "decided": dict(tally.decided),
        "offers": _said(ours, "referral.offer"),
        "deliveries": _said(theirs, "referral.offer"),
        "acknowledgements": _said(ours, "referral.acknowledge"),
        "accepted": len(accepted),
        "dossiers": _said(theirs, "referral.case"),
        "lost": tally.read - len({ours[c]["case"] for c in accepted}),
        "doubled": _doubled(ours, theirs, states[1]),
        "seconds": tally.seconds,
        "failed_deliveries": sum(w["failed"] for w in wire),
        "bytes": sum(w["bytes"] for w in wire),
    }


def _said(referrals: dict[str, Any], kind: str) -> int:
    return sum(any(m[2] == kind for m in r["messages"]) for r in referrals.values())


def _doubled(ours: dict[str, Any], theirs: dict[str, Any], state: dict[str, Any]) -> int:
    """Count what stands more than once: one case offered twice, or taken in twice over there."""
    offered = Counter(r["case"] for r in ours.values())
    references = Counter(r["code"] for r in theirs.values())
    kinds = Counter((c, m[2]) for c, r in theirs.items() for m in r["messages"])
    more_cases = int(state["cases"].get("referral", 0)) - len(theirs)
    found = (offered, references, kinds)
    return sum(n - 1 for counter in found for n in counter.values()) + max(0, more_cases)


def _wire(data: Path) -> dict[str, int]:
    log = data / "log" / "wire.json"
    found: dict[str, int] = {"failed": 0, "bytes": 0}
    return found | json.loads(log.read_text()) if log.exists() else found


def _print(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for key, value in found.items():
        if isinstance(value, dict):
            print(f"{key}")
            for name, inner in value.items():
                print(f"  {name:38} {inner:>12}")
        else:
            print(f"{key:40} {value:>12}")
