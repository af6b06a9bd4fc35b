"""One line each holds these doors shut; `mutants` changes the line, and a test here must see it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from amana.access import actions as access
from amana.access import queries
from amana.access.actions import keys
from amana.access.models import Account, KeyWrap, Session, Team
from amana.access.rules import CARE, DESK, GLASS, Actor, NotFound, Refused, Role
from amana.cases import actions as cases
from amana.cases import queries as case_queries
from amana.cases.models import Case, Compartment
from amana.cases.rules import IDENTITY
from amana.crypto.hybrid import unwrap
from amana.crypto.secrets import CannotOpen, Seed, new_seed
from amana.crypto.signing import sign, sign_public_of
from amana.crypto.totp import code_at, new_totp
from amana.keeper import rules as keeper_rules
from amana.keeper.answers import OPEN, Approval, Service
from amana.keeper.client import approve_glass
from amana.keeper.rules import KeeperRefused
from amana.keeper.store import Store, lay_out
from tests.cast import THE_MOMENT as NOW
from tests.cast import assemble, name_of
from tests.faults.house import House
from tests.faults.writes import Writer

# What the keeper asks before it answers.

ONE, TWO = "a" * 32, "b" * 32


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A keeper that is no demo, in this process: its clock is an argument."""
    folder = tmp_path / "strict"
    lay_out(folder, keeper_rules.Policy(), listen="socket", now=NOW)
    return Service(Store(folder))


def enrolled(service: Service, account: str, role: str = "R04") -> Seed:
    """Make an account known; return the seed it signs with."""
    seed = new_seed()
    totp = new_totp().reveal()
    signer = sign_public_of(seed)
    service.enrol(NOW, account=account, signer=signer, role=role, totp=totp, stretched=b"s")
    return seed


def opened(service: Service, account: str, seed: Seed) -> bytes:
    """Open a session; return its ticket."""
    nonce = service.hello(NOW)
    signature = sign(seed, OPEN, nonce)
    return service.open(NOW, account=account, nonce=nonce, signature=signature)[0]


def refused(code: str) -> pytest.RaisesExc[KeeperRefused]:
    """Return what expects the keeper to refuse with a code."""
    return pytest.RaisesExc(KeeperRefused, check=lambda given: given.code == code)


def test_no_password_is_answered_without_the_code_of_the_phone(service: Service) -> None:
    enrolled(service, ONE)

    with refused("NO"):
        service.stretch(NOW, account=ONE, stretched=b"s", code="000000")


def test_a_code_is_good_for_the_step_before_and_after_and_no_longer(service: Service) -> None:
    totp = new_totp()
    given = {"account": ONE, "signer": b"", "role": "R03", "totp": totp.reveal()}
    service.enrol(NOW, **given, stretched=b"s")

    for late in (-30, 0, 30):
        moment = NOW + timedelta(seconds=late)
        assert service.stretch(moment, account=ONE, stretched=b"s", code=code_at(totp, NOW))
    for late in (-60, 60, 90):
        with refused("NO"):
            moment = NOW + timedelta(seconds=late)
            service.stretch(moment, account=ONE, stretched=b"s", code=code_at(totp, NOW))


def test_a_number_is_signed_once(service: Service) -> None:
    seed, nonce = enrolled(service, ONE), service.hello(NOW)
    signature = sign(seed, OPEN, nonce)
    service.open(NOW, account=ONE, nonce=nonce, signature=signature)

    with refused("NO"):
        service.open(NOW, account=ONE, nonce=nonce, signature=signature)


def test_a_session_opens_for_the_account_s_own_seed(service: Service) -> None:
    enrolled(service, ONE)
    other = enrolled(service, TWO)

    with refused("NO"):
        opened(service, ONE, other)


def test_a_ticket_ends_with_its_idle_time(service: Service) -> None:
    ticket = opened(service, ONE, enrolled(service, ONE))

    assert service.epochs(NOW, ticket=ticket)
    with refused("NO_SESSION"):
        service.epochs(NOW + keeper_rules.IDLE, ticket=ticket)


def test_what_is_enclosed_is_hidden(service: Service) -> None:
    box = b"an invented wrap, forty bytes long......"

    epoch, (enclosed,) = service.enclose(NOW, boxes=[box])

    assert epoch == 1
    assert box not in enclosed
    assert len(enclosed) == len(box) + 12


def approvals(service: Service, at: datetime, *accounts: str) -> list[Approval]:
    """Return supervisors' signed words for one key."""
    seeds = {a: enrolled(service, a) for a in set(accounts)}
    return [approve_glass(account=a, seed=seeds[a], key_id="k", at=at) for a in accounts]


def test_glass_breaks_for_two_supervisors_within_a_day_and_for_nobody_else(
    service: Service,
) -> None:
    both = approvals(service, NOW, ONE, TWO)
    (box,) = service.glass_enclose(NOW, key_ids=["k"], boxes=[b"wrap"])
    day = timedelta(days=1)

    assert service.glass_open(NOW, key_id="k", box=box, approvals=both) == b"wrap"
    with refused("GLASS_NEEDS_TWO"):
        service.glass_open(NOW, key_id="k", box=box, approvals=[both[0], both[0]])
    with refused("GLASS_NEEDS_TWO"):
        service.glass_open(NOW, key_id="k", box=box, approvals=both[:1])
    with refused("GLASS_IS_OVER"):
        service.glass_open(NOW + day, key_id="k", box=box, approvals=both)
    with refused("GLASS_FROM_TOMORROW"):
        service.glass_open(NOW - day, key_id="k", box=box, approvals=both)


def test_glass_breaks_on_a_word_that_was_signed_for_this_key(service: Service) -> None:
    both = approvals(service, NOW, ONE, TWO)
    (box,) = service.glass_enclose(NOW, key_ids=["other"], boxes=[b"wrap"])
    forged = Approval(TWO, NOW, bytes(len(both[1].signature)))

    with refused("NO"):
        service.glass_open(NOW, key_id="other", box=box, approvals=both)
    with refused("NO"):
        service.glass_open(NOW, key_id="k", box=box, approvals=[both[0], forged])


# What the node asks before it opens.


@pytest.fixture
def house(db: None, tmp_path: Path) -> House:
    """Everybody of this bench; its keeper and the other country are left alone."""
    return House(tmp_path, None, assemble(NOW, everybody=True), None)  # type: ignore[arg-type]


@pytest.fixture
def case(house: House) -> Case:
    """A case of the first unit, taken by its worker."""
    writer = Writer(house)
    return Case.objects.get(pk=writer.write("open_case")["case"])


def part_key(actor: Actor, case: Case) -> str:
    """Give the desk the key of the identity, as no action ever does; return its id."""
    row = Compartment.objects.get(case=case, name=IDENTITY)
    key = queries.access_key(actor, row.key_id)
    keys.share_key(key_id=row.key_id, key=key, team=DESK, actor=actor)
    return row.key_id


def test_a_key_that_came_too_far_opens_no_part_that_the_matrix_denies(
    house: House, case: Case
) -> None:
    worker, desk = house.who(Role.CASE_WORKER), house.who(Role.DESK)
    key_id = part_key(worker, case)
    assert queries.held_keys(desk, [key_id])

    with pytest.raises(NotFound):
        case_queries.access_compartment(desk, case, IDENTITY)
    with pytest.raises(NotFound):
        case_queries.access_case(desk, case.pk, "care")


def test_a_colleague_s_case_is_not_there_for_a_worker(house: House, case: Case) -> None:
    house.cast.hire("second-worker", "Seconde Inventée", Role.CASE_WORKER)

    hers, others = house.who(Role.CASE_WORKER), house.cast.who("second-worker")
    assert case in case_queries.cases(hers)
    assert case not in case_queries.cases(others)
    with pytest.raises(NotFound):
        case_queries.access_case(others, case.pk, "care")


def test_a_case_is_gone_for_whoever_declared_a_conflict(house: House, case: Case) -> None:
    supervisor = house.who(Role.SUPERVISOR)
    assert case in case_queries.cases(supervisor)

    cases.declare_conflict(case=case, actor=supervisor, now=NOW)

    assert case not in case_queries.cases(supervisor)


def glass_holder(house: House) -> Actor:
    """Return a supervisor of another unit, who stands in the supervisors' team."""
    return house.cast.who({"CI": "moussa", "MA": "driss"}[house.cast.team(CARE).address[:2]])


def test_the_supervisors_wrap_opens_nothing_by_itself_and_shows_no_case(
    house: House, case: Case
) -> None:
    supervisor = glass_holder(house)
    assert supervisor.holds(GLASS)
    ids = list(Compartment.objects.filter(case=case).values_list("key_id", flat=True))
    assert KeyWrap.objects.filter(key_id__in=ids, team=GLASS).exists()

    assert queries.held_keys(supervisor, ids) == {}
    assert case not in case_queries.cases(supervisor)


def test_a_key_wrapped_by_a_stranger_is_bound_to_its_number(house: House) -> None:
    one, _ = keys.issue_key(DESK)
    two, _ = keys.issue_key(DESK)
    row = KeyWrap.objects.get(key_id=one)
    KeyWrap.objects.filter(key_id=two).update(epoch=row.epoch, wrapped=row.wrapped)

    with pytest.raises(CannotOpen):
        queries.held_keys(house.who(Role.DESK), [two])


def test_a_key_wrapped_by_a_member_is_bound_to_its_number(house: House) -> None:
    worker = house.who(Role.CASE_WORKER)
    one, _ = keys.issue_key(CARE, actor=worker)
    two, _ = keys.issue_key(CARE, actor=worker)
    row = KeyWrap.objects.get(key_id=one)
    KeyWrap.objects.filter(key_id=two).update(epoch=row.epoch, wrapped=row.wrapped)

    with pytest.raises(CannotOpen):
        queries.held_keys(worker, [two])


def test_a_membership_of_one_team_gives_no_other(house: House) -> None:
    desk = house.who(Role.DESK)
    team = Team.objects.get(pk=DESK)
    wrapped = bytes(team.membership_set.get(account=desk.account_id).wrapped_keys)

    assert unwrap(desk.seed, wrapped, queries.wrap_info(f"team:{DESK}"))
    with pytest.raises(CannotOpen):
        unwrap(desk.seed, wrapped, queries.wrap_info(f"team:{CARE}"))


def test_an_erased_key_has_no_wrap_left_and_opens_for_nobody(house: House) -> None:
    worker = house.who(Role.CASE_WORKER)
    key_id, _ = keys.issue_key(CARE, DESK, GLASS, actor=worker)

    assert keys.erase_keys(key_ids=[key_id], now=NOW, by="test") == 3

    assert not KeyWrap.objects.filter(key_id=key_id).exists()
    assert queries.held_keys(worker, [key_id]) == {}


def test_a_team_s_key_is_renewed_while_its_wraps_lie_under_several_epochs(house: House) -> None:
    """As after a rotation that was cut short; `tests.faults.crash` found the team locked out."""
    ids = []
    for _ in range(3):
        queries.keeper().rotate(force=True)
        worker = house.who(Role.CASE_WORKER)
        ids += [keys.issue_key(CARE, actor=worker)[0], keys.issue_key(CARE)[0]]
    worker = house.who(Role.CASE_WORKER)
    before = queries.held_keys(worker, ids)
    assert len(set(KeyWrap.objects.values_list("epoch", flat=True))) > 1

    assert keys.renew_team_key(team_code=CARE, actor=worker, now=NOW) == len(ids)

    after = house.who(Role.CASE_WORKER)
    assert after.teams[CARE].data_key != worker.teams[CARE].data_key
    assert queries.held_keys(after, ids) == before


def test_a_session_that_was_moved_to_the_administrator_makes_nobody_one(house: House) -> None:
    """Neither of the two stands in a team, so no team's key is there to give it away."""
    cookie = house.cast.cookie(name_of(Role.FIRST_RESPONDER))
    administrator = house.who(Role.ADMINISTRATOR)
    moved = Session.objects.filter(pk=queries.session_id_of(cookie))

    assert moved.update(account=administrator.account_id) == 1

    assert access.find_actor(cookie, NOW) is None


def test_what_is_written_while_a_colleague_renews_the_team_s_key_opens_afterwards(
    house: House,
) -> None:
    before, colleague = house.who(Role.CASE_WORKER), house.who(Role.SUPERVISOR)
    assert keys.renew_team_key(team_code=CARE, actor=colleague, now=NOW) == 0

    key_id, key = keys.issue_key(CARE, actor=before)

    assert queries.held_keys(house.who(Role.CASE_WORKER), [key_id]) == {key_id: key}


def test_two_members_who_come_in_at_once_renew_the_team_s_key_once(house: House) -> None:
    one, two = house.who(Role.CASE_WORKER), house.who(Role.SUPERVISOR)
    key_id, key = keys.issue_key(CARE, actor=one)

    assert keys.renew_team_key(team_code=CARE, actor=one, now=NOW) == 1
    assert keys.renew_team_key(team_code=CARE, actor=two, now=NOW) == 0

    assert queries.held_keys(house.who(Role.SUPERVISOR), [key_id]) == {key_id: key}


def test_nobody_is_admitted_with_a_key_that_the_team_has_left_behind(house: House) -> None:
    before, colleague = house.who(Role.CASE_WORKER), house.who(Role.SUPERVISOR)
    keys.renew_team_key(team_code=CARE, actor=colleague, now=NOW)
    newcomer = house.cast.hire("newcomer", "Nouvelle Inventée", Role.STATISTICIAN)
    worker = Account.objects.filter(pk=newcomer.pk)
    worker.update(role=Role.CASE_WORKER)

    given = {"team": queries.team(CARE), "keys": before.teams[CARE], "account": worker.get()}

    with pytest.raises(Refused) as refused_:
        access.admit(**given, now=NOW, by="test")

    assert refused_.value.objections == ["CHANGED_MEANWHILE"]
