"""A node's own directory: where it lies, what it says of itself, which keys it holds on disk.

DIR/node.json      country, names, addresses, port, whether it is a demo
DIR/keys/          node.seed (carries parcels, signs arrivals), web; in a demo alone also root.seed
DIR/db/            the database, unless DATABASE_URL names another
DIR/media/         the files of cases, sealed
DIR/directory.json what partners pin and read

The keeper's folder (amana.keeper.store) lies beside it or on another machine, never inside: a copy
of DIR must open nothing.
"""

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from amana.crypto.secrets import Seed, new_seed
from amana.exchange.rules import Own, ThirdWitness


class BadNode(Exception):
    """A directory that is no node, or not a whole one."""


@dataclass(frozen=True)
class NodeConfig:
    """What stands in node.json."""

    country: str
    name: str
    desk: str
    unit: str
    url: str
    host: str
    port: int
    public_port: int
    language: str
    is_demo: bool
    phone: str
    exit_url: str
    keeper: str
    incarnation: int = 1
    retry_base: float = 30.0
    fail: float = 0.0
    # How many seconds a partner's log may be silent; who else witnesses ours: name, url, key.
    silence_after: float = 3600.0
    witnesses: list[dict[str, str]] = field(default_factory=list)
    # Whom partners call for what: function, phones, languages, opens, closes; never a name.
    contacts: list[dict[str, Any]] = field(default_factory=list)
    # Where mail without content is handed over and who is told; empty: none leaves.
    mail: dict[str, Any] = field(default_factory=dict)

    def own(self, seed: Seed) -> Own:
        """Return what the post office needs to know of this node."""
        return Own(
            country=self.country,
            desk=self.desk,
            unit=self.unit,
            seed=seed,
            incarnation=self.incarnation,
            retry_base=self.retry_base,
            silence=self.silence_after,
            witnesses=tuple(ThirdWitness(**row) for row in self.witnesses),
        )


# Tests and set-up run without a directory; nothing of this reaches a running node.
BENCH = NodeConfig(
    country="MA",
    name="Bench",
    desk="MA/GOV/bench/referral-desk",
    unit="MA/GOV/bench/care",
    url="http://127.0.0.1:9",
    host="bench.localhost",
    port=9,
    public_port=9,
    language="en",
    is_demo=True,
    phone="0000",
    exit_url="https://www.wikipedia.org/",
    keeper="unix:nowhere",
    retry_base=0.01,
)


def data_dir() -> Path | None:
    """Return the directory of the node that this process runs, or None on the bench."""
    place = os.environ.get("AMANA_DATA")
    return Path(place) if place else None


def load(data: Path | None) -> tuple[NodeConfig, Seed, str]:
    """Return a node's configuration, its own seed, and the key that signs web tokens."""
    if data is None:
        return BENCH, new_seed(), "bench-only-signs-nothing-that-lasts"
    try:
        config = NodeConfig(**json.loads((data / "node.json").read_text()))
        seed = Seed((data / "keys" / "node.seed").read_bytes())
        web = (data / "keys" / "web").read_text()
    except (OSError, ValueError, TypeError) as problem:
        raise BadNode(
            f"{data} is not a node's directory; make one with: amana node init"
        ) from problem
    # Only a directory marked demo may lose parcels on purpose.
    return (config if config.is_demo else replace(config, fail=0.0)), seed, web


def write(data: Path, config: NodeConfig) -> None:
    """Write node.json, whole or not at all."""
    text = json.dumps(asdict(config), ensure_ascii=False, indent=1)
    half = data / "node.json.new"
    half.write_text(text)
    half.replace(data / "node.json")


def write_secret(path: Path, content: bytes) -> None:
    """Write a key that only this user may read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
