"""A partner's file, brought by hand."""

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.exchange.rules import LARGEST_PARCEL


class RootForm(forms.Form):
    """The directory that a country gave."""

    file = forms.FileField(
        label=_("Directory file of the country"),
        help_text=_("Its name is directory.json. Nothing is trusted until two people compared."),
    )

    def clean_file(self) -> bytes:
        """Return what stands in it, when it is not too large."""
        found = self.cleaned_data["file"]
        if found.size > LARGEST_PARCEL:
            raise forms.ValidationError(_("This file is no directory."))
        content: bytes = found.read()
        return content
