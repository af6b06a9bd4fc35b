"""Losing parcels on purpose, for a demo node's worker: before they arrive, or their answer."""

import random

from amana.exchange.actions import Post
from amana.exchange.carrier import Answer, NotCarried, carry


def losing(share: float) -> Post:
    """Return a carrier that fails for this share of deliveries; half of them after they arrived."""
    if not share:
        return carry

    def carry_or_lose(*, url: str, host: str, sender: str, parcel: bytes) -> Answer:
        chance = random.random()  # noqa: S311 - a fault, not a secret
        if chance < share / 2:
            raise NotCarried("lost on the way")
        answer = carry(url=url, host=host, sender=sender, parcel=parcel)
        if chance < share:
            raise NotCarried("the answer was lost")
        return answer

    return carry_or_lose
