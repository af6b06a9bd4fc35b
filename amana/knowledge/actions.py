"""Publishing tables and synthetic rows, and making them again from what they were made of."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from amana.access.actions.keys import issue_key
from amana.access.documents import seal_document
from amana.access.rules import Actor, Refused, require_step_up
from amana.audit.actions import record
from amana.knowledge import queries, releases, rules
from amana.knowledge.models import Publication
from amana.knowledge.safe.earlier import Edition
from amana.knowledge.synthetic import Noisy, fit, report
from amana.standards import statistics

# How what is published may be used.
LICENCE = "CC-BY-4.0"


@dataclass(frozen=True)
class Tried:
    """A definition tried on the facts of now: what would be shown, or what stands against it."""

    objections: list[str]
    ready: rules.Prepared | None = None
    ways: tuple[rules.WayOut, ...] = ()


def tried(wanted: rules.Definition, actor: Actor, now: datetime) -> Tried:
    """Count, protect and attack, and publish nothing; where it is refused, say what would go."""
    table = statistics.load()
    against = rules.objections(wanted, now.date(), table)
    if "DEFINITION_UNKNOWN" in against:
        return Tried(against)
    facts = queries.facts(actor, wanted)
    # This locks the head of the record: of two at once the second sees what the first published.
    record(at=now, actor=actor.account_id, verb="knowledge.count", subject=wanted.series)
    before = queries.earlier(actor, wanted)
    if before.overlaps:
        against.append("PERIOD_OVERLAPS")
    if rules.mixes_rounding(wanted, [said for said, _edition in before.editions]):
        against.append("ROUNDED_STANDS_ALONE")
    if not against and not facts:
        against.append("NOTHING_IN_PERIOD")
    if not against and rules.is_too_large(
        wanted, facts, before.editions, queries.own(), table.most_cells
    ):
        against.append("TABLE_TOO_LARGE")
    if against:
        return Tried(against)
    ready = rules.prepared(wanted, facts, before.editions, queries.own())
    if ready.is_safe:
        return Tried([], ready)
    ways = rules.ways_out(wanted, facts, before.editions, queries.own(), table.bases)
    return Tried(["FIGURES_EXPOSE"], ready, tuple(ways))


@transaction.atomic
def publish(*, wanted: rules.Definition, actor: Actor, now: datetime) -> Publication:
    """Publish a version of a table, for ever; or refuse with all that stands against it."""
    require_step_up(actor, now)
    found = tried(wanted, actor, now)
    if found.objections or found.ready is None:
        raise Refused(found.objections)
    facts = queries.facts(actor, wanted)
    before = queries.earlier(actor, wanted)
    about = _about(wanted, now)
    held = {
        "definition": wanted.as_json(),
        "about": about,
        "facts": [[json.dumps(dict(of), sort_keys=True), times] for of, times in facts],
        "numbers": dict(found.ready.numbers),
        "withheld": sorted(found.ready.withheld),
        "editions": [
            [d.as_json(), dict(e.numbers), sorted(e.withheld)] for d, e in before.editions
        ],
    }
    return _kept(rules.TABLE, rules.content(found.ready, about), held, actor, now)


def _about(wanted: rules.Definition, now: datetime) -> dict[str, Any]:
    return {
        "series": wanted.series,
        "version": Publication.objects.filter(series=wanted.series).count() + 1,
        "country": queries.own(),
        "published": now.date().isoformat(),
        "source": "Amana",
        "licence": LICENCE,
    }


def _kept(
    kind: str, content: bytes, held: Mapping[str, Any], actor: Actor, now: datetime
) -> Publication:
    """Keep a version, with what it was made of sealed to the statisticians."""
    wanted, about = rules.definition_from(held["definition"]), held["about"]
    key_id, key = issue_key(*queries.teams(), actor=actor)
    row = Publication.objects.create(
        kind=kind,
        series=wanted.series,
        version=about["version"],
        published_at=now,
        published_by=actor.account_id,
        since=wanted.since,
        until=wanted.until,
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        key_id=key_id,
        sealed=seal_document(key, held, queries.place(wanted.series, about["version"], key_id)),
    )
    record(
        at=now,
        actor=actor.account_id,
        verb="knowledge.publish",
        subject=wanted.series,
        version=str(row.version),
        digest=row.digest,
    )
    return row


@dataclass(frozen=True)
class Released:
    """Synthetic rows that were published, and how near they came: for inside alone, kept nowhere.

    It comes after they are published, so that nobody draws until the noise is as she likes it.
    """

    row: Publication
    internal: Mapping[str, Any]


class NotDrawn(Refused):
    """Rows that may not be drawn; `left` of the budget of their days, and how much was `shown`."""

    def __init__(self, objections: list[str], left: float, shown: int | None = None) -> None:
        super().__init__(objections)
        self.left = left
        self.shown = shown


def publish_rows(
    *, since: date, until: date, epsilon: float, actor: Actor, now: datetime
) -> Released:
    """Publish synthetic rows of the persons of these days, for ever; or raise NotDrawn.

    A refused try stays on record with what it would have cost.
    """
    require_step_up(actor, now)
    wanted = releases.definition(since, until, statistics.load())
    facts = queries.facts(actor, wanted)
    with transaction.atomic():
        # This locks the head of the record: of two at once the second sees what the first spent.
        record(
            at=now,
            actor=actor.account_id,
            verb="knowledge.draw",
            subject=wanted.series,
            epsilon=str(epsilon),
        )
        found = _released(wanted, facts, epsilon, actor, now)
    if isinstance(found, NotDrawn):
        raise found
    return found


def _released(
    wanted: rules.Definition,
    facts: list[rules.Fact],
    epsilon: float,
    actor: Actor,
    now: datetime,
) -> Released | NotDrawn:
    table = statistics.load()
    spent = queries.spent(actor, wanted)
    left = releases.left(spent, table)
    if against := releases.objections(wanted, epsilon, spent, now.date(), table):
        return NotDrawn(against, left)
    real = releases.rows_of(facts, wanted)
    noisy = fit(wanted.dimensions, real, releases.plan(epsilon, table), flags=frozenset())
    if not releases.is_enough(noisy):
        return NotDrawn(["TOO_FEW_FOR_ROWS"], left, len(noisy.combinations))
    about = _about(wanted, now)
    held = {"definition": wanted.as_json(), "about": about, "counts": noisy.to_dict()}
    row = _kept(rules.SYNTHETIC, releases.content(noisy, wanted, about), held, actor, now)
    near = report(real, releases.drawn(noisy, row.version), noisy)
    return Released(row, near.internal())


def reproduced(*, series: str, version: int, actor: Actor, now: datetime) -> bool:
    """Make a version again from what it was made of; say whether it is the same to the last byte.

    A table comes from its facts, synthetic rows from their noisy counts and their number.
    """
    row = queries.row(series, version)
    held = queries.opened(actor, row)
    again = _rows_again(held) if row.kind == rules.SYNTHETIC else _table_again(held)
    record(at=now, actor=actor.account_id, verb="knowledge.reproduce", subject=series)
    return again == bytes(row.content) and hashlib.sha256(again).hexdigest() == row.digest


def _rows_again(held: Mapping[str, Any]) -> bytes:
    wanted = rules.definition_from(held["definition"])
    return releases.content(Noisy.from_dict(held["counts"]), wanted, held["about"])


def _table_again(held: Mapping[str, Any]) -> bytes:
    wanted = rules.definition_from(held["definition"])
    editions = [
        (rules.definition_from(said), Edition(numbers, frozenset(withheld)))
        for said, numbers, withheld in held["editions"]
    ]
    ready = rules.prepared(wanted, queries.read_facts(held), editions, held["about"]["country"])
    return rules.content(ready, held["about"])
