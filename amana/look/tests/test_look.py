"""The look keeps its promises: light, mirrored, scriptless, isolated, translatable."""

import gzip
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django import forms
from django.template import Context, Template, engines
from django.template.loader import get_template
from django.utils import translation

from amana.look.forms import DateBoxes, LookRenderer

ROOM = Path(__file__).resolve().parents[1]
STATIC = ROOM / "static" / "look"
TEMPLATES = sorted((ROOM / "templates").rglob("*.html"))
NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


def packed(name: str) -> int:
    """Return the weight of a file on the wire."""
    return len(gzip.compress((STATIC / name).read_bytes(), 6))


def drawn(source: str, language: str = "en", **context: object) -> str:
    """Draw a small template in a language."""
    with translation.override(language):
        return Template("{% load look %}" + source).render(Context(context))


class Words(HTMLParser):
    """Collects the text and the named attributes a reader would meet."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words += [v or "" for k, v in attrs if k in {"aria-label", "title", "placeholder"}]


class Person(forms.Form):
    default_renderer = LookRenderer

    name = forms.CharField(label="Full name", help_text="As the person says it.")
    born = forms.DateField(label="Born", required=False, widget=DateBoxes)
    danger = forms.ChoiceField(
        label="In danger?", choices=[("yes", "Yes"), ("no", "No")], widget=forms.RadioSelect
    )
    needs = forms.MultipleChoiceField(
        label="Needs",
        choices=[("food", "Food"), ("none", "None of these")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


def test_the_style_sheet_mirrors_by_itself() -> None:
    css = (STATIC / "amana.css").read_text()

    assert not re.search(r"left|right|float", css)
    assert not re.search(r"italic|uppercase|letter-spacing|@import|url\(|data:", css)


@pytest.mark.parametrize(
    ("name", "budget"),
    [("amana.css", 10_000), ("exit.js", 1_500), ("amana.js", 2_000), ("htmx.min.js", 17_500)],
)
def test_nothing_outgrows_a_slow_line(name: str, budget: int) -> None:
    assert packed(name) <= budget


def test_the_first_page_leaves_room_for_its_content() -> None:
    assert sum(packed(path.name) for path in STATIC.glob("*.[cj]s*")) <= 30_000


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_template_parses_and_stays_short(path: Path) -> None:
    get_template(str(path.relative_to(ROOM / "templates")))

    assert len(path.read_text().splitlines()) <= 120


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_style_or_script_of_its_own(path: Path) -> None:
    source = path.read_text()

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:|data:|placeholder=", source)
    for tag in re.findall(r"<script[^>]*>", source):
        assert 'nonce="{{ request.csp_nonce }}"' in tag
        assert " src=" in tag


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_word_of_a_template_can_be_translated(path: Path) -> None:
    source = re.sub(
        r"{% blocktranslate.*?{% endblocktranslate %}|{%.*?%}|{{.*?}}",
        "",
        path.read_text(),
        flags=re.DOTALL,
    )
    reader = Words()

    reader.feed(source)

    assert not [words for words in reader.words if re.search(r"[^\W\d_]{2,}", words)]


@pytest.mark.parametrize("value", ["+225 07 01 02 03 04", "CI-2026-7K4Q-03", "2026-11-21"])
def test_a_phone_number_keeps_its_order_in_arabic(value: str) -> None:
    assert drawn("{% ltr value %}", "ar", value=value) == f'<bdi dir="ltr">{value}</bdi>'
    assert drawn("{{ value|ltr }}", "ar", value=value) == f'<bdi dir="ltr">{value}</bdi>'


def test_a_value_is_never_markup() -> None:
    bad = "<script>x</script>"

    page = drawn("{% ltr bad %}{{ bad|ltr }}{{ bad|person }}{% icon 'check' bad %}", bad=bad)

    assert "<script" not in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "21 novembre 2026 à 14\u00a0h\u00a005"),
        ("ar", "21 نونبر 2026 على الساعة 14:05"),
        ("en", "21 November 2026 at 14:05"),
    ],
)
def test_a_moment_is_written_as_people_say_it(language: str, words: str) -> None:
    page = drawn("{{ at|moment:'Africa/Abidjan' }}", language, at=NOW)

    assert words in page
    assert 'datetime="2026-11-21T14:05+00:00"' in page


def test_a_moment_can_be_told_in_the_other_countrys_time() -> None:
    assert "15:05" in drawn("{{ at|moment:'Africa/Casablanca' }}", at=NOW)


def test_the_first_of_a_month_is_spoken_in_french() -> None:
    assert "1er décembre 2026" in drawn("{{ on|day }}", "fr", on=date(2026, 12, 1))


def test_how_long_ago_is_measured_from_the_given_now() -> None:
    page = drawn("{{ at|since:now }}", "fr", at=NOW - timedelta(hours=3), now=NOW)

    assert "il y a 3 heures" in page


def test_an_unknown_time_is_left_blank() -> None:
    assert drawn("{{ at|moment }}{{ at|day }}{{ at|since:at }}", at=None) == ""


def test_a_field_ties_its_hint_and_error_to_its_control() -> None:
    page = str(Person({"name": ""})["name"].as_field_group())

    assert 'aria-describedby="id_name_helptext id_name_error"' in page
    assert 'id="id_name_helptext"' in page
    assert 'id="id_name_error"' in page
    assert 'aria-invalid="true"' in page
    assert 'autocomplete="off"' in page
    assert page.index("As the person says it.") < page.index("<input")


def test_a_group_of_choices_is_a_fieldset_with_a_legend() -> None:
    page = str(Person()["danger"].as_field_group())

    assert "<fieldset" in page
    assert "<legend>In danger?" in page
    assert '<label for="id_danger_0">Yes</label>' in page


@pytest.mark.parametrize(
    ("day", "month", "year", "expected"),
    [("21", "11", "2026", date(2026, 11, 21)), ("٢١", "١١", "٢٠٢٦", date(2026, 11, 21))],
)
def test_a_date_comes_from_three_boxes_in_any_script(
    day: str, month: str, year: str, expected: date
) -> None:
    form = Person({"born_day": day, "born_month": month, "born_year": year})
    form.is_valid()

    assert form.cleaned_data["born"] == expected


@pytest.mark.parametrize("year", ["", "20-6", "abc"])
def test_an_unfinished_date_is_refused_and_shown_again(year: str) -> None:
    form = Person({"born_day": "21", "born_month": "11", "born_year": year})

    assert "born" in form.errors
    assert 'value="21"' in str(form["born"])


def test_the_summary_of_problems_leads_to_each_field() -> None:
    form = Person({"name": "", "born_day": "x"})

    page = drawn("{% include 'look/_errors.html' %}", form=form, objections=["No bed is free."])

    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in str(form)
    assert "No bed is free." in page


def test_silence_is_said_in_words() -> None:
    items = [{"kind": "past", "title": "Sent", "at": NOW}, {"kind": "silence", "days": 3}]

    page = drawn("{% include 'look/_timeline.html' %}", items=items)

    assert "No answer for 3 days" in page


def test_the_preview_says_when_each_thing_leaves() -> None:
    rows = [
        {"label": "Age", "value": "about 14", "leaves": "offer"},
        {"label": "Name", "sealed": {"size": "2 KB", "author": "Koffi"}, "leaves": "acceptance"},
        {"label": "Notes", "leaves": "stays"},
    ]

    page = drawn("{% include 'look/_preview.html' %}", rows=rows, country="Morocco")

    assert re.findall(r"With the offer|Only after acceptance|Stays here", page) == [
        "With the offer",
        "Only after acceptance",
        "Stays here",
    ]


def test_the_engine_knows_the_room() -> None:
    assert engines["django"].get_template("look/base.html")


def test_a_warning_has_the_colours_of_one() -> None:
    """A tone that the sheet does not know is drawn in green: as if all were well."""
    css = (STATIC / "amana.css").read_text(encoding="utf-8")
    known = set(re.findall(r"\.(notice-[a-z]+)\b", css))
    every = sorted(ROOM.parent.rglob("templates/**/*.html"))
    used = {
        tone
        for page in every
        for tone in re.findall(r"\bnotice-[a-z]+", page.read_text(encoding="utf-8"))
    }

    assert len(used) > 1
    assert used - known == set()
