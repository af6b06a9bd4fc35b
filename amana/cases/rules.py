"""When a case may be opened, and when a consent carries what is asked of it. Pure."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

# The parts that other rooms speak of; all that there are stand in the data on need-to-know.
IDENTITY, LOCATION, ACCOUNT, RECEIVED = "identity", "location", "account", "received"
LEGAL, OFFENDERS, FACTS, STATS = "legal", "offenders", "facts", "stats"

# The course of a case, entry by entry, which the protection room writes and shows.
COURSES = frozenset({"course", "legal_course", "headline"})

# What a referral over the border is prepared from.
NEEDED_TO_REFER = frozenset({IDENTITY, LOCATION, ACCOUNT})

CROSS_BORDER = "SHARE_CROSS_BORDER"
CONSENT, HISTORICAL = "CONSENT", "HISTORICAL_DEIDENTIFIED"
EMERGENCY_GROUNDS = ("VITAL_INTEREST", "CHILD_IN_DANGER")

# A consent is asked again after a year, for a child after six months; a ground holds 72 hours.
CONSENT_LIFE = {"adult": timedelta(days=365), "child": timedelta(days=182)}
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


def objections_to_opening(*, is_decided: bool, has_case: bool, decided_class: str) -> list[str]:
    """Return what stands against opening a case from a screening."""
    against = []
    if not is_decided:
        against.append("NOT_DECIDED")
    if has_case:
        against.append("HAS_A_CASE")
    if is_decided and decided_class == NO_CASE_FOR:
        against.append("NOTHING_INDICATES_A_CASE")
    return against


def objections_to_consent(
    *, ground: str, given_by: str, tier: str, content: Collection[str], is_historical: bool
) -> list[str]:
    """Return what stands against recording this consent, or this ground in its place."""
    against = []
    if not content:
        against.append("CONSENT_COVERS_NOTHING")
    if ground == HISTORICAL and not is_historical:
        against.append("GROUND_ONLY_FOR_HISTORICAL")
    if ground != HISTORICAL and is_historical:
        against.append("HISTORICAL_HAS_ITS_GROUND")
    if ground == "CHILD_IN_DANGER" and tier != "child":
        against.append("GROUND_ONLY_FOR_CHILDREN")
    if ground == CONSENT and tier == "child" and given_by != "GUARDIAN_WITH_ASSENT":
        against.append("CHILD_NEEDS_GUARDIAN")
    elif ground == CONSENT and given_by == "NOBODY" and not is_historical:
        against.append("SOMEBODY_MUST_CONSENT")
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


def consent_expires_at(*, ground: str, tier: str, now: datetime) -> datetime:
    """Return until when a consent or a ground may carry a step."""
    if ground == HISTORICAL:
        return now + HISTORICAL_LIFE
    return now + (GROUND_LIFE if ground in EMERGENCY_GROUNDS else CONSENT_LIFE[tier])


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
