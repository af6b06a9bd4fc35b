"""A phone is invited; a phone's file is brought."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.field import queries
from amana.field.rules import LARGEST_FILE, RESUME, WRITE
from amana.look import coded


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
