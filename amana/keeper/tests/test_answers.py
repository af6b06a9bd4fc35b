"""The keeper as a process of its own, asked over its real socket."""

import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from amana.crypto import oprf, totp
from amana.crypto.layers import remove_layers
from amana.crypto.secrets import Seed, new_id, new_seed, same, token
from amana.crypto.signing import sign, sign_public_of
from amana.crypto.totp import TotpSecret, code_at, new_totp
from amana.keeper import wire
from amana.keeper.answers import OPEN, Approval, Service
from amana.keeper.client import Keeper, KeeperGone, approve_glass
from amana.keeper.rules import DEMO_CODE, IDLE, LONGEST, KeeperRefused, Limit, Policy
from amana.keeper.server import REQUESTS, answer
from amana.keeper.store import Store, lay_out
from tests.keeping import CLOCK, THE_START, KeeperProcess, a_keeper

STRETCHED = b"s" * 32


@dataclass(frozen=True)
class Person:
    """Somebody whom the keeper knows."""

    id: str
    seed: Seed
    totp: TotpSecret


def enrol(line: Keeper, role: str = "R04") -> Person:
    person = Person(new_id(), new_seed(), new_totp())
    line.enrol(
        account=person.id,
        signer=sign_public_of(person.seed),
        role=role,
        totp=person.totp,
        stretched=STRETCHED,
    )
    return person


def code_of(person: Person) -> str:
    """Return what her phone shows now."""
    return code_at(person.totp, CLOCK.now())


@contextlib.contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(KeeperRefused) as caught:
        yield
    assert caught.value.code == code


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeeperProcess]:
    """A keeper as it stands in production: no demo code, the limits as proposed."""
    with a_keeper(tmp_path_factory.mktemp("strict") / "keeper", policy=Policy()) as process:
        yield process


# Signing in.


def test_a_right_code_is_answered_and_the_answer_is_the_same_each_time(
    strict: KeeperProcess,
) -> None:
    person, other = enrol(strict.line), enrol(strict.line)

    first = strict.line.stretch(account=person.id, stretched=STRETCHED, code=code_of(person))

    assert first == strict.line.stretch(
        account=person.id, stretched=STRETCHED, code=code_of(person)
    )
    assert first != strict.line.stretch(account=person.id, stretched=token(), code=code_of(person))
    assert first != strict.line.stretch(account=other.id, stretched=STRETCHED, code=code_of(other))


def test_wrong_code_demo_code_closed_and_unknown_account_are_one_answer(
    strict: KeeperProcess,
) -> None:
    person, gone = enrol(strict.line), enrol(strict.line)
    strict.line.close(account=gone.id)

    for account, code in (
        (person.id, "123456" if code_of(person) != "123456" else "654321"),
        (person.id, ""),
        (person.id, "١٢٣٤٥٦"),
        (person.id, DEMO_CODE if code_of(person) != DEMO_CODE else "1"),
        (gone.id, code_of(gone)),
        (new_id(), code_of(person)),
    ):
        with refused("NO"):
            strict.line.stretch(account=account, stretched=STRETCHED, code=code)


def test_for_an_account_that_is_not_there_the_same_codes_are_compared(tmp_path: Path) -> None:
    """Counted, not timed: a busy machine's clock proves nothing."""
    lay_out(tmp_path / "keeper", Policy(), listen="socket", now=THE_START)
    service = Service(Store(tmp_path / "keeper"))
    person = Person(new_id(), new_seed(), new_totp())
    service.enrol(
        THE_START,
        account=person.id,
        signer=sign_public_of(person.seed),
        role="R03",
        totp=person.totp.reveal(),
        stretched=STRETCHED,
    )

    def compared(account: str) -> int:
        count, real = 0, same

        def counting(a: bytes, b: bytes) -> bool:
            nonlocal count
            count += 1
            return real(a, b)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(totp, "same", counting)
            with refused("NO"):
                service.stretch(THE_START, account=account, stretched=STRETCHED, code="1")
        return count

    assert compared(person.id) == compared(new_id()) == 3


def test_a_guesser_is_made_to_wait_also_with_the_right_code(strict: KeeperProcess) -> None:
    person = enrol(strict.line)
    for _ in range(Policy().stretch_account.count):
        with refused("NO"):
            strict.line.stretch(account=person.id, stretched=STRETCHED, code="1")

    with refused("TRY_LATER"):
        strict.line.stretch(account=person.id, stretched=STRETCHED, code=code_of(person))


def test_a_code_that_opened_a_session_opens_no_second_one(strict: KeeperProcess) -> None:
    person = enrol(strict.line)
    code = code_of(person)
    strict.line.stretch(account=person.id, stretched=STRETCHED, code=code)
    strict.line.open(account=person.id, seed=person.seed)

    with refused("NO"):
        strict.line.stretch(account=person.id, stretched=STRETCHED, code=code)


def test_a_session_opens_for_the_right_seed_alone_and_gives_every_epoch(
    strict: KeeperProcess,
) -> None:
    person = enrol(strict.line)

    with refused("NO"):
        strict.line.open(account=person.id, seed=new_seed())
    opened = strict.line.open(account=person.id, seed=person.seed)

    assert opened.epochs == Store(strict.folder).epoch_keys()
    assert strict.line.epochs(opened.ticket) == opened.epochs
    strict.line.leave(opened.ticket)
    with refused("NO_SESSION"):
        strict.line.epochs(opened.ticket)


def test_a_number_is_signed_once(strict: KeeperProcess) -> None:
    person = enrol(strict.line)
    nonce = strict.line._ask("hello")
    proof = {"account": person.id, "nonce": nonce, "signature": sign(person.seed, OPEN, nonce)}
    strict.line._ask("open", **proof)

    with refused("NO"):
        strict.line._ask("open", **proof)


def test_a_closed_account_s_session_ends_and_none_is_opened_again(strict: KeeperProcess) -> None:
    person = enrol(strict.line)
    opened = strict.line.open(account=person.id, seed=person.seed)

    strict.line.close(account=person.id)

    with refused("NO_SESSION"):
        strict.line.epochs(opened.ticket)
    with refused("NO"):
        strict.line.open(account=person.id, seed=person.seed)
    with refused("ACCOUNT_IS_KNOWN"):
        strict.line.enrol(
            account=person.id,
            signer=sign_public_of(person.seed),
            role="R04",
            totp=new_totp(),
            stretched=STRETCHED,
        )


def test_in_a_session_password_and_phone_are_changed(strict: KeeperProcess) -> None:
    person = enrol(strict.line)
    opened = strict.line.open(account=person.id, seed=person.seed)
    fresh = replace(person, totp=new_totp())

    strict.line.set_totp(ticket=opened.ticket, totp=fresh.totp)
    half = strict.line.restretch(ticket=opened.ticket, stretched=b"new" * 8)

    assert half == strict.line.stretch(account=person.id, stretched=b"new" * 8, code=code_of(fresh))
    with refused("NO_SESSION"):
        strict.line.restretch(ticket=token(), stretched=STRETCHED)


@pytest.mark.parametrize("steps", [[IDLE], [IDLE - timedelta(seconds=1)] * 25])
def test_a_session_ends_twenty_minutes_idle_and_eight_hours_after_it_began(
    tmp_path: Path, steps: list[timedelta]
) -> None:
    lay_out(tmp_path / "keeper", Policy(), listen="socket", now=THE_START)
    service, person, now = Service(Store(tmp_path / "keeper")), new_seed(), THE_START
    account = new_id()
    service.enrol(
        now,
        account=account,
        signer=sign_public_of(person),
        role="R03",
        totp=b"t" * 20,
        stretched=STRETCHED,
    )
    nonce = service.hello(now)
    ticket, _ = service.open(now, account=account, nonce=nonce, signature=sign(person, OPEN, nonce))

    for step in steps:
        now += step
        stands = step < IDLE and now - THE_START < LONGEST
        with contextlib.nullcontext() if stands else refused("NO_SESSION"):
            service.epochs(now, ticket=ticket)
    assert not stands


# Dying.


def test_started_anew_it_knows_its_people_and_forgets_their_sessions(tmp_path: Path) -> None:
    with a_keeper(tmp_path / "keeper", policy=Policy()) as process:
        person = enrol(process.line)
        opened = process.line.open(account=person.id, seed=person.seed)
        half = process.line.stretch(account=person.id, stretched=STRETCHED, code=code_of(person))

        process.kill()
        with pytest.raises(KeeperGone):
            process.line.epochs(opened.ticket)
        process.start()

        with refused("NO_SESSION"):
            process.line.epochs(opened.ticket)
        again = process.line.open(account=person.id, seed=person.seed)
        assert again.epochs == opened.epochs
        assert half == process.line.stretch(
            account=person.id, stretched=STRETCHED, code=code_of(person)
        )


@contextlib.contextmanager
def a_small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k,mode=0700", "none", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_keeper_whose_disk_is_full_says_so_and_recovers(tmp_path: Path) -> None:
    with a_small_disk(tmp_path / "disk"), a_keeper(tmp_path / "disk" / "keeper") as process:
        person = enrol(process.line)
        filler = tmp_path / "disk" / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

        asked = {"do": "rotate", "force": True}
        assert process.line._exchange(asked) == {"refused": "KEEPER_IS_ILL"}
        with pytest.raises(KeeperGone):
            process.line.rotate(force=True)
        # Who is known still comes in: reading does not stop for a full disk.
        assert len(process.line.open(account=person.id, seed=person.seed).epochs) == 1

        filler.unlink()
        assert process.line.rotate(force=True) == (2, [1, 2])


# Layers.


def test_what_is_enclosed_opens_with_the_epoch_and_moves_with_it(tmp_path: Path) -> None:
    with a_keeper(tmp_path / "keeper") as process:
        line, boxes = process.line, [os.urandom(n) for n in (1, 60, 60, 1180)]
        person = enrol(line)

        first, enclosed = line.enclose(boxes)
        epochs = line.open(account=person.id, seed=person.seed).epochs
        assert remove_layers(epochs[first], enclosed) == boxes
        newest, living = line.rotate(force=True)
        assert (newest, living) == (first + 1, [first, first + 1])
        moved_to, moved = line.relayer(first, enclosed)

        opened = line.open(account=person.id, seed=person.seed).epochs
        assert moved_to == newest
        assert remove_layers(opened[newest], moved) == boxes
        with refused("EPOCH_IS_GONE"):
            line.relayer(99, enclosed)
        with refused("EPOCH_IS_THE_NEWEST"):
            line.retire(newest)
        with refused("BAD_REQUEST"):
            line.relayer(first, [b"short"])


def test_a_retired_epoch_goes_when_the_window_has_passed(tmp_path: Path) -> None:
    with a_keeper(tmp_path / "keeper", policy=Policy(is_demo=True, window=2)) as process:
        line = process.line
        while line.rotate(force=True)[0] < 4:
            pass

        # Under 1 rows still lie: it stays, however old.
        assert line.retire(2) == [2]
        assert line.retire(1) == [1]
        assert [e["number"] for e in line.status()["epochs"]] == [3, 4]


# Comparing, and breaking glass.


def test_comparing_needs_a_session_and_has_a_measure(tmp_path: Path) -> None:
    policy = Policy(is_demo=True, evaluate_account=Limit(3, 86400))
    with a_keeper(tmp_path / "keeper", policy=policy) as process:
        line, person = process.line, enrol(process.line)
        ticket = line.open(account=person.id, seed=person.seed).ticket
        point, blind = oprf.blind(b"awa kone")
        other, other_blind = oprf.blind(b"awa kone")

        one, two = line.evaluate(ticket, [point, other])

        assert oprf.output(b"awa kone", blind, one) == oprf.output(b"awa kone", other_blind, two)
        with refused("TRY_LATER"):
            line.evaluate(ticket, [point, other])
        with refused("NO_SESSION"):
            line.evaluate(token(), [point])
        with refused("BAD_REQUEST"):
            line.evaluate(ticket, [bytes(32)])


def test_glass_breaks_on_two_supervisors_word_for_the_key_they_named(
    strict: KeeperProcess,
) -> None:
    line, key, other = strict.line, new_id(), new_id()
    ada, bintou, worker = enrol(line), enrol(line), enrol(line, "R03")
    box = line.glass_enclose([key], [b"the inner wrap"])[0]
    now = CLOCK.now()

    def word(person: Person, key_id: str = key, ago: timedelta = timedelta()) -> Approval:
        return approve_glass(account=person.id, seed=person.seed, key_id=key_id, at=now - ago)

    def opened(*approvals: Approval) -> bytes:
        return line.glass_open(key_id=key, box=box, approvals=approvals)

    assert opened(word(ada), word(bintou)) == b"the inner wrap"
    for code, approvals in {
        "GLASS_NEEDS_TWO": (word(ada), word(ada)),
        "GLASS_NOT_A_SUPERVISOR": (word(ada), word(worker)),
        "GLASS_IS_OVER": (word(ada), word(bintou, ago=timedelta(hours=24))),
        "GLASS_FROM_TOMORROW": (word(ada), word(bintou, ago=timedelta(hours=-1))),
        "NO": (word(ada), word(bintou, key_id=other)),
    }.items():
        with refused(code):
            opened(*approvals)
    with refused("GLASS_NEEDS_TWO"):
        opened()
    forged = replace(word(bintou), account=ada.id)
    with refused("NO"):
        opened(forged, word(bintou))


# What it says and what it writes down.


def ask_raw(folder: Path, sent: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            line.connect(f"/proc/self/fd/{descriptor}/socket")
        finally:
            os.close(descriptor)
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


@pytest.mark.parametrize(
    "request_",
    [
        None,
        [],
        {"do": ["hello"]},
        {"do": {"a": 1}},
        {"do": "secret"},
        {"do": "__init__"},
        {"do": "hello", "more": 1},
        {"do": "close", "account": "../secret"},
        {"do": "close", "account": 3},
        {"do": "enclose", "boxes": ["text"]},
        {"do": "relayer", "epoch": True, "boxes": []},
        {"do": "relayer", "epoch": 1, "boxes": [b""]},
        {"do": "glass_enclose", "key_ids": ["a"], "boxes": []},
        {"do": "glass_open", "key_id": "k", "box": b"b", "approvals": [{"account": "x"}]},
        {"do": "evaluate", "ticket": b"", "points": [b"x"]},
        {"do": "open", "account": "\ud800" * 32, "nonce": b"", "signature": b""},
    ],
)
def test_a_request_that_is_none_is_refused_and_the_line_goes_on(
    strict: KeeperProcess, request_: object
) -> None:
    answered = answer(Service(Store(strict.folder)), request_, THE_START)

    assert answered in ({"refused": "BAD_REQUEST"}, {"refused": "NO_SESSION"})
    if request_ is not None:
        assert strict.line._exchange(request_) == answered  # type: ignore[arg-type]


def test_bytes_that_are_no_frame_end_the_connection_and_nothing_else(
    strict: KeeperProcess,
) -> None:
    assert ask_raw(strict.folder, b"GET / HTTP/1.1\r\n\r\n") == b""
    assert ask_raw(strict.folder, b"\0\0\0\x03{{{") == b""
    assert strict.line.status()["window"] == Policy().window


def test_the_log_has_a_line_for_a_sign_in_and_no_secret(tmp_path: Path) -> None:
    with a_keeper(tmp_path / "keeper", policy=Policy()) as process:
        line, person = process.line, enrol(process.line)
        with refused("NO"):
            line.stretch(account=person.id, stretched=STRETCHED, code="1")
        code = code_of(person)
        half = line.stretch(account=person.id, stretched=STRETCHED, code=code)
        opened = line.open(account=person.id, seed=person.seed)
        for _ in range(5):
            line.epochs(opened.ticket)
        line.enclose([b"box"])
        line._exchange({"do": "close", "account": "a name of thirty-two characters!"})
        text = (process.folder / "log").read_text()

        rows = [json.loads(row) for row in text.splitlines()]
        assert [(r["do"], r["account"], r["ended"]) for r in rows] == [
            ("enrol", person.id, "ok"),
            ("stretch", person.id, "NO"),
            ("stretch", person.id, "ok"),
            ("open", person.id, "ok"),
            ("close", "", "BAD_REQUEST"),
        ]
        secrets = [half.reveal(), opened.ticket, person.totp.reveal(), STRETCHED]
        secrets += [k.reveal() for k in opened.epochs.values()]
        secrets.append((process.folder / "secret").read_bytes())
        for secret in secrets:
            for written in _spellings(secret):
                assert written not in text
        assert f'"{code}"' not in text
        assert "thirty" not in text


def _spellings(secret: bytes) -> list[str]:
    spelled: list[Callable[[bytes], str]] = [
        bytes.hex,
        lambda b: json.dumps(wire._mark(b))[7:-3],
        lambda b: b.decode("latin-1"),
    ]
    return [spell(secret) for spell in spelled]


def test_every_request_has_a_method_and_every_method_a_request() -> None:
    methods = {n for n in vars(Service) if not n.startswith("_")}

    assert methods == set(REQUESTS)
