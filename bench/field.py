"""The field app: how soon a phone can be used, what travels, what the node takes in.

    python -m bench.field [--rounds 5] [--sizes 100,1000,10000] [--only pages bytes intake]

Real processes of a node and Chromium, on lines as they are in the field (`stack.md` §3.5), with a
processor six times slower. Usable means: the button stands, was touched, and the first question was
painted. Beside it, in the same run, an app of 600 kB as other first pages weigh, on the same line.
Bytes are counted on a wire of our own between browser and node, headers included, without TLS.
Taking in and opening stand beside what no way can leave out: a signature verified, HPKE opened, a
row committed for good. Writes benchmarks/results/field.json and field.md; a part that was not asked
for keeps its last result.
"""

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from amana.node import demo
from amana.node.processes import RunningNode
from bench.figures import machine
from bench.phones import intake, pages, wire
from bench.phones.pages import EDGE, GPRS, UMTS, Line

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PARTS = ("pages", "bytes", "intake")
LINES = (EDGE, GPRS, UMTS)
# What `stack.md` §7 allows on EDGE, in ms.
USABLE, WARM, PAINTED = 3_000, 1_500, 2_500


def tell(found: object) -> None:
    """Say how far the run is."""
    print(pages.said(found), file=sys.stderr, flush=True)


# How soon.


def pages_part(browser: Any, node: RunningNode, rounds: int) -> dict[str, Any]:
    """Measure all starts on all lines; the heavy app stands beside them."""
    starts, ways = [], {}
    context = pages.enrolled(browser, node)
    ours = f"{node.address}/field/"
    with wire.a_peer() as (heavy, weight):
        for line in LINES:
            cold = _in_turn(
                rounds, lambda line=line: pages.opened(context, ours, line, is_cold=True)
            )  # type: ignore[misc]
            starts.append(pages.start_of("ours", line, "cold", cold))
            _rested(context, node)
            warm = _in_turn(
                rounds, lambda line=line: pages.opened(context, ours, line, is_cold=False)
            )  # type: ignore[misc]
            starts.append(pages.start_of("ours", line, "warm", warm))
            peer = list(_peers(browser, heavy, line, rounds))
            starts.append(pages.start_of("600 kB of script", line, "cold", peer))
            if line is EDGE:
                ways = {"cold": pages.way_of(cold), "warm": pages.way_of(warm)}
            for one in starts[-3:]:
                tell(one)
    context.close()
    return {"starts": [asdict(one) for one in starts], "on_the_way": ways, "peer_bytes": weight}


def _in_turn(rounds: int, opened: Callable[[], Any]) -> list[dict[str, Any]]:
    return [pages.read(opened()) for _ in range(rounds)]


def _rested(context: Any, node: RunningNode) -> None:
    """Have the whole app on the phone, as after its first quiet minute."""
    page = context.new_page()
    pages.handset.Handset(page, node).open().rest()
    page.close()


def _peers(browser: Any, address: str, line: Line, rounds: int) -> Iterator[dict[str, Any]]:
    """Start the heavy app. On GPRS all at once: each waits a hundred seconds for its own line."""
    contexts = [browser.new_context() for _ in range(rounds)]
    if line is GPRS:
        opened = [pages.opened(one, address, line, is_cold=True) for one in contexts]
        yield from [pages.read(page) for page in opened]
    else:
        for one in contexts:
            yield pages.read(pages.opened(one, address, line, is_cold=True))
    for one in contexts:
        one.close()


# What travels.


def bytes_part(browser: Any, node: RunningNode) -> dict[str, Any]:
    """Count what travels for each purpose."""
    with wire.a_wire(node.config.port) as line:
        found = pages.bytes_of(browser, node, line)
    for one in found:
        tell(one)
    return {"rows": [asdict(one) for one in found]}


# What the node does.


def intake_part(sizes: Sequence[int]) -> dict[str, Any]:
    """Measure in a process of its own, with a database of its own."""
    way = multiprocessing.get_context("spawn")
    ours, theirs = way.Pipe(duplex=False)
    child = way.Process(target=_intake, args=(theirs, sizes))
    child.start()
    theirs.close()
    rows = ours.recv()
    child.join()
    return {"rows": rows}


def _intake(line: Any, sizes: Sequence[int]) -> None:
    with tempfile.TemporaryDirectory(dir=ROOT / "var") as folder:
        found = intake.measured(Path(folder), sizes, tell)
    line.send([asdict(one) for one in found])


# Written down.


def seconds(moments: Sequence[float]) -> str:
    """Return the middle, the least and the most as a table shows them."""
    middle, least, most = (f"{one / 1000:.2f}" for one in moments)
    return f"{middle} ({least}–{most})"


def page(held: dict[str, Any]) -> str:
    """Return the results as a person reads them."""
    about = ", ".join(f"{key} {value}" for key, value in held["machine"].items())
    lines = ["# The field app: soon, light, and what the node takes in", ""]
    lines += [f"Made by `make bench-field`, never by hand. {about}.", ""]
    for part, made in (("pages", _starts), ("bytes", _bytes), ("intake", _intake_rows)):
        if part in held:
            lines += [*made(held[part]), ""]
    return "\n".join(lines).rstrip() + "\n"


STARTS = (
    *("line (kbit/s down/up, ms)", "start", "app", "n", "first paint", "contents"),
    *("button stands", "usable", "times ours"),
)


def _starts(found: dict[str, Any]) -> list[str]:
    usable = {(s["app"], s["line"], s["start"]): s["usable"][0] for s in found["starts"]}
    lines = [
        "## How soon a phone can be used",
        "",
        f"Chromium {found['chromium']}, processor {pages.CPU_SLOWER} times slower. Seconds:",
        "the middle of all starts, the fastest and the slowest. Cold: an enrolled phone whose",
        "caches are empty. Warm: the app lies on it. Usable: the button was touched and the first",
        f"question painted. Beside it an app of {found['peer_bytes'] // 1000} kB of script on the",
        "same line. Each request waits for the round trip; TLS, slow start and loss are not in it,",
        "and cost the heavier app more.",
        "",
        "| " + " | ".join(STARTS) + " |",
        "|---" * len(STARTS) + "|",
    ]
    for line in LINES:
        for one in (s for s in found["starts"] if s["line"] == line.name):
            moments = [seconds(one[name]) for name in pages.MOMENTS]
            times = one["usable"][0] / usable["ours", line.name, "cold"]
            named = f"{line.name} ({line.down}/{line.up}, {line.ms})"
            cells = [named, one["start"], one["app"], str(one["n"]), *moments, f"{times:.1f}"]
            lines.append("| " + " | ".join(cells) + " |")
    return [*lines, *_judged(found), *_ways(found)]


def _judged(found: dict[str, Any]) -> Iterator[str]:
    edge = {s["start"]: s for s in found["starts"] if s["line"] == "EDGE" and s["app"] == "ours"}
    judged = (
        ("EDGE, cold, first paint", edge["cold"]["first_paint"], PAINTED),
        ("EDGE, cold, usable", edge["cold"]["usable"], USABLE),
        ("EDGE, warm, usable", edge["warm"]["usable"], WARM),
    )
    yield from ("", "| budget | allowed s | middle s | slowest s | |", "|---|---|---|---|---|")
    for what, got, allowed in judged:
        middle, _, most = (f"{one / 1000:.2f}" for one in got)
        verdict = _verdict(got[0], allowed)
        yield f"| {what} | {allowed / 1000:.1f} | {middle} | {most} | {verdict} |"


def _ways(found: dict[str, Any]) -> Iterator[str]:
    for start, way in found["on_the_way"].items():
        yield from ("", f"On the way to the first question on EDGE, {start}, the middle run:", "")
        yield from ("| request | from ms | to ms | bytes |", "|---|---|---|---|")
        for one in way["requests"]:
            yield f"| {one['path']} | {one['from']} | {one['to']} | {one['bytes']} |"
        yield ""
        stands, painted = way["then_until_it_stands_ms"], way["then_until_usable_ms"]
        yield f"Last byte at {way['last_byte_ms']} ms; then {stands} ms until the button stands,"
        yield f"and {painted} ms until the question is painted."


def _verdict(got: float, allowed: float) -> str:
    return "met" if got <= allowed else "**missed**"


def _bytes(found: dict[str, Any]) -> list[str]:
    lines = [
        "## What travels",
        "",
        "Bytes on the wire, both ways, headers of HTTP/1.1 included, TLS not.",
        "",
        "| what | requests | up | down | together | of that, headers | allowed | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in found["rows"]:
        total, allowed = one["up"] + one["down"], one["budget"]
        verdict = _verdict(total, allowed) if allowed else ""
        lines.append(
            f"| {one['what']} | {one['requests']} | {one['up']:,} | {one['down']:,} | {total:,} "
            f"| {one['headers']:,} "
            f"| {f'{allowed:,}' if allowed else ''} | {verdict} |"
        )
    return lines


def _intake_rows(found: dict[str, Any]) -> list[str]:
    lines = [
        "## What the node takes in and opens",
        "",
        "One process, SQLite as a node runs it (WAL, FULL), a keeper process, items of 2.2 kB of",
        "stand-in phones. In turn, at each number of items stored: what cannot be left out.",
        "",
        "| what | items stored | a second | ms each | slow ms (p95) | times the limit | growth |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = found["rows"]
    limits = {r["stored"]: r["ms"] for r in rows if r["what"].startswith("limit")}
    first: dict[str, float] = {}
    for row in sorted(rows, key=lambda r: (r["what"], r["stored"])):
        ms = row["ms"]
        grown = ms / first.setdefault(row["what"], ms)
        lines.append(
            f"| {row['what']} | {row['stored']:,} | {1000 / ms:.0f} | {ms} | {row['p95_ms']} "
            f"| {ms / limits[row['stored']]:.1f} | {grown:.2f} |"
        )
    return lines


def main() -> int:
    """Run what was asked for; write after every part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", default="100,1000,10000")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    told = parser.parse_args()
    # The node runs on SQLite, whatever database the other benchmarks are given.
    os.environ.pop("DATABASE_URL", None)
    kept = RESULTS / "field.json"
    held: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    held |= {"schema": 1, "job": "field", "machine": machine(15)}
    for part, found in _parts(told):
        held[part] = found
        held["machine"] = machine(15)
        kept.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (RESULTS / "field.md").write_text(page(held), encoding="utf-8")
    return 0


def _parts(told: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    if {"pages", "bytes"} & set(told.only):
        with tempfile.TemporaryDirectory(prefix="amana-bench-") as folder:
            (node,) = demo.make_nodes(Path(folder), {"MA": 0})
            node.start()
            try:
                with pages.chromium() as browser:
                    if "bytes" in told.only:
                        yield "bytes", bytes_part(browser, node)
                    if "pages" in told.only:
                        found = pages_part(browser, node, told.rounds)
                        yield "pages", {**found, "chromium": browser.version}
            finally:
                node.stop()
    if "intake" in told.only:
        yield "intake", intake_part([int(size) for size in told.sizes.split(",")])


if __name__ == "__main__":
    sys.exit(main())
