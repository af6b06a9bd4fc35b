"""Identification from the first question to the authority's word, on a telephone, three times."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from amana.access.rules import Role
from amana.keeper.rules import DEMO_CODE
from amana.node import cast, demo, story
from amana.node.persona import Persona
from amana.node.processes import RunningNode, running
from amana.standards import codes
from tests.journeys import interview

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.xdist_group("browser")]

LANGUAGES = ("fr", "ar", "en")
R, W, S = Role.FIRST_RESPONDER, Role.CASE_WORKER, Role.SUPERVISOR
# Of two units, the first: to it comes what first responders screen.
NAMES = {m.role: m.sign_in_name for m in reversed(cast.staff("MA"))}
GO = "main form:not(.languages) .actions .button"
PERSON = {"sex": "F", "age_band": "18_24", "language": "dyu", "citizenship": "CI"}
SAID = {"q04": "false_promise", "q05": "debt", "q06": "kept", "q08": "unpaid"}
OWN_WORDS = "Elle gardait mon passeport dans son sac."


@dataclass
class Seat:
    """A person at a telephone, in her language; every page must fit it."""

    page: Any
    node: RunningNode
    language: str

    def open(self, path: str) -> None:
        """Open a page of this node."""
        self.page.goto(self.node.address + path)
        self.fits()

    def press(self, selector: str = GO) -> None:
        """Send a form, wherever on the page it lies folded away."""
        self.page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        self.fits()

    def fits(self) -> None:
        """See that nothing stands beside the screen, and that the page is in her language."""
        root = "document.documentElement"
        assert self.page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0, self.page.url
        assert self.page.get_attribute("html", "lang") == self.language

    def tick(self, name: str, *values: str) -> None:
        """Tick boxes or a round button."""
        for value in values:
            self.page.check(f'[name="{name}"][value="{value}"]')

    def text(self, selector: str) -> str:
        """Return what stands in the first place that a selector finds."""
        return str(self.page.locator(selector).first.inner_text())

    def objections(self) -> set[str]:
        """Return the codes of everything that stands against an act."""
        found = self.page.locator("[data-objection]")
        return set(found.evaluate_all("all => all.map(e => e.dataset.objection)"))

    @property
    def end(self) -> str:
        """The last part of the address."""
        return str(self.page.url.split("?")[0].split("#")[0].rstrip("/").rsplit("/", 1)[1])


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """Run one node of the demo."""
    (made,) = demo.make_nodes(tmp_path_factory.mktemp("identification"), {"MA": 0})
    with running(made.data) as nodes:
        yield nodes[0]


@pytest.fixture(scope="module")
def people(node: RunningNode) -> dict[Role, Persona]:
    """Return who screens, who leads the case and who decides, over plain HTTP."""
    host, _, port = node.address.removeprefix("http://").partition(":")
    return {
        role: Persona(
            port=int(port), host=host, sign_in_name=NAMES[role], password=cast.PASSWORD
        ).sign_in()
        for role in (R, W, S)
    }


@pytest.fixture(scope="module")
def seats(browser: Any, node: RunningNode) -> Iterator[Any]:
    """Sit a person down: `seats(Role.SUPERVISOR, "ar")`; she signs in once."""
    pages: dict[Role, Any] = {}

    def sit(role: Role, language: str) -> Seat:
        if role not in pages:
            context = browser.new_context(viewport={"width": 360, "height": 740})
            pages[role] = page = context.new_page()
            page.set_default_timeout(15_000)
            page.goto(f"{node.address}/sign-in")
            page.fill("[name=sign_in_name]", NAMES[role])
            page.fill("[name=password]", cast.PASSWORD)
            page.fill("[name=code]", DEMO_CODE)
            page.locator(GO).click()
            page.wait_for_url(f"{node.address}/")
        cookie = {"name": "language", "value": language, "url": node.address}
        pages[role].context.add_cookies([cookie])
        return Seat(pages[role], node, language)

    yield sit
    for page in pages.values():
        page.context.close()


def screen(responder: Seat) -> str:
    """Screen a person page by page, her own words beside one answer; return the receipt."""
    page = responder.page
    responder.open("/screen/")
    responder.press()
    for question, answer in (("d1", "none"), ("d2", "none"), ("d3", "alone")):
        responder.tick(question, answer)
    responder.press()
    page.fill("[name=alias]", "Zoumana")
    responder.tick("minor", "no")
    responder.tick("situation", "alone")
    for name, value in PERSON.items():
        page.select_option(f"select[name={name}]", value)
    responder.press()
    for number in range(1, 13):
        question = f"q{number:02}"
        assert responder.end == question
        responder.tick(question, SAID.get(question, "none"))
        if question == "q06":
            page.locator(".own-words summary").click()
            page.fill("[name=q06-words]", OWN_WORDS)
        responder.press()
    reads(responder, "TRAITE_PRESUMEE", sign="D1", words=OWN_WORDS)
    responder.press()
    assert "/screen/sent/" in page.url
    return responder.end


def reads(seat: Seat, decided: str, *, sign: str, words: str) -> None:
    """See what the rules read, in the reader's language, and the words beside their sign."""
    reader = interview.instrument().reader
    label = reader.by_code[sign].label.said_in(seat.language)
    beside = seat.page.locator(".reading .indicators > li", has_text=label)
    rules = seat.text(".reading > ul:last-of-type")
    assert seat.page.get_attribute(".reading", "data-class") == decided
    assert words in beside.first.inner_text()
    assert reader.rules[0].label.said_in(seat.language) in rules
    assert codes.label("CLASS", decided, seat.language) == seat.text(".reading .reading-class")


def differing(supervisor: Seat) -> tuple[int, int]:
    """Return how many decisions there are, and how many differ from the reading."""
    supervisor.open("/screenings/")
    line = (
        supervisor.text("main > p.hint") if supervisor.page.query_selector("main > p.hint") else ""
    )
    decided, differs = re.findall(r"\d+", line) or (0, 0)
    return int(decided), int(differs)


def hold_interview(worker: Seat, plain: Persona, screening: str) -> str:
    """Hold the whole interview of a person who was screened; return its receipt."""
    worker.open(f"/screenings/{screening}/")
    worker.press('form[action$="/interview"] button')
    page = plain.open(worker.page.url.removeprefix(worker.node.address))
    draft, whole = interview.draft_of(page), interview.instrument()

    # Every branch is gone through, and no page comes twice.
    gone = set(interview.hold(worker=plain, page=page, told=interview.EVERYTHING))
    came = {s.id for s in whole.sections if s.id in gone or {q.id for q in s.questions} & gone}
    assert came == {s.id for s in whole.sections}

    # One event of the way is taken out again; the other stays, numbered anew.
    worker.open(f"/screen/{draft}/at/journey")
    assert worker.page.locator(".entries > li").count() == 2
    worker.press('form[action$="/remove/journey/1"] button')
    assert "Salé" in worker.text(".entries")
    assert "Tiénigboué" not in worker.text(".entries")

    # What was skipped says why, and is taken up again.
    worker.open(f"/screen/{draft}/at/family")
    assert codes.label("SKIP_REASON", "NOT_READY", worker.language) in worker.text("main")
    worker.press("[name=again]")
    assert worker.page.query_selector("[name=family_alive]") is not None
    family = plain.open(f"/screen/{draft}/at/family")
    interview.answer(plain, family, "family", {"family_alive": ["mother"]})

    worker.open(f"/screen/{draft}/review")
    reads(worker, "TRAITE_PRESUMEE", sign="D1", words=interview.WORDS["control"])
    both = {c.code: c.words.said_in(worker.language) for c in whole.contradictions}
    for code in ("promise_both", "free_yet_locked"):
        assert both[code] in worker.text("main")
    worker.press()
    return worker.end


def record(worker: Seat, screening: str, step: dict[str, str]) -> str:
    """Record a step of the formal identification; return where it then stands."""
    form = f'form[action$="/screenings/{screening}/formal"]'
    for name, value in interview.formal("MA", **step).items():
        field = worker.page.locator(f"{form} [name={name}]")
        if name == "kind":
            field.and_(worker.page.locator(f"[value={value}]")).check(force=True)
        elif name in ("authority", "law"):
            field.select_option(value)
        else:
            field.fill(value)
    worker.press(f"{form} .button")
    return str(worker.page.get_attribute("#formal", "data-formal"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_is_screened_interviewed_decided_on_and_formally_identified(
    language: str, seats: Any, people: dict[Role, Persona]
) -> None:
    # Screened with her own words; nobody waits for a supervisor to hold the interview.
    screening = screen(seats(R, language))
    worker, supervisor = seats(W, language), seats(S, language)
    interviewed = hold_interview(worker, people[W], screening)

    # The supervisor sees it otherwise: refused without a reason, kept with one, and counted.
    decided, differs = differing(supervisor)
    supervisor.open(f"/screenings/{interviewed}/")
    reads(supervisor, "TRAITE_PRESUMEE", sign="D1", words=interview.WORDS["control"])
    decide = 'form[action$="/decide"] .button'
    supervisor.tick("decided_class", "TRAITE_A_APPROFONDIR")
    supervisor.press(decide)
    assert supervisor.objections() == {"CHANGE_NEEDS_REASON"}
    assert supervisor.page.is_checked("[name=decided_class][value=TRAITE_A_APPROFONDIR]")
    supervisor.page.fill("[name=reason]", "Le récit change ; la revoir avec une interprète.")
    supervisor.press(decide)
    assert "Le récit change" in supervisor.text(".decision")
    assert differing(supervisor) == (decided + 1, differs + 1)

    # A refusal of the authority says why and what remains; it takes nothing away.
    worker.open(f"/screenings/{interviewed}/")
    worker.page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
    assert record(worker, interviewed, {"kind": "REFUSED"}) == "NONE"
    assert worker.objections() == {"REASONS_NEEDED", "REMEDY_NEEDED"}
    refused, contested, identified = (dict(step) for step in interview.FORMAL)
    assert record(worker, interviewed, refused) == "FORMALLY_REFUSED"
    assert worker.page.query_selector('form[action*="/cases/open/"]') is not None
    case = story.open_case(people[W], interviewed)
    assert people[W].open(f"/cases/{case}/").status == 200
    worker.page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
    assert record(worker, interviewed, contested) == "REVIEW_REQUESTED"
    worker.page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
    assert record(worker, interviewed, identified) == "FORMALLY_IDENTIFIED"
    assert refused["remedy"] in worker.text("#formal")


def fault(code: str, language: str, **values: object) -> str:
    """Return a fault as a reader of this language is told it."""
    return codes.label("ANSWER_FAULT", code, language).format(**values)


def check(code: str, language: str) -> str:
    """Return a check of the interview in a language."""
    found = next(c for c in interview.instrument().checks if c.code == code)
    return found.words.said_in(language)


def told_at(seat: Seat, name: str) -> str:
    """Return what is told at a field."""
    return seat.text(f'.field:has([name="{name}"]) .error')


EVERYTHING_TYPED = """() => Object.fromEntries(
    [...new FormData(document.querySelector("form.dense")).keys()]
    .filter(name => name !== "csrfmiddlewaretoken")
    .map(name => [name, new FormData(document.querySelector("form.dense")).getAll(name)]))"""
SEND_AGAIN = """async () => {
    const body = new URLSearchParams(new FormData(document.querySelector("form.dense")));
    const press = async () => (await fetch("", {method: "POST", body})).url;
    return [await press(), await press()];
}"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_from_paper_tells_each_fault_at_its_field_loses_nothing_and_is_one_screening(
    language: str, seats: Any, people: dict[Role, Persona]
) -> None:
    seat = seats(W, language)
    page = seat.page
    year = datetime.now(UTC).year + 1  # noqa: TID251 - the test lives today

    def typed(values: dict[str, str], ticked: dict[str, tuple[str, ...]]) -> None:
        page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true })")
        for name, value in values.items():
            page.fill(f'[name="{name}"]', value)
        for name, ids in ticked.items():
            # Past the script that unticks what stands alone: a page works without it.
            page.eval_on_selector_all(
                f'input[name="{name}"]',
                "(all, ids) => all.forEach(each => { each.checked = ids.includes(each.value) })",
                list(ids),
            )
        before = page.evaluate(EVERYTHING_TYPED)
        seat.press("form.dense .button")
        assert page.evaluate(EVERYTHING_TYPED) == before
        assert page.evaluate("document.activeElement.className") == "problems"

    # What an answer cannot be is told at its field.
    seat.open("/screen/typed/full-interview")
    typed(
        {
            "alias": "Zoumana",
            "age": "12",
            "hours_day": "40",
            "expl_months": "deux",
            "journey-0-event_date": "31/02/2025",
            "journey-1-event_date": str(year),
            "wish_most": "Revoir\u202e ma mère",
            "control-words": OWN_WORDS,
            "observation": "Saisi le soir.",
        },
        {"d1": ("watched", "none"), "d2": ("none",), "d3": ("alone",), "limits_told": ("no",)},
    )
    assert fault("STANDS_ALONE", language) in told_at(seat, "d1")
    assert fault("NOT_POSSIBLE", language, least=0, most=24) in told_at(seat, "hours_day")
    assert fault("WRONG_KIND", language) in told_at(seat, "expl_months")
    assert fault("NO_DAY", language) in told_at(seat, "journey-0-event_date")
    assert fault("DAY_TO_COME", language) in told_at(seat, "journey-1-event_date")
    assert fault("UNSEEN_SIGNS", language) in told_at(seat, "wish_most")

    # What cannot be together is told where it can be mended.
    page.select_option("select[name=journey-0-event_type]", "recruitment")
    page.select_option("select[name=journey-1-event_type]", "transit")
    typed(
        {
            "hours_day": "16",
            "expl_months": "2",
            "journey-0-event_date": "03/2025",
            "journey-1-event_date": "",
            "wish_most": "Revoir ma mère",
        },
        {"d1": ("none",), "minor": ("no",), "situation": ("alone",), "beg_sum": ("quota",)},
    )
    assert check("age_of_a_child", language) in told_at(seat, "minor")
    assert check("limits_not_told", language) in told_at(seat, "limits_told")
    assert fault("NOT_ASKED", language) in told_at(seat, "beg_sum")

    # What is missing about the person is told too, and nothing is stored before.
    waiting = people[S].open("/screenings/").all(r"/screenings/([\w-]+)/\"")
    typed({"age": ""}, {"limits_told": ("yes",), "forms": ("begging",)})
    assert seat.objections() == {"PERSON_NOT_DESCRIBED"}
    assert people[S].open("/screenings/").all(r"/screenings/([\w-]+)/\"") == waiting

    # A hasty second press of the same form makes no second screening.
    page.select_option("select[name=age_band]", "18_24")
    first, second = page.evaluate(SEND_AGAIN)
    seat.press("form.dense .button")
    assert first == second == page.url
    more = set(people[S].open("/screenings/").all(r"/screenings/([\w-]+)/\"")) - set(waiting)
    assert more == {seat.end}
    seat.open(f"/screenings/{seat.end}/")
    assert "Saisi le soir." in seat.text("main")
