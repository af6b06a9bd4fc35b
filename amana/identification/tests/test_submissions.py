"""Forms that an independent OpenRosa client filled in are judged and read like any answers."""

from datetime import date
from pathlib import Path

import pytest

from amana.identification import answers, reading
from amana.standards import openrosa
from amana.standards.instruments import shelf

FILLED = Path(__file__).parents[3] / "tests" / "vectors" / "openrosa"
TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("name", "field_class", "sign", "words"),
    [
        ("rapid-screening.adult", "TRAITE_PRESUMEE", "D1", ""),
        ("rapid-screening.child", "TRAITE_PRESUMEE", "E5", "أخاف من الرجل"),
        ("full-interview.child", "ENFANT_A_RISQUE", "E1", ""),
    ],
)
def test_what_javarosa_filled_in_can_be_and_is_read(
    name: str, field_class: str, sign: str, words: str
) -> None:
    submission = openrosa.read((FILLED / f"{name}.xml").read_bytes(), shelf().find)
    _, _, told = answers.parse(dict(submission.document))

    given = answers.checked(submission.instrument, told, TODAY)
    read = reading.read_answers(submission.instrument, given)

    assert read.field_class == field_class
    assert sign in {*read.fired, *read.noted}
    assert not words or words in given.words.values()
