"""Nobody but who works in a house and who brings somebody there reaches where it stands.

Made from the access table: every address of the node, asked for by every role, with codes that
exist, while a transport is on its way. Added is what people are told, what is on record and what a
fault would print.
"""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import NoReverseMatch, get_resolver, reverse

from amana.access.models import Notice
from amana.access.rules import WITHOUT_ACCOUNT, Role
from amana.audit.models import Entry
from amana.cases.tests.builders import a_case
from amana.node.cast import staff
from amana.node.who_may_open import TABLE
from amana.shelters import actions
from amana.shelters.models import Unit
from amana.shelters.tests.builders import ADDRESS, a_shelter, accepted
from amana.shelters.tests.builders import staff as manager
from tests.architecture.test_access import addresses
from tests.cast import THE_MOMENT, Cast, StoppedClock, assemble, name_of

pytestmark = pytest.mark.django_db
ENCODED = ADDRESS.encode()
# What the forms of the network send, each with one thing that it does.
PRESSED: list[dict[str, str]] = [
    {},
    {"act": "all", "escort": "x", "propose": "1"},
    {"act": "leave", "kind": "ABUSE_BY_STAFF", "words": "x", "house": "x"},
    {"act": "address", "address": "x", "place": "x=y=z:1"},
]
WORDS = [ENCODED, "Karité".encode(), b"Karit", b"Zib\xc3\xa9line"]


def paths(known: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Return every address of the node, with every code that exists in every place."""
    found = []
    for address in addresses(get_resolver().url_patterns):
        if address.name not in TABLE:
            continue
        choices = [{}] if not address.arguments else _filled(address.arguments, known)
        for arguments in choices:
            try:
                found.append((address.name, reverse(address.name, kwargs=arguments)))
            except NoReverseMatch:
                continue
    return found


def _filled(arguments: dict[str, Any], known: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Return the arguments with one existing code after the other in all of their places."""
    return [
        {name: (known["int"][n % len(known["int"])] if isinstance(value, int) else code)
         for name, value in arguments.items()}
        for n, code in enumerate(known["str"])
    ]  # fmt: skip


def _press_everything(cast: Cast, role: Role, asked: list[tuple[str, str]]) -> None:
    browser = Client(raise_request_exception=False)
    browser.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(role)).hex()
    for name, path in asked:
        if name.startswith("shelters:") and role in TABLE[name].roles:
            for said in PRESSED:
                answer = browser.post(path, said)
                assert not [w for w in WORDS[:2] if w in answer.content], (role, path)


def test_no_page_no_answer_and_no_word_on_record_says_where_a_house_stands(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    cast: Cast = assemble(everybody=True)
    case, (house, unit) = a_case(cast), a_shelter(cast, THE_MOMENT, team="shelter-2")
    ask = accepted(cast, THE_MOMENT, case, house)
    made = actions.begin_transport(ask_id=ask.pk, actor=manager(cast, "shelter-2"), now=THE_MOMENT)
    here = {member.role for member in staff(settings.NODE.country)}
    others = [r for r in Role if r not in WITHOUT_ACCOUNT | {Role.CASE_WORKER}]
    for role in set(others) - here:
        cast.hire(name_of(role), f"{role.name.title()} Inventée", role)
    known = {
        "str": [
            *(case.pk, house.pk, made.pk, ask.request_id, str(ask.pk), "shelters"),
            *ask.stays.values_list("pk", flat=True),
        ],
        "int": [str(ask.pk), str(unit.pk)],
    }
    asked = paths(known)
    assert len(asked) > 150

    # An hour after: everything is under way.
    with override_settings(CLOCK=StoppedClock(THE_MOMENT + timedelta(minutes=1))):
        for role in others:
            browser = Client(raise_request_exception=False)
            browser.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(role)).hex()
            for name, path in asked:
                # What is not for a role at all is one answer for everything: test_access.
                if role not in TABLE[name].roles:
                    continue
                answer = browser.get(path)
                body = answer.getvalue() if answer.streaming else answer.content
                assert not [w for w in WORDS[:2] if w in body], (role, path)
            refused = browser.post(f"/beds/way/{made.pk}", {})
            assert refused.status_code == 404, role
        # Whatever may be pressed in the network is pressed as well, when all was looked at.
        for role in others:
            _press_everything(cast, role, asked)

    told = [bytes(e.event) for e in Entry.objects.all() if e.event]
    told += [str(list(Notice.objects.values_list())).encode(), caplog.text.encode()]
    told += ["".join(capsys.readouterr()).encode()]
    assert not [one for one in told if b"Karit" in one]
    assert Unit.objects.filter(pk=unit.pk).exists()


def test_the_address_is_found_where_it_may_be_seen_so_that_the_search_is_known_to_work() -> None:
    cast = assemble()
    case, (house, _) = a_case(cast), a_shelter(cast, THE_MOMENT)
    ask = accepted(cast, THE_MOMENT, case, house)
    made = actions.begin_transport(ask_id=ask.pk, actor=manager(cast), now=THE_MOMENT)
    browser = Client()
    browser.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(Role.CASE_WORKER)).hex()

    with override_settings(CLOCK=StoppedClock(THE_MOMENT)):
        answer = browser.post(f"/beds/way/{made.pk}", {})

    assert ENCODED in answer.content
