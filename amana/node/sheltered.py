"""A house of the demo's network, and a night in it: entered, furnished, asked, given, reached."""

from datetime import date, timedelta
from typing import Protocol

from amana.access.rules import Role
from amana.node.persona import Persona, Typed, Unexpected
from amana.standards import codes

W, C, M = Role.CASE_WORKER, Role.COORDINATOR, Role.SHELTER_MANAGER
SAFETY_PLAN = "Prévenir Sœur Invention-Matinale si la moto verte revient."
ADDRESS = "Villa Baobab-Argenté, derrière la boulangerie Étoile-du-Lac"

# What is written in the house, sealed: a line of its log, and a report that goes past it.
NOTES = (
    ("LOG", "Nuit calme, la petite Zélie-Fictive a dormi jusqu’à six heures."),
    ("ABUSE_BY_STAFF", "Le gardien Balthazar-Imaginaire a crié sur une résidente."),
)


class Sits(Protocol):
    """The people of one node, by role."""

    def who(self, role: Role) -> Persona:
        """Return who works in a role, signed in."""
        ...


def furnished(here: Sits, area: str, today: date, typed: Typed) -> str:
    """Enter a house, its rooms and where it stands, and count its beds; return its code."""
    until = today + timedelta(days=200)
    entered = here.who(C).post(
        "/beds/houses/new",
        {
            "alias": "Maison Invention-Tranquille",
            "kind": "EMERGENCY",
            "team": "shelter",
            "area": area,
            "licence_authority": "Direction inventée",
            "licence_valid_to_day": str(until.day),
            "licence_valid_to_month": str(until.month),
            "licence_valid_to_year": str(until.year),
            "security": "3",
            "profiles": ["WOMAN", "GIRL", "BOY", "MOTHER_WITH_CHILD"],
            "languages": ["fr", "dyu"],
            "night_languages": ["fr", "ary"],
        },
    )
    house = entered.path.partition("?")[0]
    manager = here.who(M)
    bands = list(codes.values("AGE_BAND"))
    grown = [band for band in bands if codes.values("AGE_BAND")[band].en.endswith("years")]
    for label, sex, beds in (("Chambre 1", "F", 4), ("Chambre 2", "F", 2)):
        said = {"label": label, "beds": str(beds), "surge": "1", "sex": sex, "source": "DIRECTOR"}
        manager.post(house, {"act": "room", **said, "ages": [*grown, "UNK_ADULT"]})
    typed.places.append(ADDRESS)
    manager.post(house, {"act": "address", "address": ADDRESS, "way_in": "Sonner deux fois."})
    counted(here)
    for kind, words in NOTES:
        typed.narratives.append(words)
        manager.post(f"{house.rstrip('/')}/log", {"kind": kind, "words": words})
    return house


def counted(here: Sits) -> None:
    """Confirm each room's free beds with one tap, as the night staff does."""
    manager = here.who(M)
    taps = manager.open("/beds/").all(r'action="(/beds/rooms/\d+/count)"')
    for tap in dict.fromkeys(taps):
        free = manager.open("/beds/").first(rf'action="{tap}"[\s\S]*?name="free" value="(\d+)"')
        manager.post(tap, {"free": free or "0"})


def requested(worker: Persona, referral: str) -> str:
    """Say what place a referral's person needs; return her case."""
    case = worker.open(f"/referrals/{referral}/").first(r'href="/cases/([A-Z0-9-]+)/"')
    if case is None:
        raise Unexpected(f"no case stands on {referral}")
    needs = {"basis": "ADULT_AGREES", "risk": "MEDIUM", "languages": ["ary", "fr"]}
    worker.post(f"/cases/{case}/bed/", needs)
    return case


def placed(here: Sits, case: str, typed: Typed) -> None:
    """Ask the houses that fit; one says yes, the bed is taken, and she is brought there."""
    worker, manager = here.who(W), here.who(M)
    fits = worker.open(f"/cases/{case}/bed/").all(r'name="shelters" value="([^"]+)"')
    worker.post(f"/cases/{case}/bed/ask", {"shelters": fits})
    answer = manager.open("/beds/").first(r'action="(/beds/asks/\d+/answer)"')
    if answer is None:
        raise Unexpected("no house was asked")
    manager.post(answer, {"act": "yes"})
    page = worker.open(f"/cases/{case}/bed/")
    take = page.first(r'action="(/beds/asks/\d+/take)"')
    escort = page.first(r'<option value="([^"]+)" selected>')
    if take is None or escort is None:
        raise Unexpected("no bed is held")
    worker.post(take, {"escort": escort})
    manager.post(answer, {"act": "leave"})
    beds = worker.open("/beds/")
    way = beds.first(r'action="(/beds/way/[^"]+)"')
    if way is None:
        told = f"{beds.path} answered {beds.status}, {len(beds.text)} letters"
        raise Unexpected(f"the escort is shown no way: {told}")
    worker.post(way, {})
    arrived = manager.open("/beds/").all(r'name="arrived" value="(\w+)"')
    manager.post(answer, {"act": "admit", "arrived": arrived})
    if 'data-stay="ADMITTED"' not in worker.open(f"/cases/{case}/bed/").text:
        raise Unexpected("nobody was admitted")
    _welcomed(manager, case, typed)


def _welcomed(manager: Persona, case: str, typed: Typed) -> None:
    """Write down what is asked at the door, and who looks after her."""
    stay = manager.open("/beds/stays/").first(rf'href="(/beds/stays/\w+/)">[^/]*{case}')
    if stay is None:
        raise Unexpected("nobody lives in the house")
    sheet = {"rights_told": "yes", "rules_told": "yes", "phone": "IN_SAFE"}
    typed.narratives.append(SAFETY_PLAN)
    manager.post(stay, {"act": "sheet", **sheet, "safety_plan": SAFETY_PLAN})
    who = manager.open(stay).first(r'<select name="account"[\s\S]*?<option value="(\w+)"')
    manager.post(stay, {"act": "key_worker", "account": who or ""})


def group(here: Sits, operation: str) -> None:
    """Give the children of last night a bed: files, one request a family, a proposal, a first yes.

    One house has too few beds for all: some wait, with the reason on record.
    """
    supervisor, manager = here.who(Role.SUPERVISOR), here.who(M)
    house = manager.open("/beds/").first(r'href="(/beds/houses/[^/"]+/)"')
    if house is None:
        raise Unexpected("no house stands in the list")
    bands = list(codes.values("AGE_BAND"))
    children = [band for band in bands if band in ("0_4", "5_9", "10_14", "15_17", "UNK_CHILD")]
    for label, sex in (("Filles", "F"), ("Garçons", "M")):
        said = {"label": label, "beds": "2", "surge": "1", "sex": sex, "source": "DIRECTOR"}
        manager.post(house, {"act": "room", **said, "ages": children})
    counted(here)
    page = f"/operations/{operation}/beds/"
    supervisor.post(page, {"act": "files"})
    supervisor.post(page, {"act": "beds"})
    places = supervisor.open(f"{page}?propose=1").all(r'name="place" value="([^"]+)"')
    if not places:
        raise Unexpected("nobody of the operation was proposed a place")
    supervisor.post(page, {"act": "houses", "place": places})
    asked = f"/beds/groups/{operation}/"
    first = manager.open(asked).all(r'name="ask" value="(\d+)"')[:1]
    manager.post(asked, {"act": "yes", "ask": first})
    escort = supervisor.open(page).first(r'<select id="(escort-[^"]+)"')
    me = supervisor.open(page).first(r'<option value="([^"]+)" selected>')
    if escort is None or me is None:
        raise Unexpected("no bed is held for the operation")
    supervisor.post(page, {"act": "take", escort: me})
    supervisor.post(page, {"act": "record"})
    if "data-bed" not in supervisor.open(page).text:
        raise Unexpected("nobody of the operation has a bed")
