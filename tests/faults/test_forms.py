"""Every address of the access table, asked by everybody with garbage: no fault, nobody's secret.

Whoever asks is signed in with a real session. What is sent is what no page would send: unknown
fields, huge words, NUL, marks that turn the direction of writing, halves of a letter, lists where
one word belongs. Every request is undone afterwards, so that each finds the same node.
"""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as law
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from amana.access import policy
from amana.access.rules import Role
from amana.cases.rules import IDENTITY
from amana.exchange import actions as exchange
from amana.exchange.directory import fingerprint_in
from amana.exchange.tests.builders import other_country
from amana.node.cast import staff
from amana.node.who_may_open import TABLE
from amana.standards import codes
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast, StoppedClock, assemble, name_of
from tests.faults.house import House
from tests.faults.writes import Writer

# What a node may answer: shown, done, led on, not there, not in this way, too much, refused.
ANSWERS = frozenset({200, 204, 302, 400, 403, 404, 405, 413, 415, 422})
ROLES = tuple(dict.fromkeys(member.role for member in staff("MA")))
ROOMS = ("access", "cases", "identification", "referrals", "search")
# A body of this many letters is more than any form takes.
HUGE = 1_100_000


def _arguments(patterns: Any, space: str = "", over: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Yield each address by name with the kinds of its arguments."""
    for pattern in patterns:
        found = (*over, *pattern.pattern.converters.items())
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _arguments(pattern.url_patterns, inner, found)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", {k: type(v).__name__ for k, v in found}


ADDRESSES: dict[str, dict[str, str]] = dict(_arguments(get_resolver().url_patterns))


def _fields() -> list[str]:
    """Return the names of all fields of all forms."""
    names = {"back", "next", "csrfmiddlewaretoken", "unknown", "q", "answer", "prf"}
    for room in ROOMS:
        for form in vars(importlib.import_module(f"amana.{room}.forms")).values():
            if isinstance(form, type) and issubclass(form, forms.BaseForm):
                names |= set(form.base_fields)
    return sorted(names)


NASTY = (
    "",
    " ",
    "0",
    "-1",
    "9" * 400,
    "1e309",
    "NaN",
    "\0",
    "a\0b",
    "\u202e\u2067evil\u2069",
    "\ud800",
    "é" * 300,
    "x" * 20_000,
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "[]",
    '{"a":',
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{ settings.SECRET_KEY }}",
    "../../../etc/passwd",
    "//elsewhere.example/",
    "\r\nSet-Cookie: a=b",
)
WORDS = st.sampled_from(NASTY) | st.text(max_size=40)
FORM = st.lists(st.tuples(st.sampled_from(_fields()) | WORDS, WORDS), max_size=12)
ONE_WAY = st.sampled_from((("get",), ("post",)))
ARGUMENTS = {
    "StringConverter": st.sampled_from(NASTY) | st.text(min_size=1, max_size=30),
    "IntConverter": st.sampled_from((0, 1, 2**31, 2**63 - 1, 2**63, 10**60)),
    "PathConverter": st.sampled_from(NASTY) | st.text(min_size=1, max_size=30),
    "SlugConverter": st.sampled_from(("a", "a" * 300, "-")),
}
# Files and recordings of the phones' app, which are nobody's secret.
KNOWN: dict[str, list[Any]] = {"PathConverter": ["app.js"], "SlugConverter": ["rapid-screening"]}


@dataclass(frozen=True)
class Lived:
    """A node that has something to hide: its people, and the numbers of what is there."""

    cast: Cast
    secret: str
    known: dict[str, list[Any]]


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Lived]:
    """One case with a secret in its sealed parts, its referral, and mail from the other country."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast, there = assemble(everybody=True), other_country()
        file = there.directory_file(NOW)
        exchange.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
        writer = Writer(House(None, None, cast, there))  # type: ignore[arg-type]
        secret = str(writer.write("write_part")["mark"])
        case = str(writer.made["open_case"]["case"])
        consent = writer.write("consent")["consent"]
        referral = writer.write("prepare")["referral"]
        draft = writer.write("start_draft")["draft"]
        screening = writer.write("decide")["screening"]
        writer.write("open_mail")
        for role in ROLES:
            cast.actor(role)
        ids = [case, screening, referral, draft, IDENTITY, *cast.keys]
        yield Lived(cast, secret, {**KNOWN, "StringConverter": ids, "IntConverter": [consent, 1]})
        transaction.set_rollback(True)


@pytest.fixture
def node(lived: Lived, db: None) -> Iterator[Lived]:
    """The node of this module, at its moment."""
    with override_settings(CLOCK=StoppedClock(NOW)):
        yield lived


def path_of(name: str, data: st.DataObject, known: dict[str, list[Any]]) -> str | None:
    """Return an address with garbage, or with what is there, in its place; None when none fits."""
    given_ = {
        key: data.draw(ARGUMENTS[kind] | st.sampled_from(known.get(kind, [1])))
        for key, kind in ADDRESSES[name].items()
    }
    try:
        return reverse(name, kwargs=given_)
    except (NoReverseMatch, UnicodeEncodeError):
        return None


def encoded(fields: list[tuple[str, str]]) -> str:
    """Return fields as a form is posted; half a letter becomes bytes that are no UTF-8."""

    def part(word: str) -> str:
        return quote_from_bytes(word.encode("utf-8", "surrogatepass"))

    return "&".join(f"{part(key)}={part(value)}" for key, value in fields)


def asked(browser: Client, cookie: str, method: str, path: str, form: str) -> HttpResponse:
    """Ask once, and undo whatever it did."""
    browser.cookies.clear()
    browser.cookies[settings.SESSION_COOKIE] = cookie
    with transaction.atomic():
        if method == "get":
            answer = browser.get(f"{path}?{form}" if len(form) < 4000 else path)
        else:
            answer = browser.post(path, form, "application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    return answer


@pytest.mark.parametrize("name", sorted(TABLE))
@law(
    max_examples=2,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)
@given(data=st.data())
def test_no_garbage_breaks_a_page_or_shows_what_is_not_for_this_role(
    node: Lived, name: str, data: st.DataObject
) -> None:
    browser, form = Client(raise_request_exception=False), encoded(data.draw(FORM))
    path = path_of(name, data, node.known)
    if path is None:
        return
    for role in ROLES:
        cookie = node.cast.cookie(name_of(role)).hex()
        is_theirs = TABLE[name].is_public or role in TABLE[name].roles
        # Whom a page is not for is turned away before anybody looks at how she asked.
        for method in ("get", "post") if is_theirs else data.draw(ONE_WAY):
            answer = asked(browser, cookie, method, path, form)
            assert answer.status_code in ANSWERS, (role, method, path)
            assert is_theirs or answer.status_code == 404, (role, method, path)
            if IDENTITY not in policy.opens(role):
                assert node.secret.encode() not in answer.content, (role, method, path)


@pytest.mark.parametrize("name", sorted(n for n, page in TABLE.items() if not ADDRESSES[n]))
def test_more_than_any_form_takes_is_refused_with_a_page(node: Lived, name: str) -> None:
    browser = Client(raise_request_exception=False)
    many = "&".join(f"f{n}=1" for n in range(1200))
    for role in (next(iter(TABLE[name].roles & set(ROLES)), Role.DESK),):
        cookie = node.cast.cookie(name_of(role)).hex()
        for form in ("a=" + "x" * HUGE, many):
            assert asked(browser, cookie, "post", reverse(name), form).status_code in ANSWERS


COOKIES = st.sampled_from(("", "zz", "0", "00", "é", "00" * 31, "00" * 32, "ff" * 5000, '"', "a b"))


@law(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cookie=COOKIES | st.text("0123456789abcdefg", max_size=80))
def test_a_cookie_of_nobody_is_led_to_the_door(node: Lived, cookie: str) -> None:
    answer = asked(Client(raise_request_exception=False), cookie, "get", "/", "")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")


def test_the_secret_is_there_for_who_may_open_it(node: Lived) -> None:
    """Without this the test above could look for what nobody ever sees."""
    case = node.known["StringConverter"][0]
    path = reverse("cases:compartment", args=[case, IDENTITY])
    cookie = node.cast.cookie(name_of(Role.CASE_WORKER)).hex()
    browser = Client(raise_request_exception=False)

    reason = next(iter(codes.values("OPEN_REASON")))
    answer = asked(browser, cookie, "post", path, f"reason={reason}")

    assert node.secret.encode() in answer.content
