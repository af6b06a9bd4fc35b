"""A child alone, somebody who says no, two colleagues at one plan: lived on the pages of a node.

Each story is told in French and in Arabic, with a browser as narrow as a telephone. Wherever it
stops, the page is looked at on a telephone and on a desk: nothing lies sideways, no figure is
turned around, and axe finds nothing. The one who says no is cared for by keyboard alone.
"""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from amana.access.rules import Role
from amana.node import cast, demo, story, two_weeks
from amana.node.clock import Clock
from amana.node.persona import Typed
from amana.node.processes import running
from amana.node.story import Invented
from amana.node.two_weeks import Country
from amana.standards import codes
from amana.standards import journey as table
from amana.standards import sheets as data
from tests.journeys.test_main_journey import Seat
from tests.journeys.test_pages import Keys, _faults, _sideways, _turned_around

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.xdist_group("browser")]

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
NUMBER = r"P-[0-9A-Z]{4}-[0-9A-Z]{4}"


def day(ahead: int) -> str:
    """Return a day from now on, as a form takes it."""
    return (Clock(None, is_demo=False).now() + timedelta(days=ahead)).date().isoformat()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    made = demo.make_nodes(tmp_path_factory.mktemp("protection"), {"MA": 0, "CI": 0})
    with running(made[0].data) as (found,):
        yield two_weeks.country(found)


@pytest.fixture
def sit(browser: Any, node: Country) -> Iterator[Any]:
    """Sit somebody down before a narrow browser: `sit("hicham", "ar")`."""
    contexts = []

    def seated(name: str, language: str) -> "Desk":
        context = browser.new_context(locale="fr-FR", viewport=PHONE, reduced_motion="reduce")
        contexts.append(context)
        return Desk(context.new_page(), node.node, language).sign_in(name)

    yield seated
    for context in contexts:
        context.close()


class Desk(Seat):
    """Somebody who works on a case at a browser."""

    def look(self, name: str) -> None:
        """Hold the page that is open against what holds for every page, at both widths."""
        for size in (DESKTOP, PHONE):
            self.page.set_viewport_size(size)
            assert _sideways(self.page) == 0
            assert _turned_around(self.page) == []
            if folder := os.environ.get("AMANA_SHOTS"):
                path = Path(folder) / f"{name}.{self.language}.{size['width']}.png"
                self.page.screenshot(path=path, full_page=True)
        assert _faults(self.page) == []

    def text(self) -> str:
        """Return what the page says, folded parts too."""
        return str(self.page.evaluate("document.querySelector('main').textContent"))

    def word(self, name: str, code: str) -> str:
        """Return a coded value in this person's language."""
        return codes.label(name, code, self.language)

    def fact(self, name: str) -> str:
        """Return a fact of the journey in this person's language."""
        return table.load().facts[name].title.said_in(self.language)

    def course(self, case: str) -> None:
        self.open(f"/cases/{case}/course")

    def says(self, case: str, *facts: str) -> None:
        """Say what is so, each with a word of why."""
        for fact in facts:
            self.course(case)
            self.unfold()
            self.page.select_option("#say select[name=entry]", fact)
            self.page.fill("#say [name=reason]", "Vu aujourd’hui, inventé.")
            self.press("#say form")
            assert self.page.url.endswith("said=kept"), (fact, self.text())

    def goes(self, case: str, entry: str) -> None:
        """Make a step that the page offers."""
        self.course(case)
        form = f'form:has(input[name=entry][value="{entry}"])'
        self.unfold()
        self.page.fill(f"{form} [name=reason]", "Parce que c’est ainsi, inventé.")
        self.press(form)
        assert self.page.url.endswith("said=kept"), (entry, self.text())

    def unfold(self) -> None:
        self.page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")

    def lacks(self, case: str, entry: str) -> set[str]:
        """Return what the page says is lacking for a step, all at once."""
        track, _sign, state = entry.partition(":")
        title = table.load().tracks[track].states[state].title.said_in(self.language)
        self.course(case)
        self.unfold()
        step = self.page.locator(f"#track-{track} > details").filter(
            has=self.page.locator("summary", has_text=re.compile(f"^{re.escape(title)} – "))
        )
        return set(step.locator("li").all_inner_texts())

    def fill(self, case: str, sheet: str, values: Mapping[str, Any]) -> None:
        """Fill a sheet row by row as a person does, and press; the next page is left open."""
        self.open(f"/cases/{case}/sheets/{sheet}?write=1")
        self.type(values)
        self.keep()

    def type(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if not (isinstance(value, list) and value and isinstance(value[0], Mapping)):
                self.answer(name, value)
                continue
            for number, row in enumerate(value):
                while not self.page.query_selector(f'[name^="{name}-{number}-"]'):
                    with self.page.expect_navigation():
                        self.page.click(f'button[name=more][value="{name}"]')
                for inner, said in row.items():
                    self.answer(f"{name}-{number}-{inner}", said)

    def answer(self, name: str, value: Any) -> None:
        field = self.page.locator(f'form.sheet [name="{name}"]').first
        kind = field.evaluate("e => e.type")
        if kind in ("radio", "checkbox"):
            self.tick(name, *([value] if isinstance(value, str) else value))
        elif kind == "select-one":
            field.select_option(value)
        else:
            field.fill(value)

    def keep(self) -> None:
        with self.page.expect_navigation():
            self.page.click("form.sheet .actions button")

    def kept(self) -> bool:
        return bool(self.page.url.endswith("said=kept"))

    def problems(self) -> list[str]:
        """Return all that the page says is wrong, in its own words."""
        return [str(one) for one in self.page.locator(".problems li").all_inner_texts()]

    def check(self, number: str, browser: Any) -> str:
        """Ask, as a stranger, whether a paper is ours; return all that the page says."""
        context = browser.new_context(locale="fr-FR", viewport=PHONE)
        stranger = Desk(context.new_page(), self.node, self.language)
        stranger.open("/papers/check")
        stranger.page.click(f'form.languages button[value="{self.language}"]')
        stranger.open("/papers/check")
        stranger.page.fill("[name=said]", number)
        stranger.press("main form")
        stranger.look("stranger")
        said = stranger.text()
        context.close()
        return said


def a_case(node: Country, person: Invented, by: Role = Role.CASE_WORKER) -> str:
    """Take somebody from the screening to an open case."""
    screening = story.screen(node.who(Role.FIRST_RESPONDER), person, Typed())
    story.decide(node.who(Role.SUPERVISOR), screening)
    return story.open_case(node.who(by), screening)


def asked(sheet: str, code: str, language: str) -> str:
    """Return the words of one check of a sheet."""
    return next(a for a in data.load()[sheet].asks if a.code == code).words.said_in(language)


# What an invented worker fills in.

RIGHTS = {
    "language": "dyu",
    "language_fits": "yes",
    "rights": list(codes.values("RIGHT_EXPLAINED")),
    "limits_said": "yes",
    "understood": "yes",
}
NEEDED = ("SHELTER", "FOOD", "HEALTH", "MENTAL_HEALTH", "LEGAL_INFO", "DOCUMENTS")
NEEDS = {"needs": [{"domain": name, "level": "LOW"} for name in NEEDED]}
RISK = {
    "risks": [{"domain": "OFFENDER", "score": "3", "evidence": "Appelle chaque soir."}],
    "level": "HIGH",
    "why": "Il connaît le quartier.",
    "valid_until": day(5),
    "escape": "Aller chez la voisine, puis appeler.",
    "avoid": [{"name": "Tiécoura Inventé", "relation": "oncle"}],
}
GUARDIAN_ASKED = {
    "to": "Le juge des tutelles",
    "asked_on": day(0),
    "type": "AD_HOC",
    "why": "Il est seul ici.",
    "parent_suspected": "no",
}
ASSESSED = {
    **dict.fromkeys(
        (
            *("age", "history", "family", "care", "safety", "health", "development"),
            *("attachments", "identity", "risks_by_option", "conclusion", "plan"),
        ),
        "Ce qui est su.",
    ),
    "heard": "yes",
    "heard_how": "DRAWING",
    "child_views": "Je veux rester avec ma sœur.",
    "siblings_parted": "no",
    "review_on": day(60),
    "worker": "Hicham Inventé",
}
HERS = {"institution": "Protection", "field": "HEALTH"}
TOO_FEW = [{"name": "Hicham Inventé", **HERS}, {"name": "Salma Inventée", **HERS}]
WHOLE = [
    {"name": "Zineb Inventée", "institution": "Protection", "field": "CHILD_PROTECTION"},
    {"name": "Driss Inventé", "institution": "Tribunal", "field": "JUSTICE"},
    {"name": "Salma Inventée", "institution": "Hôpital", "field": "HEALTH"},
]
DECIDED = {
    "reason": "TRAFFICKED_DURABLE",
    "situation": "Un enfant seul.",
    "options": [
        {"option": "STAY_FOSTER", "weight": "BEST", "safety": "sûre", "child_view": "oui"},
        {"option": "REUNIFY_ORIGIN", "weight": "NOT_NOW", "safety": "non vue", "child_view": "non"},
    ],
    "child_views": "Je veux rester.",
    "panel": TOO_FEW,
    "decision": "STAY_FOSTER",
    "abroad": "no",
    "reasons": "Il y est en sécurité.",
    "siblings_parted": "no",
    "dissent": "no",
    "follow_up": "Le service social",
    "decided_on": day(0),
    "review_on": day(90),
}
APPOINTED = {
    "state": "APPOINTED",
    "name": "Tiécoura Inventé",
    "type": "AD_HOC",
    "order_by": "Le juge des enfants",
    "scope": ["HEALTH", "SCHOOL"],
    "starts": day(0),
    "ends": day(300),
    "suspected": "yes",
    "conflict": "no",
}
PLAN = {
    "own_words": "Apprendre la couture.",
    "written_with": "yes",
    "goals": [{"goal": "Un métier", "pillar": "INCLUSION", "doer": "PERSON", "status": "PLANNED"}],
    "agreed": "yes",
    "agreed_how": "SIGNATURE",
    "review_on": day(60),
}


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_a_child_alone_is_heard_and_decided_for(
    language: str, node: Country, sit: Any, browser: Any
) -> None:
    case = a_case(node, cast.CHILD_TALIBE)
    worker = sit("hicham", language)

    # The case says what is to be done first, by when and why, and leads there.
    worker.open(f"/cases/{case}/")
    assert worker.word("DUTY", "after_triage") in worker.text()
    worker.look("child-case")
    worker.page.click(".next .actions .button >> nth=0")
    worker.look("child-begins")
    worker.goes(case, "PROTECTION:STABILISE")

    # Too early to let him tell: all that is lacking is named at once.
    named = worker.lacks(case, "PROTECTION:ASSESS")
    needed = ("BASIC_NEEDS_MET", "INTERPRETER_FOUND", "RIGHTS_EXPLAINED", "MEDICAL_CHECKED")
    assert {n for n in needed if any(worker.fact(n) in one for one in named)} == set(needed)
    assert len(named) == len(needed)
    worker.look("child-too-early")

    # What is asked for first is one press away from where it is owed.
    worker.says(case, "BASIC_NEEDS_MET", "MEDICAL_CHECKED")
    for sheet, values in (
        ("RIGHTS_SHEET", RIGHTS),
        ("GUARDIAN_REQUEST", GUARDIAN_ASKED),
        ("NEEDS_SHEET", NEEDS),
        ("RISK_SHEET", RISK),
    ):
        worker.fill(case, sheet, values)
        assert worker.kept(), (sheet, worker.problems())
    worker.goes(case, "PROTECTION:ASSESS")
    worker.fill(case, "BEST_INTERESTS_ASSESSMENT", ASSESSED)
    assert worker.kept(), worker.problems()
    worker.look("child-assessed")

    # Whom the risk sheet names as one to keep away from does not become his guardian.
    worker.fill(case, "GUARDIAN_APPOINTMENT", APPOINTED)
    for code in ("GUARDIAN_IS_SUSPECT", "GUARDIAN_TO_AVOID"):
        assert asked("GUARDIAN_APPOINTMENT", code, language) in worker.text()
    worker.look("child-guardian-refused")
    worker.type({"name": "Fatou Inventée", "suspected": "no"})
    worker.keep()
    assert worker.kept(), worker.problems()

    # A panel of two of one house, of whom one wrote the assessment, hears all that stands against.
    worker.open(f"/cases/{case}/people")
    worker.page.select_option("select[name=team]", "panel")
    worker.press("form[action$='/people/involve']")
    supervisor = sit("latifa", language)
    for entry in ("SOLUTION:BID_REQUIRED", "SOLUTION:BID_SUBMITTED"):
        supervisor.goes(case, entry)
    panel = sit("zineb", language)
    panel.open(f"/cases/{case}/sheets/")
    panel.look("child-panel-sheets")
    panel.fill(case, "BEST_INTERESTS_DECISION", DECIDED)
    told = panel.text()
    against = ("PANEL_TOO_SMALL", "PANEL_ONE_INSTITUTION", "PANEL_NO_CHILD_PROTECTION")
    for code in (*against, "PANEL_DRAFTED"):
        assert asked("BEST_INTERESTS_DECISION", code, language) in told
    panel.look("child-panel-refused")
    panel.type({"panel": WHOLE})
    panel.keep()
    assert panel.kept(), panel.problems()

    # It is decided: the supervisor reads it, and a paper of it is ours to whoever holds it.
    supervisor.course(case)
    decided = table.load().tracks["SOLUTION"].states["BID_DECIDED"].title.said_in(language)
    assert decided in supervisor.page.locator("#track-SOLUTION > summary").inner_text()
    supervisor.look("child-decided")
    supervisor.open(f"/cases/{case}/sheets/BEST_INTERESTS_DECISION")
    supervisor.press("form[action$='/papers/']")
    number = re.search(NUMBER, supervisor.text())
    assert number is not None
    supervisor.look("child-papers")
    said = supervisor.check(number.group(), browser)
    assert number.group() in said
    for secret in (case, decided, "Inventé", "enfant", "الطفل"):
        assert secret not in said


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_somebody_says_no_and_finds_the_door_open(language: str, node: Country, sit: Any) -> None:
    """By keyboard alone: whoever works so is not slower to let somebody go, and to let her in."""
    case = a_case(node, cast.MASSAGE)
    worker = sit("hicham", language)
    keys = Keys(worker.page)
    worker.goes(case, "PROTECTION:STABILISE")
    assert worker.lacks(case, "PROTECTION:DECLINED_HELP") == {
        f"{worker.word('OBJECTION', 'MOVE_NEEDS')} {worker.fact('REFUSAL_INFORMED')}"
    }

    # A no that was not said freely is asked again.
    worker.open(f"/cases/{case}/sheets/REFUSAL_NOTE?write=1")
    keys.press("[name=refused][value=SHELTER]", "Space")
    keys.reach("[name=told]")
    worker.page.keyboard.type("Le lit, le médecin, l’avocat.")
    keys.press("[name=free]", "Space")
    worker.page.keyboard.press("ArrowDown")
    keys.press("[name=number_left]", "Space")
    keys.go("form.sheet .actions button")
    assert asked("REFUSAL_NOTE", "REFUSAL_NOT_FREE", language) in worker.text()
    assert not worker.kept()
    worker.look("no-not-free")
    keys.reach("[name=free]:checked")
    worker.page.keyboard.press("ArrowUp")
    keys.go("form.sheet .actions button")
    assert worker.kept(), worker.problems()

    # She goes; the house owes her nothing by the clock, and the door stays open.
    worker.open(f"/cases/{case}/course?track=PROTECTION#track-PROTECTION")
    goes = "form:has(input[name=entry][value='PROTECTION:DECLINED_HELP'])"
    title = table.load().tracks["PROTECTION"].states["DECLINED_HELP"].title.said_in(language)
    for _ in range(60):
        keys.reach("summary")
        if worker.page.evaluate("document.activeElement.innerText").strip() == title:
            break
    worker.page.keyboard.press("Enter")
    keys.reach(f"{goes} [name=reason]")
    worker.page.keyboard.type("Elle veut partir, inventé.")
    keys.go(f"{goes} button")
    assert worker.kept()
    assert worker.page.locator("#owed .task").count() == 0
    worker.look("no-gone")

    # She comes back: what was done the first time is owed anew.
    worker.open(f"/cases/{case}/sheets/REOPENING_NOTE?write=1")
    keys.press("[name=why]", "Space")
    keys.reach("[name=changed]")
    worker.page.keyboard.type("Il l’a retrouvée, inventé.")
    keys.press("[name=danger]", "Space")
    keys.reach("[name=first]")
    worker.page.keyboard.type("Un lit ce soir.")
    keys.press("[name=reopen_now]", "Space")
    keys.go("form.sheet .actions button")
    assert worker.kept(), worker.problems()
    worker.open(f"/cases/{case}/")
    assert worker.word("DUTY", "emergency_bed") in worker.page.locator(".next").inner_text()
    worker.look("no-back")


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_two_colleagues_at_one_plan_and_nothing_is_lost(
    language: str, node: Country, sit: Any
) -> None:
    # Nobody has taken the case yet; both of the unit work on it in the same hour.
    case = a_case(node, cast.MOROCCAN_MAID, by=Role.SUPERVISOR)
    first, second = sit("hicham", language), sit("imane", language)
    for one in (first, second):
        one.open(f"/cases/{case}/sheets/CARE_PLAN?write=1")
    first.type(PLAN)
    first.keep()
    assert first.kept(), first.problems()

    # The second is told, sees both texts side by side, and chooses; her text is not lost.
    hers = {**PLAN, "own_words": "Revoir ma sœur d’abord."}
    second.type(hers)
    second.keep()
    assert not second.kept()
    side = second.page.locator(".sides").first.inner_text()
    assert PLAN["own_words"] in side
    assert hers["own_words"] in side
    assert "Hicham Inventé" in second.text()
    assert second.page.locator("[name=own_words]").input_value() == hers["own_words"]
    second.look("plan-two")
    second.type({"own_words": "Revoir ma sœur d’abord, puis apprendre la couture."})
    second.keep()
    assert second.kept(), second.problems()

    # Both versions stand to be read, each with its author.
    second.open(f"/cases/{case}/sheets/CARE_PLAN")
    told = second.text()
    for words in ("Apprendre la couture.", "puis apprendre la couture."):
        assert words in told
    assert "Hicham Inventé" in told
    assert "Imane Inventée" in told
    second.look("plan-kept")
    # The supervisor approves what stands, and not what she read an hour ago.
    supervisor = sit("latifa", language)
    supervisor.open(f"/cases/{case}/sheets/CARE_PLAN?write=1")
    second.fill(case, "CARE_PLAN", {"agreed": "yes", "agreed_how": "SIGNATURE"})
    assert second.kept(), second.problems()
    supervisor.type({"approved": "yes"})
    supervisor.keep()
    assert not supervisor.kept()
    supervisor.keep()
    assert supervisor.kept(), supervisor.problems()


def test_whoever_issues_no_paper_prints_the_page_of_the_sheet(node: Country, sit: Any) -> None:
    """The panel signs on what the page prints: the words that stand, its lines, and no number."""
    case = a_case(node, cast.COCOA_BOY)
    story.involve(node.who(Role.CASE_WORKER), case, "panel")
    panel = sit("zineb", "ar")
    panel.fill(case, "BEST_INTERESTS_DECISION", {**DECIDED, "panel": WHOLE})
    assert panel.kept(), panel.problems()
    panel.page.emulate_media(media="print")
    shown = {
        part: panel.page.locator(part).first.is_visible()
        for part in (".laid-out", "main .paper-only .ruled", ".actions", ".head", ".bar")
    }
    assert shown == {
        ".laid-out": True,
        "main .paper-only .ruled": True,
        ".actions": False,
        ".head": False,
        ".bar": False,
    }
    assert "P-" not in panel.page.locator("main .paper-only").inner_text()
