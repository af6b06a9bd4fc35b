"""The dashboard: for each role its own work in numbers, drawn and in a table, and what to do.

A number about people stands here only for who may open these people's files. Everybody else reads
what is published: there no number leads to a person.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from amana.access.rules import WITHOUT_ACCOUNT, Actor, Role
from amana.desk.dashboard import between, beyond, care
from amana.desk.dashboard.blocks import Block
from amana.protection import queries as protection

__all__ = ["Block", "blocks"]

Making = Callable[[Actor, datetime], Block]

CARE = frozenset({Role.CASE_WORKER, Role.SUPERVISOR})
SHELTER = frozenset({Role.SHELTER_MANAGER, Role.SHELTER_WORKER})
DESKS = frozenset({Role.DESK, Role.COORDINATOR, Role.PLAN})
EVERYBODY = frozenset(Role) - WITHOUT_ACCOUNT
# Who is asked into single files and opens a part of each.
ASKED = frozenset(
    {
        *(Role.HEALTH, Role.PSYCHOLOGIST, Role.LAWYER, Role.GUARDIAN, Role.PANEL),
        *(Role.TRACING, Role.INVESTIGATOR, Role.JUSTICE, Role.CONSUL, Role.RETURN),
    }
)

# What presses first stands first.
BLOCKS: tuple[tuple[Making, Collection[Role]], ...] = (
    (care.of_screenings, {Role.SUPERVISOR}),
    (care.of_due, CARE | protection.SEES_MOMENTS),
    (care.of_states, CARE),
    (care.of_load, {Role.SUPERVISOR}),
    (care.of_beds, CARE),
    (care.of_sent, {Role.FIRST_RESPONDER}),
    (care.of_own_houses, SHELTER),
    (between.of_referrals, {Role.DESK}),
    (between.of_owed, DESKS),
    (between.of_reciprocity, DESKS),
    (beyond.of_network, {Role.COORDINATOR}),
    (beyond.of_erasures, {Role.DATA_PROTECTION}),
    (beyond.of_taken_out, {Role.DATA_PROTECTION}),
    (beyond.of_agreements, DESKS | {Role.DATA_PROTECTION}),
    (care.of_files, ASKED),
    (beyond.of_record, {Role.ADMINISTRATOR}),
    (beyond.of_published, EVERYBODY),
)


def blocks(actor: Actor, now: datetime) -> list[Block]:
    """Return what stands on the dashboard of a person, what presses first."""
    return [make(actor, now) for make, roles in BLOCKS if actor.role in roles]
