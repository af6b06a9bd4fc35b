"""Fuzz one parser with coverage as the guide.

    python -m fuzz.run TARGET [--seconds 60] [--found FOLDER]

Begins with the saved corpus and leaves it as it is. What breaks a parser is written to FOLDER:
mend the parser and keep the bytes in fuzz/corpus/TARGET, where `make test` replays them for ever.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["amana"]):
    from fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"


def main() -> None:
    """Fuzz until the time is over or something escapes; the exit code says which."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--found", type=Path, default=Path())
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="amana-fuzz-") as grown:
        atheris.Setup(
            [
                sys.argv[0],
                f"-max_total_time={asked.seconds}",
                f"-artifact_prefix={asked.found}/{asked.target}-",
                "-max_len=16384",
                "-timeout=10",
                grown,
                str(CORPUS / asked.target),
            ],
            TARGETS[asked.target],
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
