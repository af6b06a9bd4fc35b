"""The files of the field app, as a phone fetches them: the same for everyone, and nobody's data.

Pure. The sources in `phone/` are served without their comments; the modules that the first
question needs are joined into one, because on a bad line every request costs a second.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from amana.identification.bundle import bundle, said_in
from amana.identification.rules import RAPID
from amana.standards import instruments
from amana.standards.datafile import LANGUAGES

PHONE = Path(__file__).parent / "phone"
READING = Path(__file__).parents[1] / "identification/static/identification/reading.js"
# What stands in each script, a module after those that it needs.
JOINED = {
    "app": (
        *("reading", "path", "references", "store", "dom"),
        *("state", "record", "parts", "questions", "screens", "app"),
    ),
    "after": ("line", "after"),
    "more": ("more",),
    "voice": ("voice",),
    "draft": ("draft",),
}
# Asked for in a person's first hour: each lies in files of its own. The others are rare, and packed
# together weigh a third less and cost one round trip.
SOON = (RAPID, "first-pass")
AS_THEY_ARE = ("away.html", "icon.svg", "manifest.webmanifest")
VENDORED = ("hpke", "argon2")
# Fetched when the phone has a quiet moment, not before it can be used.
AT_LEISURE = (
    *("draft.js", "argon2.js", "more.js", "voice.js", "instruments.json"),
    *("icon.svg", "manifest.webmanifest"),
)
TEXT = "; charset=utf-8"
TYPES = {
    ".js": "text/javascript" + TEXT,
    ".css": "text/css" + TEXT,
    ".html": "text/html" + TEXT,
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
DIRECTION = {"ar": "rtl"}
# What a browser opens as a page or runs as a worker: a policy is obeyed there, and nowhere else.
OPENED = frozenset({"", "away.html", "icon.svg", "sw.js"})

_HOME = {module: script for script, modules in JOINED.items() for module in modules}
_IMPORT = re.compile(r'^import ([^;]+?) from "\./(\w+)\.js";\n', re.MULTILINE)
_NAMED = re.compile(rf'"\./({"|".join(_HOME)})\.js"')
_COMMENT = re.compile(r"^[ \t]*(/\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let) (\w+))", re.MULTILINE)
_INDENT = re.compile(r"\n\s*")


@dataclass(frozen=True)
class File:
    """One file of the shell, as it is sent."""

    content_type: str
    body: bytes
    gzipped: bytes
    etag: str


@cache
def files(default_language: str) -> Mapping[str, File]:
    """Return every file under `/field/` by its path; "" is the page itself."""
    held = {path: _file(path, body) for path, body in _bodies(default_language).items()}
    version = hashlib.sha256("".join(f.etag for f in held.values()).encode()).hexdigest()[:16]
    own = {
        "VERSION": version,
        "FIRST": sorted(path for path in held if not is_at_leisure(path)),
        "LEISURE": sorted(filter(is_at_leisure, held), key=_how_late),
    }
    worker = _source("sw.js")
    for name, value in own.items():
        worker = worker.replace(f'"{name}"', _json(value))
    return {**held, "sw.js": _file("sw.js", worker)}


def is_at_leisure(path: str) -> bool:
    """Say whether a file may come after the phone can be used."""
    return path.startswith(("instruments/", "words/more.")) or path in AT_LEISURE


def _how_late(path: str) -> tuple[bool, bool, str]:
    """Order what comes later: the screens and next steps of a screening first, the locks last."""
    return path == "argon2.js", path.startswith("instruments/others"), path


def _file(path: str, text: str) -> File:
    body = text.encode()
    etag = hashlib.sha256(body).hexdigest()[:32]
    content_type = TYPES[Path(path or "index.html").suffix]
    return File(content_type, body, _gzipped(body), etag)


def _gzipped(body: bytes) -> bytes:
    """Return the shortest of what gzip makes; it is made once and sent for years."""

    def made(level: int) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16, level)
        return packer.compress(body) + packer.flush()

    return min((made(level) for level in range(1, 10)), key=len)


def _bodies(language: str) -> dict[str, str]:
    words = json.loads((PHONE / "words.json").read_text())
    made = _scripts() | {"field.css": _style()}
    made |= {f"{name}.js": (PHONE / f"{name}.js").read_text() for name in VENDORED}
    made |= {name: (PHONE / name).read_text() for name in AS_THEY_ARE}
    made |= {path: _json(value) for path, value in _instruments()}
    said = {one: _said(words, one, made) for one in LANGUAGES}
    for one in LANGUAGES:
        made[f"words/more.{one}.json"] = _json(said_in(words["more"], one))
        # What the page itself says needs no file of its own.
        if one != language:
            made[f"words/{one}.json"] = _json(said[one])
    shapes = {RAPID: json.loads(made.pop(f"instruments/{RAPID}.json"))}
    inline = {"language": language, "said": said[language], "shapes": shapes}
    page = (PHONE / "index.html").read_text()
    for name, text in {
        "LANGUAGE": language,
        "DIRECTION": DIRECTION.get(language, "ltr"),
        # No word may end the block that holds it.
        "DATA": _json(inline).replace("<", "\\u003c"),
    }.items():
        page = page.replace(f"{{{name}}}", text)
    return {"": page, **made}


def _said(words: Any, language: str, made: dict[str, str]) -> dict[str, Any]:  # noqa: ANN401
    """Return what the first screens and the first instrument say in one language."""
    instrument = json.loads(made.pop(f"instruments/{RAPID}.{language}.json"))
    return {"words": said_in(words["first"], language), "instruments": {RAPID: instrument}}


def _json(value: Any) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# Scripts.


def _source(name: str) -> str:
    """Return a source without its comments and its indentation."""
    text = READING.read_text() if name == "reading.js" else (PHONE / name).read_text()
    return _INDENT.sub("\n", _COMMENT.sub("", text)).strip() + "\n"


def _style() -> str:
    text = re.sub(r"\s*([{};,])\s*", r"\1", _source("field.css"))
    return text.replace(": ", ":").replace(";}", "}")


def _joined(script: str) -> str:
    """Return modules as one script: imports of each other fall away, others find their script."""
    own = set(JOINED[script])
    whole = "".join(_source(f"{module}.js") for module in JOINED[script])
    whole = _IMPORT.sub(lambda found: "" if found[2] in own else found.group(), whole)
    return _NAMED.sub(lambda found: f'"./{_HOME[found[1]]}.js"', whole)


def _scripts() -> dict[str, str]:
    """Return every script; the first exports only what another imports."""
    made = {f"{script}.js": _joined(script) for script in JOINED}
    names = " ".join(found[1] for text in made.values() for found in _IMPORT.finditer(text))
    wanted = set(re.findall(r"\w+", names))
    made["app.js"] = _EXPORT.sub(
        lambda found: found.group() if found[1] in wanted else "", made["app.js"]
    )
    return made


# Instruments.


def _instruments() -> Iterator[tuple[str, Any]]:
    """Give each instrument once without words, and its words once in each language."""
    steps = None
    others: dict[str, dict[str, Any]] = {kind: {} for kind in ("", *LANGUAGES)}
    shelf = instruments.shelf()
    listed = []
    for name in sorted({name for name, _ in shelf.files}):
        whole = slim(bundle(shelf.find(name)))
        steps = whole.pop("steps")
        shape, words = lifted(whole)
        listed.append({"name": name, "title": whole["title"]})
        made = {"": {**shape, "steps": []}, **words}
        if name in SOON:
            yield from _by_language(name, made)
        else:
            for kind, value in made.items():
                others[kind][name] = value
    shape, words = lifted(steps)
    yield from _by_language("steps", {"": shape, **words})
    yield from _by_language("others", others)
    yield "instruments.json", listed


def _by_language(name: str, made: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for language, value in made.items():
        yield f"instruments/{name}{'.' * bool(language)}{language}.json", value


def slim(whole: dict[str, Any]) -> dict[str, Any]:
    """Return an instrument without what the phone does not read: law, sources, marks, labels."""
    weighs = ("weight", "dimension") if not whole["dimensions"] else ()
    return {
        **_less(whole, "laws", "own_contradictions" if not whole["own_contradictions"] else ""),
        "laws": [],
        "sections": [
            {**section, "questions": [_question(q) for q in section["questions"]]}
            for section in whole["sections"]
        ],
        "indicators": [
            _less(one, "legal", "source", "mark", "element", *weighs) for one in whole["indicators"]
        ],
        "dimensions": [_less(one, "label") for one in whole["dimensions"]],
        "rules": [_less(rule, "label", "key") for rule in whole["rules"]],
        "otherwise": _less(whole["otherwise"], "label", "key"),
        "contradictions": [_less(one, "source", "mark") for one in whole["contradictions"]],
        "steps": [_less(step, "source", "mark") for step in whole["steps"]],
    }


def _question(question: dict[str, Any]) -> dict[str, Any]:
    answers = [
        {key: value for key, value in answer.items() if value} for answer in question["answers"]
    ]
    return {**_less(question, "standing", "source", "mark", "indicator"), "answers": answers}


def _less(held: dict[str, Any], *gone: str) -> dict[str, Any]:
    return {key: value for key, value in held.items() if key not in gone}


def lifted(value: Any) -> tuple[Any, dict[str, list[str]]]:  # noqa: ANN401
    """Return a document with a number in the place of each text, and the texts by language."""
    numbers: dict[tuple[str, ...], int] = {}

    def lift(held: Any) -> Any:  # noqa: ANN401
        if isinstance(held, dict):
            if set(held) == set(LANGUAGES):
                said = tuple(held[language] for language in LANGUAGES)
                return numbers.setdefault(said, len(numbers))
            return {key: lift(inner) for key, inner in held.items()}
        return [lift(inner) for inner in held] if isinstance(held, list) else held

    shape = lift(value)
    return shape, {
        language: [said[at] for said in numbers] for at, language in enumerate(LANGUAGES)
    }
