"""Synthetic rows of a country's own files: the budget, the same rows again, and what is shown."""

import csv
import io
import json
import re
from datetime import date, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client

from amana.access.rules import NotFound, Refused, Role, StepUp
from amana.audit.models import Entry
from amana.cases.actions import parts
from amana.cases.models import Case
from amana.knowledge import actions, publications, queries, releases, rules
from amana.knowledge.models import Publication
from amana.knowledge.rules import PERSON, SYNTHETIC, TABLE, Definition
from amana.knowledge.synthetic import Noisy, fit
from amana.knowledge.tests.test_actions import a_coded_case
from amana.standards import codes, statistics
from amana.standards.statistics import Statistics
from tests.cast import Cast, StoppedClock, name_of

SINCE = date(2026, 1, 1)
A_DAY = timedelta(days=1)
# Who has a file here, and how often: each kind is many people but the last, who is alone.
CHILD, ADULT = "yes", "no"
CROWD = (
    ("F", CHILD, ("T1", "X1"), "TRAITE_PRESUMEE", "CI", 260),
    ("M", CHILD, ("T1", "X1"), "TRAITE_PRESUMEE", "BF", 220),
    ("F", ADULT, ("T1", "S1"), "TRAITE_PRESUMEE", "NG", 240),
    ("M", ADULT, (), "TRAFIC_ILLICITE", "CI", 230),
    ("M", ADULT, ("O1",), "TRAITE_A_APPROFONDIR", "ML", 1),
)


@pytest.fixture
def until(now: datetime) -> date:
    return (now - A_DAY).date()


@pytest.fixture
def table() -> Statistics:
    return statistics.load()


@pytest.fixture
def crowd(cast: Cast, now: datetime) -> Cast:
    return with_a_crowd(cast, now)


def with_a_crowd(cast: Cast, now: datetime) -> Cast:
    """Add a year of invented files, of which only what may be counted is told."""
    number = 0
    for sex, minor, signs, decided, citizenship, times in CROWD:
        for _ in range(times):
            number += 1
            a_coded_case(
                cast, number, now, sex=sex, minor=minor, citizenship=citizenship, signs=signs,
                decided=decided,
            )  # fmt: skip
    return cast


def release(cast: Cast, now: datetime, since: date, until: date, epsilon: float) -> Publication:
    statistician = cast.actor(Role.STATISTICIAN)
    return actions.publish_rows(
        since=since, until=until, epsilon=epsilon, actor=statistician, now=now
    ).row


def test_what_releases_of_the_same_days_cost_adds_up_and_stops_at_the_budget(
    table: Statistics,
) -> None:
    wanted, today = releases.definition(SINCE, date(2026, 6, 30), table), date(2026, 7, 1)
    assert releases.left([], table) == table.synthetic.budget == 4
    assert releases.left([0.1] * 3, table) == 3.7
    assert releases.left([4.0, 1.0], table) == 0
    assert releases.objections(wanted, 3.7, [0.1] * 3, today, table) == []
    assert releases.objections(wanted, 3.71, [0.1] * 3, today, table) == ["BUDGET_PASSED"]
    for nothing in (0.0, -1.0, float("nan"), float("inf")):
        assert releases.objections(wanted, nothing, [], today, table) == ["EPSILON_NOT_ABOVE_ZERO"]
    assert releases.objections(wanted, 1.0, [], date(2026, 6, 30), table) == ["PERIOD_NOT_OVER"]


def of(sex: str, age: str, form: str, citizenship: str) -> dict[str, str]:
    return {"sex": sex, "age": age, "form": form, "class": "TRAITE_PRESUMEE",
            "citizenship": citizenship}  # fmt: skip


# Three thousand invented persons, and two who are alone of their kind.
THOUSANDS: list[rules.Fact] = [
    (of("F", "CHILD", "LABOUR", "CI"), 900), (of("M", "CHILD", "OTHER", "BF"), 800),
    (of("F", "ADULT", "SEXUAL", "NG"), 700), (of("M", "ADULT", "LABOUR", "ML"), 600),
    (of("X_OTHER", "ADULT", "SEVERAL", "PH"), 1), (of("M", "CHILD", "SEXUAL", "CI"), 1),
]  # fmt: skip


def counted(table: Statistics, facts: list[rules.Fact]) -> tuple[Definition, Noisy]:
    wanted = releases.definition(SINCE, date(2026, 6, 30), table)
    rows = releases.rows_of(facts, wanted)
    noisy = fit(wanted.dimensions, rows, releases.plan(2.0, table), flags=frozenset())
    return wanted, noisy


def test_the_same_bytes_come_of_the_kept_counts_and_others_of_another_version(
    table: Statistics,
) -> None:
    wanted, noisy = counted(table, THOUSANDS)
    kept = Noisy.from_dict(json.loads(json.dumps(noisy.to_dict())))
    about = {"series": wanted.series, "version": 1, "country": "CI"}
    raw = releases.content(noisy, wanted, about)
    assert releases.content(kept, wanted, about) == raw
    said, other = (
        json.loads(releases.content(kept, wanted, about | {"version": v})) for v in (1, 2)
    )
    assert said["rows"] != other["rows"]
    assert said["kind"] == SYNTHETIC
    assert rules.definition_from(said["definition"]) == wanted


def test_nobody_who_is_alone_and_no_real_count_is_in_what_is_published(table: Statistics) -> None:
    wanted, noisy = counted(table, THOUSANDS)
    raw = releases.content(noisy, wanted, {"series": wanted.series, "version": 1})
    said = json.loads(raw)
    for code in (b"X_OTHER", b"PH", b"SEVERAL"):
        assert code not in raw
    rows = list(csv.DictReader(io.StringIO(said["rows"])))
    assert abs(len(rows) - 3000) < 600
    assert not any(r["age"] == "CHILD" and r["form"] == "SEXUAL" for r in rows)
    # What only real rows could say of the quality stays inside.
    assert not {"nearness", "mean_attributes", "internal"} & set(said["report"])


def test_few_people_give_no_rows(table: Statistics) -> None:
    _wanted, noisy = counted(table, [(facts, 1 + n // 100) for facts, n in THOUSANDS])
    assert not releases.is_enough(noisy)
    assert releases.is_enough(counted(table, THOUSANDS)[1])


def test_the_second_release_of_the_same_days_is_held_to_what_the_first_left(
    crowd: Cast, now: datetime, until: date
) -> None:
    row = release(crowd, now, SINCE, until, 2.5)
    assert (row.kind, row.version) == (SYNTHETIC, 1)
    assert b'"ML"' not in bytes(row.content)
    statistician = crowd.actor(Role.STATISTICIAN)

    def is_same() -> bool:
        return actions.reproduced(series=row.series, version=1, actor=statistician, now=now)

    assert is_same()
    # One byte of it, and one byte in the cost that lies open: both are found, neither pays.
    whole = bytes(row.content)
    for one, another in ((b"CHILD,CI,", b"ADULT,CI,"), (b'"epsilon": 2.5', b'"epsilon": 0.5')):
        changed = whole.replace(one, another, 1)
        assert changed != whole
        Publication.objects.filter(pk=row.pk).update(content=changed)
        assert not is_same()
    with pytest.raises(actions.NotDrawn, match="BUDGET_PASSED") as refused:
        release(crowd, now, until - A_DAY, until, 1.6)
    assert refused.value.left == 1.5
    assert Publication.objects.count() == 1
    # What was tried stays on record, with what it would have cost.
    events = [bytes(e or b"") for e in Entry.objects.values_list("event", flat=True)]
    tries = [e for e in events if b"knowledge.draw" in e]
    assert len(tries) == 2
    assert any(b"1.6" in e for e in tries)
    # Days of which none was drawn before have a budget of their own: here nobody is in them.
    with pytest.raises(actions.NotDrawn, match="TOO_FEW_FOR_ROWS") as few:
        release(crowd, now, date(2025, 1, 1), date(2025, 12, 31), 4.0)
    assert (few.value.left, few.value.shown) == (4, 0)
    # What is left may be spent, to the end; and then nothing is.
    second = release(crowd, now, SINCE, until, 1.5)
    assert (second.series, second.version) == (row.series, 2)
    with pytest.raises(actions.NotDrawn, match="BUDGET_PASSED") as spent:
        release(crowd, now, SINCE, until, 0.001)
    assert spent.value.left == 0


def test_tables_and_rows_stand_beside_each_other(crowd: Cast, now: datetime, until: date) -> None:
    row = release(crowd, now, SINCE, until, 2.0)
    statistician = crowd.actor(Role.STATISTICIAN)
    # To a table, rows are no earlier edition, and days that overlap with theirs are free.
    wanted = Definition(PERSON, SINCE, until - timedelta(days=300), (("age", "sex"),), 5)
    assert queries.earlier(statistician, wanted) == queries.Earlier([], [])
    same = Definition(PERSON, SINCE, until, (("age", "class", "sex"),), 5)
    table = actions.publish(wanted=same, actor=statistician, now=now)
    assert table.kind == TABLE
    assert queries.spent(statistician, same) == [2.0]
    assert [p.series for p in publications.newest()] == [table.series]
    assert {p.series for p in publications.everything()} == {table.series, row.series}
    one = publications.published(row.series)
    assert publications.forms(one) == ("csv", "json")
    with pytest.raises(ValueError, match="csv or json"):
        publications.taken_out(one, "sdmx")
    # The one who is withheld in the table is in no row.
    alone = {"class": "TRAITE_A_APPROFONDIR"}
    assert publications.published(table.series).value(alone) is None
    assert "TRAITE_A_APPROFONDIR" not in one.content["rows"]


def test_everybody_reads_what_the_rows_are_in_three_languages(
    crowd: Cast, client: Client, stopped_clock: StoppedClock, now: datetime, until: date
) -> None:
    row = release(crowd, now, SINCE, until, 2.0)
    address = f"/data/{row.series}/1/"
    for lang, title, promise in (
        ("fr", "Lignes synthétiques", "confidentialité différentielle"),
        ("ar", "أسطر اصطناعية", "الخصوصية التفاضلية"),
        ("en", "Synthetic rows", "differential privacy"),
    ):
        headers = {"accept-language": lang}
        assert address in client.get("/data/", headers=headers).content.decode()
        page = client.get(address, headers=headers).content.decode()
        assert title in page
        assert promise in page
        assert codes.label("STAT_AGE", "CHILD", lang) in page
        assert row.digest in page
        # How rarely a small group is shown is what the plan says, in the figures of the language.
        assert re.search(r"1\D?000\D?000", page)
    taken = client.get(address + "csv")
    rows = list(csv.DictReader(io.StringIO(taken.content.decode())))
    assert len(rows) == json.loads(client.get(address + "json").content)["report"]["rows"]
    assert client.get(address + "sdmx").status_code == 404
    name = name_of(Role.STATISTICIAN)
    client.cookies[settings.SESSION_COOKIE] = crowd.cookie(name).hex()
    assert 'data-same="yes"' in client.post(address + "again").content.decode()


def test_twelve_files_give_no_rows_and_the_refusal_says_so(
    cast: Cast, now: datetime, until: date
) -> None:
    worker = cast.actor(Role.CASE_WORKER)
    said = {"indicators": ["T1", "X1"], "minor": CHILD, "situation": "alone", "citizenship": "CI"}
    for number in range(12):
        case = Case.objects.create(
            code=f"CI-{number:04}", team="care", opened_at=now, origin="screening",
            age_band="10_14", sex="F", tier="child",
        )  # fmt: skip
        parts.count(case, said, {"class": "TRAITE_PRESUMEE"}, worker, now - A_DAY)
    with pytest.raises(actions.NotDrawn, match="TOO_FEW_FOR_ROWS") as refused:
        release(cast, now, SINCE, until, 2.0)
    assert refused.value.shown == 0
    assert not Publication.objects.exists()


def test_only_a_statistician_who_showed_who_she_is_draws_rows(
    cast: Cast, now: datetime, until: date
) -> None:
    def tried(role: Role, at: datetime) -> None:
        actions.publish_rows(since=SINCE, until=until, epsilon=1.0, actor=cast.actor(role), now=at)

    for role in (Role.CASE_WORKER, Role.SUPERVISOR, Role.COORDINATOR, Role.ADMINISTRATOR):
        with pytest.raises(NotFound):
            tried(role, now)
    with pytest.raises(StepUp):
        tried(Role.STATISTICIAN, now + timedelta(hours=25))


def test_a_definition_file_cannot_ask_for_rows_as_if_they_were_a_table(
    cast: Cast, now: datetime, until: date, table: Statistics
) -> None:
    wanted = releases.definition(SINCE, until, table)
    with pytest.raises(Refused, match="DEFINITION_UNKNOWN"):
        actions.publish(wanted=wanted, actor=cast.actor(Role.STATISTICIAN), now=now)
