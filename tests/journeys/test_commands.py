"""The command line, as a person meets it: what it prints, how it fails, what it leaves behind."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from amana.node.config import load
from tests.needs import need

ROOT = Path(__file__).resolve().parents[2]
INVENTED = ROOT / "tests" / "vectors" / "ctdc" / "invented.csv"
RELEASE = ROOT.parent / "shared" / "data" / "ctdc" / "ctdc_global_synthetic_2021-08-25.csv.gz"

pytestmark = pytest.mark.nodes


def amana(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as its own process."""
    return subprocess.run(
        [sys.executable, "-m", "amana", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def assess(tmp_path: Path, given: Any) -> "subprocess.CompletedProcess[str]":
    file = tmp_path / "facts.json"
    file.write_text(given if isinstance(given, str) else json.dumps(given))
    return amana("assess", str(file), "--json")


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A fresh demo node of Morocco."""
    data = tmp_path / "ma"
    made = amana("node", "init", "--demo", "--country", "MA", "--data", str(data))
    assert made.returncode == 0, made.stderr
    return data


def test_assess_names_rules_fired_and_noted_and_keeps_the_order_of_its_answer(
    tmp_path: Path,
) -> None:
    done = assess(
        tmp_path, {"minor": "yes", "situation": "separated", "indicators": ["T1", "X1", "R1"]}
    )

    read = json.loads(done.stdout)
    expected = {
        "primary": "TRAITE_PRESUMEE",
        "also": ["ENFANT_A_RISQUE"],
        "rules": [1, 4],
        "fired": ["T1", "X1"],
        "noted": ["R1"],
        "next_steps": read["next_steps"],
        "rescreen_in_days": None,
        "class": "TRAITE_PRESUMEE",
        "vulnerabilities": [],
        "why": {"1": ["T1", "X1"], "4": ["X1"]},
        "missing": [],
        "contradictions": [],
    }
    assert {key: read[key] for key in expected} == expected
    assert list(read)[: len(expected)] == list(expected)
    assert read["next_steps"]
    assert (done.returncode, done.stderr) == (0, "")


def test_assess_reads_a_list_and_answers_with_a_list(tmp_path: Path) -> None:
    facts = {"minor": "no", "situation": "unknown", "indicators": ["SM1"]}

    read = json.loads(assess(tmp_path, [facts, facts]).stdout)

    assert [r["rescreen_in_days"] for r in read] == [30, 30]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"minor": "yes", "situation": "alone", "indicators": ["T1", "QQ"]}, "QQ"),
        ({"minor": "perhaps", "situation": "alone", "indicators": []}, "minor"),
        ({"minor": "yes", "indicators": []}, "situation"),
        ([{"minor": "yes", "situation": "alone", "indicators": ["zz"]}], "item 1"),
        ("{", "not JSON"),
        ([3], "item 1"),
    ],
)
def test_assess_refuses_bad_facts_in_one_line_that_says_where(
    tmp_path: Path, given: Any, said: str
) -> None:
    done = assess(tmp_path, given)

    assert done.returncode == 1
    assert done.stdout == ""
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [(), ("nonsense",), ("assess",), ("node", "init"), ("corridor", "--fail", "7"), ("verify",)],
)
def test_wrong_usage_is_exit_code_two(arguments: tuple[str, ...]) -> None:
    assert amana(*arguments).returncode == 2


@pytest.mark.parametrize(
    "arguments", [(), ("node",), ("demo",), ("assess",), ("import", "ctdc"), ("corridor",)]
)
def test_every_command_has_help_that_reads_well(arguments: tuple[str, ...]) -> None:
    done = amana(*arguments, "--help")

    assert done.returncode == 0
    assert "usage: amana" in done.stdout


def test_a_folder_that_is_no_node_is_said_to_be_none(tmp_path: Path) -> None:
    done = amana("verify", "--data", str(tmp_path))

    assert done.returncode == 1
    assert "is not a node's directory" in done.stderr


def test_verify_proves_a_whole_record_and_names_the_first_altered_entry(node: Path) -> None:
    whole = amana("verify", "--data", str(node))
    assert whole.returncode == 0, whole.stderr
    database = sqlite3.connect(node / "db" / "amana.sqlite3")
    # Whoever holds the file can drop the guards; the hashes are what he cannot mend unseen.
    database.execute("drop trigger audit_entry_is_final")
    database.execute("update audit_entry set event = replace(event, 'a', 'b') where seq in (5, 7)")
    database.commit()
    database.close()

    altered = amana("verify", "--data", str(node))

    assert altered.returncode == 1
    assert "entry 5 is altered" in altered.stderr


def test_verify_names_an_entry_that_was_cut_from_the_middle_or_from_the_end(node: Path) -> None:
    database = sqlite3.connect(node / "db" / "amana.sqlite3")
    last = database.execute("select max(seq) from audit_entry").fetchone()[0]
    database.execute("drop trigger audit_entry_is_kept")
    database.execute("delete from audit_entry where seq = ?", (last,))
    database.commit()
    cut_at_the_end = amana("verify", "--data", str(node))
    database.execute("delete from audit_entry where seq = 3")
    database.commit()
    database.close()

    assert f"entry {last} is missing" in cut_at_the_end.stderr
    assert "entry 3 is missing" in amana("verify", "--data", str(node)).stderr


def test_the_database_itself_refuses_to_rewrite_the_record(node: Path) -> None:
    database = sqlite3.connect(node / "db" / "amana.sqlite3")

    for act in (
        "delete from audit_entry where seq = 1",
        "update audit_entry set event = x'00' where seq = 1",
        "update audit_entry set leaf = x'00' where seq = 1",
        "update audit_entry set salt = x'', event = x'' where seq = 1",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            database.execute(act)
    database.close()

    assert amana("verify", "--data", str(node)).returncode == 0


def test_an_import_registers_each_row_once_and_lists_what_it_cannot_say(node: Path) -> None:
    selection = ("--exploited-in", "MAR", "--data", str(node), "--json")

    first = json.loads(amana("import", "ctdc", str(INVENTED), *selection).stdout)
    again = json.loads(amana("import", "ctdc", str(INVENTED), *selection).stdout)

    assert first["imported"] == first["read"] > 0
    assert again["imported"] == 0
    assert again["known"] == first["read"]
    assert sum(first["by_class"].values()) == first["read"]


def test_a_bad_row_at_the_end_imports_nothing_and_says_line_and_column(
    node: Path, tmp_path: Path
) -> None:
    lines = INVENTED.read_text().splitlines()
    spoiled = tmp_path / "spoiled.csv"
    spoiled.write_text("\n".join([*lines, "year" + lines[-1][4:]]) + "\n")

    done = amana("import", "ctdc", str(spoiled), "--data", str(node))

    assert done.returncode == 1
    assert f"line {len(lines) + 1}" in done.stderr
    database = sqlite3.connect(node / "db" / "amana.sqlite3")
    kept = database.execute("select count(*) from identification_screening").fetchone()[0]
    database.close()
    assert kept == 0


@pytest.mark.shared
def test_all_310_rows_of_people_exploited_in_morocco_import(node: Path) -> None:
    need("shared", RELEASE.exists(), "needs ../shared/data/ctdc, which is not here")

    done = amana(
        "import", "ctdc", str(RELEASE), "--exploited-in", "MAR", "--data", str(node), "--json"
    )

    report = json.loads(done.stdout)
    assert report["read"] == report["imported"] == 310


def test_the_corridor_of_the_invented_file_loses_and_doubles_nothing() -> None:
    done = amana("corridor", "--fail", "0.4", "--json")

    found = json.loads(done.stdout)
    rows = [line for line in INVENTED.read_text().splitlines() if ",CIV,MAR," in line]
    assert found["read"] == found["accepted"] == found["offers"] == len(rows) > 0
    assert found["lost"] == found["doubled"] == 0
    assert found["failed_deliveries"] > 0
    assert done.returncode == 0


def test_a_node_moves_to_another_port_and_signs_its_directory_anew(node: Path) -> None:
    before = json.loads(json.loads((node / "directory.json").read_text())["directory"])

    moved = amana("node", "init", "--data", str(node), "--port", "8765")

    after = json.loads(json.loads((node / "directory.json").read_text())["directory"])
    assert moved.returncode == 0, moved.stderr
    assert after["version"] == before["version"] + 1
    assert after["url"].endswith(":8765")
    assert load(node)[0].port == 8765


def test_a_peer_is_pinned_only_with_the_fingerprint_that_two_people_compared(
    node: Path, tmp_path: Path
) -> None:
    other = tmp_path / "ci"
    amana("node", "init", "--demo", "--country", "CI", "--data", str(other))
    file = str(other / "directory.json")

    unseen = amana("node", "init", "--data", str(node), "--peer", file)
    wrong = amana("node", "init", "--data", str(node), "--peer", file, "--fingerprint", "dead beef")
    # Twelve words to be read aloud, and the sixteen groups that they stand for.
    shown = " ".join(unseen.stderr.partition(" (or --fingerprint)")[0].split()[-16:])
    right = amana("node", "init", "--data", str(node), "--peer", file, "--fingerprint", shown)

    assert (unseen.returncode, wrong.returncode, right.returncode) == (1, 1, 0)
    assert "unknown_sender" in wrong.stderr
    status = json.loads(amana("node", "status", "--data", str(node), "--json").stdout)
    assert status["peers"] == ["CI"]
