"""The working days of the country that must answer, and the last moment of a clock."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Protocol
from zoneinfo import ZoneInfo

import holidays

from amana.standards import countries
from amana.standards.clocks import Clock


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
