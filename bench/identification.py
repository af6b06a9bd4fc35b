"""Reading signs and answers: ours in Python and in the browser, beside a general rule library.

    python -m bench.identification [--sizes 1000,10000,100000,1000000] [--without-browser]

The peer is rule-engine: of the general rule libraries written in Python it is the one that is both
used and kept (a release in October 2026; business-rules, durable-rules, experta and json-logic had
their last between 2015 and 2022). It gets the rules of the field catalogue, translated from the
same data into its expressions, in the fastest of the forms tried: groups of signs as sets that it
is handed, rules compiled once. It says which outcomes hold and no more; so do ours where the two
are compared, on the same inputs, in turn, and every answer must be the same. What ours says beyond
that (why, what is missing, steps, laws) stands in rows of its own. One thread; invented answers.
Writes benchmarks/results/identification.json and identification.md.
"""

import argparse
import gc
import json
import os
import platform
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import rule_engine

from amana.identification import reading
from amana.identification.answers import Given
from amana.identification.bundle import bundle
from amana.standards.instrument import Instrument, Question, Reader
from amana.standards.instruments import shelf

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SCRIPT = ROOT / "amana" / "identification" / "static" / "identification" / "reading.js"
SIZES = (1_000, 10_000, 100_000, 1_000_000)
# The peer is asked no more: what it does with ten times as many is ten times that.
MOST_OF_PEER = 100_000
IN_BROWSER = 10_000
BLOCK = 100
SEED = 2026
MOST_SIGNS = 8
OUTCOMES, SIGNS, ANSWERS = "outcomes alone", "full reading of signs", "full reading of answers"

Way = Callable[[Any], object]


@dataclass(frozen=True)
class Row:
    """What one way did: time and memory of a reading, and the process at its largest."""

    way: str
    says: str
    n: int
    per_second: int
    us: float
    block_p95_us: float
    peak_kib: float | None
    process_mib: float | None


@dataclass(frozen=True)
class Ratio:
    """How many times longer the peer took than ours, block by block in one run."""

    n: int
    ours_us: float
    peer_us: float
    times: float
    # 5 and 95 of 100 blocks were below: outside of these somebody else had the processor.
    times_p5: float
    times_p95: float
    # Our full reading, with why, what is missing, steps and laws, beside the peer's outcomes alone.
    full_us: float
    times_full: float
    same_answers: int


# What is read: invented, the same for every way.


def invented_facts(reader: Reader, seed: int = SEED) -> Iterator[reading.Facts]:
    """Give facts without end: an age, a situation, up to eight signs."""
    dice, signs = random.Random(seed), list(reader.alphabet.codes)
    while True:
        found = dice.sample(signs, dice.randint(0, MOST_SIGNS))
        yield reading.Facts(dice.choice(reading.MINOR), dice.choice(reading.SITUATIONS), found)


def invented_answers(instrument: Instrument, seed: int = SEED) -> Iterator[Given]:
    """Give screenings without end: one question in four is left open or not known."""
    dice, asked = random.Random(seed), list(instrument.questions)
    while True:
        answers = {q.id: _value(q, dice) for q in asked if dice.random() > 0.15}
        yield Given({key: value for key, value in answers.items() if value is not None})


def _value(question: Question, dice: random.Random) -> object:
    if question.kind == "many":
        if dice.random() < 0.12:
            return ["unknown"]
        n = dice.randint(1, min(3, len(question.answers)))
        return [answer.id for answer in dice.sample(question.answers, n)]
    if question.kind == "number":
        return dice.randint(5, 60)
    return dice.choice(question.offered).id if question.is_coded else None


# The peer.


class Peer:
    """The rules of a reader as expressions of rule-engine."""

    def __init__(self, reader: Reader) -> None:
        self.sets: dict[str, set[str]] = {}
        self.outcomes = [rule.outcome for rule in reader.rules]
        self.otherwise = reader.otherwise.outcome
        self.numbers = [rule.number for rule in reader.rules]
        self.named = {name: set(codes) for name, codes in reader.alphabet.sets.items()}
        said = [self.expression(rule["when"]) for rule in reader.document["rules"]]
        self.rules = [rule_engine.Rule(text) for text in said]

    def expression(self, when: Mapping[str, Any]) -> str:
        """Return a condition of our data in the peer's language."""
        if "has" in when:
            return self._has(when["has"], when.get("at_least", 1))
        if "not" in when:
            return f"not ({self.expression(when['not'])})"
        (joint,) = set(when) & {"all", "any"}
        word = {"all": " and ", "any": " or "}[joint]
        return word.join(f"({self.expression(part)})" for part in when[joint])

    def _has(self, atoms: Sequence[str], least: int) -> str:
        wanted = set().union(*(self.named[a[1:]] if a[0] == "@" else {a} for a in atoms))
        if len(wanted) == 1 and least == 1:
            return f'"{wanted.pop()}" in seen'
        name = f"group{len(self.sets)}"
        self.sets[name] = wanted
        # A set that is not empty counts as true.
        return f"seen & {name}" if least == 1 else f"(seen & {name}).length >= {least}"

    def read(self, facts: reading.Facts) -> list[str]:
        """Return the outcomes that hold, the first first."""
        seen = {
            *facts.indicators,
            "child" if facts.is_child else "adult",
            f"minor.{facts.minor}",
            f"situation.{facts.situation}",
        }
        thing = {"seen": seen, **self.sets}
        held = []
        for number, outcome, rule in zip(self.numbers, self.outcomes, self.rules, strict=True):
            if rule.matches(thing):
                held.append(outcome)
                seen.add(f"rule.{number}")
        return list(dict.fromkeys(held)) or [self.otherwise]


# The run.


def timed(way: Way, block: Sequence[Any]) -> float:
    """Return how many microseconds a reading of this block took."""
    started = time.perf_counter()
    for one in block:
        way(one)
    return (time.perf_counter() - started) / len(block) * 1e6


def _quantile(held: Sequence[float], share: float) -> float:
    return sorted(held)[int(len(held) * share)]


def blocks(inputs: Iterator[Any], n: int) -> Iterator[list[Any]]:
    """Give n inputs block by block: they are made outside of what is measured, and not kept."""
    for _ in range(n // BLOCK):
        yield list(islice(inputs, BLOCK))


def measured(name: str, says: str, n: int, way: Way, inputs: Iterator[Any]) -> Row:
    """Return what a way does with n inputs that stream past it."""
    way(next(inputs))
    times = [timed(way, block) for block in blocks(inputs, n)]
    middle = statistics.median(times)
    return Row(
        way=name,
        says=says,
        n=n,
        per_second=round(1e6 / middle),
        us=round(middle, 1),
        block_p95_us=round(_quantile(times, 0.95), 1),
        peak_kib=_peak(way, inputs),
        process_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _peak(way: Way, inputs: Iterator[Any]) -> float:
    """Return what readings hold at their largest, beyond what was held before them."""
    block = list(islice(inputs, 10 * BLOCK))
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for one in block:
        way(one)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round((most - before) / 1024, 1)


def compared(reader: Reader, n: int) -> Ratio:
    """Return ours beside the peer on the same inputs, in turn; stops where they differ."""
    peer = Peer(reader)
    ways: list[Way] = [
        lambda facts: reading.outcomes_of(facts, reader),
        peer.read,
        lambda facts: reading.read_facts(facts, reader),
    ]
    times: list[list[float]] = [[], [], []]
    for number, block in enumerate(blocks(invented_facts(reader), n)):
        for facts in block:
            if (said := peer.read(facts)) != (own := reading.outcomes_of(facts, reader)):
                raise SystemExit(f"{facts}: ours {own}, the peer {said}")
        # In turn: who goes first finds the machine as another left it.
        for turn in range(3):
            way = (number + turn) % 3
            times[way].append(timed(ways[way], block))
    ours, theirs, full = times
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    full_ratios = [b / a for a, b in zip(full, theirs, strict=True)]
    return Ratio(
        n=n,
        ours_us=round(statistics.median(ours), 1),
        peer_us=round(statistics.median(theirs), 1),
        times=round(statistics.median(ratios), 1),
        times_p5=round(_quantile(ratios, 0.05), 1),
        times_p95=round(_quantile(ratios, 0.95), 1),
        full_us=round(statistics.median(full), 1),
        times_full=round(statistics.median(full_ratios), 1),
        same_answers=n,
    )


# The browser's reading, in Chromium and, where there is one, in Node.

LOOP = """(read, bundle, cases) => {
  for (const one of cases.slice(0, 500)) read(bundle, one);
  const times = [];
  for (let at = 0; at < cases.length; at += 500) {
    const started = performance.now();
    for (const one of cases.slice(at, at + 500)) read(bundle, one);
    times.push((performance.now() - started) / 500 * 1000);
  }
  return times;
}"""


def script_cases(catalogue: Instrument, rapid: Instrument) -> dict[str, list[Any]]:
    """Return what the browser's reading is asked: the same inputs as ours in Python."""
    facts = islice(invented_facts(catalogue.reader), IN_BROWSER)
    given = islice(invented_answers(rapid), IN_BROWSER)
    return {
        "readFacts": [catalogue.name, [asdict(one) for one in facts]],
        "readAnswers": [rapid.name, [{"answers": one.answers} for one in given]],
    }


def in_chromium(instruments: Mapping[str, Instrument], cases: Mapping[str, Any]) -> Iterator[Row]:
    """Give what the browser's reading does in Chromium, without a page around it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where it is asked for

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto("about:blank")
        script = (
            SCRIPT.read_text(encoding="utf-8") + "\nwindow.reader = { readAnswers, readFacts };"
        )
        page.add_script_tag(type="module", content=script)
        page.wait_for_function("window.reader !== undefined")
        for function, (name, held) in cases.items():
            asked = f"([bundle, cases]) => ({LOOP})(reader.{function}, bundle, cases)"
            times = page.evaluate(asked, [bundle(instruments[name]), held])
            yield _script_row(f"reading.js, Chromium {browser.version}", function, times)
        browser.close()


def in_node(instruments: Mapping[str, Instrument], cases: Mapping[str, Any]) -> Iterator[Row]:
    """Give what the same file does in Node."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)  # noqa: S607
    for function, (name, held) in cases.items():
        script = (
            SCRIPT.read_text(encoding="utf-8")
            + "\nimport { readFileSync } from 'node:fs';"
            + "\nconst [held, cases] = JSON.parse(readFileSync(0, 'utf8'));"
            + f"\nconsole.log(JSON.stringify(({LOOP})({function}, held, cases)));"
        )
        run = subprocess.run(  # noqa: S603
            ["node", "--input-type=module", "--eval", script],  # noqa: S607
            input=json.dumps([bundle(instruments[name]), held]),
            capture_output=True,
            text=True,
            check=True,
        )
        node = f"reading.js, Node {version.stdout.strip()}"
        yield _script_row(node, function, json.loads(run.stdout))


SAYS = {"readFacts": SIGNS, "readAnswers": ANSWERS}


def _script_row(name: str, function: str, times: Sequence[float]) -> Row:
    middle = statistics.median(times)
    return Row(
        way=name,
        says=SAYS[function],
        n=IN_BROWSER,
        per_second=round(1e6 / middle),
        us=round(middle, 1),
        block_p95_us=round(_quantile(times, 0.95), 1),
        peak_kib=None,
        process_mib=None,
    )


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    cpu = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((x.split(":")[1].strip() for x in cpu if "model name" in x), platform.machine())
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "rule-engine": rule_engine.__version__,
    }


def main() -> int:
    """Run all ways at all sizes; write the results after every one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--without-browser", action="store_true")
    told = parser.parse_args()
    catalogue, rapid = shelf().find("field-catalogue"), shelf().find("rapid-screening")
    reader = catalogue.reader
    sizes = [int(size) for size in told.sizes.split(",")]
    ratios = [compared(reader, n) for n in sizes if n <= MOST_OF_PEER]
    print(*ratios, sep="\n", file=sys.stderr, flush=True)
    rows: list[Row] = []
    for row in chain(
        in_python(reader, rapid, sizes),
        () if told.without_browser else in_scripts(catalogue, rapid),
    ):
        rows.append(row)
        print(row, file=sys.stderr, flush=True)
        write(rows, ratios)
    return 0


def in_python(reader: Reader, rapid: Instrument, sizes: Sequence[int]) -> Iterator[Row]:
    """Give ours at all sizes, and the peer as far as it is asked."""
    peer = Peer(reader).read
    for n in sizes:
        signs = partial(invented_facts, reader)
        yield measured("ours, Python", OUTCOMES, n, partial(_outcomes, reader), signs())
        yield measured("ours, Python", SIGNS, n, partial(_signs, reader), signs())
        answers = invented_answers(rapid)
        yield measured("ours, Python", ANSWERS, n, partial(reading.read_answers, rapid), answers)
        if n <= MOST_OF_PEER:
            yield measured("rule-engine", OUTCOMES, n, peer, signs())


def _outcomes(reader: Reader, facts: reading.Facts) -> object:
    return reading.outcomes_of(facts, reader)


def _signs(reader: Reader, facts: reading.Facts) -> object:
    return reading.read_facts(facts, reader)


def in_scripts(catalogue: Instrument, rapid: Instrument) -> Iterator[Row]:
    """Give the browser's reading, wherever there is something that runs it."""
    cases = script_cases(catalogue, rapid)
    instruments = {one.name: one for one in (catalogue, rapid)}
    if shutil.which("chromium"):
        yield from in_chromium(instruments, cases)
    if shutil.which("node"):
        yield from in_node(instruments, cases)


HEADINGS = (
    *("way", "what it says", "readings", "a second", "µs each", "µs, slow blocks"),
    *("peak KiB", "process MiB"),
)


def write(rows: Sequence[Row], ratios: Sequence[Ratio]) -> None:
    """Write the figures for machines, and the tables for people."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    held = {
        "schema": 1,
        "job": "identification",
        "machine": machine(),
        "ratios": [asdict(ratio) for ratio in ratios],
        "rows": [asdict(row) for row in rows],
    }
    text = json.dumps(held, indent=1, ensure_ascii=False)
    (RESULTS / "identification.json").write_text(text + "\n", encoding="utf-8")
    lines = [
        "# Reading: from signs and answers to a class, and why",
        "",
        "Made by `make bench-identification`, never by hand. "
        + ", ".join(f"{key} {value}" for key, value in machine().items())
        + ".",
        f"One thread; invented signs and answers, seed {SEED}; others used the machine too, so the",
        "ratios count, taken in turn on the same inputs, and not a single time.",
        "",
        "## Beside a general rule library, same rules, same inputs, same answers",
        "",
        "Both say only which outcomes hold. Every answer was compared, and none differed.",
        "",
        "The last two columns are our full reading (why, what is missing, steps, laws) beside the",
        "peer's outcomes alone.",
        "",
        "| screenings | ours µs | peer µs | times | 5 % below | 95 % below | full µs | times |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.n} | {r.ours_us} | {r.peer_us} | {r.times} | {r.times_p5} | {r.times_p95} "
        f"| {r.full_us} | {r.times_full} |"
        for r in ratios
    ]
    lines += [
        "",
        "## How many a second, and what grows",
        "",
        f"Inputs stream past in blocks of {BLOCK}. Each: the middle block; slow blocks: 95 of 100",
        "took less. Peak: what readings held at most beyond what was held before. Process: its",
        "largest until then, with instruments and libraries. The peer is asked up to",
        f"{MOST_OF_PEER} times.",
        "",
        "| " + " | ".join(HEADINGS) + " |",
        "|---" * len(HEADINGS) + "|",
    ]
    lines += [
        "| " + " | ".join("" if v is None else str(v) for v in asdict(row).values()) + " |"
        for row in rows
    ]
    (RESULTS / "identification.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
