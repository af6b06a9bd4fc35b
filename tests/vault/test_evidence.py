"""What one country proves of a referral, read by a stranger's program that holds nothing of ours.

Two nodes run, a referral is offered, opened and acknowledged between them, both export, and the
stand-alone verifier is asked in a process that cannot import amana.
"""

import ast
import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from amana.crypto.secrets import Seed
from amana.crypto.signing import key_id, sign
from amana.exchange.directory import directory_text, fingerprint_in, read_file, sign_text
from amana.node import demo
from amana.node.processes import running
from tests.faults.mutants import MUTANTS, TOOLS, Mutant
from tests.vault.nodes import ROOT, Done, Place

pytestmark = [pytest.mark.nodes, pytest.mark.xdist_group("browser")]

VERIFIER = ROOT / "tools" / "verify_evidence.py"
PATIENCE = 60.0
DESK_OPENS = """
from amana.exchange.actions import open_messages
opened, refused = open_messages(actor=signed_in(Role.DESK), now=now())
answer = [opened, [str(r) for r in refused]]
"""
OFFERS = """
from tests.faults.letters import offered
roles = (Role.FIRST_RESPONDER, Role.CASE_WORKER, Role.SUPERVISOR, Role.DESK)
actors = {role: signed_in(role) for role in roles}
answer = offered(actors, given["to"], now()).code
"""
ACKNOWLEDGES = """
from amana.referrals import actions as referrals, queries as told
desk = signed_in(Role.DESK)
referrals.acknowledge(referral=told.by_code(given["referral"]), actor=desk, now=now())
answer = ""
"""


def verify(file: Path, *roots: str) -> Done:
    """Ask the stranger's program: alone in a folder, and with no way to find amana."""
    return subprocess.run(
        [sys.executable, "-I", VERIFIER, file, *roots],
        capture_output=True,
        text=True,
        check=False,
        cwd=file.parent,
    )


def test_the_verifier_can_be_read_at_a_sitting_and_imports_nothing_of_amana() -> None:
    text = VERIFIER.read_text()
    assert len(text.splitlines()) <= 200
    tree = ast.walk(ast.parse(text))
    named = {
        name.partition(".")[0]
        for node in tree
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        )
    }
    assert named - set(sys.stdlib_module_names) == {"cryptography"}


@dataclass
class Exported:
    """What both countries exported of the same referral, and what it takes to check it."""

    files: dict[str, Path]
    roots: list[str]
    places: dict[str, Place]

    def told(self, country: str) -> Any:
        return json.loads(json.loads(self.files[country].read_text())["evidence"])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    home = tmp_path_factory.mktemp("proof")
    nodes = demo.make_nodes(home, {"CI": 0, "MA": 0})
    places = {node.config.country: Place(node.data) for node in nodes}
    with running(*(node.data for node in nodes)):
        code = places["MA"].ask(OFFERS, to="CI")
        until(lambda: places["CI"].ask(DESK_OPENS)[0] == 1)
        places["CI"].ask(ACKNOWLEDGES, referral=code)
        until(lambda: places["MA"].ask(DESK_OPENS)[0] == 1)
        until(lambda: at_rest(places))
    files = {}
    for country, place in places.items():
        files[country] = home / f"{country}.json"
        place.do("evidence", code, "--data", place.data, "--out", files[country])
    roots = [fingerprint_in((p.data / "directory.json").read_bytes()) for p in places.values()]
    return Exported(files, roots, places)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def at_rest(places: dict[str, Place]) -> bool:
    """Say whether every receipt is there and each country vouched for all that the other did."""
    said = {
        c: json.loads(p.do("node", "status", "--json", "--data", p.data)) for c, p in places.items()
    }
    here, there = said["CI"], said["MA"]
    vouched = all(
        max((w["size"] for w in one["witnesses"]), default=0) >= one["record"]["entries"]
        for one in (here, there)
    )
    return vouched and not sum([*here["waiting"].values(), *there["waiting"].values()])


def test_what_each_country_exports_is_proven_to_a_stranger(exported: Exported) -> None:
    for file in exported.files.values():
        done = verify(file, *exported.roots)
        assert done.returncode == 0, done.stderr
        assert "the desk of CI signed that a person opened it" in done.stdout
        assert "the desk of MA signed that a person opened it" in done.stdout
        assert "exchange.post" in done.stdout
        assert "exchange.open_message" in done.stdout
        assert "vouched for by" in done.stdout


def test_both_countries_export_the_same_messages_and_the_same_receipts(exported: Exported) -> None:
    ci, ma = (
        [{k: m[k] for k in ("mid", "from", "to", "sha256", "receipts")} for m in told["messages"]]
        for told in (exported.told("CI"), exported.told("MA"))
    )
    assert len(ci) == 2
    assert ci == ma


def test_another_root_is_not_believed(exported: Exported) -> None:
    other = "0" * 64
    for roots in ((exported.roots[0], other), (exported.roots[0],), (*exported.roots, other)):
        done = verify(exported.files["CI"], *roots)
        assert done.returncode == 1
        assert "NOT PROVEN" in done.stderr


# Where an untrue word could stand, although whoever exports signs it: a dishonest exporter.
def leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*way, key))
    else:
        yield way


def at(value: Any, way: tuple[Any, ...]) -> Any:
    for key in way:
        value = value[key]
    return value


# Where one bit of a letter makes it none of base64, the letter beside it. Otherwise the nothing
# that a receipt is filled up with would be tried by nobody but the reader of base64.
BESIDE = dict(zip("AZaz+/", "BYby/+", strict=True))


def flipped(text: str, place: int) -> str:
    """Return the text with one character that stands for other bits."""
    letter = text[place]
    return text[:place] + BESIDE.get(letter, chr(ord(letter) ^ 1)) + text[place + 1 :]


def in_process(text: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"__name__": "verifier"}
    code = compile(text or VERIFIER.read_text(), str(VERIFIER), "exec")
    exec(code, found)  # noqa: S102 - thousands of runs
    return found


def is_proven(tool: dict[str, Any], file: str, roots: set[str]) -> bool:
    try:
        tool["verify"](file, roots)
    except Exception:  # noqa: BLE001 - as the program itself does
        return False
    return True


# Said by whoever exports and proven by nothing but his signature.
SAID_ALONE = {("at",), ("reference",)}


def believed(exported: Exported, country: str, tool: dict[str, Any]) -> Iterator[tuple[Any, bool]]:
    """Give each place at which the evidence was changed, and whether the program believed it."""
    file = exported.files[country].read_text()
    roots = {root.replace(" ", "") for root in exported.roots}
    assert is_proven(tool, file, roots)

    # In the hands of the exporter, who signs what he altered: every field, its ends and between.
    told = exported.told(country)
    seed = Seed((exported.places[country].data / "keys" / "node.seed").read_bytes())
    for way in leaves(told):
        if way in SAID_ALONE:
            continue
        value = at(told, way)
        for place in sorted({0, len(value) - 1, *range(0, len(value), 97)}):
            spoiled = json.loads(json.dumps(told))
            at(spoiled, way[:-1])[way[-1]] = flipped(value, place)
            yield (way, place), is_proven(tool, signed(spoiled, seed), roots)

    # In the hands of anybody: a dense sample of the whole file, three bits of each byte.
    for place in range(0, len(file), 211):
        for bit in (0, 3, 6):
            other = file[:place] + chr(ord(file[place]) ^ (1 << bit)) + file[place + 1 :]
            yield (place, bit), is_proven(tool, other, roots)


@pytest.mark.parametrize("country", ["CI", "MA"])
def test_no_byte_of_the_evidence_can_be_another(exported: Exported, country: str) -> None:
    tried = list(believed(exported, country, in_process()))
    print(f"{country}: {len(tried)} flips")
    assert len(tried) > 600
    assert [place for place, is_believed in tried if is_believed] == []


@pytest.mark.parametrize(
    "mutant", [m for m in MUTANTS if m.room == TOOLS], ids=lambda m: m.name.split("program ")[1]
)
def test_a_program_that_looks_less_closely_is_seen(exported: Exported, mutant: Mutant) -> None:
    text = VERIFIER.read_text()
    assert text.count(mutant.line) == 1
    tool = in_process(text.replace(mutant.line, mutant.becomes))
    assert any(is_believed for _, is_believed in believed(exported, "CI", tool))


def signed(told: Any, seed: Seed) -> str:
    text = json.dumps(told, indent=1)
    signature = base64.b64encode(sign(seed, b"amana/evidence/v1\0", text.encode())).decode()
    return json.dumps({"evidence": text, "signature": signature}, indent=1)


def test_a_receipt_of_another_message_proves_nothing_of_this_one(exported: Exported) -> None:
    tool, told = in_process(), exported.told("MA")
    roots = {root.replace(" ", "") for root in exported.roots}
    seed = Seed((exported.places["MA"].data / "keys" / "node.seed").read_bytes())
    first, second = told["messages"]
    for part in ("receipts", "entries"):
        spoiled = json.loads(json.dumps(told))
        spoiled["messages"][0][part] = second[part]
        assert not is_proven(tool, signed(spoiled, seed), roots)
    assert first["receipts"] != second["receipts"]


RENEWS = """
from amana.exchange.actions.trusting import renew_desk_key
renew_desk_key(actor=signed_in(Role.DESK), now=now())
answer = ""
"""
KNOWS = """
from amana.exchange.models import Peer
answer = Peer.objects.get(pk=given["country"]).version
"""


@pytest.fixture(scope="module")
def renewed(exported: Exported, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Give one desk a new key, let the other country take that over, and export once more."""
    places, home = exported.places, tmp_path_factory.mktemp("renewed")
    with running(*(place.data for place in places.values())):
        before = places["MA"].ask(KNOWS, country="CI")
        places["CI"].ask(RENEWS)
        until(lambda: places["MA"].ask(KNOWS, country="CI") > before)
    files = {country: home / f"{country}.json" for country in places}
    for country, place in places.items():
        code = exported.told("CI")["reference"]
        place.do("evidence", code, "--data", place.data, "--out", files[country])
    return Exported(files, exported.roots, places)


def test_what_a_desk_signed_before_it_had_a_new_key_is_proven_still(renewed: Exported) -> None:
    for country, file in renewed.files.items():
        assert len(renewed.told(country)["directories"]) == 3
        done = verify(file, *renewed.roots)
        assert done.returncode == 0, done.stderr
        assert "the desk of CI signed that a person opened it" in done.stdout


def test_a_former_directory_is_believed_no_more_than_one_of_today(renewed: Exported) -> None:
    tool, told = in_process(), renewed.told("MA")
    roots = {root.replace(" ", "") for root in renewed.roots}
    seed = Seed((renewed.places["MA"].data / "keys" / "node.seed").read_bytes())
    assert is_proven(tool, signed(told, seed), roots)

    former = told["directories"][2]
    for place in range(0, len(former), 97):
        spoiled = told | {"directories": [*told["directories"][:2], flipped(former, place)]}
        assert not is_proven(tool, signed(spoiled, seed), roots)
    without = told | {"directories": told["directories"][:2]}
    assert not is_proven(tool, signed(without, seed), roots)


def test_what_a_key_signed_that_was_revoked_since_proves_nothing(renewed: Exported) -> None:
    tool, told = in_process(), renewed.told("MA")
    roots = {root.replace(" ", "") for root in renewed.roots}
    seeds = {
        name: Seed((renewed.places[country].data / "keys" / f"{name}.seed").read_bytes())
        for name, country in (("node", "MA"), ("root", "CI"))
    }
    files = [read_file(file.encode()) for file in told["directories"]]
    (today,) = (n for n, d in enumerate(files[:2]) if d.country == "CI")
    fields = json.loads(json.loads(told["directories"][today])["directory"])
    revoked = {key_id(files[2].desk.signer): told["at"]}
    text = directory_text(fields | {"revoked": revoked})
    told["directories"][today] = sign_text(text, seeds["root"]).decode()

    assert not is_proven(tool, signed(told, seeds["node"]), roots)
