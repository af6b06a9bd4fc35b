"""Who may see and write what: the one place that turns the matrix into yes and no. Pure.

What stands behind every yes is a key: a part is wrapped to the teams of `circle` and to no other,
so that a fault here shows too little, or finds nothing to open.
"""

from collections.abc import Iterable

from amana.access.rules import CARE, GLASS, TEAM_KINDS, Role
from amana.standards import need_to_know
from amana.standards.need_to_know import CARE_FILE

# Rule 7 under the matrix: search across cases by name is for those who care for the person.
MAY_SEARCH = frozenset({Role.CASE_WORKER, Role.SUPERVISOR})


def opens(role: Role) -> frozenset[str]:
    """Return the sealed parts that a role may open, of files that concern it."""
    return need_to_know.load().opened_by(role)


def way_of_writing(role: Role, part: str) -> str:
    """Return how a role writes a part: edit, replace, add, or "" for not at all."""
    return need_to_know.load().way_of_writing(role, part)


def written_by(role: Role, file: str = CARE_FILE) -> list[str]:
    """Return the parts of a file that a role may write, in the order of the data."""
    known = need_to_know.load().parts
    return [n for n, p in known.items() if role in p.writers and p.file == file]


def fields(part: str) -> tuple[str, ...]:
    """Return the fields of a part; none for one that does not exist."""
    known = need_to_know.load().parts.get(part)
    return known.fields if known else ()


def circle(kind: str) -> frozenset[str]:
    """Return the parts whose key a team of this kind may be given.

    All roles of one kind open the same, which a test holds: a team has one key.
    """
    roles = [role for role, kinds in TEAM_KINDS.items() if kind in kinds]
    return frozenset().union(*(opens(role) for role in roles))


def kinds_for(part: str) -> frozenset[str]:
    """Return the kinds of team that open a part. The supervisors' glass opens none by itself."""
    kinds = {kind for found in TEAM_KINDS.values() for kind in found} - {GLASS}
    return frozenset(kind for kind in kinds if part in circle(kind))


def works_on_files(role: Role) -> bool:
    """Say whether a role ever opens or writes a part of somebody's file."""
    return bool(opens(role)) or any(role in p.writers for p in need_to_know.load().parts.values())


def roles_on_files() -> tuple[Role, ...]:
    """Return every role that works on files."""
    return tuple(role for role in Role if works_on_files(role))


def together(parts: Iterable[str]) -> bool:
    """Say whether identity, narrative and offenders lie open together: never for one role."""
    return {"identity", "account", "offenders"} <= set(parts)


def leads(role: Role) -> bool:
    """Say whether a role decides for a file: involves others, hands over, ends."""
    return role in {r for r, kinds in TEAM_KINDS.items() if CARE in kinds}
