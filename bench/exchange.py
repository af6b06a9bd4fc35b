"""The post between two nodes: how many a second, beside what no exchange can leave out.

    python -m bench.exchange [--rounds 3] [--sizes 1000,10000,100000] [--only cycle growth ...]

Two nodes in processes of their own, each with its database on a disk (SQLite as a node runs it:
WAL, synchronous=FULL), its keeper and its door; parcels go over real HTTP. A message of 2 kB is
posted at one desk, carried, stored, opened at the other desk by the real handler, and both receipts
come back. Beside it, in turn, the bare cycle: the same signatures, seals and openings on bytes.
One node works while the other waits, so processor time is that of one core and says more than the
clock where others use the machine. Writes benchmarks/results/exchange.json and exchange.md.
"""

import argparse
import json
import math
import multiprocessing
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.figures import exponent, machine
from bench.post import bare
from bench.post.nodes import Far, Spent, sign_with_ed25519_alone, two_nodes

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PARTS = ("cycle", "ed25519", "published", "growth")
# How many go through together: in a parcel and in an opening.
WAYS = {"together": (32, 16), "one by one": (1, 1)}
COUNT = 96
STAGES = ("post", "deliver", "receive", "open", "return", "take")


def tell(found: object) -> None:
    """Say how far the run is."""
    print(found, file=sys.stderr, flush=True)


# The cycle.


def once(ci: Far, ma: Far, count: int) -> dict[str, Any]:
    """Take so many messages through, receipts included; return what each stage cost for one."""
    stages: dict[str, Spent] = {"post": ci("post", count)}
    ma("reset")
    stages["deliver"] = ci("deliver")
    stages["receive"] = ma("counted")
    stages["open"] = ma("open")
    ci("reset")
    stages["return"] = ma("deliver")
    stages["take"] = ci("counted")
    if stages["open"].result != (count, []):
        raise RuntimeError(f"opened {stages['open'].result} of {count}")
    carried = [stages[name].result for name in ("deliver", "return")]
    if [arrived for arrived, _ in carried] != [count, count]:
        raise RuntimeError(f"carried {carried} of {count}")
    rows = {name: each(spent, count) for name, spent in stages.items()}
    # The clock of a delivery holds what the other node did meanwhile.
    whole = {key: sum(row[key] for row in rows.values()) for key in rows["post"]}
    latency = [1000 * t for t in stages["post"].result]
    return {"stages": rows, "whole": whole, "post_ms": latency, "weights": [w for _, w in carried]}


def each(spent: Spent, count: int) -> dict[str, float]:
    """Return what one message cost of it, in ms."""
    return {
        "wall": 1000 * spent.wall / count,
        "cpu": 1000 * spent.cpu / count,
        "sql": 1000 * spent.sql / count,
        "commit": 1000 * spent.commit / count,
        "statements": spent.statements / count,
    }


def middle(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the middle of several measurements, figure by figure."""
    return {key: round(statistics.median(row[key] for row in rows), 4) for key in rows[0]}


def cycle_part(rounds: int, *, is_ed25519_alone: bool = False) -> dict[str, Any]:
    """Measure both ways and the bare cycle in turn: A B A B."""
    ours: dict[str, list[dict[str, Any]]] = {name: [] for name in WAYS}
    limits: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
    with (
        tempfile.TemporaryDirectory(dir=ROOT / "var") as folder,
        two_nodes(Path(folder), is_ed25519_alone=is_ed25519_alone) as (ci, ma),
    ):
        once(ci, ma, 8)
        for number in range(rounds):
            for name, (parcel, opened) in WAYS.items():
                for node in (ci, ma):
                    node("together", parcel, opened)
                count = COUNT if name == "together" else COUNT // 3
                ours[name].append(once(ci, ma, count))
                limits[name].append(_bare(parcel, is_ed25519_alone=is_ed25519_alone))
            tell({"round": number, **{n: ours[n][-1]["whole"] for n in WAYS}})
        for node in (ci, ma):
            node("together", *WAYS["together"])
        latencies = [_latency(once(ci, ma, 1)) for _ in range(8 * rounds)]
        single = once(ci, ma, 1)["weights"]
        _all_is_well(ci("state"), ma("state"))
        weight = ma("weigh")
    return {
        "ways": {
            name: {
                "whole": middle([one["whole"] for one in found]),
                "stages": {
                    stage: middle([one["stages"][stage] for one in found]) for stage in STAGES
                },
                "limit": middle(limits[name]),
            }
            for name, found in ours.items()
        },
        "latency_ms": {
            "p50": round(statistics.median(latencies), 2),
            "p95": round(sorted(latencies)[math.ceil(0.95 * len(latencies)) - 1], 2),
        },
        "bytes": {
            **weight,
            "out_alone": single[0][1:],
            "back_alone": single[1][1:],
            "together": [w[1:] for w in ours["together"][-1]["weights"]],
            "count": COUNT,
        },
    }


def _latency(one: dict[str, Any]) -> float:
    """Return how long one message took alone, from the act to both receipts."""
    wall = {stage: row["wall"] for stage, row in one["stages"].items()}
    return wall["post"] + wall["deliver"] + wall["open"] + wall["return"]


def _bare(together: int, *, is_ed25519_alone: bool) -> dict[str, float]:
    """Run the bare cycle in a process of its own; return ms for one message."""
    way = multiprocessing.get_context("spawn")
    ours, theirs = way.Pipe(duplex=False)
    child = way.Process(target=_bare_there, args=(theirs, together, is_ed25519_alone))
    child.start()
    theirs.close()
    found: dict[str, float] = ours.recv()
    child.join()
    return found


def _bare_there(line: Any, together: int, is_ed25519_alone: bool) -> None:  # noqa: FBT001
    if is_ed25519_alone:
        sign_with_ed25519_alone()
    cycle = bare.Cycle()
    cycle.run(together)
    wall, cpu = bare.per_second(cycle.run, COUNT, together)
    line.send({"wall": 1000 / wall, "cpu": 1000 / cpu})


def _all_is_well(*states: dict[str, Any]) -> None:
    """See that all arrived once, that nothing waits, that both records are whole."""
    for state in states:
        if set(state["ranks"]) != {2} or state["waiting"] != (0, 0) or state["fault"]:
            raise RuntimeError(f"not all came through: {state}")


# What performance.md §8 published, and the same with group commit.


def published_part(rounds: int) -> dict[str, Any]:
    """Measure the published cycle one by one and with one commit for 32, in turn."""
    rows: dict[str, list[float]] = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory(dir=ROOT / "var") as folder:
        cycle = bare.Published(Path(folder))
        cycle.run(32)
        for _ in range(3 * rounds):
            for name, (together, _) in WAYS.items():
                rows[name].append(bare.per_second(cycle.run, 960, together)[0])
    return {name: round(statistics.median(found)) for name, found in rows.items()}


# Growth.


def growth_part(sizes: Sequence[int], rounds: int) -> dict[str, Any]:
    """Measure one message's cost with so many open conversations lying in both databases."""
    rows = []
    with (
        tempfile.TemporaryDirectory(dir=ROOT / "var") as folder,
        two_nodes(Path(folder)) as (ci, ma),
    ):
        once(ci, ma, 8)
        for size in sizes:
            for node in (ci, ma):
                node("fill", size)
            found, settled, idle = [], [], []
            for _ in range(rounds):
                found.append(once(ci, ma, 64)["stages"])
                settled.append(each(ma("settle", 32), 32))
                idle.append(each(ci("deliver"), 1))
                ma("deliver")
            stages = {s: middle([one[s] for one in found]) for s in STAGES}
            stages |= {"settle": middle(settled), "idle turn": middle(idle)}
            rows.append({"open": size, "stages": stages})
            tell({"open": size, **{s: row["cpu"] for s, row in stages.items()}})
    exponents = {
        s: round(exponent([(r["open"], r["stages"][s]["cpu"]) for r in rows]), 3)
        for s in rows[0]["stages"]
    }
    return {"rows": rows, "exponents": exponents}


# Written down.


def page(held: dict[str, Any]) -> str:
    """Return the results as a person reads them."""
    about = ", ".join(f"{key} {value}" for key, value in held["machine"].items())
    lines = ["# The post between two nodes", ""]
    lines += [f"Made by `make bench-exchange`, never by hand. {about}.", ""]
    made = (("cycle", _cycle), ("ed25519", _ed25519), ("published", _published))
    for part, written in (*made, ("growth", _growth)):
        if part in held:
            lines += [*written(held[part]), ""]
    return "\n".join(lines).rstrip() + "\n"


def _cycle(found: dict[str, Any]) -> list[str]:
    return [
        "## One message of 2 kB, receipts included",
        "",
        "Ed25519 and ML-DSA-65, ML-KEM-768 with X25519. Posted at a desk (one transaction each:",
        "a person's act), stored by the other node, opened at its desk by the real handler, both",
        "receipts back; durable at every step. The bare cycle has the same signatures and seals.",
        "",
        *_ways(found),
        "",
        *_stages(found["ways"]["together"]),
        "",
        "Alone, from the act to both receipts, without the worker's pause: "
        + " ms, ".join(f"{name} {ms}" for name, ms in found["latency_ms"].items())
        + " ms.",
        "",
        *_weights(found["bytes"]),
    ]


def _ways(found: dict[str, Any]) -> Iterator[str]:
    yield (
        "| way | a second | a second of one core | bare, a second of one core "
        "| of the bare | commits | of them, of the posts | statements |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for name, way in found["ways"].items():
        whole, limit = way["whole"], way["limit"]
        clock = sum(way["stages"][s]["wall"] for s in STAGES)
        yield (
            f"| {name} | {1000 / clock:.0f} | {1000 / whole['cpu']:.0f} "
            f"| {1000 / limit['cpu']:.0f} | {100 * limit['cpu'] / whole['cpu']:.0f} % "
            f"| {100 * whole['commit'] / clock:.1f} % "
            f"| {100 * way['stages']['post']['commit'] / clock:.1f} % | {whole['statements']:.1f} |"
        )


def _stages(way: dict[str, Any]) -> Iterator[str]:
    yield "Where the time goes, together, ms for one message:"
    yield ""
    yield "| stage | processor | in statements | in commits | statements |"
    yield "|---|---|---|---|---|"
    for stage in STAGES:
        row = way["stages"][stage]
        yield (
            f"| {stage} | {row['cpu']:.2f} | {row['sql']:.2f} | {row['commit']:.3f} "
            f"| {row['statements']:.1f} |"
        )
    yield f"| bare cycle, all of it | {way['limit']['cpu']:.2f} | | | |"


def _weights(held: dict[str, Any]) -> Iterator[str]:
    out, back = sum(held["out_alone"]), sum(held["back_alone"])
    n = held["count"]
    many = [sum(one) / n for one in held["together"]]
    verdict = "met" if held["container"] <= 12_000 else "**missed**"
    yield "| bytes | alone | of many together |"
    yield "|---|---|---|"
    yield f"| container of a 2 kB dossier, at most 12,000: {verdict} | {held['container']:,} | |"
    yield f"| parcel out and its answer (RELAYED) | {out:,} | {many[0]:,.0f} |"
    yield f"| receipt back (DELIVERED) and its answer | {back:,} | {many[1]:,.0f} |"
    yield f"| whole conversation of one message | {out + back:,} | {sum(many):,.0f} |"


def _ed25519(found: dict[str, Any]) -> list[str]:
    return [
        "## The same with Ed25519 alone",
        "",
        "In this benchmark only: what the second signature costs.",
        "",
        *_ways(found),
    ]


def _published(found: dict[str, Any]) -> list[str]:
    lines = [
        "## The cycle of performance.md §8",
        "",
        "Ed25519, hybrid HPKE, one durable row; no receipt, no request, no framework.",
        "",
        "| way | a second |",
        "|---|---|",
    ]
    return lines + [f"| {name} | {rate:,} |" for name, rate in found.items()]


def _growth(found: dict[str, Any]) -> list[str]:
    stages = list(found["rows"][0]["stages"])
    lines = [
        "## With so many open conversations in both databases",
        "",
        "Processor ms for one message; an idle turn is what the worker does when nothing is due.",
        "",
        "| open | " + " | ".join(stages) + " |",
        "|---" * (1 + len(stages)) + "|",
    ]
    for row in found["rows"]:
        cells = [f"{row['stages'][s]['cpu']:.2f}" for s in stages]
        lines.append(f"| {row['open']:,} | " + " | ".join(cells) + " |")
    cells = [f"{found['exponents'][s]:+.2f}" for s in stages]
    return [*lines, "| exponent | " + " | ".join(cells) + " |"]


def main() -> int:
    """Run what was asked for; write after every part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    told = parser.parse_args()
    os.environ.pop("DATABASE_URL", None)
    kept = RESULTS / "exchange.json"
    held: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    held |= {"schema": 1, "job": "exchange"}
    for part, found in _parts(told):
        held[part], held["machine"] = found, machine()
        kept.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (RESULTS / "exchange.md").write_text(page(held), encoding="utf-8")
    return 0


def _parts(told: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    if "cycle" in told.only:
        yield "cycle", cycle_part(told.rounds)
    if "ed25519" in told.only:
        yield "ed25519", cycle_part(told.rounds, is_ed25519_alone=True)
    if "published" in told.only:
        yield "published", published_part(told.rounds)
    if "growth" in told.only:
        sizes = [int(size) for size in told.sizes.split(",")]
        yield "growth", growth_part(sizes, told.rounds)


if __name__ == "__main__":
    sys.exit(main())
