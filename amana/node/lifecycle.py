"""Making a node: its directory, its keys, its database, its first people, its partners."""

import json
import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amana.access.rules import CARE, DESK, GLASS, OFFICER_ROLES, TEAM_KINDS, Role
from amana.audit.rules import log_name
from amana.crypto.hybrid import public_of
from amana.crypto.notes import keys_of
from amana.crypto.passwords import new_password
from amana.crypto.secrets import Seed, new_seed, token
from amana.crypto.signing import sign_public_of
from amana.exchange.directory import party_fields, sign_directory
from amana.node.config import NodeConfig, load, write, write_secret
from amana.standards import countries

if TYPE_CHECKING:
    from amana.access.actions import FirstLock

DIRECTORY_LIFE = timedelta(days=365)


@dataclass(frozen=True)
class Person:
    """Somebody who gets an account when the node is made."""

    sign_in_name: str
    name: str
    role: Role
    first: "FirstLock"
    teams: tuple[str, ...] = ()
    is_recovery_officer: bool = False


# Who a new node needs on its first day; two supervisors, because glass and recovery take two.
FOUNDERS = (
    ("first-responder", Role.FIRST_RESPONDER),
    ("case-worker", Role.CASE_WORKER),
    ("supervisor", Role.SUPERVISOR),
    ("supervisor-2", Role.SUPERVISOR),
    ("desk", Role.DESK),
    ("coordinator", Role.COORDINATOR),
    ("data-protection", Role.DATA_PROTECTION),
    ("administrator", Role.ADMINISTRATOR),
)
OFFICERS = OFFICER_ROLES


def founders() -> list[Person]:
    """Return the first people of a node, with passwords and phone secrets that are shown once."""
    from amana.access.actions import FirstLock  # noqa: PLC0415 - needs the settings

    return [
        Person(
            login,
            login.replace("-", " ").title(),
            role,
            FirstLock(new_password()),
            is_recovery_officer=role in OFFICERS,
        )
        for login, role in FOUNDERS
    ]


def cast_of(country: str) -> list[Person]:
    """Return the invented people of a demo node; they share one printed password."""
    from amana.access.actions import FirstLock  # noqa: PLC0415
    from amana.node import cast  # noqa: PLC0415 - a real node never loads it

    return [
        Person(
            m.sign_in_name,
            m.name,
            m.role,
            FirstLock(cast.PASSWORD),
            m.teams,
            is_recovery_officer=m.role in OFFICERS,
        )
        for m in cast.staff(country)
    ]


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
    codes = dict.fromkeys([CARE, DESK, GLASS, *(c for p in people for c in teams_of(p))])
    keys = {code: actions.new_team_keys(kind_of(code)) for code in codes}
    with transaction.atomic():
        teams = {
            code: actions.make_team(code=code, address=_address(config, code), keys=keys[code])
            for code in codes
        }
        # Officers first, so that everybody who comes after has shares with them.
        for person in sorted(people, key=lambda p: not p.is_recovery_officer):
            account = actions.make_account(
                sign_in_name=person.sign_in_name,
                name=person.name,
                role=person.role,
                first=person.first,
                now=now,
                by="init",
                is_recovery_officer=person.is_recovery_officer,
            )
            for code in teams_of(person):
                actions.admit(
                    team=teams[code], keys=keys[code], account=account, now=now, by="init"
                )
    sign(data, own_seed, version=1, now=now)


def teams_of(person: Person) -> tuple[str, ...]:
    """Return the teams in which a person stands: her own, or the first of each kind she may."""
    return person.teams or TEAM_KINDS.get(person.role, ())


def kind_of(code: str) -> str:
    """Return the kind of a founded team: `care-2` is a second one of kind `care`."""
    return code.partition("-")[0]


def _address(config: NodeConfig, code: str) -> str:
    known = {CARE: config.unit, DESK: config.desk}
    return known.get(code, f"{config.country}/GOV/national/{code}")


def sign(data: Path, own_seed: Seed, *, version: int, now: datetime) -> None:
    """Sign what partners read of this node, with the country's root."""
    from amana.access.queries import published_keys, team  # noqa: PLC0415

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
        parties[key] = party_fields(row.address, {"en": config.name}, *published_keys(row))
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


def config_for(country: str, *, port: int, is_demo: bool, keeper: str, **given: Any) -> NodeConfig:
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
        keeper=keeper,
        phone=given.pop("phone", None) or PHONES.get(known, ""),
        exit_url="https://www.wikipedia.org/",
        retry_base=0.5 if is_demo else 30.0,
        **given,
    )


# Public hotlines: Côte d'Ivoire 116 (children), Morocco 0800004747 (trafficking).
PHONES = {"CI": "116", "MA": "0800004747"}
