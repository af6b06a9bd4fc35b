"""The process's memory: opened cards by session."""

import threading
from datetime import datetime

from amana.access.actions import find_actor
from amana.access.queries import live_sessions
from amana.access.rules import Actor, NotFound
from amana.cases import queries
from amana.names.match import Index
from amana.names.score import Query
from amana.search.rules import SHOWN, Asked, Held, is_forgotten, must_count


class Holder:
    """Answers questions for live sessions; safe for several threads, one question at a time."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._lock = threading.Lock()

    def find(self, cookie: bytes, question: Asked, now: datetime) -> list[str]:
        """Return the codes of the cases that may be meant, best first.

        The session is looked at anew each time; raises NotFound when it does not stand or its role
        does not search.
        """
        actor = find_actor(cookie, now)
        if actor is None:
            raise NotFound
        with self._lock:
            held = self._current(actor, now)
            query = Query(question.name, question.birth_year, question.town, question.sex)
            return [hit.card.code for hit in held.index.find(query, SHOWN)]

    def _current(self, actor: Actor, now: datetime) -> Held:
        held = self._held.get(actor.session_id)
        if held is not None and not self._is_kept_up(held, actor, now):
            held = None
        if held is None:
            found = queries.cards(actor)
            held = Held(Index(found.packed), found.newest, now, now)
            self._held[actor.session_id] = held
        held.seen_at = now
        return held

    def _is_kept_up(self, held: Held, actor: Actor, now: datetime) -> bool:
        """Add what is new; say whether what is held is then what is there, if it is time to ask."""
        if queries.newest_card(actor) != held.newest:
            found = queries.cards(actor, since=held.newest)
            for card in found.packed:
                held.index.add(card)
            held.newest = found.newest
        if not must_count(held, now):
            return True
        held.checked_at = now
        return queries.count_cards(actor) == len(held.index)

    def forget(self, session_id: str) -> None:
        """Let go of one session's cards."""
        with self._lock:
            self._held.pop(session_id, None)

    def look_around(self, now: datetime) -> None:
        """Let go of the cards of every session that has ended or that nobody used."""
        with self._lock:
            live = live_sessions(set(self._held), now)
            for session_id in list(self._held):
                if is_forgotten(self._held[session_id], stands=session_id in live, now=now):
                    del self._held[session_id]

    def __len__(self) -> int:
        return len(self._held)
