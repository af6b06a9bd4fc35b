"""A copy of a node's whole data folder gives nobody away."""

import base64
import gzip
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from amana.access.rules import Role
from amana.identification.answers import Given
from amana.identification.tests.builders import answers_yielding
from amana.node import demo, two_weeks
from amana.node.persona import Unexpected
from amana.node.processes import running
from amana.standards import codes, openrosa
from amana.standards.instruments import shelf
from tests.journeys.scan import planted_in, spellings

pytestmark = [pytest.mark.nodes, pytest.mark.xdist_group("browser")]

# A socket holds nothing, and cannot be copied.
NO_SOCKETS = shutil.ignore_patterns("*.socket")
READABLE = re.compile(rb"[ -~]{8,}")
ROOT = Path(__file__).parents[2]
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


# Invented words for what another program sends: who, where, and in the person's own words.
BROUGHT = ("Sidonie Kpangbalé", "Derb Oulad Zriouil", "il a gardé mon passeport vert")
REFUSED = ("Gninlnan Tchétché", "Hay Bouchentouf", "la dame au foulard ocre")


def submission(number: int, words: tuple[str, str, str], **more: Any) -> bytes:
    """Return a submission of ODK that says these words; `more` may make it one at fault."""
    alias, place, own = words
    told = answers_yielding(
        ("T1", "D1", "X1"), alias=alias, place=place, age_band="18_24", minor="no", sex="F", **more
    )
    rapid, instance = shelf().find("rapid-screening"), f"uuid:6c1f2b7e-3d55-4c3a-9a51-{number:012}"
    return openrosa.write(rapid, Given(told, {"q06": own}), instance)


def test_nothing_of_a_submission_lies_in_clear_whichever_way_it_came_and_however_it_ended(
    tmp_path: Path,
) -> None:
    made = next(
        n
        for n in demo.make_nodes(tmp_path / "nodes", dict.fromkeys(demo.PORTS, 0))
        if n.config.country == "MA"
    )
    good = [submission(n, BROUGHT) for n in (1, 2)]
    # Two ways to be refused: an age that cannot be, and a file that ends in the middle.
    bad = [submission(3, REFUSED, age=7), submission(4, REFUSED)[:-60]]
    for number, content in enumerate((good[0], *bad)):
        (tmp_path / f"{number}.xml").write_bytes(content)

    with running(made.data) as (node,):
        worker = two_weeks.country(node, "Inventée", "+212 5 00").who(Role.CASE_WORKER).sign_in()
        page = worker.upload("/screen/bring", {"sent": "1"}, "a.xml", good[1])
        for content in bad:
            with pytest.raises(Unexpected, match="422"):
                worker.upload("/screen/bring", {"sent": "1"}, "b.xml", content)
        command = [sys.executable, "-m", "amana", "import", "openrosa"]
        files = [tmp_path / f"{n}.xml" for n in range(3)]
        subprocess.run([*command, *files, "--data", made.data], check=False, cwd=ROOT)
        copy = shutil.copytree(made.data, tmp_path / "copy", ignore=NO_SOCKETS)

    assert page.path.startswith("/screen/sent/")
    with closing(sqlite3.connect(copy / "db" / "amana.sqlite3")) as database:
        assert database.execute("select count(*) from identification_screening").fetchone() == (2,)
    assert planted_in(copy, [*BROUGHT, *REFUSED]) == []


def test_indicators_answers_and_class_lie_sealed(demo_nodes: Any, tmp_path: Path) -> None:
    """Only codes of age, sex and country, milestones and dates stand in clear."""
    sealed = ["CLASS", "RISK", "CONSENT_GROUND", "CONSENT_MODE", "DECLINE_REASON", "NEEDS"]
    sealed += ["FORMAL_STATE", "FORMAL_AUTHORITY", "SKIP_REASON"]
    secret = {code for name in sealed for code in codes.values(name) if len(code) > 4}
    indicators = {f'"{c}"' for c in shelf().find("field-catalogue").reader.alphabet.codes}

    for copy in copies_of(demo_nodes, tmp_path):
        text = "\n".join(_clear_values(copy / "db" / "amana.sqlite3"))
        assert not [word for word in secret | indicators if word in text]


def test_an_indicator_in_the_clear_would_be_seen(tmp_path: Path) -> None:
    """What is planted in a text and in a blob is found; the noise of a sealed blob is not text."""
    path = tmp_path / "planted.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table t (a, b)")
        sealed = bytes(range(128, 256)) + b'"P4"' + bytes(range(128, 256))
        database.execute(
            "insert into t values (?, ?)", ('["P1", "P2"]', b'\x00\xff{"class": "P3"}')
        )
        database.execute("insert into t values (null, ?)", (sealed,))
        database.commit()

    text = "\n".join(_clear_values(path))

    assert [code for code in ('"P1"', '"P2"', '"P3"', '"P4"') if code in text] == [
        '"P1"',
        '"P2"',
        '"P3"',
    ]


def _clear_values(path: Path) -> list[str]:
    """Return every text value of a database, and every run in a blob that reads as text.

    A run has eight printable bytes: four are noise that sealed bytes make by themselves.
    """
    database = sqlite3.connect(path)
    tables = [
        row[0] for row in database.execute("select name from sqlite_master where type='table'")
    ]
    values = []
    for table in tables:
        for row in database.execute(f'select * from "{table}"'):  # noqa: S608 - names from the schema
            for value in row:
                if isinstance(value, bytes):
                    values.extend(run.decode() for run in READABLE.findall(value))
                elif value is not None:
                    values.append(str(value))
    database.close()
    return values
