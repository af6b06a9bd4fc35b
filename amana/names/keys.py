"""From a name as it was written to keys: one per word, the same for every usual spelling.

A key is the sound, in plain letters a-z, whichever script the name came in; a skeleton is what is
left of a key without vowels. The rules themselves are data, each with its mark and its reason.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RULES = Path(__file__).parent / "data" / "spelling.json"
# No name has more; what comes after is a text in the wrong field, and would only cost time.
MOST_WORDS = 8
# Longer than any word of a name. A rule may make room for another one, never more often than this.
MOST_LETTERS = 32

# What joins two parts of one word; the last is the stroke that stretches an Arabic word.
_APOSTROPHES = re.compile(r"['`´ʹʼ‘’ʻʿʾ.\u0640]")
_NO_LETTER = re.compile(r"[^a-z]+")
_ARABIC = re.compile(r"[\u0620-\u064a\u066e-\u06d3\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
_ARABIC_TWINS = re.compile(r"([\u0628-\u0647])(?=\1)")
_ARABIC_ARTICLE = re.compile(r"^ال(?=.{3})")


@dataclass(frozen=True)
class Spelling:
    """The spelling rules, ready for use."""

    edition: int
    latin: dict[int, str]
    arabic: dict[int, str]
    sounds: tuple[tuple[re.Pattern[str], str], ...]
    skeleton: dict[int, str | None]
    particles: frozenset[str]
    joined: frozenset[str]
    variants: Mapping[str, str]
    common: frozenset[str]


@cache
def spelling() -> Spelling:
    """Return the rules of the data file; a file that cannot be read is a fault of the release."""
    raw = json.loads(RULES.read_text(encoding="utf-8"))
    skeleton: dict[str, str | None] = {**raw["skeleton"]["folded"]}
    skeleton |= dict.fromkeys(raw["skeleton"]["dropped"])
    bare = Spelling(
        edition=raw["edition"],
        latin=str.maketrans(raw["latin_letters"]["letters"]),
        arabic=str.maketrans(raw["arabic_letters"]["letters"]),
        sounds=tuple((re.compile(rule["from"]), rule["to"]) for rule in raw["sounds"]),
        skeleton=str.maketrans(skeleton),
        particles=frozenset(raw["particles"]["words"]),
        joined=frozenset(raw["joined"]["words"]),
        variants={},
        common=frozenset(),
    )
    variants = _variants(raw["variants"]["groups"], lambda name: _keys(name, bare))
    known = _with(bare, variants)
    common = (key for name in raw["common_names"]["words"] for key in _keys(name, known))
    return _with(bare, variants, frozenset(common))


def _with(
    bare: Spelling, variants: Mapping[str, str], common: frozenset[str] = frozenset()
) -> Spelling:
    kept = {**vars(bare), "variants": variants, "common": common}
    return Spelling(**kept)


def _variants(
    groups: Iterable[list[str]], keys: Callable[[str], tuple[str, ...]]
) -> dict[str, str]:
    """Return for the key of every variant the key of its group's first name."""
    return {key: keys(group[0])[0] for group in groups for name in group for key in keys(name)[:1]}


def is_arabic(text: str) -> bool:
    """Say whether a text holds Arabic letters, so that its short vowels are not written."""
    return _ARABIC.search(text) is not None


def name_keys(name: str) -> tuple[str, ...]:
    """Return the keys of a name's words in their order, each once; empty when nothing is left.

    Particles go unless the name has nothing else. `Ben Ali`, `Benali` and `بن علي` are one name.
    """
    return _keys(name, spelling())


def skeleton(key: str) -> str:
    """Return a key without vowels and without what clerks confuse; never empty for a key."""
    return key.translate(spelling().skeleton) or key[:1]


def _keys(name: str, rules: Spelling) -> tuple[str, ...]:
    words = _words(name, rules)
    held = [w for w in words if w not in rules.particles] or words
    keys = (_key(word, rules) for word in held[:MOST_WORDS])
    return tuple(dict.fromkeys(key for key in keys if key))


def _words(name: str, rules: Spelling) -> list[str]:
    """Return the words in lower case without accents, joined where two words make one name."""
    plain = unicodedata.normalize("NFKC", name).casefold().translate(rules.latin)
    plain = _APOSTROPHES.sub("", _without_accents(plain))
    words: list[str] = []
    for word in re.split(r"[\W\d_]+", plain):
        if words and words[-1] in rules.joined and word:
            words[-1] += _ARABIC_ARTICLE.sub("", word)
        elif word:
            words.append(word)
    return words


def _without_accents(text: str) -> str:
    """Drop accents and vowel signs, but leave an Arabic letter its hamza: it tells the vowel."""
    if text.isascii():
        return text
    kept = (c if is_arabic(c) else unicodedata.normalize("NFD", c) for c in text)
    return "".join(c for c in "".join(kept) if not unicodedata.combining(c))


def _key(word: str, rules: Spelling) -> str:
    # Two equal letters are never one long one in Arabic: a short vowel stands between them.
    parted = _ARABIC_TWINS.sub("\\1ا", _ARABIC_ARTICLE.sub("", word))
    plain = parted.translate(rules.arabic)
    plain = _NO_LETTER.sub("", plain)[:MOST_LETTERS]
    for _ in range(MOST_LETTERS):
        before = plain
        for pattern, sound in rules.sounds:
            plain = pattern.sub(sound, plain)
        plain = rules.variants.get(plain, plain)
        if plain == before:
            break
    return plain
