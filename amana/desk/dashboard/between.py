"""Between two desks: codes and clocks that both countries hold, never a person."""

from collections import Counter
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from amana.access.rules import Actor, Role
from amana.desk.dashboard.blocks import Block, chart, fact, link
from amana.knowledge import pages
from amana.knowledge.drawing.facts import MOST_SERIES, Fact
from amana.knowledge.pages import Grid
from amana.look.coded import label, language
from amana.referrals import queries as referrals
from amana.referrals.rules import State
from amana.standards import countries
from amana.watch import queries as watches
from amana.watch import rules as watching

MINUTE, HOUR = 60, 3600
SEES_REPORT = frozenset({Role.COORDINATOR, Role.PLAN})


def of_referrals(actor: Actor, now: datetime) -> Block:
    told = referrals.told_all(referrals.referrals(actor))
    found = Counter((one.referral.is_ours, _standing(one)) for one in told)
    states = [s for s in ("with_desk", "returned", *State) if found[True, s] or found[False, s]]
    series = {
        words: [fact(label("STATE", str(s)), found[is_ours, s]) for s in states]
        for is_ours, words in ((True, _("Asked by us")), (False, _("Asked of us")))
    }
    n_silent = sum(bool(one.silences(now)) for one in told)
    return Block(
        name="referrals",
        title=_("Referrals"),
        does=_("Silent now: %(n)s. A silence is a person who waits: answer, or call.")
        % {"n": pages.shown(n_silent)},
        nothing=_("No referral yet, in either direction."),
        chart=chart("referrals", _("Referrals"), _("State"), series, now) if states else None,
        links=(
            link("referrals:list", _("Referrals")),
            link("referrals:mail", _("Mail")),
        ),
    )


def _standing(told: referrals.Told) -> str:
    if told.story.state is not State.NOT_OFFERED:
        return told.story.state.value
    return "returned" if told.referral.returned_at else "with_desk"


def of_owed(_actor: Actor, now: datetime) -> Block:
    found = Counter((one.is_ours, one.due_at < now) for one in watches.owed(now))
    late = ((False, _("Still in time")), (True, _("Late")))
    series = {
        words: [fact(kind, found[is_ours, is_late]) for is_late, kind in late]
        for is_ours, words in ((True, _("We owe")), (False, _("They owe")))
    }
    return Block(
        name="owed",
        title=_("Who waits for whom"),
        does=_("Answer what we owe; of what they owe, climb the next step."),
        nothing=_("Nobody owes a word."),
        chart=chart("owed", _("Words that are owed"), _("Before its hour, or after"), series, now),
        links=(link("watch:now", _("Who waits for whom")),),
    )


def of_reciprocity(actor: Actor, now: datetime) -> Block:
    found = watches.reciprocity(now.year, now)[:MOST_SERIES]
    series = {_direction(one): [_half(one, key) for key in watching.COUNTED] for one in found}
    rows = tuple(
        (
            (_direction(one), label("CLOCK", key)),
            (_half(one, key).shown, _in_time(one, key)),
        )
        for one in found
        for key in watching.COUNTED
    )
    heads, columns = (_("Direction"), _("Clock")), (_("Half of them within"), _("In time"))
    title = _("How both countries answer")
    sees_report = actor.role in SEES_REPORT
    return Block(
        name="reciprocity",
        title=title,
        does=_("Both countries see the same numbers. Where one is slow, speak of it together."),
        nothing=_("Nothing was asked in this year."),
        chart=chart("reciprocity", _("Hours"), _("Half of them within"), series, now)
        if found
        else None,
        grid=Grid(title, heads, columns, rows) if found else None,
        links=(link("watch:report", _("Reciprocity")),) if sees_report else (),
    )


def _direction(one: watching.Direction) -> str:
    origin, host = (countries.label(c, language()) for c in (one.origin, one.host))
    return _("%(origin)s asks, %(host)s answers") % {"origin": origin, "host": host}


def _half(one: watching.Direction, key: str) -> Fact:
    """Return within how many hours half of the answers came, or minutes under one."""
    clock, seconds = label("CLOCK", key), one.medians.get(key)
    if seconds is None:
        return Fact(clock, None, _("no answer yet"))
    if seconds < HOUR:
        said = f"{pages.shown(seconds // MINUTE)} {label('UNIT', 'minute')}"
    else:
        said = f"{number_format(seconds / HOUR, 1, use_l10n=True)} {label('UNIT', 'hour')}"
    return Fact(clock, seconds / HOUR, said)


def _in_time(one: watching.Direction, key: str) -> str:
    said = {"n": pages.shown(one.n_in_time[key]), "total": pages.shown(one.n_over[key])}
    return _("%(n)s of %(total)s") % said
