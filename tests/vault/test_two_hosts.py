"""The keeper on another machine: two network namespaces, a cable between them, and its end."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from amana.crypto import certificates
from amana.keeper.client import Keeper, KeeperGone
from amana.keeper.rules import Policy
from amana.keeper.store import Store, lay_out, write_whole
from amana.node.clock import Clock
from amana.node.keeping import own_certificate
from amana.node.processes import free_port
from tests.keeping import THE_START
from tests.vault.nodes import ROOT, Place

pytestmark = pytest.mark.nodes
NOW = Clock(None, is_demo=False).now()

# A browser of the same namespace: opens a page for every line it reads, and says how it went.
VISITOR = """
import contextlib, socket, sys, time
from amana.node.persona import Persona
port, host, name, password = sys.argv[1:]
for _ in range(600):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", int(port))).close()
        break
    time.sleep(0.05)
visitor = Persona(port=int(port), host=host, sign_in_name=name, password=password)
for line in sys.stdin:
    seen = visitor.look("/")
    print(seen.status, seen.path, flush=True)
"""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass(frozen=True)
class Cable:
    """Two namespaces, and the two ends of what joins them."""

    node: str
    keeper: str
    address: str

    def pull(self) -> None:
        """Pull the cable out."""
        ip("-n", self.keeper, "link", "set", "cable", "down")

    def plug(self) -> None:
        """Plug it in again."""
        ip("-n", self.keeper, "link", "set", "cable", "up")


@pytest.fixture
def cable() -> Iterator[Cable]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and the program ip, to make two network namespaces")
    made = Cable(f"amana-n{os.getpid()}", f"amana-k{os.getpid()}", "192.0.2.1")
    try:
        for name in (made.node, made.keeper):
            ip("netns", "add", name)
    except subprocess.CalledProcessError:
        pytest.skip("needs the right to make network namespaces")
    try:
        peer = ("peer", "name", "cable", "netns", made.keeper)
        ip("link", "add", "cable", "netns", made.node, "type", "veth", *peer)
        for name, address in ((made.node, "192.0.2.2/24"), (made.keeper, "192.0.2.1/24")):
            ip("-n", name, "addr", "add", address, "dev", "cable")
            ip("-n", name, "link", "set", "cable", "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield made
    finally:
        for name in (made.node, made.keeper):
            ip("netns", "del", name)


@contextlib.contextmanager
def started(place: Place, log: Path, *arguments: str | Path) -> Iterator[None]:
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*place.python, "-m", "amana", *map(str, arguments)],
            env=place.environment,
            cwd=ROOT,
            stdout=sink,
            stderr=sink,
        )
        try:
            yield
        finally:
            process.kill()
            process.wait()


def fingerprint(folder: Path) -> str:
    return certificates.fingerprint((folder / "own.crt").read_bytes())


def test_who_is_signed_in_reads_through_the_other_host_until_the_cable_is_pulled(
    cable: Cable, tmp_path: Path
) -> None:
    node = Place(tmp_path / "ma", namespace=cable.node)
    other = Place(tmp_path / "vault", namespace=cable.keeper)
    address, line = f"tls:{cable.address}:7443", tmp_path / "ma-line"
    making = ("node", "init", "--demo", "--country", "MA", "--data", node.data, "--keeper", address)
    other.do("keeper", "init", "--data", other.data, "--listen", address, "--demo")

    # Each side says what to carry to the other, and takes nothing that was not compared.
    first = node.amana(*making)
    assert first.returncode == 1
    assert "--keeper-certificate" in first.stderr
    assert fingerprint(line) in first.stdout
    unsure = other.amana("keeper", "init", "--data", other.data, "--node", line / "own.crt")
    assert "compare by voice" in unsure.stderr
    taking = ("keeper", "init", "--data", other.data, "--node", line / "own.crt")
    wrong = other.amana(*taking, "--fingerprint", fingerprint(other.data))
    assert "another one" in wrong.stderr
    assert not (other.data / "other.crt").exists()
    other.do(*taking, "--fingerprint", fingerprint(line))
    with started(other, tmp_path / "keeper.log", "keeper", "--data", other.data):
        time.sleep(1)
        node.do(
            *making,
            *("--keeper-certificate", other.data / "own.crt"),
            *("--keeper-fingerprint", fingerprint(other.data)),
        )
        assert sorted(p.name for p in (node.data / "keys" / "keeper").iterdir()) == [
            "other.crt",
            "own.crt",
            "own.key",
        ]
        assert not line.exists()
        with started(node, tmp_path / "web.log", "node", "serve", "--data", node.data):
            visit_while_the_cable_is_pulled(node, cable)
    assert "Traceback" not in (tmp_path / "keeper.log").read_text()
    assert "Traceback" not in (tmp_path / "web.log").read_text()


def visit_while_the_cable_is_pulled(node: Place, cable: Cable) -> None:
    port, host, name, password = node.ask(
        """
answer = [settings.NODE.port, settings.NODE.host, "", settings.DEMO_PASSWORD]
answer[2] = next(m.sign_in_name for m in staff("MA") if m.role == Role.CASE_WORKER)
"""
    )
    visitor = subprocess.Popen(
        [*node.python, "-c", VISITOR, str(port), host, name, password],
        env=node.environment,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def look() -> str:
        assert visitor.stdin is not None
        assert visitor.stdout is not None
        visitor.stdin.write("look\n")
        visitor.stdin.flush()
        return visitor.stdout.readline().strip()

    try:
        assert look() == "200 /"
        cable.pull()
        began = time.monotonic()
        assert look() == "503 /"
        # Nobody waits at a page longer than two attempts at a dead link last.
        assert time.monotonic() - began < 10
        cable.plug()
        # A link that was just plugged in takes a moment until both ends find each other again.
        until = time.monotonic() + 10
        while (seen := look()) == "503 /" and time.monotonic() < until:
            time.sleep(0.2)
        assert seen == "200 /"
    finally:
        visitor.communicate()


# Who may speak with whom: no namespace is needed for that.


def pairs(folder: Path) -> tuple[Path, Path]:
    """Return a keeper's folder and a node's, each with the other's certificate."""
    keeper, node = folder / "keeper", folder / "node"
    lay_out(keeper, Policy(is_demo=True), listen=f"tls:127.0.0.1:{free_port()}", now=THE_START)
    for side, name in ((keeper, "amana keeper"), (node, "amana node")):
        own_certificate(side, name, NOW)
    write_whole(keeper / "other.crt", (node / "own.crt").read_bytes())
    write_whole(node / "other.crt", (keeper / "own.crt").read_bytes())
    return keeper, node


def asks(listen: str, certificates_: Path) -> bool:
    line = Keeper(listen, certificates_)
    try:
        line.status()
    except KeeperGone:
        return False
    else:
        return True
    finally:
        line.forget()


def test_each_side_knows_the_other_and_no_third(tmp_path: Path) -> None:
    keeper, node = pairs(tmp_path)
    _, stranger = pairs(tmp_path / "elsewhere")
    listen = Store(keeper).listen
    # One stranger trusts this keeper; another host has the keeper's address and is no keeper.
    write_whole(stranger / "other.crt", (keeper / "own.crt").read_bytes())
    misled = Path(shutil.copytree(node, tmp_path / "misled"))
    write_whole(misled / "other.crt", (stranger / "own.crt").read_bytes())
    with subprocess.Popen(
        [sys.executable, "-m", "amana", "keeper", "--data", str(keeper)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            deadline = time.monotonic() + 30
            while not asks(listen, node) and time.monotonic() < deadline:
                time.sleep(0.05)

            assert asks(listen, node)
            assert not asks(listen, stranger)
            assert not asks(listen, misled)
            assert not asks(listen, tmp_path / "nowhere")
            assert asks(listen, node)
        finally:
            process.kill()
