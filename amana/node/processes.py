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
    """One node's two processes."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.config, _, _ = load(data)
        self.web: subprocess.Popen[bytes] | None = None
        self.worker: subprocess.Popen[bytes] | None = None

    def start(self) -> "RunningNode":
        """Start both processes and wait until the web answers."""
        self.start_web()
        self.start_worker()
        return self

    def start_web(self) -> None:
        """Start the web server and wait until it answers."""
        self.web = self._run("serve", "web.log")
        deadline = time.monotonic() + START_TIMEOUT
        while not self._answers():
            if self.web.poll() is not None or time.monotonic() > deadline:
                raise NotStarted(f"the node did not start; see {self.data / 'log' / 'web.log'}")
            time.sleep(0.05)

    def start_worker(self) -> None:
        """Start the worker."""
        self.worker = self._run("work", "worker.log")

    def kill(self) -> None:
        """End both processes at once, as a power cut would."""
        for process in (self.web, self.worker):
            if process and process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def stop(self) -> None:
        """Ask both processes to end, and wait."""
        for process in (self.worker, self.web):
            if process and process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
        for process in (self.worker, self.web):
            if process:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=10)
        self.kill()

    @property
    def address(self) -> str:
        """Return what a person opens."""
        return f"http://{self.config.host}:{self.config.port}"

    def _run(self, what: str, log: str) -> "subprocess.Popen[bytes]":
        with (self.data / "log" / log).open("ab") as sink:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and our own command
                [sys.executable, "-m", "amana", "node", what, "--data", str(self.data)],
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
