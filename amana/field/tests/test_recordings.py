"""A recording is heard where somebody made one; nothing else in the folder is served."""

from pathlib import Path

import pytest

from amana.field import recordings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("dyu/rapid-screening/q01.opus", "dyu/rapid-screening/q02.m4a"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"invented sound")
    (tmp_path / "dyu/rapid-screening/notes.txt").write_text("not a sound")
    (tmp_path / "dyu/rapid-screening/empty.opus").touch()
    (tmp_path / "klingon/rapid-screening").mkdir(parents=True)
    (tmp_path / "klingon/rapid-screening/q01.opus").write_bytes(b"x")
    return tmp_path


def test_the_list_names_what_was_recorded_and_nothing_else(folder: Path) -> None:
    assert recordings.listed(folder) == {"dyu": {"rapid-screening": ["q01", "q02"]}}


def test_a_node_without_recordings_has_an_empty_list(tmp_path: Path) -> None:
    assert recordings.listed(None) == recordings.listed(tmp_path / "none") == {}


def test_a_recording_is_found_by_its_question(folder: Path) -> None:
    found = recordings.find(folder, "dyu", "rapid-screening", "q02")
    assert found == (folder / "dyu/rapid-screening/q02.m4a", "audio/mp4")


@pytest.mark.parametrize("question", ["notes", "empty", "../../../db", "q99", ""])
def test_nothing_else_is_served(folder: Path, question: str) -> None:
    assert recordings.find(folder, "dyu", "rapid-screening", question) is None
