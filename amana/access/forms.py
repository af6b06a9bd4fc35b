"""Signing in, and what a person changes of her own ways in."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.access.rules import WITHOUT_ACCOUNT, Role
from amana.look import coded
from amana.look.forms import DateBoxes


def code_field(help_text: Any = "") -> forms.CharField:  # noqa: ANN401 - a lazy text
    """Return the field for the six digits of a phone."""
    return forms.CharField(
        label=_("Code of your phone"),
        help_text=help_text or _("The six digits that the phone shows now."),
        max_length=10,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "dir": "ltr"}
        ),
    )


def name_field() -> forms.CharField:
    """Return the field for the name that a person signs in with."""
    return forms.CharField(
        label=_("Sign-in name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )


class WithCode(forms.Form):
    """A form with the six digits of a phone."""

    def clean_code(self) -> str:
        """Return the digits without the blanks that a phone shows between them."""
        return "".join(str(self.cleaned_data["code"]).split())


class ProofForm(WithCode):
    """What shows who somebody is: a password, and the six digits of her phone."""

    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = code_field()


class SignInForm(ProofForm):
    """Name, password and code."""

    sign_in_name = name_field()
    field_order = ("sign_in_name", "password", "code")


class PasskeyForm(forms.Form):
    """What a passkey answered; filled in by static/access/passkey.js, never by hand.

    `options` is what the browser must ask the passkey.
    """

    answer = forms.CharField(max_length=20_000, widget=forms.HiddenInput)
    prf = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, options: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **(kwargs | {"auto_id": False}))
        self.options = json.dumps(options)


class NewPasswordForm(forms.Form):
    """A new password, typed twice."""

    password = forms.CharField(
        label=_("New password"),
        help_text=_("At least ten characters, and not your sign-in name. Several words are best."),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same once more"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Compare the two."""
        given = dict(super().clean() or {})
        if "password" in given and given.pop("again", None) != given["password"]:
            self.add_error("again", _("The two are not the same."))
        return given


class PhoneForm(WithCode):
    """A new phone, which must have shown a code before it counts."""

    box = forms.CharField(max_length=200, widget=forms.HiddenInput)
    code = code_field(_("The six digits that the new phone shows now."))


class AskRecoveryForm(forms.Form):
    """Whose every way in is lost."""

    sign_in_name = name_field()


class LettersForm(AskRecoveryForm):
    """What a person brings back: her name and the letters from her paper."""

    letters = forms.CharField(
        label=_("Your letters"),
        help_text=_("Thirteen groups, as they stand on your paper. Blanks do not matter."),
        max_length=120,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocapitalize": "characters"}),
    )


class RestoreForm(NewPasswordForm, WithCode):
    """The new password and the new phone of who got her seed back."""

    code = code_field(_("The six digits that the new phone shows now."))
    sign_in_name = forms.CharField(max_length=60, widget=forms.HiddenInput)
    letters = forms.CharField(max_length=120, widget=forms.HiddenInput)


class AccountForm(forms.Form):
    """A new colleague."""

    name = forms.CharField(label=_("Name"), max_length=120)
    sign_in_name = forms.RegexField(
        r"^[a-z0-9][a-z0-9.-]*$",
        label=_("Sign-in name"),
        help_text=_(
            "Small letters, digits, dots and hyphens. It need not resemble the person’s name."
        ),
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
        error_messages={"invalid": _("Small letters, digits, dots and hyphens only.")},
    )
    role = forms.ChoiceField(label=_("Role"))
    ends_on = forms.DateField(
        label=_("The mandate ends on"),
        help_text=_("At the latest in one year."),
        widget=DateBoxes,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [role for role in Role if role not in WITHOUT_ACCOUNT]
        field = self.fields["role"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "—"), *((r.value, coded.label("ROLE", r)) for r in roles)]
