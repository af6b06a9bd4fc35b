"""Starting and stopping whole nodes: a web server and a worker each, as processes of their own."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from amana.keeper.client import Keeper, KeeperGone
from amana.node.config import load

START_TIMEOUT = 60.0


class NotStarted(Exception):
    """A node that did not come up; the message says where its log is."""


def free_port(wanted: int = 0) -> int:
    """Return the wanted port when it is free on loopback, else any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RunningNode:
    """One node's processes: web server, worker, and the keeper where it is on this machine."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.config, _, _ = load(data)
        self.web: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None
        self.keeper: subprocess.Popen[bytes] | None = None
        self.search: subprocess.Popen[bytes] | None = None

    def start(self) -> "RunningNode":
        """Start all processes and wait until the web answers."""
        self.start_keeper()
        self.start_web()
        self.start_worker()
        self.search = self._run("search", "search.log")
        return self

    def start_web(self) -> None:
        """Start the web server and wait until it answers."""
        self.web = self._run("serve", "web.log")
        deadline = time.monotonic() + START_TIMEOUT
        while not self._answers():
            if self.web.poll() is not None or time.monotonic() > deadline:
                raise NotStarted(f"the node did not start; see {self.data / 'log' / 'web.log'}")
            time.sleep(0.05)

    @property
    def keeper_folder(self) -> Path | None:
        """Return the folder of the keeper that runs on this machine, or None."""
        address = self.config.keeper
        return Path(address.removeprefix("unix:")).parent if address.startswith("unix:") else None

    def start_keeper(self) -> None:
        """Start the keeper and wait until it answers."""
        folder = self.keeper_folder
        if folder is None:
            return
        self.keeper = self._run("keeper", "keeper.log", command=["keeper", "--data", str(folder)])
        line = Keeper(self.config.keeper)
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                line.status()
                break
            except KeeperGone:
                if self.keeper.poll() is not None or time.monotonic() > deadline:
                    log = self.data / "log" / "keeper.log"
                    raise NotStarted(f"the keeper did not start; see {log}") from None
                time.sleep(0.05)
        line.forget()

    def start_worker(self) -> None:
        """Start the worker."""
        self.worker = self._run("work", "worker.log")

    def kill(self) -> None:
        """End all processes at once, as a power cut would."""
        for process in (self.web, self.worker, self.search, self.keeper):
            if process and process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def stop(self) -> None:
        """Ask all processes to end, and wait."""
        for process in (self.worker, self.search, self.web, self.keeper):
            if process and process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
        for process in (self.worker, self.search, self.web, self.keeper):
            if process:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=10)
        self.kill()

    @property
    def address(self) -> str:
        """Return what a person opens."""
        return f"http://{self.config.host}:{self.config.port}"

    def _run(
        self, what: str, log: str, command: list[str] | None = None
    ) -> "subprocess.Popen[bytes]":
        asked = command or ["node", what, "--data", str(self.data)]
        with (self.data / "log" / log).open("ab") as sink:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and our own command
                [sys.executable, "-m", "amana", *asked],
                stdout=sink,
                stderr=sink,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
            )

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.config.port, timeout=5)
        try:
            connection.request(
                "GET", "/sign-in", headers={"Host": f"{self.config.host}:{self.config.port}"}
            )
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@contextlib.contextmanager
def running(*data: Path) -> Iterator[list[RunningNode]]:
    """Run whole nodes for as long as the block lasts."""
    nodes = [RunningNode(d) for d in data]
    try:
        for node in nodes:
            node.start()
        yield nodes
    finally:
        for node in nodes:
            node.stop()
