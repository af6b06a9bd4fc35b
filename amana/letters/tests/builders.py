"""A corridor in which letters can be written: people here, a desk over there, a person between."""

from typing import Any

from amana.access.rules import Actor, Role
from amana.cases import actions as cases
from amana.cases.models import Case
from amana.exchange.models import Message
from amana.letters import actions, queries
from amana.letters.actions import Written
from amana.letters.models import Draft
from amana.letters.queries import Conversation
from amana.referrals import actions as referrals
from amana.referrals import rules as referral_rules
from amana.referrals.models import Referral
from amana.referrals.tests.test_actions import PROMISE, YES, Corridor, offered, received
from amana.standards import codes, messages
from amana.standards.messages import Field
from amana.standards.references import new_reference
from tests.cast import THE_MOMENT as NOW

LATER = "2026-12-20T08:00:00+00:00"
DIGEST, MID = "ab" * 32, "cd" * 16


def value_of(field: Field) -> Any:
    """Return an honest value of a field."""
    made: dict[str, Any] = {
        messages.TEXT: "Invented words.",
        messages.DAY: "2026-12-20",
        messages.MOMENT: LATER,
        messages.NUMBER: 1,
        messages.LETTER: MID,
        messages.DIGEST: DIGEST,
    }
    if field.type == messages.REFERENCE:
        return new_reference("S")
    if field.type == messages.CODE:
        return next(iter(codes.values(field.listed)))
    if field.type == messages.CODES:
        return list(codes.values(field.listed))[:1]
    if field.type == messages.ROWS:
        return [row_of(field) for _ in range(5)]
    return made[field.type]


def row_of(field: Field) -> dict[str, Any]:
    """Return one person of a list, in codes."""
    return {name: value_of(messages.field(name)) for name in field.rows}


def values_of(kind: str, **more: Any) -> dict[str, Any]:
    """Return honest values of every needed field of a family."""
    family = messages.families()[kind]
    return {name: value_of(messages.field(name)) for name in family.needed} | more


def body_of(kind: str, **more: Any) -> dict[str, Any]:
    """Return what an honest letter of a family says."""
    family = messages.families()[kind]
    return {"m": family.number, "by": "Mariam", **values_of(kind), **more}


def said(corridor: Corridor, case: Case, purpose: str, answer: str = "YES") -> None:
    """Record what the person answered to a question of her own country's worker."""
    details = {
        "ground": "CONSENT",
        "given_by": "PERSON",
        "mode": "SIGNATURE",
        "language": "dyu",
        "interpreter": "",
        "content": (),
        "explained_by": "Hicham",
    }
    cases.record_consent(
        case=case,
        country="",
        details=details,
        actor=corridor.who(Role.CASE_WORKER),
        now=NOW,
        purpose=purpose,
        answer=answer,
    )


def accepted(corridor: Corridor) -> Referral:
    """Return a referral of ours that somebody there accepted; the family may be sought."""
    referral = offered(corridor)
    assert referral.case is not None
    said(corridor, referral.case, "TRACE_FAMILY")
    corridor.say(referral.pk, referral_rules.ACKNOWLEDGE, {"by": "Mariam"})
    corridor.say(referral.pk, referral_rules.ACCEPT, YES)
    return referral


def hosted(corridor: Corridor) -> Referral:
    """Return a referral of theirs that we accepted; the person may be asked how she is."""
    referral, desk = received(corridor), corridor.who(Role.DESK)
    referrals.acknowledge(referral=referral, actor=desk, now=NOW)
    referrals.accept(referral=referral, promise=PROMISE, actor=desk, now=NOW)
    referral.refresh_from_db()
    assert referral.case is not None
    said(corridor, referral.case, "AFTERCARE_CONTACT")
    return referral


def conversation(corridor: Corridor, code: str, role: Role = Role.DESK) -> Conversation:
    """Return a conversation as somebody here reads it now."""
    return queries.conversation(corridor.who(role), code)


def second_of(corridor: Corridor) -> Actor:
    """Return the person who agrees to a letter."""
    return corridor.who(Role.SUPERVISOR)


def write(
    corridor: Corridor, code: str, kind: str, *, role: Role | None = None, **more: Any
) -> Draft:
    """Write a letter as whoever may."""
    who = role or (Role.CASE_WORKER if "care" in messages.families()[kind].who else Role.DESK)
    reason = more.pop("look_reason", "")
    to = more.pop("to", "")
    return actions.write(
        found=conversation(corridor, code, who),
        written=Written(kind, values_of(kind, **more), to, reason),
        actor=corridor.who(who),
        now=NOW,
    )


def release(corridor: Corridor, draft: Draft) -> None:
    """Let a second person agree where one must, and the desk release."""
    if draft.needs_second:
        actions.agree(draft=draft, actor=second_of(corridor), now=NOW)
    actions.release(draft=draft, actor=corridor.who(Role.DESK), now=NOW)


def sent(corridor: Corridor, code: str, kind: str, **more: Any) -> str:
    """Write a letter and let it leave; return its number."""
    draft = write(corridor, code, kind, **more)
    release(corridor, draft)
    draft.refresh_from_db()
    return draft.mid


def begun(corridor: Corridor, kind: str, *, role: Role = Role.DESK, **more: Any) -> Draft:
    """Begin a thread with Côte d'Ivoire."""
    case, reason = more.pop("case", None), more.pop("look_reason", "")
    return actions.begin(
        country="CI",
        written=Written(kind, values_of(kind, **more), look_reason=reason),
        case=case,
        tier="adult",
        actor=corridor.who(role),
        now=NOW,
    )


def says(corridor: Corridor, conversation: str, kind: str, *, to: str = "", **more: Any) -> str:
    """Let the other desk write an honest letter; return its number, once it was taken in."""
    mid = corridor.say(conversation, kind, body_of(kind, **more), to=to)
    taken = Message.objects.get(pk=mid)
    assert (taken.refused_for, taken.kind) == ("", kind), (kind, taken.refused_for)
    return mid


def answer(corridor: Corridor, code: str, kind: str, to: str, **more: Any) -> str:
    """Let our desk say with one press what it says on a letter; return its number."""
    actions.answer(
        found=conversation(corridor, code),
        written=Written(kind, values_of(kind, **more), to),
        actor=corridor.who(Role.DESK),
        now=NOW,
    )
    return str(Message.objects.filter(is_ours=True, kind=kind).latest("stored_at", "seq").pk)
