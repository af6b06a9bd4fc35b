"""Phones of the demo: enrolled by a supervisor's code, they seal and send as a real one does."""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from amana.field.rules import WRITE, Urgency
from amana.field.standin import Phone
from amana.node.persona import Persona, Unexpected
from amana.node.story import Invented
from amana.standards.instruments import shelf

RAPID, FIRST_PASS = "rapid-screening", "first-pass"
SECONDS = 60


def invitation(supervisor: Persona, carrier: str, mode: str = WRITE) -> str:
    """Return the address that a QR code shows for a colleague's phone, by her name."""
    page = supervisor.open("/phones/")
    account = page.first(rf'<option value="([0-9a-f]{{32}})">{carrier}</option>') or ""
    order = {"account": account, "team": "care", "mode": mode}
    return supervisor.post("/phones/", order).first(r"(http[^<]+#enrol=[\w.-]+)") or ""


def enrolled(supervisor: Persona, carrier: str) -> Phone:
    """Return a phone that a supervisor enrolled for a colleague, by her name."""
    code = invitation(supervisor, carrier).partition("#enrol=")[2]
    phone = Phone()
    return phone.enrolled(asked(supervisor, "/field/enrol", phone.enrolment(code)), code)


def send(phone: Phone, node: Persona) -> None:
    """Send what the phone holds, to the node at which this person sits."""
    while phone.queue:
        refused = phone.hear(asked(node, "/field/in", phone.parcel()))
        if refused:
            raise Unexpected(f"a phone's item was refused: {', '.join(refused)}")


def asked(node: Persona, path: str, body: bytes) -> dict[str, Any]:
    """Knock at the phones' door: no session, no form."""
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=SECONDS)
    head = {"Host": f"{node.host}:{node.port}", "Content-Type": "application/json"}
    try:
        connection.request("POST", path, body=body, headers=head)
        answer = connection.getresponse()
        told: dict[str, Any] = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status != 200:
        raise Unexpected(f"{path} answered {answer.status}: {told.get('error')}")
    return told


@dataclass(frozen=True)
class Seen:
    """A person as a phone wrote of her: who, with which instrument, under which wristband."""

    person: Invented
    wristband: str = ""
    siblings: Sequence[str] = ()
    instrument: str = RAPID
    urgency: Urgency = Urgency.OTHER
    is_unfinished: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


def write_down(phone: Phone, seen: Seen, *, minutes: int = 7) -> str:
    """Seal what was answered of one person; return the number of the record."""
    person = seen.person
    told = {
        **{q: ["none"] for q in ("d1", "d2")},
        "d3": ["alone"],
        "alias": person.alias,
        "sex": person.sex,
        "minor": person.minor,
        "age_band": person.age_band,
        "situation": person.situation,
        "language": person.language,
        "citizenship": person.citizenship,
        **({q: list(said) for q, said in person.answers.items()} if _has_all(seen) else {}),
        **seen.more,
    }
    content = {
        "instrument": seen.instrument,
        "version": shelf().find(seen.instrument).version,
        "answers": told,
        "observation": person.narrative,
        "wristband": seen.wristband,
        "siblings": list(seen.siblings),
        "unfinished": seen.is_unfinished,
        "language": "fr",
        "ms": minutes * SECONDS * 1000,
    }
    return phone.keep(content, urgency=seen.urgency)


def _has_all(seen: Seen) -> bool:
    """The twelve questions are asked in the rapid screening alone."""
    return seen.instrument == RAPID


def bands_of(coordinator: Persona, operation: str) -> list[str]:
    """Return the wristbands of an operation, as its page lists them for those without a printer."""
    return coordinator.open(f"/operations/{operation}/").all(r'data-band="(B-[\w-]+)"')
