"""What strangers hand in comes back as what is to be seen or heard, or not at all."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO

import pikepdf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from amana.files.clean import clean
from amana.files.rules import IMAGES, LARGEST, Kind, NotAccepted, Reason, is_whole, kind_of
from amana.files.tests.samples import CANARY, SAMPLES, film, jpeg, locked_pdf, pdf, png, sound

KINDS = pytest.mark.parametrize("kind", Kind)
SEEN = {
    Kind.JPEG: "image/jpeg",
    Kind.PNG: "image/png",
    Kind.WEBP: "image/webp",
    Kind.PDF: "application/pdf",
}


def refused(data: bytes) -> Reason:
    """Return why a file is not accepted."""
    with pytest.raises(NotAccepted) as refusal:
        clean(data)
    return refusal.value.reason


def clean_or_nothing(data: bytes) -> bytes:
    """Return the copy, or nothing where the file is not accepted."""
    try:
        return clean(data).content
    except NotAccepted:
        return b""


def spellings(word: str) -> Iterator[bytes]:
    """Return a word in the encodings in which formats keep words."""
    yield from (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"))


def unpacked(data: bytes) -> bytes:
    """Return a file with whatever is compressed in it laid open beside it."""
    found = [data]
    for at in range(len(data) - 2):
        if data[at] & 0x0F == 8 and int.from_bytes(data[at : at + 2]) % 31 == 0:
            try:
                found.append(zlib.decompressobj().decompress(data[at:], 1_000_000))
            except zlib.error:
                continue
    return b"\0".join(found)


# What comes back.


@KINDS
def test_every_kind_is_taken_and_comes_back_to_be_seen_or_heard(kind: Kind) -> None:
    cleaned = clean(SAMPLES[kind])

    assert cleaned.kind is kind
    assert cleaned.media_type == SEEN.get(kind, "audio/ogg")
    assert (cleaned.pages > 0, cleaned.width > 0) == (kind is Kind.PDF, kind in IMAGES)
    assert cleaned.content != SAMPLES[kind]


@KINDS
def test_what_a_file_says_beside_what_it_shows_is_gone(kind: Kind) -> None:
    handed_in = unpacked(SAMPLES[kind])
    assert any(word in handed_in for word in spellings(CANARY)), "the sample holds its canary"

    comes_back = unpacked(clean(SAMPLES[kind]).content)

    assert not any(word in comes_back for word in spellings(CANARY))
    assert b"Exif" not in comes_back
    assert b"xmpmeta" not in comes_back


@KINDS
def test_a_copy_is_taken_again_and_stays_what_it_is(kind: Kind) -> None:
    once = clean(SAMPLES[kind])

    again = clean(once.content)

    assert again.media_type == once.media_type
    assert (again.pages, again.width, again.height) == (once.pages, once.width, once.height)
    assert again.seconds == pytest.approx(once.seconds, abs=0.05)


def test_a_picture_taken_sideways_stands_upright() -> None:
    cleaned = clean(jpeg())

    assert (cleaned.width, cleaned.height) == (48, 64)
    with Image.open(BytesIO(cleaned.content)) as seen:
        assert seen.size == (48, 64)
        assert not seen.getexif()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_scan_in_any_depth_still_shows_what_it_showed(mode: str) -> None:
    with Image.open(BytesIO(clean(png(mode)).content)) as seen:
        grey = seen.convert("L")

    assert grey.size == (48, 64)
    assert min(grey.tobytes()) < 64
    assert len(set(grey.tobytes())) > 1 or mode == "I;16"


def test_sixteen_bits_of_grey_do_not_turn_white() -> None:
    out = BytesIO()
    Image.new("I;16", (8, 8), 0x8000).save(out, "PNG")

    with Image.open(BytesIO(clean(out.getvalue()).content)) as seen:
        assert seen.getpixel((0, 0)) == 0x80


def test_a_picture_for_printers_is_taken() -> None:
    assert clean(jpeg("CMYK")).media_type == "image/jpeg"


def test_the_length_of_a_recording_is_that_of_its_sound() -> None:
    assert clean(sound("ipod", "aac", seconds=3)).seconds == pytest.approx(3, abs=0.1)


# A document.


def test_a_document_keeps_its_pages_and_does_nothing_of_its_own() -> None:
    cleaned = clean(pdf(n_pages=3))

    assert cleaned.pages == 3
    for word in (b"/JavaScript", b"/JS", b"/OpenAction", b"/AA", b"/EmbeddedFile", b"/URI"):
        assert word not in cleaned.content
    for word in (b"/Annots", b"/AcroForm", b"/XFA", b"/Metadata", b"/PieceInfo", b"/Info"):
        assert word not in unpacked(cleaned.content)
    with pikepdf.open(BytesIO(cleaned.content)) as seen:
        assert set(seen.Root.keys()) == {"/Type", "/Pages"}
        assert len(seen.attachments) == 0


def test_a_photograph_in_a_document_keeps_its_pixels_and_loses_its_place() -> None:
    with pikepdf.open(BytesIO(clean(pdf()).content)) as seen:
        photograph = seen.pages[0].obj.Resources.XObject.Im0
        with (
            Image.open(BytesIO(photograph.read_raw_bytes())) as kept,
            Image.open(BytesIO(jpeg())) as was,
        ):
            assert kept.tobytes() == was.tobytes()
            assert not kept.getexif()


def test_what_was_filled_into_a_form_is_still_on_the_page() -> None:
    assert b"0 0 20 10 re f % shown" in unpacked(clean(pdf()).content)


@pytest.mark.parametrize("password", ["", "secret"])
def test_a_locked_document_is_refused_as_locked(password: str) -> None:
    assert refused(locked_pdf(password)) is Reason.LOCKED_PDF


# What is not taken.


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + bytes(64),
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        b"<!doctype html><script>1</script>",
        b"PK\x03\x04" + bytes(64),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64),
        b"\0\0\0\x18ftypheic" + bytes(64),
        b"#!/bin/sh\n",
        b"MZ" + bytes(64),
        b" " + SAMPLES[Kind.PDF],
        film(),
        b"OggS" + bytes(24) + b"\x7fFLAC" + bytes(64),
    ],
)
def test_what_is_no_kind_of_ours_is_refused(data: bytes) -> None:
    assert refused(data) is Reason.NOT_A_KIND_WE_TAKE


@KINDS
@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_file_that_was_cut_is_damaged(kind: Kind, share: float) -> None:
    whole = SAMPLES[kind]

    assert refused(whole[: int(len(whole) * share)]) is Reason.DAMAGED


def test_a_file_over_the_limit_is_refused_unread() -> None:
    assert refused(SAMPLES[Kind.JPEG] + bytes(LARGEST)) is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "tail", [b"<script>alert(1)</script>", b"PK\x03\x04" + b"\0" * 18 + b"evil"]
)
@KINDS
def test_a_file_that_is_two_things_at_once_comes_back_as_one(kind: Kind, tail: bytes) -> None:
    assert tail not in clean_or_nothing(SAMPLES[kind] + tail)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_a_flood_of_pixels_is_refused_before_it_is_poured() -> None:
    # A hundred thousand by a hundred thousand, in two hundred bytes.
    size = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    flood = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + pixels + chunk(b"IEND", b"")

    assert refused(flood) is Reason.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    "data",
    [
        # A box, a page, a stream and a picture that each say ten gigabytes.
        b"\0\0\0\x18ftypM4A " + bytes(12) + b"\0\0\0\x01mdat" + struct.pack(">Q", 10**10),
        b"OggS" + bytes(22) + b"\xffOpusHead" + b"\xff" * 200,
        b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(64),
        SAMPLES[Kind.PDF].replace(b"/Length ", b"/Length 9999999"),
        SAMPLES[Kind.MP3][:4] + b"\0\0\x7f\x7f\x7f\x7f" + SAMPLES[Kind.MP3][10:],
    ],
)
def test_a_file_that_lies_about_its_length_is_damaged(data: bytes) -> None:
    assert refused(data) is Reason.DAMAGED


def test_a_file_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(NotAccepted) as refusal:
        clean(SAMPLES[Kind.JPEG], seconds=0.01)

    assert refusal.value.reason is Reason.TOOK_TOO_LONG


def test_a_refusal_and_a_copy_say_nothing_of_what_the_file_holds() -> None:
    assert str(NotAccepted(Reason.DAMAGED)) == "DAMAGED"
    assert CANARY not in repr(clean(jpeg()))
    assert "content" not in repr(clean(jpeg()))


# Rubbish.

BEGINNINGS = st.sampled_from([data[:64] for data in SAMPLES.values()])


@given(st.binary(max_size=2000))
@example(b"\xff\xd8\xff")
@example(b"ID3")
@example(b"OggS")
@example(b"\0\0\0\0ftyp")
def test_asking_what_something_is_never_fails_in_another_way(data: bytes) -> None:
    with suppress(NotAccepted):
        is_whole(kind_of(data), data)


@settings(max_examples=25)
@given(st.one_of(st.binary(max_size=500), st.builds(bytes.__add__, BEGINNINGS, st.binary())))
def test_rubbish_is_refused_and_never_comes_back_as_itself(data: bytes) -> None:
    with pytest.raises(NotAccepted):
        clean(data)


@settings(max_examples=25)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_a_changed_byte_is_refused_or_written_anew(kind: Kind, draw: st.DataObject) -> None:
    data = bytearray(SAMPLES[kind])
    at = draw.draw(st.integers(0, len(data) - 1))
    data[at] ^= draw.draw(st.integers(1, 255))

    comes_back = clean_or_nothing(bytes(data))

    assert comes_back != bytes(data)
    assert not any(word in unpacked(comes_back) for word in spellings(CANARY))
