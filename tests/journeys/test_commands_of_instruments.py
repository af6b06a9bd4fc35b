"""`amana instruments`, `assess` and `import openrosa`, as a person at a shell sees them."""

import hashlib
import json
import multiprocessing as mp
import os
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from amana.identification.answers import Given
from amana.identification.tests.builders import answers_yielding
from amana.node import demo, instruments
from amana.standards import openrosa
from amana.standards.instruments import INSTRUMENTS, shelf

RAPID = shelf().find("rapid-screening")
ROOT = Path(__file__).parents[2]


def amana(*arguments: object, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "amana", *map(str, arguments)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
    )


def test_what_is_loaded_and_what_is_not_is_listed() -> None:
    listed = json.loads(amana("instruments", "list", "--json").stdout)

    assert {one["name"] for one in listed["loaded"]} >= {"rapid-screening", "full-interview"}
    assert {one["name"] for one in listed["not_loaded"]} >= {"ilo-adult-sexual"}


def test_a_broken_file_is_refused_with_its_place_and_a_whole_one_is_whole(tmp_path: Path) -> None:
    whole = INSTRUMENTS / f"rapid-screening.{RAPID.version}.json"
    document = json.loads(whole.read_text("utf-8"))
    document["sections"][0]["questions"][1]["when"] = {"has": ["q99.yes"]}
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(document), "utf-8")

    done = amana("instruments", "check", whole, broken)

    assert done.returncode == 1
    assert f"{whole.name}: whole" in done.stdout
    place = "broken.json.sections[0].questions[1].when.has[0]"
    assert f"{place}: 'q99.yes' leads nowhere" in done.stdout


@pytest.mark.parametrize("suffix", ["json", "xlsx"])
def test_an_instrument_goes_out_and_is_taken_in_and_never_over_another(
    tmp_path: Path, suffix: str
) -> None:
    node = demo.make_nodes(tmp_path / "nodes", dict.fromkeys(demo.PORTS, 0))[0]
    out = tmp_path / f"out.{suffix}"
    assert amana("instruments", "export", "rapid-screening", "--to", out).returncode == 0
    assert "the same" in amana("instruments", "import", out, "--data", node.data).stdout

    document = {**RAPID.document, "version": "2026-12-01"}
    newer = tmp_path / "newer.json"
    newer.write_text(json.dumps(document), "utf-8")
    assert "is loaded" in amana("instruments", "import", newer, "--data", node.data).stdout
    newer.write_text(json.dumps({**document, "edition": "another"}), "utf-8")
    refused = amana("instruments", "import", newer, "--data", node.data)

    assert refused.returncode == 1
    assert "never changed" in refused.stderr
    kept = node.data / "instruments" / "rapid-screening.2026-12-01.json"
    assert json.loads(kept.read_text("utf-8")) == document


def newer_version(path: Path, edition: str) -> Path:
    document = {**RAPID.document, "version": "2026-12-01", "edition": edition}
    path.write_text(json.dumps(document), "utf-8")
    return path


def events(data: Path, verb: str) -> list[dict[str, str]]:
    """Return what a node's record says of one verb, oldest first."""
    with closing(sqlite3.connect(data / "db" / "amana.sqlite3")) as database:
        rows = database.execute("select event from audit_entry order by seq").fetchall()
    return [event for event in (json.loads(row[0]) for row in rows) if event["verb"] == verb]


def test_an_instrument_that_is_taken_in_stands_in_the_record_once(tmp_path: Path) -> None:
    node = demo.make_nodes(tmp_path / "nodes", dict.fromkeys(demo.PORTS, 0))[0]
    file = newer_version(tmp_path / "newer.json", "one")
    other = newer_version(tmp_path / "other.json", "two")

    done = [
        amana("instruments", "import", path, "--data", node.data) for path in (file, file, other)
    ]

    assert [one.returncode for one in done] == [0, 0, 1]
    (event,) = events(node.data, "instruments.import")
    kept = node.data / "instruments" / "rapid-screening.2026-12-01.json"
    assert event["subject"] == "rapid-screening@2026-12-01"
    assert event["sha256"] == hashlib.sha256(kept.read_bytes()).hexdigest()
    assert [p.name for p in kept.parent.iterdir()] == [kept.name]
    assert amana("verify", "--data", node.data).returncode == 0


def test_two_who_take_in_one_version_at_once_never_overwrite_each_other(tmp_path: Path) -> None:
    node = demo.make_nodes(tmp_path / "nodes", dict.fromkeys(demo.PORTS, 0))[0]
    kept = node.data / "instruments" / "rapid-screening.2026-12-01.json"
    files = [newer_version(tmp_path / f"{edition}.json", edition) for edition in ("one", "two")]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "amana", "instruments", "import", file, "--data", node.data],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for file in files
    ]

    told = [process.communicate(timeout=120)[0] for process in running]

    won = next(i for i, said in enumerate(told) if "is loaded" in said)
    assert "says something else" in told[1 - won]
    assert json.loads(kept.read_text("utf-8")) == json.loads(files[won].read_text("utf-8"))
    assert len(events(node.data, "instruments.import")) == 1
    assert [p.name for p in kept.parent.iterdir()] == [kept.name]


def test_of_two_who_write_one_new_file_at_once_one_is_told_that_it_is_there(
    tmp_path: Path,
) -> None:
    """Round by round in the same moment: the first file stands, whole, and nothing beside it."""
    together, rounds = mp.get_context("fork"), 40
    gate, heard = together.Barrier(2), together.SimpleQueue()

    def write(who: bytes) -> None:
        won = []
        for number in range(rounds):
            gate.wait(60)
            with suppress(FileExistsError):
                instruments._put_new(tmp_path / str(number), who * 100_000)
                won.append(number)
        heard.put((who, won))

    processes = [together.Process(target=write, args=(who,)) for who in (b"a", b"b")]
    for process in processes:
        process.start()
    won = dict(heard.get() for _ in processes)
    for process in processes:
        process.join()

    assert sorted(won[b"a"] + won[b"b"]) == list(range(rounds))
    for who, numbers in won.items():
        assert all((tmp_path / str(n)).read_bytes() == who * 100_000 for n in numbers)
    assert len(list(tmp_path.iterdir())) == rounds


def test_a_paper_form_is_printed(tmp_path: Path) -> None:
    out = tmp_path / "form.pdf"

    done = amana("instruments", "print", "rapid-screening", "--language", "ar", "--to", out)

    assert done.returncode == 0
    assert out.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(("name", "language"), [("nothing", "fr"), ("rapid-screening", "xx")])
def test_what_cannot_be_printed_is_said_in_one_line(
    tmp_path: Path, name: str, language: str
) -> None:
    to = tmp_path / "form.pdf"

    done = amana("instruments", "print", name, "--language", language, "--to", to)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert not to.exists()


ANSWERS = {
    "instrument": "rapid-screening",
    "answers": answers_yielding(("T1", "D1", "X1"), minor="no", situation="alone"),
}


def test_any_answers_are_read_from_a_file_and_from_a_submission(tmp_path: Path) -> None:
    sheet, xml = tmp_path / "one.json", tmp_path / "one.xml"
    sheet.write_text(json.dumps(ANSWERS), "utf-8")
    instance = "uuid:6c1f2b7e-3d55-4c3a-9a51-0c8f1d2e3f40"
    xml.write_bytes(openrosa.write(RAPID, Given(ANSWERS["answers"]), instance))  # type: ignore[arg-type]

    read = [json.loads(amana("assess", path, "--json").stdout) for path in (sheet, xml)]

    assert read[0] == read[1]
    assert read[0]["class"] == "TRAITE_PRESUMEE"
    assert read[0]["why"]["1"] == ["D1", "X1"]


def lines(*given: Any) -> str:
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in given)


def test_a_stream_is_answered_line_by_line_and_a_bad_line_is_named() -> None:
    bad = {**ANSWERS, "answers": {**ANSWERS["answers"], "age": 12}}  # type: ignore[dict-item]
    given = lines(ANSWERS, bad, '{"half": ', ANSWERS)

    stopped = amana("assess", "-", "--json", given=given)
    went_on = amana("assess", "-", "--json", "--keep-going", given=given)

    assert stopped.returncode == went_on.returncode == 1
    assert "line 2: minor: This age is under 18" in stopped.stderr
    told = [json.loads(line) for line in went_on.stdout.splitlines()]
    assert ["class" in one for one in told] == [True, False, False, True]
    assert told[2]["line"] == 3


def test_an_instrument_from_the_future_and_fifty_megabytes_are_refused_in_one_line() -> None:
    future = amana("assess", "-", given=lines({**ANSWERS, "version": "2031-01-01"}))
    huge = amana("assess", "-", given='{"instrument": "' + "x" * 50_000_000)

    assert "newer than any that is loaded here" in future.stderr
    assert "line 1: is longer than" in huge.stderr
    assert "Traceback" not in future.stderr + huge.stderr


def test_the_rest_of_a_line_that_is_too_long_is_no_line_of_its_own() -> None:
    long, whole = "x" * 3_000_000, json.dumps(ANSWERS)
    longest = whole + " " * (1024 * 1024 - len(whole))
    given = lines(ANSWERS, long, '{"half": ', longest, longest + " ", ANSWERS, long)

    went_on = amana("assess", "-", "--json", "--keep-going", given=given)

    told = [json.loads(line) for line in went_on.stdout.splitlines()]
    assert [one.get("line", "read") for one in told] == ["read", 2, 3, "read", 5, "read", 7]
    assert [("longer than" in one.get("error", "")) for one in told] == [
        *(False, True, False, False),
        *(True, False, True),
    ]


def test_a_stream_of_any_length_is_read_in_the_room_of_one_line(tmp_path: Path) -> None:
    whole, mega = json.dumps(ANSWERS).encode(), 1024 * 1024
    small, huge = tmp_path / "small", tmp_path / "huge"
    small.write_bytes(whole + b"\n")
    with huge.open("wb") as file:
        file.write(b"x" * 50 * mega + b"\n")
        for _ in range(50):
            file.write(whole.ljust(mega - 1) + b"\n")

    (first, little), (then, much) = (most_memory(stream) for stream in (small, huge))

    assert (first, then) == (1, 51)
    assert much - little < 12 * mega, f"{little} bytes for a line, {much} for a hundred megabytes"


def most_memory(stream: Path) -> tuple[int, int]:
    """Return how many lines `amana assess -` answered on a stream, and the most memory it held."""
    command = [sys.executable, "-m", "amana", "assess", "-", "--json", "--keep-going"]
    out = stream.with_suffix(".out")
    with stream.open("rb") as given, out.open("wb") as answers:
        running = subprocess.Popen(
            command,
            stdin=given,
            stdout=answers,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    return len(out.read_bytes().splitlines()), used.ru_maxrss * 1024


def test_submissions_become_screenings_of_a_node_each_once(tmp_path: Path) -> None:
    node = demo.make_nodes(tmp_path / "nodes", dict.fromkeys(demo.PORTS, 0))[0]
    told = {**ANSWERS["answers"], "age_band": "18_24", "sex": "F"}  # type: ignore[dict-item]
    good, half = tmp_path / "good.xml", tmp_path / "half.xml"
    instance = "uuid:6c1f2b7e-3d55-4c3a-9a51-0c8f1d2e3f41"
    good.write_bytes(openrosa.write(RAPID, Given(told), instance))
    half.write_bytes(good.read_bytes()[:200])

    first, again = (
        json.loads(amana("import", "openrosa", good, half, "--data", node.data, "--json").stdout)
        for _ in range(2)
    )

    assert [one["is"] for one in (first[0], again[0])] == ["new", "known already"]
    assert first[0]["screening"] == again[0]["screening"]
    assert "cut off" in first[1]["fault"]
