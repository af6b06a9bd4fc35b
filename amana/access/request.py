"""The request as every view sees it: who asks, for what, when. Set once, by node.middleware."""

from datetime import datetime

from django.http import HttpRequest

from amana.access.rules import Actor


class Request(HttpRequest):
    """An HTTP request with the moment, the person and the purpose of its page."""

    now: datetime
    purpose: str
    csp_nonce: str
    # Who is signed in, or nobody: for the few public pages.
    found_actor: Actor | None
    # Set only behind the gate; a public page that asks for it fails.
    actor: Actor
