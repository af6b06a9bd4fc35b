"""The field app as a phone fetches it: light, in three languages, without anybody's data."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from amana.field import shell
from amana.field.shell import AT_LEISURE, JOINED, VENDORED, files, is_at_leisure
from amana.identification.bundle import bundle, said_in
from amana.standards.datafile import LANGUAGES
from amana.standards.instruments import shelf

KB = 1_000
# In grams of a bad line: gzip, as sent.
WHOLE, LATER_ON, FIRST_QUESTION = 60 * KB, 150 * KB, 30 * KB
FIRST_FILES = ("", "app.js", "field.css")
WORDS = json.loads((shell.PHONE / "words.json").read_text(encoding="utf-8"))


def weight(paths: Iterable[str]) -> int:
    return sum(len(files("fr")[path].gzipped) for path in paths)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_app_with_a_screening_in_three_languages_is_light(language: str) -> None:
    held = files(language)

    first = [len(file.gzipped) for path, file in held.items() if not is_at_leisure(path)]
    later = [len(file.gzipped) for path, file in held.items() if is_at_leisure(path)]

    assert sum(first) <= WHOLE
    assert sum(later) <= LATER_ON


def test_the_first_question_needs_three_files() -> None:
    assert weight(FIRST_FILES) <= FIRST_QUESTION
    assert set(re.findall(r'(?:src|href)="/field/([\w.]+\.(?:js|css))"', body(""))) == {
        "app.js",
        "field.css",
    }
    # What a module imports before it runs is one more request, one after the other.
    assert not re.search(r"^import ", body("app.js"), re.MULTILINE)


def test_no_file_is_larger_packed_than_plain() -> None:
    for path, file in files("fr").items():
        assert len(file.gzipped) <= len(file.body) + 20, path


def test_a_change_of_any_file_changes_the_version() -> None:
    version = re.search(r'const version = "(\w{16})"', body("sw.js"))

    assert version
    assert body("sw.js") != files("ar")["sw.js"].body.decode()


def test_the_worker_knows_every_file() -> None:
    lists = re.findall(r"^const \w+ = (\[.*\]);$", body("sw.js"), re.MULTILINE)

    # What the node has recorded is asked for anew each time, where there is a line.
    asked = {"sw.js"}
    assert {path for one in lists for path in json.loads(one)} == set(files("fr")) - asked


@pytest.mark.parametrize("script", JOINED)
def test_joined_modules_have_no_name_twice(script: str) -> None:
    names = Counter(
        name
        for module in JOINED[script]
        for name in re.findall(
            r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)",
            (shell.READING if module == "reading" else shell.PHONE / f"{module}.js").read_text(),
            re.MULTILINE,
        )
    )

    assert [name for name, n in names.items() if n > 1] == []


@pytest.mark.parametrize("script", JOINED)
def test_every_script_finds_what_it_imports(script: str) -> None:
    found = re.findall(r'import \{([^}]+)\} from "\./(\w+\.js)"', body(f"{script}.js"))

    for names, source in found:
        wanted = {name.strip() for name in names.split(",") if name.strip()}
        assert wanted <= exported(source), source


def test_what_is_asked_of_a_script_when_it_is_needed_is_there() -> None:
    there = set().union(*(exported(f"{script}.js") for script in JOINED))
    asked = "".join(body(f"{script}.js") for script in JOINED)

    assert set(re.findall(r"\(await (?:line|after|drafts|others)\(\)\)\.(\w+)", asked)) <= there
    for names in re.findall(r"const \{ ([^}:]+) \} = await line\(\)", asked):
        assert set(names.split(", ")) <= there


def test_every_module_is_served_or_joined() -> None:
    scripts = {path.stem for path in shell.PHONE.glob("*.js")}
    joined = {module for modules in JOINED.values() for module in modules}

    assert scripts == {*joined, *VENDORED, "sw"} - {"reading"}
    assert set(AT_LEISURE) < set(files("fr"))


def test_what_is_vendored_is_what_was_built() -> None:
    told = (shell.PHONE / "VENDORED.md").read_text(encoding="utf-8")

    for name in VENDORED:
        digest = hashlib.sha256((shell.PHONE / f"{name}.js").read_bytes()).hexdigest()
        assert digest in told, name


def test_every_word_stands_in_three_languages() -> None:
    for key, words in {**WORDS["first"], **WORDS["more"]}.items():
        assert set(words) == set(LANGUAGES), key
        blanks = {tuple(sorted(re.findall(r"\{\w+\}", text))) for text in words.values()}
        assert len(blanks) == 1, key
        assert not re.search(r"(?<!\u00a0)[:;?!»]", words["fr"]), key
        assert "'" not in words["fr"] + words["en"], key


def test_no_screen_calls_a_person_a_victim() -> None:
    said = json.dumps(WORDS, ensure_ascii=False).lower()

    assert not re.search("victim|ضحي", said)


@pytest.mark.parametrize("name", sorted({name for name, _ in shelf().files}))
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_instrument_says_on_the_phone_what_it_says_at_the_node(name: str, language: str) -> None:
    whole = shell.slim(bundle(shelf().find(name)))
    shape, words = shell.lifted(whole)

    def filled(held: Any, beside: Any) -> Any:
        if isinstance(beside, dict) and set(beside) == set(LANGUAGES):
            return words[language][held]
        if isinstance(beside, dict):
            return {key: filled(held[key], beside[key]) for key in beside}
        if isinstance(beside, list):
            return [filled(one, other) for one, other in zip(held, beside, strict=True)]
        return held

    assert filled(shape, whole) == said_in(whole, language)


def exported(path: str) -> set[str]:
    found = re.findall(r"^export (?:async )?(?:function|const|let) (\w+)", body(path), re.MULTILINE)
    return set(found)


def body(path: str) -> str:
    return files("fr")[path].body.decode()
