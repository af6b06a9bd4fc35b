"""Figures from the shell, as a statistician or an analyst meets them."""

import argparse
import csv
import json
import sqlite3
import subprocess
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from amana.access.rules import Role
from amana.knowledge.models import Publication
from amana.knowledge.tests.test_releases import with_a_crowd
from amana.node import cast, figures
from amana.node.persona import Persona
from amana.standards.tests.test_glotip import GOOD, HEAD, REAL
from tests.cast import Cast, name_of
from tests.journeys.test_commands_of_instruments import amana


def said(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_an_attack_says_what_follows_and_its_exit_code_says_whether(tmp_path: Path) -> None:
    falls = tmp_path / "falls.csv"
    falls.write_text("sex,value\n_T,10\nF,7\nM,..\n", encoding="utf-8")
    done = amana("attack", falls, "--json")
    assert done.returncode == 1
    assert said(done)["recovered_cells"] == [{"cell": "M", "value": 3, "by": "subtraction"}]
    holds = tmp_path / "holds.csv"
    holds.write_text("sex,value\n_T,10\nF,..\nM,..\n", encoding="utf-8")
    done = amana("attack", holds, "--limits", "--json")
    assert done.returncode == 0
    assert said(done)["limits"] == [
        {"cell": "F", "low": 0, "high": 10},
        {"cell": "M", "low": 0, "high": 10},
    ]
    broken = tmp_path / "broken.csv"
    broken.write_text("sex,value\nF,many\n", encoding="utf-8")
    done = amana("attack", broken)
    assert (done.returncode, done.stdout) == (1, "")
    assert "broken.csv: Line 2: 'many' is no number" in done.stderr


def test_unodcs_tables_are_read_and_their_broken_cells_told(tmp_path: Path) -> None:
    file = tmp_path / "glotip.csv"
    lines = (HEAD, f"{GOOD},Counts,7,GLOTIP", f"{GOOD},Counts,many,GLOTIP")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = said(amana("import", "glotip", file, "--json"))
    assert (found["rows"], found["broken"]) == (1, 1)
    assert found["broken_cells"][0]["line"] == 3
    assert "line 3, txtVALUE: many" in amana("import", "glotip", file).stdout


@pytest.mark.shared
def test_the_corridor_of_the_public_release_to_the_unit() -> None:
    file = REAL.parents[1] / "ctdc_global_synthetic_2021-08-25.csv.gz"
    found = said(amana("import", "ctdc", file, "--count", "--json"))
    assert found["rows"] == 193_025
    assert found["exploited_in"]["MAR"] == {"NGA": 207, "CIV": 45, "GIN": 34, "PHL": 3, "": 21}
    assert sum(found["exploited_in"]["MAR"].values()) == 310


def test_lists_say_what_is_not_loaded_and_what_has_no_counterpart() -> None:
    listed = amana("lists")
    assert "not loaded" in listed.stdout
    missing = said(amana("lists", "htcds.vic_TypeOfExploitation", "--to", "amana.SEX", "--json"))
    assert "ForcedLabour" in missing["unmapped"]
    assert amana("lists", "htcds.nothing").returncode == 1


def test_rows_that_nobody_is_are_drawn_again_from_kept_counts(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        people = [("F", "CHILD", "CI"), ("M", "ADULT", "ML")] * 400 + [("M", "CHILD", "XX")]
        csv.writer(lines).writerows([("sex", "age", "citizenship"), *people])
    once, again = tmp_path / "once", tmp_path / "again"
    assert amana("synthetic", file, "--to", once).returncode == 0
    assert amana("synthetic", once / "counts.json", "--again", "--to", again).returncode == 0
    rows = (once / "rows.csv").read_bytes()
    assert rows == (again / "rows.csv").read_bytes()
    # The one who is alone of his kind is in no row, no count and no codebook.
    for name in ("rows.csv", "counts.json", "codebook.json", "report.json"):
        assert b"XX" not in (once / name).read_bytes()
    assert b"error" not in (once / "report.json").read_bytes()


def test_the_hidden_population_comes_with_its_warnings(tmp_path: Path) -> None:
    file = tmp_path / "lists.csv"
    file.write_text("A,B,count\n1,0,40\n0,1,30\n1,1,10\n", encoding="utf-8")
    found = said(amana("hidden", file, "--draws", "50", "--json"))
    assert found["observed"] == 80
    assert "FEWER_THAN_THREE_LISTS" in found["warnings"]
    assert found["assumptions"]
    assert found["total_if_no_list_sends_to_another"]


def test_rows_are_published_and_how_near_they_came_is_said_to_the_statistician_alone(
    cast: Cast, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    cast.hire(name_of(Role.STATISTICIAN), "Salma Inventée", Role.STATISTICIAN)
    crowd = with_a_crowd(cast, now)
    asked = argparse.Namespace(
        json=True, since=date(2026, 1, 1), until=date(2026, 11, 20), epsilon=2.0
    )
    figures._rows_published(asked, crowd.actor(Role.STATISTICIAN), now)
    told = json.loads(capsys.readouterr().out)
    assert [near["length"] for near in told["internal"]["nearness"]] == [1, 2, 3]
    row = Publication.objects.get(series=told["series"], version=told["version"])
    assert row.digest == told["digest"]
    assert b"nearness" not in bytes(row.content)


@pytest.mark.nodes
@pytest.mark.xdist_group("browser")
def test_a_published_table_is_made_again_to_the_byte_by_one_command(
    demo_nodes: Any, tmp_path: Path
) -> None:
    node = next(n for n in demo_nodes.nodes if n.config.country == "CI")
    statistician = Persona(
        port=node.config.port, host=node.config.host, sign_in_name="estelle",
        password=cast.PASSWORD,
    )  # fmt: skip
    assert "person.age-sex" in statistician.open("/data/").text
    (one,) = said(amana("publish", "list", "--data", node.data, "--json"))["published"]
    asked = ("publish", "again", one["series"], one["version"], "--data", node.data)
    who = ("--account", "estelle", "--code", "000000", "--stdin", "--json")
    done = amana(*asked, *who, given=f"{cast.PASSWORD}\n")
    assert said(done) == {"same": True}
    # Whoever is no statistician makes nothing again.
    refused = amana(
        *asked, "--account", "koffi", "--code", "000000", "--stdin", given=f"{cast.PASSWORD}\n"
    )
    assert refused.returncode == 1
    assert "may not count" in refused.stderr
    file = tmp_path / "table.csv"
    amana("export", "csv", one["series"], "--data", node.data, "--to", file)
    assert amana("attack", file).returncode == 0
    # So few people give no rows that are nobody, and the refusal says how few and what is left.
    days = [f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in one["series"].split(".")[2:4]]
    drawn = ("publish", "synthetic", "--since", days[0], "--until", days[1], "--epsilon", "1")
    refused = amana(*drawn, "--data", node.data, *who, given=f"{cast.PASSWORD}\n")
    assert refused.returncode == 1
    assert "TOO_FEW_FOR_ROWS: Too few people" in refused.stderr
    assert "Left of the budget of these days: 4." in refused.stderr
    # Nor is a table that does not tell victims from others a file of victims.
    refused = amana("export", "ctdc", one["series"], "--data", node.data, "--to", file)
    assert refused.returncode == 1
    assert "by class" in refused.stderr
    # A byte of it changed on disk: the command says so.
    with closing(sqlite3.connect(node.data / "db" / "amana.sqlite3")) as rows, rows:
        (content,) = rows.execute("SELECT content FROM knowledge_publication").fetchone()
        changed = bytes(content).replace(b'"version": 1', b'"version": 9')
        rows.execute("UPDATE knowledge_publication SET content = ?", (changed,))
    done = amana(*asked, *who, given=f"{cast.PASSWORD}\n")
    with closing(sqlite3.connect(node.data / "db" / "amana.sqlite3")) as rows, rows:
        rows.execute("UPDATE knowledge_publication SET content = ?", (bytes(content),))
    assert done.returncode == 1
    assert said(done) == {"same": False}
