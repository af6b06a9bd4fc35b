"""The documents say what is there, and every code that people meet is said in three languages."""

import argparse
import ast
import enum
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from amana.access.rules import Role
from amana.desk import queries as desk
from amana.exchange.rules import Rank, Reason
from amana.look.coded import LISTS
from amana.node.cli import _parser
from amana.node.context import NOTICES
from amana.node.wiring import HANDLERS
from amana.referrals import rules as referrals
from amana.standards import clocks, codes, ctdc_releases
from tests.architecture.tree import PACKAGE, ROOT, parsed, product_files, rooms, tracked

DOCS = ROOT / "docs"


def missing_words(text: str, words: Iterable[str]) -> list[str]:
    """Return the words that a text does not hold as words of their own."""
    return [w for w in words if not re.search(rf"(?<![\w-]){re.escape(w)}(?![\w-])", text)]


# The map, the decisions, the command line.


def test_every_room_is_on_the_map() -> None:
    assert missing_words((DOCS / "map.md").read_text(), sorted(rooms())) == []


def test_a_room_that_is_not_on_the_map_is_found() -> None:
    assert missing_words("cases   the case and its caseload", ["cases", "case", "shelters"]) == [
        "shelters"
    ]


def decisions() -> list[Path]:
    """Return the decisions, one page each."""
    return sorted(p for p in (DOCS / "decisions").glob("*.md") if p.name != "README.md")


def links(page: Path) -> set[str]:
    """Return what a page leads to in this repository, without the place on the page."""
    found = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    return {target for target in found if ":" not in target}


def test_every_decision_is_linked_and_no_link_leads_nowhere() -> None:
    linked = {t for t in links(DOCS / "decisions" / "README.md") if "/" not in t}

    assert decisions()
    assert linked == {p.name for p in decisions()}


def test_every_decision_has_a_number_of_its_own_and_says_what_was_rejected() -> None:
    numbers = [p.name.split("-")[0] for p in decisions()]

    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]
    assert [p.name for p in decisions() if "eject" not in p.read_text()] == []


def dead_links(pages: Iterable[Path]) -> list[str]:
    """Return the links that lead to no file."""
    return [
        f"{page.name} -> {target}"
        for page in pages
        for target in sorted(links(page))
        if not (page.parent / target).exists()
    ]


def test_no_link_of_a_document_leads_nowhere() -> None:
    assert dead_links(tracked("*.md")) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[this](page.md) and [that](gone.md#below)")

    assert dead_links([page]) == ["page.md -> gone.md"]


def commands(
    parser: argparse.ArgumentParser, before: str = "amana"
) -> Iterator[tuple[str, set[str]]]:
    """Yield every command that can be typed, with its options."""
    inner = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not inner:
        yield before, {name for a in parser._actions for name in a.option_strings}
    for action in inner:
        for name, sub in action.choices.items():
            yield from commands(sub, f"{before} {name}")


COMMANDS = dict(commands(_parser()))
TYPED = re.compile(r"`(amana [^`]+)`")


def unknown_commands(text: str) -> list[str]:
    """Return what a text tells people to type and what nothing answers to."""
    wrong = []
    for typed in TYPED.findall(text):
        known = [c for c in COMMANDS if typed == c or typed.startswith(c + " ")]
        options = set(re.findall(r"(?<![\w-])--[a-z-]+", typed))
        if not known or options - COMMANDS[known[0]]:
            wrong.append(typed)
    return wrong


def test_every_command_in_the_readme_exists_with_its_options() -> None:
    assert TYPED.search((ROOT / "README.md").read_text())
    for page in tracked("*.md"):
        if page.name != "CHANGELOG.md":
            text = re.sub(r"`amana --help`|`amana`", "", page.read_text())
            assert unknown_commands(text) == [], page.name


def test_every_command_that_exists_stands_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()

    assert [c for c in COMMANDS if c not in text] == []


def test_a_command_that_nothing_answers_to_is_found() -> None:
    text = "`amana verify --data DIR`, `amana dance`, `amana node serve --loud`, `amana node init`"

    assert unknown_commands(text) == ["amana dance", "amana node serve --loud"]


def unknown_targets(text: str) -> set[str]:
    """Return what a text tells people to make and the Makefile does not know."""
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    return set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) - known


def test_every_target_that_the_readme_names_is_in_the_makefile() -> None:
    assert unknown_targets((ROOT / "README.md").read_text()) == set()


def test_a_target_that_is_not_in_the_makefile_is_found() -> None:
    assert unknown_targets("`make test`, `make coffee`\nmake tea") == {"coffee", "tea"}


# Codes: what is shown to people is said in three languages.


def unsaid(name: str, found: Iterable[str]) -> list[str]:
    """Return the codes that a list does not say in French, Arabic and English."""
    values = codes.values(name)
    return sorted(
        {c for c in found if c not in values or not all(values[c].said_in(s) for s in LANGUAGES)}
    )


LANGUAGES = ("fr", "ar", "en")
CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


def constants(node: ast.AST) -> Iterator[str]:
    """Yield the strings that are written in a piece of code."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def objections(tree: ast.Module) -> Iterator[str]:
    """Yield the codes of everything that may stand against an act.

    They are refused with `Refused([...])`, gathered with `against.append(...)`, or returned as a
    list by a function that is called after objections.
    """
    for node in ast.walk(tree):
        # What the keeper refuses is said to the node, which says it to people in its own words.
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Refused":
            yield from (c for arg in node.args for c in constants(arg))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "against.append":
            yield from (c for arg in node.args for c in constants(arg))
        if isinstance(node, ast.FunctionDef) and "objections" in node.name:
            yield from (c for r in _returned_lists(node) for c in constants(r) if CODE.fullmatch(c))


def _returned_lists(function: ast.FunctionDef) -> Iterator[ast.List]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield from (n for n in ast.walk(node.value) if isinstance(n, ast.List))


MARKS = {"mark": 1, "_mark": 1}


def milestones(tree: ast.Module) -> Iterator[str]:
    """Yield the kinds that are left on a case's timeline."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            place = MARKS.get(node.func.id)
            if place is not None and len(node.args) > place:
                yield from constants(node.args[place])
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_MILESTONE":
            yield from constants(node.value)


def tasks(tree: ast.Module) -> Iterator[str]:
    """Yield the codes of what may wait for a person."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == 3:
            first = node.elts[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def everywhere(collect: object) -> set[str]:
    """Return what is collected from all of the product."""
    assert callable(collect)
    return {code for path in product_files() for code in collect(parsed(path))}


def test_everything_that_may_stand_against_an_act_is_said_in_three_languages() -> None:
    found = everywhere(objections)

    assert len(found) > 25
    assert unsaid("OBJECTION", found) == []


def test_no_objection_is_kept_that_nothing_raises() -> None:
    written = {c for path in product_files() for c in constants(parsed(path))}

    assert set(codes.values("OBJECTION")) - written == set()


def test_every_milestone_is_said_in_three_languages() -> None:
    found = everywhere(milestones)

    assert len(found) > 12
    assert unsaid("MILESTONE", found) == []
    assert set(codes.values("MILESTONE")) - found == set()


def test_every_task_is_said_in_three_languages() -> None:
    found = set(tasks(parsed(Path(str(desk.__file__)))))

    assert {"DRAFTS", "SEALED_MAIL"} < found
    assert unsaid("TASK", found) == []


def lower(names: type[enum.Enum]) -> list[str]:
    """Return the names of an enumeration as they are shown."""
    return [member.name.lower() for member in names]


def clocks_that_run() -> set[str]:
    """Return the clocks that code starts; others lie in the data for rooms that are to come."""
    kept = {key for key, _ in clocks.load().held}
    return everywhere(constants) & kept


SAID = {
    "every reason for which a message is refused": ("REFUSAL", [r.value for r in Reason]),
    "every kind of message": ("MESSAGE", HANDLERS),
    "every state of a referral": ("STATE", [s.value for s in referrals.State]),
    "every state before it is offered": ("STATE", ["with_desk", "returned"]),
    "how far a message came": ("RANK", lower(Rank)),
    "every role": ("ROLE", Role),
    "every notice": ("NOTICE", NOTICES),
    "every clock that runs": ("CLOCK", clocks_that_run()),
    "what a historical row does not report": (
        "NOT_REPORTED",
        {c.group for c in ctdc_releases.load().columns},
    ),
}


@pytest.mark.parametrize("what", SAID)
def test_what_people_meet_as_a_code_is_said_in_three_languages(what: str) -> None:
    name, found = SAID[what]

    assert found
    assert unsaid(name, found) == []


def lists_asked_for() -> set[str]:
    """Return the lists that code and templates ask for by name."""
    in_code = {
        node.args[0].value
        for path in product_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
        if ast.unparse(node.func).split(".")[-1] in {"label", "labels", "choices", "check"}
        if CODE.fullmatch(str(node.args[0].value))
    }
    in_templates = {
        name
        for path in tracked("amana/*.html")
        for name in re.findall(r'\|labels?:"([A-Z_]+)"', path.read_text())
    }
    return in_code | in_templates | (set(LISTS.values()) - {"COUNTRY"})


def test_no_page_asks_for_a_list_that_is_not_kept() -> None:
    assert len(lists_asked_for()) > 20
    assert lists_asked_for() - set(codes.load()) == set()


def test_a_code_that_nobody_translated_is_found() -> None:
    planted = ast.parse(
        "def objections_to_leaving(x):\n"
        "    against = []\n"
        "    against.append('DOOR_IS_LOCKED')\n"
        "    if x: raise Refused(['NOBODY_HOME'])\n"
        "    return ['NO_CONSENT_FOR_THIS_COUNTRY', 'TOO_LATE'] if x else against\n"
        "def leave(case):\n"
        "    mark(case, 'went_away', at=now)\n"
    )

    assert unsaid("OBJECTION", objections(planted)) == [
        *("DOOR_IS_LOCKED", "NOBODY_HOME", "TOO_LATE"),
    ]
    assert unsaid("MILESTONE", milestones(planted)) == ["went_away"]


# What is tracked names no machine of anybody and no place that packages come from.

# Built from parts, so that this file does not name them either.
HOSTS = [
    *(rf"\b{name}\.(org|io|com|dev)\b" for name in ("py" + "pi", "npm" + "js", "cra" + "tes")),
    *(rf"\b{name}\." for name in ("regis" + "try", "python" + "hosted", "arti" + "factory")),
    r"\b(nex" + r"us|mir" + r"rors?|pro" + r"xy)\.[a-z0-9-]+\.[a-z]{2,}",
    r"(--|-)(extra-)?in" + r"dex(-url)?[ =]https?",
]
MACHINES = [
    r"(?<![\w.~$}>/-])/(ho" + r"me|Us" + r"ers|ro" + r"ot|wo" + r"rk|work" + r"space)/[\w.-]+",
    r"\b[A-Z]:\\(Us" + r"ers|Doc)",
    r"(?<![\d.])(10\.\d{1,3}|192\.168|172\.(1[6-9]|2\d|3[01]))(\.\d{1,3}){2}(?![\d.])",
]


def names_of_places(text: str) -> list[str]:
    """Return what names a registry of packages or a machine of somebody."""
    return [m.group(0) for p in (*HOSTS, *MACHINES) for m in re.finditer(p, text)]


def text_of(path: Path) -> str:
    """Return a tracked file as text; what is not text names nothing."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def test_no_tracked_file_names_a_registry_or_a_machine() -> None:
    found = {str(p.relative_to(ROOT)): names_of_places(text_of(p)) for p in tracked()}

    assert len(found) > 250
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "parts",
    [
        ("https://py", "pi.org/simple"),
        ("https://regis", "try.npm", "js.org/left"),
        ("files.python", "hosted.org"),
        ("--in", "dex-url https://packages.example"),
        ("see /ho", "me/awa/amana/settings.py"),
        ("'/ro", "ot/.cache'"),
        ("/Us", "ers/koffi/Desktop"),
        ("http://192.", "168.1.7:8000"),
        ("at 10", ".0.0.12"),
    ],
)
def test_a_registry_or_a_machine_is_found(parts: tuple[str, ...]) -> None:
    assert names_of_places("".join(parts))


@pytest.mark.parametrize(
    "text",
    ["127.0.0.1:8001", "http://ci.localhost:8001", "amana/node/home/", "version 10.0.1", "/cases/"],
)
def test_what_names_no_place_is_left_alone(text: str) -> None:
    assert names_of_places(text) == []


def test_the_languages_of_the_vocabularies_are_those_of_the_pages() -> None:
    assert {code for code, _ in settings.LANGUAGES} == set(LANGUAGES)
    assert (PACKAGE / "standards" / "data" / "words.json").is_file()
