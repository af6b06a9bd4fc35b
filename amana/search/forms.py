"""What is asked."""

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.look.coded import choices


class SearchForm(forms.Form):
    """A name in any script and order, or a part of it, and what else is known."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("In any script, in any order; a part of it is enough."),
        max_length=120,
    )
    birth_year = forms.IntegerField(
        label=_("Year of birth, about"), min_value=1900, max_value=2100, required=False
    )
    town = forms.CharField(label=_("Town or village"), max_length=80, required=False)
    sex = forms.ChoiceField(label=_("Sex"), choices=choices("SEX", blank=True), required=False)
