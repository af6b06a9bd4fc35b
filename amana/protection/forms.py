"""What may be entered into the course of a case."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from amana.look import coded
from amana.protection import sheets
from amana.protection.sheets import Fault, Values
from amana.standards.sheets import (
    CHOICE,
    CHOICES,
    DATE,
    LONG,
    MOST_ROWS,
    ROWS,
    YES_NO,
    Item,
    Sheet,
)


class EnterForm(forms.Form):
    """What happened or is so, when, where and why. Without a day it was now."""

    entry = forms.ChoiceField(label=_("What is so"))
    at = forms.DateTimeField(
        label=_("Since when"),
        help_text=_("Leave it empty for now."),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    reason = forms.CharField(label=_("Why"), max_length=500)
    place = forms.CharField(
        label=_("Where"),
        help_text=_("Never the address of a shelter."),
        max_length=100,
        required=False,
    )

    def __init__(self, *args: Any, entries: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["entry"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [("", "—"), *entries]


class StrikeForm(forms.Form):
    """Why an entry was wrong."""

    reason = forms.CharField(label=_("What was wrong"), max_length=500)


class IssueForm(forms.Form):
    """Which paper, and in which language of the house."""

    kind = forms.ChoiceField(label=_("Which paper"))
    language = forms.ChoiceField(
        label=_("In which language"),
        choices=[("fr", "Français"), ("ar", "العربية"), ("en", "English")],
    )

    def __init__(self, *args: Any, kinds: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["kind"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = list(kinds)


class WithdrawForm(forms.Form):
    """Why a paper is taken back."""

    reason = forms.ChoiceField(
        label=_("Why it is taken back"),
        choices=coded.choices("PAPER_WITHDRAWN"),
        widget=forms.RadioSelect,
    )


class NoteForm(forms.Form):
    """What a colleague should know, and whether it stands out."""

    text = forms.CharField(
        label=_("Note"),
        help_text=_("Read by the case worker and her supervisor, and by nobody else."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    flag = forms.ChoiceField(
        label=_("Flag"),
        help_text=_("It stands on the list of cases until somebody lowers it."),
        choices=coded.choices("CASE_FLAG", blank=True),
        required=False,
    )


class OnlyForm(forms.Form):
    """What the list is narrowed to."""

    tier = forms.ChoiceField(label=_("Person"), required=False)
    whose = forms.ChoiceField(label=_("In whose hands"), required=False)
    due = forms.ChoiceField(label=_("Due"), required=False)

    def __init__(self, *args: Any, whose: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.listed: dict[str, list[tuple[str, Any]]] = {
            "tier": [("child", _("Children")), ("adult", _("Adults"))],
            "whose": [("nobody", _("Nobody’s")), *whose],
            "due": [("late", _("Late")), ("day", _("Within a day")), ("week", _("Within a week"))],
        }
        for name, listed in self.listed.items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", _("All")), *listed]

    def said(self) -> dict[str, str]:
        """Return what was chosen; what no list offers narrows nothing."""
        said = {name: str(self.data.get(name, "")) for name in self.listed}
        return {name: code for name, code in said.items() if code in dict(self.listed[name])}


class AssignForm(forms.Form):
    """To whom several cases are given, and why where that is more than one person can carry."""

    account = forms.ChoiceField(label=_("Who takes them over"))
    overload_reason = forms.ChoiceField(
        label=_("If it is more than one person can carry: why all the same"),
        choices=coded.choices("OVERLOAD_REASON", blank=True),
        required=False,
    )

    def __init__(self, *args: Any, workers: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["account"]
        if isinstance(field, forms.ChoiceField):
            field.choices = list(workers)


class CheckForm(forms.Form):
    """The number of a paper, or the whole code that a telephone reads from it."""

    said = forms.CharField(
        label=_("Number or code"),
        help_text=_("The number stands on top of every page. The code is what a telephone reads."),
        max_length=400,
    )


# A few answers stand in the open, as on paper; more fold into a list.
FEW = 5
MORE = "more"
# What is longer is no number of a version.
DIGITS = 18


class SheetForm(forms.Form):
    """A sheet as a form, made from its data. It draws and reads; the rules judge what may stand.

    Every row of a table is a group of fields `rows-0-item`; a row that is left empty is none.
    """

    use_required_attribute = False

    def __init__(
        self, *args: Any, sheet: Sheet, role: str, over: int, values: Values, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sheet = sheet
        # What was typed, to be changed: a row more, another version that it is written over.
        self.typed: Any = self.data.copy() if isinstance(self.data, QueryDict) else {}
        self.data = self.typed
        self.hers = [
            item
            for section in sheet.sections
            for item in section.items
            if sheets.is_hers(item, role)
        ]
        # Which row of the form each row of the answers is: empty ones between them count for none.
        self.filled: dict[str, list[int]] = {}
        self.fields["over"] = forms.IntegerField(widget=forms.HiddenInput, initial=over)
        for item in self.hers:
            held = None if item.anew else values.get(item.id)
            if item.kind == ROWS:
                self._add_rows(item, held or _to_begin_with(sheet, item))
            else:
                self.fields[item.id] = _field(item, held)

    def _add_rows(self, item: Item, held: list[Mapping[str, Any]]) -> None:
        count = self._count(item, held)
        if self.is_bound:
            self.typed[f"{item.id}-n"] = str(count)
        self.fields[f"{item.id}-n"] = forms.CharField(
            widget=forms.HiddenInput, initial=count, required=False
        )
        for number in range(count):
            row = held[number] if number < len(held) else {}
            for inner in item.rows:
                self.fields[f"{item.id}-{number}-{inner.id}"] = _field(
                    inner, row.get(inner.id), inside=True
                )

    def _count(self, item: Item, held: list[Mapping[str, Any]]) -> int:
        if not self.is_bound:
            return max(len(held), 1)
        typed = str(self.data.get(f"{item.id}-n", ""))
        count = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < DIGITS else 1
        wanted = self.data.get(MORE) == item.id
        return min(max(count, 1) + wanted, MOST_ROWS)

    @property
    def wants_more(self) -> bool:
        """Say whether another row was asked for, and nothing is to be kept yet."""
        return self.is_bound and self.data.get(MORE) in {item.id for item in self.hers}

    @property
    def over(self) -> int:
        """Return the number of the version that this one is written over."""
        typed = str(self.data.get("over", ""))
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < DIGITS else 0

    def write_over(self, number: int) -> None:
        """Let the next press write over another version: whoever presses has seen it."""
        self.typed["over"] = str(number)

    def values(self) -> dict[str, Any]:
        """Return what was answered, as a sheet holds it; nothing is judged here."""
        return {item.id: self._value(item) for item in self.hers}

    def _value(self, item: Item) -> Any:  # noqa: ANN401
        if item.kind != ROWS:
            return self._typed(item.id)
        rows, self.filled[item.id] = [], []
        number = 0
        while f"{item.id}-{number}-{item.rows[0].id}" in self.fields:
            row = {i.id: self._typed(f"{item.id}-{number}-{i.id}") for i in item.rows}
            if any(row.values()):
                rows.append(row)
                self.filled[item.id].append(number)
            number += 1
        return rows

    def _typed(self, name: str) -> Any:  # noqa: ANN401
        widget = self.fields[name].widget
        found = widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        # A browser writes the end of a line in two signs, a sheet in one.
        return found.replace("\r\n", "\n") if isinstance(found, str) else found

    def place(self, fault: Fault, words: str) -> None:
        """Show what stands against the sheet at the field that it speaks of, or above the form."""
        self.add_error(self._name(fault), words)

    def _name(self, fault: Fault) -> str | None:
        rows, _sign, inner = fault.item.partition(".")
        item = next((one for one in self.hers if one.id == rows), None)
        if item is None:
            return None
        if item.kind != ROWS:
            return item.id
        filled = self.filled.get(item.id) or [0]
        number = filled[min(fault.row or 0, len(filled) - 1)]
        return f"{item.id}-{number}-{inner or item.rows[0].id}"

    def sections(self) -> list[dict[str, Any]]:
        """Return the headings with their fields, in the order of the page."""
        language = coded.language()
        return [
            {
                "title": section.title.said_in(language),
                "hint": section.hint.said_in(language) if section.hint else "",
                "items": [self._drawn(item, language) for item in mine],
            }
            for section in self.sheet.sections
            if (mine := [item for item in section.items if item in self.hers])
        ]

    def _drawn(self, item: Item, language: str) -> dict[str, Any]:
        if item.kind != ROWS:
            return {"field": self[item.id]}
        rows: list[list[Any]] = []
        while f"{item.id}-{len(rows)}-{item.rows[0].id}" in self.fields:
            rows.append([self[f"{item.id}-{len(rows)}-{inner.id}"] for inner in item.rows])
        return {
            "id": item.id,
            "label": item.label.said_in(language),
            "hint": item.hint.said_in(language) if item.hint else "",
            "count": self[f"{item.id}-n"],
            "rows": rows,
            "may_grow": len(rows) < MOST_ROWS,
        }


def _to_begin_with(sheet: Sheet, item: Item) -> list[Mapping[str, Any]]:
    """Return the rows that a check asks for in any case, so that nobody has to look for them."""
    for ask in sheet.asks:
        rows, _sign, inner = ask.of.partition(".")
        if ask.kind == "all_of" and rows == item.id and inner:
            return [{inner: code} for code in ask.answers]
    return []


def _field(item: Item, value: Any, *, inside: bool = False) -> forms.Field:  # noqa: ANN401
    field = forms.Field(
        label=item.label.said_in(coded.language()),
        help_text=item.hint.said_in(coded.language()) if item.hint else "",
        initial=value,
        required=False,
        widget=_widget(item, inside=inside),
    )
    # Drawn as what it is; what is missing is said together with all else, by the sheet's rules.
    field.clean = lambda value: value  # type: ignore[method-assign]
    field.required = item.required
    return field


def _widget(item: Item, *, inside: bool) -> forms.Widget:
    """Return how an item is asked; inside a row every choice folds, so that rows stay short."""
    listed = coded.choices(item.codes)() if item.codes else []
    if item.kind == LONG:
        return forms.Textarea(attrs={"rows": 3 if inside else 4, "maxlength": item.most})
    if item.kind == DATE:
        return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    if item.kind == CHOICES:
        return forms.CheckboxSelectMultiple(choices=listed)
    if item.kind in (CHOICE, YES_NO) and len(listed) <= FEW and not inside:
        return forms.RadioSelect(choices=listed)
    if item.kind in (CHOICE, YES_NO):
        return forms.Select(choices=[("", "—"), *listed])
    return forms.TextInput(attrs={"maxlength": item.most})
