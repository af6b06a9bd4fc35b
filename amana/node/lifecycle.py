"""Making a node: its directory, its keys, its database, its first people, its partners."""

import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amana.access.rules import CARE, DESK, GLASS, OFFICER_ROLES, TEAM_KINDS, Role
from amana.audit.rules import log_name
from amana.crypto.hybrid import public_of
from amana.crypto.notes import keys_of
from amana.crypto.passwords import new_password
from amana.crypto.secrets import Seed, new_seed, token
from amana.crypto.signing import sign_public_of
from amana.exchange import trust
from amana.exchange.directory import directory_text, party_fields, sign_text
from amana.node.config import NodeConfig, load, write, write_secret
from amana.standards import countries

if TYPE_CHECKING:
    from amana.access.actions import FirstLock

DRAFT = "directory.draft.json"


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
    if config.is_demo:
        # A real country's root never lies here: amana.node.root, on a machine without a network.
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
    sign(data, own_seed, now=now)


def teams_of(person: Person) -> tuple[str, ...]:
    """Return the teams in which a person stands: her own, or the first of each kind she may."""
    return person.teams or TEAM_KINDS.get(person.role, ())


def kind_of(code: str) -> str:
    """Return the kind of a founded team: `care-2` is a second one of kind `care`."""
    return code.partition("-")[0]


def _address(config: NodeConfig, code: str) -> str:
    known = {CARE: config.unit, DESK: config.desk}
    return known.get(code, f"{config.country}/GOV/national/{code}")


def draft(data: Path, own_seed: Seed, *, now: datetime) -> dict[str, Any]:
    """Return what this node would publish next: read by people, and signed by two of them."""
    from amana.access.queries import published_keys, team  # noqa: PLC0415 - needs the settings
    from amana.exchange import queries  # noqa: PLC0415
    from amana.exchange.actions import kinds  # noqa: PLC0415

    config, _, _ = load(data)
    parties: dict[str, Any] = {
        "node": party_fields(
            f"{config.country}/NODE",
            {"en": config.name},
            public_of(own_seed),
            sign_public_of(own_seed),
        )
    }
    desk, unit = team(DESK), team(CARE)
    # The desk's key of today, which this directory is to make known; the unit's stays.
    known = {"desk": (desk, bytes(desk.recipient), bytes(desk.signer))}
    known["unit"] = (unit, *published_keys(unit))
    for key, (row, public, signer) in known.items():
        parties[key] = party_fields(row.address, {"en": config.name}, public, signer)
    last = queries.own_directory()
    years = [now.year, now.year + 1]
    return {
        "format": "amana/directory/v1",
        "country": config.country,
        "version": last.version + 1 if last else 1,
        "expires_at": (now + trust.LIFE).isoformat(),
        "url": config.url,
        "host": config.host,
        "phone": config.phone,
        "log": [
            str(key) for key in keys_of(own_seed, log_name(config.country, config.incarnation))
        ],
        **parties,
        "contacts": config.contacts,
        "years": years,
        "holidays": [
            {"day": h.day.isoformat(), "names": dict(h.names), "estimate": h.is_estimate}
            for h in queries.holidays(years)
        ],
        "schemas": {kind: ["1.0.0"] for kind in kinds()},
        "next_root": last.next_root if last else "",
        "revoked": {k: at.isoformat() for k, at in last.revoked.items()} if last else {},
        "former": trust.rows_of(queries.former_keys(last, bytes(desk.signer), now), now=now),
    }


def sign(data: Path, own_seed: Seed, *, now: datetime) -> bool:
    """Sign what partners read of this node with a demo's root, and publish it.

    A real node has no root: it lays the draft down for two officers, and the answer is False.
    """
    text = directory_text(draft(data, own_seed, now=now))
    root = data / "keys" / "root.seed"
    if not load(data)[0].is_demo or not root.exists():
        _write_whole(data / DRAFT, text.encode())
        return False
    publish(data, sign_text(text, Seed(root.read_bytes())), now=now)
    return True


def publish(data: Path, file: bytes, *, now: datetime) -> int:
    """Publish a signed directory; return its version. Raises Unacceptable."""
    from amana.exchange.actions.trusting import publish as take  # noqa: PLC0415

    row = take(file, now=now, by="init")
    # The database decides what counts; the file is the copy that people carry.
    _write_whole(data / "directory.json", bytes(row.file))
    (data / DRAFT).unlink(missing_ok=True)
    return int(row.version)


def sign_in_time(data: Path, *, now: datetime) -> bool:
    """Sign a demo's directory anew before it lapses; a real one's people are reminded instead."""
    from amana.exchange.actions.trusting import desk_key_waits  # noqa: PLC0415
    from amana.exchange.queries import own_directory  # noqa: PLC0415

    config, own_seed, _ = load(data)
    last = own_directory()
    if not config.is_demo or last is None:
        return False
    if last.expires_at - now > trust.REMINDER and not desk_key_waits():
        return False
    return sign(data, own_seed, now=now)


def _write_whole(path: Path, content: bytes) -> None:
    half = path.with_name(f"{path.name}.new")
    half.write_bytes(content)
    half.replace(path)


def move(data: Path, port: int) -> bool:
    """Give a node another port and sign a new version of its directory; say whether it could."""
    config, own_seed, _ = load(data)
    url = f"http://127.0.0.1:{port}" if config.is_demo else config.url
    write(data, replace(config, port=port, public_port=port, url=url))
    use(data)
    from django.conf import settings  # noqa: PLC0415

    return sign(data, own_seed, now=settings.CLOCK.now())


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
        contacts=demo_contacts(known) if is_demo else [],
        **given,
    )


def demo_contacts(country: str) -> list[dict[str, Any]]:
    """Return the invented numbers of a demo's desk: of a form that no network gives out."""
    prefix = {"CI": "+225 00 00 00 00", "MA": "+212 0 00 00 00"}.get(country, "+000 00 00 00")
    hours = {"opens": "08:00", "closes": "18:00"}
    rows: tuple[tuple[str, int, dict[str, str]], ...] = (
        ("DUTY_DESK", 2, {}),
        ("ALTERNATE", 1, {}),
        ("BACKUP", 1, {}),
        ("EMERGENCY_BED", 1, {}),
        ("CHILD_OFFICER", 1, hours),
        ("JUDICIAL", 1, hours),
        ("CONSULAR", 1, hours),
    )
    languages = {"CI": ["fr"], "MA": ["fr", "ar"]}.get(country, ["fr"])
    return [
        {
            "function": function,
            "phones": [f"{prefix} {n}{i}" for i in range(count)],
            "languages": languages,
            **more,
        }
        for n, (function, count, more) in enumerate(rows, 1)
    ]


# Public hotlines: Côte d'Ivoire 116 (children), Morocco 0800004747 (trafficking).
PHONES = {"CI": "116", "MA": "0800004747"}
