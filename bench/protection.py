"""What a supervisor's list and the page of a case cost, beside a bare page of the same rows.

    python -m bench.protection [--cases 10000,100000,1000000] [--rounds 60] [--clients 8]

A database of its own for each kind (SQLite as a node runs it; PostgreSQL where BENCH_DATABASE names
one) grows through the sizes. A case of the load has what a list reads: its row, its team, when its
next duty falls due, its sealed headline under a key of its own. Those that a page can show are
sealed for real; the others hold as many bytes of noise, which no page of this run opens. The bare
page is the same statement, the same rows and the same template with nothing sealed, nothing asked
and nobody signed in: what Django alone costs. Each page is asked in turn: A B A B.

The clients are threads of a process of their own that ask over HTTP, one question each at a time;
the node's own server answers, with the threads and workers that it has in production. They ask
twice: each with a pause of --pause seconds between an answer and its next question, which is still
many times faster than people read, and without one, where every core is busy and a time says how
many wait in front rather than what a page costs. Writes benchmarks/results/protection.json and
protection.md.
"""

import argparse
import http.client
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.figures import exponent, machine

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BATCH = 20_000
# Cases of the load that are sealed for real: more than a list shows.
REAL = 60
P95_MS, RATIO, EXPONENT = 50, 2.0, 0.1
PAGES = ("list", "bare list", "a worker’s list", "case", "course")


def tell(found: object) -> None:
    """Say how far the run is."""
    print(found, file=sys.stderr, flush=True)


# In the process of the node.


def begin(folder: Path) -> None:
    """Set Django up on a database of this folder, or on the PostgreSQL that is named."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "amana.node.settings"
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = str(folder / "bench.sqlite3")
    if url := os.environ.get("BENCH_DATABASE"):
        import dj_database_url

        settings.DATABASES["default"] = dj_database_url.parse(url)
    settings.STATIC_ROOT = ROOT / "var" / "static"
    settings.SEARCH_FOLDER = str(folder)
    django.setup()


def fill(folder: Path, keeper: str, total: int) -> dict[str, Any]:
    """Let so many cases lie here; return whose cookie asks and which case is looked at."""
    begin(folder)
    _at_the_moment(keeper)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from django.conf import settings

    from amana.access.models import Account
    from amana.access.rules import Role
    from amana.cases.models import Case
    from tests.cast import THE_MOMENT, assemble, name_of

    said = folder / "said.json"
    if not Account.objects.exists():
        cast = assemble(THE_MOMENT)
        _real_ones(cast, THE_MOMENT)
        roles = {"cookie": Role.SUPERVISOR, "worker": Role.CASE_WORKER}
        cookies = {
            who: f"{settings.SESSION_COOKIE}={cast.cookie(name_of(role)).hex()}"
            for who, role in roles.items()
        }
        said.write_text(json.dumps(cookies | {"case": "MA-R0000"}))
    for first in range(Case.objects.count(), total, BATCH):
        _noise(range(first, min(first + BATCH, total)), THE_MOMENT)
    _analyze()
    return dict(json.loads(said.read_text()))


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _real_ones(cast: Any, now: Any) -> None:
    """Make the cases that are shown as people make them: opened, sealed, with a course."""
    from datetime import timedelta

    from amana.access.rules import Role
    from amana.cases.actions.parts import write_new
    from amana.cases.models import Case, Involved
    from amana.protection.actions import enter
    from amana.protection.rules import Wanted

    worker = cast.actor(Role.CASE_WORKER)
    for number in range(REAL):
        case = Case.objects.create(
            code=f"MA-R{number:04}",
            team="care",
            worker=worker.account_id,
            opened_at=now - timedelta(days=3),
            origin="screening",
            age_band="13_17",
            sex="F",
            tier="child",
        )
        Involved.objects.create(case=case, team="care", since=now)
        write_new(case, "account", {"narrative": "Invented."}, worker, now)
        for track, kind in (
            ("PROTECTION", "TRIAGE"),
            ("", "NO_DANGER"),
            ("PROTECTION", "STABILISE"),
            ("", "RIGHTS_EXPLAINED"),
            ("", "BASIC_NEEDS_MET"),
            ("", "INTERPRETER_FOUND"),
            ("", "MEDICAL_CHECKED"),
        ):
            at = now - timedelta(days=2)
            wanted = Wanted(track, kind, at, worker.account_id, worker.role.value)
            enter(case=case, wanted=wanted, reason="invented", actor=worker, now=now)


def _noise(numbers: range, now: Any) -> None:
    """Let more cases of the same team lie here: due later than those that are shown."""
    from datetime import timedelta

    from django.db import transaction

    from amana.access.models import KeyWrap
    from amana.cases.models import Case, Compartment, Involved
    from amana.protection.models import Due

    like = Compartment.objects.filter(name="headline").first()
    assert like is not None
    wraps = list(KeyWrap.objects.filter(key_id=like.key_id))
    codes = [f"MA-N{number:07}" for number in numbers]
    keys = {code: os.urandom(16).hex() for code in codes}
    with transaction.atomic():
        Case.objects.bulk_create(
            Case(
                code=code,
                team="care",
                # A worker carries some thirty cases, however many a country has.
                worker=f"another-{number // 30}",
                opened_at=now,
                origin="screening",
                age_band="18_24",
                sex="F",
                tier="adult",
            )
            for number, code in zip(numbers, codes, strict=True)
        )
        Involved.objects.bulk_create(Involved(case_id=c, team="care", since=now) for c in codes)
        Compartment.objects.bulk_create(
            Compartment(
                case_id=code,
                name="headline",
                key_id=keys[code],
                sealed=os.urandom(len(like.sealed)),
                written_at=now,
                written_by="noise",
            )
            for code in codes
        )
        KeyWrap.objects.bulk_create(
            KeyWrap(
                key_id=keys[code],
                team_id=wrap.team_id,
                form=wrap.form,
                epoch=wrap.epoch,
                wrapped=os.urandom(len(wrap.wrapped)),
            )
            for code in codes
            for wrap in wraps
        )
        Due.objects.bulk_create(
            Due(case_id=code, team="care", due_at=now + timedelta(days=30, seconds=n))
            for n, code in zip(numbers, codes, strict=True)
        )


def bare(request: Any) -> Any:
    """Show the rows of the list as Django alone would: nothing sealed, nobody signed in."""
    from django.shortcuts import render

    from amana.protection import queries
    from amana.protection.models import Due

    rows = Due.objects.filter(team="care", due_at__isnull=False).select_related("case")
    found = [
        queries.Waiting(row.case, row.due_at, "STABILISATION", "initial_risk")
        for row in rows.order_by("due_at", "case_id")[: queries.SHOWN]
    ]
    shown = [{"row": row, "is_late": False} for row in found]
    return render(request, "protection/worklist.html", {"rows": shown, "after": 2})


def _with_a_bare_page() -> None:
    """Put the bare page beside the node's own."""
    from django.urls import path

    from amana.node import urls, who_may_open

    urls.urlpatterns.insert(0, path("bare/", bare, name="bare"))
    who_may_open.TABLE["bare"] = who_may_open._public()


def addresses(folder: Path) -> dict[str, tuple[str, str]]:
    """Return which page of the run has which address, and whose cookie asks for it."""
    said = json.loads((folder / "said.json").read_text())
    supervisor, worker, case = said["cookie"], said["worker"], f"/cases/{said['case']}/"
    asked = (
        ("/work/", supervisor),
        ("/bare/", supervisor),
        ("/work/", worker),
        (case, worker),
        (f"{case}course", worker),
    )
    return dict(zip(PAGES, asked, strict=True))


def alone(folder: Path, keeper: str, rounds: int) -> dict[str, Any]:
    """Ask each page in turn in this process; return its times, processor times and statements."""
    begin(folder)
    _at_the_moment(keeper)
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    _with_a_bare_page()
    pages = addresses(folder)
    browsers = {}
    for name, (_address, cookie) in pages.items():
        browsers[name] = Client(HTTP_HOST="localhost")
        key, _is, value = cookie.partition("=")
        browsers[name].cookies[key] = value
    times: dict[str, list[float]] = {name: [] for name in pages}
    busy: dict[str, list[float]] = {name: [] for name in pages}
    for turn in range(rounds + 5):
        for name, (address, _cookie) in pages.items():
            started, worked = time.perf_counter(), time.process_time()
            answer = browsers[name].get(address)
            spent = time.perf_counter() - started, time.process_time() - worked
            assert answer.status_code == 200, (name, answer.status_code)
            if turn >= 5:
                times[name].append(1000 * spent[0])
                busy[name].append(1000 * spent[1])
    statements = {}
    for name, (address, _cookie) in pages.items():
        with CaptureQueriesContext(connection) as asked:
            browsers[name].get(address)
        statements[name] = len(asked)
    return {
        name: {
            "p50": round(statistics.median(times[name]), 2),
            "p95": round(_p95(times[name]), 2),
            "cpu": round(statistics.median(busy[name]), 2),
            "statements": statements[name],
        }
        for name in pages
    }


def _at_the_moment(keeper: str) -> None:
    from django.conf import settings

    from amana.keeper.client import Keeper
    from tests.cast import THE_MOMENT, StoppedClock

    settings.KEEPER = Keeper(f"unix:{keeper}")
    settings.CLOCK = StoppedClock(THE_MOMENT)


def serve(folder: Path, keeper: str, port: int) -> None:
    """Answer as a node does, with one more address: the bare list."""
    begin(folder)
    _at_the_moment(keeper)
    from django.core.wsgi import get_wsgi_application
    from gunicorn.app.base import BaseApplication

    from amana.node import serve as node

    _with_a_bare_page()
    application = get_wsgi_application()

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for key, value in node._gunicorn(folder, port, is_demo=False).items():
                self.cfg.set(key, value)

        def load(self) -> object:
            return application

    (folder / "tmp").mkdir(exist_ok=True)
    Server().run()


# Outside: the steps, each in a process of its own, and the clients.


def step(what: str, folder: Path, database: str, *more: object) -> Any:
    """Run one step in a process of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.protection", "--step", what, str(folder), *map(str, more)],
        check=True,
        stdout=subprocess.PIPE,
        env=_environment(database),
        cwd=ROOT,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _environment(database: str) -> dict[str, str]:
    held = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BENCH_DATABASE")}
    return held | ({"BENCH_DATABASE": database} if database else {}) | {"PYTHONPATH": str(ROOT)}


def together(
    folder: Path, database: str, keeper: str, clients: int, rounds: int, pauses: Sequence[float]
) -> dict[str, Any]:
    """Let so many clients ask at once over HTTP; return p50 and p95 of each page, by the pause."""
    port = 18_000 + os.getpid() % 1000
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "bench.protection",
            "--step",
            "serve",
            str(folder),
            keeper,
            str(port),
        ],
        env=_environment(database),
        cwd=ROOT,
    )
    try:
        _wait_for(port)
        return {
            str(pause): _rounds(port, addresses(folder), clients, rounds, pause) for pause in pauses
        }
    finally:
        server.terminate()
        server.wait()


def _rounds(
    port: int, asked: dict[str, tuple[str, str]], clients: int, rounds: int, pause: float
) -> dict[str, Any]:
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(3):
        for name, (address, cookie) in asked.items():
            with ThreadPoolExecutor(clients) as pool:
                clicks = [
                    pool.submit(_ask, port, address, cookie, rounds, pause) for _ in range(clients)
                ]
                for one in clicks:
                    times[name] += one.result()
    return {
        name: {"p50": round(statistics.median(t), 2), "p95": round(_p95(t), 2)}
        for name, t in times.items()
    }


def _ask(port: int, address: str, cookie: str, rounds: int, pause: float) -> list[float]:
    line = http.client.HTTPConnection("127.0.0.1", port)
    found = []
    # With a pause a third of the questions, or the run would be one of waiting.
    for turn in range((rounds // 3 if pause else rounds) + 2):
        # Nobody clicks in step with anybody: drawn anew for each question.
        time.sleep(random.uniform(0, 2 * pause))
        started = time.perf_counter()
        line.request("GET", address, headers={"Cookie": cookie, "Host": "localhost"})
        answer = line.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{address}: {answer.status}")
        if turn >= 2:
            found.append(1000 * (time.perf_counter() - started))
    line.close()
    return found


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            line = http.client.HTTPConnection("127.0.0.1", port)
            line.request("GET", "/sign-in", headers={"Host": "localhost"})
            line.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not begin")


def _p95(held: Sequence[float]) -> float:
    return sorted(held)[math.ceil(0.95 * len(held)) - 1]


@contextmanager
def a_keeper_at(folder: Path) -> Iterator[str]:
    """Run a keeper for the run; yield the path of its socket."""
    from tests.keeping import a_keeper

    with a_keeper(folder / "keeper"):
        yield str(folder / "keeper" / "socket")


def kind(
    database: str, sizes: Sequence[int], rounds: int, clients: int, pauses: Sequence[float]
) -> dict[str, Any]:
    """Measure one kind of database through all sizes."""
    rows: list[dict[str, Any]] = []
    held: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory(dir=ROOT / "var") as name,
        a_keeper_at(Path(name)) as keeper,
    ):
        folder = Path(name)
        for size in sizes:
            begun = time.perf_counter()
            step("fill", folder, database, keeper, size)
            filled = round(time.perf_counter() - begun)
            if not held:
                held = together(folder, database, keeper, clients, rounds, pauses)
                tell({"clients": clients, **held})
            rows.append({"cases": size, "pages": step("alone", folder, database, keeper, rounds)})
            tell({"filled_s": filled, **rows[-1]})
    exponents = {
        page: round(exponent([(r["cases"], r["pages"][page]["p50"]) for r in rows]), 3)
        for page in PAGES
    }
    return {"rows": rows, "together": held, "exponents": exponents}


def page(held: dict[str, Any]) -> str:
    """Return the results as a person reads them."""
    about = ", ".join(f"{key} {value}" for key, value in held["machine"].items())
    lines = ["# The supervisor’s list and the page of a case", ""]
    lines += [f"Made by `make bench-protection`, never by hand. {about}.", ""]
    for name, found in held["kinds"].items():
        first = found["rows"][0]["cases"]
        lines += [f"## {name}", ""]
        for pause, rows in found["together"].items():
            how = (
                f"each with {pause} s between two questions" if float(pause) else "without a pause"
            )
            lines += [f"{held['clients']} clients at once, {how}, {first:,} cases:", ""]
            lines += ["| page | p50 ms | p95 ms | p95 of the bare list’s |", "|---|---|---|---|"]
            least = rows["bare list"]["p95"]
            for one, row in rows.items():
                lines.append(f"| {one} | {row['p50']} | {row['p95']} | {row['p95'] / least:.2f} |")
            lines.append("")
        lines += ["One client, by number of cases: p50 ms (statements).", ""]
        lines += [f"| cases | {' | '.join(PAGES)} |", "|---|" + "---|" * len(PAGES)]
        for row in found["rows"]:
            shown = (row["pages"][p] for p in PAGES)
            cells = " | ".join(f"{one['p50']} ({one['statements']})" for one in shown)
            lines.append(f"| {row['cases']:,} | {cells} |")
        fitted = " | ".join(f"{found['exponents'][p]:+.3f}" for p in PAGES)
        lines += [f"| exponent, at most {EXPONENT} | {fitted} |", ""]
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Measure and write down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="10000,100000,1000000")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--pause", type=float, default=1.0)
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.step:
        what, folder, keeper, number = a.step
        does = {"fill": fill, "alone": alone, "serve": serve}[what]
        print(json.dumps(does(Path(folder), keeper, int(number))))
        return 0
    (ROOT / "var").mkdir(exist_ok=True)
    sizes = [int(size) for size in a.cases.split(",")]
    url = os.environ.get("DATABASE_URL", "")
    kinds = {"SQLite": ""} | ({"PostgreSQL": url} if url else {})
    found = {
        name: kind(url, sizes, a.rounds, a.clients, (a.pause, 0)) for name, url in kinds.items()
    }
    held = {"machine": machine(), "clients": a.clients, "kinds": found}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "protection.json").write_text(json.dumps(held, indent=1) + "\n")
    (RESULTS / "protection.md").write_text(page(held))
    print(page(held))
    return 0


if __name__ == "__main__":
    sys.exit(main())
