"""A file of a case, from the hand-in to the sweep: real files, a real worker, a real keeper."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from amana.access.rules import Actor, NotFound, Refused, Role
from amana.audit.queries import first_fault
from amana.cases import actions, queries, rules
from amana.cases.models import Attachment, Case, Opening
from amana.cases.queries import COPY, ORIGINAL
from amana.cases.rules import IDENTITY, LOCATION
from amana.cases.tests.builders import a_case
from amana.crypto.secrets import CannotOpen, digest, new_id
from amana.files import store
from amana.files.rules import LARGEST, NotAccepted, Reason
from amana.files.tests import samples
from tests.cast import THE_MOMENT as NOW
from tests.cast import Cast, StoppedClock, name_of

pytestmark = pytest.mark.django_db

NAME, CAPTION = "passeport-Nafissatou.jpg", "Son passeport, page 2"


@pytest.fixture
def media(tmp_path: Path, settings: Settings) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


@pytest.fixture
def case(cast: Cast, media: Path) -> Iterator[Case]:
    yield a_case(cast)
    assert first_fault() is None


def attached(
    case: Case, actor: Actor, *, part: str = IDENTITY, content: bytes | None = None
) -> Attachment:
    return actions.attach(
        case=case,
        part=part,
        content=samples.jpeg() if content is None else content,
        name=NAME,
        caption=CAPTION,
        actor=actor,
        now=NOW,
    )


def test_a_file_opens_for_whoever_opens_its_part_and_the_opening_is_on_record(
    cast: Cast, case: Case
) -> None:
    row = attached(case, cast.actor(Role.CASE_WORKER))

    for role in (Role.CASE_WORKER, Role.SUPERVISOR):
        opened, content = actions.open_attachment(
            case=case, attachment_id=row.pk, reason="PERSON_ASKS", actor=cast.actor(role), now=NOW
        )
        assert (opened.name, opened.caption) == (NAME, CAPTION)
        assert content[:3] == b"\xff\xd8\xff"
        assert len(content) == row.size
    assert list(Opening.objects.values_list("part", "reason")) == [(IDENTITY, "PERSON_ASKS")] * 2


def test_whoever_does_not_open_the_part_finds_no_file(cast: Cast, case: Case) -> None:
    row = attached(case, cast.actor(Role.CASE_WORKER))
    strangers = [cast.who("khadija"), *map(cast.actor, (Role.DESK, Role.ADMINISTRATOR))]

    for stranger in strangers:
        assert queries.attachments(stranger, case, IDENTITY) == []
        with pytest.raises(NotFound):
            actions.open_attachment(
                case=case, attachment_id=row.pk, reason="PERSON_ASKS", actor=stranger, now=NOW
            )
        with pytest.raises(NotFound):
            attached(case, stranger)


def test_only_who_reads_and_writes_a_part_adds_a_file_to_it(cast: Cast, case: Case) -> None:
    with pytest.raises(NotFound):
        attached(case, cast.actor(Role.SUPERVISOR))
    with pytest.raises(NotFound):
        attached(case, cast.actor(Role.CASE_WORKER), part="health")
    assert not Attachment.objects.exists()


def test_what_lies_on_the_disk_and_in_the_table_shows_nothing_of_the_person(
    cast: Cast, case: Case, media: Path
) -> None:
    row = attached(case, cast.actor(Role.CASE_WORKER))

    lying = b"".join(p.read_bytes() for p in media.iterdir()) + bytes(
        Attachment.objects.get(pk=row.pk).sealed
    )
    assert store.names(media) == {f"{row.pk}-copy", f"{row.pk}-original"}
    for canary in (samples.CANARY, NAME, CAPTION, "JFIF", digest(samples.jpeg()).hex()):
        assert canary.encode() not in lying


def test_what_a_camera_wrote_into_a_photograph_is_in_the_sealed_original_alone(
    cast: Cast, case: Case
) -> None:
    row = attached(case, cast.actor(Role.CASE_WORKER))

    opened = queries.access_attachment(cast.actor(Role.CASE_WORKER), case, row.pk)

    assert samples.CANARY.encode() not in queries.content_of(opened, COPY)
    assert queries.content_of(opened, ORIGINAL) == samples.jpeg()
    assert opened.digest == digest(samples.jpeg()).hex()


def test_two_files_that_change_places_open_no_more(cast: Cast, case: Case, media: Path) -> None:
    worker = cast.actor(Role.CASE_WORKER)
    one, two = attached(case, worker), attached(case, worker)
    (media / f"{one.pk}-copy").replace(media / f"{two.pk}-copy")

    with pytest.raises(Refused, match="FILE_IS_NOT_WHOLE"):
        actions.open_attachment(
            case=case, attachment_id=two.pk, reason="PERSON_ASKS", actor=worker, now=NOW
        )
    Attachment.objects.filter(pk=two.pk).update(sealed=Attachment.objects.get(pk=one.pk).sealed)
    with pytest.raises(CannotOpen):
        queries.attachments(worker, case, IDENTITY)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.NOT_A_KIND_WE_TAKE),
        (b"PK\x03\x04" + bytes(64), Reason.NOT_A_KIND_WE_TAKE),
        (samples.jpeg()[:200], Reason.DAMAGED),
        (b"\xff\xd8\xff" + bytes(LARGEST), Reason.TOO_LARGE),
    ],
    ids=["nothing", "an archive", "half a photograph", "more than is taken"],
)
def test_what_is_refused_leaves_nothing(
    cast: Cast, case: Case, media: Path, content: bytes, reason: Reason
) -> None:
    with pytest.raises(NotAccepted) as refused:
        attached(case, cast.actor(Role.CASE_WORKER), content=content)

    assert refused.value.reason is reason
    assert store.names(media) == set()


def test_a_case_holds_so_many_files_and_no_more(
    cast: Cast, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = cast.actor(Role.CASE_WORKER)
    monkeypatch.setattr(rules, "MOST_FILES", 1)
    attached(case, worker)

    with pytest.raises(Refused, match="CASE_HOLDS_NO_MORE_FILES"):
        attached(case, worker)


@pytest.mark.parametrize(
    ("n_files", "n_bytes", "is_full"),
    [(200, 200 * 2**20, False), (201, 1, True), (1, 200 * 2**20 + 1, True)],
)
def test_a_case_holds_200_files_and_200_mebibytes(
    n_files: int, n_bytes: int, is_full: bool
) -> None:
    against = rules.objections_to_attaching(n_files=n_files, n_bytes=n_bytes, is_historical=False)

    assert bool(against) == is_full


def test_a_file_of_a_process_that_died_is_swept_and_the_others_stay(
    cast: Cast, case: Case, media: Path
) -> None:
    row = attached(case, cast.actor(Role.CASE_WORKER))
    died = f"{new_id()}-original"
    # Killed for real, after the file and before the row.
    code = (
        "import os, signal, sys; from pathlib import Path; from amana.files import store\n"
        "folder = Path(sys.argv[1])\n"
        "with store.a_place(folder):\n"
        "    store.keep(folder, sys.argv[2], [b'x' * 100])\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(media), died],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        check=False,
    )
    assert run.returncode == -signal.SIGKILL
    (media / "not-ours.txt").write_text("stays")
    assert died in store.names(media)

    with store.a_place(media):
        assert actions.sweep_files(NOW) == 0
    assert actions.sweep_files(NOW) == 1

    assert store.names(media) == {f"{row.pk}-copy", f"{row.pk}-original"}
    assert (media / "not-ours.txt").exists()


def test_no_more_than_two_files_are_worked_on_at_once(media: Path) -> None:
    with store.a_place(media), store.a_place(media):
        with pytest.raises(NotAccepted) as refused, store.a_place(media, wait=0.1):
            pytest.fail("a third place")
        assert refused.value.reason is Reason.BUSY
    with store.a_place(media):
        pass


# On the page.


@pytest.fixture
def browser(cast: Cast, settings: Settings, stopped_clock: StoppedClock) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE] = cast.cookie(name_of(Role.CASE_WORKER)).hex()
    return client


def test_a_file_goes_in_and_comes_out_under_a_name_that_says_nothing(
    browser: Client, case: Case
) -> None:
    path = reverse("cases:attach", args=[case.code, LOCATION])
    file = SimpleUploadedFile(NAME, samples.jpeg(), "text/html")

    answer = browser.post(path, {"file": file, "caption": CAPTION})
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        reverse("cases:case", args=[case.code]) + "?said=attached",
    )

    part = reverse("cases:compartment", args=[case.code, LOCATION])
    page = browser.post(part, {"reason": "PERSON_ASKS"}).content.decode()
    assert CAPTION in page
    row = Attachment.objects.get()
    address = reverse("cases:file", args=[case.code, row.pk])
    assert address in page
    assert browser.get(address).status_code == 405
    assert browser.post(address, {"reason": "NONE"}).status_code == 422
    given = browser.post(address, {"reason": "PERSON_ASKS"})
    assert given.headers["Content-Type"] == "image/jpeg"
    assert given.headers["Content-Disposition"] == f'attachment; filename="{row.pk[:8]}.jpg"'
    assert given.headers["Cache-Control"] == "no-store"
    assert samples.CANARY.encode() not in given.content


def test_a_refusal_says_what_to_do_in_the_reader_s_language(browser: Client, case: Case) -> None:
    path = reverse("cases:attach", args=[case.code, LOCATION])
    browser.cookies["language"] = "fr"
    file = SimpleUploadedFile("a.zip", b"PK\x03\x04" + bytes(64))

    answer = browser.post(path, {"file": file, "caption": ""})

    assert answer.status_code == 422
    assert "Ce type de fichier n’est pas pris" in answer.content.decode()


def test_what_arrives_never_lies_in_a_temporary_file(
    browser: Client, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        pytest.fail("a temporary file was opened")

    monkeypatch.setattr("django.core.files.temp.NamedTemporaryFile", fail)
    monkeypatch.setattr("tempfile.NamedTemporaryFile", fail)
    path = reverse("cases:attach", args=[case.code, LOCATION])
    # Larger than what Django by itself would still hold in memory.
    file = SimpleUploadedFile("a.jpg", samples.jpeg() + bytes(4 * 2**20))

    assert browser.post(path, {"file": file, "caption": ""}).status_code in (302, 422)

    too_large = SimpleUploadedFile("a.jpg", bytes(LARGEST + 2**20))
    answer = browser.post(path, {"file": too_large, "caption": ""})
    assert answer.status_code == 422
    assert "25" in answer.content.decode()


def test_nobody_s_file_is_held_before_somebody_signed_in(
    case: Case, settings: Settings, stopped_clock: StoppedClock
) -> None:
    answer = Client().post("/sign-in", {"file": SimpleUploadedFile("a.jpg", samples.jpeg())})

    assert answer.wsgi_request.FILES == {}
