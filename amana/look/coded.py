"""Coded values on a page: the label of a code, and the choices of a list, in the reader's language."""

from collections.abc import Callable

from django.utils.translation import get_language

from amana.standards import codes


def language() -> str:
    """Return the reader's language as the vocabularies know it."""
    return (get_language() or "en").split("-")[0]


def label(name: str, code: str) -> str:
    """Return the label of a code; a code that is unknown here is shown as it is, never hidden."""
    try:
        return codes.label(name, code, language())
    except codes.UnknownValue:
        return str(code)


def labels(name: str, found: list[str]) -> str:
    """Return several labels in one line."""
    return " · ".join(label(name, code) for code in found)


def choices(name: str, *, blank: bool = False) -> Callable[[], list[tuple[str, str]]]:
    """Return the choices of a list, asked anew for every form and so in its reader's language."""

    def asked() -> list[tuple[str, str]]:
        empty = [("", "—")] if blank else []
        return empty + codes.choices(name, language())

    return asked
