"""What people enter about a silence, and the hours of duty."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.look.coded import choices

LONGEST_WORDS = 1000


class _WithWords(forms.Form):
    """A form whose words are sealed under the referral's key; who holds none enters none."""

    words = forms.CharField(
        label=_("In words"),
        help_text=_("Sealed with the referral. No name where a code is enough."),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, may_write: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_write:
            del self.fields["words"]

    def said(self) -> dict[str, Any]:
        """Return what was entered, with no words where there is no field for them."""
        return {"words": "", **self.cleaned_data}


class CallForm(_WithWords):
    """Whom somebody phoned, by function, and what came of it."""

    whom = forms.ChoiceField(
        label=_("Whom did you call?"), choices=choices("CALLED"), widget=forms.RadioSelect
    )
    outcome = forms.ChoiceField(
        label=_("What came of it?"), choices=choices("CALL_OUTCOME"), widget=forms.RadioSelect
    )
    field_order = ("whom", "outcome", "words")


class PlanForm(_WithWords):
    """What is done for the person meanwhile."""

    plan = forms.ChoiceField(
        label=_("What is done for the person meanwhile?"),
        choices=choices("PLAN_B"),
        widget=forms.RadioSelect,
    )
    field_order = ("plan", "words")


class DutyForm(forms.Form):
    """Who answers, from when to when, first or as alternate."""

    account = forms.ChoiceField(label=_("Who"), widget=forms.RadioSelect)
    turn = forms.ChoiceField(label=_("As"), choices=choices("DUTY_TURN"), widget=forms.RadioSelect)
    begins = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    ends = forms.DateField(
        label=_("Last day"),
        help_text=_("Day and night, until midnight at the end of the last day."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = people  # type: ignore[attr-defined]

    def hours(self) -> dict[str, Any]:
        """Return the planned hours by what the action calls them, in this country's time."""
        found, midnight = self.cleaned_data, forms.DateTimeField().to_python
        begins = midnight(found["begins"])
        ends = midnight(found["ends"] + timedelta(days=1))
        return {
            "account_id": found["account"],
            "is_alternate": found["turn"] == "ALTERNATE",
            "begins": begins,
            "ends": ends,
        }
