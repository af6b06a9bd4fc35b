"""The houses of the network as Open Referral HSDS 3.1, to be published: without where they stand.

Pure but for the rows it is given. A directory is read by those who look for somebody, too: of a
house stand here its alias, its area, whom it takes, its languages and how many beds it has. No
address, no telephone of the door, no security, no count of who is inside. Houses that hide people
from a trafficker or a violent family, and families who take somebody in, stand in no directory at
all: that there is one in an area is a hint already.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from amana.shelters.models import Shelter
from amana.shelters.rules import House
from amana.standards import codes

HIDDEN = frozenset({"SPECIALISED_TIP", "WOMEN_GBV", "FOSTER_FAMILY", "HOST_FAMILY"})
STATUS = {"OPEN": "active", "FULL": "active", "SUSPENDED": "temporarily closed"}
# The numbers of a publication are made from our codes, so that they stay the same each time.
NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "https://amana.invalid/shelters")


def exported(rows: Iterable[Shelter], houses: Iterable[House]) -> dict[str, Any]:
    """Return the directory: who runs what; a location is virtual and has no address."""
    by_code = {house.code: house for house in houses}
    shown = [row for row in rows if row.kind not in HIDDEN and row.status != "CLOSED"]
    operators = sorted({_operator(row) for row in shown})
    return {
        "version": "3.1",
        "profile": "shelters without addresses",
        "organizations": [
            {"id": _id("organization", name), "name": name, "description": name}
            for name in operators
        ],
        "services": [_service(row, by_code[row.pk]) for row in shown],
    }


def _service(row: Shelter, house: House) -> dict[str, Any]:
    kind, area = codes.label("SHELTER_TYPE", row.kind, "en"), _area(row)
    taken = [codes.label("SHELTER_PROFILE", one, "en") for one in sorted(row.profiles)]
    return {
        "id": _id("service", row.pk),
        "organization_id": _id("organization", _operator(row)),
        "name": row.alias,
        # HSDS has no capacity without how many are free, and that is for who asks for a bed.
        "description": f"{kind}, {sum(unit.beds for unit in house.units)} beds",
        "status": STATUS.get(row.status, "inactive"),
        "eligibility_description": ", ".join(taken),
        "languages": [
            {"id": _id("language", row.pk, one), "code": one} for one in sorted(row.languages)
        ],
        "schedules": [
            {"id": _id("schedule", row.pk), "notes": row.intake_hours}
        ] if row.intake_hours else [],
        "service_at_locations": [
            {
                "id": _id("service_at_location", row.pk),
                "location": {
                    "id": _id("location", row.pk),
                    "location_type": "virtual",
                    "name": area,
                    "accessibility": _accessibility(row, house),
                },
            }
        ],
    }  # fmt: skip


def _accessibility(row: Shelter, house: House) -> list[dict[str, str]]:
    if not any(unit.is_step_free for unit in house.units):
        return []
    return [{"id": _id("accessibility", row.pk), "description": "Reached without a step"}]


def _operator(row: Shelter) -> str:
    return row.operator or "Coordination"


def _area(row: Shelter) -> str:
    return codes.label("SHELTER_AREA", row.area, "en")


def _id(*parts: str) -> str:
    return str(uuid.uuid5(NAMES, "/".join(parts)))
