"""The working days of the country that must answer, and the last moment of a clock."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Protocol
from zoneinfo import ZoneInfo

import holidays

from amana.standards import countries
from amana.standards.clocks import Clock
from amana.standards.datafile import MARKS, Place, opened


class Calendar(Protocol):
    """The local time, and the days on which nobody is at the desk."""

    @property
    def zone(self) -> ZoneInfo: ...
    def is_rest_day(self, day: date) -> bool: ...


class NationalCalendar:
    """Weekends and public holidays of one country; moon-sighted feasts are estimates."""

    def __init__(self, country: str) -> None:
        self.country = country
        self.zone = countries.zone(country)
        self.is_holiday_known = country in _countries_with_holidays()
        # A country the library does not know rests at weekends only, and says so.
        self._days = (
            holidays.country_holidays(country) if self.is_holiday_known else holidays.HolidayBase()
        )

    def is_rest_day(self, day: date) -> bool:
        return not self._days.is_working_day(day)

    def is_weekend(self, day: date) -> bool:
        """Say whether nobody works on this day of any week."""
        return self._days.is_weekend(day)


class SignedCalendar:
    """Weekends, and the days that a country's own signed directory names.

    Of years that the directory does not cover the library's estimate is taken; `is_estimate` says
    so. Two nodes that hold the same signed bytes count the same days, whatever library they have.
    """

    def __init__(self, country: str, days: Collection[date], years: Collection[int]) -> None:
        self._national = calendar_of(country)
        self.zone = self._national.zone
        self._days, self._years = frozenset(days), frozenset(years)

    def is_rest_day(self, day: date) -> bool:
        if self.is_estimate(day):
            return self._national.is_rest_day(day)
        return day in self._days or self._national.is_weekend(day)

    def is_estimate(self, day: date) -> bool:
        """Say whether the country itself has not spoken of this year."""
        return day.year not in self._years


@dataclass(frozen=True)
class Feast:
    """A public holiday as the library has it; a moon-sighted one is an estimate."""

    day: date
    names: dict[str, str]
    is_estimate: bool


def read_moon_sighted(root: Place) -> tuple[str, ...]:
    """Return the names of feasts whose day is seen and not computed."""
    root.at("source").text()
    root.at("mark").one_of(MARKS)
    root.at("date").day()
    return root.at("names").texts()


@cache
def _moon_sighted() -> tuple[str, ...]:
    return read_moon_sighted(opened("moon_sighted.json"))


def feasts(country: str, years: Collection[int]) -> list[Feast]:
    """Return the public holidays of some years, with their names; none for an unknown country."""
    if country not in _countries_with_holidays():
        return []
    named = {
        language: _named(country, frozenset(years), language) for language in ("fr", "ar", "en_US")
    }
    return [
        Feast(
            day,
            {"fr": named["fr"].get(day, name), "ar": named["ar"].get(day, name), "en": name},
            is_estimate=any(feast in name for feast in _moon_sighted()),
        )
        for day, name in sorted(named["en_US"].items())
    ]


def _named(country: str, years: frozenset[int], language: str) -> dict[date, str]:
    known = holidays.country_holidays(country).supported_languages or ()
    spoken = language if language in known else None
    found = holidays.country_holidays(country, years=sorted(years), language=spoken)
    # The mark of an estimate is ours to give, in the words of the page.
    return {day: re.sub(r" ?\([^)]*\)", "", name) for day, name in found.items()}


@cache
def _countries_with_holidays() -> frozenset[str]:
    return frozenset(holidays.list_supported_countries())


@cache
def calendar_of(country: str) -> NationalCalendar:
    """Return the calendar of a country, by its two letters."""
    return NationalCalendar(countries.known(country))


def due(start: datetime, clock: Clock, calendar: Calendar) -> datetime:
    """Return the last moment of a clock, in the time of the country that must answer."""
    if start.tzinfo is None:
        raise ValueError("a clock starts at a moment with its time zone")
    if clock.unit == "working_day":
        last = nth_working_day(start.astimezone(calendar.zone).date(), clock.value, calendar)
        return datetime.combine(last, time(23, 59, 59), calendar.zone)
    span = timedelta(**{f"{clock.unit}s": clock.value})
    # Through UTC: a night when the clocks change neither lengthens nor shortens the time given.
    return (start.astimezone(UTC) + span).astimezone(calendar.zone)


def nth_working_day(day: date, n: int, calendar: Calendar) -> date:
    """Return the n-th working day after a day, which itself does not count."""
    while n:
        day += timedelta(days=1)
        if not calendar.is_rest_day(day):
            n -= 1
    return day
