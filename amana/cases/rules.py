"""When a case may be opened, and when a consent carries what is asked of it. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from amana.standards.consent import load

# The parts that other rooms speak of; all that there are stand in the data on need-to-know.
IDENTITY, LOCATION, ACCOUNT, RECEIVED = "identity", "location", "account", "received"
LEGAL, OFFENDERS, FACTS, STATS = "legal", "offenders", "facts", "stats"

# The course of a case, entry by entry, its sheets and its papers, which the protection room writes
# and shows.
COURSES = frozenset(
    {"course", "legal_course", "headline", "sheets", "best_interests", "papers", "notes"}
)

# What a referral over the border is prepared from.
NEEDED_TO_REFER = frozenset({IDENTITY, LOCATION, ACCOUNT})

CROSS_BORDER, NATIONAL = "SHARE_CROSS_BORDER", "SHARE_NATIONAL"
POLICE_REPORT, PHOTO, STATISTICS = "POLICE_REPORT", "PHOTO", "STATISTICS"
YES, NO, LATER = "YES", "NO", "LATER"
CONSENT, HISTORICAL = "CONSENT", "HISTORICAL_DEIDENTIFIED"
EMERGENCY_GROUNDS = ("VITAL_INTEREST", "CHILD_IN_DANGER")

# How a yes is given when nothing is signed: somebody else must have heard or seen it.
UNSIGNED = frozenset({"THUMB_MARK", "VOICE", "WITNESSED_ORAL"})

# A month of a consent's life, as its data counts it; a ground holds 72 hours.
MONTH = timedelta(days=30.4)
GROUND_LIFE = timedelta(hours=72)
HISTORICAL_LIFE = timedelta(days=365)

NO_CASE_FOR = "AUCUN_INDICATEUR"

# What one case holds at most, originals counted (ASVS 5.2.4): proposed; configuration.
MOST_FILES, MOST_BYTES = 200, 200 * 1024 * 1024


class Given(Protocol):
    """A consent or a ground, opened."""

    @property
    def country(self) -> str: ...
    @property
    def ground(self) -> str: ...
    @property
    def given_by(self) -> str: ...
    @property
    def content(self) -> Collection[str]: ...
    @property
    def is_confirmed(self) -> bool: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def is_withdrawn(self) -> bool: ...


def objections_to_opening(
    *,
    is_decided: bool,
    has_case: bool,
    decided_class: str,
    before_decision: bool = False,
    is_historical: bool = False,
) -> list[str]:
    """Return what stands against opening a case from a screening.

    Protection waits for no decision: at night a case is opened before it (domain §3.3 rule 1). A
    row of the past needs no bed tonight.
    """
    against = []
    if not is_decided and (is_historical or not before_decision):
        against.append("NOT_DECIDED")
    if has_case:
        against.append("HAS_A_CASE")
    if is_decided and decided_class == NO_CASE_FOR:
        against.append("NOTHING_INDICATES_A_CASE")
    return against


def objections_to_consent(
    *,
    ground: str,
    given_by: str,
    tier: str,
    content: Collection[str],
    is_historical: bool,
    age_band: str = "",
    purpose: str = CROSS_BORDER,
) -> list[str]:
    """Return what stands against recording this consent, or this ground in its place.

    Who must say yes for a child stands in a ladder by age, which is data.
    """
    against = []
    if not content and purpose == CROSS_BORDER:
        against.append("CONSENT_COVERS_NOTHING")
    if ground == HISTORICAL and not is_historical:
        against.append("GROUND_ONLY_FOR_HISTORICAL")
    if ground != HISTORICAL and is_historical:
        against.append("HISTORICAL_HAS_ITS_GROUND")
    if ground == "CHILD_IN_DANGER" and tier != "child":
        against.append("GROUND_ONLY_FOR_CHILDREN")
    if ground == CONSENT and not is_historical:
        against += _who_says_yes(given_by, age_band, tier)
    return against


def _who_says_yes(given_by: str, age_band: str, tier: str) -> list[str]:
    if given_by in load().says_yes(band=age_band, tier=tier):
        return []
    if tier == "child":
        return ["CHILD_NEEDS_GUARDIAN" if given_by == "PERSON" else "NOT_WHO_MUST_SAY_YES"]
    return ["SOMEBODY_MUST_CONSENT" if given_by == "NOBODY" else "NOT_WHO_MUST_SAY_YES"]


def objections_to_answer(
    *, purpose: str, ground: str, mode: str, witness: str, recipient: str
) -> list[str]:
    """Return what stands against an answer of any purpose, whatever was answered.

    A ground stands in the place of consent only where something crosses the border: everywhere
    else the law's own ground is named in the act itself.
    """
    against = []
    if ground == CONSENT and mode in UNSIGNED and not witness.strip():
        against.append("WITNESS_MISSING")
    if load().purposes[purpose].recipient != "none" and not recipient:
        against.append("RECIPIENT_MISSING")
    if purpose != CROSS_BORDER and ground != CONSENT:
        against.append("ONLY_A_GROUND")
    return against


def objections_to_attaching(*, n_files: int, n_bytes: int, is_historical: bool) -> list[str]:
    """Return what stands against one more file, where the case would then hold these."""
    against = []
    if is_historical:
        against.append("HISTORICAL_IS_CLOSED")
    if n_files > MOST_FILES or n_bytes > MOST_BYTES:
        against.append("CASE_HOLDS_NO_MORE_FILES")
    return against


def objections_to_approving(*, asked_by: str, approved_by: str, by: str) -> list[str]:
    """Return what stands against giving the second word for an erasure."""
    if approved_by:
        return ["NOTHING_TO_CONFIRM"]
    return ["SECOND_PERSON_IS_THE_FIRST"] if asked_by == by else []


def consent_expires_at(
    *, ground: str, tier: str, now: datetime, purpose: str = CROSS_BORDER
) -> datetime:
    """Return until when a consent or a ground may carry a step."""
    if ground == HISTORICAL:
        return now + HISTORICAL_LIFE
    if ground != CONSENT:
        return now + GROUND_LIFE
    return now + load().purposes[purpose].months(tier) * MONTH


def objections_to_sharing(
    consents: Collection[Given], *, country: str, content: Collection[str], now: datetime
) -> list[str]:
    """Return what stands against sending this content to this country.

    Empty when one consent carries it. When none does, the one that came nearest says why.
    """
    here = [c for c in consents if c.country == country]
    if not here:
        return ["NO_CONSENT_FOR_THIS_COUNTRY"]
    return min((_lacks(c, content, now) for c in here), key=len)


def carrying(
    consents: Collection[Given], *, country: str, content: Collection[str], now: datetime
) -> Given | None:
    """Return the consent or ground that carries this content to this country, or None."""
    for consent in consents:
        if consent.country == country and not _lacks(consent, content, now):
            return consent
    return None


class Answered(Protocol):
    """An answer of any purpose, as it stands in clear."""

    @property
    def answer(self) -> str: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def withdrawn_at(self) -> datetime | None: ...


def objections_to_purpose(answers: Sequence[Answered], *, now: datetime) -> list[str]:
    """Return what stands against an act for one purpose and recipient, by the last answer.

    `answers` are those for that purpose and recipient, the newest first.
    """
    last = next((a for a in answers if a.answer != LATER), None)
    if last is None:
        return ["CONSENT_NOT_ASKED"]
    if last.answer == NO:
        return ["PERSON_SAID_NO"]
    if last.withdrawn_at is not None:
        return ["CONSENT_WITHDRAWN"]
    return ["CONSENT_EXPIRED"] if last.expires_at <= now else []


# The answers that no silence overrules: who was never asked has not said no.
SAID_NO = frozenset({"PERSON_SAID_NO", "CONSENT_WITHDRAWN"})


class TakenBack(Given, Protocol):
    """A consent of which something may have been taken back."""

    @property
    def taken_back(self) -> Collection[str]: ...


def taken_back(
    consents: Collection[TakenBack], *, country: str, shared: Collection[str]
) -> set[str]:
    """Return what of the shared content the person took back, and nothing else still covers.

    What has run out was not taken back: it is not sent again, and is not recalled.
    """
    here = [c for c in consents if c.country == country]
    covered = {
        group
        for c in here
        if not c.is_withdrawn and (c.ground == CONSENT or c.is_confirmed)
        for group in c.content
    }
    back = {group for c in here for group in c.taken_back}
    return (set(shared) & back) - covered


def _lacks(consent: Given, content: Collection[str], now: datetime) -> list[str]:
    against = []
    if consent.is_withdrawn:
        against.append("CONSENT_WITHDRAWN")
    if consent.expires_at <= now:
        against.append("CONSENT_EXPIRED")
    if consent.ground != CONSENT and not consent.is_confirmed:
        against.append("GROUND_NEEDS_SECOND_PERSON")
    if set(content) - set(consent.content):
        against.append("CONTENT_NOT_COVERED")
    return against
