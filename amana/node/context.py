"""What every page knows: the node, the person, where she can go."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from amana.node.who_may_open import TABLE
from amana.standards import codes, countries

# The way through the work: shown to whom the access table lets in.
WAYS = (
    ("desk:home", _("Home")),
    ("desk:figures", _("Dashboard")),
    ("identification:start", _("Screen a person")),
    ("identification:waiting", _("Screenings")),
    ("field:arrivals", _("From phones")),
    ("identification:instruments", _("Instruments")),
    ("cases:list", _("Cases")),
    ("cases:grounds", _("Second signature")),
    ("cases:erasures", _("Erasures")),
    ("shelters:places", _("Beds")),
    ("referrals:mail", _("Mail")),
    ("referrals:list", _("Referrals")),
    ("exchange:desks", _("Desks")),
    ("letters:tray", _("Letters")),
    ("watch:now", _("Who waits")),
    ("watch:duty", _("Duty")),
    ("watch:report", _("Reciprocity")),
    ("agreements:list", _("Agreements")),
    ("field:operations", _("Operations")),
    ("field:phones", _("Phones")),
    ("knowledge:count", _("Count a table")),
    ("knowledge:published", _("Published figures")),
    ("desk:node", _("Node")),
)

# What may be said after an act; a code travels in the address, never the words.
NOTICES = (
    *("kept", "sent", "decided", "opened", "consent", "withdrawn", "confirmed", "prepared"),
    *("released", "returned", "said", "accepted", "declined", "dossier", "mail", "closed"),
    *(
        "attached",
        "erasure",
        "erasing",
        "stands",
        "recalled",
        "kept_on_ground",
        "fields_erased",
        "refused",
    ),
    *("involved", "team_released", "assigned", "conflict", "reported", "glass", "glass_open"),
    *("step_asked", "step_confirmed", "step_declined"),
    *("root_brought", "root_compared", "root_pinned", "holiday_said"),
    "desk_key_renewed",
    *("duplicate", "formal", "phone_withdrawn", "operation_ended"),
    *("lock_added", "lock_removed", "password_changed", "phone_changed", "admitted"),
    *("letter_written", "letter_agreed", "letter_released", "letter_returned", "handed_on"),
    *("call_logged", "plan_chosen", "duty_planned", "duty_dropped", "ping_answered", "ping_asked"),
    *("recovery_approved", "recovery_stopped", "officer_named"),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """Return what base.html shows on every page."""
    language = get_language() or settings.LANGUAGE_CODE
    node = settings.NODE
    said = request.GET.get("said", "")
    return {
        "node": {
            "country": node.country,
            "country_name": countries.label(node.country, language),
            "name": node.name,
            "is_demo": node.is_demo,
            "exit_url": node.exit_url,
            "help_phone": node.phone,
            "version": settings.VERSION,
        },
        "actor": _actor(request, language),
        "navigation": _navigation(request),
        "notice": codes.label("NOTICE", said, language) if said in NOTICES else "",
        "languages": settings.LANGUAGES,
    }


def _actor(request: HttpRequest, language: str) -> dict[str, str] | None:
    actor = getattr(request, "found_actor", None)
    if actor is None:
        return None
    return {
        "name": actor.name,
        "role": actor.role,
        "role_label": codes.label("ROLE", actor.role, language),
    }


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    actor = getattr(request, "found_actor", None)
    if actor is None:
        return []
    ways = [
        (name, label)
        for name, label in WAYS
        if TABLE[name].is_public or actor.role in TABLE[name].roles
    ]
    return [
        {"label": label, "url": reverse(name), "is_current": request.path == reverse(name)}
        for name, label in ways
    ]
