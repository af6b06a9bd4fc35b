"""The request as every view sees it: who asks, for what, when. Set once, by the node's middleware."""

from datetime import datetime

from django.http import HttpRequest

from amana.access.rules import Actor


class Request(HttpRequest):
    """An HTTP request with the moment, the person and the purpose of its page."""

    now: datetime
    purpose: str
    csp_nonce: str
    found_actor: Actor | None

    @property
    def actor(self) -> Actor:
        """Return who is signed in; the gate lets nobody else reach a page that asks."""
        if self.found_actor is None:
            raise LookupError("this page is public")
        return self.found_actor
