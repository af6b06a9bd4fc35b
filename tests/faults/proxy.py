"""A bad line between two nodes: it loses, delays, doubles, reorders, and is cut for hours.

    python -m tests.faults.proxy CONTROL SEED LISTEN:PORT=HOST:PORT [...]

Takes whole HTTP requests, since those are what a node sends; of each it decides what becomes. What
it loses is lost before it arrives, or after: then the other node has acted and its answer is gone.
CONTROL holds the share of requests that something happens to, or "cut". Prints what it did.
"""

import asyncio
import json
import random
import signal
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

DELAY = 0.4  # seconds, at most; requests that wait overtake each other
PATIENCE = 25.0


class Line:
    """One direction: where it leads, and what has become of the requests on it."""

    def __init__(self, control: Path, dice: random.Random, done: Counter[str]) -> None:
        self.control, self.dice, self.done = control, dice, done

    async def carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        to: tuple[str, int],
    ) -> None:
        """Take one request and let happen to it what the dice say."""
        with suppress(OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
            request = await asyncio.wait_for(_whole(reader), PATIENCE)
            answer = await self._answer(request, to)
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
            first, answer = await asyncio.gather(
                *(_ask(request, to) for _ in range(2)), return_exceptions=True
            )
            answer = first if isinstance(answer, BaseException) else answer
            if isinstance(answer, BaseException):
                raise answer
        else:
            answer = await _ask(request, to)
        if self.dice.random() < share / 2:
            self.done["answer lost"] += 1
            return b""
        self.done["carried"] += 1
        return answer


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
        here, there = (end.rpartition(":") for end in way.split("="))
        to = (there[0], int(there[2]))
        take = lambda r, w, to=to: line.carry(r, w, to)  # noqa: E731
        servers.append(await asyncio.start_server(take, here[0], int(here[2]), limit=2**20))
    print("ready", flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    print(json.dumps(done), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
