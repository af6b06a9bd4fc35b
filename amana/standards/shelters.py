"""What the search for a bed goes by: limits, ages, weights, the ladder. Data with its source."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from amana.standards import citations, codes
from amana.standards.datafile import MARKS, Place, opened


@dataclass(frozen=True)
class Number:
    """A number that people agreed on: its value, where it is from, and how sure it is."""

    value: int
    source: str
    mark: str
    date: date


@dataclass(frozen=True)
class FirstPass:
    """What the first questions to somebody found among many say of the bed for the night.

    `risk` by the urgency of the answers; `needs` and `with_parent` by an answer, `question.answer`.
    """

    risk: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]]
    with_parent: str


@dataclass(frozen=True)
class Shelters:
    """The numbers and the lists of the search for a bed.

    `rules` names the hard rule (H1 to H13 of the field's list) behind each reason of refusal.
    `ages` sorts the age bands: an age that nobody knows may be both a child's and an adult's.
    """

    limits: Mapping[str, Number]
    stay_days: Mapping[str, Number]
    other_stay_days: Number
    ages: Mapping[str, frozenset[str]]
    security: Mapping[str, int]
    reach: Number
    binding_needs: frozenset[str]
    family_types: frozenset[str]
    rules: Mapping[str, str]
    soft: Mapping[str, Number]
    priority: Mapping[str, Number]
    ladder: tuple[str, ...]
    first_pass: FirstPass

    def hours(self, limit: str) -> timedelta:
        """Return a limit that is counted in hours."""
        return timedelta(hours=self.limits[f"{limit}_hours"].value)

    @property
    def answer_time(self) -> timedelta:
        """Return how long a shelter has to answer a request."""
        return timedelta(minutes=self.limits["answer_minutes"].value)

    @property
    def admission_time(self) -> timedelta:
        """Return how long after the arrival the admission sheet may take."""
        return timedelta(minutes=self.limits["admission_minutes"].value)

    def longest_stay(self, kind: str, own_days: int | None = None) -> timedelta:
        """Return after how long a stay in this kind of shelter must have been reviewed.

        A house's own limit shortens that of its kind, and never makes it longer.
        """
        days = self.stay_days.get(kind, self.other_stay_days).value
        return timedelta(days=days if own_days is None else min(days, own_days))


def read(root: Place) -> Shelters:
    """Return what a file says, or where it is at fault."""
    root.at("mark").one_of(MARKS)
    bands, levels = codes.values("AGE_BAND"), codes.values("RISK_LEVEL")
    return Shelters(
        limits=_numbers(root.at("limits")),
        stay_days=_numbers(root.at("stay_days"), of="SHELTER_TYPE"),
        other_stay_days=_number(root.at("other_stay_days")),
        ages={k: frozenset(p.each_one_of(bands)) for k, p in root.at("ages").keyed().items()},
        security={k: p.count() for k, p in root.at("security").keyed(only=levels).items()},
        reach=_number(root.at("reach_minutes")),
        binding_needs=frozenset(
            root.at("needs_that_bind").each_one_of(codes.values("SHELTER_NEED"))
        ),
        family_types=frozenset(root.at("family_types").each_one_of(codes.values("SHELTER_TYPE"))),
        rules={
            k: p.text()
            for k, p in root.at("rules").keyed(only=codes.values("PLACE_REFUSED")).items()
        },
        soft=_numbers(root.at("soft"), of="PLACE_REASON"),
        priority=_numbers(root.at("priority")),
        ladder=root.at("ladder").each_one_of(codes.values("UNMET_STEP")),
        first_pass=_first_pass(root.at("first_pass")),
    )


def _first_pass(place: Place) -> FirstPass:
    place.at("mark").one_of(MARKS)
    place.at("source").one_of(citations.load())
    levels, needs = codes.values("RISK_LEVEL"), codes.values("SHELTER_NEED")
    urgencies = codes.values("FIELD_URGENCY")
    risk = place.at("risk").keyed(only=urgencies)
    return FirstPass(
        risk={urgency: found.one_of(levels) for urgency, found in risk.items()},
        needs={k: found.each_one_of(needs) for k, found in place.at("needs").keyed().items()},
        with_parent=place.at("with_parent").text(),
    )


def _numbers(place: Place, of: str = "") -> dict[str, Number]:
    only = codes.values(of) if of else ()
    return {name: _number(found) for name, found in place.keyed(only=only).items()}


def _number(place: Place) -> Number:
    return Number(
        value=place.at("value").count(),
        source=place.at("source").one_of(citations.load()),
        mark=place.at("mark").one_of(MARKS),
        date=place.at("date").day(),
    )


@cache
def load() -> Shelters:
    """Return the numbers of this house."""
    return read(opened("shelters.json"))
