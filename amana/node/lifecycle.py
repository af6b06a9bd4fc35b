"""Making a node: its directory, its keys, its database, its first people, its partners."""

import json
import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from amana.access.rules import CARE, DESK, TEAM_OF, Role
from amana.audit.rules import log_name
from amana.crypto.hybrid import public_of
from amana.crypto.notes import keys_of
from amana.crypto.passwords import new_password
from amana.crypto.secrets import Seed, new_seed, token
from amana.crypto.signing import sign_public_of
from amana.exchange.directory import party_fields, sign_directory
from amana.node.config import NodeConfig, load, write, write_secret
from amana.standards import countries

DIRECTORY_LIFE = timedelta(days=365)


@dataclass(frozen=True)
class Person:
    """Somebody who gets an account when the node is made."""

    sign_in_name: str
    name: str
    role: Role
    password: str


def founders() -> list[Person]:
    """Return one account for each role, with passwords that are shown once."""
    return [
        Person(
            r.name.lower().replace("_", "-"), r.name.title().replace("_", " "), r, new_password()
        )
        for r in Role
    ]


def cast_of(country: str) -> list[Person]:
    """Return the invented people of a demo node; they share one printed password."""
    from amana.node import cast  # noqa: PLC0415 - a real node never loads it

    return [Person(login, name, role, cast.PASSWORD) for login, name, role in cast.staff(country)]


def use(data: Path) -> None:
    """Point this process at a node's directory and start Django in it. Once per process."""
    os.environ["AMANA_DATA"] = str(data.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amana.node.settings")
    import django  # noqa: PLC0415 - only after the directory is known

    django.setup()


def lay_out(data: Path, config: NodeConfig) -> None:
    """Make the directory of a new node: node.json and the keys that lie on disk."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in ("db", "keys", "media", "tmp", "log"):
        (data / folder).mkdir(mode=0o700, exist_ok=True)
    write_secret(data / "keys" / "node.seed", new_seed().reveal())
    write_secret(data / "keys" / "root.seed", new_seed().reveal())
    write_secret(data / "keys" / "web", token().hex().encode())
    write(data, config)


def found(data: Path, people: list[Person], now: datetime) -> None:
    """Make the tables, the teams and the first accounts, and sign the directory.

    The teams' seeds exist in the clear only here, until their first members hold them.
    """
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from amana.access import actions  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    config, own_seed, _ = load(data)
    seeds = {CARE: new_seed(), DESK: new_seed()}
    addresses = {CARE: config.unit, DESK: config.desk}
    with transaction.atomic():
        teams = {
            code: actions.make_team(code=code, address=addresses[code], seed=seed)
            for code, seed in seeds.items()
        }
        for person in people:
            account = actions.make_account(
                sign_in_name=person.sign_in_name,
                name=person.name,
                role=person.role,
                password=person.password,
                now=now,
                by="init",
            )
            code = TEAM_OF.get(person.role)
            if code:
                actions.admit(
                    team=teams[code], seed=seeds[code], account=account, now=now, by="init"
                )
    sign(data, own_seed, version=1, now=now)


def sign(data: Path, own_seed: Seed, *, version: int, now: datetime) -> None:
    """Sign what partners read of this node, with the country's root."""
    from amana.access.queries import team  # noqa: PLC0415

    config, _, _ = load(data)
    root = Seed((data / "keys" / "root.seed").read_bytes())
    parties: dict[str, Any] = {
        "node": party_fields(
            f"{config.country}/NODE",
            {"en": config.name},
            public_of(own_seed),
            sign_public_of(own_seed),
        )
    }
    for key, code in (("desk", DESK), ("unit", CARE)):
        row = team(code)
        parties[key] = party_fields(
            row.address, {"en": config.name}, bytes(row.recipient), bytes(row.signer)
        )
    fields = {
        "format": "amana/directory/v1",
        "country": config.country,
        "version": version,
        "expires_at": (now + DIRECTORY_LIFE).isoformat(),
        "url": config.url,
        "host": config.host,
        "phone": config.phone,
        "log": [
            str(key) for key in keys_of(own_seed, log_name(config.country, config.incarnation))
        ],
        **parties,
    }
    half = data / "directory.json.new"
    half.write_bytes(sign_directory(fields, root))
    half.replace(data / "directory.json")


def move(data: Path, port: int) -> None:
    """Give a node another port and sign a new version of its directory, for its peers to pin."""
    config, own_seed, _ = load(data)
    url = f"http://127.0.0.1:{port}" if config.is_demo else config.url
    write(data, replace(config, port=port, public_port=port, url=url))
    use(data)
    from django.conf import settings  # noqa: PLC0415

    sign(data, own_seed, version=_version(data) + 1, now=settings.CLOCK.now())


def _version(data: Path) -> int:
    outer = json.loads((data / "directory.json").read_text())
    return int(json.loads(outer["directory"])["version"])


def config_for(country: str, *, port: int, is_demo: bool, **given: Any) -> NodeConfig:
    """Return a node's configuration with what its country implies."""
    known = countries.known(country)
    name = f"Amana {countries.label(known, 'fr')}"
    host = f"{known.lower()}.localhost" if is_demo else given.pop("host")
    url = f"http://127.0.0.1:{port}" if is_demo else given.pop("url")
    return NodeConfig(
        country=known,
        name=given.pop("name", None) or name,
        desk=given.pop("desk", None) or f"{known}/GOV/national/referral-desk",
        unit=given.pop("unit", None) or f"{known}/GOV/national/care",
        url=url,
        host=host,
        port=port,
        public_port=port,
        language=given.pop("language", None) or "fr",
        is_demo=is_demo,
        phone=given.pop("phone", None) or PHONES.get(known, ""),
        exit_url="https://www.wikipedia.org/",
        retry_base=0.5 if is_demo else 30.0,
        **given,
    )


# Public hotlines: Côte d'Ivoire 116 (children), Morocco 0800004747 (trafficking).
PHONES = {"CI": "116", "MA": "0800004747"}
