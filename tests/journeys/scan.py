"""Looking for planted words in every file of a folder, in every encoding they could hide in."""

import base64
import contextlib
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus


@dataclass(frozen=True)
class Find:
    """A planted word where it must not be."""

    file: str
    word: str
    encoding: str


def spellings(word: str) -> Iterator[tuple[str, bytes]]:
    """Yield a word as bytes, in each encoding that software is known to leave behind."""
    plain = {
        "utf-8": word.encode(),
        "utf-16-le": word.encode("utf-16-le"),
        "utf-16-be": word.encode("utf-16-be"),
        "json": json.dumps(word)[1:-1].encode(),
        "url": quote(word).encode(),
        "form": quote_plus(word).encode(),
    }
    with contextlib.suppress(UnicodeEncodeError):
        # As a browser's store keeps what has no letter beyond it.
        plain["latin-1"] = word.encode("latin-1")
    yield from plain.items()
    for name in ("utf-8", "utf-16-le", "utf-16-be"):
        raw = plain[name]
        yield f"hex of {name}", raw.hex().encode()
        yield f"HEX of {name}", raw.hex().upper().encode()
        yield from _base64(name, raw)


def _base64(name: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the core of a word's base64 at each of the three alignments it can fall on."""
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + raw)
        start = (0, 2, 3)[shift]
        core = whole[start : len(whole) - 4]
        yield f"base64+{shift} of {name}", core
        yield f"base64url+{shift} of {name}", core.replace(b"+", b"-").replace(b"/", b"_")


def planted_in(folder: Path, words: Iterable[str]) -> list[Find]:
    """Return every planted word that any file of a folder gives away, compressed parts included."""
    wanted = [(word, name, raw) for word in words for name, raw in spellings(word) if len(raw) > 5]
    found = []
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = _with_inflated(file.read_bytes())
        found += [
            Find(str(file.relative_to(folder)), word, name)
            for word, name, raw in wanted
            if raw in content
        ]
    return found


def _with_inflated(content: bytes) -> bytes:
    """Return a file's bytes, followed by what any gzip or zlib stream in it holds."""
    inflated = [content]
    for mark, bits in ((b"\x1f\x8b\x08", 31), (b"\x78\x9c", 15), (b"\x78\xda", 15)):
        start = content.find(mark)
        while start >= 0:
            with contextlib.suppress(zlib.error):
                inflated.append(zlib.decompressobj(bits).decompress(content[start:]))
            start = content.find(mark, start + 1)
    return b"\n".join(inflated)
