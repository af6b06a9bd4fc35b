"""Search while registering: ours beside PostgreSQL pg_trgm, SQLite FTS5 and a rapidfuzz scan.

    python -m bench.search [--sizes 50000,20000,5000] [--queries 1000] [--without-postgres]

Every way gets the same 1,000 questions about registered people, spelled anew, and 500 about people
who are not registered. Peers get Arabic questions in Latin letters, and, where it says so, our keys
as their indexed text and our rescorer behind them. One process, one thread of ours.
Writes benchmarks/results/search.json and search.md.
"""

import argparse
import gc
import json
import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import psycopg
import rapidfuzz
from psycopg.sql import SQL
from rapidfuzz import fuzz, process

from amana.names.card import SIGNATURE_SIZE, SearchCard, card_of
from amana.names.keys import name_keys, skeleton
from amana.names.match import COMPARED, Index
from amana.names.score import SHOWN, Query, ranked
from bench.invented.people import Person, register
from bench.invented.respelling import asked_again

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
SIZES = (50_000, 20_000, 5_000)
N_STRANGERS = 500
SHOWN_BY_HAND = 10
# How many candidates a peer hands to the rescorer: as many as ours, and more, for the slower one.
RESCORED = (COMPARED, 400)
# What a plain rapidfuzz scan shows: under this ratio two names are two people.
PLAIN_SHOWN = 70
WARM_UP = 10
HEADINGS = (
    *(
        "way",
        "cards",
        "p50 ms",
        "p95 ms",
        "p95 CPU ms",
        "recall@10",
        "Latin",
        "Arabic",
        "false hits",
    ),
    *("built s", "MB", "load"),
)

Cards = dict[str, SearchCard]
# What answers a question: the codes of those it shows, best first. A build also says its bytes.
Way = Callable[[Query], list[str]]
Build = Callable[[], tuple[Way, int]]
# What the signature scan holds of each card beside its bytes.
COLUMN_BYTES = SIGNATURE_SIZE + 13


@dataclass(frozen=True)
class Asked:
    """A question, and who is meant; nobody when the person is not registered."""

    query: Query
    code: str | None
    in_arabic: bool


@dataclass(frozen=True)
class Row:
    """What one way did at one size: milliseconds, megabytes, shares from 0 to 1."""

    way: str
    n: int
    p50_ms: float
    p95_ms: float
    cpu_p95_ms: float | None  # of this process; None where a server does the work
    recall: float
    recall_latin: float
    recall_arabic: float
    false_hits: float
    built_s: float
    mb: float
    load: float


def questions(people: Sequence[Person], n: int, seed: int) -> list[Asked]:
    """Return n questions about registered people and some about strangers."""
    step = max(1, len(people) // n)
    known = [_asked(p, seed + i, p.code) for i, p in enumerate(people[::step][:n])]
    strangers = register(N_STRANGERS, seed=seed + 1)
    return known + [_asked(p, seed + n + i, None) for i, p in enumerate(strangers)]


def _asked(person: Person, seed: int, code: str | None) -> Asked:
    told, in_arabic = asked_again(person, seed)
    return Asked(Query(told.name, told.birth_year, told.town, told.sex), code, in_arabic)


def card(person: Person) -> SearchCard:
    """Return the search card of an invented person."""
    return card_of(
        code=person.code,
        names=[person.name],
        birth_year=person.birth_year,
        town=person.town,
        sex=person.sex,
    )


# Ours.


def cold_from(rows: Iterable[bytes]) -> Way:
    """Return a cold session: for each question the cards come anew from where they lie.

    `rows` is gone through again for every question: whoever decrypts while it yields is measured.
    """

    def way(query: Query) -> list[str]:
        return _codes(Index(rows), query)

    return way


def warm_from(rows: Iterable[bytes]) -> Way:
    """Return a session whose cards are in memory."""
    index = Index(rows)
    return lambda query: _codes(index, query)


def _codes(index: Index, query: Query) -> list[str]:
    return [hit.card.code for hit in index.find(query, SHOWN_BY_HAND)]


# The peers. Each builds its index from plain text and hands back what it shows.


def rapidfuzz_scan(people: Sequence[Person]) -> tuple[Way, int]:
    """Return a scan over all names as they are written."""
    names = {p.code: p.name.lower() for p in people}

    def way(query: Query) -> list[str]:
        found = process.extract(
            latin(query).lower(),
            names,
            scorer=fuzz.token_sort_ratio,
            limit=SHOWN_BY_HAND,
            score_cutoff=PLAIN_SHOWN,
        )
        return [code for _, _, code in found]

    return way, sum(map(sys.getsizeof, names.values()))


def fts5_trigram(people: Sequence[Person], cards: Cards, n: int) -> tuple[Way, int]:
    """Return SQLite's trigram index over our keys, the best by bm25, then our rescorer."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE p USING fts5(code UNINDEXED, t, tokenize='trigram')")
    db.executemany("INSERT INTO p VALUES (?, ?)", [(p.code, keyed(p.name)) for p in people])
    db.execute("INSERT INTO p(p) VALUES('optimize')")

    def way(query: Query) -> list[str]:
        text = keyed(query.text)
        grams = {text[at : at + 3] for at in range(len(text) - 2)}
        match = " OR ".join(f'"{gram}"' for gram in sorted(grams))
        found = db.execute("SELECT code FROM p WHERE p MATCH ? ORDER BY rank LIMIT ?", (match, n))
        return _rescored(query, (code for (code,) in found), cards)

    (pages,), (size,) = (
        db.execute("PRAGMA page_count").fetchone(),
        db.execute("PRAGMA page_size").fetchone(),
    )
    return way, pages * size


def pg_trgm(db: psycopg.Connection, people: Sequence[Person], kind: str) -> tuple[Way, int]:
    """Return PostgreSQL's trigram index of this kind over the names as they are written."""
    size = _trigrams(db, kind, [(p.code, p.name.lower()) for p in people])
    return lambda query: _nearest(db, kind, latin(query).lower(), SHOWN_BY_HAND), size


def pg_trgm_rescored(
    db: psycopg.Connection, people: Sequence[Person], cards: Cards, kind: str, n: int
) -> tuple[Way, int]:
    """Return the same index over our keys, its n nearest going through our rescorer."""
    size = _trigrams(db, kind, [(p.code, keyed(p.name)) for p in people])
    return lambda query: _rescored(query, _nearest(db, kind, keyed(query.text), n), cards), size


def _trigrams(db: psycopg.Connection, kind: str, texts: Iterable[tuple[str, str]]) -> int:
    db.execute("DROP TABLE IF EXISTS p")
    db.execute("CREATE TABLE p (code text PRIMARY KEY, t text NOT NULL)")
    with db.cursor().copy("COPY p FROM STDIN") as copy:
        for row in texts:
            copy.write_row(row)
    db.execute(
        SQL("CREATE INDEX p_t ON p USING {} (t {})").format(SQL(kind), SQL(f"{kind}_trgm_ops"))
    )
    db.execute("VACUUM ANALYZE p")
    db.execute("SET pg_trgm.similarity_threshold = 0.3")
    (size,) = db.execute("SELECT pg_relation_size('p_t')").fetchall()[0]
    return int(size)


# GiST walks to the nearest; GIN has to be told where to stop.
_ASK = {
    "gist": "SELECT code FROM p ORDER BY t <-> %(q)s LIMIT %(n)s",
    "gin": "SELECT code FROM p WHERE t %% %(q)s ORDER BY t <-> %(q)s LIMIT %(n)s",
}


def _nearest(db: psycopg.Connection, kind: str, text: str, n: int) -> list[str]:
    found = db.execute(_ASK[kind], {"q": text, "n": n}, prepare=True).fetchall()
    return [code for (code,) in found]


def keyed(name: str) -> str:
    """Return a name as our keys and skeletons, for a peer to index."""
    keys = name_keys(name)
    return " ".join((*keys, *map(skeleton, keys)))


# Letter by letter, as a deployment would that thinks of Arabic at all.
_ROMAN = {
    "ا": "a", "أ": "a", "إ": "i", "ى": "a", "ة": "a", "ب": "b", "ت": "t", "ث": "th", "ج": "j",
    "ح": "h", "خ": "kh", "د": "d", "ذ": "dh", "ر": "r", "ز": "z", "س": "s", "ش": "ch", "ص": "s",
    "ض": "d", "ط": "t", "ظ": "z", "ع": "a", "غ": "gh", "ف": "f", "ق": "q", "ك": "k", "ل": "l",
    "م": "m", "ن": "n", "ه": "h", "و": "ou", "ي": "i", "ئ": "i", "ؤ": "ou", "ء": "",
}  # fmt: skip


def latin(query: Query) -> str:
    """Return what was asked in Latin letters, for peers that know no other."""
    return "".join(_ROMAN.get(letter, letter) for letter in query.text)


def _rescored(query: Query, codes: Iterable[str], cards: Cards) -> list[str]:
    hits = ranked(query, [cards[code] for code in codes], SHOWN_BY_HAND)
    return [hit.card.code for hit in hits]


# The run.


def measured(name: str, n: int, build: Build, asked: Sequence[Asked]) -> Row:
    """Return what a way does with all questions, after a few that do not count."""
    gc.collect()
    started = time.perf_counter()
    way, size = build()
    built = time.perf_counter() - started
    for question in asked[:WARM_UP]:
        way(question.query)
    times: list[float] = []
    work: list[float] = []
    found: dict[bool, list[bool]] = {True: [], False: []}
    false: list[bool] = []
    for question in asked:
        fresh = replace(question.query)  # its keys are part of the work
        worked, started = time.thread_time(), time.perf_counter()
        codes = way(fresh)
        times.append((time.perf_counter() - started) * 1000)
        work.append((time.thread_time() - worked) * 1000)
        if question.code is None:
            false.append(bool(codes))
        else:
            found[question.in_arabic].append(question.code in codes)
    return Row(
        way=name,
        n=n,
        p50_ms=_quantile(times, 0.5),
        p95_ms=_quantile(times, 0.95),
        cpu_p95_ms=None if name.startswith("pg_trgm") else _quantile(work, 0.95),
        recall=_share(found[True] + found[False]),
        recall_latin=_share(found[False]),
        recall_arabic=_share(found[True]),
        false_hits=_share(false),
        built_s=round(built, 2),
        mb=round(size / 2**20, 1),
        load=round(os.getloadavg()[0], 1),
    )


def _quantile(held: Sequence[float], share: float) -> float:
    return round(sorted(held)[int(len(held) * share)], 2)


def _share(held: Sequence[bool]) -> float:
    return round(sum(held) / len(held), 3) if held else 0.0


def ways(people: Sequence[Person], db: psycopg.Connection | None) -> Iterator[tuple[str, Build]]:
    """Yield every way that can run here, ours first."""
    cards = {p.code: card(p) for p in people}
    rows = [c.packed() for c in cards.values()]
    size = sum(map(sys.getsizeof, rows)) + COLUMN_BYTES * len(rows)
    yield "ours, cold: cards from bytes, every card looked at", lambda: (cold_from(rows), size)
    yield "ours, warm", lambda: (warm_from(rows), size)
    yield "rapidfuzz token_sort_ratio over all names", lambda: rapidfuzz_scan(people)
    for n in RESCORED:
        name = f"SQLite FTS5 trigram, our keys, {n} through our rescorer"
        yield name, partial(fts5_trigram, people, cards, n)
    if db is None:
        return
    for kind in ("gin", "gist"):
        yield f"pg_trgm {kind.upper()} over plain text", partial(pg_trgm, db, people, kind)
        for n in RESCORED:
            name = f"pg_trgm {kind.upper()}, our keys, {n} through our rescorer"
            yield name, partial(pg_trgm_rescored, db, people, cards, kind, n)


def machine(db: psycopg.Connection | None) -> dict[str, object]:
    """Return what the figures were measured on."""
    cpu = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((x.split(":")[1].strip() for x in cpu if "model name" in x), platform.machine())
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "rapidfuzz": rapidfuzz.__version__,
        "sqlite": sqlite3.sqlite_version,
        "postgres": str(db.info.server_version // 10000) if db else "not run",
    }


def main() -> int:
    """Run all ways at all sizes; write the results after every one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--without-postgres", action="store_true")
    told = parser.parse_args()
    address = None if told.without_postgres else os.environ.get("DATABASE_URL")
    db = psycopg.connect(address, autocommit=True) if address else None
    if db:
        db.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    rows: list[Row] = []
    for n in map(int, told.sizes.split(",")):
        people = register(n)
        asked = questions(people, told.queries, seed=2026)
        for name, build in ways(people, db):
            rows.append(measured(name, n, build, asked))
            print(rows[-1], file=sys.stderr, flush=True)
            write(rows, machine(db))
    return 0


def write(rows: Sequence[Row], where: dict[str, object]) -> None:
    """Write the figures for machines, and the table for people."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    held = {"schema": 1, "job": "search", "machine": where, "shown_from": SHOWN}
    rows = sorted(rows, key=lambda row: row.n)
    held["rows"] = [asdict(row) for row in rows]
    (RESULTS / "search.json").write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n")
    lines = [
        "# Search: who is meant, however the name is spelled",
        "",
        "Made by `make bench`, never by hand. "
        + ", ".join(f"{k} {v}" for k, v in where.items())
        + ".",
        "One thread; `load` is the machine's, others used it too: CPU time is this process's own.",
        "Milliseconds a question; recall: the right person is among the ten that are shown;",
        f"false hits: share of {N_STRANGERS} questions about people who are not registered for",
        "which somebody is shown. All are invented; names follow Zipf: strangers share names.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---" * len(HEADINGS) + "|",
    ]
    lines += [
        "| "
        + " | ".join("" if value is None else str(value) for value in asdict(row).values())
        + " |"
        for row in rows
    ]
    (RESULTS / "search.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
