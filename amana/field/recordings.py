"""Questions as somebody spoke them, for who does not read: files that a node has, none of ours.

A folder `recordings/LANGUAGE/INSTRUMENT/QUESTION.opus` (or .m4a, .mp3, .webm) in the node's own
directory; what lies there otherwise is not served.
"""

from collections.abc import Iterator
from pathlib import Path

LANGUAGES = ("fr", "ar", "en", "dyu", "bci", "ary", "tzm")
KINDS = {
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".webm": "audio/webm",
}
LARGEST = 2 * 1024 * 1024


def listed(root: Path | None) -> dict[str, dict[str, list[str]]]:
    """Return which questions of which instruments were recorded in which language."""
    found: dict[str, dict[str, list[str]]] = {}
    for spoken, instrument, question in _names(root):
        questions = found.setdefault(spoken, {}).setdefault(instrument, [])
        if question not in questions:
            questions.append(question)
    return found


def _names(root: Path | None) -> Iterator[tuple[str, str, str]]:
    for file in sorted(root.glob("*/*/*")) if root is not None else ():
        spoken, instrument = file.parts[-3:-1]
        if spoken in LANGUAGES and _is_recording(file):
            yield spoken, instrument, file.stem


def _is_recording(file: Path) -> bool:
    return file.suffix in KINDS and file.is_file() and 0 < file.stat().st_size <= LARGEST


def find(root: Path | None, spoken: str, instrument: str, question: str) -> tuple[Path, str] | None:
    """Return a recording and what kind of sound it is, or None."""
    if (spoken, instrument, question) not in set(_names(root)):
        return None
    folder = (root or Path()) / spoken / instrument
    return next(
        (folder / f"{question}{suffix}", kind)
        for suffix, kind in KINDS.items()
        if _is_recording(folder / f"{question}{suffix}")
    )
