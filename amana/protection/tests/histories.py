"""Random histories of invented cases, and an oracle that shares no code with the rules."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from amana.protection.rules import PROTECTION, STRUCK, Wanted, next_steps, objections
from amana.standards import journey as table

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
ROLES = ("R01", "R03", "R04", "R05", "R06", "R08", "R10", "R12", "R13", "R14", "R15", "R17", "R19")


@dataclass(frozen=True)
class Written:
    """One line that the rules let pass."""

    number: int
    track: str
    kind: str
    at: datetime
    by: str
    role: str
    strikes: int = 0


@dataclass
class History:
    """A case as it is lived: what was tried, what was let pass."""

    tier: str
    entries: list[Written] = field(default_factory=list)
    now: datetime = START

    def attempt(self, wanted: Wanted) -> list[str]:
        """Try to enter something; return what stood against it."""
        against = objections(
            self.entries, wanted, tier=self.tier, journey=table.load(), now=self.now
        )
        if not against:
            self.entries.append(
                Written(
                    len(self.entries) + 1,
                    wanted.track,
                    wanted.kind,
                    wanted.at,
                    wanted.by,
                    wanted.role,
                    wanted.strikes,
                )
            )
        return [one.code for one in against]

    def say(self, kind: str, *, track: str = "", role: str = "R03", by: str = "") -> list[str]:
        """Enter a fact or a move now, by somebody of a role."""
        return self.attempt(Wanted(track, kind, self.now, by or role, role))


# What ends or turns a case is tried more rarely than what carries it on.
RARE = {"MISSING", "DECEASED", "TRANSFERRED_OUT", "ON_HOLD", "DECLINED_HELP", "INFORMED"}
FORWARD = ("PROTECTION", "PROTECTION", "SOLUTION", "SOLUTION", "FAMILY", "IDENTIFICATION")


def attempts(chance: random.Random, history: History) -> Iterator[Wanted]:
    """Yield what people of every role might try next, likely and unlikely, without end.

    Mostly somebody wants a next step and does what it lacks; often she tries too early, says
    something that undoes another's work, or strikes what stands.
    """
    journey = table.load()
    facts, moves = list(journey.facts.values()), list(journey.moves)
    while True:
        history.now += timedelta(hours=chance.choice((0,) * 20 + (1, 6, 30, 24 * 20)))
        at, draw = history.now - timedelta(hours=chance.choice((0, 0, 0, 2))), chance.random()
        if draw < 0.8:
            yield _towards(chance, history, chance.choice(FORWARD), at)
        elif draw < 0.9:
            yield _said(chance, chance.choice(facts).id, at)
        elif draw < 0.96:
            move = chance.choice(moves)
            role = chance.choice(ROLES)
            yield Wanted(move.track, move.to, at, f"{role}-{chance.randrange(2)}", role)
        else:
            strikes = chance.randint(1, len(history.entries) + 1)
            yield Wanted("", STRUCK, at, "R04-0", "R04", strikes=strikes)


def _towards(chance: random.Random, history: History, track: str, at: datetime) -> Wanted:
    """Return what somebody does who wants a track to go on."""
    journey = table.load()
    steps = next_steps(
        history.entries, tier=history.tier, role="R04", journey=journey, now=history.now
    )
    mine = [s for s in steps if s.move.track == track]
    if not mine:
        return _said(chance, chance.choice(list(journey.facts)), at)
    # Of three wishes the one that goes furthest: a case goes on more often than in circles.
    order = list(journey.tracks[track].states)
    wishes = chance.choices(mine, [0.02 if s.move.to in RARE else 1 for s in mine], k=3)
    step = max(wishes, key=lambda s: (s.move.to not in RARE, order.index(s.move.to)))
    lacking = [a.about for a in step.against if a.code == "MOVE_NEEDS"]
    if lacking and chance.random() < 0.9:
        need = chance.choice(lacking)
        return _said(chance, chance.choice(journey.kinds_of.get(need, (need,))), at)
    role = chance.choice(step.move.by)
    return Wanted(track, step.move.to, at, f"{role}-{chance.randrange(2)}", role)


def _said(chance: random.Random, fact: str, at: datetime) -> Wanted:
    role = chance.choice(table.load().facts[fact].by)
    return Wanted("", fact, at, f"{role}-{chance.randrange(2)}", role)


def broken(history: History) -> list[str]:
    """Return which invariants of domain 3.11 a history broke, read line by line and by hand."""
    return [fault for n in range(len(history.entries)) for fault in _broken_at(history, n)]


# What a fact takes away, written down again here so that the table cannot vouch for itself.
OPPOSITES = {
    "SOLUTION_HERE": "SOLUTION_ABROAD",
    "SOLUTION_ABROAD": "SOLUTION_HERE",
    "RECEIVER_LOST": "RECEIVER_VERIFIED",
    "RECEIVING_NODE_WITHDREW": "RECEIVING_NODE_ACCEPTED",
    "RETURN_REFUSED": "RETURN_CONSENTED",
    "RETURN_CONSENTED": "RETURN_REFUSED",
    "JUDICIAL_BAR": "NO_JUDICIAL_BAR",
    "UNFIT_TO_TRAVEL": "FIT_TO_TRAVEL",
    "GUARDIAN_SUSPECTED": "GUARDIAN_APPOINTED",
    "GUARDIAN_ENDED": "GUARDIAN_APPOINTED",
    "NO_DANGER": "DANGER",
    "REFERRAL_ANSWERED": "REFERRAL_PENDING",
    "HEARING_OVER": "HEARING_AHEAD",
}
RISKS = ("RISK_CRITICAL", "RISK_HIGH", "RISK_MEDIUM", "RISK_LOW")
NEEDED_TO_LEAVE = (
    *("RISK_OF_RETURN_HERE", "RISK_OF_RETURN_THERE", "RECEIVING_NODE_ACCEPTED"),
    *("NO_JUDICIAL_BAR", "FIT_TO_TRAVEL", "RECEIVER_VERIFIED"),
)


def _known(history: History, until: int) -> tuple[set[str], dict[str, str]]:
    """Return the facts and states that stood before a line, less what was struck."""
    lines = history.entries[:until]
    gone = {e.strikes for e in lines if e.kind == STRUCK}
    facts: set[str] = set()
    states: dict[str, str] = {}
    for e in lines:
        if e.kind == STRUCK or e.number in gone:
            continue
        if e.track:
            states[e.track] = e.kind
        else:
            facts.discard(OPPOSITES.get(e.kind, ""))
            if e.kind in RISKS:
                facts.difference_update(RISKS)
            facts.add(e.kind)
    return facts, states


def _broken_at(history: History, n: int) -> list[str]:
    entry = history.entries[n]
    facts, states = _known(history, n)
    child = history.tier == "child"
    decided = states.get("SOLUTION") == "BID_DECIDED"
    if entry.track == "FAMILY" and entry.kind == "REUNIFIED" and child:
        whole = decided and "RECEIVER_VERIFIED" in facts
        return [] if whole else ["a child reunited without a determination or a receiver"]
    if entry.track != "PROTECTION":
        return []
    if entry.kind in ("CLOSED", "INFORMED"):
        return _broken_by_closing(entry, facts, child=child)
    if entry.kind not in ("TRANSITION", "AFTERCARE") or "SOLUTION_ABROAD" not in facts:
        return []
    return _broken_by_leaving(entry, facts, child=child, decided=decided)


def _broken_by_leaving(entry: Written, facts: set[str], *, child: bool, decided: bool) -> list[str]:
    found = [f"left without {need}" for need in NEEDED_TO_LEAVE if need not in facts]
    if child and not decided:
        found.append("a child left without a determination")
    if child and ("GUARDIAN_APPOINTED" not in facts or "RETURN_REFUSED" in facts):
        found.append("a child left without a guardian, or against her will")
    if not child and "RETURN_CONSENTED" not in facts:
        found.append("an adult left without consent")
    if entry.kind == "AFTERCARE" and "HANDOVER_SIGNED" not in facts:
        found.append("arrived without a signed handover")
    return found


def _broken_by_closing(entry: Written, facts: set[str], *, child: bool) -> list[str]:
    found = []
    if entry.kind == "INFORMED" and child:
        found.append("a screening ended the case of a child")
    open_ = {"RISK_HIGH", "RISK_CRITICAL", "REFERRAL_PENDING", "HEARING_AHEAD"} & facts
    overridden = "OPEN_DUTY_OVERRIDDEN" in facts
    if entry.kind == "CLOSED" and open_ and not overridden:
        found.append(f"closed with {open_}")
    if entry.kind == "CLOSED" and child and not overridden and "GUARDIAN_APPOINTED" not in facts:
        found.append("a child's case closed without a guardian")
    if "DANGER" in facts:
        found.append("closed in danger")
    return found


def told(history: History, *facts: str, role: str = "R03") -> None:
    for fact in facts:
        assert history.say(fact, role=role) == [], fact


def moved(history: History, track: str, *states: str, role: str = "R03") -> None:
    for state in states:
        assert history.say(state, track=track, role=role) == [], state


def sheltered(tier: str) -> History:
    """Return somebody who was found and brought to safety."""
    history = History(tier)
    moved(history, PROTECTION, "TRIAGE", "STABILISE")
    told(history, "BASIC_NEEDS_MET", "INTERPRETER_FOUND", "RIGHTS_EXPLAINED", "MEDICAL_CHECKED")
    return history


def with_plan(tier: str) -> History:
    """Return somebody whose plan was written with her and approved by a second person."""
    history = sheltered(tier)
    moved(history, PROTECTION, "ASSESS")
    told(history, "TOLD_ONCE", "NEEDS_ASSESSED", "RISK_MEDIUM")
    if tier == "child":
        told(history, "GUARDIAN_REQUESTED", "CHILD_HEARD")
        told(history, "BEST_INTERESTS_ASSESSED")
    moved(history, PROTECTION, "PLAN")
    told(history, "PLAN_WRITTEN", "PLAN_AGREED")
    told(history, "PLAN_APPROVED", role="R04")
    moved(history, PROTECTION, "IMPLEMENT")
    return history


def determined(history: History) -> None:
    """Let a panel that is whole decide what is best for a child."""
    moved(history, "SOLUTION", "BIA_DONE", "BID_REQUIRED")
    moved(history, "SOLUTION", "BID_SUBMITTED", role="R04")
    told(history, "PANEL_QUORATE", "OPTIONS_WEIGHED", "SOLUTION_ABROAD", role="R14")
    moved(history, "SOLUTION", "BID_DECIDED", role="R14")


def ready_to_leave(history: History) -> None:
    """Weigh the journey on both sides and name who receives."""
    told(history, "RISK_OF_RETURN_HERE", "RISK_OF_RETURN_THERE")
    told(history, "RECEIVING_NODE_ACCEPTED", "RECEIVER_VERIFIED", role="R06")
    told(history, "NO_JUDICIAL_BAR", "FIT_TO_TRAVEL", role="R04")
    if history.tier == "child":
        told(history, "GUARDIAN_APPOINTED")


def leave(history: History) -> list[str]:
    return history.say("TRANSITION", track=PROTECTION, role="R04")


def live(seed: int, *, tries: int = 60) -> History:
    """Return a random history: so many attempts by people of every role, from some point on."""
    chance = random.Random(seed)  # noqa: S311 - invented histories, no secret
    tier = chance.choice(("child", "adult"))
    history = chance.choice((History, sheltered, with_plan, towards_a_journey))(tier)
    trying = attempts(chance, history)
    for _ in range(tries):
        history.attempt(next(trying))
    return history


def towards_a_journey(tier: str) -> History:
    """Return somebody for whom a solution in the other country was chosen or determined."""
    history = with_plan(tier)
    if tier == "child":
        determined(history)
        return history
    moved(history, "SOLUTION", "OPTIONS_EXPLAINED", "CHOICE_MADE")
    told(history, "SOLUTION_ABROAD")
    return history
