"""The law of consent, over random histories: nothing leaves that nobody allowed.

People say yes, no and not now, take back all or a part, grounds are named and seconded or not, and
time passes; between these, worker and desk try the real actions. What then lies for the other
country is read with that country's own keys and held against a list that this file keeps by itself:
it shares no code with the rules that decide.
"""

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amana.access.rules import Refused, Role
from amana.cases import actions as cases
from amana.cases.models import Case
from amana.crypto import age
from amana.crypto.framing import read
from amana.exchange.models import Message
from amana.referrals import actions, queries, rules
from amana.referrals.models import Referral
from amana.referrals.tests import test_actions as told
from amana.referrals.tests.test_actions import Corridor
from tests.cast import THE_MOMENT as NOW

pytestmark = pytest.mark.django_db

corridor = told.corridor

# Written down by hand, from the paper that the person was read: what each field is to her.
IS_TO_HER = {
    **dict.fromkeys(("age_band", "sex", "is_child", "language", "needs"), "NEEDS"),
    **dict.fromkeys(("class", "risk"), "CLASS"),
    "first_name": "FIRST_NAME",
    **dict.fromkeys(("full_name", "known_as", "birth", "document"), "IDENTITY"),
    "family_area": "FAMILY_AREA",
    **dict.fromkeys(("safe_contact", "do_not_contact"), "SAFE_CONTACT"),
    "risk_summary": "RISK_SUMMARY",
    "wishes": "WISHES",
}
# The words of the file that must not stand anywhere else either, sealed or not.
WORDS = {told.FULL_NAME: "IDENTITY", told.PHONE: "SAFE_CONTACT", "rentrer": "WISHES"}
GROUPS = tuple(told.CONTENT)
A_YEAR, THREE_DAYS = timedelta(days=12 * 30.4), timedelta(hours=72)
ANSWER = "Oui, elle est prête à partir."


@dataclass
class Held:
    """What this file knows of one answer or ground."""

    pk: int
    covers: set[str]
    until: datetime
    # A ground needs a second person; a yes does not.
    stands: bool
    is_ground: bool


@dataclass
class History:
    """One life of one case, and what is known of it here, by other means than the rules."""

    corridor: Corridor
    case: Case
    now: datetime
    held: list[Held] = field(default_factory=list)
    referral: Referral | None = None

    def allows(self, groups: set[str]) -> list[int]:
        """Return which answers and grounds of this moment cover all these groups."""
        return [
            one.pk
            for one in self.held
            if one.stands and self.now < one.until and groups <= one.covers
        ]

    def record(self, ground: str, answer: str, content: list[str], at: datetime) -> None:
        details = {
            "ground": ground,
            "given_by": "PERSON" if ground == "CONSENT" else "NOBODY",
            "mode": "SIGNATURE",
            "language": "dyu",
            "interpreter": "",
            "content": content,
            "explained_by": "Hicham",
        }
        row = cases.record_consent(
            case=self.case,
            country="CI",
            details=details,
            actor=self.corridor.who(Role.CASE_WORKER),
            now=at,
            answer=answer,
        )
        is_ground = ground != "CONSENT"
        if answer == "YES":
            life = THREE_DAYS if is_ground else A_YEAR
            self.held.append(Held(row.pk, set(content), at + life, not is_ground, is_ground))
        if answer == "NO":
            for one in self.held:
                if not one.is_ground:
                    one.stands = False

    def one(self, number: int) -> Held | None:
        return self.held[number % len(self.held)] if self.held else None


# What may happen between two tries: (what, a number, groups, an age in days).
HAPPENINGS = st.tuples(
    st.sampled_from(
        (
            *("yes", "yes", "ground", "confirm", "confirm"),
            *("no", "later", "withdraw", "part", "wait", "wait", "wait"),
        )
    ),
    st.sampled_from((3, 2, 1, 0)),
    st.one_of(
        st.just(list(GROUPS)),
        st.lists(st.sampled_from(GROUPS), unique=True, min_size=1),
        st.sampled_from(GROUPS).map(lambda less: [g for g in GROUPS if g != less]),
    ),
    st.sampled_from((0, 340, 364, 364)),
)
ROUNDS = st.lists(st.lists(HAPPENINGS, max_size=3), min_size=4, max_size=5)
WAITS = (timedelta(hours=1), timedelta(hours=30), timedelta(hours=50), timedelta(hours=80))


def happens(life: History, what: str, number: int, groups: list[str], days: int) -> None:
    """Let one thing happen, at the case and on the list of this file."""
    if what == "yes":
        life.record("CONSENT", "YES", groups, life.now - timedelta(days=days))
    elif what in ("no", "later"):
        life.record("CONSENT", what.upper(), [], life.now)
    elif what == "ground":
        life.record("VITAL_INTEREST", "YES", groups, life.now)
    elif what == "wait":
        life.now += WAITS[number]
    else:
        one = life.one(number)
        if one is not None:
            changes(life, what, one, set(groups))


def changes(life: History, what: str, one: Held, groups: set[str]) -> None:
    """Confirm a ground, or take an answer back; what is refused changes nothing."""
    worker, second = life.corridor.who(Role.CASE_WORKER), life.corridor.who(Role.SUPERVISOR)
    back = groups & one.covers if what == "part" else set()
    try:
        with transaction.atomic():
            if what == "confirm":
                cases.confirm_ground(consent_id=one.pk, actor=second, now=life.now)
            else:
                cases.withdraw_consent(
                    consent_id=one.pk, actor=worker, now=life.now, content=sorted(back)
                )
    except Refused:
        return
    if what == "confirm":
        one.stands = True
    else:
        one.covers -= back or one.covers


def tries(life: History, fields: list[str], counts: Counter[str]) -> None:
    """Let worker and desk try every way out, as people do who press all buttons."""
    worker, desk = life.corridor.who(Role.CASE_WORKER), life.corridor.who(Role.DESK)
    if life.referral is None:
        wanted = {**told.WANTED, "urgency": "normal"}
        with pressed(counts, "prepare"):
            life.referral = actions.prepare(
                case=life.case,
                country="CI",
                wanted=wanted,
                fields=fields,
                actor=worker,
                now=life.now,
            )
    if life.referral is None:
        return
    ways: tuple[tuple[str, Callable[..., None], dict[str, str]], ...] = (
        ("offer", actions.release_offer, {}),
        ("reply", actions.reply, {"text": ANSWER}),
        ("dossier", actions.release_dossier, {}),
    )
    for name, act, said in ways:
        before = set(Message.objects.values_list("pk", flat=True))
        with pressed(counts, name):
            act(referral=life.referral, actor=desk, now=life.now, **said)
        for message in Message.objects.exclude(pk__in=before):
            looked_at(life, message)


@contextmanager
def pressed(counts: Counter[str], name: str) -> Iterator[None]:
    """Press a button that may be refused: what it did is then undone, and it is counted so."""
    try:
        with transaction.atomic():
            yield
    except Refused:
        counts[f"{name} refused"] += 1
    else:
        counts[name] += 1


def looked_at(life: History, message: Message) -> None:
    """Read what leaves as the other country does, and ask the list of this file about it."""
    assert message.is_ours
    body = life.corridor.reads(message)
    parts = {**body.get("cover", {}), **body.get("identity", {})}
    if body.get("unit_sealed"):
        sealed = base64.b64decode(body["unit_sealed"])
        parts |= json.loads(age.decrypt(life.corridor.there.unit, sealed))
    leaves = {IS_TO_HER[name] for name in parts}
    everything = json.dumps([body, parts], ensure_ascii=False)
    leaves |= {group for word, group in WORDS.items() if word in everything}
    # Words that answer a question are about the person too, whatever they say.
    leaves |= {"NEEDS"} if message.kind == rules.REPLY else set()
    carried = life.allows(leaves)
    assert carried, f"{message.kind} left with {sorted(leaves)}"
    # What the message says it stands on is one of these, and not a yes that is over.
    if message.kind != rules.REPLY:
        assert cited(life, message) in carried


def cited(life: History, message: Message) -> int:
    """Return which consent or ground a message names for itself."""
    frame = read(age.decrypt(life.corridor.there.desk, bytes(message.container)), padded=True)
    return int(json.loads(frame.header)["consent_ref"])


def says(life: History, number: int) -> None:
    """Let the other desk go on: it reads, asks, and at the third word accepts."""
    referral = life.referral
    if referral is None or queries.told(referral).story.offer is None:
        return
    kind, body = (
        (rules.ACKNOWLEDGE, {"by": "Mariam"}),
        (rules.ASK, {"by": "Mariam", "topics": ["NEEDS"], "text": "Quand ?"}),
        (rules.ACCEPT, told.YES),
        (rules.ASK, {"by": "Mariam", "topics": ["NEEDS"], "text": "Et qui ?"}),
    )[min(number, 3)]
    life.corridor.say(referral.pk, kind, body)


def test_no_field_leaves_without_a_live_consent_or_a_confirmed_ground(corridor: Corridor) -> None:
    case, counts = told.opened(corridor), Counter[str]()
    # Everybody is signed in before the first life, which leaves nothing behind.
    corridor.who(Role.DESK)

    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(first=HAPPENINGS, rounds=ROUNDS, fields=st.sets(st.sampled_from(told.FIELDS)))
    def lived(first: Any, rounds: list[list[Any]], fields: set[str]) -> None:
        block = transaction.atomic()
        block.__enter__()
        try:
            life = History(corridor, case, NOW)
            # Most lives begin with a yes or a ground; otherwise most would end before they begin.
            happens(life, "ground" if first[0] == "ground" else "yes", *first[1:])
            happens(life, "confirm", 0, [], 0)
            said = 0
            for happened in rounds:
                tries(life, sorted(fields), counts)
                had = Message.objects.filter(is_ours=False).count()
                says(life, said)
                said += Message.objects.filter(is_ours=False).count() - had
                for one in happened:
                    happens(life, *one)
                tries(life, sorted(fields), counts)
        finally:
            transaction.set_rollback(True)
            block.__exit__(None, None, None)

    lived()

    # The law is not kept by doing nothing: every way out was gone, and every one was shut.
    for name in ("prepare", "offer", "reply", "dossier"):
        assert counts[name], name
        assert counts[f"{name} refused"], name
