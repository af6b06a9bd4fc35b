"""The field app on a phone without a network: nothing readable stays on it, nothing is lost."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amana.access.rules import Role
from amana.node import cast, demo, fieldwork
from amana.node.persona import Persona
from amana.node.processes import RunningNode
from tests.journeys import handset
from tests.journeys.handset import ADULT, CANARIES, CHILD, SAFE, TOLD, Handset
from tests.journeys.scan import planted_in

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.xdist_group("browser")]

S = Role.SUPERVISOR


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RunningNode]:
    """Run one fresh node of the demo."""
    (made,) = demo.make_nodes(tmp_path / "nodes", {"MA": 0})
    made.start()
    yield made
    made.kill()


@pytest.fixture
def supervisor(node: RunningNode) -> Persona:
    """Return who shows the codes and opens what comes in, over plain HTTP."""
    host, _, port = node.address.removeprefix("http://").partition(":")
    return Persona(
        port=int(port), host=host, sign_in_name="latifa", password=cast.PASSWORD
    ).sign_in()


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """Return where the phone's browser keeps all that it keeps."""
    return tmp_path / "profile"


def opened(supervisor: Persona) -> list[str]:
    """Open what waits; return the codes of all screenings that came from phones."""
    page = supervisor.post("/arrivals/open", {})
    return page.all(r'href="/screenings/(S-[\w-]+)/"')


def waiting(supervisor: Persona) -> list[str]:
    """Return the urgency of everything that waits sealed."""
    return re.findall(r'data-urgency="(\w+)"', supervisor.open("/arrivals/").text)


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_screening_without_a_network_from_a_cold_start_arrives_exactly_once(
    node: RunningNode, supervisor: Persona, browser: Any, profile: Path, language: str
) -> None:
    address = fieldwork.invitation(supervisor, "Samira Inventée")
    with handset.a_browser(browser, profile) as context:
        Handset(context.new_page(), node).enrol(address)
    node.kill()

    # The phone was switched off, the server is gone: the app opens all the same.
    with handset.a_browser(browser, profile) as context:
        phone = Handset(context.new_page(), node).open()
        phone.speak(language)
        phone.screened({**SAFE, **ADULT, **TOLD}, CANARIES[0])
        assert phone.unsent == 1
        assert not phone.errors
    assert planted_in(profile, CANARIES) == []

    # It was switched off once more before the line came back.
    node.start()
    with handset.a_browser(browser, profile) as context:
        phone = Handset(context.new_page(), node).open()
        phone.until_sent()
        phone.page.reload()
        phone.page.wait_for_selector("main h1")
        assert not phone.errors
    assert planted_in(profile, CANARIES) == []

    assert waiting(supervisor) == ["OTHER"]
    (code,) = opened(supervisor)
    page = supervisor.open(f"/screenings/{code}/")
    assert CANARIES[0] in page.text
    assert CANARIES[2] in page.text
    assert 'data-class="TRAITE_PRESUMEE"' in page.text


def test_what_was_answered_before_the_tab_died_arrives_once_and_says_that_it_broke_off(
    node: RunningNode, supervisor: Persona, browser: Any, profile: Path
) -> None:
    address = fieldwork.invitation(supervisor, "Samira Inventée")
    with handset.a_browser(browser, profile) as context:
        phone = Handset(context.new_page(), node).enrol(address)
        context.set_offline(True)
        phone.act("begin")
        phone.page.wait_for_selector("body[data-screen=question]")
        phone.answer({**SAFE, **CHILD, **TOLD}, upto="q08")
        phone.page.wait_for_selector('body[data-unsent="1"]')
        phone.page.wait_for_timeout(500)
        # The battery is empty, in the middle of a question.
        phone.page.close(run_before_unload=False)
        context.set_offline(False)
        again = Handset(context.new_page(), node).open()
        again.until_sent()
    assert waiting(supervisor) == ["CHILD_ALONE"]
    (code,) = opened(supervisor)
    read = supervisor.open("/arrivals/").text
    assert "Interrompu" in read or "Broken off" in read
    page = supervisor.open(f"/screenings/{code}/").text
    assert CANARIES[2] in page


def test_danger_goes_out_at_once_and_rings_before_anybody_opens_it(
    node: RunningNode, supervisor: Persona, browser: Any
) -> None:
    context = browser.new_context(**handset.PHONE)
    phone = Handset(context.new_page(), node).enrol(
        fieldwork.invitation(supervisor, "Samira Inventée")
    )
    phone.act("begin")
    phone.answer({**SAFE, "d2": ["ill_or_hurt"]}, upto="person")
    # She is still being asked; the duty officer knows. The part is sealed while the next page is
    # shown, so that the phone may have nothing waiting yet: the desk is asked until it came.
    for _ in range(240):
        if waiting(supervisor):
            break
        phone.page.wait_for_timeout(250)
    assert waiting(supervisor) == ["DANGER"]
    assert phone.screen == "question"
    home = supervisor.open("/").text
    assert "danger" in home.lower()
    phone.answer({**ADULT, **TOLD})
    phone.seal()
    phone.until_sent()
    assert waiting(supervisor) == ["DANGER"]
    assert len(opened(supervisor)) == 1
    context.close()


def test_work_that_may_be_read_again_goes_on_and_lies_unreadable_all_the_same(
    node: RunningNode, supervisor: Persona, browser: Any, profile: Path
) -> None:
    administrator = Persona(
        port=supervisor.port, host=supervisor.host, sign_in_name="omar", password=cast.PASSWORD
    ).sign_in()
    administrator.post("/phones/unit/care/resuming", {"allow": "1"})
    address = fieldwork.invitation(supervisor, "Samira Inventée", mode="RESUME")
    with handset.a_browser(browser, profile) as context:
        phone = Handset(context.new_page(), node).enrol(address)
        context.set_offline(True)
        phone.act("begin")
        phrase = phone.page.locator("[data-phrase]").inner_text()
        phone.act("begin")
        phone.page.wait_for_selector("body[data-screen=question]")
        phone.answer({**SAFE, **ADULT, **TOLD}, upto="q08")
        phone.page.wait_for_selector('body[data-unsent="1"]')
        phone.page.wait_for_timeout(500)
        phone.page.close(run_before_unload=False)
    assert planted_in(profile, [*CANARIES, phrase]) == []

    node.kill()
    with handset.a_browser(browser, profile) as context:
        phone = Handset(context.new_page(), node).open()
        phone.act("open")
        phone.page.fill("#phrase", phrase)
        phone.act("unlock")
        phone.page.wait_for_selector("body[data-screen=question]")
        phone.answer({**SAFE, **ADULT, **TOLD})
        phone.seal(CANARIES[1])
        node.start()
        phone.page.evaluate("dispatchEvent(new Event('online'))")
        phone.until_sent()
    assert planted_in(profile, [*CANARIES, phrase]) == []

    (code,) = opened(supervisor)
    page = supervisor.open(f"/screenings/{code}/").text
    assert CANARIES[1] in page
    assert "Broken off" not in page


def test_a_word_that_a_page_keeps_is_found_in_the_profile(
    node: RunningNode, browser: Any, profile: Path
) -> None:
    """The search is no decoration: what a careless page keeps, it finds, deleted or not."""
    with handset.a_browser(browser, profile) as context:
        phone = Handset(context.new_page(), node).open()
        phone.page.evaluate("(word) => localStorage.setItem('kept', word)", CANARIES[0])
    with handset.a_browser(browser, profile) as context:
        Handset(context.new_page(), node).open().page.evaluate("localStorage.clear()")
    assert {find.word for find in planted_in(profile, CANARIES)} == {CANARIES[0]}
