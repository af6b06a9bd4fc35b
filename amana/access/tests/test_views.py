"""The pages behind the locks, as a browser without scripts sees them."""

import html
import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from amana.access import actions, queries, rules
from amana.access.actions import recovery
from amana.access.models import Account, Notice
from amana.access.rules import Role
from amana.crypto.totp import code_at
from amana.keeper.rules import DEMO_CODE
from tests.cast import PASSWORD, Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db
WORKER = name_of(Role.CASE_WORKER)


def signed_in(client: Client, cast: Cast, name: str) -> Client:
    client.cookies[settings.SESSION_COOKIE] = cast.cookie(name).hex()
    return client


def test_a_person_walks_from_lost_to_signed_in(
    client: Client, cast: Cast, stopped_clock: StoppedClock
) -> None:
    now = stopped_clock.moment
    cast.who(WORKER)
    page = client.post("/recover", {"sign_in_name": WORKER}).content.decode()
    found = re.search(r'letters"><bdi dir="ltr">([A-Z2-7 ]+)<', page)
    assert found is not None
    letters = found.group(1)
    (open_one,) = queries.recoveries(now)
    assert rules.ticket_of(bytes(open_one.one_time_recipient)) in page
    brought = {"sign_in_name": WORKER, "letters": letters.lower()}
    assert client.post("/recover/finish", brought).status_code == 422
    for officer in queries.recovery_officers()[:2]:
        actor = cast.who(officer.sign_in_name)
        recovery.approve(recovery_id=open_one.pk, actor=actor, now=now)

    stopped_clock.moment = now + rules.RECOVERY_WAITS
    assert client.post("/recover/finish", brought).status_code == 200
    one_time = rules.seed_of(letters)
    assert one_time is not None
    code = code_at(rules.phone_after_recovery(one_time), stopped_clock.moment)
    new = {"password": "quite another password", "again": "quite another password", "code": code}
    done = client.post("/recover/finish", brought | new)

    assert done.headers["Location"] == "/sign-in?said=recovered"
    door = {"sign_in_name": WORKER, "password": new["password"], "code": DEMO_CODE}
    assert client.post("/sign-in", door).headers["Location"] == "/"


def test_the_answer_to_a_name_that_nobody_has_looks_the_same(
    client: Client, cast: Cast, stopped_clock: StoppedClock
) -> None:
    pages = [
        client.post("/recover", {"sign_in_name": name}).content.decode()
        for name in (WORKER, "nobody-at-all")
    ]

    varying = r'[A-Z2-7]{4}( [A-Z2-7]{4})+|[0-9A-F]{4}-[0-9A-F]{4}|M\d[^"]+|(value|nonce)="[^"]+"'
    plain = [re.sub(varying, "", page) for page in pages]
    assert plain[0] == plain[1]


def test_an_account_is_made_and_its_paper_shown_once(
    client: Client, cast: Cast, stopped_clock: StoppedClock
) -> None:
    signed_in(client, cast, name_of(Role.ADMINISTRATOR))
    fields = {
        "name": "Neuve Inventée",
        "sign_in_name": "neuve",
        "role": "R04",
        "ends_on_day": "1",
        "ends_on_month": "6",
        "ends_on_year": "2027",
    }
    paper = client.post("/accounts/new", fields).content.decode()
    made = Account.objects.get(sign_in_name="neuve")

    password = re.search(r"(?:[a-z2-9]{3}-){4}[a-z2-9]{3}", paper)
    assert password is not None
    assert made.ends_at is not None
    assert made.ends_at.year == 2027
    assert not made.is_recovery_officer
    assert not queries.has_own_password(made)
    assert Notice.objects.filter(account=made, kind="FIRST_PASSWORD").exists()
    door = {"sign_in_name": "neuve", "password": password.group(), "code": DEMO_CODE}
    cookie = actions.sign_in(**door, address="a", now=stopped_clock.moment)
    assert actions.find_actor(cookie, stopped_clock.moment) is not None
    again = client.post("/accounts/new", fields)
    assert again.status_code == 422
    assert password.group() not in again.content.decode()


def test_a_notice_is_shown_at_home_and_only_its_owner_takes_it_away(
    client: Client, cast: Cast, stopped_clock: StoppedClock
) -> None:
    worker = cast.who(WORKER)
    actions.tell([worker.account_id], "ADMITTED", reference="care", now=stopped_clock.moment)
    notice = Notice.objects.get(account_id=worker.account_id)
    signed_in(client, cast, name_of(Role.DESK))
    assert client.post(f"/notices/{notice.pk}/seen").status_code == 404

    signed_in(client, cast, WORKER)
    assert f"/notices/{notice.pk}/seen" in client.get("/").content.decode()
    client.post(f"/notices/{notice.pk}/seen")

    assert f"/notices/{notice.pk}/seen" not in client.get("/").content.decode()


def test_a_proof_that_is_half_an_hour_old_leads_to_the_step_and_back(
    client: Client, cast: Cast, stopped_clock: StoppedClock
) -> None:
    signed_in(client, cast, WORKER)
    for minutes in (15, 30):
        stopped_clock.moment = cast.now + timedelta(minutes=minutes)
        client.get("/")

    asked = client.get("/me/password")
    assert asked.headers["Location"] == "/step-up?back=%2Fme%2Fpassword"
    proof = {"password": PASSWORD, "code": DEMO_CODE, "back": "/me/password"}
    assert client.post("/step-up", proof).headers["Location"] == "/me/password"
    assert client.get("/me/password").status_code == 200
    new = {"password": "one of her own", "again": "one of another"}
    assert client.post("/me/password", new).status_code == 422
    done = client.post("/me/password", new | {"again": new["password"]})
    assert done.headers["Location"] == "/me/locks?said=password_changed"


def test_the_way_back_never_leads_to_another_site(
    client: Client, cast: Cast, stopped_clock: StoppedClock
) -> None:
    signed_in(client, cast, WORKER)

    for back in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        page = html.unescape(client.get("/step-up", {"back": back}).content.decode())
        assert "elsewhere.example" not in page.split("<main", 1)[1]
