"""A whole node of its own for the fault tests: a folder, a database on disk, a keeper, the cast.

Made in a process of its own, because Django is pointed at a node's folder once per process. On
PostgreSQL (DATABASE_URL) it makes a database of its own on that server and drops it at the end.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from amana.node.lifecycle import config_for, lay_out, use
from tests.keeping import KeeperProcess, a_keeper

if TYPE_CHECKING:
    from amana.access.rules import Actor, Role
    from amana.exchange.tests.builders import OtherCountry
    from tests.cast import Cast

# That of tests.cast, which needs Django and so cannot be imported before `use`.
NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


@dataclass
class House:
    """A node that stands: its folder, its keeper, its people, and the desk of another country."""

    data: Path
    keeper: KeeperProcess
    cast: "Cast"
    there: "OtherCountry"
    sent: dict[str, int] = field(default_factory=dict)

    def who(self, role: "Role") -> "Actor":
        """Return who works in a role, signed in."""
        return self.cast.actor(role)

    def let_go(self) -> None:
        """Close what a fork must not share: the database's connections and the keeper's line."""
        from django.db import connections  # noqa: PLC0415 - after `use`

        connections.close_all()
        self.keeper.line.forget()


@contextlib.contextmanager
def _database(name: str) -> Iterator[None]:
    """Give this process an empty database of its own: a file of the node, or one on the server."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        yield
        return
    import psycopg  # noqa: PLC0415 - only where there is a server

    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    os.environ["DATABASE_URL"] = url.rpartition("/")[0] + f"/{name}"
    try:
        yield
    finally:
        from django.db import connections  # noqa: PLC0415

        connections.close_all()
        os.environ["DATABASE_URL"] = url
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


@contextlib.contextmanager
def a_house(
    data: Path, *, keeper_folder: Path | None = None, port: int = 9, everybody: bool = False
) -> Iterator[House]:
    """Make a node in a folder that is not there yet; its keeper runs as long as the block lasts."""
    folder = keeper_folder or data.with_name(f"{data.name}-keeper")
    config = config_for("MA", port=port, is_demo=True, keeper=f"unix:{folder}/socket")
    with _database(f"faults_{os.getpid()}"), a_keeper(folder) as keeper:
        lay_out(data, config)
        use(data)
        from django.core.management import call_command  # noqa: PLC0415

        from amana.exchange.actions import pin_peer  # noqa: PLC0415
        from amana.exchange.directory import fingerprint_in  # noqa: PLC0415
        from amana.exchange.tests.builders import other_country  # noqa: PLC0415
        from tests.cast import assemble  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        there = other_country()
        file = there.directory_file(NOW)
        pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
        yield House(data, keeper, assemble(NOW, everybody=everybody), there)
