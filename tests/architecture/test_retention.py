"""Every kind of row says how long it is kept, and no row of the table speaks of nothing."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import models

from amana.node.retention import PROPOSED, TABLE, Kept


def labels() -> list[str]:
    """Return every model of the node."""
    return [model._meta.label for model in apps.get_models()]


def without_a_term(found: Iterable[str]) -> set[str]:
    """Return the models that nobody thought of erasing."""
    return set(found) - set(TABLE)


def test_every_model_says_how_long_it_is_kept() -> None:
    assert without_a_term(labels()) == set()


def test_the_table_speaks_of_no_model_that_is_gone() -> None:
    assert set(TABLE) - set(labels()) == set()


def test_a_model_that_nobody_thought_of_erasing_is_found() -> None:
    class Photograph(models.Model):  # noqa: DJ008 - nobody ever reads one
        """A row that somebody added and gave no term."""

        class Meta:
            app_label = "cases"
            managed = False

    try:
        assert without_a_term(labels()) == {"cases.Photograph"}
    finally:
        apps.all_models["cases"].pop("photograph")
        apps.clear_cache()
    assert without_a_term(labels()) == set()


@pytest.mark.parametrize("label", sorted(TABLE))
def test_every_term_says_what_from_when_how_and_why(label: str) -> None:
    kept = TABLE[label]

    assert kept.row
    assert kept.since
    assert kept.erased_by
    assert kept.reason
    assert kept.mark == PROPOSED
    assert kept.life is None or kept.life > timedelta()


def test_what_ends_by_itself_names_its_life_or_the_action_that_ends_it() -> None:
    running: list[Kept] = [kept for kept in TABLE.values() if kept.is_running]

    by_an_action = (
        *("access.Membership", "access.Lock", "access.RecoveryShare", "referrals.Referral"),
        *("cases.Attachment", "cases.Card", "cases.Compartment", "cases.Conflict"),
        *("cases.Consent", "cases.Glass", "cases.Involved", "cases.MatchToken"),
        *("cases.Milestone", "cases.Opening", "identification.FormalStep"),
        *("field.Resumable", "letters.Draft", "letters.Thread", "protection.Due", "watch.Mail"),
        "protection.IssuedPaper",
        "protection.SavedFilter",
        *("shelters.Request", "shelters.Member", "shelters.Ask", "shelters.Stay", "shelters.Note"),
        *("shelters.Transport", "shelters.ForEscort", "shelters.Incompatible"),
    )
    assert {kept.row for kept in running if kept.life is None} == {
        TABLE[label].row for label in by_an_action
    }


def test_the_terms_of_the_table_are_those_that_the_node_keeps() -> None:
    assert TABLE["identification.Draft"].life == timedelta(hours=72)
    assert TABLE["access.Session"].life == timedelta(hours=8)
    assert TABLE["access.Failure"].life == timedelta(minutes=15)
    assert TABLE["exchange.Message"].life == timedelta(days=30)
