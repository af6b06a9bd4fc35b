"""Phones and operations for tests: invented people, real keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from amana.access.rules import Actor, Role
from amana.field import rules
from amana.field.actions import arrivals, phones
from amana.field.standin import Phone
from amana.identification.tests.builders import answers_yielding
from amana.standards.instruments import shelf
from tests.cast import Cast, name_of

ADULT = {"minor": "no", "age_band": "18_24", "sex": "F", "situation": "alone", "language": "dyu"}
CHILD = {"minor": "yes", "age_band": "10_14", "sex": "M", "situation": "alone", "language": "mos"}


def a_phone(cast: Cast, now: datetime, *, mode: str = rules.WRITE, team: str = "care") -> Phone:
    """Return a phone that a supervisor enrolled for the first responder."""
    supervisor = cast.actor(Role.SUPERVISOR)
    responder = cast.who(name_of(Role.FIRST_RESPONDER))
    code = phones.invite(
        account_id=responder.account_id, team=team, mode=mode, actor=supervisor, now=now
    )
    phone = Phone()
    return phone.enrolled(phones.enrol(request=phone.enrolment(code), now=now), code)


def screened(*codes: str, **more: Any) -> dict[str, Any]:
    """Return a rapid screening of an adult that yields these signs, as a phone holds it."""
    person = more.pop("person", ADULT)
    return {
        "instrument": "rapid-screening",
        "version": shelf().find("rapid-screening").version,
        "answers": answers_yielding(codes, **person),
        "language": "fr",
        "ms": 60_000,
        **more,
    }


def send(phone: Phone, now: datetime) -> Mapping[str, Any]:
    """Send the queue as far as it fits, and hear the answer."""
    told = arrivals.take_in(parcel=phone.parcel(), now=now)
    phone.hear(told)
    return told


def open_all(actor: Actor, now: datetime) -> arrivals.Told:
    """Open everything that waits."""
    told = arrivals.open_items(actor=actor, now=now)
    while told.n_left:
        more = arrivals.open_items(actor=actor, now=now)
        for name in ("n_read", "n_clashes", "n_faults"):
            setattr(told, name, getattr(told, name) + getattr(more, name))
        told.n_left = more.n_left
    return told
