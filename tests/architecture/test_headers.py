"""What every answer of the node says to a browser, at every address; and what it takes from one."""

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from amana.access.rules import Role
from amana.field.shell import OPENED, files
from amana.node import reports
from amana.node.errors import Bare
from amana.node.middleware import HEADERS, OF_FILES
from amana.node.who_may_open import TABLE
from tests.architecture.test_access import ADDRESSES
from tests.cast import Cast, StoppedClock

# The whole policy, written out: whoever changes it changes this line too.
POLICY = (
    "default-src 'none'; script-src 'nonce-N'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; worker-src 'self'; manifest-src 'self'; media-src 'self' blob:; "
    "require-trusted-types-for 'script'; trusted-types default; "
    "report-uri /csp-report"
)
ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# What the field app's script hears when it sends: no browser opens it, and a bad line pays for it.
TOLD = {"field:enrol", "field:arrive", "field:leave"}


def as_desk(cast: Cast) -> Client:
    """Return a browser in which the desk is signed in."""
    browser, actor = Client(raise_request_exception=False), cast.actor(Role.DESK)
    assert actor
    browser.cookies[settings.SESSION_COOKIE] = next(iter(cast.cookies.values())).hex()
    return browser


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_every_address_answers_with_every_header(
    cast: Cast, stopped_clock: StoppedClock, name: str
) -> None:
    for browser in (Client(raise_request_exception=False), as_desk(cast)):
        for method in ("get", "post", "head", "options", "put"):
            answer = getattr(browser, method)(ADDRESSES[name].path)

            policy = re.sub(
                r"nonce-[\w-]{22}", "nonce-N", answer.headers["Content-Security-Policy"]
            )
            # The app that a phone keeps runs its own files: a nonce that is kept is none.
            is_shell = name == "field:shell" and method in ("get", "head")
            if name == "field:recorded" and method in ("get", "head"):
                assert policy == "default-src 'none'; frame-ancestors 'none'"
                assert answer.headers["Cache-Control"] == "no-cache"
                continue
            if name in TOLD and method == "post":
                assert answer.headers["Content-Type"] == "application/json"
                assert policy == "default-src 'none'; frame-ancestors 'none'"
                assert OF_FILES.items() < dict(answer.headers).items()
                assert answer.headers["Cache-Control"] == "no-store"
                continue
            own = POLICY.replace("'nonce-N'", "'self' 'wasm-unsafe-eval'")
            expected = own if is_shell else POLICY
            assert policy == expected, method
            assert {n: answer.headers.get(n) for n in ALWAYS} == ALWAYS, method
            assert answer.headers["Cache-Control"] == ("no-cache" if is_shell else "no-store")
            assert "Server" not in answer.headers


@pytest.mark.parametrize("path", sorted({*files("en"), *OPENED}))
def test_what_a_phone_opens_has_every_header_and_a_script_or_list_those_that_mean_something(
    cast: Cast, stopped_clock: StoppedClock, path: str
) -> None:
    answer = Client().get(f"/field/{path}", headers={"accept-encoding": "gzip"})
    kept = {name: answer.headers.get(name) for name in ALWAYS}

    assert answer.status_code == 200
    assert kept["X-Content-Type-Options"] == "nosniff"
    assert kept["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = answer.headers["Content-Security-Policy"]
    # Whatever a browser shows as a page, or runs as a worker, obeys what every page obeys.
    if answer.headers["Content-Type"].startswith(("text/html", "image/svg")) or path == "sw.js":
        assert kept == ALWAYS
        assert policy == POLICY.replace("'nonce-N'", "'self' 'wasm-unsafe-eval'")
    else:
        assert policy == "default-src 'none'; frame-ancestors 'none'"
        assert sum(len(f"{n}: {v}\r\n") for n, v in answer.headers.items()) < 500


def test_what_a_browser_can_do_is_denied_but_for_passkeys() -> None:
    allowed = dict(part.split("=") for part in HEADERS["Permissions-Policy"].split(", "))

    assert {name for name, whom in allowed.items() if whom != "()"} == {
        *("publickey-credentials-create", "publickey-credentials-get")
    }
    assert {"camera", "microphone", "geolocation", "usb", "payment"} < set(allowed)


# A node over TLS.

ASK = """
import json
from pathlib import Path
from amana.node import config
first = config.load
def over_tls(data):
    from dataclasses import replace
    node, seed, secret = first(data)
    return replace(node, url="https://node.example"), seed, secret
config.load = over_tls
import django
django.setup()
from django.conf import settings
from amana.node.middleware import HEADERS, OF_FILES
print(json.dumps([settings.SESSION_COOKIE, settings.CSRF_COOKIE_NAME, settings.CSRF_COOKIE_SECURE,
                  settings.LANGUAGE_COOKIE_SECURE, HEADERS["Strict-Transport-Security"]]))
"""


def test_over_tls_cookies_belong_to_this_host_alone() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            "DJANGO_SETTINGS_MODULE": "amana.node.settings",
        },
        capture_output=True,
        text=True,
        check=True,
    )

    session, csrf, *secure, transport = json.loads(run.stdout)
    assert (session, csrf) == ("__Host-amana", "__Host-csrf")
    assert secure == [True, True]
    assert transport.startswith("max-age=63072000")


# Where a request came from.


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_a_form_of_another_site_is_refused_at_every_address(
    cast: Cast, stopped_clock: StoppedClock, site: str
) -> None:
    browser = as_desk(cast)

    for address in ADDRESSES.values():
        answer = browser.post(address.path, headers={"sec-fetch-site": site})
        assert answer.status_code == 403, address.name
    assert browser.get("/", headers={"sec-fetch-site": "none"}).status_code == 200


def test_a_link_on_another_site_leads_to_the_sign_in_page(
    cast: Cast, stopped_clock: StoppedClock
) -> None:
    browser = as_desk(cast)

    for name, page in TABLE.items():
        answer = browser.get(ADDRESSES[name].path, headers={"sec-fetch-site": "cross-site"})
        if not page.is_public:
            assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in"), name
    there = browser.get("/sign-in", headers={"sec-fetch-site": "cross-site"})
    assert there.status_code == 200
    assert name not in there.content.decode()


@pytest.mark.parametrize("site", ["same-origin", "none", ""])
def test_whoever_comes_from_here_is_known(
    cast: Cast, stopped_clock: StoppedClock, site: str
) -> None:
    assert as_desk(cast).get("/", headers={"sec-fetch-site": site}).status_code == 200


# What a browser reports.


def report(directive: str, **more: object) -> bytes:
    return json.dumps({"csp-report": {"effective-directive": directive, **more}}).encode()


def test_a_report_is_counted_by_its_kind_and_leaves_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, cast: Cast
) -> None:
    reports._seen.clear()
    monkeypatch.setattr(logging.getLogger("amana"), "propagate", True)
    evil = "https://node.example/cases/MA-1/?name=Awa"

    for _ in range(5):
        answer = Client().post(
            "/csp-report",
            report("script-src-elem", **{"blocked-uri": evil}),
            "application/csp-report",
        )
        assert (answer.status_code, answer.content) == (204, b"")

    assert reports._seen == {"script-src-elem": 5}
    kept = [record for record in caplog.records if record.module == "reports"]
    assert len(kept) == 3, "the first, the second and the fourth"
    for record in kept:
        Bare().filter(record)
    assert kept[-1].getMessage().endswith("csp:script-src-elem:4")
    assert "Awa" not in repr([record.__dict__ for record in kept])


def test_both_forms_of_a_report_are_read() -> None:
    newer = [{"type": "csp-violation", "body": {"effectiveDirective": "img-src"}}] * 2

    assert reports.directives(report("style-src")) == ["style-src"]
    assert reports.directives(json.dumps(newer).encode()) == ["img-src", "img-src"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[" * 10_000,
        b"{}",
        b"3",
        report("Awa"),
        report("script-src", more="x" * reports.LARGEST),
        b'{"csp-report": []}',
        b'{"csp-report": {"effective-directive": ["img-src"]}}',
    ],
)
def test_whatever_else_is_sent_is_counted_as_other(body: bytes) -> None:
    assert reports.directives(body) == ["other"]


@given(st.binary(max_size=300))
def test_no_body_makes_a_report_fail_or_speak(body: bytes) -> None:
    assert set(reports.directives(body)) <= {*reports.DIRECTIVES, "other"}


def test_a_list_without_end_is_read_to_its_sixteenth() -> None:
    assert len(reports.directives(b"[" + b",".join([b"1"] * 900) + b"]")) == 16
