"""The main job, in a browser, between two node processes that are killed in between."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from amana.keeper.rules import DEMO_CODE
from amana.node.cast import PASSWORD
from amana.node.demo import make_nodes
from amana.node.processes import RunningNode

pytestmark = [
    pytest.mark.browser,
    pytest.mark.nodes,
    pytest.mark.xdist_group("browser"),
]
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Seat:
    """A person at a browser of her own, in her language."""

    page: Any
    node: RunningNode
    language: str

    def sign_in(self, name: str) -> "Seat":
        """Sign in and choose the language."""
        self.open("/sign-in")
        self.page.fill('input[name="sign_in_name"]', name)
        self.page.fill('input[name="password"]', PASSWORD)
        self.page.fill('input[name="code"]', DEMO_CODE)
        self.press('form:has(input[name="password"])')
        self.page.click(f'form.languages button[value="{self.language}"]')
        direction = "rtl" if self.language == "ar" else "ltr"
        assert self.page.get_attribute("html", "dir") == direction
        return self

    def open(self, path: str) -> None:
        """Open a page of this node."""
        self.page.goto(self.node.address + path)

    def press(self, form: str) -> None:
        """Send a form, wherever on the page it lies folded away."""
        self.page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
        with self.page.expect_navigation():
            self.page.click(f"{form} button.button")

    def tick(self, name: str, *values: str) -> None:
        """Tick boxes or a round button."""
        for value in values:
            self.page.check(f'input[name="{name}"][value="{value}"]')

    def state(self, referral: str) -> str:
        """Return where a referral stands, as this page shows it."""
        self.open(f"/referrals/{referral}/")
        return str(self.page.get_attribute("[data-state]", "data-state"))

    def mail(self) -> None:
        """Wait for sealed mail and open it."""
        for _ in range(360):
            self.open("/mail/")
            if self.page.query_selector("[data-sealed]"):
                self.press("[data-sealed] form")
                return
            self.page.wait_for_timeout(250)
        pytest.fail("no mail came")

    def until(self, referral: str, wanted: str) -> None:
        """Open mail as it comes until a referral stands where it must."""
        for _ in range(360):
            if self.state(referral) == wanted:
                return
            self.open("/mail/")
            if self.page.query_selector("[data-sealed]"):
                self.press("[data-sealed] form")
            self.page.wait_for_timeout(250)
        pytest.fail(f"{referral} did not reach {wanted}")


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[dict[str, RunningNode]]:
    """Two fresh nodes, with nothing in them."""
    made = make_nodes(tmp_path, {"CI": 0, "MA": 0})
    for node in made:
        node.start()
    yield {node.config.country: node for node in made}
    for node in made:
        node.kill()


@pytest.fixture
def seat(browser: Any, nodes: dict[str, RunningNode]) -> Iterator[Any]:
    """Sit a person down: `seat("MA", "samira", "ar")`."""
    contexts = []

    def sit(country: str, name: str, language: str) -> Seat:
        context = browser.new_context(locale="fr-FR")
        contexts.append(context)
        return Seat(context.new_page(), nodes[country], language).sign_in(name)

    yield sit
    for context in contexts:
        context.close()


def screen(responder: Seat) -> str:
    """Screen a person who was promised a shop and kept as a servant; return the receipt."""
    responder.open("/screen/")
    responder.press("form:not([action]):not(.languages)")
    for question in ("d1", "d2", "d3"):
        responder.tick(question, "none" if question != "d3" else "alone")
    responder.press('form:has(input[name="d1"])')
    page = responder.page
    page.fill('input[name="alias"]', "Zoumana")
    page.select_option('select[name="sex"]', "F")
    responder.tick("minor", "no")
    page.select_option('select[name="age_band"]', "18_24")
    responder.tick("situation", "alone")
    page.select_option('select[name="language"]', "dyu")
    page.select_option('select[name="citizenship"]', "CI")
    responder.press('form:has(input[name="alias"])')
    ticked = {3: ["brought"], 4: ["false_promise"], 6: ["kept"], 8: ["unpaid", "no_rest"]}
    for number in range(1, 13):
        question = f"q{number:02}"
        responder.tick(question, *ticked.get(number, ["none"]))
        responder.press(f'form:has(input[name="{question}"])')
    assert page.get_attribute("[data-class]", "data-class") == "TRAITE_PRESUMEE"
    page.fill('textarea[name="observation"]', "Sept mois sans salaire.")
    responder.press('form:has(textarea[name="observation"])')
    return page.url.rstrip("/").rsplit("/", 1)[1]


def open_case(worker: Seat, screening: str) -> str:
    """Open the case and write the identity into its sealed part."""
    worker.open(f"/screenings/{screening}/")
    worker.press('form[action*="/cases/open/"]')
    case = worker.page.url.split("/cases/")[1].split("/")[0]
    part = f'form[action$="/cases/{case}/part/identity"]'
    worker.page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
    worker.page.check(f'{part} input[name="reason"][value="PREPARE_REFERRAL"]')
    worker.press(part)
    worker.page.fill('input[name="full_name"]', "Nafissatou Gbagbelé")
    worker.press('form[action$="/part/identity/write"]')
    return case


def prepare(worker: Seat, case: str) -> None:
    """Fill in a referral and hand it to the desk."""
    worker.open(f"/cases/{case}/refer")
    worker.page.select_option('select[name="country"]', "CI")
    worker.tick("purpose", "CARE_AFTER_RETURN")
    worker.tick("urgency", "normal")
    worker.tick("needs", "SHELTER")
    worker.page.select_option('select[name="risk"]', "HIGH")
    worker.tick("fields_to_send", "first_name", "full_name")
    worker.press('form:has(input[name="needs"])')


def consent(worker: Seat, case: str) -> None:
    """Record the person's consent, after its limits were said aloud."""
    worker.open(f"/cases/{case}/consent")
    worker.page.select_option('select[name="country"]', "CI")
    worker.tick("ground", "CONSENT")
    worker.tick("given_by", "PERSON")
    worker.page.select_option('select[name="mode"]', "SIGNATURE")
    worker.page.select_option('select[name="language"]', "dyu")
    worker.tick("content", "FIRST_NAME", "IDENTITY", "NEEDS", "CLASS")
    worker.press('form:has(input[name="content"])')


def accept(desk: Seat, referral: str) -> None:
    """Accept with a condition, naming who will be responsible."""
    desk.open(f"/referrals/{referral}/")
    page, form = desk.page, 'form[action$="/accept"]'
    page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
    page.fill(f'{form} [name="worker_name"]', "Ouattarina Kpélé")
    page.fill(f'{form} [name="worker_phone"]', "+225 27 00 00 00 00")
    page.fill(f'{form} [name="service"]', "Un lit, un repas")
    page.fill(f'{form} [name="from_on"]', "2026-12-01")
    page.fill(f'{form} [name="conditions"]', "Prévenir la veille")
    desk.press(form)


def status(node: RunningNode) -> dict[str, Any]:
    """Return what a node says of itself on the command line."""
    found: dict[str, Any] = json.loads(amana("node", "status", "--data", str(node.data), "--json"))
    return found


def at_rest(node: RunningNode) -> dict[str, Any]:
    """Return what a node says once its last receipt was carried; a retry may still be waiting."""
    for _ in range(90):
        found = status(node)
        if not any(found["waiting"].values()):
            return found
        time.sleep(0.5)
    return found


def amana(*arguments: str) -> str:
    """Run a command that must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "amana", *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout


def told_kinds(seat: Seat, referral: str) -> list[str]:
    """Return the M-numbers of the story, in the order a page tells it."""
    seat.open(f"/referrals/{referral}/")
    titles = seat.page.locator(".timeline .moment-title").all_inner_texts()
    return re.findall(r"\((M0\d)\)", "\n".join(titles))


def test_a_screening_becomes_an_answered_referral_while_nodes_are_killed(
    nodes: dict[str, RunningNode], seat: Any
) -> None:
    ma, ci = nodes["MA"], nodes["CI"]

    # A first responder screens, in Arabic; a supervisor decides, in French.
    screening = screen(seat("MA", "samira", "ar"))
    supervisor = seat("MA", "latifa", "fr")
    supervisor.open(f"/screenings/{screening}/")
    supervisor.press('form[action$="/decide"]')

    # Without consent the next step refuses, and says what stands against it.
    worker = seat("MA", "hicham", "fr")
    case = open_case(worker, screening)
    prepare(worker, case)
    assert "/refer" in worker.page.url
    assert worker.page.query_selector(".problems") is not None
    consent(worker, case)
    prepare(worker, case)
    referral = worker.page.url.split("/referrals/")[1].split("/")[0]

    # The offer is released while the other country lies in the dark; then both are killed.
    ci.kill()
    desk_ma = seat("MA", "youssef", "fr")
    desk_ma.open(f"/referrals/{referral}/")
    desk_ma.press('form[action$="/release"]')
    ma.kill()
    ma.start()
    ci.start()

    # The other desk opens it in English, acknowledges, asks.
    desk_ci = seat("CI", "mariam", "en")
    desk_ci.mail()
    desk_ci.open(f"/referrals/{referral}/")
    assert "Gbagbelé" not in desk_ci.page.content()
    desk_ci.press('form[action$="/acknowledge"]')
    ma.kill()
    desk_ci.page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
    desk_ci.tick("topics", "NEEDS")
    desk_ci.page.fill('form[action$="/ask"] [name="text"]', "Quelle formation ?")
    desk_ci.press('form[action$="/ask"]')
    ci.kill()
    ci.start()
    ma.start()

    # The question is answered; the acceptance is given and its node killed at once.
    desk_ma.until(referral, "question_open")
    desk_ma.open(f"/referrals/{referral}/")
    desk_ma.page.fill('form[action$="/reply"] [name="text"]', "La couture.")
    desk_ma.press('form[action$="/reply"]')
    desk_ci.until(referral, "acknowledged")
    accept(desk_ci, referral)
    ci.kill()
    ci.start()

    # Only now the identity leaves; it arrives, and a case worker there opens it for a reason.
    desk_ma.until(referral, "accepted")
    desk_ma.press('form[action$="/dossier"]')
    desk_ci.until(referral, "dossier_received")
    desk_ma.until(referral, "dossier_received")
    koffi = seat("CI", "koffi", "fr")
    koffi.open("/cases/")
    koffi.page.click('table a[href^="/cases/"]')
    koffi.page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
    part = 'form[action$="/part/identity"]'
    koffi.page.check(f'{part} input[name="reason"][value="ARRANGE_CARE"]')
    koffi.press(part)
    assert "Nafissatou Gbagbelé" in koffi.page.content()

    # Nothing was lost, nothing happened twice, and both tell the same story.
    expected = ["M01", "M02", "M03", "M03", "M04", "M01"]
    assert told_kinds(desk_ma, referral) == told_kinds(desk_ci, referral) == expected
    # What one has carried arrives at the other: look once more at the first when both rest.
    at_rest(ma)
    theirs, ours = at_rest(ci), at_rest(ma)
    assert [r["state"] for r in ours["referrals"]] == ["dossier_received"]
    # Each country has a case of its own; all else that they hold of the referral is the same.
    cases = {state["referrals"][0].pop("case").split("-")[0] for state in (ours, theirs)}
    assert cases == {"MA", "CI"}
    assert ours["referrals"] == theirs["referrals"]
    assert ours["waiting"] == theirs["waiting"] == {"messages": 0, "receipts": 0}
    assert theirs["cases"] == {"referral": 1}
    for node in (ma, ci):
        assert "whole" in amana("verify", "--data", str(node.data))
