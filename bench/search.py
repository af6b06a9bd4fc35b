"""Search while registering: ours beside PostgreSQL pg_trgm, SQLite FTS5 and a rapidfuzz scan.

    python -m bench.search [--sizes 5000,20000,50000] [--queries 1000] [--without-postgres]

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
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy
import psycopg
import rapidfuzz
from rapidfuzz import fuzz, process

from amana.names.card import SearchCard, card_of, unpacked
from amana.names.keys import name_keys, skeleton
from amana.names.match import Index
from amana.names.score import SHOWN, Query, ranked
from bench.invented.people import Person, register
from bench.invented.respelling import asked_again

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
SIZES = (5_000, 20_000, 50_000)
N_STRANGERS = 500
SHOWN_BY_HAND = 10
# How many candidates a peer hands to the rescorer; more cost it more time and find little more.
RESCORED = 400
# What a plain rapidfuzz scan shows: under this ratio two names are two people.
PLAIN_SHOWN = 70
WARM_UP = 10

# What answers a question: the codes of those it shows, best first.
Way = Callable[[Query], list[str]]


@dataclass(frozen=True)
class Asked:
    """A question, and who is meant; nobody when the person is not registered."""

    query: Query
    code: str | None
    in_arabic: bool


@dataclass(frozen=True)
class Row:
    """What one way did at one size. Times in milliseconds, sizes in megabytes, shares from 0 to 1."""

    way: str
    n: int
    p50_ms: float
    p95_ms: float
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


def rapidfuzz_scan(people: Sequence[Person]) -> Way:
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

    return way


def fts5_trigram(people: Sequence[Person], cards: dict[str, SearchCard]) -> Way:
    """Return SQLite's trigram index over our keys, the best by bm25, then our rescorer."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE p USING fts5(code UNINDEXED, t, tokenize='trigram')")
    db.executemany("INSERT INTO p VALUES (?, ?)", [(p.code, keyed(p.name)) for p in people])
    db.execute("INSERT INTO p(p) VALUES('optimize')")

    def way(query: Query) -> list[str]:
        text = keyed(query.text)
        grams = {text[at : at + 3] for at in range(len(text) - 2)}
        match = " OR ".join(f'"{gram}"' for gram in sorted(grams))
        found = db.execute(
            "SELECT code FROM p WHERE p MATCH ? ORDER BY rank LIMIT ?", (match, RESCORED)
        )
        return _rescored(query, (code for (code,) in found), cards)

    return way


def pg_trgm(db: psycopg.Connection, kind: str, *, ours: bool) -> Callable[..., Way]:
    """Return PostgreSQL's trigram index of this kind; with our keys as text and our rescorer, or not."""

    def build(people: Sequence[Person], cards: dict[str, SearchCard]) -> Way:
        text = keyed if ours else str.lower
        db.execute("DROP TABLE IF EXISTS p")
        db.execute("CREATE TABLE p (code text PRIMARY KEY, t text NOT NULL)")
        with db.cursor().copy("COPY p FROM STDIN") as copy:
            for p in people:
                copy.write_row((p.code, text(p.name)))
        db.execute(f"CREATE INDEX p_t ON p USING {kind} (t {kind}_trgm_ops)")  # type: ignore[arg-type]
        db.execute("ANALYZE p")
        db.execute("SET pg_trgm.similarity_threshold = 0.3")
        n = RESCORED if ours else SHOWN_BY_HAND
        nearest = "SELECT code FROM p ORDER BY t <-> %(q)s LIMIT %(n)s"
        alike = "SELECT code FROM p WHERE t %% %(q)s ORDER BY t <-> %(q)s LIMIT %(n)s"

        def way(query: Query) -> list[str]:
            asked = keyed(query.text) if ours else latin(query).lower()
            found = db.execute(
                nearest if kind == "gist" else alike, {"q": asked, "n": n}, prepare=True
            ).fetchall()
            codes = [code for (code,) in found]
            return _rescored(query, codes, cards) if ours else codes

        return way

    return build


def keyed(name: str) -> str:
    """Return a name as our keys and skeletons, for a peer to index."""
    keys = name_keys(name)
    return " ".join((*keys, *map(skeleton, keys)))


# Letter by letter, as a deployment would that thinks of Arabic at all.
_ROMAN = dict(zip("ابتجحخدذرزسشصضطظعغفقكلمنهويأإةىءئؤث", "abtjhkddrzssdstzagfqklmnhwyaiaa ywt", strict=False))


def latin(query: Query) -> str:
    """Return what was asked in Latin letters, for peers that know no other."""
    return "".join(_ROMAN.get(letter, letter) for letter in query.text)


def _rescored(query: Query, codes: Iterable[str], cards: dict[str, SearchCard]) -> list[str]:
    hits = ranked(query, [cards[code] for code in codes], SHOWN_BY_HAND)
    return [hit.card.code for hit in hits]


# The run.


def measured(name: str, n: int, build: Callable[[], Way], asked: Sequence[Asked]) -> Row:
    """Return what a way does with all questions, after a few that do not count."""
    gc.collect()
    before, started = _memory(), time.perf_counter()
    way = build()
    built = time.perf_counter() - started
    for question in asked[:WARM_UP]:
        way(question.query)
    mb, times, found, false = _memory() - before, [], {True: [], False: []}, []
    for question in asked:
        fresh = Query(**asdict(question.query))  # its keys are part of the work
        started = time.perf_counter()
        codes = way(fresh)
        times.append((time.perf_counter() - started) * 1000)
        if question.code is None:
            false.append(bool(codes))
        else:
            found[question.in_arabic].append(question.code in codes)
    times.sort()
    return Row(
        way=name,
        n=n,
        p50_ms=round(times[len(times) // 2], 2),
        p95_ms=round(times[int(len(times) * 0.95)], 2),
        recall=_share(found[True] + found[False]),
        recall_latin=_share(found[False]),
        recall_arabic=_share(found[True]),
        false_hits=_share(false),
        built_s=round(built, 2),
        mb=round(mb, 1),
        load=round(os.getloadavg()[0], 1),
    )


def _share(held: Sequence[bool]) -> float:
    return round(sum(held) / len(held), 3) if held else 0.0


def _memory() -> float:
    """Return what this process holds now, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def ways(
    people: Sequence[Person], db: psycopg.Connection | None
) -> Iterator[tuple[str, Callable[[], Way]]]:
    """Yield every way that can run here, ours first."""
    cards = {p.code: card(p) for p in people}
    rows = [c.packed() for c in cards.values()]
    yield "ours, cold: cards from bytes, every card looked at", lambda: cold_from(rows)
    yield "ours, warm", lambda: warm_from(rows)
    yield "rapidfuzz token_sort_ratio over all names", lambda: rapidfuzz_scan(people)
    yield "SQLite FTS5 trigram, our keys and rescorer", lambda: fts5_trigram(people, cards)
    if db is None:
        return
    for kind in ("gin", "gist"):
        plain, keys = pg_trgm(db, kind, ours=False), pg_trgm(db, kind, ours=True)
        yield f"pg_trgm {kind.upper()} over plain text", lambda b=plain: b(people, cards)
        yield f"pg_trgm {kind.upper()}, our keys and rescorer", lambda b=keys: b(people, cards)


def machine(db: psycopg.Connection | None) -> dict[str, object]:
    """Return what the figures were measured on."""
    model = next(
        (x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x),
        platform.machine(),
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "rapidfuzz": rapidfuzz.__version__,
        "sqlite": sqlite3.sqlite_version,
        "postgres": db.info.server_version if db else "not run",
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
            print(rows[-1], file=sys.stderr)
            write(rows, machine(db))
    return 0


def write(rows: Sequence[Row], where: dict[str, object]) -> None:
    """Write the figures for machines, and the table for people."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    held = {"schema": 1, "job": "search", "machine": where, "shown_from": SHOWN}
    held["rows"] = [asdict(row) for row in rows]
    (RESULTS / "search.json").write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n")
    lines = [
        "# Search: who is meant, however the name is spelled",
        "",
        "Made by `make bench`, never by hand. " + ", ".join(f"{k} {v}" for k, v in where.items()) + ".",
        "Milliseconds a question; recall: the right person is among the ten that are shown;",
        f"false hits: share of {N_STRANGERS} questions about people who are not registered for which",
        "somebody is shown. All people are invented; names follow Zipf, so that strangers share names.",
        "",
        "| way | cards | p50 ms | p95 ms | recall@10 | Latin | Arabic | false hits | built s | MB | load |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(str(value) for value in asdict(row).values()) + " |" for row in rows]
    (RESULTS / "search.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
