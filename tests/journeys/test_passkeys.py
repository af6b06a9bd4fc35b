"""A passkey in a real browser: made, used at the door, used as a proof, and refused without PRF."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amana.access.rules import Role
from amana.keeper.rules import DEMO_CODE
from amana.node import cast, demo
from amana.node.processes import RunningNode, running

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.xdist_group("browser")]

WORKER = next(m.sign_in_name for m in cast.staff("MA") if m.role is Role.CASE_WORKER)
KEY = ".passkey button"
PASSKEYS = ".task a[href^='/me/locks/']"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """Run one node of the demo."""
    (made,) = demo.make_nodes(tmp_path_factory.mktemp("passkeys"), {"MA": 0})
    with running(made.data) as nodes:
        yield nodes[0]


class Person:
    """A person at a browser whose device has an authenticator, with PRF or without."""

    def __init__(self, browser: Any, node: RunningNode, *, has_prf: bool = True) -> None:
        self.address = node.address
        self.page = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
        self.page.set_default_timeout(15_000)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.wire = self.page.context.new_cdp_session(self.page)
        self.wire.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "hasPrf": has_prf,
            "isUserVerified": True,
        }
        made = self.wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.authenticator = made["authenticatorId"]

    def open(self, path: str) -> None:
        """Open a page of the node."""
        self.page.goto(self.address + path)

    def sign_in(self) -> None:
        """Sign in with the password and the code that the demo prints."""
        self.open("/sign-in")
        self.page.fill("[name=sign_in_name]", WORKER)
        self.prove()
        self.page.wait_for_url(f"{self.address}/")

    def prove(self) -> None:
        """Type password and code."""
        self.page.fill("[name=password]", cast.PASSWORD)
        self.page.fill("[name=code]", DEMO_CODE)
        self.page.locator("main .actions .button").click()

    def press(self, selector: str) -> None:
        """Press a button and wait for the page that follows."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def sign_out(self) -> None:
        """Lock."""
        self.press("button.lock")

    def credentials(self) -> list[Any]:
        """Return what the authenticator holds."""
        given = {"authenticatorId": self.authenticator}
        return list(self.wire.send("WebAuthn.getCredentials", given)["credentials"])


@pytest.fixture
def person(browser: Any, node: RunningNode) -> Iterator[Person]:
    """Somebody with a device that knows PRF."""
    person = Person(browser, node)
    yield person
    assert person.faults == []
    person.page.context.close()


def test_a_passkey_is_made_opens_the_door_and_is_a_proof(person: Person) -> None:
    page = person.page
    person.sign_in()
    person.open("/me/locks")
    assert page.locator(PASSKEYS).count() == 0

    person.press(KEY)
    assert page.url == f"{person.address}/me/locks?said=lock_added"
    assert page.locator(PASSKEYS).count() == 1
    assert len(person.credentials()) == 1

    person.sign_out()
    assert page.url == f"{person.address}/sign-in"
    person.press(KEY)
    assert page.url == f"{person.address}/"

    person.open("/step-up?back=/me/locks")
    person.press(KEY)
    assert page.url == f"{person.address}/me/locks"

    # Removed here, it opens nothing, although the device still has it.
    person.press(PASSKEYS)
    person.press("main .actions .button")
    assert page.url == f"{person.address}/me/locks?said=lock_removed"
    person.sign_out()
    person.press(KEY)
    assert page.url == f"{person.address}/sign-in/passkey"
    assert page.locator(".problems").is_visible()


def test_a_copied_passkey_that_lags_behind_is_refused(person: Person) -> None:
    person.sign_in()
    person.open("/me/locks")
    person.press(KEY)
    (copy,) = person.credentials()
    person.sign_out()
    person.press(KEY)
    assert person.page.url == f"{person.address}/"
    person.sign_out()

    # The copy was taken before: it has signed less often than the node knows.
    given = {"authenticatorId": person.authenticator}
    person.wire.send("WebAuthn.clearCredentials", given)
    person.wire.send("WebAuthn.addCredential", given | {"credential": copy | {"signCount": 0}})
    person.press(KEY)

    assert person.page.locator(".problems").is_visible()


def test_an_answer_that_was_overheard_opens_nothing_a_second_time(person: Person) -> None:
    person.sign_in()
    person.open("/me/locks")
    person.press(KEY)
    person.sign_out()
    with person.page.expect_request("**/sign-in/passkey") as sent:
        person.press(KEY)
    overheard = sent.value.post_data
    person.sign_out()

    fields = "&".join(p for p in overheard.split("&") if not p.startswith("csrf"))
    status = person.page.evaluate(
        """async fields => {
            const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
            const body = `csrfmiddlewaretoken=${token}&${fields}`;
            const headers = {"Content-Type": "application/x-www-form-urlencoded"};
            const answer = await fetch("/sign-in/passkey", {method: "POST", headers, body});
            return [answer.status, (await answer.text()).includes("data-objection")];
        }""",
        fields,
    )

    assert status == [422, True]


def test_a_device_that_keeps_no_secret_is_refused_in_plain_words(
    browser: Any, node: RunningNode
) -> None:
    person = Person(browser, node, has_prf=False)
    person.sign_in()
    person.open("/me/locks")
    before = person.page.locator(PASSKEYS).count()

    person.press(KEY)

    assert "PRF" in person.page.locator(".problems").inner_text()
    assert person.page.locator(PASSKEYS).count() == before
    assert person.faults == []
    person.page.context.close()


def test_recovery_asks_and_shows_its_letters_once(person: Person) -> None:
    person.open("/recover")
    person.page.fill("[name=sign_in_name]", WORKER)
    person.press("main .actions .button")

    letters = person.page.locator(".letters").inner_text()
    assert len(letters.split()) == 13
    assert person.page.locator("svg.qr-code").is_visible()
    person.open("/recover/finish")
    person.page.fill("[name=sign_in_name]", WORKER)
    person.page.fill("[name=letters]", letters)
    person.press("main .actions .button")
    assert person.page.locator(".problems").is_visible()


def test_the_sign_in_page_stays_light(person: Person, tmp_path: Path) -> None:
    sizes: list[int] = []
    person.wire.send("Network.enable")
    person.wire.on("Network.loadingFinished", lambda e: sizes.append(int(e["encodedDataLength"])))

    person.open("/sign-in")
    person.page.wait_for_load_state("networkidle")

    print("sign-in weighs", sum(sizes))
    assert 0 < sum(sizes) < 50_000
