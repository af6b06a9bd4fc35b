"""The search card of a case, and the blind question whether another team knows the person."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from amana.access.actions import tell
from amana.access.queries import keeper, layered, members
from amana.access.rules import Actor, NotFound, Role
from amana.audit.actions import record
from amana.cases import queries, rules
from amana.cases.models import Card, Case, MatchToken
from amana.crypto.boxes import seal
from amana.crypto.oprf import blind, output
from amana.crypto.secrets import new_id
from amana.keeper.rules import KeeperRefused
from amana.names import tokens
from amana.names.card import SearchCard, card_of

# A year in what was said of the birth: "2009", "vers 2009", "12/03/2009".
YEAR = re.compile(r"(?<!\d)(19\d\d|20\d\d)(?!\d)")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@transaction.atomic
def keep_card(*, case: Case, actor: Actor) -> tuple[Card, SearchCard] | None:
    """Make the card of a case anew from what its identity and location hold.

    Needs a member of the case's own team; anybody else's writing is carded when a member opens it.
    """
    if not actor.holds(case.team) or case.file != "care":
        return None
    identity, location = _held(case, rules.IDENTITY, actor), _held(case, rules.LOCATION, actor)
    names = [_line(identity, f) for f in ("full_name", "first_name", "known_as")]
    if not any(names):
        return None
    year = YEAR.search(str(identity.get("birth", "")))
    card = card_of(
        code=case.code,
        names=[n for n in names if n],
        birth_year=int(year.group()) if year else None,
        town=_line(location, "family_area"),
        sex=case.sex,
    )
    place = queries.card_place(case.code, case.team)
    box = seal(queries.card_key(actor, case.team), card.packed(), place)
    epoch, wrapped = layered(box, actor)
    # A new row each time: whoever holds opened cards sees by the numbers what is new.
    Card.objects.filter(case=case, team=case.team).delete()
    row = Card.objects.create(
        case=case, team=case.team, key_id=new_id(), epoch=epoch, wrapped=wrapped
    )
    return row, card


def _held(case: Case, part: str, actor: Actor) -> Mapping[str, Any]:
    try:
        return queries.access_compartment(actor, case, part)[1]
    except NotFound:
        return {}


def _line(document: Mapping[str, Any], field: str) -> str:
    return CONTROL.sub(" ", str(document.get(field, ""))).strip()


@transaction.atomic
def compare(*, row: Card, card: SearchCard, actor: Actor, now: datetime) -> bool:
    """Say whether another team may know this person; its supervisors are told of their own case.

    The keeper sees blinded points and counts them; nobody sees the other's card. Whoever asks
    learns one bit. Refuses with TRY_LATER beyond the day's measure.
    """
    asked, kept = sorted(tokens.asked(card)), sorted(tokens.kept(card))
    outputs = _outputs(actor, sorted({*asked, *kept}))
    MatchToken.objects.filter(card=row).delete()
    MatchToken.objects.bulk_create(MatchToken(card=row, output=outputs[t]) for t in kept)
    shared: dict[str, set[str]] = {}
    for kept_one in queries.tokens_among([outputs[t] for t in asked], but=row.team):
        found = {t for t in asked if outputs[t] == bytes(kept_one.output)}
        shared.setdefault(kept_one.card.case_id, set()).update(found)
    alike = [code for code, both in shared.items() if tokens.is_possible_duplicate(both)]
    for code in alike:
        _tell_supervisors(code, now)
    if alike:
        record(at=now, actor=actor.account_id, verb="cases.possible_duplicate", subject=row.case_id)
    return bool(alike)


def _tell_supervisors(code: str, now: datetime) -> None:
    other = Case.objects.get(pk=code)
    told = [a.pk for a in members(other.team, Role.SUPERVISOR)]
    tell(told, "POSSIBLE_DUPLICATE", reference=code, now=now)


def _outputs(actor: Actor, wanted: list[str]) -> dict[str, bytes]:
    blinded = [blind(token.encode()) for token in wanted]
    answers = keeper().evaluate(actor.ticket, [point for point, _ in blinded])
    return {
        token: output(token.encode(), scalar, answer)
        for token, (_, scalar), answer in zip(wanted, blinded, answers, strict=True)
    }


def card_and_compare(*, case: Case, actor: Actor, now: datetime) -> bool:
    """Keep the card and ask blindly; a keeper that was asked too often delays only the question."""
    made = keep_card(case=case, actor=actor)
    if made is None:
        return False
    try:
        return compare(row=made[0], card=made[1], actor=actor, now=now)
    except KeeperRefused:
        return False
