"""Laws: no more than the limit, no living row's epoch, no glass for one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.keeper.rules import (
    EPOCH,
    GLASS_LIFE,
    GLASS_ROLES,
    SKEW,
    Counter,
    Epoch,
    KeeperRefused,
    Limit,
    Policy,
    is_due,
    objections_to_glass,
    to_destroy,
)

START = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


@given(
    st.builds(Limit, st.integers(1, 8), st.integers(1, 60)),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 3)), max_size=60),
)
def test_in_no_window_is_more_let_through_than_the_limit(
    limit: Limit, asked: list[tuple[int, int]]
) -> None:
    counter, let_through, now = Counter(), [], START
    for wait, n in asked:
        now += timedelta(seconds=wait)
        try:
            counter.take("stretch", "somebody", limit, now, n=n)
        except KeeperRefused:
            continue
        let_through += [now] * n

    window = timedelta(seconds=limit.seconds)
    for end in let_through:
        assert sum(end - window < at <= end for at in let_through) <= limit.count


@given(st.integers(1, 8), st.integers(1, 60))
def test_who_waits_the_window_out_is_let_through_again(count: int, seconds: int) -> None:
    counter, limit = Counter(), Limit(count, seconds)
    counter.take("open", "somebody", limit, START, n=count)

    counter.take("open", "somebody", limit, START + timedelta(seconds=seconds), n=count)
    counter.take("open", "another", limit, START, n=count)
    counter.take("stretch", "somebody", limit, START, n=count)


def test_what_was_asked_too_often_is_not_counted_and_what_is_forgiven_is_forgotten() -> None:
    counter, limit = Counter(), Limit(5, 60)
    counter.take("open", "somebody", limit, START, n=4)
    with pytest.raises(KeeperRefused):
        counter.take("open", "somebody", limit, START, n=2)
    counter.take("open", "somebody", limit, START)

    counter.forgive("open", "somebody")

    counter.take("open", "somebody", limit, START, n=5)


def test_names_that_nobody_bears_do_not_fill_the_keeper_s_memory() -> None:
    counter, limit = Counter(), Limit(3, 900)
    for n in range(20_000):
        counter.take("stretch", f"{n:032x}", limit, START + timedelta(minutes=n))

    # A day has 1440 minutes.
    assert len(counter.asked) <= 2 * 1440 + 1


EPOCHS = st.lists(st.booleans(), min_size=1, max_size=20).map(
    lambda retired: [Epoch(n + 1, START + n * EPOCH, r) for n, r in enumerate(retired)]
)


@given(EPOCHS, st.integers(1, 8))
def test_an_epoch_under_which_rows_live_is_never_destroyed(
    epochs: list[Epoch], window: int
) -> None:
    gone = set(to_destroy(epochs, window=window))

    assert not gone & {e.number for e in epochs if not e.retired}
    assert not gone & set(range(len(epochs) - window + 1, len(epochs) + 1))
    # And a retired one goes as soon as the window lets it.
    assert gone == {e.number for e in epochs if e.retired and len(epochs) - e.number >= window}


def test_a_week_is_an_epoch() -> None:
    epoch = Epoch(1, START)

    assert not is_due(epoch, START + EPOCH - timedelta(seconds=1))
    assert is_due(epoch, START + EPOCH)


APPROVALS = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bintou", "chafik"]),
        st.sampled_from(["R03", "R04", "R26"]),
        st.integers(-30, 30).map(lambda hours: START + timedelta(hours=hours)),
    ),
    max_size=4,
)


@given(APPROVALS)
def test_glass_breaks_for_two_supervisors_of_the_last_day_and_for_nobody_else(
    approvals: list[tuple[str, str, datetime]],
) -> None:
    against = objections_to_glass(
        accounts=[a for a, _, _ in approvals],
        roles=[r for _, r, _ in approvals],
        times=[t for _, _, t in approvals],
        now=START,
    )

    two = len({a for a, _, _ in approvals}) >= 2
    supervisors = all(r in GLASS_ROLES for _, r, _ in approvals)
    of_today = all(START - GLASS_LIFE < t <= START + SKEW for _, _, t in approvals)
    assert (against == []) == (two and supervisors and of_today)


def test_a_policy_is_read_as_it_was_written_and_a_strange_field_is_none() -> None:
    policy = Policy(window=3, open_account=Limit(1, 2))

    assert Policy.of(policy.fields()) == policy
    with pytest.raises(TypeError):
        Policy.of({"is_dmeo": True})
