"""The whole database at once, SQLite or PostgreSQL: copied for a backup, taken in by a restore."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from amana.access import queries as access


class DatabaseFailed(Exception):
    """A copy that was not made or not taken in; the message is one line for a person."""


def kind() -> str:
    """Return which database this node has: sqlite or postgresql."""
    return str(connection.vendor)


def is_empty() -> bool:
    """Say whether the database holds no table at all."""
    return not connection.introspection.table_names()


def copy_to(file: Path) -> int:
    """Write a consistent copy to a new file; return how many of its wraps lie under no layer.

    Others go on writing meanwhile; the copy is of one moment.
    """
    return _copy_sqlite(file) if kind() == "sqlite" else _copy_postgres(file)


def take_in(file: Path) -> None:
    """Fill an empty database from a copy, all of it or nothing."""
    if kind() == "sqlite":
        shutil.copyfile(file, _name())
        return
    given = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
    _postgres("pg_restore", *given, f"--dbname={_name()}", str(file))


def _copy_sqlite(file: Path) -> int:
    # Not page by page: a copy that is written anew leaves out what was deleted.
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
        count = "SELECT count(*) FROM access_keywrap WHERE epoch = ?"
        return int(copy.execute(count, [access.NO_EPOCH]).fetchone()[0])


def _copy_postgres(file: Path) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        _postgres("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={file}")
        # Counted in the same moment that was copied.
        return access.wraps_without_layer()


def _postgres(name: str, *given: str) -> None:
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own tool, with arguments of ours
        [_program(name), "--no-password", *given],
        env={**os.environ, **_where()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        # Its messages may quote a row.
        raise DatabaseFailed(f"{name} failed with exit code {done.returncode}")


def _where() -> dict[str, str]:
    """Return how to reach the database: never as an argument, which every user of a host reads."""
    known: Mapping[str, Any] = settings.DATABASES["default"]
    names: Sequence[tuple[str, str]] = (
        ("PGHOST", "HOST"),
        ("PGPORT", "PORT"),
        ("PGUSER", "USER"),
        ("PGPASSWORD", "PASSWORD"),
        ("PGDATABASE", "NAME"),
    )
    return {there: str(known[here]) for there, here in names if known.get(here)}


def _name() -> str:
    return str(settings.DATABASES["default"]["NAME"])


def _program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs; Debian keeps them out of PATH."""
    found = shutil.which(name)
    if found:
        return found
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: float(p.parts[-3])
    )
    if not versions:
        raise DatabaseFailed(f"no {name} here; on Debian: apt-get install postgresql-client")
    return str(versions[-1])
