"""The two long-lived processes of a node: the web server, and the worker's loop."""

import logging
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

from amana.exchange.carrier import Answer, carry, carry_nearby
from amana.keeper.client import KeeperGone
from amana.node.config import load
from amana.node.faults import Counting
from amana.node.lifecycle import sign_in_time, use

log = logging.getLogger("amana")

LOOP_SECONDS = 2.0
DEMO_LOOP_SECONDS = 0.15
# Three checkpoints an hour, so that one that is lost is no silence and a fork shows in time.
WITNESS_SECONDS = 1200.0
DEMO_WITNESS_SECONDS = 5.0
# A rung is told within a minute of its hour.
CLIMB_SECONDS = 60.0
DEMO_CLIMB_SECONDS = 2.0
# Where nothing was written meanwhile, a demo climbs again after so long by the node's clock, which
# a test sets forward by hours.
STILL_AFTER = timedelta(seconds=45)


def serve(data: Path) -> None:
    """Run the web server in this process until it is told to stop."""
    config, _, _ = load(data)
    use(data)
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415

    class Server(BaseApplication):  # type: ignore[misc]
        """gunicorn, set up from here and from no file."""

        def load_config(self) -> None:
            """Set what a node needs."""
            for key, value in _gunicorn(data, config.port, is_demo=config.is_demo).items():
                self.cfg.set(key, value)

        def load(self) -> object:
            """Return the application that every worker runs."""
            from amana.node.wsgi import application  # noqa: PLC0415

            return application

    Server().run()


def _gunicorn(data: Path, port: int, *, is_demo: bool) -> dict[str, object]:
    return {
        "bind": [f"127.0.0.1:{port}"],
        "worker_class": "gthread",
        "workers": 1 if is_demo else 2,
        "threads": 4,
        "timeout": 60,
        "graceful_timeout": 5,
        "loglevel": "warning",
        "errorlog": "-",
        # No access log: who opened which page when is in the record, sealed codes are nobody's.
        "accesslog": None,
        "worker_tmp_dir": str(data / "tmp"),
        # One control socket under the home folder would be shared by two nodes of one user.
        "control_socket_disable": True,
    }


def search(data: Path) -> None:
    """Run the search process: opened cards of live sessions, in memory alone."""
    load(data)
    use(data)
    from django.conf import settings  # noqa: PLC0415

    from amana.search.server import serve as answer  # noqa: PLC0415

    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    answer(data, settings.CLOCK.now)


def work(data: Path) -> None:
    """Carry what waits, again and again, until told to stop."""
    config, _, _ = load(data)
    use(data)
    from django.conf import settings  # noqa: PLC0415
    from django.db import close_old_connections  # noqa: PLC0415

    stop = _stop_flag()
    pause = DEMO_LOOP_SECONDS if config.is_demo else LOOP_SECONDS
    # Only the nodes of a demo stand on one machine and may call each other there.
    way = carry_nearby if config.is_demo else carry
    via = Counting(data / "log" / "wire.json", way, fail=config.fail)
    jobs = _jobs(via, way, data, is_demo=config.is_demo)
    # Periods run on a clock that nobody can set back; only what a job writes carries the date.
    due = {name: 0.0 for name, _, _ in jobs}
    while not stop():
        close_old_connections()
        for name, period, job in jobs:
            if time.monotonic() >= due[name]:
                try:
                    job(settings.CLOCK.now())
                except Exception:  # a job that fails waits for its next turn; the others go on
                    log.exception("job")
                due[name] = time.monotonic() + period
        time.sleep(pause)


Job = Callable[[datetime], object]


def _jobs(
    via: Counting, way: Callable[..., Answer], data: Path, *, is_demo: bool
) -> list[tuple[str, float, Job]]:
    """Return the whole table of background work: name, period in seconds, what is done."""
    from django.conf import settings  # noqa: PLC0415

    from amana.access.actions import keys, sweep  # noqa: PLC0415
    from amana.cases.actions import give_up_restored, sweep_files  # noqa: PLC0415
    from amana.exchange.actions import trusting  # noqa: PLC0415
    from amana.exchange.actions.delivery import Delivery  # noqa: PLC0415
    from amana.exchange.witness import Listener, tell_all  # noqa: PLC0415
    from amana.field.actions.arrivals import sweep as sweep_phones  # noqa: PLC0415
    from amana.field.actions.operations import sweep_operations  # noqa: PLC0415
    from amana.identification.actions import drop_old_drafts  # noqa: PLC0415
    from amana.referrals.actions import erase_approved  # noqa: PLC0415
    from amana.shelters.actions import sweep as sweep_beds  # noqa: PLC0415
    from amana.watch.actions import climb, send_mail, warn_of_gaps  # noqa: PLC0415

    delivery = Delivery(clock=settings.CLOCK.now, via=via)

    def deliver(now: datetime) -> int:
        jitter = random.random()  # noqa: S311 - spreads retries, protects nothing
        return delivery.turn(now, jitter)

    def witness(now: datetime) -> int:
        sign_in_time(data, now=now)
        vouched = tell_all(now, via=way)
        # Right after the head that holds it, so that the proof is under the head they just saw.
        trusting.tell_all(now, via=way)
        return vouched

    return [
        ("deliver", 0.0, deliver),
        ("witness", DEMO_WITNESS_SECONDS if is_demo else WITNESS_SECONDS, witness),
        ("listen", DEMO_WITNESS_SECONDS if is_demo else 60.0, Listener(time.monotonic).listen),
        ("climb", DEMO_CLIMB_SECONDS if is_demo else CLIMB_SECONDS, _where_time_went_on(climb)),
        ("sweep_beds", 15.0 if is_demo else 60.0, sweep_beds),
        ("warn_of_gaps", 3600.0, warn_of_gaps),
        ("mail", 60.0, send_mail),
        ("give_up_restored", 3600.0, give_up_restored),
        ("erase", 2.0, _while_the_keeper_is_there(erase_approved)),
        ("sweep_files", 300.0, sweep_files),
        ("drop_old_drafts", 3600.0, drop_old_drafts),
        ("sweep", 300.0, sweep),
        ("sweep_phones", 3600.0, sweep_phones),
        ("sweep_operations", 3600.0, sweep_operations),
        ("enclose", 30.0, _while_the_keeper_is_there(lambda _now: keys.enclose_waiting())),
        ("rotate", 3600.0, _while_the_keeper_is_there(lambda n: keys.rotate(now=n, by="worker"))),
    ]


def _where_time_went_on(job: Job) -> Job:
    """Return the job, which does nothing while nothing is written and hardly any time passes."""
    from amana.audit.queries import length  # noqa: PLC0415

    last: tuple[int, datetime] | None = None

    def done(now: datetime) -> object:
        nonlocal last
        size = length()
        if last and size == last[0] and abs(now - last[1]) < STILL_AFTER:
            return None
        result = job(now)
        last = (size, now)
        return result

    return done


def _while_the_keeper_is_there(job: Job) -> Job:
    """Return the job, which waits quietly when the keeper is away: said once, and once it is back.

    A keeper can be away for a day; a trace every half minute would bury everything else.
    """
    away = False

    def quietly(now: datetime) -> object:
        nonlocal away
        try:
            done = job(now)
        except KeeperGone as problem:
            if not away:
                log.warning("the keeper does not answer", exc_info=problem)
            away = True
            return None
        if away:
            log.warning("the keeper is back")
        away = False
        return done

    return quietly


def _stop_flag() -> Callable[[], bool]:
    asked = []

    def ask(_signal: int, _frame: FrameType | None) -> None:
        asked.append(True)

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return lambda: bool(asked)
