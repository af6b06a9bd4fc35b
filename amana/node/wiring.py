"""What the rooms are put together by: message kinds to functions, rows that lie under a layer."""

from amana.cases.models import Card
from amana.exchange.actions import AtTheTray, Handler, Holds
from amana.letters import actions as letters
from amana.letters import bodies as letter_bodies
from amana.referrals import actions as referrals
from amana.referrals import bodies, rules
from amana.shelters.models import ForEscort
from amana.standards import messages
from amana.watch import actions as watch
from amana.watch import rules as pings

# Which function acts on which message from abroad. The whole table; no other exists.
HANDLERS: dict[str, Handler] = {
    rules.OFFER: referrals.receive_offer,
    rules.ACKNOWLEDGE: referrals.receive_answer,
    rules.ASK: referrals.receive_answer,
    rules.REPLY: referrals.receive_answer,
    rules.ACCEPT: referrals.receive_answer,
    rules.DECLINE: referrals.receive_answer,
    rules.CASE: referrals.receive_dossier,
    rules.ERASE: referrals.receive_recall,
    rules.ERASED: referrals.receive_recall_answer,
    **{family.kind: letters.receive_letter for family in messages.letters()},
    pings.PING: watch.receive_ping,
    pings.PING_ANSWER: watch.receive_ping_answer,
}

# Which function reads which data a message holds, for the agreement to be asked.
CONTENTS: dict[str, Holds] = {
    **dict.fromkeys(HANDLERS, bodies.categories),
    **{family.kind: letter_bodies.categories for family in messages.letters()},
    **dict.fromkeys((pings.PING, pings.PING_ANSWER), pings.categories),
}

# What the desk does by the way when it opens its tray.
AT_THE_TRAY: tuple[AtTheTray, ...] = (watch.ask_partners,)

# Rows of other rooms that lie under a week's layer, and move to the next with it.
LAYERED = (Card, ForEscort)
