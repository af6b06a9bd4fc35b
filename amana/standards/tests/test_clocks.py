"""When an answer is due: exact hours, and working days of the country that must answer."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.standards import clocks, countries
from amana.standards.calendars import Calendar, calendar_of, due, nth_working_day
from amana.standards.clocks import TIERS, UNITS, Clock

IVORY_COAST, MOROCCO = calendar_of("CI"), calendar_of("MA")


@dataclass(frozen=True)
class Invented:
    """A calendar whose days of rest are chosen by the test."""

    holidays: frozenset[date] = frozenset()
    zone: ZoneInfo = field(default=ZoneInfo("Africa/Casablanca"))

    def is_rest_day(self, day: date) -> bool:
        return day.weekday() > 4 or day in self.holidays


def clock(value: int, unit: str) -> Clock:
    return Clock("decision", "adult", value, unit, "field-practice", "proposed", date(2026, 1, 1))


days = st.dates(date(2024, 1, 1), date(2028, 12, 31))
moments = st.builds(
    lambda day, second: datetime(day.year, day.month, day.day, tzinfo=UTC) + second,
    days,
    st.timedeltas(timedelta(0), timedelta(days=1)),
)
spans = st.integers(1, 60)
units = st.sampled_from(UNITS)
calendars = st.one_of(
    st.builds(Invented, st.frozensets(days, max_size=40)),
    st.sampled_from([calendar_of(country) for country in ("CI", "MA", "EG", "NP", "SO")]),
)


@given(moments, spans, spans, units, calendars)
def test_a_longer_clock_never_gives_an_earlier_moment(
    start: datetime, one: int, other: int, unit: str, calendar: Calendar
) -> None:
    shorter, longer = sorted((one, other))

    assert due(start, clock(shorter, unit), calendar) <= due(start, clock(longer, unit), calendar)


@given(moments, spans, units, calendars)
def test_nothing_is_due_before_it_was_asked(
    start: datetime, value: int, unit: str, calendar: Calendar
) -> None:
    assert due(start, clock(value, unit), calendar) > start


@given(moments, spans, calendars)
def test_no_answer_is_due_on_a_day_of_rest(start: datetime, value: int, calendar: Calendar) -> None:
    last = due(start, clock(value, "working_day"), calendar)

    assert last.tzinfo is calendar.zone
    assert not calendar.is_rest_day(last.date())
    assert (last.hour, last.minute) == (23, 59)


@given(moments, spans, st.frozensets(days, max_size=40), days)
def test_one_more_holiday_never_gives_an_earlier_moment(
    start: datetime, value: int, feasts: frozenset[date], one_more: date
) -> None:
    before = due(start, clock(value, "working_day"), Invented(feasts))
    after = due(start, clock(value, "working_day"), Invented(feasts | {one_more}))

    assert before <= after


@given(moments, spans, calendars)
def test_hours_and_days_are_exact_even_when_the_clocks_change(
    start: datetime, value: int, calendar: Calendar
) -> None:
    assert due(start, clock(value, "hour"), calendar) - start == timedelta(hours=value)
    assert due(start, clock(value, "day"), calendar) - start == timedelta(days=value)


@given(moments, spans, calendars, st.sampled_from(["UTC", "Asia/Tokyo", "America/Lima"]))
def test_the_same_moment_is_due_at_the_same_moment_wherever_it_was_written(
    start: datetime, value: int, calendar: Calendar, zone: str
) -> None:
    for unit in UNITS:
        elsewhere = start.astimezone(ZoneInfo(zone))
        assert due(elsewhere, clock(value, unit), calendar) == due(
            start, clock(value, unit), calendar
        )


def test_a_moroccan_holiday_moves_an_answer_that_morocco_owes() -> None:
    # 18 November is Independence Day in Morocco, an ordinary Wednesday in Côte d'Ivoire.
    asked = datetime(2026, 11, 13, 12, tzinfo=UTC)
    five_days = clocks.clock("decision", "child")

    assert due(asked, five_days, MOROCCO).date() == date(2026, 11, 23)
    assert due(asked, five_days, IVORY_COAST).date() == date(2026, 11, 20)


def test_the_day_begins_where_the_answer_is_owed() -> None:
    # 23:30 in Abidjan is already the next day in Casablanca.
    asked = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)

    assert due(asked, clock(1, "working_day"), IVORY_COAST).date() == date(2026, 11, 3)
    assert due(asked, clock(1, "working_day"), MOROCCO).date() == date(2026, 11, 4)


def test_a_moment_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due(datetime(2026, 11, 2), clock(1, "hour"), MOROCCO)  # noqa: DTZ001


def test_the_feasts_of_both_countries_are_days_of_rest() -> None:
    assert MOROCCO.is_rest_day(date(2026, 7, 30))
    assert not IVORY_COAST.is_rest_day(date(2026, 7, 30))
    assert IVORY_COAST.is_rest_day(date(2026, 8, 7))
    assert MOROCCO.is_holiday_known
    assert IVORY_COAST.is_holiday_known


def test_the_weekend_is_that_of_the_country() -> None:
    friday, sunday = date(2026, 11, 6), date(2026, 11, 8)

    assert calendar_of("EG").is_rest_day(friday)
    assert not calendar_of("EG").is_rest_day(sunday)
    assert IVORY_COAST.is_rest_day(sunday)


def test_a_country_whose_holidays_are_not_known_rests_at_weekends_and_says_so() -> None:
    unknown = calendar_of("AC")

    assert not unknown.is_holiday_known
    assert unknown.is_rest_day(date(2026, 11, 7))
    assert not unknown.is_rest_day(date(2026, 11, 9))


def test_a_code_that_is_no_country_has_no_calendar() -> None:
    for code in ("XX", "EU", "ZZ", "ci", "CIV", ""):
        with pytest.raises(countries.UnknownCountry):
            calendar_of(code)


def test_the_first_working_day_after_a_friday_is_monday() -> None:
    assert nth_working_day(date(2026, 11, 27), 1, IVORY_COAST) == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("key", "emergency", "child", "adult"),
    [
        ("technical_receipt", "72 hour", "72 hour", "72 hour"),
        ("human_acknowledgement", "2 hour", "24 hour", "48 hour"),
        ("completeness_check", "6 hour", "48 hour", "3 working_day"),
        ("decision", "24 hour", "5 working_day", "7 working_day"),
        ("data_recall", "24 hour", "72 hour", "72 hour"),
        ("screening_review", "12 hour", "12 hour", "24 hour"),
    ],
)
def test_each_clock_gives_its_time_for_an_emergency_a_child_and_an_adult(
    key: str, emergency: str, child: str, adult: str
) -> None:
    held = [clocks.clock(key, tier) for tier in TIERS]

    assert [f"{one.value} {one.unit}" for one in held] == [emergency, child, adult]


def test_a_clock_nobody_keeps_is_refused() -> None:
    with pytest.raises(clocks.UnknownClock, match="no clock 'tea' for 'adult'"):
        clocks.clock("tea", "adult")
    with pytest.raises(clocks.UnknownClock):
        clocks.load().clock("consular_document", "emergency")


def test_countries_are_named_in_three_languages() -> None:
    assert countries.label("CI", "fr") == "Côte d’Ivoire"
    assert countries.label("MA", "ar-MA") == "المغرب"
    assert countries.label("BF", "en") == "Burkina Faso"


def test_two_letters_and_three_letters_lead_to_one_another() -> None:
    assert countries.alpha2("CIV") == "CI"
    assert countries.alpha2("COD") == "CD"
    assert countries.alpha3("MA") == "MAR"
    with pytest.raises(countries.UnknownCountry, match="'ZAR'"):
        countries.alpha2("ZAR")


def test_each_country_keeps_its_own_time() -> None:
    assert countries.zone("CI").key == "Africa/Abidjan"
    assert countries.zone("MA").key == "Africa/Casablanca"
    assert countries.zone("GN").key == "Africa/Conakry"
    assert countries.zone("US").key == "America/New_York"


def test_each_country_is_spoken_of_in_the_words_of_its_law() -> None:
    assert countries.term("MA").fr == "traite des êtres humains"
    assert countries.term("CI").fr == "traite des personnes"
    assert countries.term("GN") == countries.term("ZZ")
