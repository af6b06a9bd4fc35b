"""The browser reads as Python does: the same vectors, the same laws, letter for letter."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amana.identification import reading
from amana.identification.answers import Given
from amana.identification.bundle import bundle
from amana.standards.instrument import Instrument
from amana.standards.instruments import shelf

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "amana/identification/static/identification/reading.js"
VECTORS = ROOT / "tests/vectors/screening"
N_RANDOM = 150
INSTRUMENTS = shelf().every()


def vectors(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    """An empty page that holds the browser's reading and nothing else."""
    context = browser.new_context()
    opened = context.new_page()
    opened.goto("about:blank")
    opened.add_script_tag(
        type="module",
        content=SCRIPT.read_text(encoding="utf-8")
        + "\nwindow.reader = { readAnswers, readFacts, isPositive };",
    )
    opened.wait_for_function("window.reader !== undefined")
    yield opened
    context.close()


def in_browser(page: Any, instrument: Instrument, function: str, cases: list[Any]) -> Any:
    """Return what the browser reads of each case, in one call."""
    return page.evaluate(
        "([bundle, name, cases]) => cases.map((one) => reader[name](bundle, one))",
        [bundle(instrument), function, cases],
    )


def as_python_writes(read: reading.Reading) -> Any:
    return json.loads(json.dumps(reading.as_json(read)))


def test_each_line_of_the_rules_is_read_alike(page: Any) -> None:
    catalogue = shelf().find("field-catalogue")
    cases = [case["facts"] for case in vectors("readings")["readings"]]

    read = in_browser(page, catalogue, "readFacts", cases)

    for case, answer in zip(vectors("readings")["readings"], read, strict=True):
        assert {key: answer[key] for key in case["reading"]} == case["reading"]
        facts = reading.facts_from(case["facts"], catalogue.reader)
        assert answer == as_python_writes(reading.read_facts(facts, catalogue.reader))


def test_the_twelve_stories_are_read_alike(page: Any) -> None:
    rapid, stories = shelf().find("rapid-screening"), vectors("vignettes")["vignettes"]
    given = [{**s["answers"], "minor": s["minor"], "situation": s["situation"]} for s in stories]

    read = in_browser(page, rapid, "readAnswers", [{"answers": one} for one in given])

    for story, answers, answer in zip(stories, given, read, strict=True):
        assert (answer["primary"], set(answer["also"])) == (story["classe"], set(story["aussi"]))
        assert answer == as_python_writes(reading.read_answers(rapid, Given(answers)))


def test_every_vector_of_the_ilo_lists_is_read_alike(page: Any) -> None:
    held = vectors("ilo")["persons"]
    for name in sorted({case["instrument"] for case in held}):
        cases = [case for case in held if case["instrument"] == name]
        facts = [{**case["answers"], "indicators": case["indicators"]} for case in cases]
        read_ = in_browser(page, shelf().find(name), "readFacts", facts)
        for case, read in zip(cases, read_, strict=True):
            assert (read["primary"], read["class"]) == (case["outcome"], case["class"]), case["why"]
            positive = [code for code, found in read["dimensions"].items() if found["positive"]]
            assert positive == case["positive"], case["why"]


def test_every_border_of_a_dimension_is_drawn_alike(page: Any) -> None:
    patterns = [[2, 0, 0], [1, 1, 0], [1, 0, 1], [0, 3, 0], [0, 2, 1]]
    for case in vectors("ilo")["dimensions"]:
        counts = [case["strong"], case["medium"], case["weak"]]
        found = page.evaluate("([c, p]) => reader.isPositive(c, p)", [counts, patterns])
        assert found == case["positive"], counts


def any_answers(instrument: Instrument, dice: random.Random) -> dict[str, Any]:
    """Return invented answers to about half of the questions, asked or not."""
    told: dict[str, Any] = {}
    for section in instrument.sections:
        if section.repeats:
            told[section.id] = [
                {q.id: dice.choice(q.offered).id for q in section.questions if q.kind == "one"}
                for _ in range(dice.randint(0, 3))
            ]
            continue
        for question in section.questions:
            if not question.is_coded or dice.random() < 0.5:
                continue
            one = dice.choice(question.offered).id
            told[question.id] = [one] if question.kind == "many" else one
    return told


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda i: i.name)
def test_any_answers_to_any_instrument_are_read_alike_to_the_letter(
    page: Any, instrument: Instrument
) -> None:
    dice = random.Random(instrument.name)  # noqa: S311 - invented answers need no secret dice
    cases = [any_answers(instrument, dice) for _ in range(N_RANDOM)]

    read = in_browser(page, instrument, "readAnswers", [{"answers": one} for one in cases])

    for answers, answer in zip(cases, read, strict=True):
        assert answer == as_python_writes(reading.read_answers(instrument, Given(answers)))
