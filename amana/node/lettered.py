"""Letters of the demo's two weeks: what two desks say beside offer and answer, on the pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from amana.access.rules import Role
from amana.node import story
from amana.node.persona import Persona, Seen, Typed, Unexpected

W, S, D = Role.CASE_WORKER, Role.SUPERVISOR, Role.DESK
Fields = Mapping[str, str | Sequence[str]]


class Sits(Protocol):
    """The people of one node, by role, and who there is responsible for a person."""

    worker_name: str
    worker_phone: str

    def who(self, role: Role) -> Persona:
        """Return who works in a role, signed in."""
        ...


def write(who: Persona, code: str, kind: str, fields: Fields) -> str:
    """Write a letter into a conversation; return the number of the draft."""
    return _draft(who.post(f"/letters/{code}/write/{kind}", fields).path)


def begin(who: Persona, country: str, kind: str, fields: Fields) -> str:
    """Begin a thread with another country; return the number of the draft."""
    return _draft(who.post(f"/letters/new/{kind}", {"country": country, **fields}).path)


def _draft(path: str) -> str:
    return path.split("/")[3]


def leave(here: Sits, draft: str, *, second: bool = False) -> str:
    """Let the desk release a letter, after a supervisor agreed; return where it was said."""
    if second:
        here.who(S).post(f"/letters/prepared/{draft}/agree", {})
    return here.who(D).post(f"/letters/prepared/{draft}/release", {}).path.split("/")[2]


def arrived(there: Sits, code: str, kind: str) -> str:
    """Open the mail until a letter of a kind has come; return its number."""
    desk = there.who(D)

    def is_there(page: Seen) -> bool:
        if f'data-kind="{kind}"' not in page.text:
            story.open_tray(desk)
            return False
        return True

    page = desk.wait(f"/letters/{code}/", is_there, f"the letter {kind}")
    found = page.all(f'data-letter="([0-9a-f]+)" data-kind="{kind}"')
    return found[-1]


def thread_of(there: Sits, kind: str) -> str:
    """Open the mail until a thread has come; return what it is called there."""
    desk = there.who(D)
    pattern = f'href="/letters/(L-[0-9A-Z-]+)/"[^>]*data-topic="{kind}"'

    def is_there(page: Seen) -> bool:
        if page.first(pattern):
            return True
        story.open_tray(desk)
        return False

    found = desk.wait("/letters/", is_there, f"a thread about {kind}").first(pattern)
    if found is None:
        raise Unexpected(f"no thread about {kind}")
    return found


def say(there: Sits, code: str, mid: str, kind: str, fields: Fields | None = None) -> None:
    """Let a desk say with one press what it says on a letter."""
    there.who(D).post(f"/letters/{code}/{mid}/say/{kind}", fields or {})


def planned(ma: Sits, ci: Sits, code: str, leaves_at: datetime, typed: Typed) -> None:
    """Ask for the family, hear of it, propose the return, and announce the departure."""
    words = "La grand-mère vit-elle seule à Dianra-Fleuve ?"
    typed.narratives.append(words)
    story.says_yes(ma.who(W), code, "TRACE_FAMILY", given_by="GUARDIAN_WITH_ASSENT")
    topics = ["HOME_SAFETY", "CAREGIVER", "RECRUITER_NEAR"]
    leave(
        ma, write(ma.who(W), code, "assessment.request", {"assess_topics": topics, "text": words})
    )
    arrived(ci, code, "assessment.request")
    summary = "Maïmou vit avec sa fille; la cour est connue du chef de quartier."
    typed.narratives.append(summary)
    report = {
        "assess_result": "FAVOURABLE_CONDITIONS",
        "assess_topics": topics,
        "conditions": "Une visite chaque mois.",
        "assess_summary": summary,
    }
    leave(ci, write(ci.who(W), code, "assessment.report", report))
    say(ma, code, arrived(ma, code, "assessment.report"), "letter.read")
    proposal = {
        "return_kind": "FAMILY_REUNION",
        "planned_on": leaves_at.date().isoformat(),
        "needs": ["GUARDIAN", "SCHOOL"],
        "travel_needs": ["ESCORT"],
    }
    leave(ma, write(ma.who(W), code, "return.proposal", proposal), second=True)
    yes = {"decision": "ACCEPT", "worker_name": ci.worker_name, "worker_phone": ci.worker_phone}
    say(ci, code, arrived(ci, code, "return.proposal"), "letter.accept", yes)
    arrived(ma, code, "letter.accept")
    notice = {
        "departs_at": _typed(leaves_at),
        "arrives_at": _typed(leaves_at + timedelta(hours=5)),
        "transport": "AIR",
        "carrier_number": "XX 533",
        "arrival_place": "Aéroport d’Abidjan",
        "receiver_name": ci.worker_name,
        "receiver_phone": ci.worker_phone,
        "n_escorts": "1",
    }
    leave(ma, write(ma.who(W), code, "departure.notice", notice), second=True)
    say(ci, code, arrived(ci, code, "departure.notice"), "letter.read")
    arrived(ma, code, "letter.read")


def handed_over(ma: Sits, ci: Sits, code: str, at: datetime) -> None:
    """Hand over against two signatures, confirm the arrival, and tell how he is."""
    record = {
        "handed_at": _typed(at),
        "arrival_place": "Aéroport d’Abidjan",
        "receiver_name": ci.worker_name,
        "phrase_checked": "yes",
        "handed_items": ["DOCUMENTS", "LUGGAGE"],
    }
    leave(ma, write(ma.who(W), code, "handover.complete", record))
    say(ci, code, arrived(ci, code, "handover.complete"), "handover.countersign")
    home = {"arrived_at": _typed(at), "arrival_state": "WELL"}
    leave(ci, write(ci.who(W), code, "arrival.confirm", home))
    story.says_yes(ci.who(W), code, "AFTERCARE_CONTACT", given_by="GUARDIAN_WITH_ASSENT")
    leave(
        ci,
        write(ci.who(W), code, "followup.report", {"follow_point": "H48", "follow_state": "WELL"}),
    )
    say(ma, code, arrived(ma, code, "followup.report"), "letter.read")


def warned(ma: Sits, ci: Sits, code: str, soon: datetime, typed: Typed) -> None:
    """Warn of a recruiter, tell of a route, call for help, announce a group, cancel it again."""
    alert = {"alert_kind": "OFFENDER_TRAVELLING", "alert_asks": ["CALL_US", "WATCH_ARRIVALS"]}
    leave(ci, write(ci.who(W), code, "alert", alert))
    say(ma, code, arrived(ma, code, "alert"), "letter.read")
    told = "Annonces de cueillette payées à l’arrivée, départs le vendredi."
    typed.narratives.append(told)
    notice = {"info_kind": "FALSE_OFFER", "info_text": told, "via_countries": ["ML", "DZ"]}
    leave(ma, begin(ma.who(D), "CI", "info.notice", notice))
    there = thread_of(ci, "info.notice")
    say(ci, there, arrived(ci, there, "info.notice"), "letter.read")
    danger = {
        "danger_kind": "CAPTIVE",
        "n_persons": "1",
        "age_band": "18_24",
        "sex": "F",
        "phoned": "yes",
        "area": "Casablanca",
    }
    leave(ci, begin(ci.who(D), "MA", "emergency", danger), second=True)
    there = thread_of(ma, "emergency")
    say(ma, there, arrived(ma, there, "emergency"), "letter.read")
    people = {
        f"persons-{number}-{field}": value
        for number in range(5)
        for field, value in (
            ("age_band", "18_24"),
            ("sex", "M"),
            ("language", "dyu"),
            ("needs", "SHELTER"),
        )
    }
    group = {"arrives_at": _typed(soon), "arrival_place": "Aéroport d’Abidjan", **people}
    own = leave(ma, begin(ma.who(D), "CI", "group.arrival", group), second=True)
    first = arrived(ma, own, "group.arrival")
    leave(ma, write(ma.who(D), own, "cancel", {"to": first, "cancel_reason": "PLAN_CHANGED"}))
    there = thread_of(ci, "group.arrival")
    say(ci, there, arrived(ci, there, "cancel"), "letter.read")


def _typed(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")
