"""Publishing a table, and making a published one again from the facts that it was made of."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from amana.access.actions.keys import issue_key
from amana.access.documents import seal_document
from amana.access.rules import Actor, Refused, require_step_up
from amana.audit.actions import record
from amana.knowledge import queries, rules
from amana.knowledge.models import Publication
from amana.knowledge.safe.earlier import Edition
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
    record(at=now, actor=actor.account_id, verb="knowledge.count", subject=wanted.series)
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
    # Two at once: the second sees what the first published.
    list(Publication.objects.select_for_update().values_list("pk"))
    found = tried(wanted, actor, now)
    if found.objections or found.ready is None:
        raise Refused(found.objections)
    facts = queries.facts(actor, wanted)
    before = queries.earlier(actor, wanted)
    version = Publication.objects.filter(series=wanted.series).count() + 1
    about = {
        "series": wanted.series,
        "version": version,
        "country": queries.own(),
        "published": now.date().isoformat(),
        "source": "Amana",
        "licence": LICENCE,
    }
    content = rules.content(found.ready, about)
    key_id, key = issue_key(*queries.teams(), actor=actor)
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
    row = Publication.objects.create(
        series=wanted.series,
        version=version,
        published_at=now,
        published_by=actor.account_id,
        since=wanted.since,
        until=wanted.until,
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        key_id=key_id,
        sealed=seal_document(key, held, queries.place(wanted.series, version, key_id)),
    )
    record(
        at=now,
        actor=actor.account_id,
        verb="knowledge.publish",
        subject=wanted.series,
        version=str(version),
        digest=row.digest,
    )
    return row


def reproduced(*, series: str, version: int, actor: Actor, now: datetime) -> bool:
    """Make a published table again from its facts; say whether it is the same to the last byte."""
    row = queries.row(series, version)
    held = queries.opened(actor, row)
    wanted = rules.definition_from(held["definition"])
    editions = [
        (rules.definition_from(said), Edition(numbers, frozenset(withheld)))
        for said, numbers, withheld in held["editions"]
    ]
    ready = rules.prepared(wanted, queries.read_facts(held), editions, held["about"]["country"])
    again = rules.content(ready, held["about"])
    record(at=now, actor=actor.account_id, verb="knowledge.reproduce", subject=series)
    return again == bytes(row.content) and hashlib.sha256(again).hexdigest() == row.digest
