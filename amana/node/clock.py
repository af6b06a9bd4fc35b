"""The only reader of the clock. Everywhere else the moment is an argument."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

OFFSET_FILE = "demo-clock"


class Clock:
    """The node's clock. A directory marked demo may shift it, so that two weeks fit in a minute."""

    def __init__(self, data: Path | None, *, is_demo: bool) -> None:
        self._offset = data / OFFSET_FILE if data and is_demo else None

    def now(self) -> datetime:
        """Return the present moment, in UTC."""
        return datetime.now(UTC) + self._shift()  # noqa: TID251 - this is the one place

    def _shift(self) -> timedelta:
        if self._offset is None or not self._offset.exists():
            return timedelta()
        return timedelta(seconds=float(self._offset.read_text() or 0))


def shift(data: Path, by: timedelta) -> None:
    """Shift the clock of a demo node's directory."""
    (data / OFFSET_FILE).write_text(str(by.total_seconds()))
