"""For who opens no file: houses, texts, erasures, the record, and what is published."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from amana.access.rules import Actor, Role
from amana.agreements import queries as agreements
from amana.audit import queries as audit
from amana.cases import queries as cases
from amana.desk.dashboard.blocks import Block, Link, chart, counted, fact, link
from amana.exchange import queries as exchange
from amana.knowledge import pages, publications
from amana.knowledge.drawing.facts import Chart
from amana.look.coded import label, language
from amana.shelters import queries as shelters

PUBLISHED_SHOWN = 5
MONTHS_SHOWN = 6


def of_network(_actor: Actor, now: datetime) -> Block:
    known = shelters.figures(now)
    found = [
        (_("All beds"), known.beds),
        (_("Free for certain"), known.sure_free),
        (_("Perhaps free, not confirmed"), known.unsure),
    ]
    return Block(
        name="network",
        title=_("Beds of the network"),
        does=_("Where beds are not confirmed, call the house before the evening."),
        nothing=_("No house is open."),
        chart=counted("network", _("Beds"), _("Houses that are open"), found, now),
        links=(link("shelters:figures", _("Figures of the network")),),
    )


def of_agreements(_actor: Actor, now: datetime) -> Block:
    listed = tuple(
        Link(
            reverse("agreements:agreement", args=[one.bound.agreement.name]),
            one.bound.agreement.title.said_in(language()),
            label("AGREEMENT_STATE", one.bound.state(now).value),
        )
        for one in agreements.entries()
    )
    return Block(
        name="agreements",
        title=_("Agreements"),
        does=_("Nothing leaves that no article lets pass."),
        nothing=_("No agreement of this country is loaded. Nothing can leave."),
        listed=listed,
        links=(link("agreements:list", _("Agreements")),),
    )


def of_erasures(actor: Actor, now: datetime) -> Block:
    found = Counter(
        "gone" if one.live_at else "approved" if one.approved_by else "asked"
        for one in cases.erasures(actor)
    )
    words = {
        "asked": _("Asked for, waits for a second person"),
        "approved": _("Approved, not yet carried out"),
        "gone": _("Carried out"),
    }
    return Block(
        name="erasures",
        title=_("Erasures"),
        does=_("An erasure takes two: approve it, or say why not."),
        nothing=_("No erasure was asked for."),
        chart=counted(
            "erasures", _("Erasures"), _("State"), [(words[w], found[w]) for w in words], now
        ),
        links=(link("cases:erasures", _("Erasures")),),
    )


def of_taken_out(_actor: Actor, now: datetime) -> Block:
    acts = {
        "referrals.export_evidence": _("Evidence of a referral"),
        "watch.take_out": _("Table of reciprocity"),
    }
    found = audit.months_of(acts)
    months = [_month_before(now, back) for back in range(MONTHS_SHOWN)]
    series = {
        words: [
            fact(date_format(month, "YEAR_MONTH_FORMAT"), found[verb, f"{month:%Y-%m}"])
            for month in months
        ]
        for verb, words in acts.items()
    }
    return Block(
        name="taken-out",
        title=_("What was taken out of the node"),
        does=_("Each was signed for and is on record. A month unlike the others is worth asking."),
        nothing=_("Nothing was taken out in these months."),
        chart=chart("taken_out", _("Times"), _("Month"), series, now),
    )


def _month_before(now: datetime, back: int) -> datetime:
    years, month = divmod(now.year * 12 + now.month - 1 - back, 12)
    return now.replace(year=years, month=month + 1, day=1)


def of_record(actor: Actor, now: datetime) -> Block:
    messages, receipts = exchange.waiting()
    n_alarms = len(audit.open_alarms())
    found = [
        (_("Messages waiting to leave"), messages),
        (_("Receipts waiting to leave"), receipts),
        (_("Open alarms"), n_alarms),
    ]
    return Block(
        name="record",
        title=_("Record and mail"),
        does=_(
            "The record holds %(n)s entries. An alarm is seen to the same day; mail that waits for "
            "hours says that a line is down."
        )
        % {"n": pages.shown(audit.length())},
        nothing=_("No alarm is open, and no mail waits."),
        chart=counted("record", _("Number"), _("What is open"), found, now),
        links=(link("desk:node", _("Node")),) if actor.role is Role.ADMINISTRATOR else (),
    )


def of_published(actor: Actor, now: datetime) -> Block:
    newest = publications.newest()[:PUBLISHED_SHOWN]
    counts = actor.role is Role.STATISTICIAN
    links = [link("knowledge:published", _("Published figures"))]
    if counts:
        links.append(link("knowledge:count", _("Count a new table")))
    return Block(
        name="published",
        title=_("Published figures"),
        does=_("Count the days that are over, and publish what holds against an attack.")
        if counts
        else _("These may be quoted by anybody: no number leads to a person."),
        nothing=_("Nothing is published yet."),
        chart=_withheld(newest, now) if counts else None,
        listed=tuple(map(_publication, newest)),
        links=tuple(links),
    )


def _publication(one: publications.Published) -> Link:
    return Link(
        reverse("knowledge:table", args=[one.series, one.version]),
        pages.title(one.definition),
        pages.days(one.definition),
    )


def _withheld(newest: Sequence[publications.Published], now: datetime) -> Chart | None:
    """Return how much of each table is shown, and how much is withheld."""
    said = [
        (f"{n}. {pages.title(one.definition)}", one.content["disclosure"])
        for n, one in enumerate(newest, start=1)
    ]
    series = {
        _("Shown"): [fact(title, d["cells"] - d["withheld"]) for title, d in said],
        _("Withheld"): [fact(title, d["withheld"]) for title, d in said],
    }
    return chart("published", _("Numbers of the table"), _("Table"), series, now)
