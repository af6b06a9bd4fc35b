"""Whole instruments on the web: typed in from paper, brought in from elsewhere, given out."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from amana.access.rules import Role
from amana.identification import actions, queries
from amana.identification.answers import Given
from amana.identification.models import Draft, Screening
from amana.identification.tests.builders import answers_yielding
from amana.standards import openrosa
from amana.standards.instruments import INSTRUMENTS, shelf
from tests.cast import Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db

RAPID = shelf().find("rapid-screening")
INSTANCE = "uuid:6c1f2b7e-3d55-4c3a-9a51-0c8f1d2e3f40"
PERSON: dict[str, Any] = {
    "alias": "Zoumana",
    "sex": "F",
    "minor": "no",
    "age_band": "18_24",
    "situation": "alone",
    "language": "dyu",
}


@pytest.fixture
def worker(client: Client, cast: Cast, stopped_clock: StoppedClock) -> Client:
    """A case worker at her browser, who reads French."""
    client.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(Role.CASE_WORKER)).hex()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "fr"
    return client


def submission(**told: Any) -> bytes:
    answers = {**answers_yielding(("T1", "D1", "X1"), **PERSON), **told}
    return openrosa.write(RAPID, Given(answers), INSTANCE)


def brought(worker: Client, data: bytes) -> Any:
    file = SimpleUploadedFile("reponse.xml", data, "text/xml")
    return worker.post("/screen/bring", {"file": file, "sent": "1"})


def test_a_submission_becomes_a_screening_once(worker: Client, cast: Cast) -> None:
    first, second = (brought(worker, submission()) for _ in range(2))

    assert first.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    (row,) = Screening.objects.all()
    content = queries.access_screening(cast.actor(Role.SUPERVISOR), row.pk).content
    assert content["reading"]["class"] == "TRAITE_PRESUMEE"


def test_what_a_colleague_or_the_command_line_brought_is_said_in_words(
    worker: Client, cast: Cast, now: datetime
) -> None:
    told = openrosa.read(submission(), shelf().find)
    given = Given(dict(told.document["answers"]))
    for actor, said in ((None, "ligne de commande"), (cast.actor(Role.SUPERVISOR), "collègue")):
        Screening.objects.all().delete()
        actions.receive_submission(
            submission=told.instance_id, instrument=RAPID, given=given, actor=actor, now=now
        )

        answer = brought(worker, submission())

        assert answer.status_code == 422
        assert said in answer.content.decode()
    assert Screening.objects.count() == 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda xml: xml[: len(xml) // 2], "incomplet"),
        (lambda _: b"", "au plus un m"),
        (lambda xml: xml.replace(b"brought", b"flown"), "flown"),
        (lambda xml: xml.replace(b"2026-11-26", b"2031-01-01"), "plus récente"),
        (lambda xml: xml.replace(b"rapid-screening", b"slow-screening"), "pas chargé"),
        (lambda xml: b"<!DOCTYPE d [<!ENTITY e 'x'>]>" + xml.split(b"?>", 1)[-1], "DOCTYPE"),
        (lambda xml: xml.replace(b"uuid:", b"none:"), "instanceID"),
    ],
)
def test_a_submission_at_fault_is_refused_in_the_workers_language_and_leaves_nothing(
    worker: Client, spoil: Any, said: str
) -> None:
    answer = brought(worker, spoil(submission()))

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Screening.objects.exists()


def test_answers_that_cannot_be_are_named_by_their_question(worker: Client) -> None:
    answer = brought(worker, submission(age=15))
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "Cet âge est de moins de 18" in page or "moins de 18 ans" in page
    assert not Screening.objects.exists()


def test_fifty_megabytes_are_read_to_their_end_and_dropped(worker: Client) -> None:
    answer = brought(worker, b"<data>" + b"x" * 50_000_000)

    assert answer.status_code in {400, 413, 422}
    assert not Screening.objects.exists()


def typed(**told: Any) -> dict[str, Any]:
    return {**answers_yielding(("T1", "D1", "X1"), **PERSON), "submission": "a" * 32, **told}


def test_a_paper_form_is_typed_in_once_however_often_it_is_sent(worker: Client) -> None:
    form = worker.get("/screen/typed/rapid-screening").content.decode()
    first, second = (worker.post("/screen/typed/rapid-screening", typed()) for _ in range(2))

    assert [int(n) for n in re.findall(r">(\d+)\. ", form)] == list(range(1, 25))
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    assert Screening.objects.count() == 1
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("told", "at", "said"),
    [
        ({"age": "130"}, "age", "possible"),
        ({"age": "douze"}, "age", "bonne forme"),
        ({"q03": ["none", "brought"]}, "q03", "Gardez une des deux"),
        ({"minor": "yes"}, "age_band", "18 ans ou plus"),
    ],
)
def test_every_fault_of_a_typed_form_stands_at_its_field_and_nothing_typed_is_lost(
    worker: Client, told: dict[str, Any], at: str, said: str
) -> None:
    answer = worker.post("/screen/typed/rapid-screening", typed(**told))
    page = answer.content.decode()

    assert answer.status_code == 422
    error = re.search(rf'id="id_{at}_error">(.*?)</div>', page, re.DOTALL)
    assert error is not None
    assert said in error.group(1)
    assert 'value="Zoumana"' in page
    assert not Screening.objects.exists()


def test_an_answer_to_a_question_that_was_not_asked_is_told_at_that_question(
    worker: Client,
) -> None:
    told = typed(dom_rest="never_rest", talk_today="yes", limits_told="yes")

    page = worker.post("/screen/typed/full-interview", told).content.decode()

    error = re.search(r'id="id_dom_rest_error">(.*?)</div>', page, re.DOTALL)
    assert error is not None
    assert "ne se pose pas" in error.group(1)


def test_an_instrument_is_given_to_the_browser_in_one_language(worker: Client) -> None:
    given = worker.get("/instruments/rapid-screening/2026-11-26/ar.json").json()

    assert given["title"] == RAPID.title.ar
    assert worker.get("/instruments/rapid-screening/2031-01-01/ar.json").status_code == 404
    assert worker.get("/instruments/rapid-screening/2026-11-26/de.json").status_code == 404


def test_a_paper_form_has_a_name_that_betrays_nobody(worker: Client) -> None:
    answer = worker.get("/instruments/full-interview/2026-11-26/fr.pdf")

    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"].endswith('filename="form-2026-11-26-fr.pdf"')


def test_an_old_screening_is_shown_also_when_its_version_is_gone(
    worker: Client, settings: Any, tmp_path: Path, now: datetime
) -> None:
    own = tmp_path / "instruments"
    own.mkdir()
    source = (INSTRUMENTS / "rapid-screening.2026-11-26.json").read_text("utf-8")
    own.joinpath("rapid-screening.2026-11-27.json").write_text(
        source.replace('"version": "2026-11-26"', '"version": "2026-11-27"', 1), "utf-8"
    )
    settings.INSTRUMENTS = str(own)
    sent = worker.post("/screen/typed/rapid-screening", typed())
    code = sent.headers["Location"].rsplit("/", 1)[1]
    settings.INSTRUMENTS = ""

    page = worker.get(f"/screenings/{code}/")

    assert page.status_code == 200
    assert 'data-class="TRAITE_PRESUMEE"' in page.content.decode()
