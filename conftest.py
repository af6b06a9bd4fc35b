"""What all tests share: the moment, the cast, and static files as a page needs them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import hypothesis
import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import translation
from pytest_django import Settings

from amana.access.rules import Actor, Role
from tests.cast import THE_MOMENT, Cast, StoppedClock, assemble
from tests.keeping import KeeperProcess, a_keeper

pytest_plugins = ["tests.needs"]

# A law is true or false; how long its examples take on a busy machine is neither.
hypothesis.settings.register_profile(
    "amana", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("amana")


@pytest.fixture
def now() -> datetime:
    """The moment of every test; a test that needs another adds to it."""
    return THE_MOMENT


@pytest.fixture(autouse=True)
def own_language() -> None:
    """The language of the node: a page read in French leaves French behind for the next test."""
    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeeperProcess]:
    """A keeper of its own for this run: a real process, in demo mode, with wide limits."""
    folder = tmp_path_factory.mktemp("keeper") / "keeper"
    with a_keeper(folder) as process, override_settings(KEEPER=process.line):
        yield process


@pytest.fixture
def cast(db: None, now: datetime) -> Cast:
    """One account for each role, in the teams of their roles."""
    return assemble(now)


@pytest.fixture
def actor(cast: Cast) -> Callable[[Role], Actor]:
    """Whoever holds a role, signed in: `actor(Role.CASE_WORKER)`."""
    return cast.actor


@pytest.fixture
def stopped_clock(settings: Settings, now: datetime) -> StoppedClock:
    """The node's clock, standing at `now`; what a page takes for the present."""
    settings.CLOCK = StoppedClock(now)
    return settings.CLOCK


@pytest.fixture(scope="session", autouse=True)
def static_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Static files as a node serves them: hashed names, gathered for this run alone."""
    root = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=root):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield root
