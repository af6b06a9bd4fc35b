"""What the worker's carrier counts, and what a demo node's carrier loses on purpose."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import NoReturn

from amana.exchange.carrier import Answer, NotCarried


class Counting:
    """A carrier that counts parcels and bytes; on a demo node it loses a share of them.

    Half of what it loses is lost before it arrives, the other half is the answer that gets lost:
    then the other node has the parcel and this one must send it again.
    """

    def __init__(self, log: Path, carry: Callable[..., Answer], *, fail: float) -> None:
        self.log, self.carry, self.fail = log, carry, fail
        # Parcels to two partners are under way at the same time.
        self._lock = Lock()
        self.counts = {"parcels": 0, "failed": 0, "bytes": 0}
        if log.exists():
            self.counts |= json.loads(log.read_text())

    def __call__(self, *, url: str, host: str, sender: str, parcel: bytes) -> Answer:
        """Carry one parcel, or lose it."""
        chance = random.random() if self.fail else 1.0  # noqa: S311 - a fault, not a secret
        if chance < self.fail / 2:
            self._lose("lost on the way")
        try:
            answer = self.carry(url=url, host=host, sender=sender, parcel=parcel)
        except NotCarried:
            self._count(failed=1)
            raise
        self._count(parcels=1, bytes=len(parcel) + len(answer.body))
        if chance < self.fail:
            self._lose("the answer was lost")
        return answer

    def _lose(self, how: str) -> NoReturn:
        self._count(failed=1)
        raise NotCarried(how)

    def _count(self, **more: int) -> None:
        with self._lock:
            for name, n in more.items():
                self.counts[name] += n
            half = self.log.with_suffix(".new")
            half.write_text(json.dumps(self.counts))
            half.replace(self.log)
