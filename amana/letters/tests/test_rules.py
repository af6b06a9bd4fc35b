"""The laws of the table of letters, over bodies that nobody thought of."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.letters import bodies, rules
from amana.letters.queries import NO_YES
from amana.letters.rules import Setting
from amana.letters.tests.builders import body_of
from amana.referrals.rules import Terms
from amana.standards import clocks, codes, messages
from amana.standards.calendars import calendar_of
from amana.standards.messages import Family, Field
from amana.standards.references import new_reference

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
KINDS = st.sampled_from([family.kind for family in messages.letters()])
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=60)
SAID = WORDS.map(lambda text: f"x{text}")


def values(field: Field) -> st.SearchStrategy[Any]:
    """Yield every value that a field may hold."""
    coded = st.sampled_from(sorted(codes.values(field.listed))) if field.listed else st.nothing()
    made: dict[str, st.SearchStrategy[Any]] = {
        messages.CODE: coded,
        messages.CODES: st.lists(coded, min_size=1, max_size=field.most, unique=True),
        messages.TEXT: SAID.map(lambda text: text[: field.most]),
        messages.DAY: st.dates().map(lambda day: day.isoformat()),
        messages.MOMENT: st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat()),
        messages.NUMBER: st.integers(0, field.most),
        messages.REFERENCE: st.builds(lambda: new_reference("S")),
        messages.LETTER: st.text("0123456789abcdef", min_size=32, max_size=32),
        messages.DIGEST: st.text("0123456789abcdef", min_size=64, max_size=64),
    }
    if field.type != messages.ROWS:
        return made[field.type]
    rows = {name: values(messages.field(name)) for name in field.rows}
    return st.lists(st.fixed_dictionaries({}, optional=rows).filter(bool), min_size=5, max_size=8)


def whole(family: Family) -> st.SearchStrategy[dict[str, Any]]:
    """Yield every body that a row of the table allows."""
    open_ = [name for name in family.fields if not messages.field(name).is_for_unit]
    return st.fixed_dictionaries(
        {"m": st.just(family.number), "by": SAID}
        | {name: values(messages.field(name)) for name in family.needed},
        optional={
            name: values(messages.field(name)) for name in open_ if name not in family.needed
        },
    )


@given(data=st.data(), kind=KINDS)
def test_whatever_the_table_allows_is_whole_and_holds_only_its_categories(
    data: st.DataObject, kind: str
) -> None:
    family = messages.families()[kind]
    body = data.draw(whole(family))

    assert bodies.faults(kind, body) == []
    assert bodies.unknown_codes(body) == []
    held = {messages.field(name).category for name in family.fields}
    assert bodies.categories(kind, body) <= held | {"STATUS"}


JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False),
    st.integers(max_value=-1),
    st.text("<&\u202e ", min_size=1, max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), min_size=1, max_size=2),
    st.lists(st.integers(), min_size=1, max_size=3),
    st.just("x" * (bodies.LONGEST + 1)),
)


@given(data=st.data(), kind=KINDS)
def test_a_body_that_is_changed_outside_the_table_is_refused_or_flagged(
    data: st.DataObject, kind: str
) -> None:
    family = messages.families()[kind]
    body = data.draw(whole(family))
    if not family.needed:
        return
    name = data.draw(st.sampled_from(sorted(family.needed)))
    junk = data.draw(JUNK)
    field = messages.field(name)
    if field.type == messages.TEXT and isinstance(junk, str) and junk.strip():
        junk = "x" * (field.most + 1)

    assert name in bodies.faults(kind, body | {name: junk})
    assert name in bodies.faults(kind, {n: v for n, v in body.items() if n != name})


@given(data=st.data(), kind=KINDS)
def test_a_code_of_another_list_is_taken_in_and_said_to_be_unknown(
    data: st.DataObject, kind: str
) -> None:
    family = messages.families()[kind]
    coded = [n for n in family.fields if messages.field(n).type == messages.CODE]
    if not coded:
        return
    name = data.draw(st.sampled_from(coded))
    body = data.draw(whole(family)) | {name: "FROM_TOMORROW"}

    assert bodies.is_whole(kind, body)
    assert (name, "FROM_TOMORROW") in bodies.unknown_codes(body)


@given(data=st.data(), kind=KINDS)
def test_a_field_that_nobody_knows_is_kept_if_plain_and_no_agreement_has_it(
    data: st.DataObject, kind: str
) -> None:
    body = data.draw(whole(messages.families()[kind]))
    known = messages.families()[kind].fields + tuple(bodies.ALWAYS)
    name = data.draw(st.text("abcdefgh_", min_size=1, max_size=12).filter(lambda n: n not in known))

    assert bodies.is_whole(kind, body | {name: "plain"})
    assert "OTHER" in bodies.categories(kind, body | {name: "plain"})
    assert not bodies.is_whole(kind, body | {name: {"a": "b"}})
    assert not bodies.is_whole(kind, body | {name: "x" * (bodies.LONGEST + 1)})


def test_a_list_of_people_has_no_place_for_a_name() -> None:
    body = body_of("group.arrival")
    assert bodies.is_whole("group.arrival", body)

    for row in (
        {"first_name": "Inventée"},
        {"age_band": "Inventée Entièrement"},
        {"age_band": "10_14", "text": "x"},
        {},
    ):
        spoiled = body | {"persons": [*body["persons"][1:], row]}
        assert bodies.faults("group.arrival", spoiled) == ["persons"]
    assert bodies.faults("group.arrival", body | {"persons": body["persons"][:4]}) == ["persons"]


def test_what_only_the_unit_opens_does_not_stand_in_the_open() -> None:
    body = body_of("return.proposal", return_wishes="revoir sa mère")

    assert bodies.faults("return.proposal", body) == ["return_wishes"]


def test_every_clock_that_a_letter_starts_runs_for_everybody() -> None:
    for family in messages.letters():
        for wait in family.waits:
            for tier in clocks.TIERS:
                assert clocks.clock(wait.clock, tier).value, (family.kind, tier)


# The story.


@dataclass(frozen=True)
class Line:
    """A message as both countries see it."""

    mid: str
    kind: str
    sender: str
    seq: int
    in_reply_to: str = ""
    written_at: datetime = NOW
    rank: int = 2
    inc: int = 1


TERMS = Terms(clocks.load(), calendar_of)
SETTING = Setting("MA", "CI", "child", is_offered=True, is_accepted=True)
PROPOSAL = Line("1", "return.proposal", "MA", 1)
YES = Line("2", "letter.accept", "CI", 1, "1", NOW + timedelta(hours=1))
CANCELLED = Line("3", "cancel", "MA", 2, "1", NOW + timedelta(hours=2))
READ = Line("4", "letter.read", "CI", 2, "3", NOW + timedelta(hours=3))


def shape(lines: list[Line]) -> list[tuple[str, list[str], bool]]:
    return [
        (one.said.mid, [a.mid for a in one.answers], one.cancelled_by is not None)
        for one in rules.letters(lines)
    ]


@pytest.mark.parametrize("order", list(permutations([PROPOSAL, YES, CANCELLED, READ])))
def test_the_story_is_the_same_in_every_order_and_with_every_message_twice(
    order: tuple[Line, ...],
) -> None:
    told = shape([PROPOSAL, YES, CANCELLED, READ])

    assert shape([*order, *order]) == told
    assert ("1", ["2"], True) in told
    assert rules.owed([*order, *order], SETTING, TERMS) == rules.owed(
        [PROPOSAL, YES, CANCELLED, READ], SETTING, TERMS
    )


def test_what_was_cancelled_waits_for_nothing_but_that_this_was_read() -> None:
    open_ = [o for o in rules.owed([PROPOSAL, CANCELLED], SETTING, TERMS) if not o.watch.is_met]

    assert [(o.letter.mid, o.answer_kind, o.watch.country) for o in open_] == [
        ("3", "letter.read", "CI")
    ]


def test_nobody_answers_herself_or_cancels_what_is_not_hers() -> None:
    def against(kind: str, sender: str, to: str) -> list[str]:
        return rules.objections_to_writing([PROPOSAL], kind, sender=sender, setting=SETTING, to=to)

    assert against("letter.accept", "MA", "1") == ["NOT_THEIRS_TO_SAY"]
    assert against("letter.accept", "CI", "1") == []
    assert against("cancel", "CI", "1") == ["LETTER_OUT_OF_PLACE"]
    assert against("cancel", "MA", "1") == []
    assert against("letter.accept", "CI", "9") == ["LETTER_OUT_OF_PLACE"]
    assert against("letter.read", "CI", "1") == ["LETTER_OUT_OF_PLACE"]


def test_yes_and_no_exclude_each_other() -> None:
    lines = [PROPOSAL, YES]

    for kind in ("letter.accept", "letter.decline"):
        assert rules.objections_to_writing(lines, kind, sender="CI", setting=SETTING, to="1") == [
            "LETTER_IS_ANSWERED"
        ]


@settings(max_examples=60)
@given(kind=KINDS, sender=st.sampled_from(["MA", "CI"]), to=st.sampled_from(["", "1", "9"]))
def test_nothing_is_written_in_a_conversation_that_was_recalled_or_never_offered(
    kind: str, sender: str, to: str
) -> None:
    for setting in (replace(SETTING, is_recalled=True), replace(SETTING, is_offered=False)):
        assert rules.objections_to_writing([PROPOSAL], kind, sender=sender, setting=setting, to=to)


def test_a_kind_of_another_room_is_no_letter() -> None:
    for kind in ("referral.offer", "erase.request", "gossip"):
        assert rules.objections_to_writing([], kind, sender="MA", setting=SETTING) == [
            "LETTER_OUT_OF_PLACE"
        ]


def test_what_the_wrong_country_said_answers_and_cancels_nothing() -> None:
    own_yes, their_cancel = replace(YES, sender="MA", seq=3), replace(CANCELLED, sender="CI")

    assert shape([PROPOSAL, own_yes])[0] == ("1", [], False)
    assert ("1", [], False) in shape([PROPOSAL, their_cancel])


def test_every_purpose_that_a_letter_asks_for_has_its_words() -> None:
    asked = {family.asks.purpose for family in messages.letters() if family.asks}

    assert asked == set(NO_YES)
    assert set(NO_YES.values()) <= set(codes.values("OBJECTION"))
