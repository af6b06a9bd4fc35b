"""A case with its parts filled in, made by the real actions for any test that needs one."""

from amana.access.rules import Role
from amana.cases import actions
from amana.cases.models import Case
from amana.identification import actions as identification
from amana.identification.answers import Change
from amana.identification.tests.builders import answers_yielding
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast

ALIAS = "Zoumana"
TOLD = answers_yielding(
    ("T1", "R1", "D1", "X1"),
    alias=ALIAS,
    sex="F",
    age_band="18_24",
    minor="no",
    situation="alone",
    language="dyu",
    citizenship="CI",
    place="Derb Kandilia",
)


def a_case(cast: Cast) -> Case:
    """Return a case that was screened, decided and opened, in the hands of the case worker."""
    responder = cast.actor(Role.FIRST_RESPONDER)
    draft = identification.start_draft(actor=responder, now=NOW)
    identification.save_draft(draft_id=draft.pk, change=Change(said=TOLD), actor=responder, now=NOW)
    screening = identification.send_screening(
        draft_id=draft.pk, observation="", actor=responder, now=NOW
    )
    identification.decide(
        code=screening.pk,
        decided_class="TRAITE_PRESUMEE",
        reason="vu",
        actor=cast.actor(Role.SUPERVISOR),
        now=NOW,
    )
    return actions.open_case(
        screening_code=screening.pk, country="MA", actor=cast.actor(Role.CASE_WORKER), now=NOW
    )
