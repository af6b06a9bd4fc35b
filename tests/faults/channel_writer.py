"""The people of one country in the soak: they open their mail, answer, and offer.

    python -m tests.faults.channel_writer DATA PARTNER OFFERS ROUNDS AT_ONCE LOG

Goes on until it is killed. Everything is done through the actions that the pages call; what was
acknowledged is written to LOG after the action returned, so that nothing acknowledged may be lost.
OFFERS is how many referrals of its own this country makes, ROUNDS how many questions each is asked,
AT_ONCE how many of its own it keeps open.
"""

import contextlib
import json
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

PROMISE = {"worker_name": "Koffi", "service": "un lit", "from_on": "2027-01-01"}
# How many persons are screened between two looks into the mail.
BEGUN = 3
IDLE = 10.0
# A session of the simulated day; hours pass in a cut.
SESSION = timedelta(minutes=5)


class Writer:
    """The desk and the care team of one node."""

    def __init__(self, partner: str, offers: int, rounds: int, at_once: int, log: Path) -> None:
        self.partner, self.offers, self.rounds, self.log = partner, offers, rounds, log
        self.at_once = at_once
        # Conversations in which nothing is owed any more: people look at them again when they have
        # nothing else to do, for what a restored country forgot is to be said again.
        self.over: set[str] = set()
        self.looked = time.monotonic()
        self.actors: dict[Any, Any] = {}
        self.since: datetime | None = None

    def now(self) -> datetime:
        from django.conf import settings  # noqa: PLC0415

        now: datetime = settings.CLOCK.now()
        return now

    def sign_in(self) -> None:
        """Sign everybody in anew when the session has become old."""
        from django.conf import settings  # noqa: PLC0415

        from amana.access import actions  # noqa: PLC0415
        from amana.access.rules import Role  # noqa: PLC0415
        from amana.node.cast import staff  # noqa: PLC0415

        now = self.now()
        if self.since is not None and now - self.since < SESSION:
            return
        wanted = (Role.FIRST_RESPONDER, Role.CASE_WORKER, Role.SUPERVISOR, Role.DESK)
        for role in wanted:
            name = next(m.sign_in_name for m in staff(settings.NODE.country) if m.role == role)
            cookie = actions.sign_in(
                sign_in_name=name,
                password=settings.DEMO_PASSWORD,
                code=settings.DEMO_CODE,
                address="soak",
                now=now,
            )
            self.actors[role] = actions.find_actor(cookie, now)
        self.since = now

    def turn(self) -> int:
        """Open the mail, say one thing in every conversation that waits for it, offer once."""
        from amana.access.rules import Role  # noqa: PLC0415
        from amana.exchange import actions as exchange  # noqa: PLC0415
        from amana.referrals import queries  # noqa: PLC0415
        from amana.referrals.models import Referral  # noqa: PLC0415
        from tests.faults import letters  # noqa: PLC0415

        self.sign_in()
        desk = self.actors[Role.DESK]
        exchange.open_messages(actor=desk, now=self.now())
        said, mine = 0, 0
        rows = Referral.objects.exclude(pk__in=self.over).order_by("prepared_at")
        for told in queries.told_all(list(rows)):
            said += self.say(told, desk)
            mine += told.referral.is_ours and told.story.decision is None
            if self.is_over(told):
                self.over.add(told.referral.pk)
        made = Referral.objects.filter(is_ours=True).count()
        for _ in range(min(BEGUN, self.at_once - mine, self.offers - made)):
            letters.prepared(self.actors, self.partner, self.now())
            said += 1
        if not said and time.monotonic() - self.looked > IDLE:
            self.over, self.looked = set(), time.monotonic()
        return said

    def is_over(self, told: Any) -> bool:
        """Say whether a conversation is decided and, where it was a yes, the dossier has left."""
        from amana.referrals import rules  # noqa: PLC0415

        return told.story.decision is not None and told.story.state is not rules.State.ACCEPTED

    def say(self, told: Any, desk: Any) -> int:
        """Say what this country owes in a conversation, or nothing."""
        from amana.referrals import rules  # noqa: PLC0415

        referral, story, state = told.referral, told.story, told.story.state
        with_ = {"referral": referral, "actor": desk, "now": self.now()}
        if story.offer is None or state is rules.State.ACCEPTED or story.decision is None:
            is_said = self.ask_for(told, with_) if referral.is_ours else self.host(told, with_)
        else:
            is_said = False
        if is_said:
            self.acknowledged(referral.pk)
        return int(is_said)

    def ask_for(self, told: Any, with_: dict[str, Any]) -> bool:
        """Say what the country that asks says next."""
        from amana.referrals import actions, rules  # noqa: PLC0415

        if told.story.state is rules.State.NOT_OFFERED:
            actions.release_offer(**with_)
        elif told.story.state is rules.State.ACCEPTED:
            actions.release_dossier(**with_)
        elif told.story.open_question is not None:
            actions.reply(text="le train de midi", **with_)
        else:
            return False
        return True

    def host(self, told: Any, with_: dict[str, Any]) -> bool:
        """Say what the country that was asked says next."""
        from amana.referrals import actions, rules  # noqa: PLC0415

        story = told.story
        if story.offer is None or story.decision is not None or story.open_question is not None:
            return False
        if story.acknowledgement is None:
            actions.acknowledge(**with_)
        elif sum(line.kind == rules.ASK for line in told.lines) < self.rounds:
            actions.ask(topics=["IDENTITY"], text="par quel train", **with_)
        elif int(told.referral.pk, 16) % 4:
            actions.accept(promise=PROMISE, **with_)
        else:
            actions.decline(reason="NO_CAPACITY", text="", **with_)
        return True

    def acknowledged(self, conversation: str) -> None:
        """Note the last message of ours in a conversation: its act has returned."""
        from amana.exchange.models import Message  # noqa: PLC0415

        mine = Message.objects.filter(conversation=conversation, is_ours=True)
        mid = mine.order_by("-inc", "-seq").values_list("mid", flat=True)[0]
        with self.log.open("a") as log:
            log.write(mid + "\n")


def main() -> None:
    """Work until killed; a refusal or a full disk is waited out as people do."""
    data, partner, *work, log = sys.argv[1:]
    from amana.node.lifecycle import use  # noqa: PLC0415

    use(Path(data))
    from django.db import connections  # noqa: PLC0415

    writer = Writer(partner, *map(int, work), Path(log))
    while True:
        said = 0
        try:
            said = writer.turn()
        except Exception as problem:  # noqa: BLE001 - people try again; the checker judges
            writer.since = None
            with contextlib.suppress(Exception):
                connections.close_all()
            print(json.dumps(repr(problem)[:300]), flush=True)
            time.sleep(0.3)
        if not said:
            time.sleep(0.4)


if __name__ == "__main__":
    main()
