"""`amana agreements check`, as a person at a shell sees it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from amana.standards.agreements import AGREEMENTS

ROOT = Path(__file__).parents[2]
WHOLE = next(AGREEMENTS.glob("ci-ma-memorandum.*.json"))


def check(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "amana", "agreements", "check", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=120,
    )


def test_a_whole_file_is_whole_and_a_broken_one_is_named_with_its_place(tmp_path: Path) -> None:
    document = json.loads(WHOLE.read_text("utf-8"))
    document["flows"][2]["article"] = "R99"
    broken = tmp_path / WHOLE.name
    broken.write_text(json.dumps(document), "utf-8")

    done = check(WHOLE, broken)

    assert done.returncode == 1
    assert f"{WHOLE.name}: whole" in done.stdout
    assert f"{WHOLE.name}.flows[2].article: 'R99' is none of R1, R10" in done.stdout


def test_what_is_not_there_is_said_without_a_traceback(tmp_path: Path) -> None:
    done = check(tmp_path / "gone.json", "--json")

    assert done.returncode == 1
    assert "cannot be read" in json.loads(done.stdout)[0]["fault"]
    assert done.stderr == ""
