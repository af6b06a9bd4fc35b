"""An operation at a running node, through its pages and its phones' door."""

import http.client
import json
import sqlite3
from pathlib import Path
from typing import Any

from amana.field.standin import Phone
from amana.identification.tests.builders import answers_yielding
from amana.node.persona import Persona
from amana.standards.instruments import shelf

DAY = {"begins_on_day": "26", "begins_on_month": "11", "begins_on_year": "2026"}
CHILD = {"minor": "yes", "age_band": "10_14", "sex": "M", "situation": "alone", "language": "mos"}


def an_operation(supervisor: Persona, database: Path) -> str:
    """Open an operation, have two phones write in it, open what they sealed; return its code."""
    told = {"name": "Gare", "team": "care", "expected": "6", "n_wristbands": "6", **DAY}
    code = supervisor.post("/operations/new", told).path.split("/")[2]
    first, second, third = _bands(database, code)
    one, other = (_phone(supervisor) for _ in range(2))
    one.keep(_child(first, "Issa", siblings=[second]))
    one.keep(_child(second, "Yao"))
    other.keep(_child(second, "Yao", age_band="15_17"))
    other.keep(_child(third, "Issa"))
    for phone in (one, other):
        phone.hear(_sent(supervisor, "/field/in", phone.parcel()))
    supervisor.post("/arrivals/open", {})
    return code


def _bands(database: Path, code: str) -> list[str]:
    """Return three wristbands as they stand on the printed labels."""
    asked = "select code from field_wristband where operation_id = ? order by number limit 3"
    with sqlite3.connect(database) as opened:
        return [band for (band,) in opened.execute(asked, [code])]


def _phone(supervisor: Persona) -> Phone:
    page = supervisor.open("/phones/")
    carrier = page.first(r'<option value="(\w{32})"') or ""
    order = {"account": carrier, "team": "care", "mode": "WRITE"}
    code = supervisor.post("/phones/", order).first(r"#enrol=([\w.-]+)") or ""
    phone = Phone()
    return phone.enrolled(_sent(supervisor, "/field/enrol", phone.enrolment(code)), code)


def _child(band: str, alias: str, **person: Any) -> dict[str, Any]:
    siblings = person.pop("siblings", [])
    return {
        "instrument": "rapid-screening",
        "version": shelf().find("rapid-screening").version,
        "answers": answers_yielding(["R1"], **{**CHILD, "alias": alias, **person}),
        "language": "fr",
        "ms": 300_000,
        "wristband": band,
        "siblings": siblings,
    }


def _sent(persona: Persona, path: str, body: bytes) -> dict[str, Any]:
    """Send what a phone sends: no session, no form."""
    connection = http.client.HTTPConnection("127.0.0.1", persona.port, timeout=60)
    head = {"Host": f"{persona.host}:{persona.port}", "Content-Type": "application/json"}
    connection.request("POST", path, body=body, headers=head)
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer
