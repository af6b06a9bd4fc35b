"""What a person refuses or takes back in the demo, and how the other country obeys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from amana.access.rules import Role
from amana.node import story
from amana.node.persona import Persona, Seen, Typed, Unexpected


class Sits(Protocol):
    """The people of one node, by role, and who there is responsible for a person."""

    worker_name: str
    worker_phone: str

    def who(self, role: Role) -> Persona:
        """Return who works in a role, signed in."""
        ...


# What is taken back: her name. Her first name, her needs and the way to reach her stay shared.
PART = ("IDENTITY",)
ANSWERED = 'data-watch="data_recall:done"'


def refuse(worker: Persona, case: str, purpose: str) -> None:
    """Ask one question and record the no; care goes on as before."""
    worker.post(
        f"/cases/{case}/consent",
        {
            "purpose": purpose,
            "answer": "NO",
            "ground": "CONSENT",
            "given_by": "PERSON",
            "mode": "SIGNATURE",
            "language": "dyu",
        },
    )


def hand_over(here: Sits, there: Sits, referral: str, from_on: datetime, typed: Typed) -> None:
    """Take an offer that has arrived to the dossier that is open over there."""
    desk = there.who(Role.DESK)
    story.acknowledge(desk, referral)
    story.accept(
        desk,
        referral,
        typed,
        worker=there.worker_name,
        phone=there.worker_phone,
        from_on=from_on.date(),
    )
    story.wait_for(here.who(Role.DESK), referral, "accepted")
    story.release_dossier(here.who(Role.DESK), referral)
    story.wait_for(desk, referral, "dossier_received")


def lived(here: Sits, there: Sits, referral: str, now: datetime, typed: Typed) -> None:
    """Let an adult say no to the police, and take her name back that the other country obeys."""
    refuse(here.who(Role.CASE_WORKER), case_of(here, referral), "POLICE_REPORT")
    hand_over(here, there, referral, now, typed)
    take_back(here, referral)
    erase(there, referral)
    obeyed(here, referral)


def case_of(here: Sits, referral: str) -> str:
    """Return the case of a referral, as its worker finds it."""
    page = here.who(Role.CASE_WORKER).open(f"/referrals/{referral}/")
    return page.first(r"/cases/([0-9A-Z-]+)/") or ""


def take_back(here: Sits, referral: str, content: Sequence[str] = PART) -> None:
    """Let the person take a part of her yes back, and the desk ask for it abroad at once."""
    worker, desk = here.who(Role.CASE_WORKER), here.who(Role.DESK)
    case = case_of(here, referral)
    consent = worker.open(f"/cases/{case}/").first(r"/consents/(\d+)/withdraw")
    if consent is None:
        raise Unexpected(f"no consent of {case} can be taken back")
    worker.post(f"/consents/{consent}/withdraw", {"content": list(content)})
    desk.post(f"/referrals/{referral}/recall", {})


def erase(there: Sits, referral: str) -> None:
    """Open the mail until the request is there, erase what it names, and say so."""
    desk, supervisor = there.who(Role.DESK), there.who(Role.SUPERVISOR)

    def is_asked(page: Seen) -> bool:
        if 'data-watch="data_recall:' in page.text:
            return True
        story.open_tray(desk)
        return False

    desk.wait(f"/referrals/{referral}/", is_asked, "the request to erase")
    supervisor.post(f"/referrals/{referral}/recall/part", {})
    desk.post(f"/referrals/{referral}/recall/answer", {})


def obeyed(here: Sits, referral: str) -> Seen:
    """Open the mail until the answer is there; return the page that shows it."""
    desk = here.who(Role.DESK)

    def is_there(page: Seen) -> bool:
        if ANSWERED in page.text:
            return True
        story.open_tray(desk)
        return False

    return desk.wait(f"/referrals/{referral}/", is_there, "the answer to the recall")
