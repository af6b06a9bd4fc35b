"""What a screening may hold: one form for every page of every instrument."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.identification import answers
from amana.identification.answers import Fault, Given, Walk
from amana.look.coded import choices, language
from amana.look.forms import DateBoxes
from amana.standards import codes
from amana.standards.instrument import Answer, Instrument, Question

FEW = 6
WRITTEN_DAY = re.compile(r"(?:(?:([0-9]{1,2})/)?([0-9]{1,2})/)?([0-9]{4})", re.ASCII)
WORDS = "words"


def fault_text(instrument: Instrument, fault: Fault, spoken: str) -> str:
    """Return a fault in the worker's words: those of the instrument's check, or of the list."""
    for check in instrument.checks:
        if check.code == fault.code:
            return check.words.said_in(spoken)
    return fault_words(fault.code, fault.values, spoken)


def fault_words(code: str, values: Mapping[str, str], spoken: str) -> str:
    """Return the words of a coded fault, with what was found in their places."""
    return codes.label("ANSWER_FAULT", code, spoken).format_map(defaultdict(str, values))


class BringForm(forms.Form):
    """A submission of another program, as a file."""

    file = forms.FileField(
        label=_("The submission (XML)"),
        help_text=_("One file of ODK Collect, Enketo or KoboToolbox, made with a form from here."),
        error_messages={
            "required": _("Choose a file of at most one megabyte."),
            "empty": _("Choose a file of at most one megabyte."),
        },
    )


class QuestionsForm(forms.Form):
    """Some questions of an instrument, with room for the person's own words beside the answers."""

    def __init__(
        self,
        *args: Any,
        instrument: Instrument,
        questions: Sequence[Question],
        given: Given,
        done: Walk | None,
        today: date,
        numbers: Mapping[str, int] | None = None,
        **kwargs: Any,
    ) -> None:
        self.instrument, self.questions = instrument, questions
        self.given, self.today = given, today
        is_child = done is not None and "child" in done.atoms
        self.said: dict[str, Any] = {}
        initial = {q.id: written(q, given.answers.get(q.id)) for q in questions}
        initial |= {f"{q.id}-{WORDS}": given.words.get(q.id, "") for q in questions}
        super().__init__(*args, **{**kwargs, "initial": initial})
        for question in questions:
            offered = answers.shown(question, done) if done else question.offered
            field = _field(question, offered, is_child=is_child)
            if numbers:
                # Typed from paper: what was left empty there may be empty here.
                field.label = f"{numbers[question.id]}. {field.label}"
                field.required = False
                field.help_text = field.help_text if question.kind == "date" else ""
            self.fields[question.id] = field
            if question.has_words:
                self.fields[f"{question.id}-{WORDS}"] = _words_field()

    def groups(self) -> list[dict[str, Any]]:
        """Return each question's field with the field for words beside it."""
        return [
            {
                "question": question,
                "field": self[question.id],
                "words": self[f"{question.id}-{WORDS}"] if question.has_words else None,
            }
            for question in self.questions
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be, at its question; the same faults as for every other way in."""
        data: dict[str, Any] = super().clean() or {}
        for question in self.questions:
            value = _value(question, data.get(question.id))
            if question.id in self.errors or value in (None, "", []):
                continue
            for fault in answers.value_faults(question, value, self.today):
                self.add_error(question.id, fault_text(self.instrument, fault, language()))
            self.said[question.id] = value
        for key, text in self.words.items():
            for fault in answers.words_faults(key, text):
                self.add_error(f"{key}-{WORDS}", fault_text(self.instrument, fault, language()))
        if not self.errors:
            self._check_together()
        return data

    def _check_together(self) -> None:
        given = Given({**_left(self.given.answers, self.cleared), **self.said})
        done = answers.walk(self.instrument, given)
        for fault in answers.check_faults(self.instrument, done):
            if fault.field in self.fields:
                self.add_error(fault.field, fault_text(self.instrument, fault, language()))

    @property
    def words(self) -> dict[str, str]:
        """The person's own words, by question."""
        found = {
            q.id: str(self.cleaned_data.get(f"{q.id}-{WORDS}") or "").strip()
            for q in self.questions
            if q.has_words
        }
        return {key: text for key, text in found.items() if text}

    @property
    def unsaid(self) -> list[str]:
        """The questions of this page beside which no words stand any more."""
        return [q.id for q in self.questions if q.has_words and q.id not in self.words]

    @property
    def cleared(self) -> list[str]:
        """The questions of this page that are now without an answer."""
        return [q.id for q in self.questions if q.id not in self.said]


def _left(held: Any, gone: Iterable[str]) -> dict[str, Any]:  # noqa: ANN401
    without = set(gone)
    return {key: value for key, value in held.items() if key not in without}


def _field(question: Question, offered: Sequence[Answer], *, is_child: bool) -> forms.Field:
    spoken = language()
    common: dict[str, Any] = {
        "label": question.said_to(is_child=is_child).said_in(spoken),
        "help_text": question.hint.said_in(spoken) if question.hint else "",
        "required": question.is_required,
    }
    if question.is_coded:
        return _choice(question, [(a.id, a.label.said_in(spoken)) for a in offered], common)
    if question.kind == "number":
        widget = forms.TextInput({"inputmode": "numeric", "class": "short"})
        return forms.CharField(widget=widget, max_length=9, **common)
    if question.kind == "date":
        widget = forms.TextInput({"class": "short", "placeholder": "17/03/2025"})
        common["help_text"] = common["help_text"] or _("A year, a month or a day: 2025, 03/2025.")
        return forms.CharField(widget=widget, max_length=10, **common)
    is_long = question.longest > answers.ONE_LINE
    area = forms.Textarea({"rows": 3}) if is_long else forms.TextInput()
    return forms.CharField(widget=area, max_length=question.longest, **common)


def _choice(
    question: Question, offered: list[tuple[str, str]], common: dict[str, Any]
) -> forms.Field:
    said = {
        "required": _(
            "Choose an answer. “Does not know” and “prefers not to answer” are answers too."
        ),
        "invalid_choice": _("This answer is not offered here."),
    }
    if question.kind == "many":
        return forms.MultipleChoiceField(
            choices=offered, widget=forms.CheckboxSelectMultiple, error_messages=said, **common
        )
    if len(offered) <= FEW and not question.list:
        return forms.ChoiceField(
            choices=offered, widget=forms.RadioSelect, error_messages=said, **common
        )
    return forms.ChoiceField(choices=[("", "—"), *offered], error_messages=said, **common)


def _words_field() -> forms.Field:
    return forms.CharField(
        label=_("In the person’s own words"),
        widget=forms.Textarea({"rows": 2}),
        max_length=answers.LONGEST_WORDS,
        required=False,
    )


def _value(question: Question, raw: Any) -> Any:  # noqa: ANN401
    """Return what was typed as it is kept; what cannot be read stays as it is, to be refused."""
    if question.kind == "number" and isinstance(raw, str) and raw.strip():
        return int(raw) if raw.strip().isascii() and raw.strip().isdigit() else raw
    if question.kind == "date" and isinstance(raw, str) and raw.strip():
        return day_from(raw.strip())
    return raw.strip() if isinstance(raw, str) else raw


def day_from(typed: str) -> str:
    """Return 17/03/2025, 03/2025 or 2025 as it is kept; anything else as it was typed."""
    match = WRITTEN_DAY.fullmatch(typed)
    if match is None:
        return typed
    day, month, year = match.groups()
    return "-".join([year, *(part.zfill(2) for part in (month, day) if part)])


def written(question: Question, value: Any) -> Any:  # noqa: ANN401
    """Return a kept answer as people write it."""
    if question.kind == "date" and isinstance(value, str):
        return "/".join(reversed(value.split("-")))
    return value


class TypedForm(QuestionsForm):
    """A form filled in on paper, typed in on one page in the same order."""

    ENTRIES = 3

    def __init__(self, *args: Any, instrument: Instrument, today: date, **kwargs: Any) -> None:
        numbers = {q.id: at for at, q in enumerate(instrument.questions, start=1)}
        plain = [q for s in instrument.sections if not s.repeats for q in s.questions]
        shared: dict[str, Any] = {
            "instrument": instrument,
            "given": Given(),
            "done": None,
            "today": today,
            "numbers": numbers,
        }
        super().__init__(*args, questions=plain, **shared, **kwargs)
        for section in instrument.sections:
            if section.may_skip:
                self.fields[f"skip-{section.id}"] = forms.ChoiceField(
                    label=_("Skipped because"),
                    choices=[("", "—"), *codes.choices("SKIP_REASON", language())],
                    required=False,
                )
        self.fields["observation"] = SendForm().fields["observation"]
        self.entries = {
            s.id: [
                QuestionsForm(*args, questions=s.questions, prefix=f"{s.id}-{at}", **shared)
                for at in range(self.ENTRIES)
            ]
            for s in instrument.sections
            if s.repeats
        }
        self.result = Given()

    def parts(self) -> list[dict[str, Any]]:
        """Return the sections in the order of the paper, each with its fields."""
        groups = {g["question"].id: g for g in self.groups()}
        return [
            {
                "title": section.title.said_in(language()),
                "groups": [] if section.repeats else [groups[q.id] for q in section.questions],
                "entries": self.entries.get(section.id, []),
                "skip": self[f"skip-{section.id}"] if section.may_skip else None,
            }
            for section in self.instrument.sections
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be, every fault at its field."""
        data: dict[str, Any] = super().clean() or {}
        said, skipped = dict(self.said), {}
        for section_id, entries in self.entries.items():
            filled = [entry.said for entry in entries if entry.is_valid() and entry.said]
            if not all(entry.is_valid() for entry in entries):
                self.add_error(None, _("An entry of a part that repeats cannot be read."))
            if filled:
                said[section_id] = filled
        for section in self.instrument.sections:
            if data.get(f"skip-{section.id}"):
                skipped[section.id] = data[f"skip-{section.id}"]
        self.result = Given(said, self.words, skipped)
        if not self.errors:
            self._refuse_faults()
        return data

    def _refuse_faults(self) -> None:
        for fault in answers.faults_in(self.instrument, self.result, self.today):
            at = fault.field if fault.field in self.fields else None
            self.add_error(at, fault_text(self.instrument, fault, language()))

    def _check_together(self) -> None:
        """Left to `_refuse_faults`, which asks every check at once."""


class SkipForm(forms.Form):
    """Why a part is not filled in."""

    reason = forms.ChoiceField(label=_("Skip this part because"), choices=choices("SKIP_REASON"))


class SendForm(forms.Form):
    """The last words before sealing."""

    observation = forms.CharField(
        label=_("What you saw or heard, in your own words"),
        help_text=_("Only what helps to protect. You will not be able to read it again."),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class DecisionForm(forms.Form):
    """The supervisor's word."""

    decided_class = forms.ChoiceField(
        label=_("Your decision"), choices=choices("CLASS"), widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Your reason"),
        help_text=_("Needed when you change what the rules propose."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        required=False,
    )


class FormalForm(forms.Form):
    """What an authority was asked or decided."""

    kind = forms.ChoiceField(label=_("Step"), widget=forms.RadioSelect)
    authority = forms.ChoiceField(label=_("Authority"))
    law = forms.ChoiceField(label=_("Law"))
    on = forms.DateField(label=_("Date of the decision or request"), widget=DateBoxes)
    reasons = forms.CharField(
        label=_("Reasons"),
        help_text=_("Needed for a refusal or an objection."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    remedy = forms.CharField(
        label=_("Remedy"),
        help_text=_("Needed for a refusal: what the person can do, where, and by when."),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self,
        *args: Any,
        kinds: Sequence[str],
        authorities: Sequence[str],
        laws: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, listed, offered in (
            ("kind", "FORMAL_KIND", kinds),
            ("authority", "FORMAL_AUTHORITY", authorities),
        ):
            self.fields[name].choices = [  # type: ignore[attr-defined]
                (code, codes.label(listed, code, language())) for code in offered
            ]
        self.fields["law"].choices = list(laws)  # type: ignore[attr-defined]
