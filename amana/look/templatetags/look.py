"""Safe values on a page: isolated figures, human dates, drawn icons."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_timedelta
from django import template
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from amana.look import coded
from amana.look.days import LOCALES, in_words, pattern
from amana.look.icons import MIRRORED, PATHS
from amana.look.qr import dots as qr_dots
from amana.standards import countries
from amana.standards.datafile import Words

register = template.Library()

# What Arabic text would turn around: digits in groups, as in a phone number or a date.
FIGURES = re.compile(r"[+(]?\d[\d \u00a0().\-/]{4,}\d")

TIMES = {
    "fr": " 'à' HH'\u00a0h\u00a0'mm",
    "ar": " 'على الساعة' HH:mm",
    "en": " 'at' HH:mm",
}


@register.filter(name="ltr")
@register.simple_tag(name="ltr")
def ltr(value: object) -> SafeString:
    """Isolate a reference, a phone number or a date in figures: Arabic text keeps its order."""
    return format_html('<bdi dir="ltr">{}</bdi>', "" if value is None else value)


@register.filter
def figures(value: object) -> SafeString:
    """Isolate every phone number and date in figures inside words that somebody typed."""
    words = str(value or "")
    parts, end = [], 0
    for found in FIGURES.finditer(words):
        parts += [escape(words[end : found.start()]), ltr(found.group())]
        end = found.end()
    return mark_safe("".join([*parts, escape(words[end:])]))  # noqa: S308 - every part is escaped


@register.filter
def person(value: object) -> SafeString:
    """Isolate a person's name, written in whatever script it has."""
    return format_html("<bdi>{}</bdi>", "" if value is None else value)


@register.filter
def day(value: date | None) -> SafeString | str:
    """Write a date in words in the reader's language."""
    if not value:
        return ""
    if isinstance(value, datetime):
        value = _local(value, None).date()
    return _time(value.isoformat(), in_words(value, _language()))


@register.filter
def moment(value: datetime | None, zone: str | None = None) -> SafeString | str:
    """Write a date and time in words, in this node's time zone or in the one named."""
    if not value:
        return ""
    local = _local(value, zone)
    return _time(local.isoformat(timespec="minutes"), moment_in_words(value, zone))


def moment_in_words(value: datetime, zone: str | None = None) -> str:
    """Return a date and time in words, for what is no part of a page's text."""
    local = _local(value, zone)
    # Figures of an hour stand in the order of the clock in every script.
    written = pattern(local, _language()) + TIMES[_language()]
    return str(format_datetime(local, written, locale=_locale()))


@register.filter
def since(value: datetime | None, now: datetime | None = None) -> SafeString | str:
    """Say how long ago or how soon, measured from the `now` of the request."""
    if not value or not now:
        return moment(value)
    words = format_timedelta(value - now, add_direction=True, threshold=1.1, locale=_locale())
    return _time(_local(value, None).isoformat(timespec="minutes"), words)


@register.simple_tag
@cache
def icon(name: str, css_class: str = "") -> SafeString:
    """Draw an icon that decorates words and is silent to a screen reader."""
    mirrored = " icon-mirrored" if name in MIRRORED else ""
    paths = format_html_join("", '<path d="{}"/>', ((path,) for path in PATHS[name]))
    return format_html(
        '<svg class="icon{} {}" width="20" height="20" viewBox="0 0 24 24" '
        'aria-hidden="true" focusable="false">{}</svg>',
        mirrored,
        css_class,
        paths,
    )


@register.simple_tag
def badge(tone: str, text: str) -> SafeString:
    """Say in a word and a shape how something stands; the colour only repeats it."""
    drawn = icon(f"tone-{tone}")
    return format_html('<span class="badge badge-{}">{}{}</span>', tone, drawn, text)


@register.simple_tag
def qr(content: str, label: str) -> SafeString:
    """Draw a QR code that a phone reads from the screen or from paper; `label` says what it is."""
    path, side = qr_dots(content)
    return format_html(
        '<svg class="qr-code" viewBox="0 0 {} {}" role="img" aria-label="{}" '
        'shape-rendering="crispEdges"><path d="{}"/></svg>',
        side,
        side,
        label,
        path,
    )


def _language() -> str:
    language = (get_language() or "en").split("-")[0]
    return language if language in LOCALES else "en"


def _locale() -> str:
    return LOCALES[_language()]


def _local(value: datetime, zone: str | None) -> datetime:
    if timezone.is_naive(value):
        return value
    return timezone.localtime(value, ZoneInfo(zone) if zone else None)


def _time(machine: str, words: str) -> SafeString:
    return format_html('<time datetime="{}" dir="auto">{}</time>', machine, words)


@register.filter
def label(code: object, name: str) -> str:
    """Write a code in the reader's words: `{{ case.sex|label:"SEX" }}`."""
    return coded.label(name, str(code)) if code else ""


@register.filter
def labels(found: list[str], name: str) -> str:
    """Write several codes in the reader's words."""
    return coded.labels(name, found or [])


@register.filter
def said(words: Words | None) -> str:
    """Write what a data file says in three languages in the reader's own."""
    return words.said_in(coded.language()) if words else ""


@register.simple_tag(takes_context=True)
def by_article(context: Mapping[str, Any], objection: str) -> str:
    """Name the article of an agreement by which an objection stands; nothing for any other."""
    reference = context.get("under", {}).get(objection)
    return f" ({coded.article(reference)})" if reference else ""


@register.filter
def country(code: str) -> str:
    """Write a country's name in the reader's language."""
    return countries.label(code, coded.language()) if code else ""
