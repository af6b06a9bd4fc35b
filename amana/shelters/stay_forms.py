"""What may be said of a stay, and of who must not meet."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.look import coded
from amana.look.forms import DateBoxes
from amana.shelters import rules


def _lines(label: Any, hint: Any = "") -> forms.CharField:  # noqa: ANN401
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class KeyWorkerForm(forms.Form):
    """Who of the house looks after somebody."""

    account = forms.ChoiceField(label=_("Key worker in the house"))

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = [("", "—"), *people]  # type: ignore[attr-defined]


class SheetForm(forms.Form):
    """What is asked at the door, in the person's own language, and no more than that."""

    rights_told = forms.ChoiceField(
        label=_("Were the rights explained in the person’s own language"),
        choices=coded.choices("YES_NO"),
        widget=forms.RadioSelect,
    )
    rules_told = forms.ChoiceField(
        label=_("Were the rules of the house explained in that language"),
        choices=coded.choices("YES_NO"),
        widget=forms.RadioSelect,
    )
    phone = forms.ChoiceField(
        label=_("The person’s telephone"), choices=coded.choices("PHONE_CHOICE", blank=True)
    )
    allergies = _lines(_("Allergies, and what to do"))
    valuables = _lines(_("Valuables that are kept safe"), _("Counted together. One a line."))
    safety_plan = _lines(
        _("Safety plan in this house"), _("Signals, whom to call, who must not come near.")
    )


class ReviewForm(forms.Form):
    """That a stay goes on, and until when."""

    exit_on = forms.DateField(
        label=_("Planned day of exit"),
        help_text=_("Leave it empty while it is not known."),
        required=False,
        widget=DateBoxes,
    )


class EndForm(forms.Form):
    """How a stay ends, by where it stands; a disappearance has a page of its own."""

    exit = forms.ChoiceField(label=_("How the stay ends"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, state: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        may_be = [code for code in rules.EXITS.get(state, ()) if code != "MISSING"]
        listed = [(code, coded.label("STAY_EXIT", code)) for code in may_be]
        self.fields["exit"].choices = listed  # type: ignore[attr-defined]


class SettleForm(forms.Form):
    """What came of somebody who disappeared or never arrived."""

    how = forms.ChoiceField(
        label=_("What came of it"), choices=coded.choices("STAY_SETTLED", blank=True)
    )


class ApartForm(forms.Form):
    """The other of two codes that must not meet: a house, or a case by its code."""

    house = forms.ChoiceField(label=_("A house"), required=False)
    other = forms.CharField(
        label=_("Or the code of another case"),
        help_text=_("As it was told to you. Nobody is shown whose it is."),
        max_length=12,
        required=False,
    )

    def __init__(self, *args: Any, houses: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["house"].choices = [("", "—"), *houses]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Take exactly one of the two; a code may be typed in small letters."""
        said = super().clean() or {}
        found = [said.get("house", ""), said.get("other", "").strip().upper()]
        if sum(map(bool, found)) != 1:
            self.add_error("other", _("Choose a house, or write one code: not both."))
        said["code"] = next(filter(None, found), "")
        return said
