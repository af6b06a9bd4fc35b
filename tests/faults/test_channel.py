"""The soak in small: two nodes, a line that loses a fifth, kills, hours without a line, a restore.

The long one is `bin/soak --only channel`; both are judged by the same independent reading.
"""

from pathlib import Path

import pytest

from tests.faults import channel_check
from tests.faults.channel import Channel
from tests.faults.channel_soak import soak

pytestmark = [pytest.mark.nodes, pytest.mark.xdist_group("browser")]


def test_every_message_arrives_once_and_in_order_whatever_happens(tmp_path: Path) -> None:
    channel = Channel(tmp_path / "home", seed=7, offers=4, rounds=4, share=0.2)
    channel.is_to_be_restored = True

    assert soak(channel, messages=60, kills=4, cuts=1, patience=240) == []
    assert channel.seen["messages"] >= 60
    assert channel.seen["kills"] == 4
    assert channel.seen["request lost"] + channel.seen["answer lost"] > 0

    # The reading sees what it is there to see: each spoiled book is a fault.
    here, there = (channel_check.read(s.country, s.data, s.log) for s in channel.sides)
    mid = next(m for m, row in here.sent().items() if not row["refused_for"])
    lost = there.messages.pop(mid)
    assert channel_check.faults(here, there, restored=channel.restored)
    there.messages[mid] = lost | {"seq": lost["seq"] + 1}
    assert channel_check.faults(here, there, restored=channel.restored)
    there.messages[mid] = lost
    there.acts["exchange.open_message", mid] += 1
    assert channel_check.faults(here, there, restored=channel.restored)
