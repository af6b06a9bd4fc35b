"""Agreements are data: a file that is whole is read, one at fault is refused by its place."""

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from amana.standards import agreements, codes
from amana.standards.datafile import BadData, Place

NAME = "ci-ma-memorandum"
FILE = next(agreements.AGREEMENTS.glob(f"{NAME}.*.json"))


def document() -> dict[str, Any]:
    held: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return copy.deepcopy(held)


def fault(change: Callable[[dict[str, Any]], object]) -> str:
    """Return where a file is refused once it was changed in one place."""
    spoiled = document()
    change(spoiled)
    with pytest.raises(BadData) as refused:
        agreements.read(Place(spoiled, "file"))
    return str(refused.value)


def test_the_memorandum_of_december_2024_binds_two_countries_and_rests_on_three_pillars() -> None:
    held = agreements.find(NAME)

    assert held.countries == {"CI", "MA"}
    assert held.signed_on == date(2024, 12, 18)
    assert [p.id for p in held.pillars] == ["PREVENTION", "PROTECTION", "PARTNERSHIP"]


def test_it_is_our_rendering_and_says_so() -> None:
    held = agreements.find(NAME)

    assert held.mark == "proposed"
    assert "not the signed text" in held.rendering.en


def test_what_nobody_brought_is_not_loaded_and_not_guessed() -> None:
    held = agreements.find(NAME)

    assert held.term is None
    assert all(party.signatory is None for party in held.parties)
    assert all(article.number == "" for article in held.articles)
    assert any("signed text" in absent.what.en for absent in held.absent)


def test_both_directions_are_treated_alike() -> None:
    for clause in agreements.find(NAME).clauses:
        assert clause.directions == {("CI", "MA"), ("MA", "CI")}, clause.id


def test_no_row_lets_anything_pass_that_stands_in_no_table() -> None:
    for held in agreements.every():
        assert [c.id for c in held.clauses if "OTHER" in c.categories] == []


def test_every_message_there_is_has_its_row_in_the_memorandum() -> None:
    covered = {kind for c in agreements.find(NAME).clauses for kind in c.kinds}

    assert covered == set(codes.values("MESSAGE"))


def test_a_version_that_is_not_there_is_not_loaded() -> None:
    with pytest.raises(agreements.NotLoaded):
        agreements.find(NAME, "2020-01-01")
    with pytest.raises(agreements.NotLoaded):
        agreements.find("an-agreement-of-nobody")


def set_(path: str, value: object) -> Callable[[dict[str, Any]], object]:
    """Return a change that sets the value at a path such as `flows.0.article`."""
    *way, last = path.split(".")

    def change(held: Any) -> None:
        for step in way:
            held = held[int(step)] if step.isdigit() else held[step]
        held[int(last) if last.isdigit() else last] = value

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (set_("format", 2), "file: is of format 2"),
        (set_("name", "With Blanks"), "file.name:"),
        (set_("title", {"fr": "x", "en": "x"}), "file.title:"),
        (set_("parties.0.country", "ZZ"), "file.parties[0].country:"),
        (set_("parties.1.country", "CI"), "file.parties: 'CI' stands twice"),
        (set_("articles.0.pillar", "NOWHERE"), "file.articles[0].pillar:"),
        (set_("articles.1.id", "R1"), "file.articles: 'R1' stands twice"),
        (set_("obligations.0.article", "R99"), "file.obligations[0].article:"),
        (set_("obligations.0.by", ["FR"]), "file.obligations[0].by[0]:"),
        (set_("obligations.0.clock", "lunch"), "file.obligations[0].clock:"),
        (set_("clocks.version", "2020-01-01"), "file.clocks.version:"),
        (set_("rules.suspension", "R99"), "file.rules.suspension:"),
        (set_("flows.0.article", "R99"), "file.flows[0].article:"),
        (set_("flows.0.kinds", ["gossip"]), "file.flows[0].kinds[0]:"),
        (set_("flows.0.purposes", ["REVENGE"]), "file.flows[0].purposes[0]:"),
        (set_("flows.0.categories", ["SHELTER_ADDRESS"]), "file.flows[0].categories[0]:"),
        (set_("flows.0.directions", ["CI>FR"]), "file.flows[0].directions[0]: 'FR' is no party"),
        (set_("flows.0.directions", ["CI>CI"]), "file.flows[0].directions[0]: leads nowhere"),
        (set_("flows.0.grounds", ["CURIOSITY"]), "file.flows[0].grounds[0]:"),
        (set_("flows.0.while", ["DRAFT"]), "file.flows[0].while[0]:"),
        (set_("flows.0.surprise", True), "file.flows[0]:"),
        (set_("source", "somebody"), "file.source:"),
        (set_("signed.on", "2024-13-18"), "file.signed.on:"),
        (set_("term", {"months": 0, "renewal": "tacit", "alert_days": 1}), "file.term"),
    ],
)
def test_a_file_at_fault_is_refused_by_its_place(
    change: Callable[[dict[str, Any]], object], place: str
) -> None:
    assert fault(change).startswith(place)


def test_a_file_under_another_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "another.2026-01-01.json").write_text(FILE.read_text(encoding="utf-8"))

    with pytest.raises(BadData, match="another than its name says"):
        agreements.every((tmp_path,))


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.2026-01-01.json").write_text("{")

    with pytest.raises(BadData, match="is not JSON"):
        agreements.every((tmp_path,))
