"""`amana keys status|ledger|recipient` and `amana epoch rotate`: what they do and print."""

import argparse
import base64
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from amana.crypto import age
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import Seed, new_seed
from amana.crypto.signing import sign, sign_public_of, verify
from amana.keeper.client import KeeperGone
from amana.keeper.store import write_whole
from amana.node.cli import Failed
from amana.node.config import load, write_secret
from amana.node.lifecycle import use

LEDGER = b"amana/ledger/v1"


def status(a: argparse.Namespace) -> int:
    """Say which epochs live, what lies under each, and who would be shut out by one loss."""
    load(a.data)
    use(a.data)
    found = _standing()
    if a.json:
        print(json.dumps(found, indent=1))
        return 0
    for epoch in found["epochs"]:
        rest = ", nothing of the node lies under it" if epoch["retired"] else ""
        print(f"Epoch {epoch['number']} of {epoch['made_at'][:10]}: {epoch['wraps']} wraps{rest}")
    if not found["is_keeper_there"]:
        print("The keeper does not answer: nobody reads, and the dates of its epochs are unknown.")
    else:
        print(f"A backup opens nothing once {found['window']} epochs began after it was made.")
    print(f"Without a layer, waiting for the keeper: {found['without_layer']} wraps")
    print(f"Erased for good: {found['erased']} keys")
    print(f"Accounts that one loss shuts out: {', '.join(found['at_risk']) or 'none'}")
    return 0


def _standing() -> dict[str, Any]:
    from amana.access import queries  # noqa: PLC0415 - needs the settings

    counts = queries.key_counts()
    erased, without = counts.pop("erased"), counts.pop(str(queries.NO_EPOCH), 0)
    try:
        said = queries.keeper().status()
        epochs = [{**e, "wraps": counts.pop(str(e["number"]), 0)} for e in said["epochs"]]
    except KeeperGone:
        said, epochs = {}, []
    # Rows under an epoch that the keeper no longer has, or all of them while it is away.
    epochs += [
        {"number": int(n), "made_at": "unknown date", "retired": False, "wraps": wraps}
        for n, wraps in counts.items()
    ]
    return {
        "is_keeper_there": bool(said),
        "window": said.get("window"),
        "epochs": sorted(epochs, key=lambda e: e["number"]),
        "without_layer": without,
        "erased": erased,
        "at_risk": queries.accounts_at_risk(),
    }


def rotate(a: argparse.Namespace) -> int:
    """Begin a new epoch when its week has come, or at once; move what lives, retire the old."""
    load(a.data)
    use(a.data)
    from django.conf import settings  # noqa: PLC0415

    from amana.access.actions import keys  # noqa: PLC0415

    try:
        done = keys.rotate(now=settings.CLOCK.now(), by="operator", force=a.force)
    except KeeperGone:
        raise Failed("the keeper does not answer; nothing was rotated") from None
    gone = ", ".join(str(n) for n in done.destroyed) or "none"
    print(f"Epoch {done.epoch}: {done.moved} wraps moved to it; epochs destroyed: {gone}")
    return 0


# The erasure ledger, as a file that a restore reads.


def export_ledger(a: argparse.Namespace) -> int:
    """Write the erasure ledger, signed by the node, to be kept with the backups."""
    config, seed, _ = load(a.data)
    use(a.data)
    from amana.access import queries  # noqa: PLC0415

    erased = queries.erased_keys()
    write_whole(a.file, ledger_file(seed, config.country, erased))
    print(f"{len(erased)} erased keys are in {a.file}. Keep it with the backups, and export often.")
    return 0


def ledger_file(seed: Seed, country: str, erased: Mapping[str, datetime]) -> bytes:
    """Return the ledger as a file: opaque ids and dates, and the node's signature over both."""
    keys = {k: at.isoformat() for k, at in erased.items()}
    body = json.dumps({"country": country, "erased": keys}, sort_keys=True)
    signature = base64.b64encode(sign(seed, LEDGER, body.encode())).decode()
    return json.dumps({"ledger": body, "signature": signature}).encode()


def read_ledger(file: Path, seed: Seed) -> dict[str, datetime]:
    """Return what was erased; raises Failed for a file that this node did not sign."""
    try:
        outer = json.loads(file.read_bytes())
        body, signature = outer["ledger"].encode(), base64.b64decode(outer["signature"])
        is_ours = verify(sign_public_of(seed), signature, LEDGER, body)
        erased = json.loads(body)["erased"] if is_ours else None
    except (ValueError, KeyError, TypeError, AttributeError):
        erased = None
    if erased is None:
        raise Failed(f"{file} is no erasure ledger of this node")
    return {k: datetime.fromisoformat(at) for k, at in erased.items()}


# The reader of backups.


def make_recipient(a: argparse.Namespace) -> int:
    """Make the key pair of who may open backups: the identity in a file, the recipient printed."""
    seed = new_seed()
    try:
        write_secret(a.file, f"{age.identity(seed)}\n".encode())
    except FileExistsError:
        raise Failed(f"{a.file} is there already and is not written over") from None
    print(f"Take {a.file} offline, in two copies at two places: it alone opens the backups made to")
    print(age.recipient(public_of(seed)))
    return 0
