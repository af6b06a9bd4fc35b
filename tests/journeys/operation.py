"""An operation at a running node, through its pages and its phones' door."""

from typing import Any

from amana.identification.tests.builders import answers_yielding
from amana.node import fieldwork
from amana.node.persona import Persona
from amana.standards.instruments import shelf

DAY = {"begins_on_day": "26", "begins_on_month": "11", "begins_on_year": "2026"}
CHILD = {"minor": "yes", "age_band": "10_14", "sex": "M", "situation": "alone", "language": "mos"}


def an_operation(supervisor: Persona) -> str:
    """Open an operation, have two phones write in it, open what they sealed; return its code."""
    told = {"name": "Gare", "team": "care", "expected": "6", "n_wristbands": "6", **DAY}
    code = supervisor.post("/operations/new", told).path.split("/")[2]
    first, second, third = fieldwork.bands_of(supervisor, code)[:3]
    one, other = (fieldwork.enrolled(supervisor, "Samira Inventée") for _ in range(2))
    one.keep(_child(first, "Issa", siblings=[second]))
    one.keep(_child(second, "Yao"))
    other.keep(_child(second, "Yao", age_band="15_17"))
    other.keep(_child(third, "Issa"))
    for phone in (one, other):
        fieldwork.send(phone, supervisor)
    supervisor.post("/arrivals/open", {})
    return code


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
