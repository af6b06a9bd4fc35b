"""Containers of other hands: `bin/age-vectors` says where they come from and writes them anew."""

import hashlib
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from amana.crypto import age
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import CannotOpen, Seed

FOLDER = Path(__file__).parents[3] / "tests" / "vectors" / "age"
STORED = json.loads((FOLDER / "vectors.json").read_text())
SEED = age.seed_from(STORED["identity"])

# Other implementations open these two: one also names a classical recipient, one a made-up type.
MIXED = {"hybrid_and_x25519", "hybrid_grease"}


@pytest.mark.parametrize("vector", STORED["written_by_package"], ids=lambda vector: vector["file"])
def test_what_the_npm_package_wrote_opens_here(vector: dict[str, Any]) -> None:
    opened = age.decrypt(SEED, (FOLDER / vector["file"]).read_bytes())

    assert len(opened) == vector["size"]
    assert hashlib.sha256(opened).hexdigest() == vector["sha256"]


@pytest.mark.parametrize("vector", STORED["opened_by_package"], ids=lambda vector: vector["file"])
def test_what_the_npm_package_opened_was_written_here(vector: dict[str, Any]) -> None:
    opened = age.decrypt(SEED, (FOLDER / vector["file"]).read_bytes())

    assert hashlib.sha256(opened).hexdigest() == vector["sha256"]


def test_the_package_grows_the_same_public_key_from_the_seed() -> None:
    assert age.recipient(public_of(SEED)) == STORED["recipient"]
    assert age.identity(SEED) == STORED["identity"]


def test_a_container_that_the_package_also_wrote_to_a_classical_key_is_refused() -> None:
    container = (FOLDER / STORED["mixed_with_a_classical_recipient"]).read_bytes()

    assert b"\n-> X25519 " in container
    with pytest.raises(CannotOpen):
        age.decrypt(SEED, container)


@dataclass(frozen=True)
class Case:
    """One public test vector: lines of `name: value`, an empty line, a container."""

    name: str
    said: dict[str, str]
    container: bytes


def cases(kind: str) -> list[Case]:
    return [case(path) for path in sorted((FOLDER / "cctv").glob(f"{kind}*"))]


def case(path: Path) -> Case:
    lines, _, container = path.read_bytes().partition(b"\n\n")
    pairs = [line.split(": ", 1) for line in lines.decode().splitlines()]
    # Some name two identities; the hybrid one sorts last and is kept.
    said = dict(sorted((name, value) for name, value in pairs))
    return Case(path.name, said, zlib.decompress(container) if "compressed" in said else container)


@pytest.mark.parametrize("vector", cases("hybrid"), ids=lambda vector: vector.name)
def test_the_public_vectors_on_hybrid_recipients_hold(vector: Case) -> None:
    seed = age.seed_from(vector.said["identity"])

    if vector.said["expect"] == "success" and vector.name not in MIXED:
        opened = age.decrypt(seed, vector.container)
        assert hashlib.sha256(opened).hexdigest() == vector.said["payload"]
    else:
        with pytest.raises(CannotOpen):
            age.decrypt(seed, vector.container)


@pytest.mark.parametrize("vector", cases("stream"), ids=lambda vector: vector.name)
def test_the_public_vectors_on_the_payload_hold_under_a_hybrid_header(vector: Case) -> None:
    seed = Seed(bytes(range(32)))
    file_key = bytes.fromhex(vector.said["file key"])
    end = vector.container.index(b"\n", vector.container.index(b"\n---") + 1) + 1
    container = age._header([public_of(seed)], file_key) + vector.container[end:]

    if vector.said["expect"] == "success":
        opened = age.decrypt(seed, container)
        assert hashlib.sha256(opened).hexdigest() == vector.said["payload"]
    else:
        with pytest.raises(CannotOpen):
            age.decrypt(seed, container)
