"""Counting, in a statistician's session alone, and what was counted for earlier releases."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from amana.access.documents import open_document
from amana.access.queries import access_key, teams_of_kind
from amana.access.rules import Actor, NotFound
from amana.cases import queries as cases
from amana.crypto.boxes import Place
from amana.field import queries as field
from amana.knowledge import rules
from amana.knowledge.models import Publication
from amana.knowledge.safe.earlier import Edition
from amana.standards import codes, statistics
from amana.standards.statistics import Statistics

STATISTICIANS = "statistics"


def own() -> str:
    """Return the country of this node."""
    return str(settings.NODE.country)


def team_of(actor: Actor) -> str:
    """Return the statisticians’ team of this person; whoever is in none counts nothing."""
    code = actor.team_of(STATISTICIANS)
    if code is None:
        raise NotFound
    return code


def place(series: str, version: int, key_id: str) -> Place:
    """Return where the facts of a publication lie."""
    return Place("knowledge_publication", f"{series}@{version}", "sealed", key_id)


def _moment(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), timezone.get_default_timezone())


def facts(actor: Actor, wanted: rules.Definition) -> list[rules.Fact]:
    """Return what is counted in a period, by its codes, as often as it is.

    A person is counted where she was first found: a file that came by a referral is counted by the
    country that sent it. Two files of one person that no referral joins may be counted twice.
    """
    team_of(actor)
    since, until = _moment(wanted.since), _moment(wanted.until + timedelta(days=1))
    if wanted.unit == rules.EVENT:
        happened = field.count_operations(since, until)
        return [({}, happened)] if happened else []
    table = statistics.load()
    found: Counter[tuple[tuple[str, str], ...]] = Counter()
    for one in cases.coded(actor, since, until):
        if wanted.unit == rules.PERSON and one.origin == rules.REFERRED:
            continue
        episodes = 1 + sum(bool(row.get("episode")) for row in one.rows)
        times = episodes if wanted.unit == rules.EPISODE else 1
        found[tuple(sorted(profile(one.rows, table).items()))] += times
    return [(dict(of), times) for of, times in sorted(found.items())]


def profile(rows: tuple[Mapping[str, Any], ...], table: Statistics) -> dict[str, str]:
    """Return the codes of one file in every dimension that is counted."""
    first = rows[0]
    needs = next((row["needs"] for row in reversed(rows) if "needs" in row), None)
    of = {
        "sex": first.get("sex") or "UNK",
        "age": table.minor[first["minor"]],
        "form": table.form(first["indicators"]),
        "class": first["class"] or rules.UNKNOWN,
        "citizenship": first.get("citizenship") or rules.UNKNOWN,
    }
    for need in codes.values(table.needs):
        said = rules.UNKNOWN if needs is None else rules.YES if need in needs else rules.NO
        of[rules.NEED + need] = said
    return of


@dataclass(frozen=True)
class Earlier:
    """What was published before of a period: what its numbers bind, and who overlaps with it."""

    editions: list[tuple[rules.Definition, Edition]]
    overlaps: list[Publication]


def earlier(actor: Actor, wanted: rules.Definition) -> Earlier:
    """Return the tables of the same days, opened, and those of days that overlap."""
    same, other = [], []
    for row in _overlapping(wanted, rules.TABLE):
        if (row.since, row.until) == (wanted.since, wanted.until):
            held = opened(actor, row)
            before = rules.definition_from(held["definition"])
            numbers, gone = held["numbers"], frozenset(held["withheld"])
            same.append((before, Edition(numbers, gone)))
        else:
            other.append(row)
    return Earlier(same, other)


def spent(actor: Actor, wanted: rules.Definition) -> list[float]:
    """Return what each release of synthetic rows cost whose days overlap with these.

    It is read where it was sealed: what lies open could have been made less.
    """
    rows = _overlapping(wanted, rules.SYNTHETIC)
    return [float(opened(actor, row)["counts"]["epsilon"]) for row in rows]


def _overlapping(wanted: rules.Definition, kind: str) -> list[Publication]:
    rows = Publication.objects.filter(kind=kind, since__lte=wanted.until, until__gte=wanted.since)
    return list(rows.order_by("published_at", "pk"))


def opened(actor: Actor, row: Publication) -> dict[str, Any]:
    """Return what a publication was made of. Raises NotFound for who holds no key to it."""
    key = access_key(actor, row.key_id)
    return open_document(key, bytes(row.sealed), place(row.series, row.version, row.key_id))


def teams() -> list[str]:
    """Return the codes of the teams to which facts are sealed."""
    return [team.pk for team in teams_of_kind(STATISTICIANS)]


def row(series: str, version: int) -> Publication:
    """Return the row of one version; raises NotFound where there is none."""
    found = Publication.objects.filter(series=series, version=version).first()
    if found is None:
        raise NotFound
    return found


def read_facts(held: Mapping[str, Any]) -> list[rules.Fact]:
    """Return the facts that were kept with a publication."""
    return [(json.loads(of), times) for of, times in held["facts"]]
