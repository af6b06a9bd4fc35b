"""Waiting for one's turn where many want the last bed: SQLite lets one write, and is no fair queue.

Whoever the database never let begin has changed nothing, so she may ask again, and by then what she
wanted may be gone and can be told without waiting.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

Given = ParamSpec("Given")
Found = TypeVar("Found")
# Each turn waits as long as the settings say: 20 seconds.
TURNS = 4


def taking_turns(act: Callable[Given, Found]) -> Callable[Given, Found]:
    """Let an act ask again that SQLite never let begin. Elsewhere, and inside another: as it is."""

    @wraps(act)
    def again(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        for _ in range(TURNS - 1):
            try:
                return act(*args, **kwargs)
            except OperationalError:
                # On PostgreSQL this may be a deadlock, which is never waited away.
                if connection.vendor != "sqlite" or connection.in_atomic_block:
                    raise
        return act(*args, **kwargs)

    return again
