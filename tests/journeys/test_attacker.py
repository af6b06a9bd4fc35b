"""Whoever stole the database, every backup, the code and the settings finds nobody in them."""

import hashlib
import hmac
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from amana.crypto import passwords
from amana.crypto.boxes import seal
from amana.crypto.secrets import Key
from tests.journeys import attack
from tests.journeys.attack import Haystack, columns, database_in, names, secrets_in, try_lock
from tests.vault.nodes import Place

pytestmark = [pytest.mark.nodes, pytest.mark.xdist_group("browser")]

RIGHT = "an invented password"
# What thieves try first, and the right one somewhere among it.
GUESSES = [f"{w}{n}" for w in ("azerty", "amana", "maroc", "abidjan") for n in range(250)]
GUESSES[500] = RIGHT


@dataclass(frozen=True)
class Loot:
    """What was stolen of one node."""

    folder: Path
    databases: list[Path]
    words: list[str]

    @property
    def keys(self) -> list[bytes]:
        return secrets_in(self.folder)


@pytest.fixture(scope="module")
def loot(demo_nodes: Any, tmp_path_factory: pytest.TempPathFactory) -> Loot:
    """A copy of Morocco's folder, lived for two weeks, and a backup of it; never its keeper.

    One account more, whose password is among the guesses, and each guess costs next to nothing.
    """
    running = next(n for n in demo_nodes.nodes if n.config.country == "MA")
    place, stolen = Place(running.data), tmp_path_factory.mktemp("stolen")
    place.ask(
        """
from amana.access.actions import FirstLock
from amana.crypto.passwords import Cost
actions.make_account(sign_in_name="weak", name="Weak", role=Role.CASE_WORKER,
    first=FirstLock(given["password"], cost=Cost(memory_kib=8, passes=1)), now=now(), by="test")
answer = None
""",
        password=RIGHT,
    )
    place.do("backup", "--data", place.data, stolen / "backup", "--plain")
    folder = Path(
        shutil.copytree(place.data, stolen / "ma", ignore=shutil.ignore_patterns("*.socket"))
    )
    typed = json.loads((demo_nodes.home / "typed.json").read_text())
    databases = [
        folder / "db" / "amana.sqlite3",
        database_in(stolen / "backup", stolen / "backup.sqlite3"),
    ]
    return Loot(folder, databases, [*typed["names"], *typed["phones"], *typed["places"]])


def test_twenty_thousand_names_are_found_in_no_column_of_any_copy(loot: Loot) -> None:
    words = names(loot.words)
    assert len(words) == 20_000
    assert set(loot.words) <= set(words)
    assert len(loot.keys) >= 3

    for database in loot.databases:
        stolen = list(columns(database))
        assert len(stolen) > 1000
        assert attack.try_words(words, loot.keys, Haystack(stolen)) == set()


def test_a_thousand_passwords_confirm_nothing_and_open_no_lock(loot: Loot) -> None:
    assert len(set(GUESSES)) == 1000

    for database in loot.databases:
        stolen = Haystack(columns(database))
        assert attack.try_words(GUESSES, loot.keys, stolen) == set()
        assert try_lock(GUESSES, weak_lock(database), loot.keys) == []


def weak_lock(database: Path) -> tuple[str, bytes, bytes, passwords.Cost]:
    with closing(sqlite3.connect(database)) as opened:
        account, salt, sealed, cost = opened.execute(
            "select account_id, salt, sealed_seed, cost from access_lock l join access_account a"
            " on a.id = l.account_id where sign_in_name = 'weak' and l.kind = 'password'"
        ).fetchone()
    return account, salt, sealed, passwords.Cost(*json.loads(cost))


# The same attack, seen to succeed.


@pytest.mark.parametrize(
    "weak",
    [
        "raw in a json",
        "hmac under the web key",
        "hmac in hex under the node's seed",
        "sha256",
        "salted in hex",
        "first name in utf-16",
    ],
)
def test_the_same_attack_finds_a_planted_weak_column(loot: Loot, tmp_path: Path, weak: str) -> None:
    word = loot.words[0]
    web, seed = ((loot.folder / "keys" / n).read_bytes() for n in ("web", "node.seed"))
    value = {
        "raw in a json": json.dumps({"note": [f"with {word} ."]}, ensure_ascii=False).encode(),
        "hmac under the web key": hmac.digest(web, word.encode(), "sha256"),
        "hmac in hex under the node's seed": hmac.digest(
            seed, word.lower().encode(), "sha256"
        ).hex(),
        "sha256": b"\x01" + hashlib.sha256(word.encode()).digest() + b"more",
        "salted in hex": hashlib.sha256(web + word.encode()).hexdigest(),
        "first name in utf-16": word.split()[0].lower().encode("utf-16-le"),
    }[weak]
    database = Path(shutil.copy(loot.databases[1], tmp_path / "weak.sqlite3"))
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute("create table cases_index (looked_up blob)")
        opened.execute("insert into cases_index values (?)", [value])

    found = attack.try_words(names(loot.words, 3000), loot.keys, Haystack(columns(database)))

    assert {(f.word, f.column) for f in found} >= {(word, "cases_index.looked_up")}


def test_the_same_attack_finds_a_lock_without_the_keeper_s_half(loot: Loot) -> None:
    account, salt, _, cost = weak_lock(loot.databases[0])
    stretched = passwords.stretch(RIGHT, salt, cost)
    place = attack.lock_place(account, "password")
    for half in (bytes(32), (loot.folder / "keys" / "node.seed").read_bytes()):
        key = passwords.key_of(stretched, Key(half))
        row = (account, salt, seal(key, bytes(32), place), cost)

        assert try_lock(GUESSES[490:510], row, loot.keys) == [RIGHT]


# From inside: who runs the node, and who is in no team.


def test_an_administrator_s_live_session_opens_no_key(demo_nodes: Any) -> None:
    for running in demo_nodes.nodes:
        place = Place(running.data)
        said = place.ask(
            """
ids = list(KeyWrap.objects.values_list("key_id", flat=True).distinct())
answer = {role.name: len(opens(role, ids)) for role in (Role.ADMINISTRATOR, Role.CASE_WORKER)}
answer["all"] = len(ids)
"""
        )
        assert said["ADMINISTRATOR"] == 0
        assert said["all"] >= said["CASE_WORKER"] > 0
