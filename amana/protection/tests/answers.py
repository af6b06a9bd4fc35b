"""Sheets as an invented worker fills them; each whole, so that a test changes what it is about."""

from typing import Any

# The days are those of the cast's moment, 21 November 2026.
SOON, LATER, BEFORE = "2026-11-25", "2027-02-01", "2026-11-20"

RISK: dict[str, Any] = {
    "risks": [{"domain": "OFFENDER", "score": "3", "evidence": "appelle chaque soir"}],
    "level": "HIGH",
    "why": "Il connaît le quartier.",
    "valid_until": SOON,
    "escape": "Aller chez la voisine, puis appeler.",
    "avoid": [{"name": "Tiécoura Inventé", "relation": "oncle"}],
}

ASSESSED: dict[str, Any] = {
    **dict.fromkeys(
        (
            *("age", "history", "family", "care", "safety", "health", "development"),
            *("attachments", "identity", "risks_by_option", "conclusion", "plan"),
        ),
        "Ce qui est su.",
    ),
    "heard": "yes",
    "heard_how": "DRAWING",
    "child_views": "Je veux rester avec ma sœur.",
    "siblings_parted": "no",
    "review_on": LATER,
    "worker": "Rokia Inventée",
}

MEMBERS = [
    {"name": "Aminata Inventée", "institution": "Protection", "field": "CHILD_PROTECTION"},
    {"name": "Driss Inventé", "institution": "Tribunal", "field": "JUSTICE"},
    {"name": "Salma Inventée", "institution": "Hôpital", "field": "HEALTH"},
]
OPTIONS = [
    {"option": "STAY_FOSTER", "weight": "BEST", "safety": "sûre", "child_view": "oui"},
    {"option": "REUNIFY_ORIGIN", "weight": "NOT_NOW", "safety": "non vue", "child_view": "non"},
]
DECIDED: dict[str, Any] = {
    "reason": "TRAFFICKED_DURABLE",
    "situation": "Un enfant seul.",
    "options": OPTIONS,
    "child_views": "Je veux rester.",
    "panel": MEMBERS,
    "decision": "STAY_FOSTER",
    "abroad": "no",
    "reasons": "Il y est en sécurité.",
    "siblings_parted": "no",
    "dissent": "no",
    "follow_up": "Le service social",
    "decided_on": BEFORE,
    "review_on": LATER,
}

GUARDIAN: dict[str, Any] = {
    "state": "APPOINTED",
    "name": "Fatou Inventée",
    "type": "AD_HOC",
    "order_by": "Le juge des enfants",
    "scope": ["HEALTH", "SCHOOL"],
    "starts": BEFORE,
    "ends": LATER,
    "suspected": "no",
    "conflict": "no",
}

PLAN: dict[str, Any] = {
    "own_words": "Apprendre la couture.",
    "written_with": "yes",
    "goals": [{"goal": "Un métier", "pillar": "INCLUSION", "doer": "PERSON", "status": "PLANNED"}],
    "agreed": "yes",
    "agreed_how": "SIGNATURE",
    "review_on": LATER,
}

CLOSURE: dict[str, Any] = {
    "reason": "GOALS_MET",
    "goals_met": "yes",
    "final_risk": "LOW",
    "own_words": "Je vais bien.",
    "agrees": "yes",
    "offer": "Appeler quand elle veut.",
}

NEEDED = ("SHELTER", "FOOD", "HEALTH", "MENTAL_HEALTH", "LEGAL_INFO", "DOCUMENTS")
NEEDS: dict[str, Any] = {"needs": [{"domain": name, "level": "LOW"} for name in NEEDED]}

CONFIDENTIAL: dict[str, Any] = {
    "explained": "yes",
    "may_know": [{"who": "Awa Inventée"}],
    "must_not": [{"not_who": "Tiécoura Inventé"}],
    "limits": "Un danger pour la vie.",
}

SAFE: dict[str, Any] = {
    "channel": "CALL",
    "number": "+212 600 000 000",
    "phone_owner": "OWN",
    "code_word": "mangue",
    "duress_word": "pluie",
    "valid_until": LATER,
}

CHOSEN: dict[str, Any] = {
    "options": [
        {"option": "STAY", "risks": "le loyer"},
        {"option": "RETURN", "risks": "la dette"},
    ],
    "may_change": "yes",
    "chosen": "STAY",
    "abroad": "no",
    "own_words": "Je reste.",
}

MISSING: dict[str, Any] = {
    "since": BEFORE,
    "seen": "au marché",
    "alerted": [{"body": "POLICE", "on": BEFORE}],
}
