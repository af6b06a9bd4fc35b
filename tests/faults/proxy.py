"""A bad line between two nodes: it loses, delays, doubles, reorders, and is cut for hours.

    python -m tests.faults.proxy CONTROL SEED [plain:]LISTEN:PORT=HOST:PORT [...]

Takes whole HTTP requests, since those are what a node sends; of each it decides what becomes. What
it loses is lost before it arrives, or after: then the other node has acted and its answer is gone.
CONTROL holds the share of requests that something happens to, or "cut". Nothing happens on a plain
way: it is the door of a node's own host, where the cable ends. Prints what it did.
"""

import asyncio
import json
import random
import signal
import sys
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path

DELAY = 0.4  # seconds, at most; requests that wait overtake each other
OVERTAKEN = 6.0  # seconds, at most, after which a second copy comes
PATIENCE = 25.0
# A cable that is pulled, a node that is being killed, a peer that went.
BREAKS = (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError)


class Line:
    """One direction: where it leads, and what has become of the requests on it."""

    def __init__(self, control: Path, dice: random.Random, done: Counter[str]) -> None:
        self.control, self.dice, self.done = control, dice, done
        self.late: set[asyncio.Task[None]] = set()

    async def carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        to: tuple[str, int],
        *,
        is_plain: bool,
    ) -> None:
        """Take one request and let happen to it what the dice say."""
        with suppress(*BREAKS):
            request = await asyncio.wait_for(_whole(reader), PATIENCE)
            try:
                answer = await (_ask(request, to) if is_plain else self._answer(request, to))
            except BREAKS:
                self.done["door shut" if is_plain else "broke off"] += 1
                raise
            if answer:
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def _answer(self, request: bytes, to: tuple[str, int]) -> bytes:
        state = self.control.read_text().strip()
        if state == "cut":
            self.done["cut"] += 1
            return b""
        share = float(state)
        if self.dice.random() < share / 2:
            self.done["request lost"] += 1
            return b""
        if self.dice.random() < share:
            self.done["delayed"] += 1
            await asyncio.sleep(self.dice.random() * DELAY)
        if self.dice.random() < share:
            self.done["doubled"] += 1
            self._later(request, to)
        answer = await _ask(request, to)
        if self.dice.random() < share / 2:
            self.done["answer lost"] += 1
            return b""
        self.done["carried"] += 1
        return answer

    def _later(self, request: bytes, to: tuple[str, int]) -> None:
        """Bring the same once more, at the same time or when others have overtaken it."""

        async def again(wait: float) -> None:
            await asyncio.sleep(wait)
            with suppress(*BREAKS):
                await _ask(request, to)

        wait = self.dice.choice([0.0, self.dice.random() * DELAY, self.dice.random() * OVERTAKEN])
        task = asyncio.create_task(again(wait))
        self.late.add(task)
        task.add_done_callback(self.late.discard)


async def _whole(reader: asyncio.StreamReader) -> bytes:
    """Read one request or answer to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    names = {k.strip().lower(): v for k, _, v in (h.partition(b":") for h in head.split(b"\r\n"))}
    return head + await reader.readexactly(int(names.get(b"content-length", b"0")))


async def _ask(request: bytes, to: tuple[str, int]) -> bytes:
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(*to)
        try:
            writer.write(request)
            await writer.drain()
            return await _whole(reader)
        finally:
            writer.close()


async def serve(control: Path, seed: int, ways: list[str]) -> None:
    """Listen on every way until told to stop."""
    done: Counter[str] = Counter()
    dice = random.Random(seed)  # noqa: S311 - bad luck, no secret
    line = Line(control, dice, done)
    servers = []
    for way in ways:
        is_plain = way.startswith("plain:")
        here, there = (end.rpartition(":") for end in way.removeprefix("plain:").split("="))
        to = (there[0], int(there[2]))
        take = partial(line.carry, to=to, is_plain=is_plain)
        servers.append(await asyncio.start_server(take, here[0], int(here[2]), limit=2**20))
    print("ready", flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    print(json.dumps(done), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
