"""One form for every family of letters, drawn from its row in the table."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.letters import rules
from amana.look.coded import choices, label
from amana.standards import messages
from amana.standards.messages import Family, Field
from amana.standards.references import is_reference, new_reference

# So few choices are all seen at once; more are unfolded.
FEW = 6
SHORT_TEXT = 120
# Lines for people that a page offers; a list that is longer asks for more.
LINES = 8

HINTS = {
    "area": _("A town or an area. Never the address of a shelter."),
    "arrival_place": _("A public place: an airport, a border post. Never a shelter."),
    "info_text": _("No name, no number, no address: what is done, where and how."),
    "phoned": _("Call the other desk now. The letter does not replace the call."),
    "text": _("Short. Only what the other desk needs to act."),
    "trace_reference": _("Opaque: it says nothing of who is looked for."),
}

Choices = list[tuple[str, str]]


class LetterForm(forms.Form):
    """What a letter of one family may hold; a field that is in no row is not here."""

    def __init__(
        self,
        *args: Any,
        family: Family,
        own: Choices,
        lines: int = LINES,
        is_found: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.family, self.lines = family, lines
        if family.kind == rules.CANCEL:
            self.fields["to"] = forms.ChoiceField(
                label=_("Which letter"), choices=own, widget=forms.RadioSelect
            )
        for name in family.fields:
            for inner, made in _made(name, own, lines):
                made.required = made.required and name in family.needed
                self.fields[inner] = made
        self.fields["look_reason"] = forms.ChoiceField(
            label=_("Why it stays"),
            choices=choices("LOOK_REASON", blank=True),
            required=False,
            widget=forms.Select() if is_found else forms.HiddenInput(),
        )

    def values(self) -> dict[str, Any]:
        """Return what was typed, in the shapes that travel."""
        said = self.cleaned_data
        found = {n: _travels(said.get(n)) for n in self.family.fields if n in said}
        for name in self.family.fields:
            if messages.field(name).type == messages.ROWS:
                found[name] = list(self._rows(messages.field(name)))
        return {name: value for name, value in found.items() if value not in (None, "", [])}

    def _rows(self, field: Field) -> Iterator[dict[str, Any]]:
        for number in range(self.lines):
            row = {n: self.cleaned_data.get(f"{field.name}-{number}-{n}", "") for n in field.rows}
            said = {
                n: [v] if messages.field(n).type == messages.CODES else v
                for n, v in row.items()
                if v
            }
            if said:
                yield said


class BeginForm(forms.Form):
    """To whom a thread is begun, and for which case where there is one."""

    country = forms.ChoiceField(label=_("To which country"))
    case = forms.ChoiceField(label=_("Case, if there is one"), required=False)

    def __init__(self, *args: Any, countries: Choices, cases: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = countries  # type: ignore[attr-defined]
        held = [(code, code) for code in cases]
        self.fields["case"].choices = [("", "—"), *held]  # type: ignore[attr-defined]
        if not held:
            del self.fields["case"]


def _travels(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _made(name: str, own: Choices, lines: int) -> Iterator[tuple[str, forms.Field]]:
    field = messages.field(name)
    if field.type == messages.ROWS:
        for number in range(lines):
            for inner in field.rows:
                made = _cell(messages.field(inner), number)
                yield f"{name}-{number}-{inner}", made
        return
    yield name, _MAKERS[field.type](field, own)


def _cell(field: Field, number: int) -> forms.Field:
    """Make one value of one person's line; her first need alone, so that a line stays short."""
    return forms.ChoiceField(
        label=f"{number + 1} – {label('FIELD', field.name)}",
        choices=choices(field.listed, blank=True),
        required=False,
    )


def _given(field: Field) -> dict[str, Any]:
    return {"label": label("FIELD", field.name), "help_text": HINTS.get(field.name, "")}


def _code(field: Field, _own: Choices) -> forms.Field:
    found = choices(field.listed)
    is_few = len(found()) <= FEW
    widget = forms.RadioSelect() if is_few else forms.Select()
    listed = found if is_few else choices(field.listed, blank=True)
    return forms.ChoiceField(choices=listed, widget=widget, **_given(field))


def _codes(field: Field, _own: Choices) -> forms.Field:
    return forms.MultipleChoiceField(
        choices=choices(field.listed), widget=forms.CheckboxSelectMultiple, **_given(field)
    )


def _text(field: Field, _own: Choices) -> forms.Field:
    is_long = field.most > SHORT_TEXT
    widget = forms.Textarea(attrs={"rows": 3}) if is_long else forms.TextInput()
    return forms.CharField(max_length=field.most, widget=widget, **_given(field))


def _day(field: Field, _own: Choices) -> forms.Field:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **_given(field))


def _moment(field: Field, _own: Choices) -> forms.Field:
    return forms.DateTimeField(
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        **_given(field),
    )


def _number(field: Field, _own: Choices) -> forms.Field:
    return forms.IntegerField(min_value=0, max_value=field.most, **_given(field))


def _reference(field: Field, _own: Choices) -> forms.Field:
    return forms.CharField(
        max_length=12,
        initial=lambda: new_reference("S"),
        validators=[_is_reference],
        **_given(field),
    )


def _is_reference(value: str) -> None:
    if not is_reference(value):
        raise forms.ValidationError(_("This reference is not right. Read it once more."))


def _letter(field: Field, own: Choices) -> forms.Field:
    return forms.ChoiceField(choices=[("", "—"), *own], **_given(field))


_MAKERS: dict[str, Callable[[Field, Choices], forms.Field]] = {
    messages.CODE: _code,
    messages.CODES: _codes,
    messages.TEXT: _text,
    messages.DAY: _day,
    messages.MOMENT: _moment,
    messages.NUMBER: _number,
    messages.REFERENCE: _reference,
    messages.LETTER: _letter,
}
