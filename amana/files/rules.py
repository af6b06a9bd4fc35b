"""What is taken, how much of it, and what a file says of itself in its first bytes."""

from dataclasses import dataclass
from enum import StrEnum

LARGEST = 25 * 1024 * 1024  # bytes handed in
LARGEST_CLEAN = 2 * LARGEST  # bytes that come back: a PNG is at times longer written anew
MOST_PIXELS = 64_000_000
SECONDS = 60  # that cleaning one file may take


class Reason(StrEnum):
    """Why a file is not accepted; the words stand in the list FILE_REASON."""

    TOO_LARGE = "TOO_LARGE"
    NOT_A_KIND_WE_TAKE = "NOT_A_KIND_WE_TAKE"
    DAMAGED = "DAMAGED"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    LOCKED_PDF = "LOCKED_PDF"
    TOOK_TOO_LONG = "TOOK_TOO_LONG"
    BUSY = "BUSY"


class NotAccepted(Exception):
    """This file is not taken. It says why, and nothing of what the file holds."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Kind(StrEnum):
    """The formats that are taken; each value is the ending by which people know it."""

    JPEG = "jpg"
    PNG = "png"
    WEBP = "webp"
    PDF = "pdf"
    M4A = "m4a"
    OGG = "ogg"
    MP3 = "mp3"
    WAV = "wav"


IMAGES = frozenset({Kind.JPEG, Kind.PNG, Kind.WEBP})
SOUNDS = frozenset({Kind.M4A, Kind.OGG, Kind.MP3, Kind.WAV})


@dataclass(frozen=True, repr=False)
class Cleaned:
    """A copy that is safe to show. It does not show itself in a log: it is a person's paper.

    `kind` is what it was, `media_type` what the copy is. Of pages, width and height in pixels,
    and seconds, those that mean something for its kind are not zero.
    """

    kind: Kind
    media_type: str
    content: bytes
    pages: int = 0
    width: int = 0
    height: int = 0
    seconds: float = 0.0


def kind_of(data: bytes) -> Kind:
    """Return the kind that the first bytes name; raises NotAccepted for every other.

    Nothing is looked for further in: a file that hides its kind behind something else is not
    taken. A name or a media type that came along is never asked.
    """
    for kind, begins in _BEGINNINGS:
        if begins(data):
            return kind
    raise NotAccepted(Reason.NOT_A_KIND_WE_TAKE)


def _is_riff(data: bytes, form: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == form


# The brands of recorders; a brand of films or of still pictures (heic, avif) is not among them.
_BRANDS = {b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"3gp4", b"3gp5", b"3gp6"}


def _is_mp3(data: bytes) -> bool:
    """Say whether this is an ID3 tag, or a frame of layer III with a possible rate."""
    if data[:3] == b"ID3":
        return True
    return (
        len(data) > 3
        and data[0] == 0xFF
        and data[1] & 0xE6 == 0xE2
        and data[1] & 0x18 != 0x08
        and data[2] & 0xF0 not in (0x00, 0xF0)
        and data[2] & 0x0C != 0x0C
    )


_BEGINNINGS = (
    (Kind.JPEG, lambda data: data[:3] == b"\xff\xd8\xff"),
    (Kind.PNG, lambda data: data[:8] == b"\x89PNG\r\n\x1a\n"),
    (Kind.WEBP, lambda data: _is_riff(data, b"WEBP")),
    (Kind.PDF, lambda data: data[:5] == b"%PDF-"),
    (Kind.M4A, lambda data: data[4:8] == b"ftyp" and data[8:12] in _BRANDS),
    (Kind.OGG, lambda data: data[:4] == b"OggS" and b"OpusHead" in data[:64]),
    (Kind.WAV, lambda data: _is_riff(data, b"WAVE")),
    (Kind.MP3, _is_mp3),
)


def is_whole(kind: Kind, data: bytes) -> bool:
    """Say whether a container holds as many bytes as it says. Decoders are silent about the rest.

    What follows a container is not asked about; it does not reach the copy.
    """
    if kind is Kind.M4A:
        return _boxes_end_with(data)
    if kind is Kind.OGG:
        return _pages_end_with(data)
    if kind in (Kind.WAV, Kind.WEBP):
        return int.from_bytes(data[4:8], "little") + 8 <= len(data)
    return True


def _boxes_end_with(data: bytes) -> bool:
    """Walk the boxes of ISO 14496-12; a box of length 0 reaches to the end."""
    at = 0
    while at + 8 <= len(data) and data[at : at + 4] != bytes(4):
        size = int.from_bytes(data[at : at + 4])
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16])
        if size < 8 or at + size > len(data):
            return False
        at += size
    return True


def _pages_end_with(data: bytes) -> bool:
    """Walk the pages of RFC 3533, section 6."""
    at = 0
    while data[at : at + 4] == b"OggS":
        segments = data[at + 27 : at + 27 + data[at + 26]] if at + 26 < len(data) else b""
        end = at + 27 + len(segments) + sum(segments)
        if not segments or len(segments) < data[at + 26] or end > len(data):
            return False
        at = end
    return at > 0
