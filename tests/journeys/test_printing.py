"""A form is printed from the command line, and what cannot be printed is said."""

from pathlib import Path

import pytest

from amana.node.cli import Failed, main
from amana.node.paper import run


def test_one_prints_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "form.pdf"

    asked = ["instruments", "print", "rapid-screening", "--language", "ar", "--to", str(to)]
    assert main(asked) == 0

    assert to.read_bytes().startswith(b"%PDF")
    assert "rapid-screening 2026-11-26, ar" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "language"), [("nothing", "fr"), ("rapid-screening", "xx")])
def test_what_cannot_be_printed_is_said_in_one_line(
    tmp_path: Path, name: str, language: str
) -> None:
    with pytest.raises(Failed):
        run(name=name, version="", language=language, to=tmp_path / "form.pdf")
