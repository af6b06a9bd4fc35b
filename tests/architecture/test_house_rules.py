"""The rules of the house that imports cannot express. Each is broken here and seen to fail."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from tests.architecture.tree import (
    PACKAGE,
    ROOT,
    documented,
    parsed,
    product_files,
    rooms,
    story_place,
    tracked,
)

Fault = tuple[str, int]
Rule = Callable[[ast.Module], Iterator[Fault]]


def faults(rule: Rule, files: Iterable[Path]) -> list[str]:
    """Return what a rule finds, as file:line and the word that broke it."""
    return [
        f"{path.relative_to(ROOT)}:{line} {what}"
        for path in files
        for what, line in rule(parsed(path))
    ]


def found(rule: Rule, code: str) -> list[str]:
    """Return what a rule finds in a few lines of code."""
    return [what for what, _ in rule(ast.parse(code))]


# Writes.

# Nothing else that Python knows carries these names; found anywhere, they write.
ALWAYS_WRITE = {
    *("save", "save_base", "bulk_create", "bulk_update", "update_or_create", "get_or_create"),
    *("acreate", "aupdate", "adelete", "asave", "abulk_create", "abulk_update"),
    *("aget_or_create", "aupdate_or_create", "force_insert", "force_update", "delete"),
}
# A mapping, a set and a digest have these too; they write only on rows.
WRITE_ON_ROWS = {"update", "create", "add", "remove", "clear", "set"}
# What makes a chain of calls a set of rows.
ROWS = {"objects", "filter", "exclude", "all", "order_by", "select_for_update", "get_queryset"}
SQL = {"execute", "executemany", "raw", "cursor"}


def writes(tree: ast.Module) -> Iterator[Fault]:
    """Yield every call that changes a table: by its name, or on a chain or a name of rows."""
    row_names = _names_of_rows(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, on = node.func.attr, node.func.value
        of_rows = _is_chain_of_rows(on) or (isinstance(on, ast.Name) and on.id in row_names)
        if name in ALWAYS_WRITE | SQL or (name in WRITE_ON_ROWS and of_rows):
            yield name, node.lineno


def _is_chain_of_rows(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        if isinstance(node, ast.Attribute) and (node.attr in ROWS or node.attr.endswith("_set")):
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return False


def _names_of_rows(tree: ast.Module) -> set[str]:
    """Return the names that a chain of rows was given to."""
    return {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and _is_chain_of_rows(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


# These save pictures and documents, in a process that reaches no table and no disk.
IN_THE_JAIL = {PACKAGE / "files" / "image.py", PACKAGE / "files" / "paper.py"}
# Saves a workbook into memory.
IN_MEMORY = {PACKAGE / "standards" / "xlsform" / "book.py"}


# The writes behind every sealed row, a file of their own since every room asks for them.
KEYS = PACKAGE / "access" / "keys.py"


def may_write(path: Path) -> bool:
    """Say whether this is one of the places where something changes."""
    return (
        path.name == "actions.py"
        or "actions" in path.parent.parts
        or path == KEYS
        or path in IN_THE_JAIL | IN_MEMORY
    )


def test_only_actions_change_a_table() -> None:
    assert faults(writes, [p for p in product_files() if not may_write(p)]) == []


def test_actions_are_seen_to_change_tables() -> None:
    assert len(faults(writes, [p for p in product_files() if may_write(p)])) > 30


@pytest.mark.parametrize(
    "code",
    [
        "row.save()",
        "row.save(update_fields=['seen_at'])",
        "case.delete()",
        "Case.objects.create(code='x')",
        "Case.objects.filter(pk=1).update(tier='child')",
        "Case.objects.filter(pk=1).delete()",
        "rows = Case.objects.all()\nrows.update(tier='child')",
        "Failure.objects.bulk_create([])",
        "Head.objects.get_or_create(only=1)",
        "Peer.objects.update_or_create(country='CI')",
        "case.milestone_set.create(kind='opened')",
        "team.members.all()[0].save_base()",
        "connection.cursor().execute('DELETE FROM audit_entry')",
        "Case.objects.raw('UPDATE cases_case SET tier = 1')",
    ],
)
def test_a_write_outside_the_actions_is_found(code: str) -> None:
    assert found(writes, code)


@pytest.mark.parametrize(
    "code",
    [
        "known = {}\nknown.update(table)",
        "hashlib.sha256().update(data)",
        "seen = set()\nseen.update(names)\nseen.add(name)\nseen.clear()",
        "_HANDLERS.clear()",
        "rows = list(Case.objects.all())\nnames = {}\nnames.update(a=1)",
        "self.cfg.set(key, value)",
        "response.delete_cookie('language')",
        "Case.objects.filter(pk=1).first()",
    ],
)
def test_what_changes_no_table_is_left_alone(code: str) -> None:
    assert found(writes, code) == []


# The clock, and signals: ruff holds these, with the house's own sentence.


def ruff(code: str, name: str) -> str:
    """Return what ruff says of a few lines of code, under the settings of this house."""
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("ruff"), "check", "--output-format", "concise"),
            *("--no-cache", "--stdin-filename", name, "-"),
        ],
        cwd=ROOT,
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import UTC, datetime\n\nMOMENT = datetime.now(UTC)\n",
        "from datetime import datetime\n\nMOMENT = datetime.utcnow()\n",
        "import datetime\n\nDAY = datetime.date.today()\n",
        "import time\n\nMOMENT = time.time()\n",
        "from django.utils.timezone import now\n\nMOMENT = now()\n",
        "from django.utils import timezone\n\nMOMENT = timezone.now()\n",
    ],
)
def test_whoever_reads_the_clock_is_told_to_take_it_as_an_argument(code: str) -> None:
    said = ruff(code, "amana/cases/rules.py")

    assert "TID251" in said
    assert "Only amana.node.clock reads the clock; take `now` as an argument." in said


@pytest.mark.parametrize(
    "code",
    [
        "from django.dispatch import receiver\n\nx = receiver\n",
        "from django.db.models.signals import post_save\n\nx = post_save\n",
        "from django.db.models import signals\n\nx = signals.post_save\n",
    ],
)
def test_whoever_listens_for_a_signal_is_told_to_say_it_in_the_action(code: str) -> None:
    said = ruff(code, "amana/cases/actions.py")

    assert "TID251" in said
    assert "No signals: say it in the action, or in node/wiring.py." in said


def test_the_clock_is_read_in_one_file_alone() -> None:
    silenced = [p for p in product_files() if re.search(r"noqa: .*TID251", p.read_text())]

    assert silenced == [PACKAGE / "node" / "clock.py"]


# Names of files.

NOT_A_NAME = {
    *("utils", "util", "helpers", "helper", "common", "misc", "base", "services", "service"),
    *("managers", "manager", "signals", "factories", "handlers"),
}


def unnamed(paths: Iterable[Path]) -> list[str]:
    """Return the files and folders whose name says nothing of what is in them."""
    return [str(p) for p in paths if NOT_A_NAME & {p.stem, *p.parent.parts}]


def test_every_file_is_named_after_what_it_is_for() -> None:
    assert unnamed(p.relative_to(ROOT) for p in tracked("*.py")) == []


@pytest.mark.parametrize("name", ["amana/cases/utils.py", "amana/common/dates.py", "tests/base.py"])
def test_a_file_named_after_nothing_is_found(name: str) -> None:
    assert unnamed([Path(name)]) == [name]


# Docstrings.


def silent(tree: ast.Module) -> Iterator[Fault]:
    """Yield the public functions and classes that do not say what they mean."""
    for node in documented(tree):
        if not ast.get_docstring(node):
            yield node.name, node.lineno


def is_file_of(name: str, path: Path) -> bool:
    """Say whether this is a room's file of that name, or a file of its package of that name."""
    return name in {path.stem, path.parent.name}


@pytest.mark.parametrize("name", ["rules", "actions", "queries", "views", "forms", "models"])
def test_every_public_function_and_class_says_what_it_means(name: str) -> None:
    files = [p for p in product_files() if is_file_of(name, p)]

    assert files
    assert faults(silent, files) == []


def test_a_rule_without_a_sentence_is_found() -> None:
    code = "def may_open(case): ...\ndef _inner(): ...\nclass Told:\n    'A row.'"

    assert found(silent, code) == ["may_open"]


def opens_without_a_word(path: Path) -> bool:
    """Say whether a module holds anything and does not begin with what it is for."""
    tree = parsed(path)
    return bool(tree.body) and not ast.get_docstring(tree)


def test_every_module_of_the_product_says_what_it_is_for() -> None:
    assert [str(p) for p in product_files() if opens_without_a_word(p)] == []


@pytest.mark.parametrize("room", sorted(rooms()))
def test_every_room_says_what_it_is_for_and_holds_nothing_else(room: str) -> None:
    body = parsed(PACKAGE / room / "__init__.py").body

    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)


def test_a_room_without_a_word_is_found(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("import os\n")

    assert opens_without_a_word(tmp_path / "__init__.py")


# Migrations and foreign keys.


def imports_of_ours(tree: ast.Module) -> Iterator[Fault]:
    """Yield what is imported from this package: a migration must run when the code is long gone."""
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "." * node.level]
        for name in names:
            if name.split(".")[0] in ("amana", ""):
                yield name, node.lineno


def migrations() -> list[Path]:
    """Return all migrations."""
    return sorted(PACKAGE.glob("*/migrations/*.py"))


def test_migrations_know_nothing_of_today_s_code() -> None:
    assert migrations()
    assert faults(imports_of_ours, migrations()) == []


@pytest.mark.parametrize("line", ["import amana.cases", "from amana.cases import rules"])
def test_a_migration_that_knows_today_s_code_is_found(line: str) -> None:
    assert found(imports_of_ours, line)


def keys_that_point_later(known: Iterable[type[models.Model]]) -> list[str]:
    """Return the relations that lead from a room to one that comes later in the story."""
    return [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in known
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and not isinstance(field.related_model, str)
        if field.related_model is not None
        if story_place(field.related_model._meta.app_label) > story_place(model._meta.app_label)
    ]


def test_every_foreign_key_points_to_the_same_room_or_an_earlier_one() -> None:
    assert keys_that_point_later(apps.get_models()) == []


def test_a_foreign_key_that_points_to_a_later_room_is_found() -> None:
    class Standin(models.Model):  # noqa: DJ008 - nobody ever reads one
        """A row of cases that would know a referral, written as a string as the imports allow."""

        referral = models.ForeignKey("referrals.Referral", on_delete=models.CASCADE)

        class Meta:
            app_label = "cases"
            managed = False

    try:
        assert keys_that_point_later([Standin]) == ["cases.Standin.referral -> referrals.Referral"]
    finally:
        apps.all_models["cases"].pop("standin")
        apps.clear_cache()


# Templates: the policy of every page forbids these, so here they are named before a browser does.

TAG = re.compile(r"<[a-z][a-z0-9-]*\b[^<>]*>", re.IGNORECASE | re.DOTALL)
FORBIDDEN_IN_TAGS = {
    "an inline style": re.compile(r"""\sstyle\s*=""", re.IGNORECASE),
    "an inline event handler": re.compile(r"""\son[a-z]+\s*=\s*["'{]""", re.IGNORECASE),
    "a script as an address": re.compile(r"""=\s*["']?\s*javascript:""", re.IGNORECASE),
}
# A block of JSON is data: no browser runs it, and no policy speaks of it.
INLINE_BLOCK = re.compile(
    r"<style\b|<script\b(?![^>]*\bsrc=)(?! type=\"application/json\")", re.IGNORECASE
)
FROM_ELSEWHERE = re.compile(r"""<(script|link|img|iframe)\b[^>]*["'](https?:)?//""", re.IGNORECASE)


def inline(text: str) -> list[str]:
    """Return what a template holds that a page's policy forbids."""
    tags = TAG.findall(text)
    of_tags = [what for what, p in FORBIDDEN_IN_TAGS.items() if any(p.search(t) for t in tags)]
    blocks = ["an inline block"] if INLINE_BLOCK.search(text) else []
    return of_tags + blocks + (["a foreign address"] if FROM_ELSEWHERE.search(text) else [])


def test_no_template_holds_a_style_a_handler_or_a_script() -> None:
    templates = tracked("amana/*.html")

    assert len(templates) > 40
    assert {str(p): inline(p.read_text()) for p in templates if inline(p.read_text())} == {}


@pytest.mark.parametrize(
    "text",
    [
        '<p style="color: red">',
        "<button onclick='go()'>",
        '<body class="x" onload="go()">',
        '<a href="javascript:go()">',
        "<style>p { color: red }</style>",
        "<script>go()</script>",
        '<script nonce="{{ request.csp_nonce }}">go()</script>',
        '<link rel="stylesheet" href="https://fonts.example/a.css">',
        '<img src="//pixel.example/a.gif">',
    ],
)
def test_what_a_page_s_policy_forbids_is_found_in_a_template(text: str) -> None:
    assert inline(text)


@pytest.mark.parametrize(
    "text",
    [
        '<p class="on" data-style="x">',
        "<p>one = 1, style = plain</p>",
        '<script src="{% static \'look/exit.js\' %}" nonce="{{ request.csp_nonce }}"></script>',
        '<a href="https://www.example.org/">',
    ],
)
def test_what_a_page_s_policy_allows_is_left_alone(text: str) -> None:
    assert inline(text) == []
