"""What the vault costs: the door, a page, the first search of a session, and the bytes of a case.

    python -m bench.vault [--cards 50000,20000,5000] [--rounds 20]

A page is measured beside the same page without encryption: the same code, rows and templates, with
every cipher replaced by one that changes nothing and the keeper's answer at hand. Both run in
processes of their own, in turn. Writes benchmarks/results/vault.json and vault.md.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
WARM_UP = 5
# Limits that the issue of this part of the house names.
DOOR_MS, PAGE_RATIO, COLD_MS, WARM_MS = 600, 1.5, 400, 10


def quantiles(held: Sequence[float]) -> dict[str, float]:
    """Return the middle and the 95th of a hundred, in milliseconds."""
    ordered = sorted(held)
    at = min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))
    return {"p50": round(statistics.median(ordered), 2), "p95": round(ordered[at], 2)}


def timed(act: Callable[[], object], rounds: int) -> list[float]:
    """Return how long each of `rounds` took, in milliseconds, after a few to warm up."""
    for _ in range(WARM_UP):
        act()
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        act()
        found.append((time.perf_counter() - started) * 1000)
    return found


# Everything below `started` runs in a child with a database of its own.


@contextlib.contextmanager
def started(folder: Path) -> Iterator[None]:
    """Set Django up on a database file in this folder, with a keeper process."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "amana.node.settings"
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = str(folder / "bench.sqlite3")
    django.setup()
    from django.core.management import call_command

    from tests.keeping import a_keeper

    with a_keeper(folder / "keeper") as keeper:
        settings.KEEPER = keeper.line
        settings.SEARCH_FOLDER = str(folder)
        settings.STATIC_ROOT = ROOT / "var" / "static"
        call_command("migrate", verbosity=0)
        yield


class Plain:
    """A cipher that changes nothing and keeps the lengths of the real one."""

    def __init__(self, _key: bytes) -> None:
        pass

    def encrypt(self, _nonce: bytes, content: bytes, _bound: bytes) -> bytes:
        return content + bytes(16)

    def decrypt(self, _nonce: bytes, box: bytes, _bound: bytes) -> bytes:
        return box[:-16]


@contextlib.contextmanager
def without_encryption() -> Iterator[None]:
    """Run with no cipher, no wrap, no layer and no keeper on the way."""
    from amana.access import actions, queries
    from amana.crypto import boxes
    from amana.keeper.client import Keeper

    epochs: dict[int, Any] = {}

    def at_hand(self: Keeper, ticket: bytes) -> dict[int, Any]:
        return epochs or epochs.update(real(self, ticket)) or epochs

    real = Keeper.epochs
    as_it_is = {
        "wrap": lambda public, content, info: content,
        "unwrap": lambda seed, wrapped, info: wrapped,
    }
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(boxes, "AESGCM", Plain))
        stack.enter_context(mock.patch.object(Keeper, "epochs", at_hand))
        for module in (queries, actions):
            for name, how in as_it_is.items():
                if hasattr(module, name):
                    stack.enter_context(mock.patch.object(module, name, how))
        stack.enter_context(mock.patch.object(queries, "add_layer", lambda key, box: box))
        stack.enter_context(mock.patch.object(queries, "remove_layers", lambda key, rows: rows))
        yield


def a_case(cast: Any) -> str:
    """Make a case as the demo's main journey does, and return its code."""
    from amana.access.rules import Role
    from amana.cases.actions.parts import write_new
    from amana.cases.models import Case, Involved

    worker = cast.actor(Role.CASE_WORKER)
    case = Case.objects.create(
        code="MA-BENCH",
        team="care",
        worker=worker.account_id,
        opened_at=cast.now,
        origin="referral",
        age_band="18_24",
        sex="F",
        tier="adult",
    )
    Involved.objects.create(case=case, team="care", since=cast.now)
    parts = {
        "identity": {"full_name": "Invented Person", "first_name": "Invented", "birth": "2004"},
        "location": {"safe_contact": "evenings", "place": "a market", "family_area": "a town"},
        "account": {"narrative": "An invented story. " * 40, "risk_summary": "", "wishes": ""},
        "codes": {"care_needs": "SHELTER"},
        "legal": {"legal_notes": "An invented hearing. " * 10},
        "family": {"relatives": "An invented aunt."},
    }
    for name, document in parts.items():
        write_new(case, name, document, worker, cast.now)
    return case.code


def page(mode: str, rounds: int) -> dict[str, Any]:
    """Measure the case page and an opened part, with or without encryption."""
    from django.conf import settings
    from django.test import Client

    from amana.access.rules import Role
    from tests.cast import THE_MOMENT, StoppedClock, assemble, name_of

    settings.CLOCK = StoppedClock(THE_MOMENT)
    with without_encryption() if mode == "plain" else contextlib.nullcontext():
        cast = assemble(THE_MOMENT)
        code = a_case(cast)
        browser = Client(HTTP_HOST="localhost")
        browser.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(Role.CASE_WORKER)).hex()

        def show() -> None:
            assert browser.get(f"/cases/{code}/").status_code == 200

        def open_part() -> None:
            answer = browser.post(f"/cases/{code}/part/account", {"reason": "PREPARE_REFERRAL"})
            assert answer.status_code == 200

        return {"case page": timed(show, rounds), "opened part": timed(open_part, rounds)}


def door(rounds: int) -> list[float]:
    """Measure a sign-in at the real cost of Argon2, with unlock, teams and fifty keys."""
    from django.conf import settings
    from django.test import Client

    from amana.access.actions import COST
    from amana.access.actions.keys import issue_key
    from amana.access.queries import held_keys
    from amana.access.rules import Role
    from amana.keeper.rules import DEMO_CODE
    from tests import cast as people

    settings.CLOCK = people.StoppedClock(people.THE_MOMENT)
    people.CHEAP = COST  # this time a guess costs what it costs
    cast = people.assemble(people.THE_MOMENT)
    name = people.name_of(Role.CASE_WORKER)
    worker = cast.actor(Role.CASE_WORKER)
    key_ids = [issue_key("care", actor=worker)[0] for _ in range(50)]

    def sign_in() -> None:
        from amana.access.actions import find_actor

        browser = Client(HTTP_HOST="localhost")
        fields = {"sign_in_name": name, "password": people.PASSWORD, "code": DEMO_CODE}
        answer = browser.post("/sign-in", fields)
        assert answer.status_code == 302
        cookie = bytes.fromhex(answer.cookies[settings.SESSION_COOKIE].value)
        actor = find_actor(cookie, people.THE_MOMENT)
        assert actor is not None
        assert len(held_keys(actor, key_ids)) == 50

    return timed(sign_in, rounds)


def search(folder: Path, n: int, rounds: int) -> dict[str, Any]:
    """Measure the first answer of a cold session and later ones, through the search process."""
    from django.conf import settings
    from django.db import connection

    from amana.access.actions import open_session
    from amana.access.models import Account
    from amana.access.rules import Role
    from amana.cases import queries
    from amana.cases.models import Card, Case
    from amana.crypto.boxes import seal
    from amana.crypto.layers import add_layer
    from amana.search import client
    from amana.search.rules import Asked
    from bench.invented.people import register
    from bench.search import card as card_of_person
    from bench.search import questions
    from tests import cast as people

    now = people.THE_MOMENT
    cast = people.assemble(now)
    boss = cast.actor(Role.SUPERVISOR)
    crowd = register(n)
    key, outer = queries.card_key(boss, "care"), boss.epochs[boss.epoch]
    Case.objects.bulk_create(
        [
            Case(
                code=p.code,
                team="care",
                opened_at=now,
                origin="referral",
                age_band="UNK",
                sex="F",
                tier="adult",
            )
            for p in crowd
        ],
        batch_size=2000,
    )
    Card.objects.bulk_create(
        [
            Card(
                case_id=p.code,
                team="care",
                key_id=p.code,
                epoch=boss.epoch,
                wrapped=add_layer(
                    outer,
                    seal(key, card_of_person(p).packed(), queries.card_place(p.code, "care")),
                ),
            )
            for p in crowd
        ],
        batch_size=2000,
    )
    connection.close()
    process = searching(folder)
    try:
        asked = [q for q in questions(crowd, 200, seed=7) if q.code]
        account = Account.objects.get(pk=boss.account_id)
        cold, warm, hits = [], [], 0
        for number in range(rounds):
            cookie = open_session(account, boss.seed, now)
            query = asked[number].query
            question = Asked(query.text, query.birth_year, query.town, query.sex)
            started_at = time.perf_counter()
            client.find(folder, cookie, question)
            cold.append((time.perf_counter() - started_at) * 1000)
        for one in asked:
            question = Asked(one.query.text, one.query.birth_year, one.query.town, one.query.sex)
            started_at = time.perf_counter()
            found = client.find(folder, cookie, question)
            warm.append((time.perf_counter() - started_at) * 1000)
            hits += one.code in found
        assert settings.KEEPER
        return {"cards": n, "cold": cold, "warm": warm, "recall": hits / len(asked)}
    finally:
        process.kill()
        process.wait()


def searching(folder: Path) -> "subprocess.Popen[bytes]":
    """Start the search process on this child's database and wait for its socket."""
    code = (
        "import sys; from pathlib import Path; from bench import vault; vault.serve_search("
        f"Path({str(folder)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)  # noqa: S603
    deadline = time.monotonic() + 30
    while not (folder / "search.socket").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    return process


def serve_search(folder: Path) -> None:
    """Be the search process of a benchmark: the real server on the benchmark's database."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "amana.node.settings"
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = str(folder / "bench.sqlite3")
    from amana.keeper.client import Keeper

    settings.KEEPER = Keeper(f"unix:{folder / 'keeper' / 'socket'}")
    django.setup()
    from amana.search.server import serve
    from tests.cast import THE_MOMENT

    serve(folder, lambda: THE_MOMENT)


def sizes() -> dict[str, int]:
    """Return the bytes of a case as written, by kind of row."""
    from amana.access.models import KeyWrap
    from amana.access.rules import Role
    from amana.cases.actions import card_and_compare
    from amana.cases.models import Card, Case, Compartment, MatchToken
    from tests import cast as people

    cast = people.assemble(people.THE_MOMENT)
    case = Case.objects.get(pk=a_case(cast))
    card_and_compare(case=case, actor=cast.actor(Role.CASE_WORKER), now=people.THE_MOMENT)
    parts = list(Compartment.objects.filter(case=case))
    wraps = list(KeyWrap.objects.filter(key_id__in=[p.key_id for p in parts]))
    return {
        "parts": len(parts),
        "sealed parts": sum(len(bytes(p.sealed)) for p in parts),
        "wraps for the team": sum(len(bytes(w.wrapped)) for w in wraps if w.form == "team"),
        "wraps for two supervisors": sum(
            len(bytes(w.wrapped)) for w in wraps if w.form == "hybrid"
        ),
        "search card": sum(len(bytes(c.wrapped)) for c in Card.objects.all()),
        "match tokens": sum(len(bytes(t.output)) for t in MatchToken.objects.all()),
    }


CHILDREN: dict[str, Callable[..., Any]] = {
    "real": lambda _folder, a: page("real", a.rounds * 10),
    "plain": lambda _folder, a: page("plain", a.rounds * 10),
    "door": lambda _folder, a: door(a.rounds),
    "sizes": lambda _folder, _a: sizes(),
    "search": lambda folder, a: search(folder, a.n, a.rounds),
}


def child(what: str, a: argparse.Namespace, n: int = 0) -> Any:
    """Run one measurement in a process and a folder of its own."""
    command = [sys.executable, "-m", "bench.vault", "--child", what, "--rounds", str(a.rounds)]
    done = subprocess.run(  # noqa: S603
        [*command, "--n", str(n)], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout)


def measure(a: argparse.Namespace) -> dict[str, Any]:
    """Return every figure; the two ways of a page are run in turn."""
    turns: dict[str, dict[str, list[float]]] = {"real": {}, "plain": {}}
    for mode in ("real", "plain", "plain", "real"):
        for what, times in child(mode, a).items():
            turns[mode].setdefault(what, []).extend(times)
    pages = {}
    for what in turns["real"]:
        real, plain = quantiles(turns["real"][what]), quantiles(turns["plain"][what])
        pages[what] = {
            "with": real,
            "without": plain,
            "ratio": round(real["p50"] / plain["p50"], 3),
        }
    found = []
    for n in [int(s) for s in a.cards.split(",")]:
        row = child("search", a, n)
        found.append(
            {
                "cards": n,
                "cold": quantiles(row["cold"]),
                "warm": quantiles(row["warm"]),
                "recall@10": round(row["recall"], 3),
                "load": round(os.getloadavg()[0], 1),
            }
        )
    return {
        "door": quantiles(child("door", a)),
        "pages": pages,
        "search": found,
        "sizes": child("sizes", a),
        "rounds": a.rounds,
    }


def write(found: dict[str, Any]) -> None:
    """Write the results as data and as a table."""
    from bench.search import machine

    where = machine(None)
    RESULTS.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": where, **found}, indent=1) + "\n"
    (RESULTS / "vault.json").write_text(text)
    lines = [
        "# What the vault costs",
        "",
        "Made by `make bench`, never by hand. "
        + ", ".join(f"{k} {v}" for k, v in where.items())
        + f". {found['rounds']} rounds and more; milliseconds.",
        "",
        "| what | p50 | p95 | limit |",
        "|---|---|---|---|",
    ]
    door_ = found["door"]
    lines.append(
        "| sign-in: Argon2id 64 MiB x 3, keeper, unlock, 50 keys "
        f"| {door_['p50']} | {door_['p95']} | {DOOR_MS} |"
    )
    for row in found["search"]:
        lines.append(
            f"| first answer of a cold session, {row['cards']} cards | {row['cold']['p50']} "
            f"| {row['cold']['p95']} | {COLD_MS} |"
        )
        lines.append(
            f"| later answers, {row['cards']} cards (recall@10 {row['recall@10']}, "
            f"load {row['load']}) | {row['warm']['p50']} | {row['warm']['p95']} | {WARM_MS} |"
        )
    lines += ["", "| page | with p50 | without p50 | ratio | limit |", "|---|---|---|---|---|"]
    for what, row in found["pages"].items():
        lines.append(
            f"| {what} | {row['with']['p50']} | {row['without']['p50']} | {row['ratio']} "
            f"| {PAGE_RATIO} |"
        )
    lines += ["", "| bytes of a case | |", "|---|---|"]
    lines += [f"| {what} | {size} |" for what, size in found["sizes"].items()]
    (RESULTS / "vault.md").write_text("\n".join(lines) + "\n")


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", default="50000,20000,5000")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--child", choices=sorted(CHILDREN))
    parser.add_argument("--n", type=int, default=0)
    a = parser.parse_args()
    os.environ.pop("DATABASE_URL", None)
    if a.child:
        with tempfile.TemporaryDirectory(prefix="amana-bench-") as folder, started(Path(folder)):
            print(json.dumps(CHILDREN[a.child](Path(folder), a)))
        return 0
    write(measure(a))
    return 0


if __name__ == "__main__":
    sys.exit(main())
