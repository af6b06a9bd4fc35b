"""A copy of a node's whole data folder gives nobody away."""

import base64
import gzip
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from amana.standards import codes
from amana.standards.instruments import shelf
from tests.journeys.scan import planted_in, spellings

pytestmark = [pytest.mark.nodes, pytest.mark.xdist_group("browser")]

# A socket holds nothing, and cannot be copied.
NO_SOCKETS = shutil.ignore_patterns("*.socket")
WORD = "Nafissatou Gbagbelé"


@pytest.mark.parametrize("encoding", [name for name, _ in spellings(WORD)])
def test_the_scan_finds_a_planted_word_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    raw = dict(spellings(WORD))[encoding]
    (tmp_path / "leak.bin").write_bytes(b"\x00\x01 before " + raw + b" after")

    assert encoding in {find.encoding for find in planted_in(tmp_path, [WORD])}


def test_the_scan_finds_a_word_in_the_middle_of_base64_and_in_a_compressed_file(
    tmp_path: Path,
) -> None:
    for shift in range(3):
        hidden = base64.b64encode(b"x" * shift + WORD.encode() + b"yz")
        (tmp_path / f"b{shift}").write_bytes(hidden)
    (tmp_path / "z").write_bytes(b"head" + gzip.compress(WORD.encode()))

    assert {find.file for find in planted_in(tmp_path, [WORD])} == {"b0", "b1", "b2", "z"}


def copies_of(demo_nodes: Any, tmp_path: Path) -> list[Path]:
    """Copy both nodes' folders while they run: database, WAL, keys, logs, temporary files."""
    return [
        Path(shutil.copytree(node.data, tmp_path / node.data.name, ignore=NO_SOCKETS))
        for node in demo_nodes.nodes
    ]


def test_neither_node_s_folder_holds_a_name_a_phone_a_place_or_a_narrative(
    demo_nodes: Any, tmp_path: Path
) -> None:
    typed = json.loads((demo_nodes.home / "typed.json").read_text())
    words = [word for kind in ("names", "phones", "places", "narratives") for word in typed[kind]]
    assert min(len(typed[kind]) for kind in typed) >= 5

    for copy in copies_of(demo_nodes, tmp_path):
        assert (copy / "db" / "amana.sqlite3").stat().st_size > 100_000
        assert planted_in(copy, words) == []


def test_indicators_answers_and_class_lie_sealed(demo_nodes: Any, tmp_path: Path) -> None:
    """Only codes of age, sex and country, milestones and dates stand in clear."""
    sealed = ["CLASS", "RISK", "CONSENT_GROUND", "CONSENT_MODE", "DECLINE_REASON", "NEEDS"]
    sealed += ["FORMAL_STATE", "FORMAL_AUTHORITY", "SKIP_REASON"]
    secret = {code for name in sealed for code in codes.values(name) if len(code) > 4}
    indicators = {f'"{c}"' for c in shelf().find("field-catalogue").reader.alphabet.codes}

    for copy in copies_of(demo_nodes, tmp_path):
        text = "\n".join(_clear_values(copy / "db" / "amana.sqlite3"))
        assert not [word for word in secret | indicators if word in text]


def _clear_values(path: Path) -> list[str]:
    """Return every text value of a database, and every blob that reads as text."""
    database = sqlite3.connect(path)
    tables = [
        row[0] for row in database.execute("select name from sqlite_master where type='table'")
    ]
    values = []
    for table in tables:
        for row in database.execute(f'select * from "{table}"'):  # noqa: S608 - names from the schema
            for value in row:
                if isinstance(value, bytes):
                    values.append(value.decode("utf-8", "ignore"))
                elif value is not None:
                    values.append(str(value))
    database.close()
    return values
