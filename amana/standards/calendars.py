"""The working days of the country that must answer."""

from datetime import date
from functools import cache
from typing import Protocol
from zoneinfo import ZoneInfo

import holidays

from amana.standards import countries


class Calendar(Protocol):
    """Where the sun is, and on which days nobody is at the desk."""

    @property
    def zone(self) -> ZoneInfo: ...
    def is_rest_day(self, day: date) -> bool: ...


class NationalCalendar:
    """Weekends and public holidays of one country; moon-sighted feasts are estimates."""

    def __init__(self, country: str) -> None:
        self.country = country
        self.zone = countries.zone(country)
        self.is_holiday_known = country in holidays.list_supported_countries()
        # A country the library does not know rests at weekends only, and says so.
        self._days = (
            holidays.country_holidays(country) if self.is_holiday_known else holidays.HolidayBase()
        )

    def is_rest_day(self, day: date) -> bool:
        return not self._days.is_working_day(day)


@cache
def calendar_of(country: str) -> NationalCalendar:
    """Return the calendar of a country, by its two letters."""
    return NationalCalendar(countries.known(country))
