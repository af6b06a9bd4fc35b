"""Signing in."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ProofForm(forms.Form):
    """What shows who somebody is: a password, and the six digits of her phone."""

    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label=_("Code of your phone"),
        help_text=_("The six digits that the phone shows now."),
        max_length=10,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "dir": "ltr"}
        ),
    )

    def clean_code(self) -> str:
        """Return the digits without the blanks that a phone shows between them."""
        return "".join(str(self.cleaned_data["code"]).split())


class SignInForm(ProofForm):
    """Name, password and code."""

    sign_in_name = forms.CharField(
        label=_("Sign-in name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    field_order = ("sign_in_name", "password", "code")
