"""What people do, told as acts on pages: one function for each act of the journey."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from amana.node.persona import Persona, Seen, Typed, Unexpected, Value


@dataclass(frozen=True)
class Invented:
    """An invented person, as she would be screened. Every text about her is listed by kind."""

    alias: str
    sex: str
    age_band: str
    minor: str
    situation: str
    language: str
    citizenship: str
    answers: Mapping[str, Sequence[str]]
    place: str = ""
    full_name: str = ""
    phone: str = ""
    family_area: str = ""
    narrative: str = ""
    risk_summary: str = ""
    wishes: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    needs: Sequence[str] = field(default=("SHELTER",))


def screen(responder: Persona, person: Invented, typed: Typed) -> str:
    """Screen a person from the danger check to the receipt; return the receipt's code."""
    page = responder.post("/screen/", {})
    draft = page.path.split("/")[2]
    danger = {q: person.answers.get(q, ["none"]) for q in ("d1", "d2", "d3")}
    responder.post(f"/screen/{draft}/at/danger", danger)
    responder.post(
        f"/screen/{draft}/at/person",
        {
            "alias": person.alias,
            "sex": person.sex,
            "minor": person.minor,
            "age_band": person.age_band,
            "situation": person.situation,
            "language": person.language,
            "citizenship": person.citizenship,
            "place": person.place,
        },
    )
    for number in range(1, 13):
        question = f"q{number:02}"
        said = {question: person.answers.get(question, ["none"])}
        if question in person.words:
            said[f"{question}-words"] = [person.words[question]]
        responder.post(f"/screen/{draft}/at/{question}", said)
    sent = responder.post(f"/screen/{draft}/review", {"send": "1", "observation": person.narrative})
    _note(
        typed,
        names=[person.alias],
        places=[person.place],
        narratives=[person.narrative, *person.words.values()],
    )
    return sent.path.rstrip("/").rsplit("/", 1)[1]


def _note(typed: Typed, **found: list[str]) -> None:
    for kind, values in found.items():
        kept: list[str] = getattr(typed, kind)
        kept.extend(v for v in values if v and v not in kept)


def decide(supervisor: Persona, screening: str, decided: str = "", reason: str = "") -> str:
    """Confirm what the rules propose, or change it with a reason; return the class decided."""
    page = supervisor.open(f"/screenings/{screening}/")
    proposed = page.first(r'data-class="(\w+)"') or ""
    chosen = decided or proposed
    supervisor.post(
        f"/screenings/{screening}/decide",
        {"decided_class": chosen, "reason": reason if chosen != proposed else ""},
    )
    return chosen


def interview(
    worker: Persona, screening: str, pages: Mapping[str, Mapping[str, Value]], typed: Typed
) -> str:
    """Interview a person who was screened, as far as she wants to talk today; return the receipt.

    What she told the responder is not asked again; what is not answered here stays open.
    """
    draft = worker.post(f"/screenings/{screening}/interview", {}).path.split("/")[2]
    for at, said in pages.items():
        worker.post(f"/screen/{draft}/at/{at}", {**said, "stop": "1"})
        spoken = [str(words) for name, words in said.items() if name.endswith("-words")]
        _note(typed, narratives=spoken)
    sent = worker.post(f"/screen/{draft}/review", {"send": "1", "observation": ""})
    return sent.path.rstrip("/").rsplit("/", 1)[1]


def formal(
    worker: Persona, screening: str, step: tuple[str, str, str, str], on: date, typed: Typed
) -> None:
    """Record a step of a formal identification, (kind, authority, reasons, remedy), on its day."""
    kind, authority, reasons, remedy = step
    page = worker.open(f"/screenings/{screening}/")
    law = page.first(r'<select name="law"[^>]*>\s*<option value="([^"]+)"') or ""
    fields = {
        "kind": kind,
        "authority": authority,
        "law": law,
        "on_day": str(on.day),
        "on_month": str(on.month),
        "on_year": str(on.year),
        "reasons": reasons,
        "remedy": remedy,
    }
    worker.post(f"/screenings/{screening}/formal", fields)
    _note(typed, narratives=[reasons, remedy])


def open_case(worker: Persona, screening: str) -> str:
    """Open a case from a decided screening; return its code."""
    page = worker.post(f"/cases/open/{screening}", {})
    return page.path.split("/")[2]


def fill_in(worker: Persona, case: str, person: Invented, typed: Typed) -> None:
    """Write what the person told into the sealed parts."""
    parts = {
        "identity": {
            "first_name": person.alias,
            "full_name": person.full_name,
            "birth": "",
            "known_as": "",
            "document": "",
        },
        "location": {
            "safe_contact": person.phone,
            "place": person.place,
            "family_area": person.family_area,
        },
        "account": {
            "narrative": person.narrative,
            "risk_summary": person.risk_summary,
            "wishes": person.wishes,
        },
    }
    for part, fields in parts.items():
        opened = worker.post(f"/cases/{case}/part/{part}", {"reason": "PREPARE_REFERRAL"})
        version = opened.first(r'name="version" value="(\d+)"') or "1"
        worker.post(f"/cases/{case}/part/{part}/write", {"version": version, **fields})
    _note(
        typed,
        names=[person.full_name],
        phones=[person.phone],
        places=[person.family_area],
        narratives=[person.risk_summary, person.wishes],
    )


ALL_CONTENT = (
    *("FIRST_NAME", "IDENTITY", "FAMILY_AREA", "SAFE_CONTACT"),
    *("RISK_SUMMARY", "NEEDS", "WISHES", "CLASS"),
)


WITNESS = "Rokia Inventée"


def consent(worker: Persona, case: str, person: Invented, country: str) -> None:
    """Record consent for this country, after its limits were said aloud."""
    is_child = person.minor != "no"
    worker.post(
        f"/cases/{case}/consent",
        {
            "country": country,
            "ground": "CONSENT",
            "given_by": "GUARDIAN_WITH_ASSENT" if is_child else "PERSON",
            "mode": "WITNESSED_ORAL" if is_child else "SIGNATURE",
            "witness": WITNESS if is_child else "",
            "language": person.language,
            "interpreter": "",
            "content": ALL_CONTENT,
        },
    )


def says_yes(worker: Persona, referral: str, purpose: str, *, given_by: str) -> None:
    """Record the yes of a referral's person to a purpose that is a question of its own."""
    case = worker.open(f"/referrals/{referral}/").first(r'href="/cases/([A-Z0-9-]+)/"')
    if case is None:
        raise Unexpected(f"no case stands on {referral}")
    answered = {"purpose": purpose, "answer": "YES", "ground": "CONSENT", "given_by": given_by}
    told = {"mode": "WITNESSED_ORAL", "witness": WITNESS, "language": "fr", "interpreter": ""}
    worker.post(f"/cases/{case}/consent", answered | told)


def historical_ground(worker: Persona, supervisor: Persona, case: str, country: str) -> None:
    """Record the ground of a de-identified case, and let a second person confirm it."""
    worker.post(
        f"/cases/{case}/consent",
        {
            "country": country,
            "ground": "HISTORICAL_DEIDENTIFIED",
            "given_by": "NOBODY",
            "mode": "SIGNATURE",
            "language": "fr",
            "interpreter": "",
            "content": ("NEEDS", "CLASS"),
        },
    )
    page = supervisor.open("/grounds/")
    ground = page.first(rf"/cases/{case}/[\s\S]*?/grounds/(\d+)/confirm")
    if ground is None:
        raise Unexpected(f"no ground of {case} waits for a second person")
    supervisor.post(f"/grounds/{ground}/confirm", {})


def prepare(
    worker: Persona,
    case: str,
    country: str,
    *,
    purpose: str = "CARE_AFTER_RETURN",
    needs: Sequence[str] = ("SHELTER",),
    fields: Sequence[str] = (),
    urgency: str = "normal",
) -> str:
    """Prepare a referral and hand it to the desk; return its reference."""
    page = worker.post(
        f"/cases/{case}/refer",
        {
            "country": country,
            "purpose": purpose,
            "urgency": urgency,
            "needs": needs,
            "risk": "HIGH",
            "fields_to_send": fields,
        },
    )
    return page.path.split("/")[2]


ALL_FIELDS = ("first_name", "full_name", "family_area", "safe_contact", "risk_summary", "wishes")


def release(desk: Persona, referral: str) -> Seen:
    """Sign and release the offer."""
    return desk.post(f"/referrals/{referral}/release", {})


def open_tray(desk: Persona) -> None:
    """Open what lies sealed, if anything does."""
    if "data-sealed" in desk.open("/mail/").text:
        desk.post("/mail/", {})


def open_mail(desk: Persona, referral: str) -> None:
    """Open mail as it arrives until the offer of a referral is among it."""

    def is_there(page: Seen) -> bool:
        if page.status == 200:
            return True
        open_tray(desk)
        return False

    desk.wait(f"/referrals/{referral}/", is_there, f"the offer {referral}")


def silence(desk: Persona, referral: str, typed: Typed) -> None:
    """Phone about a silence, and say what is done for the person meanwhile."""
    called = {"whom": "DUTY_OFFICER", "outcome": "CALL_BACK", "words": CALLED}
    desk.post(f"/watch/silence/{referral}/call", called)
    desk.post(f"/watch/silence/{referral}/plan", {"plan": "STAY", "words": MEANWHILE})
    _note(typed, narratives=[CALLED, MEANWHILE])


CALLED = "Le standard de Rabat-Zaër promet de rappeler."
MEANWHILE = "Elle reste au foyer Akwaba-Lumière."


def duty(desk: Persona, begins: date, ends: date) -> None:
    """Plan one's own hours of duty, first in line."""
    account = desk.open("/duty/").first(r'name="account" value="([^"]+)"') or ""
    days = {"begins": begins.isoformat(), "ends": ends.isoformat()}
    desk.post("/duty/plan", {"account": account, "turn": "FIRST", **days})


def wait_for(desk: Persona, referral: str, wanted: str) -> None:
    """Open mail as it arrives until a referral stands where it must."""

    def is_there(page: Seen) -> bool:
        if f'data-state="{wanted}"' in page.text:
            return True
        if "data-sealed" in desk.open("/mail/").text:
            desk.post("/mail/", {})
        return False

    desk.wait(f"/referrals/{referral}/", is_there, f"the state {wanted}")


def acknowledge(desk: Persona, referral: str) -> None:
    """Say that a person has read it."""
    desk.post(f"/referrals/{referral}/acknowledge", {})


def accept(
    desk: Persona,
    referral: str,
    typed: Typed,
    *,
    worker: str,
    phone: str,
    from_on: date,
    conditions: str = "",
) -> None:
    """Accept in one's own name."""
    desk.post(
        f"/referrals/{referral}/accept",
        {
            "worker_name": worker,
            "worker_phone": phone,
            "service": SERVICE,
            "from_on": from_on.isoformat(),
            "conditions": conditions,
            "budget_line": "",
        },
    )
    _note(typed, names=[worker], phones=[phone], narratives=[conditions])


SERVICE = "Un lit, un repas, une personne qui attend à l’arrivée"


def ask(desk: Persona, referral: str, text: str, typed: Typed) -> None:
    """Ask the other desk for what is missing."""
    desk.post(f"/referrals/{referral}/ask", {"topics": ["NEEDS"], "text": text})
    _note(typed, narratives=[text])


def reply(desk: Persona, referral: str, text: str, typed: Typed) -> None:
    """Answer the other desk's question."""
    desk.post(f"/referrals/{referral}/reply", {"text": text})
    _note(typed, narratives=[text])


def decline(desk: Persona, referral: str, text: str, typed: Typed) -> None:
    """Decline with a reason."""
    desk.post(f"/referrals/{referral}/decline", {"reason": "NO_CAPACITY", "text": text})
    _note(typed, narratives=[text])


def release_dossier(desk: Persona, referral: str) -> None:
    """Sign and release the identity dossier."""
    desk.post(f"/referrals/{referral}/dossier", {})


def involve(worker: Persona, case: str, team: str) -> None:
    """Ask a team to work on a case."""
    worker.post(f"/cases/{case}/people/involve", {"team": team})


def write(who: Persona, case: str, part: str, fields: Mapping[str, str], typed: Typed) -> None:
    """Write into a part that this person's role writes."""
    who.post(f"/cases/{case}/part/{part}/write", {"version": "1", **fields})
    _note(typed, narratives=list(fields.values()))


def goes_on(worker: Persona, case: str, steps: Sequence[tuple[str, str]], typed: Typed) -> None:
    """Enter what happened to a person, step by step: a state of a track or a fact, and why."""
    for entry, reason in steps:
        worker.post(f"/cases/{case}/course", {"entry": entry, "reason": reason})
    _note(typed, narratives=[reason for _, reason in steps])


Rows = list[dict[str, str]]


def keep_sheet(
    worker: Persona,
    case: str,
    sheet: str,
    values: Mapping[str, str | Rows],
    typed: Typed,
) -> None:
    """Fill a sheet of a case and keep it; what somebody wrote in her own words is noted."""
    fields: dict[str, str] = {"over": "0"}
    for name, value in values.items():
        if isinstance(value, str):
            fields[name] = value
            continue
        fields[f"{name}-n"] = str(len(value))
        for number, row in enumerate(value):
            fields |= {f"{name}-{number}-{key}": said for key, said in row.items()}
    worker.post(f"/cases/{case}/sheets/{sheet}", fields)
    _note(typed, narratives=[said for said in fields.values() if " " in said])


def note(worker: Persona, case: str, flag: str, text: str, typed: Typed) -> None:
    """Leave a note on a case, with a flag."""
    worker.post(f"/cases/{case}/notes", {"flag": flag, "text": text})
    _note(typed, narratives=[text])


def issue_paper(worker: Persona, case: str, kind: str, language: str) -> None:
    """Give a paper of a case its number."""
    worker.post(f"/cases/{case}/papers/", {"kind": kind, "language": language})


def report(worker: Persona, case: str, facts: Mapping[str, str], typed: Typed) -> None:
    """Hand facts to the police."""
    worker.post(f"/cases/{case}/report", {**facts, "ground": "DUTY"})
    _note(typed, narratives=list(facts.values()))


def break_glass(first: Persona, second: Persona, case: str, part: str) -> None:
    """Open one part by the word of two supervisors."""
    asked = {"code": case, "part": part, "reason": "LIFE_AT_RISK"}
    first.post("/glass/", asked)
    page = second.open("/glass/")
    glass = page.first(r"/glass/(\w+)/approve") or ""
    second.post(f"/glass/{glass}/approve", {})
    first.post(f"/glass/{glass}/open", {})


def know_again(worker: Persona, person: Invented, typed: Typed) -> None:
    """Screen nobody anew: look whether the other unit's worker finds what is not hers."""
    page = worker.post("/search/", {"name": person.full_name})
    if "/cases/" in page.text.replace('href="/cases/"', ""):
        raise Unexpected("another unit's case was found")
    _note(typed, names=[person.full_name])


def search(worker: Persona, name: str, case: str) -> None:
    """Find one's own case by name."""
    worker.wait_post("/search/", {"name": name}, lambda page: f"/cases/{case}/" in page.text)


GREY = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1"
    "tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAQABABAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAA"
    "AAAAAAAAAAAAAAD/2gAIAQEAAD8AAP/Z"
)


def attach(who: Persona, case: str, part: str, name: str, caption: str, typed: Typed) -> None:
    """Hand in a photograph whose metadata says more than it should."""
    content = photograph(of=caption)
    who.upload(f"/cases/{case}/part/{part}/attach", {"caption": caption}, name, content)
    _note(typed, narratives=[caption, name])


def photograph(*, of: str) -> bytes:
    """Return an invented picture, a grey square, that carries a text as a camera would."""
    picture, text = base64.b64decode(GREY), of.encode()
    # A comment segment behind the start of the image: its mark, its length, its text.
    return picture[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + picture[2:]


def erase(first: Persona, second: Persona, case: str) -> None:
    """Erase a case by two people, and wait until it is gone."""
    first.post(f"/cases/{case}/erase", {"reason": "PERSON_ASKS"})
    second.post(f"/erasures/{case}/approve", {})
    first.wait(f"/cases/{case}/", lambda page: page.status == 404, "the erasure")
