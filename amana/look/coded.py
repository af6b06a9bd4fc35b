"""Coded values on a page: labels of codes, choices of lists, in the reader's language."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from amana.standards import agreements, codes, messages
from amana.standards.instruments import shelf


def language() -> str:
    """Return the reader's language as the vocabularies know it."""
    return (get_language() or "en").split("-")[0]


def label(name: str, code: str) -> str:
    """Return the label of a code; a code that is unknown here is shown as it is, never hidden."""
    try:
        return codes.label(name, code, language())
    except codes.UnknownValue:
        return str(code)


def opened(part: str) -> str:
    """Return what was opened, in words: a sealed part, or a paper made from the whole case."""
    return label("PAPER", label("PART", part))


def labels(name: str, found: list[str]) -> str:
    """Return several labels in one line."""
    return " · ".join(label(name, code) for code in found)


def choices(name: str, *, blank: bool = False) -> Callable[[], list[tuple[str, str]]]:
    """Return the choices of a list, asked anew for every form and so in its reader's language."""

    def asked() -> list[tuple[str, str]]:
        empty = [("", "—")] if blank else []
        return empty + codes.choices(name, language())

    return asked


def article(reference: str) -> str:
    """Return an article in words, from its reference `name@version#id`; as it is where unknown."""
    text, _sign, id_ = reference.partition("#")
    name, _sign, version = text.partition("@")
    try:
        found = agreements.find(name, version, settings.AGREEMENTS)
        title, said = found.title.said_in(language()), found.article(id_).title.said_in(language())
    except (agreements.NotLoaded, StopIteration):
        return reference
    return _("by article %(number)s, %(title)s – %(agreement)s") % {
        "number": id_,
        "title": said,
        "agreement": title,
    }


# Fields of a file whose values are codes, and the list that says them.
LISTS = {
    "class": "CLASS",
    "sex": "SEX",
    "age_band": "AGE_BAND",
    "minor": "MINOR",
    "situation": "SITUATION",
    "language": "LANG",
    "citizenship": "COUNTRY",
    "exploited_in": "COUNTRY",
    "needs": "NEEDS",
    "risk": "RISK",
    "ground": "CONSENT_GROUND",
    "purpose": "REFERRAL_PURPOSE",
    "forms": "FORM_EXPL",
    "not_reported": "NOT_REPORTED",
    "topics": "COMPLETE_TOPIC",
    "reason": "DECLINE_REASON",
    "urgency": "URGENCY",
    "decision": "DECISION",
    "mode": "CONSENT_MODE",
    "given_by": "GIVEN_BY",
    **dict.fromkeys(("content", "erased", "kept"), "CONSENT_CONTENT"),
    "recall_for": "RECALL_REASON",
    "kept_for": "KEEP_GROUND",
}


def spoken(field: str, value: object) -> str:
    """Return the value of a field in the reader's words: codes as labels, lists in one line."""
    if isinstance(value, bool):
        return label("YES_NO", "yes" if value else "no")
    if isinstance(value, dict):
        return " · ".join(f"{label('FIELD', k)}: {spoken(k, v)}" for k, v in value.items() if v)
    if isinstance(value, list):
        return " · ".join(spoken(field, item) for item in value)
    if field == "indicators":
        return _indicator(str(value))
    listed = LISTS.get(field) or messages.lists().get(field)
    return _known(listed, str(value)) if listed else _plain(field, str(value))


def _known(listed: str, code: str) -> str:
    """Say a code of a shared list; one that this node's list lacks is shown, and said to be so."""
    if code in codes.values(listed):
        return label(listed, code)
    return _("code not known here: %(code)s") % {"code": code}


def _plain(field: str, value: str) -> str:
    """Write a value that is no code: a moment in the hour of this node, a long number short."""
    kind = messages.load().fields[field].type if field in messages.load().fields else ""
    if kind in (messages.LETTER, messages.DIGEST):
        return value[:8]
    if kind != messages.MOMENT:
        return value
    try:
        return timezone.localtime(datetime.fromisoformat(value)).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return value


def _indicator(code: str) -> str:
    try:
        found = shelf().find("field-catalogue").reader.indicator(code)
    except KeyError:
        return code
    return f"{code} {found.label.said_in(language())}"


def octets(size: int) -> str:
    """Return a size that people can read, rounded up to tens: it must not betray a word."""
    return ngettext("%(n)d character", "%(n)d characters", size) % {"n": -(-size // 10) * 10}
