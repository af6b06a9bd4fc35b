"""What stands against sending, deciding and recording a formal decision. Pure.

How answers are read stands in `reading.py`; the rules themselves are data.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from amana.access.rules import Role
from amana.identification.answers import Given, is_child
from amana.standards.instrument import Instrument, Reader
from amana.standards.logic import State

PERSON = "person"
DANGER = "danger"
RAPID = "rapid-screening"
INTERVIEW = "full-interview"
# What a first responder begins; an interview is asked by who leads the case.
FOR_FIRST_RESPONDERS = frozenset({RAPID, "first-pass", "field-catalogue"})
NEEDED = ("minor", "age_band")


def may_begin(role: Role, name: str) -> bool:
    """Say whether this role may begin this instrument."""
    return role is not Role.FIRST_RESPONDER or name in FOR_FIRST_RESPONDERS


def objections_to_sending(instrument: Instrument, given: Given) -> list[str]:
    """Return what a screening still lacks before it can be sent; a stop half-way is no fault."""
    against = []
    danger = instrument.find_section(DANGER)
    if danger is not None and any(
        q.is_required and q.id not in given.answers for q in danger.questions
    ):
        against.append("DANGER_CHECK_FIRST")
    if any(not given.answers.get(key) for key in NEEDED):
        against.append("PERSON_NOT_DESCRIBED")
    elif is_child(given.answers) and "child" not in instrument.persons:
        against.append("INSTRUMENT_FOR_ADULTS")
    elif not is_child(given.answers) and "adult" not in instrument.persons:
        against.append("INSTRUMENT_FOR_CHILDREN")
    return against


def objections_to_decision(
    *, is_decided: bool, proposed: str, decided: str, reason: str
) -> list[str]:
    """Return what stands against a decision: it is made once, and a change says why."""
    against = []
    if is_decided:
        against.append("ALREADY_DECIDED")
    if decided != proposed and not reason.strip():
        against.append("CHANGE_NEEDS_REASON")
    return against


def rescreen_days(
    reader: Reader,
    *,
    proposed: str,
    decided: str,
    proposed_days: int | None,
    again_in_days: int = 0,
) -> int | None:
    """Return after how many days the person is seen again, None when no rule asks for it.

    A decision that follows the reading keeps its days; another class has its own. After a first
    pass the person is seen again whatever was decided.
    """
    if decided == proposed:
        return proposed_days
    state = State(reader.alphabet.mask((f"class.{decided}", f"first.{decided}")))
    days = [w.days for w in reader.waits if w.when(state) is not None]
    return min([*days, again_in_days] if again_in_days else days, default=None)


# Formal identification: a decision of its own, that no service waits for.

FORMAL_STATES = {
    "ASKED": "UNDER_FORMAL_REVIEW",
    "IDENTIFIED": "FORMALLY_IDENTIFIED",
    "REFUSED": "FORMALLY_REFUSED",
    "CONTESTED": "REVIEW_REQUESTED",
}
FORMAL_NEXT: Mapping[str, tuple[str, ...]] = {
    "NONE": ("ASKED", "IDENTIFIED", "REFUSED"),
    "UNDER_FORMAL_REVIEW": ("IDENTIFIED", "REFUSED"),
    "FORMALLY_IDENTIFIED": ("CONTESTED",),
    "FORMALLY_REFUSED": ("CONTESTED",),
    "REVIEW_REQUESTED": ("IDENTIFIED", "REFUSED"),
}


@dataclass(frozen=True)
class Formal:
    """One step of a formal identification, as it is recorded."""

    kind: str
    authority: str
    law: str
    on: date
    reasons: str = ""
    remedy: str = ""


def formal_state(steps: Sequence[Formal]) -> str:
    """Return where the formal identification stands after these steps, in their order."""
    return FORMAL_STATES[steps[-1].kind] if steps else "NONE"


def objections_to_formal(
    step: Formal,
    *,
    before: Sequence[Formal],
    is_decided: bool,
    may_decide: Collection[str],
    today: date,
) -> list[str]:
    """Return everything that stands against recording a step of the formal identification.

    `may_decide` are the authorities that the law of this country lets decide. A refusal says why
    and what can be done against it; whoever contests says why.
    """
    against = []
    if not is_decided:
        against.append("FORMAL_NEEDS_DECISION")
    if step.kind not in FORMAL_NEXT[formal_state(before)]:
        against.append("FORMAL_STEP_OUT_OF_ORDER")
    if step.authority not in may_decide:
        against.append("AUTHORITY_MAY_NOT_DECIDE")
    if step.on > today:
        against.append("DAY_IN_THE_FUTURE")
    if before and step.on < before[-1].on:
        against.append("BEFORE_THE_STEP_BEFORE")
    if step.kind in {"REFUSED", "CONTESTED"} and not step.reasons.strip():
        against.append("REASONS_NEEDED")
    if step.kind == "REFUSED" and not step.remedy.strip():
        against.append("REMEDY_NEEDED")
    return against
