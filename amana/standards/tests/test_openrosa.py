"""OpenRosa submissions: read whole and hardened, written so that they come back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.standards import codes, openrosa
from amana.standards.instruments import shelf
from amana.standards.openrosa import BadSubmission


@dataclass(frozen=True)
class Given:
    """What one person answered, as a writer of submissions needs to see it."""

    answers: Mapping[str, Any]
    words: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)


VECTORS = Path(__file__).parents[3] / "tests" / "vectors"
RAPID, INTERVIEW = shelf().find("rapid-screening"), shelf().find("full-interview")
INSTANCE = "uuid:6c1f2b7e-3d55-4c3a-9a51-0c8f1d2e3f40"
STORIES = json.loads((VECTORS / "screening/vignettes.json").read_text("utf-8"))["vignettes"]

# Written by hand, to the OpenRosa metadata schema and the XForms of ODK: a root that names form and
# version, groups for sections, values of select-multiple parted by blanks, and the meta block.
BY_HAND = """<?xml version="1.0" encoding="UTF-8"?>
<data xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms"
      id="rapid-screening" version="2026-11-26">
  <danger><d1>none</d1><d2>none</d2><d3>alone</d3></danger>
  <person>
    <alias>Zoumana</alias><sex>F</sex><minor>no</minor><age>24</age><age_band>18_24</age_band>
    <situation>alone</situation><language>dyu</language><citizenship/><place/>
  </person>
  <questions>
    <q03>brought paid_for_me</q03><q06>kept</q06><q08>unpaid no_rest</q08><q09>declined</q09>
  </questions>
  <orx:meta><orx:instanceID>uuid:6c1f2b7e-3d55-4c3a-9a51-0c8f1d2e3f40</orx:instanceID></orx:meta>
</data>"""


def test_a_submission_written_by_hand_to_the_specification_is_read() -> None:
    read = openrosa.read(BY_HAND.encode(), shelf().find)

    assert read.instance_id == INSTANCE
    assert read.instrument is RAPID
    answers = read.document["answers"]
    assert answers["q03"] == ["brought", "paid_for_me"]
    assert (answers["age"], answers["minor"], answers["alias"]) == (24, "no", "Zoumana")
    assert "citizenship" not in answers


def refused(data: bytes) -> set[str]:
    with pytest.raises(BadSubmission) as bad:
        openrosa.read(data, shelf().find)
    for fault in bad.value.faults:
        told = codes.label("ANSWER_FAULT", fault.code, "fr")
        asked = {name for _, name, _, _ in Formatter().parse(told) if name}
        assert asked <= set(fault.values), f"{fault.code} leaves a gap in its words"
    return {fault.code for fault in bad.value.faults}


GOOD = BY_HAND.encode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "NOT_XML"),
        (b"data", "NOT_XML"),
        (GOOD[: len(GOOD) // 2], "NOT_XML"),
        (GOOD + b"<more/>", "NOT_XML"),
        (GOOD.replace(b"<data ", b"<html ").replace(b"</data>", b"</html>"), "OTHER_ROOT"),
        (GOOD.replace(b"2026-11-26", b"2031-01-01"), "FROM_THE_FUTURE"),
        (GOOD.replace(b"2026-11-26", b"2020-01-01"), "UNKNOWN_INSTRUMENT"),
        (GOOD.replace(b"rapid-screening", b"slow"), "UNKNOWN_INSTRUMENT"),
        (GOOD.replace(b"uuid:", b"guid:"), "NO_INSTANCE_ID"),
        (GOOD.replace(b"<d1>none</d1>", b"<d9>none</d9>"), "UNKNOWN_QUESTION"),
        (GOOD.replace(b"paid_for_me", b"flown"), "UNKNOWN_ANSWER"),
        (GOOD.replace(b"<age>24", b"<age>many"), "WRONG_KIND"),
        (b'<!DOCTYPE d [<!ENTITY a "b">]>' + GOOD.split(b"?>", 1)[1], "HAS_DOCTYPE"),
        (b"<data>" + b"x" * (50 * 1024 * 1024), "TOO_LARGE"),
        (b"<data>" + b"<a>" * 100_000, "TOO_MANY_PARTS"),
    ],
)
def test_a_submission_at_fault_is_refused_by_name(data: bytes, code: str) -> None:
    assert code in refused(data)


def test_an_entity_reaches_no_file_and_no_network(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("brought")
    entity = f'<!DOCTYPE d [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    body = BY_HAND.split("?>", 1)[1].replace("brought", "&e;")

    assert "HAS_DOCTYPE" in refused((entity + body).encode())


@pytest.mark.parametrize("story", STORIES, ids=lambda s: s["id"])
def test_each_of_the_twelve_stories_travels_as_a_submission(story: dict[str, Any]) -> None:
    told = {**story["answers"], "minor": story["minor"], "situation": story["situation"]}

    read = openrosa.read(openrosa.write(RAPID, Given(told), INSTANCE), shelf().find)

    assert read.document["answers"] == told


def coded(question: Any) -> st.SearchStrategy[Any]:
    offered, standing = [a.id for a in question.answers], [a.id for a in question.standing]
    if question.kind == "many":
        several = st.lists(st.sampled_from(offered), min_size=1, unique=True)
        return several.map(lambda chosen: [o for o in offered if o in chosen])
    return st.sampled_from([*offered, *standing])


plain_text = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30
)


@given(st.data())
def test_whatever_was_answered_comes_back(data: st.DataObject) -> None:
    answers: dict[str, Any] = {}
    for section in INTERVIEW.sections:
        questions = [q for q in section.questions if q.is_coded]
        drawn = st.fixed_dictionaries({}, optional={q.id: coded(q) for q in questions[:4]})
        if section.repeats:
            entries = data.draw(st.lists(drawn.filter(bool), max_size=3))
            answers |= {section.id: entries} if entries else {}
        else:
            answers |= data.draw(drawn)
    answers["alias"] = data.draw(plain_text)

    sent = openrosa.write(INTERVIEW, Given(answers), INSTANCE)

    assert openrosa.read(sent, shelf().find).document["answers"] == answers


@given(st.binary(max_size=300), st.integers(0, len(GOOD)), st.integers(0, 60))
def test_bytes_that_somebody_spoilt_are_read_or_refused_and_never_break(
    noise: bytes, at: int, gone: int
) -> None:
    for data in (noise, GOOD[:at] + noise[:8] + GOOD[at + gone :]):
        try:
            openrosa.read(data, shelf().find)
        except BadSubmission as bad:
            assert bad.faults  # noqa: PT017 - what was spoilt may still be whole


@pytest.mark.parametrize(
    "name", ["rapid-screening.adult", "rapid-screening.child", "full-interview.child"]
)
def test_what_javarosa_filled_in_is_read(name: str) -> None:
    data = (VECTORS / "openrosa" / f"{name}.xml").read_bytes()

    read = openrosa.read(data, shelf().find)

    assert read.instrument.name == name.split(".", maxsplit=1)[0]
    again = openrosa.write(read.instrument, Given(**told_in(read.document)), read.instance_id)
    assert openrosa.read(again, shelf().find).document == read.document


def told_in(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: document[key] for key in ("answers", "words", "skipped")}
