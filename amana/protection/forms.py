"""What may be entered into the course of a case."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


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


class CheckForm(forms.Form):
    """The number of a paper, or the whole code that a telephone reads from it."""

    said = forms.CharField(
        label=_("Number or code"),
        help_text=_("The number stands on top of every page. The code is what a telephone reads."),
        max_length=400,
    )
