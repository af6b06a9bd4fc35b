"""The table of messages: its page tells the same, and a row that leads nowhere is refused."""

from pathlib import Path
from typing import Any

import pytest

from amana.standards import codes, messages
from amana.standards.datafile import BadData, Place, opened

PAGE = Path(__file__).resolve().parents[3] / "docs" / "messages.md"


def test_the_page_of_the_families_tells_what_the_table_says() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    told = {row[1].strip("`"): row for row in rows if row[0].startswith("| M")}

    # A monthly ping of the desks is no message about anybody, and none of the twenty families.
    named = set(codes.values("MESSAGE")) - {"ping", "ping.answer"}
    assert set(told) == set(messages.families()) == named
    for family in messages.letters():
        row = told[family.kind]
        assert row[0] == f"| {family.number}"
        assert row[2:4] == [family.where, family.writer]
        named = {word.strip(" ()†") for word in row[4].split(",")} - {"–"}
        assert named == set(family.fields), family.kind
        assert all(f"`{wait.kind}` ({wait.clock})" in row[5] for wait in family.waits)


def table() -> Any:
    return opened("messages.json").value


def family(found: Any, kind: str) -> Any:
    return next(row for row in found["families"] if row["kind"] == kind)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("alert", {"needed": ["a_name"]}),
        ("alert", {"waits": [{"kind": "gossip", "clock": "decision", "owes": "other"}]}),
        ("alert", {"waits": [{"kind": "letter.read", "clock": "tomorrow", "owes": "other"}]}),
        ("alert", {"follows": {"kind": "gossip", "answer": "letter.read"}}),
        ("alert", {"second": {"field": "alert_kind"}}),
        ("alert", {"writer": "anybody"}),
        ("alert", {"versions": []}),
        ("alert", {"kind": "gossip"}),
        ("alert", {"may": ["alert_kind"]}),
        ("departure.notice", {"lead": {"field": "departs_at", "clock": "tomorrow"}}),
    ],
)
def test_a_row_that_leads_nowhere_is_refused(kind: str, change: dict[str, Any]) -> None:
    found = table()
    family(found, kind).update(change)

    with pytest.raises(BadData):
        messages.read(Place(found, "messages.json"))


@pytest.mark.parametrize(
    "field",
    [
        {"type": "code", "category": "STATUS"},
        {"type": "text", "category": "STATUS", "list": "SEX"},
        {"type": "rows", "category": "STATUS"},
        {"type": "rows", "category": "STATUS", "rows": ["a_name"]},
        {"type": "text", "category": "GOSSIP"},
        {"type": "picture", "category": "STATUS"},
    ],
)
def test_a_field_that_means_nothing_is_refused(field: dict[str, Any]) -> None:
    found = table()
    found["fields"]["text"] = field

    with pytest.raises(BadData):
        messages.read(Place(found, "messages.json"))
