"""Whole nodes for the drills: made by the command line, asked in processes of their own."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amana.node.processes import RunningNode
from tests.needs import need

ROOT = Path(__file__).resolve().parents[2]
Done = subprocess.CompletedProcess[str]

# What a process of the node does: sign in by password, and say with which keys it can.
PRELUDE = """
import json, sys
from pathlib import Path
from amana.node.lifecycle import use
use(Path(sys.argv[1]))
from django.conf import settings
from amana.access import actions, keys, queries
from amana.access.models import KeyWrap
from amana.access.rules import CARE, DESK, GLASS, Role
from amana.keeper.client import KeeperGone
from amana.node.cast import staff
given = json.loads(sys.argv[2])
def now():
    return settings.CLOCK.now()
def signed_in(role):
    name = next(m.sign_in_name for m in staff(settings.NODE.country) if m.role == role)
    cookie = actions.sign_in(sign_in_name=name, password=settings.DEMO_PASSWORD,
        code=settings.DEMO_CODE, address="drill", now=now())
    return actions.find_actor(cookie, now())
def opens(role, ids):
    actor = signed_in(role)
    found = queries.held_keys(actor, ids)
    return {k: v.reveal().hex() for k, v in found.items()}
"""

SAY_WHERE = "import os, sys; print(os.environ['DATABASE_URL'], flush=True); sys.stdin.read()"


@dataclass
class Place:
    """A node's folder, the database that its processes use, and the network that they live in."""

    data: Path
    database: str | None = None
    namespace: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Return what a process of this node finds around it."""
        known = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "AMANA_DATA")}
        url = {"DATABASE_URL": self.database} if self.database else {}
        return {**known, **url, "PYTHONPATH": str(ROOT)}

    @property
    def python(self) -> list[str]:
        """Return how Python is started there."""
        inside = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        return [*inside, sys.executable]

    def amana(self, *arguments: str | Path) -> Done:
        """Run a command."""
        return subprocess.run(
            [*self.python, "-m", "amana", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            cwd=ROOT,
        )

    def do(self, *arguments: str | Path) -> str:
        """Run a command that must succeed; return what it printed."""
        done = self.amana(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, code: str, **given: Any) -> Any:
        """Run a few lines in a process of this node; return what they put into `answer`."""
        done = subprocess.run(
            [
                *self.python,
                "-c",
                f"{PRELUDE}\n{code}\nprint(json.dumps(answer))",
                str(self.data),
                json.dumps(given),
            ],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def keeper(self) -> Iterator[RunningNode]:
        """Run this node's keeper for as long as the block lasts."""
        node = RunningNode(self.data)
        node.start_keeper()
        try:
            yield node
        finally:
            node.kill()


def make(place: Place) -> Place:
    """Make a demo node of Morocco."""
    place.do("node", "init", "--demo", "--country", "MA", "--data", place.data)
    return place


def live(place: Place) -> dict[str, str]:
    """Make three keys: written by a worker, arrived from a stranger, shared with the glass team.

    Returns each key by its id, in hexadecimal.
    """
    found: dict[str, str] = place.ask(
        """
worker = signed_in(Role.CASE_WORKER)
made = [
    keys.issue_key(CARE, actor=worker),
    keys.issue_key(CARE, DESK),
    keys.issue_key(CARE, GLASS, actor=worker),
]
answer = {k: v.reveal().hex() for k, v in made}
"""
    )
    return found


def opened(place: Place, ids: dict[str, str]) -> dict[str, str]:
    """Return what a case worker opens of these keys, signed in by her password."""
    found: dict[str, str] = place.ask(
        "answer = opens(Role.CASE_WORKER, given['ids'])", ids=list(ids)
    )
    return found


@contextlib.contextmanager
def postgres() -> Iterator[list[str]]:
    """Run a throw-away server; give the addresses of two empty databases on it."""
    try:
        import psycopg  # noqa: PLC0415 - absent: a skip, no error
    except ImportError:
        need("postgres", None, "needs psycopg: bin/setup test")
    server = subprocess.Popen(
        [ROOT / "bin" / "with-postgres", sys.executable, "-c", SAY_WHERE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        need("postgres", address, "needs PostgreSQL's programs: apt-get install postgresql")
        with psycopg.connect(address, autocommit=True) as connection:
            for name in ("one", "two"):
                connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        yield [address.removesuffix("/postgres") + f"/{name}" for name in ("one", "two")]
    finally:
        # The end of what it reads ends the server.
        server.communicate()
