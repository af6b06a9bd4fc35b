"""Whole nodes and a real browser, started once for all journeys."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from amana.access.rules import Role
from amana.node import demo, two_weeks
from amana.node.persona import Persona, Typed
from amana.node.processes import RunningNode, running
from amana.node.two_weeks import Country

CHROMIUM = "/usr/bin/chromium"
# Without the sandbox only because tests run as root in a container; the rest keeps it silent.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Demo:
    """Two running nodes that have lived the demo's two weeks and its main journey."""

    home: Path
    nodes: list[RunningNode]
    lived: dict[str, str]
    here: dict[str, Country]

    def who(self, country: str, role: Role) -> Persona:
        """Return who works in a role at a country's node, over plain HTTP."""
        return self.here[country].who(role)

    def address(self, country: str) -> str:
        """Return what a person opens."""
        return self.here[country].node.address


def lived_at(home: Path, nodes: list[RunningNode]) -> Demo:
    """Live the demo's two weeks and its main journey at these nodes."""
    here, typed = demo._countries(nodes), Typed()
    two_weeks.live(here["MA"], here["CI"], typed, print)
    case, referral = two_weeks.main_journey(here["MA"], here["CI"], typed, print)
    (home / "typed.json").write_text(json.dumps(asdict(typed), ensure_ascii=False))
    return Demo(home, nodes, {"case": case, "referral": referral}, here)


@pytest.fixture(scope="session")
def demo_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Start both nodes of the demo on free ports and live its story on their pages."""
    home = tmp_path_factory.mktemp("demo")
    made = demo.make_nodes(home, dict.fromkeys(demo.PORTS, 0))
    with running(*[n.data for n in made]) as nodes:
        yield lived_at(home, nodes)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Start Debian's Chromium; skipped, with the reason, where it is not installed."""
    if not Path(CHROMIUM).exists() and not shutil.which("chromium"):
        pytest.skip("needs chromium: apt-get install chromium fonts-noto-core")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - absent: a skip, no error
    except ImportError:
        pytest.skip("needs chromium driven by playwright: bin/setup test")
    with sync_playwright() as playwright:
        found = CHROMIUM if Path(CHROMIUM).exists() else shutil.which("chromium")
        started = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()
