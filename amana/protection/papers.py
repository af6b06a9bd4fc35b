"""A case's papers: what stands on one, its code to check, the sheet for the printer. Pure.

A paper that lies around must not betray a person: its name, its largest words and what the file
says about itself are a number; what it is about stands in the text alone.
"""

import base64
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from amana.crypto.secrets import Seed, digest
from amana.crypto.signing import sign_public_of, sign_short, verify_short
from amana.identification.paper import betrays
from amana.look import qr
from amana.standards import paper_texts
from amana.standards.references import is_reference, new_reference

# The letter before every number: `P-K7R4-2D9C`.
PREFIX = "P"
CONTEXT = b"amana/paper/v1"
# What a code begins with. Capitals and figures alone: a QR code holds them in less space.
BEGINS = "AMANA1"
RIGHT_TO_LEFT = frozenset({"ar"})
# A word that is longer may be cut at the end of a line; nothing is ever left out.
LONGEST_WORD = 40
MOST_LETTERS = 60_000

Sections = Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True)
class Paper:
    """What one paper says: headings with their lines, who signs, and the code that proves it."""

    title: str
    number: str
    code: str
    day: date
    sections: Sections = field(repr=False)
    signs: tuple[str, ...]
    language: str
    qr: str = field(repr=False)
    # Where a reader checks the number; empty where nobody said.
    checked_at: str = ""


def new_number() -> str:
    """Return a number for a paper: sayable, random, with a check character."""
    return new_reference(PREFIX)


def fingerprint(
    *, salt: bytes, title: str, code: str, sections: Sections, signs: Sequence[str], language: str
) -> bytes:
    """Return the digest of everything that a reader of a paper finds but number and day.

    Salted, since the fixed texts are known to everybody: without the salt, which lies sealed, the
    digest would tell which of them somebody was given.
    """
    said = [title, code, [[label, list(lines)] for label, lines in sections], list(signs), language]
    return digest(salt + json.dumps(said, ensure_ascii=False).encode())


# The code on the paper.


@dataclass(frozen=True)
class Claim:
    """What a code that stands says: this desk issued this number with this text on this day."""

    number: str
    day: date
    digest: bytes


def qr_text(seed: Seed, claim: Claim) -> str:
    """Return the code of a paper, about 200 letters, signed by the node."""
    body = _body(claim)
    return f"{body}:{_letters(sign_short(seed, CONTEXT, body.encode()))}"


def read_qr(seed: Seed, text: str) -> Claim | None:
    """Return what a code says if this node signed it, letter by letter as it stands; else None."""
    parts = text.strip().split(":")
    if len(parts) != 5 or parts[0] != BEGINS:
        return None
    try:
        claim = Claim(parts[1], date.fromisoformat(parts[2]), _bytes(parts[3]))
        signature = _bytes(parts[4])
    except ValueError:
        return None
    # Base32 leaves a few bits unused: only what we would have written ourselves is read.
    if f"{_body(claim)}:{_letters(signature)}" != text.strip():
        return None
    stands = verify_short(sign_public_of(seed), signature, CONTEXT, _body(claim).encode())
    return claim if stands else None


def read_number(text: str) -> str:
    """Return the number that somebody typed, as it is written on paper; "" if it is none."""
    letters = re.sub(r"[^A-Z0-9]", "", unicodedata.normalize("NFKC", text).upper())
    number = f"{letters[:1]}-{letters[1:5]}-{letters[5:]}"
    return number if is_reference(number) and letters[:1] == PREFIX else ""


def _body(claim: Claim) -> str:
    return f"{BEGINS}:{claim.number}:{claim.day.isoformat()}:{_letters(claim.digest)}"


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")


def _bytes(letters: str) -> bytes:
    return base64.b32decode(letters + "=" * (-len(letters) % 8))


# The sheet.


def paper_pdf(paper: Paper) -> bytes:
    """Return a paper on A4, the same bytes for the same paper.

    Raises `look.paper.CannotPrint` for a letter that the fonts do not have.
    """
    from amana.look.paper import pdf  # noqa: PLC0415 - typst is heavy

    return pdf("case.typ", laid_out(paper))


def objections(paper: Paper) -> list[str]:
    """Return what stands against printing a paper."""
    from amana.look.paper import CannotPrint  # noqa: PLC0415 - typst is heavy

    letters = sum(len(label) + sum(map(len, lines)) for label, lines in paper.sections)
    if not letters:
        return ["PAPER_EMPTY"]
    if letters > MOST_LETTERS:
        return ["PAPER_TOO_LONG"]
    try:
        paper_pdf(paper)
    except CannotPrint:
        return ["PAPER_CANNOT_BE_SET"]
    return []


def file_name(paper: Paper) -> str:
    """Return the name of the file: a number, and nothing that anybody could read in it."""
    return f"{paper.number}.pdf"


def laid_out(paper: Paper) -> dict[str, Any]:
    """Return what stands on the paper, in the order of the paper."""
    words = {code: w.said_in(paper.language) for code, w in paper_texts.load().words.items()}
    is_quiet = betrays(paper.title)
    return {
        "language": paper.language,
        "direction": "rtl" if paper.language in RIGHT_TO_LEFT else "ltr",
        "number": paper.number,
        "code": paper.code,
        "day": paper.day.isoformat(),
        "headline": words["neutral_title"] if is_quiet else _set(paper, paper.title),
        # Words that tell a stranger what this is about stand in the text, never over it.
        "lead": _set(paper, paper.title) if is_quiet else "",
        "sections": [
            {"label": _set(paper, label), "lines": [_set(paper, line) for line in lines]}
            for label, lines in paper.sections
        ],
        "signs": [_set(paper, sign) for sign in paper.signs],
        "words": words,
        "checked_at": paper.checked_at,
        "qr": qr.svg(paper.qr),
        "qr_says": f"{words['code']} {paper.number}",
    }


# Letters, figures and signs between them that run from left to right also in Arabic.
_LATIN = r"0-9A-Za-z\u00c0-\u02af\u0660-\u0669\u06f0-\u06f9"
_FROM_THE_LEFT = re.compile(rf"[{_LATIN}]+(?:(?:://|[-–/.,:_@'’+])[{_LATIN}]+)*")


def _set(paper: Paper, text: str) -> str:
    """Return words as they are set: dates and codes whole and in their own direction."""
    is_turned = paper.language in RIGHT_TO_LEFT

    def in_one_piece(found: re.Match[str]) -> str:
        run = found[0]
        if len(run) <= LONGEST_WORD and (is_turned or re.search(r"\d", run)):
            # No line ends inside a date; a word joiner says so and nobody reads it.
            run = re.sub(r"(\W|_)", "\\1\u2060", run)
        # A date or a code that Arabic turned around would be another one.
        return f"\u2066{run}\u2069" if is_turned else run

    text = _FROM_THE_LEFT.sub(in_one_piece, plain(text))
    return re.sub(rf"(\S{{{LONGEST_WORD}}})(?=\S)", "\\1\u200b", text)


def plain(text: str) -> str:
    """Return words without what nobody sees: signs of control and of direction.

    A letter that is another one drawn otherwise (a ligature that came along from elsewhere) is
    written as that one.
    """
    kept = (c for c in text if c.isspace() or unicodedata.category(c) not in {"Cc", "Cf"})
    plainly = "".join(unicodedata.normalize("NFKC", c) if c.isalpha() else c for c in kept)
    # The narrow blanks of French stay what they are.
    return re.sub(r"[ \t\r\n\f\v]+", " ", unicodedata.normalize("NFC", plainly)).strip()
