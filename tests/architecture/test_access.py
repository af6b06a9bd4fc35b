"""Who may open which page: every address, asked for by everybody, with real keys and sessions.

What is missing and what is forbidden are one answer, byte for byte; only the values that differ
with every request (the form token, the policy's nonce, the address itself) are put aside first.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from pytest_django import DjangoDbBlocker

from amana.access import actions, queries
from amana.access.actions import keys
from amana.access.models import Account, KeyWrap, Membership, Session
from amana.access.rules import WITHOUT_ACCOUNT, Role
from amana.identification.actions import start_draft
from amana.keeper.rules import DEMO_CODE
from amana.node.cast import staff
from amana.node.middleware import HEADERS
from amana.node.who_may_open import TABLE
from tests.cast import PASSWORD, THE_MOMENT, Cast, StoppedClock, assemble, name_of

# Path arguments of things that exist nowhere at this node.
NOWHERE: dict[str, str | int] = {
    "StringConverter": "MA-NOWHERE",
    "SlugConverter": "nowhere",
    "IntConverter": 987654,
    "PathConverter": "nowhere.js",
}


# The table and the resolver.


@dataclass(frozen=True)
class Address:
    """One address of the node, with arguments that lead nowhere."""

    name: str
    arguments: dict[str, Any]

    @property
    def path(self) -> str:
        """Return the path that a person would type."""
        return reverse(self.name, kwargs=self.arguments)


def addresses(
    patterns: Iterable[URLPattern | URLResolver], space: str = "", over: Iterable[Any] = ()
) -> Iterator[Address]:
    """Yield every address that the resolver knows."""
    for pattern in patterns:
        converters = [*over, *pattern.pattern.converters.items()]
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern.url_patterns, inner, converters)
        else:
            arguments = {name: NOWHERE[type(kind).__name__] for name, kind in converters}
            yield Address(f"{space}{pattern.name}", arguments)


ADDRESSES = {a.name: a for a in addresses(get_resolver().url_patterns)}
WITH_ACCOUNT = [role for role in Role if role not in WITHOUT_ACCOUNT]
CLOSED = sorted(name for name, page in TABLE.items() if not page.is_public)


def test_every_address_stands_in_the_access_table() -> None:
    assert set(ADDRESSES) - set(TABLE) == set()


def test_the_access_table_names_no_address_that_is_gone() -> None:
    assert set(TABLE) - set(ADDRESSES) == set()


def test_an_address_that_nobody_placed_is_found() -> None:
    planted = addresses(get_resolver("tests.architecture.planted_urls").url_patterns)

    assert {a.name for a in planted} - set(TABLE) == {"planted", "None"}


def test_a_page_is_either_for_everybody_outside_or_for_named_roles_and_a_purpose() -> None:
    for name, page in TABLE.items():
        assert page.is_public != bool(page.roles), name
        assert page.is_public != bool(page.purpose), name


def test_what_is_open_to_everybody_outside_is_this_and_no_more() -> None:
    assert set(TABLE) - set(CLOSED) == {
        *("access:sign-in", "access:sign-in-passkey", "access:quick-exit", "access:sign-out"),
        *("access:recover", "access:recover-finish", "csp-report", "set_language"),
        *("exchange:messages", "exchange:receipts", "exchange:checkpoints"),
        "exchange:directory",
        # A phone has no session: what it sends is signed, and what it fetches is the same for all.
        *("field:shell", "field:file", "field:enrol", "field:arrive", "field:leave"),
        *("field:recorded", "field:recording"),
        # Whether a number is ours, and never whose.
        "protection:check",
        # What is published: a table, and no case behind it.
        *("knowledge:published", "knowledge:table", "knowledge:take"),
        *("knowledge:flows", "knowledge:corridor", "knowledge:needs"),
    }


# Everybody knocks at every door.


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """The cast of this module, made once: argon2 and key wraps cost time even when cheap."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast = assemble(everybody=True)
        for role in WITH_ACCOUNT:
            if role not in {member.role for member in staff(settings.NODE.country)}:
                cast.hire(name_of(role), f"{role.name.title()} Inventée", role)
            cast.actor(role)
        yield cast
        transaction.set_rollback(True)


@pytest.fixture
def cast(house: Cast, db: None) -> Iterator[Cast]:
    """The cast, with whatever a test does to it undone."""
    cookies = dict(house.cookies)
    with override_settings(CLOCK=StoppedClock(THE_MOMENT)):
        yield house
    house.cookies = cookies


@pytest.fixture(scope="module")
def browser(house: Cast) -> Client:
    """A browser that keeps nothing between two visits."""
    return Client()


@dataclass
class Door:
    """Knocks as one person, or as nobody."""

    browser: Client
    cast: Cast

    def knock(self, path: str, by: Role | str | None = None, method: str = "get") -> HttpResponse:
        """Ask for a path, signed in as whoever holds a role or has a name."""
        self.browser.cookies.clear()
        if by is not None:
            name = name_of(by) if isinstance(by, Role) else by
            self.browser.cookies[settings.SESSION_COOKIE] = self.cast.cookie(name).hex()
        return getattr(self.browser, method)(path)

    def missing(self, path: str, by: Role | str, method: str = "get") -> HttpResponse:
        """Ask for a path as long as this one that nobody ever named."""
        return self.knock("/" + "n" * (len(path) - 1), by, method)


@pytest.fixture
def door(browser: Client, cast: Cast) -> Door:
    """The door of the node."""
    return Door(browser, cast)


TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=")\w+(")')
NONCE = re.compile(rb'(nonce="|nonce-)[\w-]+')
ASKED = re.compile(rb'(name="next" value=")[^"]*(")')


def seen(response: HttpResponse) -> tuple[int, bytes, dict[str, str]]:
    """Return all that an answer shows, without what differs with every request."""
    body = ASKED.sub(rb"\1\2", TOKEN.sub(rb"\1\2", NONCE.sub(rb"\1", response.content)))
    headers = {k: NONCE.sub(rb"\1", v.encode()).decode() for k, v in response.headers.items()}
    return response.status_code, body, headers


@pytest.mark.parametrize("role", WITH_ACCOUNT, ids=lambda r: r.name.lower())
@pytest.mark.parametrize("name", CLOSED)
def test_a_page_opens_for_its_roles_and_is_not_there_for_any_other(
    door: Door, name: str, role: Role
) -> None:
    address = ADDRESSES[name]
    is_theirs, is_of_something = role in TABLE[name].roles, bool(address.arguments)

    for method in ("get", "post"):
        answer = door.knock(address.path, role, method)
        if is_theirs and answer.status_code == 405:
            continue
        if is_theirs and not is_of_something:
            assert answer.status_code in (200, 302), (method, answer.status_code)
        else:
            assert seen(answer) == seen(door.missing(address.path, role, method)), method
            assert answer.status_code == 404


@pytest.mark.parametrize("name", CLOSED)
def test_a_page_answers_whom_it_is_for_to_one_way_of_asking_at_least(door: Door, name: str) -> None:
    path, roles = ADDRESSES[name].path, TABLE[name].roles

    for role in roles:
        answers = [door.knock(path, role, method).status_code for method in ("get", "post")]
        assert answers != [405, 405], role


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "head", "options"])
def test_whoever_is_not_signed_in_learns_of_no_page_whether_it_exists(
    door: Door, method: str
) -> None:
    elsewhere = seen(door.knock("/nowhere/at/all", method=method))

    assert elsewhere[0] == 302
    assert elsewhere[2]["Location"] == "/sign-in"
    for name in CLOSED:
        assert seen(door.knock(ADDRESSES[name].path, method=method)) == elsewhere, name


@pytest.mark.parametrize("role", WITH_ACCOUNT, ids=lambda r: r.name.lower())
def test_a_page_that_stands_in_no_table_opens_for_nobody(door: Door, role: Role) -> None:
    with override_settings(ROOT_URLCONF="tests.architecture.planted_urls"):
        for path in ("/planted/MA-1/", "/nameless/"):
            assert seen(door.knock(path, role)) == seen(door.missing(path, role))
            assert door.knock(path).status_code == 302


def test_a_page_of_a_colleague_is_a_page_that_is_not_there(door: Door, cast: Cast) -> None:
    cast.hire("salif", "Salif Inventé", Role.FIRST_RESPONDER)
    draft = start_draft(actor=cast.actor(Role.FIRST_RESPONDER), now=THE_MOMENT)
    path = reverse("identification:page", args=[draft.pk, "danger"])

    own, others = door.knock(path, Role.FIRST_RESPONDER), door.knock(path, "salif")

    assert own.status_code == 200
    assert seen(others) == seen(door.missing(path, "salif"))


@pytest.mark.parametrize("role", WITH_ACCOUNT, ids=lambda r: r.name.lower())
def test_every_role_has_a_dashboard_and_each_way_on_it_opens_for_that_role(
    door: Door, role: Role
) -> None:
    page = door.knock("/figures/", role).content.decode()
    main = page.partition("<main")[2].partition("</main>")[0]
    ways = {resolve(path).view_name for path in re.findall(r'href="(/[^"?#]*)', main)}

    assert "knowledge:published" in ways
    for name in ways:
        assert TABLE[name].is_public or role in TABLE[name].roles, name


# The doors without a person behind them.


def test_the_sign_in_page_is_shown_to_whoever_comes(door: Door) -> None:
    assert door.knock("/sign-in").status_code == 200


def test_whoever_is_signed_in_is_led_home_from_the_sign_in_page(door: Door) -> None:
    answer = door.knock("/sign-in", Role.DESK)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


@pytest.mark.parametrize("path", ["/exchange/messages", "/exchange/receipts"])
def test_the_door_for_other_nodes_is_not_for_reading_and_takes_no_rubbish(
    browser: Client, cast: Cast, path: str
) -> None:
    browser.cookies.clear()

    assert browser.get(path).status_code == 405
    for rubbish in (b"", b"\0" * 64, b"amana/parcel/v1\0" + b"x" * 4096, b"y" * 600_000):
        answer = browser.post(
            path, rubbish, "application/octet-stream", headers={"amana-node": "CI"}
        )
        assert answer.status_code == 422
        assert answer.content == b"unknown_sender"


def test_leaving_quickly_ends_the_session_and_needs_no_session(door: Door) -> None:
    assert door.knock("/sign-out/quick").status_code == 405
    assert door.knock("/sign-out/quick", method="post").status_code == 204

    answer = door.knock("/sign-out/quick", Role.DESK, "post")

    assert answer.status_code == 204
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert door.knock("/", Role.DESK).status_code == 302


def test_the_language_is_changed_by_whoever_comes_and_leads_to_no_other_site(
    browser: Client, cast: Cast
) -> None:
    answer = browser.post("/language", {"language": "ar", "next": "https://elsewhere.example/"})

    assert answer.headers["Location"] == "/"
    assert answer.cookies["language"].value == "ar"


# The headers of every answer.


def answers(door: Door) -> dict[str, HttpResponse]:
    """Return one answer of each kind that the node gives."""
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    with override_settings(ROOT_URLCONF="tests.architecture.planted_urls"):
        broken = strict.get("/falling/")
    return {
        "a page": door.knock("/sign-in"),
        "a page of a person": door.knock("/", Role.CASE_WORKER),
        "a redirection": door.knock("/cases/"),
        "a missing page": door.knock("/nowhere", Role.CASE_WORKER),
        "a forbidden page": door.knock("/node/", Role.CASE_WORKER),
        "a missing file": door.knock("/static/nowhere.css", Role.CASE_WORKER),
        "a wrong method": door.knock("/exchange/messages"),
        "a refused parcel": door.knock("/exchange/messages", method="post"),
        "a forged form": strict.post("/sign-in", {"sign_in_name": "x", "password": "y"}),
        "a fault of the node": broken,
        "a quick exit": door.knock("/sign-out/quick", method="post"),
    }


EXPECTED = {
    "a page": 200,
    "a page of a person": 200,
    "a redirection": 302,
    "a missing page": 404,
    "a forbidden page": 404,
    "a missing file": 404,
    "a wrong method": 405,
    "a refused parcel": 422,
    "a forged form": 403,
    "a fault of the node": 500,
    "a quick exit": 204,
}


def policy_of(response: HttpResponse) -> dict[str, list[str]]:
    """Return a page's policy, by directive."""
    parts = response.headers["Content-Security-Policy"].split(";")
    return {name: allowed for name, *allowed in (part.split() for part in parts)}


def test_every_kind_of_answer_has_all_its_headers_and_is_kept_nowhere(door: Door) -> None:
    given = answers(door)

    assert {kind: r.status_code for kind, r in given.items()} == EXPECTED
    for kind, response in given.items():
        assert response.headers["Cache-Control"] == "no-store", kind
        assert {n: response.headers.get(n) for n in HEADERS} == HEADERS, kind
        assert "default-src" in policy_of(response), kind


def test_the_headers_are_those_that_keep_a_page_to_itself() -> None:
    assert HEADERS["Cross-Origin-Opener-Policy"] == "same-origin"
    assert HEADERS["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert HEADERS["Cross-Origin-Resource-Policy"] == "same-origin"
    assert HEADERS["Referrer-Policy"] == "same-origin"
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["X-Frame-Options"] == "DENY"


def test_the_policy_runs_no_script_but_those_of_this_very_answer(door: Door) -> None:
    first, second = door.knock("/sign-in"), door.knock("/sign-in")

    policy = policy_of(first)
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["style-src"] == policy["form-action"] == policy["connect-src"] == ["'self'"]
    (nonce,) = policy["script-src"]
    assert re.fullmatch(r"'nonce-[\w-]{22}'", nonce)
    assert policy_of(second)["script-src"] != [nonce]
    scripts = re.findall(r"<script\b[^>]*>", first.content.decode())
    assert scripts
    assert all(f'nonce="{nonce[7:-1]}"' in script for script in scripts)


def test_no_policy_lets_anything_unsafe_or_foreign_in(door: Door) -> None:
    for kind, response in answers(door).items():
        allowed = {word for words in policy_of(response).values() for word in words}
        assert not {w for w in allowed if "unsafe" in w or "*" in w or "://" in w}, kind
        assert not allowed & {"http:", "https:", "data:"}, kind


def test_a_static_file_has_the_headers_too_and_may_be_kept_for_a_year(door: Door) -> None:
    page = door.knock("/sign-in").content.decode()
    paths = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)

    assert len(paths) > 2
    for path in paths:
        answer = door.knock(path)
        assert answer.status_code == 200
        assert {n: answer.headers.get(n) for n in HEADERS} == HEADERS, path
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
        # Read to its end, a file closes itself.
        assert answer.getvalue()


def test_a_fault_of_the_node_repeats_nothing_that_was_typed(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    page = answers(door)["a fault of the node"]

    assert PASSWORD not in page.content.decode()
    assert PASSWORD not in "".join(capsys.readouterr())


def test_the_session_cookie_is_not_for_scripts_and_not_for_other_sites(
    door: Door, cast: Cast
) -> None:
    form = {"sign_in_name": name_of(Role.DESK), "password": PASSWORD, "code": DEMO_CODE}

    answer = Client().post("/sign-in", form)

    cookie = answer.cookies[settings.SESSION_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert not cookie["domain"]
    assert not cookie["expires"]


# Keys follow people.


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.COORDINATOR, Role.FIRST_RESPONDER])
def test_whoever_cares_for_no_case_holds_no_key_to_any(cast: Cast, role: Role) -> None:
    key_id, _ = keys.issue_key("care", "desk")

    person = cast.actor(role)

    assert person.teams == {}
    assert queries.held_keys(person, {key_id}) == {}
    assert not Membership.objects.filter(account_id=person.account_id).exists()


@pytest.mark.parametrize(
    ("role", "team"),
    [(Role.CASE_WORKER, "care"), (Role.SUPERVISOR, "care"), (Role.DESK, "desk")],
)
def test_a_key_opens_for_the_team_it_was_wrapped_to_and_no_other(
    cast: Cast, role: Role, team: str
) -> None:
    person = cast.actor(role)
    own, _ = keys.issue_key(team)
    others, _ = keys.issue_key("desk" if team == "care" else "care")

    assert set(queries.held_keys(person, {own, others})) == {own}
    assert KeyWrap.objects.filter(key_id__in=[own, others]).count() == 2


@pytest.mark.parametrize(
    "cookie", [b"", b"x", bytes(32), b"y" * 32, b"z" * 4096], ids=lambda c: f"{len(c)} bytes"
)
def test_a_cookie_that_nobody_was_given_opens_nothing(cast: Cast, cookie: bytes) -> None:
    assert actions.find_actor(cookie, THE_MOMENT) is None


@pytest.mark.parametrize(
    "cookie", ["", "zz", "abc", "é", "00" * 32, "'; DROP TABLE access_session"]
)
def test_a_cookie_that_is_none_leads_to_the_sign_in_page(
    browser: Client, cast: Cast, cookie: str
) -> None:
    browser.cookies.clear()
    browser.cookies[settings.SESSION_COOKIE] = cookie

    assert browser.get("/").headers["Location"] == "/sign-in"


def test_a_changed_cookie_opens_nothing(cast: Cast) -> None:
    cookie = cast.cookie(name_of(Role.DESK))

    for n in (0, 15, 31):
        changed = cookie[:n] + bytes([cookie[n] ^ 1]) + cookie[n + 1 :]
        assert actions.find_actor(changed, THE_MOMENT) is None


@pytest.mark.parametrize(
    ("idle", "is_open"),
    [
        (timedelta(minutes=19), True),
        (timedelta(minutes=20), False),
        (timedelta(hours=8), False),
    ],
)
def test_a_session_falls_after_twenty_minutes_without_a_page(
    cast: Cast, idle: timedelta, is_open: bool
) -> None:
    cookie = cast.cookie(name_of(Role.DESK))

    assert (actions.find_actor(cookie, THE_MOMENT + idle) is not None) == is_open


def test_a_session_falls_after_eight_hours_however_busy(door: Door, cast: Cast) -> None:
    for minutes in range(0, 8 * 60, 15):
        settings.CLOCK.moment = THE_MOMENT + timedelta(minutes=minutes)
        assert door.knock("/", Role.DESK).status_code == 200

    settings.CLOCK.moment = THE_MOMENT + timedelta(hours=8)

    assert door.knock("/", Role.DESK).status_code == 302


def test_the_seed_in_one_session_opens_with_no_other_cookie(cast: Cast) -> None:
    desk, care = cast.cookie(name_of(Role.DESK)), cast.cookie(name_of(Role.CASE_WORKER))
    stolen = Session.objects.get(pk=queries.session_id_of(care)).sealed

    Session.objects.filter(pk=queries.session_id_of(desk)).update(sealed=stolen)

    assert actions.find_actor(desk, THE_MOMENT) is None
    assert actions.find_actor(care, THE_MOMENT) is not None


@pytest.mark.parametrize("role", [Role.CASE_WORKER, Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_a_session_that_was_written_over_to_another_account_opens_nothing(
    cast: Cast, role: Role
) -> None:
    cookie = cast.cookie(name_of(Role.DESK))
    other = Account.objects.get(sign_in_name=name_of(role))

    Session.objects.filter(pk=queries.session_id_of(cookie)).update(account=other)

    assert actions.find_actor(cookie, THE_MOMENT) is None


def test_a_closed_account_is_out_at_once_and_its_keys_are_withdrawn(door: Door, cast: Cast) -> None:
    colleague = cast.hire("second", "Second Inventée", Role.DESK)
    assert door.knock("/mail/", "second").status_code == 200

    path = reverse("desk:close-account", args=[colleague.pk])
    assert door.knock(path, Role.ADMINISTRATOR, "post").status_code == 302

    assert door.knock("/mail/", "second").status_code == 302
    assert not Membership.objects.filter(account=colleague).exists()
