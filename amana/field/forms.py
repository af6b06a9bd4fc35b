"""A phone is invited; a phone's file is brought."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.field import queries
from amana.field.group import MOST_WRISTBANDS
from amana.field.rules import LARGEST_FILE, RESUME, WRITE
from amana.look import coded
from amana.look.forms import DateBoxes


class InviteForm(forms.Form):
    """Who carries the phone, for which unit, and whether its work can be read again."""

    account = forms.ChoiceField(
        label=_("Who carries the phone?"),
        help_text=_("What it sends counts as this person’s work."),
    )
    team = forms.ChoiceField(
        label=_("Unit that opens what it sends"), widget=forms.RadioSelect, initial="care"
    )
    mode = forms.ChoiceField(
        label=_("What stays on the phone"), widget=forms.RadioSelect, initial=WRITE
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = queries.care_teams()
        people = [("", ""), *((a.pk, a.name) for a in queries.may_carry())]
        self.fields["account"].choices = people  # type: ignore[attr-defined]
        self.fields["team"].choices = [(code, name) for code, name, _ in teams]  # type: ignore[attr-defined]
        modes = [WRITE, *([RESUME] if any(may for _, _, may in teams) else [])]
        self.fields["mode"].choices = [(m, coded.label("PHONE_MODE", m)) for m in modes]  # type: ignore[attr-defined]


class BringPhoneForm(forms.Form):
    """The file that a phone without a line exported."""

    file = forms.FileField(
        label=_("File of the phone"),
        help_text=_("Its name ends in .amana. Everything in it is sealed."),
    )

    def clean_file(self) -> bytes:
        """Return what stands in it, when it is not too large."""
        found = self.cleaned_data["file"]
        if found.size > LARGEST_FILE:
            raise forms.ValidationError(_("This file is too large: at most 32 MB."))
        content: bytes = found.read()
        return content


class OperationForm(forms.Form):
    """What is known before anybody was found."""

    name = forms.CharField(
        label=_("What you call it"),
        help_text=_("Sealed to the unit. It stands on no wristband and on no list."),
        max_length=80,
    )
    team = forms.ChoiceField(
        label=_("Unit that reads what is written"), widget=forms.RadioSelect, initial="care"
    )
    begins_on = forms.DateField(label=_("Day on which it begins"), widget=DateBoxes)
    expected = forms.IntegerField(
        label=_("How many people are expected?"), min_value=1, max_value=10_000
    )
    n_wristbands = forms.IntegerField(
        label=_("How many wristbands?"),
        help_text=_("Some more than expected; at most 500."),
        min_value=1,
        max_value=MOST_WRISTBANDS,
    )

    def __init__(self, *args: Any, units: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = [(code, f"{name} · {code}") for code, name in units]  # type: ignore[attr-defined]


class MoreWristbandsForm(forms.Form):
    """More people were found than expected."""

    more = forms.IntegerField(
        label=_("How many more wristbands?"), min_value=1, max_value=MOST_WRISTBANDS
    )
