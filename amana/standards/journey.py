"""The eight tracks of a case as one table: states, moves with their guards, facts, documents.

The table is data with its source and mark; what a move asks is read from it and decided by
`protection.rules`. No guard is written in code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from amana.standards import citations, codes, need_to_know
from amana.standards.clocks import UNITS, Clock
from amana.standards.datafile import MARKS, Place, Words, once, opened

CASE_TIERS = ("adult", "child")
# Of a move that holds for everybody.
ANY = "any"


@dataclass(frozen=True)
class State:
    """One state of a track; in one that `rests` nothing falls due."""

    id: str
    title: Words
    rests: bool


@dataclass(frozen=True)
class Track:
    """One side of a case with a life of its own, who looks after it, in which part it is kept."""

    id: str
    part: str
    title: Words
    owners: tuple[str, ...]
    starts: str
    states: Mapping[str, State]


@dataclass(frozen=True)
class Fact:
    """Something that somebody of these roles states of a case; it ends what contradicts it.

    `other_than` names a fact that must have been stated by somebody else: two people, not one.
    """

    id: str
    title: Words
    by: tuple[str, ...]
    ends: tuple[str, ...]
    other_than: str
    source: str
    mark: str


@dataclass(frozen=True)
class Move:
    """One way from a state to another: for whom, by whom, and what must be or must not be so.

    Of several ways into one state, the one counts whose `when` holds: at home, or abroad.
    `beside` names the states in which other tracks must stand.
    """

    track: str
    origins: tuple[str, ...]
    to: str
    tier: str
    by: tuple[str, ...]
    when: tuple[str, ...]
    needs: tuple[str, ...]
    bars: tuple[str, ...]
    beside: Mapping[str, tuple[str, ...]]
    documents: tuple[str, ...]
    source: str
    mark: str


@dataclass(frozen=True)
class Journey:
    """The whole table. `kinds_of` names facts that count as one: some risk, whichever level."""

    tracks: Mapping[str, Track]
    facts: Mapping[str, Fact]
    moves: Sequence[Move]
    documents: Mapping[str, Words]
    kinds_of: Mapping[str, tuple[str, ...]]
    # How long a fact, or a state as `TRACK:STATE`, may be relied on.
    lapses: Mapping[str, Clock]
    # What a milestone of the case says of a track before anybody enters anything.
    begins: Mapping[str, tuple[str, str]]

    def moves_to(self, track: str, to: str, tier: str) -> list[Move]:
        """Return every way into a state for a child or an adult."""
        fits = (tier, ANY)
        return [m for m in self.moves if m.track == track and m.to == to and m.tier in fits]


@dataclass(frozen=True)
class Duty:
    """What is owed after one of these events, until one of those; again and again if it repeats.

    An event is a fact, `TRACK:STATE`, or `CASE:milestone`. Late, it goes up to `escalates`.
    """

    clock: Clock
    starts: tuple[str, ...]
    met_by: tuple[str, ...]
    repeats: bool
    escalates: str

    @property
    def key(self) -> str:
        """Return the duty's name in the data and the glossary."""
        return self.clock.key


def read(root: Place) -> Journey:
    """Return the table of a file, or say where it contradicts itself."""
    tracks = [_track(place) for place in root.at("tracks").each()]
    once(root, [track.id for track in tracks])
    held = {track.id: track for track in tracks}
    facts = _facts(root.at("facts"))
    documents = {p.at("id").text(): p.at("title").words() for p in root.at("documents").each()}
    kinds = {k: p.each_one_of(facts) for k, p in root.at("one_of").keyed().items()}
    said = {*facts, *kinds}
    moves = [_move(place, held, said, documents) for place in root.at("moves").each()]
    lapses = {p.at("event").text(): _lapse(p) for p in root.at("lapses").each()}
    strange = set(lapses) - set(facts) - {f"{t.id}:{s}" for t in tracks for s in t.states}
    if strange:
        raise root.at("lapses").bad(f"{min(strange)!r} is no event")
    return Journey(held, facts, moves, documents, kinds, lapses, _begins(root.at("begins"), held))


def _begins(root: Place, tracks: Mapping[str, Track]) -> dict[str, tuple[str, str]]:
    found = {}
    for place in root.each():
        track = tracks[place.at("track").one_of(tracks)]
        milestone = place.at("milestone").one_of(codes.values("MILESTONE"))
        found[milestone] = (track.id, place.at("to").one_of(track.states))
    return found


def _lapse(place: Place) -> Clock:
    return Clock(
        key=place.at("event").text(),
        tier=ANY,
        value=place.at("value").count(),
        unit=place.at("unit").one_of(UNITS),
        source=place.at("source").one_of(citations.load()),
        mark=place.at("mark").one_of(MARKS),
        date=place.at("date").day(),
    )


def _roles() -> set[str]:
    return set(codes.values("ROLE"))


def _track(place: Place) -> Track:
    states = [
        State(p.at("id").text(), p.at("title").words(), p.at("rests").flag())
        for p in place.at("states").each()
    ]
    once(place, [state.id for state in states])
    held = {state.id: state for state in states}
    return Track(
        id=place.at("id").text(),
        part=place.at("part").one_of(need_to_know.load().parts),
        title=place.at("title").words(),
        owners=place.at("owners").each_one_of(_roles()),
        starts=place.at("starts").one_of(held),
        states=held,
    )


def _facts(root: Place) -> dict[str, Fact]:
    ids = [place.at("id").text() for place in root.each()]
    once(root, ids)
    return {
        place.at("id").text(): Fact(
            id=place.at("id").text(),
            title=place.at("title").words(),
            by=place.at("by").each_one_of(_roles()),
            ends=place.at("ends").each_one_of(ids),
            other_than=str(place.at("other_than").value) and place.at("other_than").one_of(ids),
            source=place.at("source").one_of(citations.load()),
            mark=place.at("mark").one_of(MARKS),
        )
        for place in root.each()
    }


def _move(
    place: Place, tracks: Mapping[str, Track], said: set[str], documents: Mapping[str, Words]
) -> Move:
    track = tracks[place.at("track").one_of(tracks)]
    return Move(
        track=track.id,
        origins=place.at("from").each_one_of(track.states),
        to=place.at("to").one_of(track.states),
        tier=place.at("for").one_of((*CASE_TIERS, ANY)),
        by=place.at("by").each_one_of(_roles()),
        when=place.at("when").each_one_of(said),
        needs=place.at("needs").each_one_of(said),
        bars=place.at("bars").each_one_of(said),
        beside={
            other: p.each_one_of(tracks[other].states)
            for other, p in place.at("beside").keyed(only=tracks).items()
        },
        documents=place.at("documents").each_one_of(documents),
        source=place.at("source").one_of(citations.load()),
        mark=place.at("mark").one_of(MARKS),
    )


def read_duties(root: Place, journey: Journey) -> list[Duty]:
    """Return the duties of a file; each speaks only of events that the journey knows."""
    events = {*journey.facts, *journey.kinds_of}
    events |= {f"{t.id}:{state}" for t in journey.tracks.values() for state in t.states}
    events |= {f"CASE:{kind}" for kind in codes.values("MILESTONE")}
    found = [_duty(place, events) for place in root.at("duties").each()]
    once(root, [f"{duty.key} {duty.clock.tier}" for duty in found])
    return found


def _duty(place: Place, events: set[str]) -> Duty:
    clock = Clock(
        key=place.at("key").text(),
        tier=place.at("tier").one_of(CASE_TIERS),
        value=place.at("value").count(),
        unit=place.at("unit").one_of(UNITS),
        source=place.at("source").one_of(citations.load()),
        mark=place.at("mark").one_of(MARKS),
        date=place.at("date").day(),
    )
    return Duty(
        clock=clock,
        starts=place.at("from").each_one_of(events),
        met_by=place.at("by").each_one_of(events),
        repeats=place.at("repeats").flag(),
        escalates=place.at("escalates").one_of(_roles()),
    )


@cache
def load() -> Journey:
    """Return the journey of this house."""
    return read(opened("journey.json"))


@cache
def duties() -> tuple[Duty, ...]:
    """Return the duties of this house."""
    return tuple(read_duties(opened("duties.json"), load()))
