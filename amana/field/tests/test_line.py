"""The phone's door: what comes packed is unpacked within bounds; half of it is nothing."""

import gzip
import json
import tracemalloc
from datetime import datetime

import pytest
from django.test import Client

from amana.field import rules
from amana.field.models import Item
from amana.field.standin import Phone
from amana.field.tests.builders import a_phone, screened
from tests.cast import Cast, StoppedClock

pytestmark = pytest.mark.django_db
PACKED = {"content-encoding": "gzip"}


@pytest.fixture
def phone(cast: Cast, stopped_clock: StoppedClock, now: datetime) -> Phone:
    made = a_phone(cast, now)
    made.keep(screened("R1"))
    return made


def sent(body: bytes, **headers: str) -> tuple[int, dict[str, object]]:
    answer = Client().post(
        "/field/in", body, content_type="application/json", headers=headers or None
    )
    return answer.status_code, json.loads(answer.content)


def test_what_comes_packed_is_as_what_comes_plain(phone: Phone) -> None:
    status, told = sent(gzip.compress(phone.parcel()), **PACKED)
    assert (status, [one["state"] for one in told["receipts"]]) == (200, ["TAKEN"])  # type: ignore[attr-defined]
    status, told = sent(phone.parcel())
    assert [one["state"] for one in told["receipts"]] == ["KNOWN"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("cut", [0, 5, 100, -1])
def test_half_of_what_was_packed_is_asked_for_again(phone: Phone, cut: int) -> None:
    status, told = sent(gzip.compress(phone.parcel())[:cut], **PACKED)
    assert (status, told["error"]) == (400, "BAD_REQUEST")
    assert not Item.objects.exists()


def test_a_little_that_unpacks_to_much_is_refused_unread() -> None:
    bomb = gzip.compress(b" " * (rules.LARGEST_REQUEST * 50))
    tracemalloc.start()
    status, told = sent(bomb, **PACKED)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < rules.LARGEST_REQUEST * 10
    assert (status, told["error"]) == (413, "TOO_LARGE")


def test_more_than_a_phone_may_send_at_once_is_refused() -> None:
    status, told = sent(b" " * (rules.LARGEST_REQUEST + 1))
    assert (status, told["error"]) == (413, "TOO_LARGE")


@pytest.mark.parametrize("address", ["/field/in", "/field/enrol", "/field/leave"])
def test_the_door_takes_no_session_and_asks_for_none(address: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(address, b"{}", content_type="application/json")
    assert answer.status_code == 400
    assert not answer.cookies


def test_a_phone_that_is_not_withdrawn_is_not_told_to_forget(phone: Phone) -> None:
    body = json.dumps({"v": 1, "device": phone.told["device"]})
    answer = Client().post("/field/leave", body, content_type="application/json")
    assert "Clear-Site-Data" not in answer.headers
