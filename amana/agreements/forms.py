"""What a coordinator notes of an agreement."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.look.coded import choices, label
from amana.standards import codes

# Given by the node itself on a demo's first day, and by nobody on a page.
NOT_CHOSEN = "DEMONSTRATION"


class StepForm(forms.Form):
    """What happened, on which day, and why."""

    kind = forms.ChoiceField(label=_("What happens"), widget=forms.RadioSelect)
    on = forms.DateField(
        label=_("On which day"),
        help_text=_("A suspension counts from the second person’s word on, whatever the day."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason = forms.ChoiceField(
        label=_("Why"), choices=choices("AGREEMENT_REASON"), widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, kinds: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = [k for k in codes.values("AGREEMENT_STEP") if k in kinds]
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (k, label("AGREEMENT_STEP", k)) for k in asked
        ]
        reasons = [c for c in choices("AGREEMENT_REASON")() if c[0] != NOT_CHOSEN]
        self.fields["reason"].choices = reasons  # type: ignore[attr-defined]
