"""The list of what a standard asks names tests that exist, and leaves no item without one."""

import re

from tests.architecture.tree import ROOT, tracked

LIST = ROOT / "docs" / "asvs.md"
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| [^|]+ \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`(test_\w+)`")


def every_test() -> set[str]:
    """Return the name of every test of the house."""
    files = [path for path in tracked("*.py") if path.name.startswith("test_")]
    return {name for path in files for name in re.findall(r"def (test_\w+)", path.read_text())}


def gone(text: str) -> set[str]:
    """Return the tests that a text names and that do not exist."""
    return set(TEST.findall(text)) - every_test()


def test_every_test_that_the_list_names_exists() -> None:
    assert gone(LIST.read_text()) == set()


def test_a_test_that_was_renamed_is_noticed() -> None:
    assert gone("| 1.1.1 | x | y | `test_nobody_ever_wrote_this` |") == {
        "test_nobody_ever_wrote_this"
    }


def test_every_item_is_shown_by_a_test_or_says_by_whom_it_will_be() -> None:
    rows = ROW.findall(LIST.read_text())

    assert len(rows) > 30
    assert [
        item
        for item, shown in rows
        if not TEST.search(shown) and "to be filled by:" not in shown and "set-up" not in shown
    ] == []
