"""A country's root, held by three officers of whom any two sign. No network, no database, no node.

The root exists whole only while `init` cuts it and while `sign` puts two shares together; neither
writes it. One share says nothing of it (SLIP-0039). An officer's file opens with her passphrase
alone, and the same share printed on paper replaces a file that is lost.
"""

import argparse
import base64
import getpass
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from amana.crypto import shares
from amana.crypto.boxes import Place, seal, unseal
from amana.crypto.passwords import Cost, new_salt, stretch
from amana.crypto.secrets import CannotOpen, Key, Seed, derive, new_seed
from amana.crypto.signing import sign_public_of
from amana.exchange.directory import Directory, read_text, root_fingerprint, sign_text
from amana.exchange.rules import Unacceptable
from amana.node.cli import Failed
from amana.node.config import load, write_secret
from amana.standards.ceremony import words_of

NEEDED, OFFICERS, SHORTEST = 2, 3, 12
FORMAT = "amana/root-share/v1"
# An officer signs once a month: a guess may cost her a second, and then costs a thief one too.
COST = Cost(memory_kib=262144, passes=4)


def run(a: argparse.Namespace) -> int:
    """Do one act of `amana directory`."""
    acts = {"root": _root, "draft": _draft, "sign": _sign, "publish": _publish, "words": _words}
    return acts[a.act](a)


def _root(a: argparse.Namespace) -> int:
    return {"init": _init, "paper": _paper, "type": _type}[a.does](a)


# The officers' files.


def _init(a: argparse.Namespace) -> int:
    """Make a root, cut it in three, and seal each part with the passphrase of its officer."""
    country = a.country.upper()
    files = [a.to / f"officer-{n}.json" for n in range(1, OFFICERS + 1)]
    if any(file.exists() for file in files):
        raise Failed(f"{a.to} holds officers' files already; they are not written over")
    root = new_seed()
    print_ = root_fingerprint(sign_public_of(root))
    parts = shares.split(root, needed=NEEDED, of=OFFICERS)
    # All three are asked before anything is written: half a root is no root.
    typed = [_new_passphrase(f"officer {n}") for n in range(1, OFFICERS + 1)]
    if len(set(typed)) != OFFICERS:
        raise Failed("each officer needs a passphrase of her own")
    for file, part, passphrase in zip(files, parts, typed, strict=True):
        write_secret(file, sealed_share(part, country, print_, passphrase))
        print(f"{file}: give it to its officer, and keep no copy here")
    print("The words of the root, for the annex of the agreement:")
    print(f"  {' '.join(words_of(print_))}")
    print(f"  {print_}")
    print("Each officer prints her share now: amana directory root paper --share FILE")
    return 0


def sealed_share(part: str, country: str, root: str, passphrase: str) -> bytes:
    """Return an officer's file."""
    salt = new_salt()
    box = seal(_key(passphrase, salt, COST), part.encode(), _place(country, root))
    fields = {
        "format": FORMAT,
        "country": country,
        "root": root,
        "salt": base64.b64encode(salt).decode(),
        "cost": asdict(COST),
        "sealed": base64.b64encode(box).decode(),
    }
    return json.dumps(fields, indent=1).encode()


def opened_share(file: Path, passphrase: str) -> tuple[str, str, str]:
    """Return share, country and fingerprint of the root; raises Failed."""
    try:
        fields: Mapping[str, Any] = json.loads(file.read_bytes())
        cost, salt = Cost(**fields["cost"]), base64.b64decode(fields["salt"])
        country, root = str(fields["country"]), str(fields["root"])
        box = base64.b64decode(fields["sealed"])
        # A file may not ask for more than this machine gives.
        bounded = Cost(min(cost.memory_kib, 4 * COST.memory_kib), min(cost.passes, 16))
        part = unseal(_key(passphrase, salt, bounded), box, _place(country, root)).decode()
    except CannotOpen:
        raise Failed(f"{file.name} does not open with that passphrase") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise Failed(f"{file} is no officer's file") from None
    return part, country, root


def _key(passphrase: str, salt: bytes, cost: Cost) -> Key:
    return derive(stretch(passphrase, salt, cost), "root/share")


def _place(country: str, root: str) -> Place:
    return Place("root_share", root, "share", country)


def _paper(a: argparse.Namespace) -> int:
    """Print the words of one share, for an envelope in a safe of its officer."""
    part, country, root = opened_share(a.share, _passphrase(a.share.name))
    print(f"Share of the root of {country}. Two of three sign; this one alone says nothing.")
    print(f"Root: {' '.join(words_of(root))}")
    for n, word in enumerate(part.split(), 1):
        print(f"{n:3} {word}", end="\n" if n % 4 == 0 else "\t")
    print()
    return 0


def _type(a: argparse.Namespace) -> int:
    """Make an officer's file again out of the words on her paper."""
    fields = a.like.read_text() if a.like.is_file() else "{}"
    try:
        country, root = (str(json.loads(fields)[key]) for key in ("country", "root"))
    except (ValueError, KeyError, TypeError):
        raise Failed(f"{a.like} is no file of another officer of the same root") from None
    part = _asked("the words on the paper: ")
    write_secret(a.to, sealed_share(" ".join(part.split()), country, root, _new_passphrase("you")))
    print(f"{a.to} is sealed. Whether the words were right shows when it signs.")
    return 0


# Draft, signature, publication.


def _draft(a: argparse.Namespace) -> int:
    """Write what the node would publish next; with a next root, or with keys that count no more."""
    from amana.node.lifecycle import DRAFT, draft, use  # noqa: PLC0415

    _, own_seed, _ = load(a.data)
    use(a.data)
    from django.conf import settings  # noqa: PLC0415

    from amana.exchange.directory import directory_text  # noqa: PLC0415

    now = settings.CLOCK.now()
    fields = draft(a.data, own_seed, now=now)
    fields["version"] = max(fields["version"], a.version)
    if a.next_root:
        fields["next_root"] = a.next_root
    for key in a.revoke:
        fields["revoked"].setdefault(key, now.isoformat())
    out = a.out or a.data / DRAFT
    out.write_text(directory_text(fields))
    print(f"{out}: take it to the officers. {_said(read_text(directory_text(fields)))}")
    return 0


def _sign(a: argparse.Namespace) -> int:
    """Put two shares together in memory, sign the draft, and forget."""
    if len(a.share) != NEEDED:
        raise Failed("two officers sign: give --share twice")
    text = a.draft.read_text()
    try:
        directory = read_text(text)
    except Unacceptable:
        raise Failed(f"{a.draft} is no draft of a directory") from None
    print(f"This is signed: {_said(directory)}")
    opened = [opened_share(file, _passphrase(file.name)) for file in a.share]
    if {country for _, country, _ in opened} != {directory.country}:
        raise Failed("a share of another country, or two of different roots")
    a.out.write_bytes(sign_text(text, _whole(opened)))
    print(f"{a.out}: take it to the node: amana directory publish --data DIR {a.out.name}")
    return 0


def _whole(opened: list[tuple[str, str, str]]) -> Seed:
    """Return the root out of two shares; raises Failed when they do not make the one they name."""
    roots = {root for _, _, root in opened}
    try:
        root = shares.combine([part for part, _, _ in opened])
    except CannotOpen:
        raise Failed("these shares do not make a root: twice the same, or a wrong word") from None
    if roots != {root_fingerprint(sign_public_of(root))}:
        raise Failed("these shares make another root than they name; nothing was signed")
    return root


def _said(directory: Directory) -> str:
    from amana.crypto.signing import key_id  # noqa: PLC0415

    keys = ", ".join(
        f"{name} {key_id(party.signer)}"
        for name, party in (
            ("node", directory.node),
            ("desk", directory.desk),
            ("unit", directory.unit),
        )
    )
    revoked = ", ".join(directory.revoked) or "none"
    return (
        f"{directory.country} version {directory.version}, until {directory.expires_at:%Y-%m-%d}, "
        f"{directory.url}, keys: {keys}; revoked: {revoked}; "
        f"next root: {directory.next_root or 'none'}"
    )


def _publish(a: argparse.Namespace) -> int:
    """Take a signed directory into the node; partners get it by themselves."""
    from amana.node.lifecycle import publish, use  # noqa: PLC0415

    load(a.data)
    use(a.data)
    from django.conf import settings  # noqa: PLC0415

    try:
        version = publish(a.data, a.file.read_bytes(), now=settings.CLOCK.now())
    except Unacceptable as refused:
        raise Failed(f"{a.file} was not published: {refused.reason.value}") from None
    print(
        f"Version {version} is published. Partners take it over once they vouched for the record."
    )
    return 0


def _words(a: argparse.Namespace) -> int:
    """Print the words of a file's root, to be read aloud to the other country."""
    from amana.node.commands import spoken  # noqa: PLC0415

    print(f"  {spoken(a.file.read_bytes())}")
    return 0


# What officers type: never an argument, which every process of the machine could read.


def _new_passphrase(whose: str) -> str:
    typed = _passphrase(f"{whose}, new")
    if len(typed) < SHORTEST:
        raise Failed(f"a passphrase has at least {SHORTEST} characters")
    if sys.stdin.isatty() and getpass.getpass("Once more: ") != typed:
        raise Failed("the two did not match; nothing was written")
    return typed


def _passphrase(whose: str) -> str:
    return _asked(f"Passphrase ({whose}): ")


def _asked(words: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(words)
    line = sys.stdin.readline()
    if not line:
        raise Failed("nothing was typed")
    return line.rstrip("\n")
