"""Whoever reads French or Arabic reads all of it: no sentence is missing, doubtful or cut."""

import re
from collections.abc import Callable, Iterator
from gettext import c2py
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[2]
LANGUAGES = ("fr", "ar")
PLURALS = {"fr": 2, "ar": 6}
SAME_IN_FRENCH = {
    *(
        "Amana",
        "Article",
        "Articles",
        "Code",
        "Dimension",
        "Dimensions",
        "Information",
        "Licence",
        "Instrument",
        "Message",
        "Note",
        "Notes",
        "Silence",
        "Source",
        "Version",
        "version %(version)s",
    )
}
SAID_BY: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
TAG = re.compile(r"</?[a-z][^>]*>")
ARABIC = re.compile(r"[\u0621-\u064a]")
EASTERN_DIGIT = re.compile(r"[\u0660-\u0669\u06f0-\u06f9]")
LOOSE_SIGN = re.compile(r"(?<!\u00a0):|(?<!\u202f)[;?!]|«(?!\u00a0)|(?<!\u00a0)»|'")
WORDS_IN_A_SENTENCE = 30


class Said(NamedTuple):
    """What the source says in English."""

    one: str
    many: str = ""
    context: str | None = None


def read_from(text: str) -> Iterator[Said]:
    """Yield what a Python text says to people."""
    found = extract("python", BytesIO(text.encode()), keywords=SAID_BY)
    for _line, words, _comments, context in found:
        one, many = words if isinstance(words, tuple) else (words, "")
        yield Said(one, many, context)


def read_from_template(text: str) -> Iterator[Said]:
    """Yield what a template says; as Python it has no meaningful indents, so they go."""
    as_python = templatize(text)
    yield from read_from("\n".join(line.strip() for line in as_python.splitlines()))


def sources() -> set[Said]:
    """Return everything that the pages and the code say."""
    rooms = ROOT / "amana"
    pages = [path for path in rooms.rglob("*.html") if "templates" in path.parts]
    code = [path for path in rooms.rglob("*.py") if "tests" not in path.parts]
    said = {s for path in pages for s in read_from_template(path.read_text(encoding="utf-8"))}
    return said | {s for path in code for s in read_from(path.read_text(encoding="utf-8"))}


def path_of(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def catalogue(language: str) -> Catalog:
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def entries(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def forms(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (str(message.string or ""),)


def english(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (str(message.id),)


def serves_many(form: int, plural: Callable[[int], int]) -> bool:
    """Tell a form that serves numbers over two: those must be written, never left to a word."""
    return form in {plural(n) for n in range(3, 200)}


def faults_of_one(said: Said, message: Message, plural: Callable[[int], int]) -> Iterator[str]:
    """Yield what is wrong with one translation."""
    if message.fuzzy:
        yield f"doubtful: {said.one}"
    if not all(form.strip() for form in forms(message)):
        yield f"empty: {said.one}"
    wanted = set(PLACEHOLDER.findall(said.many or said.one))
    for number, form in enumerate(forms(message)):
        held = set(PLACEHOLDER.findall(form))
        may_drop = bool(said.many) and not serves_many(number, plural)
        if held != wanted and not (may_drop and held < wanted):
            yield f"placeholders: {said.one}"
        if sorted(TAG.findall(form)) != sorted(TAG.findall(said.one)):
            yield f"tags: {said.one}"


def faults(said: set[Said], found: Catalog) -> list[str]:
    """Return what keeps a reader of this catalogue from reading everything."""
    plural = c2py(found.plural_expr)
    wrong = []
    for each in sorted(said, key=lambda s: (s.one, s.context or "")):
        message = found.get(each.one, each.context)
        if message is None:
            wrong.append(f"missing: {each.one}")
        elif len(forms(message)) != (found.num_plurals if each.many else 1):
            wrong.append(f"plural forms: {each.one}")
        else:
            wrong.extend(faults_of_one(each, message, plural))
    return wrong


def sentences(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.?!])\s+|\n", text) if sentence]


def length(sentence: str) -> int:
    return len([word for word in sentence.split() if re.search(r"\w", word)])


def test_templates_and_code_are_both_read() -> None:
    page = (
        '<p>{% translate "Go on" %}</p>\n  {% blocktranslate count n=x|length %}'
        "One{% plural %}{{ n }} more{% endblocktranslate %}"
    )
    assert set(read_from_template(page)) == {Said("Go on"), Said("One", "%(n)s more")}
    assert set(read_from('a = _("Yes")\nb = ngettext("a", "b", 2)')) == {
        Said("Yes"),
        Said("a", "b"),
    }
    assert len(sources()) > 250


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_said_stands_in_the_language_and_is_whole(language: str) -> None:
    assert faults(sources(), catalogue(language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_has_all_its_plural_forms(language: str) -> None:
    assert catalogue(language).num_plurals == PLURALS[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_stands_in_the_language_that_nobody_says(language: str) -> None:
    assert {english(message)[0] for message in entries(language)} == {s.one for s in sources()}
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_machine_and_no_person_is_named_in_the_file(language: str) -> None:
    text = path_of(language).read_text(encoding="utf-8")
    assert "#:" not in text
    assert "@" not in text
    assert not re.search(r"/(work|home|tmp|usr|Users)/", text)


def test_arabic_is_written_in_arabic_with_western_digits() -> None:
    written = [form for message in entries("ar") for form in forms(message)]
    assert [form for form in written if not ARABIC.search(form)] == []
    assert [form for form in written if EASTERN_DIGIT.search(form)] == []


def test_french_is_not_the_english_left_standing() -> None:
    same = {english(m)[0] for m in entries("fr") if set(forms(m)) & set(english(m))}
    assert same == SAME_IN_FRENCH


def test_no_french_sentence_is_long() -> None:
    said = [s for message in entries("fr") for form in forms(message) for s in sentences(form)]
    assert [s for s in said if length(s) > WORDS_IN_A_SENTENCE] == []


def test_french_signs_never_stand_alone_at_the_start_of_a_line() -> None:
    written = [form for message in entries("fr") for form in forms(message)]
    assert [form for form in written if LOOSE_SIGN.search(form)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_is_never_called_a_victim(language: str) -> None:
    victim = re.compile(r"victime|ضحي|ضحايا", re.IGNORECASE)
    named = [m.id for m in entries(language) if any(victim.search(f) for f in forms(m))]
    assert [words for words in named if "victim" not in str(words).lower()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_message_is_seen(language: str) -> None:
    broken = catalogue(language)
    broken.delete("Leave quickly")
    assert faults(sources(), broken) == ["missing: Leave quickly"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_placeholder_is_seen(language: str) -> None:
    broken = catalogue(language)
    message = broken.get("Step %(current)s of %(total)s")
    assert message is not None
    message.string = forms(message)[0].replace("%(total)s", "12")
    assert faults(sources(), broken) == ["placeholders: Step %(current)s of %(total)s"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plural_that_hides_its_number_is_seen(language: str) -> None:
    broken = catalogue(language)
    message = broken.get("One sealed message waits")
    assert message is not None
    message.string = (*forms(message)[:-1], forms(message)[-1].replace("%(n)s", ""))
    assert faults(sources(), broken) == ["placeholders: One sealed message waits"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_doubtful_and_an_empty_message_are_seen(language: str) -> None:
    broken = catalogue(language)
    doubtful, empty = broken.get("Decline"), broken.get("Go on")
    assert doubtful is not None
    assert empty is not None
    doubtful.flags.add("fuzzy")
    empty.string = ""
    assert faults(sources(), broken) == ["doubtful: Decline", "empty: Go on"]
