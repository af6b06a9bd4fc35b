"""`amana node init|status` and `amana erase`: what they do and print."""

import argparse
import contextlib
import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from amana.crypto.totp import typed_form
from amana.keeper import rules as keeper_rules
from amana.keeper import store as keeper
from amana.node import keeping
from amana.node.cli import Failed
from amana.node.clock import Clock
from amana.node.config import NodeConfig, load
from amana.node.lifecycle import (
    DRAFT,
    Person,
    cast_of,
    config_for,
    found,
    founders,
    lay_out,
    move,
    use,
)
from amana.node.processes import RunningNode
from amana.standards.ceremony import are_words_of, words_of


def init(a: argparse.Namespace) -> int:
    """Make a node, or pin a partner's root in a node that stands."""
    for given in filter(None, (a.peer, a.keeper_certificate)):
        if not given.is_file():
            raise Failed(f"{given} is not there")
    if not (a.data / "node.json").exists():
        _make(a)
        return 0
    if a.port is not None:
        _move(a)
    elif a.peer is None and a.keeper_certificate is None:
        raise Failed(f"{a.data} is a node already; give --peer FILE to pin a partner's root in it")
    if a.keeper_certificate is not None:
        _pair(a)
    if a.peer is not None:
        use(a.data)
        _pin(a)
    return 0


def _move(a: argparse.Namespace) -> None:
    if not move(a.data, a.port):
        print(f"Two officers must sign {a.data / DRAFT}: amana directory sign")


def _pair(a: argparse.Namespace) -> None:
    """Take the keeper's certificate in a node that stands: a new one, or after a restore."""
    folder = a.data / "keys" / "keeper"
    keeping.own_certificate(folder, "amana node", Clock(None, is_demo=False).now())
    keeping.pair(folder, a)
    keeping.tell_certificate(folder, "the keeper", "amana keeper init --data DIR --node FILE")


def _make(a: argparse.Namespace) -> None:
    """Make a node beside its place and move it there whole: a node half made is no node."""
    config = _config(a)
    if a.data.exists() and (not a.data.is_dir() or any(a.data.iterdir())):
        raise Failed(f"{a.data} is not empty; a node needs a folder of its own")
    now = Clock(None, is_demo=False).now()
    line = keeping.line_of_new_node(a, now) if config.keeper.startswith(keeping.REMOTE) else None
    making = a.data.with_name(f"{a.data.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    lay_out(making, config)
    if line is not None:
        shutil.copytree(line, making / "keys" / "keeper")
    with _a_keeper_for(config, making, now):
        use(making)
        people = cast_of(config.country) if config.is_demo else founders()
        found(making, people, now)
        if config.is_demo:
            _take_agreements(now)
        if a.peer is not None:
            _pin(a)

    from django.db import connections  # noqa: PLC0415

    connections.close_all()
    if a.data.exists():
        a.data.rmdir()
    making.rename(a.data)
    if line is not None:
        shutil.rmtree(line)
    _tell(a, config.country, people, is_demo=config.is_demo)


def _take_agreements(now: datetime) -> None:
    """Take a demo's agreements as in force; at a real node two people note each of their steps."""
    from amana.agreements.actions import take_as_in_force  # noqa: PLC0415

    take_as_in_force(by="init", now=now)


@contextlib.contextmanager
def _a_keeper_for(config: NodeConfig, making: Path, now: datetime) -> Iterator[None]:
    """Make the keeper's folder beside the node's and run the keeper while the node is made.

    A keeper on another machine runs already.
    """
    node = RunningNode(making)
    folder = node.keeper_folder
    if folder is None:
        yield
        return
    if folder.exists():
        raise Failed(f"{folder} is there already; a new node needs a new keeper")
    keeper.lay_out(folder, keeper_rules.Policy(is_demo=config.is_demo), listen="socket", now=now)
    try:
        node.start_keeper()
        yield
    except BaseException:
        node.stop()
        shutil.rmtree(folder)
        raise
    node.stop()


def _config(a: argparse.Namespace) -> NodeConfig:
    if not a.country:
        raise Failed("a new node needs --country CC")
    if not a.demo and not (a.host and a.url and a.url.startswith("https://")):
        raise Failed("a node that is no demo needs --host NAME and --url https://... ")
    given = {name: getattr(a, name) for name in ("name", "desk", "unit", "language", "phone")}
    more = {} if a.demo else {"host": a.host, "url": a.url}
    beside = a.data.with_name(f"{a.data.name}-keeper")
    return config_for(
        a.country.upper(),
        port=a.port or 8000,
        is_demo=a.demo,
        keeper=a.keeper or f"unix:{beside}/socket",
        **given,
        **more,
    )


def _tell(a: argparse.Namespace, country: str, people: list[Person], *, is_demo: bool) -> None:
    print(f"The node of {country} stands in {a.data}. First accounts, shown once:")
    for person in people:
        print(f"  {person.sign_in_name:20} {person.first.password}   ({person.role.value})")
        if not is_demo:
            print(f"  {'':20} for the phone: {typed_form(person.first.totp)}")
    if is_demo:
        file = a.data / "directory.json"
        print(f"Give partners the file {file} and let two people compare its words:")
        print(f"  {spoken(file.read_bytes())}")
        print("DEMO: the root lies in keys/root.seed and signs by itself. No real node has it.")
        return
    print("This node has no root. Two of three officers sign what it publishes, on a machine")
    print("without a network:")
    print(f"  once:  amana directory root init --country {country} --to DIR")
    print(f"  then:  amana directory sign --draft {DRAFT} --share A --share B --out FILE")
    print(f"  here:  amana directory publish --data {a.data} FILE")
    print(f"The draft is {a.data / DRAFT}; amana directory draft --data {a.data} writes a new one.")


def spoken(file: bytes) -> str:
    """Return a root's twelve words and its fingerprint, as two people compare them."""
    from amana.exchange.directory import fingerprint_in  # noqa: PLC0415

    found_print = fingerprint_in(file)
    return f"{' '.join(words_of(found_print))}\n  {found_print}"


def _pin(a: argparse.Namespace) -> None:
    from django.conf import settings  # noqa: PLC0415

    from amana.exchange.actions import pin_peer  # noqa: PLC0415
    from amana.exchange.directory import fingerprint_in  # noqa: PLC0415

    file = a.peer.read_bytes()
    found_print = fingerprint_in(file)
    if not a.fingerprint and not a.words:
        raise Failed(f"compare by voice, then give --words: {spoken(file)} (or --fingerprint)")
    if a.words and not are_words_of(a.words, found_print):
        raise Failed("these are not the words of that file's root; nothing was pinned")
    by = a.fingerprint or found_print
    peer = pin_peer(file=file, fingerprint=by, now=settings.CLOCK.now(), by="init")
    print(f"The root of {peer.country} is pinned; its directory is version {peer.version}.")


def status(a: argparse.Namespace) -> int:
    """Say where everything stands: the record, what waits, every referral's state. No person."""
    load(a.data)
    use(a.data)
    from amana.audit import queries as audit  # noqa: PLC0415
    from amana.cases import queries as cases  # noqa: PLC0415
    from amana.exchange import queries as exchange  # noqa: PLC0415
    from amana.referrals import queries as referrals  # noqa: PLC0415

    fault = audit.first_fault()
    messages, receipts = exchange.waiting()
    peers = [p.country for p in exchange.peers()]
    found_state: dict[str, Any] = {
        "country": exchange.own().country,
        "peers": peers,
        "record": {"entries": audit.length(), "first_fault": fault.seq if fault else None},
        "witnesses": [{"name": row.witness, "size": row.size} for row in audit.cosigned()],
        "witnessed": [{"name": row.origin, "size": row.size} for row in audit.witnessed()],
        "alarms": [
            {"country": alarm.country, "kind": alarm.kind, "at": alarm.at.isoformat()}
            for alarm in audit.open_alarms()
        ],
        "waiting": {"messages": messages, "receipts": receipts},
        "sealed_mail": len(exchange.unopened()),
        "cases": cases.counts("origin"),
        "referrals": referrals.states(),
    }
    if a.json:
        print(json.dumps(found_state, indent=1))
        return 0
    print(f"Node of {found_state['country']}, partners: {', '.join(peers) or 'none'}")
    print(
        f"Record: {audit.length()} entries, {'whole' if fault is None else f'fault at {fault.seq}'}"
    )
    _print_witnesses(found_state)
    print(f"Waiting to leave: {messages} messages, {receipts} receipts")
    print(f"Sealed mail: {len(exchange.unopened())}")
    for row in referrals.states():
        print(f"  {row['code']}  {row['state']}")
    return 0


def _print_witnesses(state: dict[str, Any]) -> None:
    for row in state["witnesses"]:
        print(f"  {row['name']} vouched for its first {row['size']}")
    for row in state["witnessed"]:
        print(f"  the first {row['size']} of {row['name']} were vouched for here")
    for alarm in state["alarms"]:
        print(f"  ALARM: the log of {alarm['country']} is {alarm['kind']}, since {alarm['at']}")


def erase(a: argparse.Namespace) -> int:
    """Carry out an erasure that waits for the worker. Two people must have approved it before."""
    load(a.data)
    use(a.data)
    from django.conf import settings  # noqa: PLC0415

    from amana.access.rules import Refused  # noqa: PLC0415
    from amana.keeper.client import KeeperGone  # noqa: PLC0415
    from amana.referrals.actions import carry_out  # noqa: PLC0415

    try:
        erasure = carry_out(code=a.case, by="command", now=settings.CLOCK.now())
    except Refused:
        raise Failed("no erasure of this case waits that two people approved") from None
    except KeeperGone:
        raise Failed("the keeper does not answer; nothing was erased") from None
    print(f"{erasure.pk} is erased here; in every backup from {erasure.backups_until:%Y-%m-%d}.")
    for name, n in erasure.counts.items():
        print(f"  {n:5} {name}")
    print("Export the erasure ledger again: amana keys ledger")
    return 0
