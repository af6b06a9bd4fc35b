"""The full interview held on the pages: every page that the answers lead to, in its order."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from amana.identification.rules import INTERVIEW
from amana.node.persona import Persona, Seen
from amana.standards.instrument import Instrument, Question
from amana.standards.instruments import INSTRUMENTS, shelf_of

# Every answer that is offered.
ALL = ("*",)
Told = Mapping[str, Any]

# Two events of a way; the second was told without a day.
EVENTS: Sequence[Mapping[str, str]] = (
    {
        "event_type": "recruitment",
        "event_place": "Tiénigboué",
        "event_date": "03/2025",
        "event_role": "recruiter",
        "event_what": "Une tante a payé le car.",
    },
    {"event_type": "exploitation", "event_place": "Salé", "event_role": "exploiter"},
)
# What is told when everything happened that can happen: it opens every branch.
EVERYTHING: Told = {
    "d1": ["none"],
    "d2": ["none"],
    "d3": ["alone"],
    "interpreter": "independent",
    "place_private": "yes",
    "limits_told": "yes",
    "talk_today": "yes",
    "recruit_acts": ALL,
    "promise_kept": ["kept", "not_existing"],
    "journey": EVENTS,
    "forms": ALL,
    "hours_day": "16",
    "days_week": "7",
    "expl_months": "7",
    "pay_received": "almost_nothing",
    "control": ["docs", "watched", "threat_self"],
    "kept_from_leaving": ["locked", "free_to_go"],
    "wish_most": "Revoir ma mère.",
}
WORDS = {"control": "Elle gardait mon passeport dans son sac."}
SKIPPED = {"family": "NOT_READY"}
FORMAL: Sequence[Mapping[str, str]] = (
    {"kind": "REFUSED", "reasons": "Éléments insuffisants.", "remedy": "Réexamen sous 60 jours."},
    {"kind": "CONTESTED", "reasons": "Le passeport a été retrouvé chez l’employeuse."},
    {"kind": "IDENTIFIED"},
)


@cache
def instrument() -> Instrument:
    """Return the interview as it comes with Amana."""
    return shelf_of((INSTRUMENTS,)).find(INTERVIEW)


def begin(worker: Persona, screening: str) -> Seen:
    """Begin the interview of a person who was screened; return its first open page."""
    return worker.post(f"/screenings/{screening}/interview", {})


def draft_of(page: Seen) -> str:
    """Return the draft that a page belongs to."""
    return page.path.split("/")[2]


def hold(worker: Persona, page: Seen, told: Told) -> list[str]:
    """Go through every page that comes, to the last; return the pages in their order."""
    gone = []
    while "/at/" in page.path:
        page_id = page.path.split("/")[4].partition("#")[0]
        assert page_id not in gone, f"{page_id} comes twice"
        gone.append(page_id)
        if page_id in SKIPPED:
            skip = f"/screen/{draft_of(page)}/skip/{page_id}"
            page = worker.post(skip, {"reason": SKIPPED[page_id]})
        else:
            page = answer(worker, page, page_id, told)
    return gone


def answer(worker: Persona, page: Seen, page_id: str, told: Told) -> Seen:
    """Answer what a page asks, as it was told or else as not known; return the next page."""
    path, section = page.path.partition("#")[0], instrument().find_section(page_id)
    if section is not None and section.repeats:
        for event in told.get(page_id, ()):
            worker.post(path, {**event, "more": "1"})
        return worker.post(path, {"on": "1"})
    asked = instrument().find_question(page_id)
    questions = section.questions if section is not None else (asked,) if asked else ()
    fields: dict[str, Any] = {"on": "1"}
    for question in questions:
        if f'name="{question.id}"' in page.text:
            fields |= _said(page, question, told)
    return worker.post(path, fields)


def _said(page: Seen, question: Question, told: Told) -> dict[str, Any]:
    said = told.get(question.id)
    if said == ALL:
        standing = {"none", "unknown", "declined"}
        offered = page.all(rf'name="{question.id}" value="(\w+)"')
        said = [value for value in offered if value not in standing]
    if said is None:
        said = _told_before(page, question.id)
    if said is None:
        offered = [a.id for a in question.offered] if question.is_required else [""]
        said = "unknown" if "unknown" in offered else offered[0]
    return {question.id: said, f"{question.id}-words": WORDS.get(question.id, "")}


def _told_before(page: Seen, name: str) -> str | None:
    """Return what the page brings along from the screening before."""
    return (
        page.first(rf'name="{name}"[^>]*value="(\w+)"[^>]*checked')
        or page.first(rf'(?s)<select name="{name}"(?:(?!</select>).)*?value="(\w+)" selected')
        or page.first(rf'<input type="text" name="{name}" value="([^"]*)"')
    )


def send(worker: Persona, draft: str) -> str:
    """Look over and send; return the receipt's code."""
    sent = worker.post(f"/screen/{draft}/review", {"send": "1", "observation": ""})
    return sent.path.rstrip("/").rsplit("/", 1)[1]


def formal(country: str, *, kind: str, reasons: str = "", remedy: str = "") -> dict[str, str]:
    """Return the form of one step of a formal identification, of today."""
    today = datetime.now(UTC).date()  # noqa: TID251 - the test lives today
    return {
        "kind": kind,
        "authority": f"{country}_PROSECUTOR",
        "law": {"MA": "ma-27-14", "CI": "ci-2016-1111"}[country],
        "on_day": str(today.day),
        "on_month": str(today.month),
        "on_year": str(today.year),
        "reasons": reasons,
        "remedy": remedy,
    }
