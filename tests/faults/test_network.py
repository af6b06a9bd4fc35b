"""Two hosts on one machine: what is born inside one reaches the other by the cable alone."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.faults.network import Cable, is_possible


@pytest.fixture
def cable() -> Iterator[Cable]:
    if not is_possible():
        pytest.skip("needs root and the program ip, to make two network namespaces")
    made = Cable(("CI", "MA"))
    try:
        made.lay()
        yield made
    finally:
        made.take_away()


def listening(cable: Cable, country: str, address: str) -> socket.socket:
    with cable.inside(country):
        return socket.create_server((address, 7000))


def is_reached(cable: Cable, country: str, address: str) -> bool:
    with cable.inside(country), contextlib.suppress(OSError):
        socket.create_connection((address, 7000), timeout=1).close()
        return True
    return False


def test_a_host_reaches_the_other_by_the_cable_and_by_nothing_else(cable: Cable) -> None:
    with (
        listening(cable, "MA", "127.0.0.1"),
        listening(cable, "MA", cable.address("MA")),
    ):
        assert is_reached(cable, "MA", "127.0.0.1")
        assert is_reached(cable, "CI", cable.address("MA"))
        # Its loopback is its own, and whoever is on neither host has no way to them.
        assert not is_reached(cable, "CI", "127.0.0.1")
        with contextlib.suppress(OSError):
            socket.create_connection((cable.address("MA"), 7000), timeout=1).close()
            raise AssertionError("reached from outside")

        cable.pull()
        assert not is_reached(cable, "CI", cable.address("MA"))
        cable.plug()
        assert is_reached(cable, "CI", cable.address("MA"))


def test_whoever_looked_inside_is_back_where_he_was(cable: Cable) -> None:
    names = [name for _, name in socket.if_nameindex()]
    with cable.inside("CI"):
        assert sorted(name for _, name in socket.if_nameindex()) == ["cable", "lo"]
    with pytest.raises(ZeroDivisionError), cable.inside("MA"):
        _ = 1 / 0
    assert [name for _, name in socket.if_nameindex()] == names
