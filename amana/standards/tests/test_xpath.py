"""Conditions said as XPath hold when the conditions hold: two evaluators, one answer."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from amana.standards import instrument_file
from amana.standards.datafile import BadData, Place
from amana.standards.form_nodes import nodes_of
from amana.standards.instrument import Instrument
from amana.standards.instruments import shelf
from amana.standards.logic import State, compiled
from amana.standards.xpath import Writer

RAPID = shelf().find("rapid-screening")
FULL = shelf().find("full-interview")
LABOUR = shelf().find("ilo-adult-labour")
CODED = [q for q in RAPID.questions if q.kind in {"many", "one"} and not q.list]
ATOMS = [f"{q.id}.{a.id}" for q in CODED for a in q.offered]
SIGNS = [*RAPID.reader.alphabet.codes, *(f"@{name}" for name in RAPID.reader.alphabet.sets)]

functions = etree.FunctionNamespace(None)
functions["selected"] = lambda _, nodes, one: one in _text(nodes).split()
functions["if"] = lambda _, so, then, otherwise: then if so else otherwise


def _text(nodes: Any) -> str:
    return nodes if isinstance(nodes, str) else (nodes[0].text or "" if nodes else "")


def atoms() -> st.SearchStrategy[str]:
    return st.sampled_from([*ATOMS, *SIGNS, "child", "adult"])


@st.composite
def leaves(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.integers(0, 4)) == 0:
        bound = draw(st.sampled_from(["below", "from"]))
        return {"number": "age", bound: draw(st.integers(0, 120))}
    has = draw(st.lists(atoms(), min_size=1, max_size=5, unique=True))
    most = len({code for a in has for code in _members(a)})
    least = draw(st.integers(1, most))
    return {"has": has} if least == 1 else {"has": has, "at_least": least}


def _members(atom: str) -> frozenset[str]:
    return RAPID.reader.alphabet.sets[atom[1:]] if atom.startswith("@") else frozenset([atom])


conditions = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=5,
)


@st.composite
def answered(draw: st.DrawFn) -> dict[str, Any]:
    """Draw answers to the rapid screening, each question answered or not."""
    given: dict[str, Any] = {}
    for question in CODED:
        ids = [a.id for a in question.offered]
        if question.kind == "many":
            chosen = draw(st.lists(st.sampled_from(ids), max_size=3, unique=True))
            given |= {question.id: chosen} if chosen else {}
        elif (one := draw(st.sampled_from(["", *ids]))) != "":
            given[question.id] = one
    age = draw(st.none() | st.integers(0, 120))
    return given if age is None else given | {"age": age}


def holds_by_logic(instrument: Instrument, condition: Any, given: Mapping[str, Any]) -> bool:
    child = given.get("minor") != "no"
    there = {"child" if child else "adult"}
    for question in instrument.questions:
        value = given.get(question.id)
        for answer in question.offered:
            chosen = answer.id in (value if isinstance(value, list) else [value])
            state = State(instrument.alphabet.mask(there))
            if chosen and (answer.when is None or answer.when(state) is not None):
                there |= {f"{question.id}.{answer.id}", *answer.codes}
    numbers = {k: v for k, v in given.items() if isinstance(v, int)}
    held = compiled(Place(condition, "condition"), instrument.alphabet)
    return held(State(instrument.alphabet.mask(there), numbers)) is not None


def holds_by_xpath(instrument: Instrument, condition: Any, given: Mapping[str, Any]) -> bool:
    nodes, root = nodes_of(instrument), etree.Element("data")
    for section in instrument.sections:
        group = etree.SubElement(root, nodes.sections[section.id])
        for question in section.questions:
            value = given.get(question.id, "")
            node = etree.SubElement(group, nodes.questions[question.id])
            node.text = " ".join(value) if isinstance(value, list) else str(value)
    expression = re.sub(r"\$\{([^}]+)\}", r"string(/data/*/\1)", Writer(instrument)(condition))
    return bool(etree.ElementTree(root).xpath(f"boolean({expression})"))


@given(condition=conditions, given=answered())
def test_a_condition_holds_in_the_form_when_it_holds_here(
    condition: Any, given: dict[str, Any]
) -> None:
    assert holds_by_xpath(RAPID, condition, given) == holds_by_logic(RAPID, condition, given)


@given(chosen=st.sets(st.sampled_from([q.id for q in LABOUR.questions if q.kind == "yesno"])))
def test_a_dimension_is_positive_in_the_form_when_it_is_here(chosen: set[str]) -> None:
    given = dict.fromkeys(chosen, "yes")

    for code in LABOUR.alphabet.dimensions:
        condition = {"positive": code}
        assert holds_by_xpath(LABOUR, condition, given) == holds_by_logic(
            LABOUR, condition, given
        ), code


def test_a_condition_looks_back_only() -> None:
    """A sign that a later answer would say is not there yet."""
    says = Writer(RAPID)

    assert says({"has": ["T1"]}, at="q03") == "false()"
    assert says({"has": ["T1"]}, at="q04") == "selected(${q03}, 'brought')"


def test_silence_about_age_is_a_child_in_the_form_too() -> None:
    assert Writer(RAPID)({"has": ["child"]}) == "not(${minor} = 'no')"
    assert Writer(RAPID)({"has": ["adult"]}) == "${minor} = 'no'"


def test_a_question_calls_its_own_answer_by_a_point() -> None:
    says = Writer(RAPID)({"has": ["q01.safe", "d1.watched"]}, me="q01")

    assert says == "selected(., 'safe') or selected(${d1}, 'watched')"


def with_sign_in_an_entry(when: dict[str, Any] | None = None) -> Instrument:
    document = json.loads(json.dumps(FULL.document))
    journey = next(s for s in document["sections"] if s["id"] == "journey")
    journey["questions"][0]["answers"][0]["codes"] = ["T1"]
    if when is not None:
        journey["questions"][1]["when"] = when
    return instrument_file.read(Place(document, "variant"), shelf().find)


def test_a_sign_said_in_some_entry_is_counted_outside_of_it() -> None:
    said = Writer(with_sign_in_an_entry())({"has": ["T1"]})

    assert "count(${journey}[./event_type = 'recruitment']) > 0" in said


def test_what_another_entry_may_have_said_cannot_be_asked_inside_one() -> None:
    when = {"has": ["T1"]}
    instrument = with_sign_in_an_entry(when)

    with pytest.raises(BadData, match="another entry"):
        Writer(instrument)(when, at="event_place")


def test_an_answer_of_the_same_entry_can() -> None:
    when = {"has": ["event_type.recruitment"]}

    said = Writer(with_sign_in_an_entry(when))(when, at="event_place")

    assert said == "${event_type} = 'recruitment'"
