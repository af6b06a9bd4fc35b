"""The country's root: any two of three officers sign, one alone cannot; the node never has it."""

import itertools
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from amana.exchange.directory import fingerprint_in, open_directory, text_of
from amana.exchange.tests.builders import other_country
from amana.node.clock import Clock
from amana.standards.ceremony import words_of

PASSPHRASES = [f"invented passphrase {n}" for n in (1, 2, 3)]
NOW = Clock(None, is_demo=False).now()


def offline(*words: object, typed: list[str]) -> subprocess.CompletedProcess[str]:
    """Run the command as officers do: no node, no settings; passphrases are typed."""
    hidden = ("AMANA", "DJANGO", "DATABASE")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
    return subprocess.run(
        [sys.executable, "-m", "amana", "directory", *map(str, words)],
        input="".join(f"{line}\n" for line in typed),
        capture_output=True,
        text=True,
        check=False,
        env=clean,
    )


@pytest.fixture(scope="module")
def officers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("officers")
    made = offline("root", "init", "--country", "CI", "--to", folder, typed=PASSPHRASES)
    assert made.returncode == 0, made.stderr
    (folder / "draft.json").write_text(text_of(other_country().directory_file(NOW)))
    return folder


def signed(
    folder: Path, pair: tuple[int, int], *, typed: list[str] | None = None
) -> tuple[str, Path]:
    out = folder / "signed.json"
    out.unlink(missing_ok=True)
    a, b = (folder / f"officer-{n}.json" for n in pair)
    typed = typed or [PASSPHRASES[n - 1] for n in pair]
    draft = folder / "draft.json"
    done = offline("sign", "--draft", draft, "--share", a, "--share", b, "--out", out, typed=typed)
    assert (done.returncode == 0) == out.exists()
    return done.stderr, out


@pytest.mark.parametrize("pair", list(itertools.permutations((1, 2, 3), 2)))
def test_any_two_officers_sign_with_the_root_that_all_three_hold(
    officers: Path, pair: tuple[int, int]
) -> None:
    root = json.loads((officers / "officer-1.json").read_text())["root"]

    _, out = signed(officers, pair)

    file = out.read_bytes()
    assert fingerprint_in(file) == root
    directory = open_directory(file, pinned=root, now=NOW + timedelta(minutes=1))
    assert directory.country == "CI"
    # A node is not needed: nothing but the five files lies there.
    assert {p.name for p in officers.iterdir()} == {
        *(f"officer-{n}.json" for n in (1, 2, 3)),
        *("draft.json", "signed.json"),
    }


@pytest.mark.parametrize("n", [1, 2, 3])
def test_one_officer_alone_signs_nothing(officers: Path, n: int) -> None:
    error, out = signed(officers, (n, n))
    assert "do not make a root" in error
    other = n % 3 + 1
    error, _ = signed(officers, (n, other), typed=[PASSPHRASES[n - 1]] * 2)
    assert "does not open with that passphrase" in error
    assert not out.exists()


def test_an_officer_s_file_shows_no_share_and_opens_for_its_owner_only_by_herself(
    officers: Path,
) -> None:
    paper = offline("root", "paper", "--share", officers / "officer-2.json", typed=PASSPHRASES[1:2])
    cells = [cell.split() for row in paper.stdout.splitlines() for cell in row.split("\t")]
    words = [cell[1] for cell in cells if len(cell) == 2 and cell[0].isdigit()]
    assert len(words) == 33
    assert " ".join(words) not in (officers / "officer-2.json").read_text()

    again = officers.parent / "again.json"
    typed = offline(
        *("root", "type", "--like", officers / "officer-1.json", "--to", again),
        typed=[" ".join(words), "another passphrase"],
    )
    assert typed.returncode == 0, typed.stderr
    out = officers.parent / "out.json"
    done = offline(
        *("sign", "--draft", officers / "draft.json", "--out", out),
        *("--share", again, "--share", officers / "officer-3.json"),
        typed=["another passphrase", PASSPHRASES[2]],
    )
    assert done.returncode == 0, done.stderr
    root = fingerprint_in(out.read_bytes())
    assert " ".join(words_of(root)) in paper.stdout
