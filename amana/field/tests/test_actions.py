"""What a phone sealed: taken in unread, once; rung without opening; opened by its team alone."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from amana.access.actions.keys import renew_team_key
from amana.access.models import Account, KeyWrap, Notice
from amana.access.rules import Actor, NotFound, Refused, Role
from amana.crypto.phones import sign_public_of
from amana.crypto.secrets import new_id, new_seed
from amana.field import queries, rules
from amana.field.actions import arrivals, phones
from amana.field.models import Device, Invitation, Item, Record
from amana.field.rules import Urgency
from amana.field.standin import Phone
from amana.field.tests.builders import ADULT, CHILD, a_phone, open_all, screened, send
from amana.identification.models import Screening
from amana.identification.queries import access_screening, review_due
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor(cast: Cast) -> Actor:
    return cast.actor(Role.SUPERVISOR)


@pytest.fixture
def phone(cast: Cast, now: datetime) -> Phone:
    return a_phone(cast, now)


def states(told: Any) -> list[str]:
    return [one["state"] for one in told["receipts"]]


# Enrolment.


def test_a_code_enrols_one_phone_once_within_an_hour(cast: Cast, now: datetime) -> None:
    supervisor, responder = cast.actor(Role.SUPERVISOR), cast.actor(Role.FIRST_RESPONDER)
    order = {"account_id": responder.account_id, "team": "care", "mode": rules.WRITE}
    code = phones.invite(**order, actor=supervisor, now=now)
    late = now + rules.INVITATION_LIFE
    with pytest.raises(NotFound):
        phones.enrol(request=Phone().enrolment(code), now=late)

    first = Phone()
    told = phones.enrol(request=first.enrolment(code), now=now)
    assert first.enrolled(told, code).told["team"] == "care"
    # The answer was lost on the way: the same phone hears the same again, another nothing.
    assert phones.enrol(request=first.enrolment(code), now=now)["device"] == told["device"]
    with pytest.raises(NotFound):
        phones.enrol(request=Phone().enrolment(code), now=now)


def test_a_phone_refuses_a_node_that_shows_another_key(cast: Cast, now: datetime) -> None:
    supervisor, responder = cast.actor(Role.SUPERVISOR), cast.actor(Role.FIRST_RESPONDER)
    code = phones.invite(
        account_id=responder.account_id, team="care", mode="WRITE", actor=supervisor, now=now
    )
    phone = Phone()
    told = phones.enrol(request=phone.enrolment(code), now=now)
    other = rules.base64_of(sign_public_of(new_seed()))
    with pytest.raises(ValueError, match="another key"):
        phone.enrolled({**told, "node_key": other}, code)


def test_whoever_does_not_hold_the_key_enrols_nothing(cast: Cast, now: datetime) -> None:
    phone = Phone()
    request = json.loads(phone.enrolment("a.b"))
    request["public"] = rules.base64_of(sign_public_of(new_seed()))
    with pytest.raises(rules.BadRequest):
        phones.enrol(request=json.dumps(request).encode(), now=now)


def test_only_who_coordinates_invites(cast: Cast, now: datetime) -> None:
    responder = cast.actor(Role.FIRST_RESPONDER)
    order: dict[str, Any] = {"account_id": responder.account_id, "team": "care", "now": now}
    order["mode"] = rules.WRITE
    with pytest.raises(NotFound):
        phones.invite(**order, actor=responder)
    assert phones.invite(**order, actor=cast.actor(Role.COORDINATOR))
    with pytest.raises(Refused) as refused:
        phones.invite(**{**order, "team": "desk"}, actor=cast.actor(Role.COORDINATOR))
    assert refused.value.objections == ["TEAM_TAKES_NO_PHONES"]


def test_drafts_that_can_be_read_again_need_an_administrator(cast: Cast, now: datetime) -> None:
    with pytest.raises(Refused) as refused:
        a_phone(cast, now, mode=rules.RESUME)
    assert refused.value.objections == ["RESUMING_NOT_ALLOWED"]
    administrator = cast.actor(Role.ADMINISTRATOR)
    with pytest.raises(NotFound):
        phones.allow_resuming(
            team="care", is_allowed=True, actor=cast.actor(Role.SUPERVISOR), now=now
        )
    phones.allow_resuming(team="care", is_allowed=True, actor=administrator, now=now)
    assert a_phone(cast, now, mode=rules.RESUME).told["mode"] == rules.RESUME
    phones.allow_resuming(team="care", is_allowed=False, actor=administrator, now=now)
    assert Device.objects.get().mode == rules.WRITE


def test_a_phone_enrolled_again_keeps_its_number_and_its_queue(
    cast: Cast, now: datetime, supervisor: Actor, phone: Phone
) -> None:
    phone.keep(screened("R1"))
    device = phone.told["device"]
    phones.withdraw(device_id=device, actor=supervisor, now=now)
    code = phones.invite(
        account_id=cast.actor(Role.CASE_WORKER).account_id,
        team="care",
        mode=rules.WRITE,
        actor=supervisor,
        now=now,
    )
    phone.enrolled(phones.enrol(request=phone.enrolment(code), now=now), code)
    assert phone.told["device"] == device
    assert send(phone, now)["state"] == "OPEN"
    assert not phone.queue


# Taking in.


def test_an_item_is_taken_in_once_and_every_receipt_lets_the_phone_forget(
    phone: Phone, now: datetime
) -> None:
    phone.keep(screened("R1"))
    parcel = phone.parcel()
    assert states(arrivals.take_in(parcel=parcel, now=now)) == ["TAKEN"]
    # The receipt was lost: the same bytes come again, and again.
    assert states(arrivals.take_in(parcel=parcel, now=now)) == ["KNOWN"]
    phone.hear(arrivals.take_in(parcel=parcel, now=now))
    assert not phone.queue
    assert Item.objects.count() == 1


def test_a_newer_part_replaces_an_older_one_whatever_came_first(
    phone: Phone, now: datetime, supervisor: Actor
) -> None:
    record = phone.keep(screened("R1", unfinished=True))
    older = phone.parcel()
    phone.keep(screened("R1", "D1"), record=record)
    newer = phone.parcel()
    assert states(arrivals.take_in(parcel=newer, now=now)) == ["TAKEN"]
    assert states(arrivals.take_in(parcel=older, now=now)) == ["LATE"]
    open_all(supervisor, now)
    screening = Screening.objects.get()
    assert not screening.is_unfinished
    assert "D1" in access_screening(supervisor, screening.pk).content["indicators"]


def test_nobody_but_the_team_opens_what_a_phone_sealed(
    cast: Cast, phone: Phone, now: datetime
) -> None:
    phone.keep(screened("R1"))
    send(phone, now)
    item = Item.objects.get()
    for role in (Role.FIRST_RESPONDER, Role.COORDINATOR, Role.DESK, Role.ADMINISTRATOR):
        with pytest.raises(NotFound):
            arrivals.open_item(item_id=item.pk, actor=cast.actor(role), now=now)
    other_unit = next(n for n in ("khadija", "fatou") if n in _names())
    assert queries.waiting(cast.who(other_unit)) == []
    with pytest.raises(NotFound):
        arrivals.open_item(item_id=item.pk, actor=cast.who(other_unit), now=now)


def _names() -> set[str]:
    return set(Account.objects.values_list("sign_in_name", flat=True))


def test_a_sealed_item_says_when_for_whom_and_how_urgent_and_nothing_else(
    phone: Phone, now: datetime
) -> None:
    said = "Tiénigboué-canari"
    phone.keep(screened("R1", observation=said, words={"q04": said}))
    parcel = phone.parcel()
    item = json.loads(parcel)["items"][0]
    assert set(item) == {"record", "seq", "team", "key", "urgency", "body", "sig"}
    assert said.encode() not in parcel
    arrivals.take_in(parcel=parcel, now=now)
    row = Item.objects.get()
    assert said.encode() not in bytes(row.sealed or b"")
    # How much was said is hidden too: what is short and what is a little longer weigh the same.
    body = rules.unbase64(item["body"])
    assert body is not None
    assert (len(body) - 1136) % 512 == 0


@pytest.mark.parametrize(
    ("urgency", "kinds"),
    [
        (Urgency.DANGER, {"FIELD_DANGER"}),
        (Urgency.CHILD_ALONE, {"FIELD_CHILD_ALONE"}),
        (Urgency.OTHER, set()),
    ],
)
def test_danger_and_a_child_alone_ring_the_supervisor_before_anybody_opens_them(
    phone: Phone, now: datetime, supervisor: Actor, urgency: Urgency, kinds: set[str]
) -> None:
    phone.keep(screened("R1"), urgency=urgency)
    parcel = phone.parcel()
    arrivals.take_in(parcel=parcel, now=now)
    arrivals.take_in(parcel=parcel, now=now)
    rung = Notice.objects.filter(kind__startswith="FIELD")
    assert set(rung.values_list("kind", flat=True)) == kinds
    if kinds:
        assert supervisor.account_id in set(rung.values_list("account_id", flat=True))
        # A second time for the same person and the same danger rings nobody.
        assert rung.filter(account_id=supervisor.account_id).count() == 1


def test_what_is_added_of_the_same_danger_rings_nobody_again(
    phone: Phone, now: datetime, supervisor: Actor
) -> None:
    record = phone.keep(screened("R1", unfinished=True), urgency=Urgency.CHILD_ALONE)
    send(phone, now)
    for seq, urgency in ((2, Urgency.CHILD_ALONE), (3, Urgency.DANGER), (4, Urgency.DANGER)):
        phone.keep(screened("R1", seq=seq), record=record, urgency=urgency)
        send(phone, now)
    rung = Notice.objects.filter(account_id=supervisor.account_id, kind__startswith="FIELD")
    assert sorted(rung.values_list("kind", flat=True)) == ["FIELD_CHILD_ALONE", "FIELD_DANGER"]


def test_the_clock_of_the_decision_runs_from_the_arrival_not_from_the_opening(
    phone: Phone, now: datetime, supervisor: Actor
) -> None:
    phone.keep(screened("R1", person=CHILD))
    send(phone, now)
    later = now + timedelta(hours=9)
    due = queries.item_due(Item.objects.get())
    open_all(supervisor, later)
    screening = Screening.objects.get()
    assert screening.received_at == now
    assert review_due(screening, "MA") == due


# Bad luck, and bad will.


@pytest.mark.parametrize("cut", [1, 10, 100, 1000, -1])
def test_a_submission_cut_in_half_stores_nothing(phone: Phone, now: datetime, cut: int) -> None:
    phone.keep(screened("R1"))
    with pytest.raises(rules.BadRequest):
        arrivals.take_in(parcel=phone.parcel()[:cut], now=now)
    assert not Item.objects.exists()


def test_a_bad_item_never_stops_the_good_ones(phone: Phone, now: datetime) -> None:
    records = [phone.keep(screened("R1")) for _ in range(3)]
    bad = phone.queue[records[1]]
    bad["urgency"] = "DANGER"
    told = send(phone, now)
    assert states(told) == ["TAKEN", "BAD_SIGNATURE", "TAKEN"]
    assert list(phone.queue) == [records[1]]
    assert "sig" not in told["receipts"][1]


def test_what_is_no_item_is_named_and_refused(phone: Phone, now: datetime) -> None:
    good = phone.queue[phone.keep(screened("R1"))]
    bad: list[Any] = [
        None,
        {},
        {**good, "seq": 0},
        {**good, "seq": True},
        {**good, "record": "../../etc"},
        {**good, "urgency": "FUN"},
        {**good, "body": "not base64!"},
        {**good, "body": ""},
        {**good, "sig": 7},
        {**good, "key": "x"},
    ]
    told = arrivals.take_in(parcel=phone.parcel(bad), now=now)
    assert states(told) == ["BAD_ITEM"] * len(bad)
    large = {**good, "body": "A" * (rules.LARGEST_BODY * 2)}
    assert states(arrivals.take_in(parcel=phone.parcel([large]), now=now)) == ["TOO_LARGE"]
    assert not Item.objects.exists()


def test_an_item_for_another_team_is_refused_with_its_reason(phone: Phone, now: datetime) -> None:
    phone.told = {**phone.told, "team": "care-2"}
    phone.keep(screened("R1"))
    assert states(arrivals.take_in(parcel=phone.parcel(), now=now)) == ["OTHER_TEAM"]
    assert not Item.objects.exists()


def test_a_phone_that_nobody_enrolled_is_told_so(phone: Phone, now: datetime) -> None:
    phone.told = {**phone.told, "device": new_id()}
    phone.keep(screened("R1"))
    with pytest.raises(rules.UnknownDevice):
        arrivals.take_in(parcel=phone.parcel(), now=now)


def test_a_withdrawn_phones_items_lie_apart_and_ring_nobody(
    phone: Phone, now: datetime, supervisor: Actor
) -> None:
    phone.keep(screened("R1"), urgency=Urgency.DANGER)
    phones.withdraw(device_id=phone.told["device"], actor=supervisor, now=now)
    told = send(phone, now)
    assert (told["state"], states(told)) == ("WITHDRAWN", ["TAKEN"])
    assert not Notice.objects.filter(kind__startswith="FIELD").exists()
    assert queries.waiting(supervisor) == []
    (apart,) = queries.waiting(supervisor, quarantined=True)
    # Nothing is lost: a supervisor opens it on her own decision.
    assert arrivals.open_item(item_id=apart.pk, actor=supervisor, now=now) is not None
    assert Screening.objects.count() == 1


def test_a_withdrawn_phone_cannot_flood_the_node(
    phone: Phone, now: datetime, supervisor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_QUARANTINED", 2)
    for _ in range(3):
        phone.keep(screened("R1"))
    phones.withdraw(device_id=phone.told["device"], actor=supervisor, now=now)
    assert states(send(phone, now)) == ["TAKEN", "TAKEN", "TOO_LARGE"]


def test_a_key_that_was_renewed_still_opens_what_was_sealed_before(
    phone: Phone, now: datetime, supervisor: Actor, cast: Cast
) -> None:
    phone.keep(screened("R1"))
    renew_team_key(team_code="care", actor=supervisor, now=now)
    send(phone, now)
    told = open_all(cast.actor(Role.SUPERVISOR), now)
    assert (told.n_read, told.n_faults) == (1, 0)


def test_what_lies_unopened_outlives_every_renewal(
    phone: Phone, now: datetime, supervisor: Actor, cast: Cast
) -> None:
    phone.keep(screened("R1"))
    send(phone, now)
    for _ in range(6):
        renew_team_key(team_code="care", actor=cast.actor(Role.SUPERVISOR), now=now)
    assert not Screening.objects.exists()  # sealed anew, and read by nobody
    told = open_all(cast.actor(Role.SUPERVISOR), now)
    assert (told.n_read, told.n_faults) == (1, 0)


def test_five_hundred_items_arrive_in_parcels_of_twenty(phone: Phone, now: datetime) -> None:
    for _ in range(500):
        phone.keep(screened("R1"))
    n_parcels = 0
    while phone.queue:
        send(phone, now)
        n_parcels += 1
    assert (n_parcels, Item.objects.count()) == (25, 500)
    for _ in range(21):
        phone.keep(screened("R1"))
    with pytest.raises(rules.BadRequest):
        arrivals.take_in(parcel=phone.file(), now=now)


def test_a_file_is_brought_by_hand_and_the_phone_hears_of_it_later(
    phone: Phone, now: datetime, supervisor: Actor
) -> None:
    for _ in range(30):
        phone.keep(screened("R1"))
    counts = arrivals.bring(parcel=phone.file(), actor=supervisor, now=now)
    assert counts == {"TAKEN": 30}
    assert states(send(phone, now)) == ["KNOWN"] * 20
    assert len(phone.queue) == 10


# Opened.


def test_what_is_opened_once_is_not_opened_twice(
    phone: Phone, now: datetime, supervisor: Actor, cast: Cast
) -> None:
    phone.keep(screened("R1"))
    send(phone, now)
    item = Item.objects.get()
    arrivals.open_item(item_id=item.pk, actor=supervisor, now=now)
    with pytest.raises(NotFound):
        arrivals.open_item(item_id=item.pk, actor=cast.actor(Role.CASE_WORKER), now=now)
    assert Screening.objects.count() == 1
    item.refresh_from_db()
    assert (item.sealed, item.key_id) == (None, "")


def test_the_key_of_the_arrival_is_erased_with_the_opening(
    phone: Phone, now: datetime, supervisor: Actor
) -> None:
    phone.keep(screened("R1"))
    send(phone, now)
    key_id = Item.objects.get().key_id
    open_all(supervisor, now)
    assert not KeyWrap.objects.filter(key_id=key_id).exists()


def test_work_that_broke_off_arrives_marked_and_protects_as_a_child(
    phone: Phone, now: datetime, supervisor: Actor
) -> None:
    part = {"d1": ["none"], "d2": ["none"], "d3": ["alone"]}
    phone.keep({**screened(), "answers": part, "unfinished": True})
    send(phone, now)
    open_all(supervisor, now)
    screening = Screening.objects.get()
    assert screening.is_unfinished
    assert (screening.tier, screening.age_band) == ("child", "UNK")


def test_the_end_that_comes_after_its_beginning_was_opened_replaces_it(
    phone: Phone, now: datetime, supervisor: Actor
) -> None:
    record = phone.keep(screened("R1", unfinished=True))
    send(phone, now)
    open_all(supervisor, now)
    phone.keep(screened("R1", "D1", seq=2), record=record)
    send(phone, now + timedelta(hours=1))
    open_all(supervisor, now + timedelta(hours=1))
    screening = Screening.objects.get()
    assert not screening.is_unfinished
    assert screening.received_at == now


def test_two_phones_that_differ_leave_the_choice_to_a_person(
    cast: Cast, now: datetime, supervisor: Actor
) -> None:
    first, second, record = a_phone(cast, now), a_phone(cast, now), new_id()
    first.keep(screened("R1"), record=record)
    second.keep(screened("R1", person={**ADULT, "sex": "M"}), record=record)
    send(first, now)
    send(second, now)
    told = open_all(supervisor, now)
    assert (told.n_read, told.n_clashes) == (1, 1)
    row = Record.objects.get()
    with pytest.raises(Refused):
        arrivals.choose(record_id=row.pk, chosen={}, actor=supervisor, now=now)
    arrivals.choose(record_id=row.pk, chosen={"sex": "1"}, actor=supervisor, now=now)
    opened = queries.access_record(supervisor, row.pk)
    assert not opened.row.has_clash
    # Both stay: what was not chosen is not gone.
    assert {p["answers"]["sex"] for p in opened.parts.values()} == {"F", "M"}
    content = access_screening(supervisor, str(opened.row.screening_id)).content
    assert content["sex"] == opened.held["choices"]["sex"]["value"] == "M"
    # The same phone sends once more, without knowing of it: nobody is asked again.
    first.keep(screened("R1", observation="rien de plus", seq=2), record=record)
    send(first, now)
    assert open_all(supervisor, now).n_clashes == 0


def test_a_choice_does_not_hold_against_a_value_that_nobody_had_seen(
    cast: Cast, now: datetime, supervisor: Actor
) -> None:
    record = new_id()
    for sex in ("F", "M"):
        one = a_phone(cast, now)
        one.keep(screened("R1", person={**ADULT, "sex": sex}), record=record)
        send(one, now)
    open_all(supervisor, now)
    row = Record.objects.get()
    arrivals.choose(record_id=row.pk, chosen={"sex": "1"}, actor=supervisor, now=now)
    third = a_phone(cast, now)
    third.keep(screened("R1", person={**ADULT, "sex": "other"}), record=record)
    send(third, now)
    assert open_all(supervisor, now).n_clashes == 1


def test_who_edits_what_was_handed_over_replaces_it_without_a_question(
    cast: Cast, now: datetime, supervisor: Actor
) -> None:
    first, second, record = a_phone(cast, now), a_phone(cast, now), new_id()
    first.keep(screened("R1"), record=record)
    second.keep(
        screened("R1", person={**ADULT, "sex": "M"}, started=screened("R1")["answers"]),
        record=record,
    )
    for phone in (second, first):
        send(phone, now)
    told = open_all(supervisor, now)
    assert told.n_clashes == 0
    content = queries.access_record(supervisor, Record.objects.get().pk).content
    assert content["answers"]["sex"] == "M"


def test_two_people_under_one_number_are_taken_apart_and_stay_apart(
    cast: Cast, now: datetime, supervisor: Actor
) -> None:
    first, second, record = a_phone(cast, now), a_phone(cast, now), new_id()
    first.keep(screened("R1"), record=record)
    second.keep(screened("D1", person=CHILD), record=record)
    send(first, now)
    send(second, now)
    open_all(supervisor, now)
    row = Record.objects.get()
    opened = queries.access_record(supervisor, row.pk)
    part = next(n for n, p in opened.parts.items() if p["answers"]["minor"] == "yes")
    other = arrivals.take_apart(record_id=row.pk, part=part, actor=supervisor, now=now)
    assert Screening.objects.count() == 2
    assert {r.has_clash for r in Record.objects.all()} == {False}
    # What the second phone sends later finds its own person.
    second.keep(screened("D1", "R1", person=CHILD, seq=2), record=record)
    send(second, now)
    open_all(supervisor, now)
    assert Record.objects.count() == 2
    given = queries.access_record(supervisor, other.pk).content["answers"]
    assert given == screened("D1", "R1", person=CHILD)["answers"]
    assert Screening.objects.count() == 2


@pytest.mark.parametrize(
    ("plaintext", "fault"),
    [
        (b"", "NOT_JSON"),
        (b"[1]", "OTHER_FORMAT"),
        (b'{"v":2}', "OTHER_FORMAT"),
        (b'{"v":1,"record":"other","seq":1}', "OTHER_RECORD"),
    ],
)
def test_what_was_sealed_badly_stays_and_says_why(
    phone: Phone, now: datetime, supervisor: Actor, plaintext: bytes, fault: str
) -> None:
    record = new_id()
    item = phone.sealed(plaintext.ljust(512), record, 1, "OTHER")
    arrivals.take_in(parcel=phone.parcel([item]), now=now)
    assert open_all(supervisor, now).n_faults == 1
    row = Item.objects.get()
    assert row.fault == fault
    assert row.sealed is not None


def test_an_instrument_that_is_not_loaded_keeps_the_answers_for_the_day_it_is(
    phone: Phone, now: datetime, supervisor: Actor
) -> None:
    phone.keep({**screened("R1"), "version": "2031-01-01"})
    send(phone, now)
    assert open_all(supervisor, now).n_faults == 1
    row = Record.objects.get()
    assert (row.fault, row.screening) == ("NOT_LOADED", None)
    assert queries.access_record(supervisor, row.pk).content["answers"]["minor"] == "no"


def test_an_answer_that_cannot_be_is_left_out_told_and_stops_nothing(
    phone: Phone, now: datetime, supervisor: Actor
) -> None:
    bad = screened("R1")
    bad["answers"] = {**bad["answers"], "age": 900, "nonsense": ["x"]}
    phone.keep(bad)
    send(phone, now)
    open_all(supervisor, now)
    row = Record.objects.get()
    opened = queries.access_record(supervisor, row.pk)
    assert row.fault == "CANNOT_BE"
    assert {f[0] for f in opened.held["faults"]} == {"age", "nonsense"}
    assert row.screening is not None


def test_what_phones_sent_goes_with_the_screening(
    phone: Phone, now: datetime, supervisor: Actor
) -> None:
    phone.keep(screened("R1"))
    send(phone, now)
    open_all(supervisor, now)
    screening = Screening.objects.get()
    assert arrivals.erase_records_of([screening.pk], now=now, by="test") == 1
    assert not Record.objects.exists()


def test_the_sweep_ends_what_has_ended_and_nothing_else(
    cast: Cast, phone: Phone, now: datetime, supervisor: Actor
) -> None:
    phone.keep(screened("R1"))
    send(phone, now)
    phones.invite(
        account_id=supervisor.account_id, team="care", mode="WRITE", actor=supervisor, now=now
    )
    assert arrivals.sweep(now + timedelta(days=400)) == 0  # nobody opened it: it waits
    assert Item.objects.filter(sealed__isnull=False).count() == 1
    assert not Invitation.objects.exists()
    open_all(supervisor, now)
    assert arrivals.sweep(now + timedelta(days=29)) == 0
    assert arrivals.sweep(now + timedelta(days=31)) == 1
    assert Screening.objects.count() == 1
