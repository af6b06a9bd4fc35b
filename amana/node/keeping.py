"""`amana keeper` and `amana keeper init`: the keeper's process, its folder, and its line to a node.

It loads no web framework and knows no database. On two machines each side has a certificate of its
own (own.crt, own.key) and the other's (other.crt), in the keeper's folder and in the node's
keys/keeper; two people compare the fingerprints before either side takes the other's.
"""

import argparse
import signal
import sys
from datetime import datetime
from pathlib import Path

from amana.crypto import certificates
from amana.crypto.secrets import same
from amana.keeper.rules import Policy
from amana.keeper.server import serve
from amana.keeper.store import Store, lay_out, write_whole
from amana.node.cli import Failed
from amana.node.clock import Clock

LOCAL = "socket"
REMOTE = "tls:"


def run(a: argparse.Namespace) -> int:
    """Run a keeper, make one, or let it take a node's certificate."""
    if a.act == "run":
        keep(a.data)
        return 0
    now = Clock(None, is_demo=False).now()
    if (a.data / "keeper.json").exists():
        _pair_keeper(a, now)
    elif a.data.exists():
        raise Failed(f"{a.data} is there already and is no keeper; it needs a folder of its own")
    else:
        _make(a, now)
    return 0


def _pair_keeper(a: argparse.Namespace, now: datetime) -> None:
    """Take a node's certificate in a keeper that stands, or make its own anew where it is gone."""
    is_renewed = not (a.data / "own.crt").exists() and Store(a.data).listen.startswith(REMOTE)
    if a.node is None and not is_renewed:
        raise Failed(f"{a.data} is a keeper already; give --node FILE to take a node's certificate")
    if is_renewed:
        own_certificate(a.data, "amana keeper", now)
        tell_certificate(a.data, "the node", "amana node init ... --keeper-certificate FILE")
    if a.node is not None:
        take_other(a.data, a.node, a.fingerprint, flag="--fingerprint")
    print("Start the keeper anew to use it.")


def _make(a: argparse.Namespace, now: datetime) -> None:
    listen = _listens_at(a.listen)
    # Beside its place and moved there whole: a keeper half made is no keeper.
    making = a.data.with_name(f"{a.data.name}.making")
    lay_out(making, Policy(is_demo=a.demo), listen=listen, now=now)
    if listen.startswith(REMOTE):
        own_certificate(making, "amana keeper", now)
    making.rename(a.data)
    print(f"The keeper stands in {a.data} and listens at {a.listen}.")
    if listen.startswith(REMOTE):
        tell_certificate(a.data, "the node", "amana node init ... --keeper-certificate FILE")
    print(f"Copy {a.data / 'secret'} and {a.data / 'epochs'} for escrow now; see docs/keeper.md.")


def _listens_at(asked: str) -> str:
    host, _, port = asked.removeprefix(REMOTE).rpartition(":")
    if asked != LOCAL and not (asked.startswith(REMOTE) and host and port.isdigit()):
        raise Failed("--listen takes socket, or tls:HOST:PORT")
    return asked


def keep(folder: Path) -> None:
    """Run a keeper until it is told to stop."""
    is_demo = Store(folder).policy.is_demo
    # A demo's keeper lives in the shifted time of the node that lies beside it.
    beside = folder.with_name(folder.name.removesuffix("-keeper"))
    clock = Clock(beside, is_demo=is_demo)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    serve(folder, clock.now)


def own_certificate(folder: Path, name: str, now: datetime) -> None:
    """Make this side's certificate and its key, unless they are there."""
    if (folder / "own.crt").exists():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate, key = certificates.make(name, now)
    # The certificate last: where it is, its key is.
    write_whole(folder / "own.key", key)
    write_whole(folder / "own.crt", certificate)


def take_other(folder: Path, file: Path, compared: str | None, *, flag: str) -> None:
    """Take the other side's certificate, when two people have compared its fingerprint."""
    pem = file.read_bytes()
    try:
        found = certificates.fingerprint(pem)
    except ValueError:
        raise Failed(f"{file} is no certificate of the other side") from None
    if not compared:
        raise Failed(f'compare by voice, then give it with {flag} "{found}"')
    if not same(_bare(compared), _bare(found)):
        raise Failed("the fingerprint is another one; do not go on, and ask how that can be")
    write_whole(folder / "other.crt", pem)


def _bare(fingerprint: str) -> bytes:
    return "".join(fingerprint.split()).lower().encode()


def tell_certificate(folder: Path, whom: str, command: str) -> None:
    """Print which file goes to the other side, by what name, and when it ends."""
    pem = (folder / "own.crt").read_bytes()
    print(f"Carry {folder / 'own.crt'} to {whom} ({command}) and compare by voice:")
    print(f"  {certificates.fingerprint(pem)}")
    print(f"  It ends on {certificates.ends_at(pem):%Y-%m-%d}; delete both files then to renew it.")


def line_of_new_node(a: argparse.Namespace, now: datetime) -> Path:
    """Return the folder in which a node that is about to be made has both certificates.

    Raises Failed, and says what to carry where, until the keeper's is there.
    """
    folder: Path = a.data.with_name(f"{a.data.name}-line")
    own_certificate(folder, "amana node", now)
    if a.keeper_certificate is None:
        tell_certificate(folder, "the keeper", "amana keeper init --data DIR --node FILE")
        raise Failed("then give the keeper's certificate: --keeper-certificate FILE")
    pair(folder, a)
    return folder


def pair(folder: Path, a: argparse.Namespace) -> None:
    """Take the keeper's certificate in a node's folder."""
    flag = "--keeper-fingerprint"
    take_other(folder, a.keeper_certificate, a.keeper_fingerprint, flag=flag)
