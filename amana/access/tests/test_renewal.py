"""A member leaves: the team gets a new data key, and where phones seal to it a new seed."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.access import actions, queries
from amana.access.actions import keys
from amana.access.models import KeyWrap, Membership, Team
from amana.access.rules import (
    CARE,
    DESK,
    FORMER_SEEDS,
    GLASS,
    Actor,
    NotFound,
    Role,
    TeamKeys,
    team_keys_in,
)
from amana.crypto.hybrid import public_of, unwrap, wrap
from amana.crypto.secrets import SIZE, CannotOpen, Key, Seed, new_key, new_seed
from amana.crypto.signing import sign_public_of
from tests.cast import Cast, name_of

INFO = b"amana/field/v1/care/invented/1"
WORKER = Role.CASE_WORKER


def sealed_by_a_phone(team: Team) -> bytes:
    """Return what a phone seals that was shown this team's key."""
    return wrap(bytes(team.recipient), b"told", INFO)


def opens(seeds: tuple[Seed, ...], box: bytes) -> bool:
    """Say whether one of these seeds opens what a phone sealed."""
    for seed in seeds:
        try:
            return unwrap(seed, box, INFO) == b"told"
        except CannotOpen:
            continue
    return False


def renewed(cast: Cast, now: datetime, times: int = 1) -> Actor:
    """Renew the care team's keys so often; return its worker as she stands afterwards."""
    for _ in range(times):
        keys.renew_team_key(team_code=CARE, actor=cast.actor(WORKER), now=now)
    return cast.actor(WORKER)


def left(cast: Cast, now: datetime) -> Actor:
    """Let a colleague leave, with all that she once held; the others sign in anew afterwards."""
    cast.hire("who-leaves", "Partie Inventée", WORKER, (CARE,))
    who = cast.who("who-leaves")
    administrator = cast.actor(Role.ADMINISTRATOR)
    actions.close_account(account_id=who.account_id, actor=administrator, now=now)
    cast.cookies.pop(name_of(WORKER), None)
    return who


@pytest.mark.django_db
def test_who_left_the_team_opens_nothing_that_is_sealed_to_it_afterwards(
    cast: Cast, now: datetime
) -> None:
    gone = left(cast, now)
    worker = cast.actor(WORKER)

    box = sealed_by_a_phone(queries.team(CARE))
    key_id, key = keys.issue_key(CARE)
    own_id, own = keys.issue_key(CARE, actor=worker)

    assert not opens(gone.teams[CARE].seeds, box)
    rows = list(KeyWrap.objects.filter(key_id__in=[key_id, own_id]))
    # She has a copy of the database and even the weeks' keys.
    for row, inner in queries.peeled(gone, rows):
        with pytest.raises(CannotOpen):
            queries.open_wrap(gone, row, inner)
    assert opens(queries.team_seeds(worker, CARE), box)
    assert queries.held_keys(worker, [key_id, own_id]) == {key_id: key, own_id: own}
    assert actions.find_actor(cast.cookies["who-leaves"], now) is None


@pytest.mark.django_db
def test_who_left_the_team_opens_no_wrap_that_she_had_opened_before(
    cast: Cast, now: datetime
) -> None:
    key_id, key = keys.issue_key(CARE)
    gone = left(cast, now)
    assert queries.held_keys(gone, [key_id]) == {key_id: key}

    worker = cast.actor(WORKER)

    with pytest.raises(CannotOpen):
        queries.held_keys(gone, [key_id])
    assert queries.held_keys(worker, [key_id]) == {key_id: key}


@pytest.mark.django_db
def test_what_a_phone_sealed_before_opens_for_three_renewals_and_then_no_more(
    cast: Cast, now: datetime
) -> None:
    box = sealed_by_a_phone(queries.team(CARE))

    for times in range(1, FORMER_SEEDS + 1):
        worker = renewed(cast, now)
        assert opens(queries.team_seeds(worker, CARE), box)
        assert len(queries.team_seeds(worker, CARE)) == times + 1

    last = queries.team_seeds(renewed(cast, now), CARE)
    assert len(last) == FORMER_SEEDS + 1
    assert not opens(last, box)
    assert public_of(last[0]) == bytes(queries.team(CARE).recipient)
    assert sign_public_of(last[0]) == bytes(queries.team(CARE).signer)


@pytest.mark.django_db
def test_partners_go_on_with_what_the_team_was_founded_with(cast: Cast, now: datetime) -> None:
    """The country's root signed it; another would need that root, and the partner, first."""
    known = queries.published_keys(queries.team(CARE))

    after = renewed(cast, now, FORMER_SEEDS + 2)

    assert queries.published_keys(queries.team(CARE)) == known
    assert public_of(after.teams[CARE].founding) == known[0]


@pytest.mark.django_db
def test_only_a_team_to_which_phones_seal_gets_a_new_seed(cast: Cast, now: datetime) -> None:
    desk, supervisor = cast.actor(Role.DESK), cast.actor(Role.SUPERVISOR)
    before = {code: bytes(queries.team(code).recipient) for code in (DESK, GLASS)}

    keys.renew_team_key(team_code=DESK, actor=desk, now=now)
    if supervisor.holds(GLASS):
        keys.renew_team_key(team_code=GLASS, actor=supervisor, now=now)

    after = cast.actor(Role.DESK).teams[DESK]
    assert after.seed == desk.teams[DESK].seed
    assert after.data_key != desk.teams[DESK].data_key
    assert after.former == ()
    assert {code: bytes(queries.team(code).recipient) for code in (DESK, GLASS)} == before
    assert Team.objects.get(pk=DESK).published_recipient is None


@pytest.mark.django_db
def test_what_a_stranger_wrapped_to_the_key_of_before_opens_after_the_renewal(
    cast: Cast, now: datetime
) -> None:
    """She had read the team before the renewal, and writes after it."""
    before, key = queries.team(CARE), new_key()
    form, box = queries.wrapped_for(before, "k", key)
    renewed(cast, now)

    row = KeyWrap(key_id="k", team=before, form=form, epoch=queries.NO_EPOCH, wrapped=box)
    row.save()

    assert queries.held_keys(cast.actor(WORKER), ["k"]) == {"k": key}
    # The next renewal takes it along, so that it outlives the former seeds.
    assert queries.held_keys(renewed(cast, now, FORMER_SEEDS + 2), ["k"]) == {"k": key}


@pytest.mark.django_db
def test_what_a_session_of_before_the_renewal_wraps_is_wrapped_for_the_team_of_now(
    cast: Cast, now: datetime
) -> None:
    stale = cast.actor(WORKER)
    today = renewed(cast, now)

    key_id, key = keys.issue_key(CARE, actor=stale)

    assert queries.held_keys(today, [key_id]) == {key_id: key}


@pytest.mark.django_db
def test_who_is_admitted_after_a_renewal_holds_the_former_seeds_too(
    cast: Cast, now: datetime
) -> None:
    box = sealed_by_a_phone(queries.team(CARE))
    worker = renewed(cast, now, 2)
    cast.keys[CARE] = worker.teams[CARE]

    cast.hire("newcomer", "Nouvelle Inventée", WORKER, (CARE,))

    newcomer = cast.who("newcomer")
    assert newcomer.teams[CARE] == worker.teams[CARE]
    assert opens(queries.team_seeds(newcomer, CARE), box)


@pytest.mark.django_db
def test_a_colleague_who_is_signed_in_holds_the_new_keys_at_her_next_page(
    cast: Cast, now: datetime
) -> None:
    cookie = cast.cookie(name_of(Role.SUPERVISOR))
    worker = renewed(cast, now)

    supervisor = actions.find_actor(cookie, now)

    assert supervisor is not None
    assert supervisor.teams[CARE] == worker.teams[CARE]


@pytest.mark.django_db
def test_a_wrap_that_opens_for_nobody_shuts_the_door_for_nobody(cast: Cast, now: datetime) -> None:
    spoiled, _ = keys.issue_key(CARE)
    whole, key = keys.issue_key(CARE)
    row = KeyWrap.objects.get(key_id=spoiled)
    KeyWrap.objects.filter(key_id=spoiled).update(wrapped=bytes(len(row.wrapped)))

    worker = renewed(cast, now)

    assert queries.held_keys(worker, [whole]) == {whole: key}
    assert bytes(KeyWrap.objects.get(key_id=spoiled).wrapped) == bytes(len(row.wrapped))


@pytest.mark.django_db
def test_nobody_is_given_the_seeds_of_a_team_in_which_she_does_not_stand(cast: Cast) -> None:
    for code in (CARE, "nowhere"):
        with pytest.raises(NotFound):
            queries.team_seeds(cast.actor(Role.DESK), code)


@pytest.mark.django_db
def test_a_membership_of_before_seeds_were_renewed_is_read_as_it_is(cast: Cast) -> None:
    """Two parts: what every node wrote until now."""
    worker = cast.actor(WORKER)
    packed = worker.teams[CARE].packed()

    kept = Membership.objects.get(team=CARE, account=worker.account_id).wrapped_keys

    assert len(packed) == 2 * SIZE
    assert unwrap(worker.seed, bytes(kept), queries.wrap_info(f"team:{CARE}")) == packed


def any_keys(renewals: int) -> TeamKeys:
    held = TeamKeys(new_seed(), new_key(), CARE, renewals)
    for _ in range(renewals):
        held = held.renewed(new_key(), new_seed())
    return held


@given(renewals=st.integers(0, 8))
def test_keys_come_back_as_they_were_packed_and_the_founding_seed_with_them(renewals: int) -> None:
    held = any_keys(renewals)

    back = team_keys_in(held.packed(), kind=CARE, generation=renewals)

    assert back == held
    assert len(back.former) == min(renewals, FORMER_SEEDS)
    assert back.founding == held.founding


@given(size=st.integers(0, 12 * SIZE))
def test_what_no_team_ever_held_is_no_team_s_keys(size: int) -> None:
    if size in {2 * SIZE, 4 * SIZE, 5 * SIZE, 6 * SIZE}:
        return

    with pytest.raises(CannotOpen):
        team_keys_in(bytes(size), kind=CARE, generation=0)


def test_no_seed_of_a_team_is_shown_by_accident() -> None:
    held = any_keys(2)

    for secret in (*held.seeds, held.founding, held.data_key):
        assert isinstance(secret, Seed | Key)
        assert secret.reveal().hex() not in repr(held)
        assert str(secret.reveal()) not in repr(held)
