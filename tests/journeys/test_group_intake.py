"""Many people found at once: nobody is lost, nobody is there twice, nobody is parted from hers.

The whole of it, ten phones and a hundred and fifty people, is lived by `make soak`.
"""

from pathlib import Path
from typing import Any

import pytest

from amana.node import demo
from tests.journeys import group_load

pytestmark = [pytest.mark.browser, pytest.mark.nodes, pytest.mark.xdist_group("browser")]


def test_who_was_registered_without_a_line_by_several_phones_is_on_the_list_once(
    tmp_path: Path, browser: Any
) -> None:
    (node,) = demo.make_nodes(tmp_path / "nodes", {"MA": 0})
    node.start()
    try:
        found = group_load.lived(node, browser, n_phones=3, n_people=12)
    finally:
        node.kill()

    assert found.written_twice == 2
    assert found.sealed_without_a_line == 14
    assert found.registered == 12
    assert found.lost == []
    assert found.doubled == []
    assert (found.clashes, found.faults) == (0, 0)
    assert found.sibling_groups == 2
    assert found.groups_parted == []
    # And that night everybody has a bed or a recorded reason.
    assert found.night.people == 12
    assert found.night.with_bed + found.night.waiting == 12
    assert found.night.with_bed > 6
    assert (found.night.parted, found.night.over, found.night.unrecorded) == ([], [], 0)
    # Few enough for a child who will not sit still: a touch for each question and one to go on.
    assert found.touches["most"] <= 24
