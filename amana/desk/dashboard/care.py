"""Exact numbers for who opens the files behind them: cases, screenings, requests, stays, beds."""

from collections import Counter
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from amana.access.rules import Actor
from amana.cases import queries as cases
from amana.desk.dashboard.blocks import MOST_ROWS, Block, chart, counted, fact, link
from amana.identification import queries as identification
from amana.knowledge import pages
from amana.knowledge.pages import Grid
from amana.look.coded import label
from amana.protection import queries as protection
from amana.shelters import people as sheltered
from amana.shelters import queries as shelters
from amana.shelters import rules as beds
from amana.standards import shelters as shelter_table


def of_due(actor: Actor, now: datetime) -> Block:
    words = {
        protection.LATE: _("Late"),
        protection.DAY: _("In a day"),
        protection.WEEK: _("In a week"),
        protection.LATER: _("Later"),
    }
    found = [(words[name], n) for name, n in protection.n_due(actor, now).items()]
    return Block(
        name="due",
        title=_("What is owed, and when"),
        does=_("What is late comes first: do it, or write down why it waits."),
        nothing=_("Nothing is owed in any case."),
        chart=counted("due", _("Cases"), _("When the next duty is due"), found, now),
        links=(link("protection:worklist", _("What is owed")),),
    )


def of_states(actor: Actor, now: datetime) -> Block:
    found = [(label("CASE_STATUS", s), n) for s, n in protection.n_in_states(actor).items()]
    return Block(
        name="states",
        title=_("Where your cases stand"),
        does=_("A case that stays long in one state waits for somebody: see for whom."),
        nothing=_("No case is there for you yet."),
        chart=counted("states", _("Cases"), _("State"), found, now),
        links=(link("cases:list", _("Cases")),),
    )


def of_files(actor: Actor, now: datetime) -> Block:
    found = [(label("TIER", tier), n) for tier, n in cases.n_by_tier(actor).items()]
    return Block(
        name="files",
        title=_("Files in which you were asked"),
        does=_("Your part of each is yours alone. When your work on one ends, say so."),
        nothing=_("Nobody has asked you in a case yet."),
        chart=counted("files", _("Cases"), _("Who it is about"), found, now),
        links=(link("cases:list", _("Cases")),),
    )


def of_load(actor: Actor, now: datetime) -> Block:
    found = protection.loads(actor, now)
    facts = [fact(one.name, one.weight, f"{one.weight} / {one.ceiling}") for one in found]
    rows = tuple(
        ((one.name,), tuple(map(pages.shown, (one.count, one.late, one.weight, one.ceiling))))
        for one in found
    )
    columns = (_("Cases"), _("Late"), _("Weight"), _("At most"))
    drawn = chart("load", _("Weight"), _("Case worker"), {_("Weight"): facts[:MOST_ROWS]}, now)
    return Block(
        name="load",
        title=_("Who carries how much"),
        does=_("Whoever is above the ceiling hands a case on before she takes another."),
        nothing=_("No case worker carries a case yet."),
        chart=drawn,
        grid=Grid(_("Who carries how much"), (_("Case worker"),), columns, rows) if drawn else None,
        links=(link("protection:load", _("Who carries how much")),),
    )


def of_screenings(actor: Actor, now: datetime) -> Block:
    country = str(settings.NODE.country)
    found = Counter(
        (identification.is_urgent(one.content), identification.review_due(one.row, country) < now)
        for one in identification.waiting(actor)
    )
    kinds = ((True, _("Immediate danger")), (False, _("Other screenings")))
    series = {
        words: [fact(kind, found[is_urgent, is_late]) for is_urgent, kind in kinds]
        for is_late, words in ((False, _("Still in time")), (True, _("Late")))
    }
    return Block(
        name="screenings",
        title=_("Screenings that wait for a decision"),
        does=_("Decide danger first, then what waits longest."),
        nothing=_("Nothing waits for a decision."),
        chart=chart("screenings", _("Screenings"), _("What was found"), series, now),
        links=(link("identification:waiting", _("Screenings")),),
    )


def of_beds(actor: Actor, now: datetime) -> Block:
    asked = Counter(one.standing.is_late for one in sheltered.waiting(actor, now))
    found = [
        (_("Asked for, late"), asked[True]),
        (_("Asked for, still in time"), asked[False]),
        (_("Stays to look at"), len(sheltered.raised(actor, now))),
    ]
    return Block(
        name="beds",
        title=_("Beds"),
        does=_("What is late goes one step further today, before night."),
        nothing=_("No bed is asked for, and no stay needs a look."),
        chart=counted("beds", _("Requests and stays"), _("Beds"), found, now),
        links=(
            link("shelters:places", _("Beds")),
            link("shelters:raised", _("Stays to look at")),
        ),
    )


def of_sent(actor: Actor, now: datetime) -> Block:
    decided = Counter(bool(one.decided_at) for one in identification.receipts(actor))
    found = [
        (_("Begun and not yet sent"), len(identification.drafts(actor))),
        (_("With the supervisor"), decided[False]),
        (_("Decided"), decided[True]),
    ]
    return Block(
        name="sent",
        title=_("Your screenings"),
        does=_("What is not sent helps nobody, and is thrown away after 72 hours."),
        nothing=_("You have begun no screening yet."),
        chart=counted("sent", _("Screenings"), _("State"), found, now),
        links=(link("identification:start", _("Screen a person")),),
    )


def of_own_houses(actor: Actor, now: datetime) -> Block:
    rows = {row.pk: row.alias for row in shelters.own_shelters(actor)}
    table = shelter_table.load()
    free, used, names = [], [], []
    for house in shelters.houses(list(rows)):
        names.append(rows[house.code])
        used.append(sum(len(unit.sleepers) for unit in house.units))
        sure = [u for u in house.units if beds.claim_state(u, now, table) == beds.FREE]
        free.append(sum(map(beds.claimed_free, sure)))
    series = {
        _("Given"): [fact(*one) for one in zip(names, used, strict=True)][:MOST_ROWS],
        _("Free for certain"): [fact(*one) for one in zip(names, free, strict=True)][:MOST_ROWS],
    }
    return Block(
        name="houses",
        title=_("Beds of your house"),
        does=_("Confirm the free beds each evening: an old count sends nobody to you."),
        nothing=_("No bed of your house is given, and none was confirmed as free."),
        chart=chart("houses", _("Beds"), _("House"), series, now),
        links=(link("shelters:places", _("Beds")),),
    )
