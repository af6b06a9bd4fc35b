"""Two workers, two phones, one child: what the node makes of it."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.field.merge import Choice, Merged, Version, merged

AWA, SALIF, MARIAM = "awa", "salif", "mariam"


def test_what_only_one_phone_wrote_holds() -> None:
    found = merged([Version(AWA, 1, {"sex": "F"}), Version(SALIF, 1, {"minor": "yes"})])

    assert found == Merged({"sex": "F", "minor": "yes"}, {})


def test_the_later_seal_of_one_phone_stands_for_all_before_it() -> None:
    found = merged([Version(AWA, 3, {"age": 14}), Version(AWA, 1, {"age": 9, "place": "bus"})])

    assert found == Merged({"age": 14}, {})


def test_the_same_answer_on_two_phones_is_one_answer() -> None:
    found = merged([Version(AWA, 1, {"sex": "F"}), Version(SALIF, 4, {"sex": "F"})])

    assert found == Merged({"sex": "F"}, {})


def test_ticks_in_another_order_are_the_same_answer() -> None:
    found = merged(
        [Version(AWA, 1, {"q": ["hurt", "alone"]}), Version(SALIF, 1, {"q": ["alone", "hurt"]})]
    )

    assert found == Merged({"q": ["alone", "hurt"]}, {})


def test_two_answers_that_knew_nothing_of_each_other_are_shown_to_a_person() -> None:
    found = merged([Version(AWA, 1, {"age": 14}), Version(SALIF, 1, {"age": 12})])

    assert found.answers == {}
    assert found.clashes == {"age": (Choice(12, (SALIF,)), Choice(14, (AWA,)))}


def test_who_saw_an_answer_and_wrote_another_is_followed() -> None:
    found = merged([Version(AWA, 1, {"age": 14}), Version(SALIF, 1, {"age": 12}, {"age": 14})])

    assert found == Merged({"age": 12}, {})


def test_a_record_handed_on_twice_ends_with_the_last() -> None:
    found = merged(
        [
            Version(MARIAM, 1, {"age": 11}, {"age": 12}),
            Version(AWA, 1, {"age": 14}),
            Version(SALIF, 1, {"age": 12}, {"age": 14}),
        ]
    )

    assert found == Merged({"age": 11}, {})


def test_both_went_on_after_the_handover_and_a_person_settles_it() -> None:
    found = merged([Version(AWA, 2, {"age": 15}), Version(SALIF, 1, {"age": 12}, {"age": 14})])

    assert found.clashes == {"age": (Choice(12, (SALIF,)), Choice(15, (AWA,)))}


def test_an_answer_taken_away_by_who_saw_it_is_gone() -> None:
    found = merged([Version(AWA, 1, {"place": "bus"}), Version(SALIF, 1, {}, {"place": "bus"})])

    assert found == Merged({}, {})


def test_an_answer_taken_away_neither_falls_nor_wins_silently_over_an_edit() -> None:
    found = merged(
        [
            Version(AWA, 1, {"place": "house"}, {"place": "bus"}),
            Version(SALIF, 1, {}, {"place": "bus"}),
        ]
    )

    assert found.answers == {}
    assert found.clashes == {"place": (Choice("house", (AWA,)), Choice(None, (SALIF,)))}


def test_phones_that_replaced_each_others_answers_all_stand() -> None:
    found = merged(
        [
            Version(AWA, 2, {"minor": "yes"}, {"minor": "no"}),
            Version(SALIF, 2, {"minor": "no"}, {"minor": "yes"}),
        ]
    )

    assert found.clashes == {"minor": (Choice("no", (SALIF,)), Choice("yes", (AWA,)))}


def test_a_circle_does_not_fall_to_a_stranger_who_saw_none_of_it() -> None:
    found = merged(
        [
            Version(AWA, 2, {"age": 1}, {"age": 2}),
            Version(SALIF, 2, {"age": 2}, {"age": 1}),
            Version(MARIAM, 1, {"age": 3}),
        ]
    )

    assert [choice.value for choice in found.clashes["age"]] == [1, 2, 3]


def test_yes_and_one_are_not_the_same_answer() -> None:
    found = merged([Version(AWA, 1, {"q": True}), Version(SALIF, 1, {"q": 1})])

    assert list(found.clashes) == ["q"]


# Laws, over any versions.

VALUES = st.sampled_from([None, "yes", "no", 3, ["a", "b"], ["b", "a"], ["b"]])
ANSWERS = st.dictionaries(st.sampled_from(["age", "sex", "place"]), VALUES, max_size=3)
VERSIONS = st.lists(
    st.builds(Version, st.sampled_from("abcd"), st.integers(1, 4), ANSWERS, ANSWERS), max_size=8
)


def said(value: object) -> object:
    return tuple(sorted(value)) if isinstance(value, list) else value


@given(VERSIONS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_matters(versions: list[Version], chance: random.Random) -> None:
    mixed = list(versions)
    chance.shuffle(mixed)

    assert merged(mixed) == merged(versions)


@given(VERSIONS)
def test_what_arrives_twice_counts_once(versions: list[Version]) -> None:
    assert merged(versions + versions) == merged(versions)


@given(VERSIONS)
def test_one_phone_alone_never_clashes(versions: list[Version]) -> None:
    assert merged(v for v in versions if v.device == "a").clashes == {}


@given(VERSIONS)
def test_a_question_is_answered_or_in_a_clash_and_never_both(versions: list[Version]) -> None:
    found = merged(versions)

    assert not found.answers.keys() & found.clashes.keys()
    assert all(len(choices) > 1 for choices in found.clashes.values())


@given(VERSIONS)
def test_the_last_word_of_a_phone_stands_unless_somebody_who_saw_it_wrote_another(
    versions: list[Version],
) -> None:
    by_seq = {(v.device, v.seq): v for v in versions}
    last = list({v.device: v for _, v in sorted(by_seq.items(), key=lambda i: i[0])}.values())
    found = merged(by_seq.values())

    for version in last:
        for question in version.given.keys() | version.started.keys():
            value = said(version.given.get(question))
            if not any(wrote_over(other, question, value) for other in last):
                standing = [said(c.value) for c in found.clashes.get(question, ())]
                assert value in [*standing, said(found.answers.get(question))]


def wrote_over(version: Version, question: str, value: object) -> bool:
    """Say whether this phone saw that value and holds another."""
    return (
        question in version.started
        and said(version.started[question]) == value
        and said(version.given.get(question)) != value
    )


# A simulation that knows the truth: every edit writes a value of its own, so that it can be
# followed, and the simulation itself keeps who had which value before their eyes.

QUESTIONS = ("age", "place", "mother", "road")


@dataclass
class Phone:
    """A phone as docs/field.md has it."""

    name: str
    seq: int = 0
    given: dict[str, Any] = field(default_factory=dict)
    started: dict[str, Any] = field(default_factory=dict)

    def seal(self) -> Version:
        self.seq += 1
        return Version(self.name, self.seq, dict(self.given), dict(self.started))

    def hand_to(self, other: "Phone") -> None:
        """Give a copy of the draft.

        The other phone keeps what its worker wrote on it, unless that is what this one began from.
        """
        for question, value in self.given.items():
            mine = other.given.get(question)
            if question not in other.given and question in other.started:
                continue  # taken away there
            if mine is None or mine == value or mine == self.started.get(question):
                other.given[question] = value
                other.started[question] = value
        self.remember_what_was_handed_over()

    def remember_what_was_handed_over(self) -> None:
        """Start, from now on, from what another has seen, where nothing was found before."""
        for question, value in self.given.items():
            self.started.setdefault(question, value)


class ForgetfulPhone(Phone):
    """A phone that takes away an answer, after the handover, as if nobody had seen it."""

    def remember_what_was_handed_over(self) -> None:
        return


@dataclass
class Truth:
    """Which value was written over by somebody who saw it."""

    replaced: set[Any] = field(default_factory=set)
    taken_away: dict[tuple[str, str], Any] = field(default_factory=dict)
    shared: set[Any] = field(default_factory=set)


def simulated(
    seed: int, phone: type[Phone] = Phone, n_phones: int = 2
) -> tuple[list[Version], list[tuple[str, Any, bool]]]:
    """Return what arrived at the node, in its order, and what must not be lost there."""
    chance = random.Random(seed)  # noqa: S311
    phones = [phone(str(number)) for number in range(n_phones)]
    truth = Truth()
    sent: list[Version] = []
    for written in range(chance.randint(4, 30)):
        _one_step(chance, phones, truth, sent, written)
    sent += [phone.seal() for phone in phones]
    must = [(q, v, False) for p in phones for q, v in p.given.items() if v not in truth.replaced]
    must += [(q, None, True) for (_, q), _ in truth.taken_away.items()]
    # Lost on the way, sent again, doubled, late: the last seal of each gets there at some time.
    arrived = [v for v in sent if chance.random() < 0.6] + sent[-n_phones:]
    arrived += chance.choices(arrived, k=chance.randint(0, 5))
    chance.shuffle(arrived)
    return arrived, must


def _one_step(
    chance: random.Random, phones: list[Phone], truth: Truth, sent: list[Version], written: int
) -> None:
    one, other = chance.sample(phones, 2)
    question = chance.choice(QUESTIONS)
    step = chance.choices(["write", "take_away", "seal", "hand_over"], [6, 1, 3, 2])[0]
    if step == "write":
        if question in one.given:
            truth.replaced.add(one.given[question])
        truth.taken_away.pop((one.name, question), None)
        one.given[question] = written
    elif step == "take_away" and question in one.given:
        value = one.given.pop(question)
        truth.replaced.add(value)
        if value in truth.shared or question in one.started:
            truth.taken_away[(one.name, question)] = value
    elif step == "seal":
        sent.append(one.seal())
    elif step == "hand_over":
        one.hand_to(other)
        truth.shared |= set(one.given.values())


def n_lost(
    merge: Callable[[Iterable[Version]], Merged],
    seed: int,
    phone: type[Phone] = Phone,
    n_phones: int = 2,
) -> int:
    """Return how many last words are neither in the answers nor in a clash."""
    arrived, must = simulated(seed, phone, n_phones)
    found = merge(arrived)
    lost = 0
    for question, value, is_taken_away in must:
        standing = {choice.value for choice in found.clashes.get(question, ())}
        if is_taken_away:
            lost += question in found.answers
        else:
            lost += value not in standing and found.answers.get(question) != value
    return lost


def last_writer_wins(versions: Iterable[Version]) -> Merged:
    """Merge as most software does: what arrives last is right."""
    answers: dict[str, Any] = {}
    for version in versions:
        answers.update(version.given)
    return Merged(answers, {})


def deaf_to_taking_away(versions: Iterable[Version]) -> Merged:
    """Merge without seeing that an answer was taken away."""
    return merged(
        Version(v.device, v.seq, v.given, {q: s for q, s in v.started.items() if q in v.given})
        for v in versions
    )


@pytest.mark.parametrize("n_phones", [2, 3])
def test_of_a_thousand_runs_of_two_or_three_phones_nothing_is_lost(n_phones: int) -> None:
    assert sum(n_lost(merged, seed, n_phones=n_phones) for seed in range(1000)) == 0


def test_the_simulation_sees_what_the_usual_merge_loses() -> None:
    assert sum(n_lost(last_writer_wins, seed) for seed in range(100)) > 100
    assert sum(n_lost(deaf_to_taking_away, seed) for seed in range(100)) > 5


def test_a_phone_that_forgets_what_it_handed_over_loses_what_was_taken_away() -> None:
    assert sum(n_lost(merged, seed, ForgetfulPhone) for seed in range(1000)) > 20


def test_not_everything_is_a_clash_either() -> None:
    settled = clashing = 0
    for seed in range(200):
        found = merged(simulated(seed)[0])
        settled += len(found.answers)
        clashing += len(found.clashes)

    assert settled > clashing > 0
