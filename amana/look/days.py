"""A day in words, the way each language and its country write it. Pure."""

from datetime import date

from babel.dates import format_date

# Month names differ inside a language: Morocco says nuwanbir where Egypt says nufimbir.
LOCALES = {"fr": "fr_CI", "ar": "ar_MA", "en": "en"}
DAYS = {"fr": "d MMMM y", "ar": "d MMMM y", "en": "d MMMM y"}
FIRST_DAYS = DAYS | {"fr": "d'er' MMMM y"}


def pattern(day: date, language: str) -> str:
    """Return how a language writes a day; French counts the first of a month."""
    return (FIRST_DAYS if day.day == 1 else DAYS)[language]


def in_words(day: date, language: str) -> str:
    """Write a day in words; the language is one of fr, ar, en."""
    return format_date(day, pattern(day, language), locale=LOCALES[language])
