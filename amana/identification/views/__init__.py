"""How the web asks: screening page by page, the supervisor's table, the instruments."""

from amana.identification.views.asking import (
    begin,
    discard,
    page,
    remove_entry,
    review,
    sent,
    skip,
    start,
)
from amana.identification.views.deciding import (
    again,
    decide,
    formal,
    interview,
    screening,
    waiting,
)
from amana.identification.views.whole import bring, form, instrument, instruments, typed

__all__ = [
    "again",
    "begin",
    "bring",
    "decide",
    "discard",
    "form",
    "formal",
    "instrument",
    "instruments",
    "interview",
    "page",
    "remove_entry",
    "review",
    "screening",
    "sent",
    "skip",
    "start",
    "typed",
    "waiting",
]
