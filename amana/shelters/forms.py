"""What may be said of a bed: what a person needs, how many are free, yes or no."""

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.look import coded
from amana.shelters.actions import escorts


class NeedForm(forms.Form):
    """What one person needs of a place, as far as a bed depends on it."""

    basis = forms.ChoiceField(
        label=_("On what ground"),
        choices=coded.choices("PLACEMENT_BASIS", blank=True),
    )
    risk = forms.ChoiceField(
        label=_("How great is the danger"),
        choices=coded.choices("RISK_LEVEL", blank=True),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages the person speaks"),
        choices=coded.choices("LANG"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    needs = forms.MultipleChoiceField(
        label=_("What the place must have"),
        choices=coded.choices("SHELTER_NEED"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    avoids = forms.ChoiceField(
        label=_("Area to stay away from"),
        help_text=_("Only if the person asks for it."),
        choices=coded.choices("SHELTER_AREA", blank=True),
        required=False,
    )
    wish = forms.ChoiceField(
        label=_("Where a trans or intersex person wants to sleep"),
        choices=coded.choices("UNIT_WISH", blank=True),
        required=False,
    )


class CountForm(forms.Form):
    """How many beds of a room are free now."""

    free = forms.IntegerField(min_value=0, max_value=999)


class AnswerForm(forms.Form):
    """What a house says or does: yes, no, they set out, they are here."""

    act = forms.ChoiceField(choices=[(a, a) for a in ("yes", "no", "leave", "admit")])
    reason = forms.ChoiceField(choices=coded.choices("ASK_REFUSAL", blank=True), required=False)


class AskForm(forms.Form):
    """Which houses are asked; the rules judge each."""

    shelters = forms.MultipleChoiceField()

    def __init__(self, *args: object, codes: list[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["shelters"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(code, code) for code in codes]


class TakeForm(forms.Form):
    """Who brings them to the bed that is taken."""

    escort = forms.ChoiceField(label=_("Who brings them"), choices=escorts)
