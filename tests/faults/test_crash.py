"""A node and its keeper die at any moment; what they had acknowledged is there when they are back.

The writers are real processes, the database lies on a real disk, the end is kill -9. `make soak`
does the same five hundred times; here it is enough to see that the way still stands.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from amana.access.models import Account, KeyWrap, Lock
from amana.audit.models import Head
from amana.cases.models import Involved, Milestone
from amana.exchange import actions as exchange
from amana.exchange.directory import fingerprint_in
from amana.exchange.models import Message, Receipt
from amana.exchange.tests.builders import other_country
from amana.identification.models import Screening
from amana.referrals.models import Referral
from tests.cast import THE_MOMENT as NOW
from tests.cast import assemble
from tests.faults.crash import _lost
from tests.faults.house import House
from tests.faults.whole import halves
from tests.faults.writes import KINDS, Said, Writer
from tests.keeping import a_keeper

ROOT = Path(__file__).resolve().parents[2]
KILLS = 12


@pytest.mark.nodes
def test_what_was_acknowledged_is_there_after_kill_9_and_nothing_is_half_there(
    tmp_path: Path,
) -> None:
    """With DATABASE_URL the same is asked of PostgreSQL."""
    kept = tmp_path / "counted.json"

    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.crash", "--kills", str(KILLS), "--out", str(kept)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert kept.exists(), done.stderr
    counted = json.loads(kept.read_text())
    assert (counted["lost"], counted["halves"]) == ([], []), f"seed {counted['seed']}"
    assert counted["kills"] == KILLS
    assert sum(counted["acknowledged"].values()) > 0
    assert done.returncode == 0


# What the rig looks with sees what it must see.


@pytest.fixture(scope="module")
def written(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[House, list[tuple[str, Said]]]]:
    """A house in which every kind of write was done once, and what was acknowledged."""
    folder, heard = tmp_path_factory.mktemp("written"), list[tuple[str, Said]]()
    with (
        a_keeper(folder / "keeper") as keeper,
        override_settings(KEEPER=keeper.line),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        there = other_country()
        file = there.directory_file(NOW)
        exchange.pin_peer(file=file, fingerprint=fingerprint_in(file), now=NOW, by="test")
        house = House(folder, keeper, assemble(NOW), there)
        writer = Writer(house, done=lambda kind, said: heard.append((kind, said)))
        for kind in KINDS:
            writer.write(kind)
        yield house, heard
        transaction.set_rollback(True)


def test_every_kind_of_write_is_found_and_nothing_is_half_there(
    written: tuple[House, list[tuple[str, Said]]], db: None
) -> None:
    house, heard = written

    assert {kind for kind, _ in heard} == set(KINDS)
    assert _lost(house, heard) == []
    assert halves(house) == []


NEVER: dict[str, Said] = {
    "sign_in": {"cookie": "00" * 32},
    "save_draft": {"draft": "0" * 32, "place": ""},
    "decide": {"screening": "S-NOWHERE"},
    "write_part": {"case": "MA-NOWHERE", "mark": ""},
    "release": {"referral": "0" * 32, "mid": "0" * 32},
    "receive_message": {"mid": "0" * 32},
    "record": {"seq": 10**9, "subject": ""},
    "erase_keys": {"key_ids": ["0" * 32]},
    "rotate": {"epoch": 10**9},
    "enrol": {"account": "0" * 32, "name": "nobody"},
}


@pytest.mark.parametrize("kind", sorted(NEVER))
def test_a_write_that_is_not_there_is_lost(
    written: tuple[House, list[tuple[str, Said]]], db: None, kind: str
) -> None:
    assert len(_lost(written[0], [(kind, NEVER[kind])])) == 1


def test_an_older_state_of_what_was_written_again_is_a_loss(
    written: tuple[House, list[tuple[str, Said]]], db: None
) -> None:
    house, heard = written
    said = next(said for kind, said in heard if kind == "write_part")

    assert len(_lost(house, [("write_part", {**said, "mark": "9" * 20})])) == 1


SPOILED: dict[str, Callable[[], Any]] = {
    "wraps": lambda: KeyWrap.objects.all().delete(),
    "a receipt": lambda: Receipt.objects.filter(is_ours=True).delete(),
    "a message behind its receipt": lambda: Message.objects.filter(is_ours=True).update(rank=0),
    "a story": lambda: Referral.objects.filter(is_ours=False).delete(),
    "a release": lambda: Referral.objects.filter(is_ours=True).update(released_at=None),
    "a decision": lambda: Screening.objects.update(sealed_decision=None),
    "a milestone": lambda: Milestone.objects.all().delete(),
    "who works on it": lambda: Involved.objects.all().delete(),
    "a way in": lambda: Lock.objects.all().delete(),
    "an end": lambda: Account.objects.filter(is_open=True).update(is_open=False),
    "an epoch": lambda: KeyWrap.objects.update(epoch=999),
    "the record's head": lambda: Head.objects.update(size=1),
}


@pytest.mark.parametrize("what", sorted(SPOILED))
def test_what_is_half_there_is_seen(
    written: tuple[House, list[tuple[str, Said]]], db: None, what: str
) -> None:
    SPOILED[what]()

    assert halves(written[0])
