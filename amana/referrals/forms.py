"""What a referral and its answers may hold."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.look.coded import choices, label


class StatementForm(forms.Form):
    """In which language a person's paper is written, and that somebody asked whether it is safe."""

    language = forms.ChoiceField(
        label=_("In which language"),
        choices=[("fr", "Français"), ("ar", "العربية"), ("en", "English")],
        widget=forms.RadioSelect,
    )
    is_safe = forms.BooleanField(
        label=_("I asked whether this paper is safe to carry. If it is not, I print nothing."),
        error_messages={"required": _("Ask first whether it is safe to carry this paper.")},
    )


class PrepareForm(forms.Form):
    """What is asked, of whom, and which fields of the file may leave."""

    country = forms.ChoiceField(label=_("To which country"))
    purpose = forms.ChoiceField(
        label=_("What is asked"), choices=choices("REFERRAL_PURPOSE"), widget=forms.RadioSelect
    )
    urgency = forms.ChoiceField(
        label=_("How urgent"), choices=choices("URGENCY"), widget=forms.RadioSelect
    )
    needs = forms.MultipleChoiceField(
        label=_("What the person needs first"),
        choices=choices("NEEDS"),
        widget=forms.CheckboxSelectMultiple,
    )
    risk = forms.ChoiceField(label=_("Risk"), choices=choices("RISK", blank=True))
    fields_to_send = forms.MultipleChoiceField(
        label=_("What may leave after the acceptance"),
        help_text=_("Only what the task needs. Nothing of this leaves with the offer."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    look_reason = forms.ChoiceField(
        label=_("If a second look finds something: why it stays"),
        choices=choices("LOOK_REASON", blank=True),
        required=False,
    )

    def __init__(
        self, *args: Any, countries: list[tuple[str, str]], available: list[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = countries  # type: ignore[attr-defined]
        offered = [(name, label("FIELD", name)) for name in available]
        self.fields["fields_to_send"].choices = offered  # type: ignore[attr-defined]
        if not available:
            del self.fields["fields_to_send"]


class SecondLook(forms.Form):
    """Free words to the other desk: what a second look finds stays only with a reason."""

    look_reason = forms.ChoiceField(
        label=_("If a second look finds something: why it stays"),
        choices=choices("LOOK_REASON", blank=True),
        required=False,
    )

    # Under the words that it is about.
    field_order: tuple[str, ...] = ("topics", "reason", "text", "look_reason")


class AskForm(SecondLook):
    """What is missing."""

    topics = forms.MultipleChoiceField(
        label=_("What is missing"),
        choices=choices("COMPLETE_TOPIC"),
        widget=forms.CheckboxSelectMultiple,
    )
    text = forms.CharField(
        label=_("Your question"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1000
    )


class ReplyForm(SecondLook):
    """The answer to a question."""

    text = forms.CharField(
        label=_("Your answer"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000
    )


class AcceptForm(SecondLook):
    """A promise, in a person's name."""

    field_order = ("worker_name", "worker_phone", "service", "from_on", "conditions", "budget_line")

    worker_name = forms.CharField(label=_("Who will be responsible"), max_length=120)
    worker_phone = forms.CharField(label=_("Telephone of that person"), max_length=40)
    service = forms.CharField(
        label=_("What stands ready from the first day"),
        help_text=_("For example: a bed, a school, a doctor."),
        max_length=300,
    )
    from_on = forms.DateField(
        label=_("From which day"), widget=forms.DateInput(attrs={"type": "date"})
    )
    conditions = forms.CharField(
        label=_("Conditions, if there are any"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
        required=False,
    )
    budget_line = forms.CharField(label=_("Who pays"), max_length=120, required=False)

    def promise(self) -> dict[str, str]:
        """Return what was promised, as text."""
        said = {name: str(value) for name, value in self.cleaned_data.items()}
        del said["look_reason"]
        return said


class DeclineForm(SecondLook):
    """A reason."""

    reason = forms.ChoiceField(
        label=_("Why"), choices=choices("DECLINE_REASON"), widget=forms.RadioSelect
    )
    text = forms.CharField(
        label=_("In your words"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        required=False,
    )


class ErasePartForm(forms.Form):
    """Which of the groups asked back stay here, and on what legal ground."""

    keep = forms.MultipleChoiceField(
        label=_("What must stay here, if anything"),
        choices=choices("CONSENT_CONTENT"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    ground = forms.ChoiceField(
        label=_("On what ground"), choices=choices("KEEP_GROUND", blank=True), required=False
    )

    def __init__(self, *args: Any, content: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = [(code, label("CONSENT_CONTENT", code)) for code in content]
        self.fields["keep"].choices = asked  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse to keep anything without a ground."""
        said = super().clean() or {}
        if said.get("keep") and not said.get("ground"):
            self.add_error("ground", _("Say on what ground it stays."))
        return said


class KeepForm(forms.Form):
    """On what legal ground something is kept that the other country asks to erase."""

    ground = forms.ChoiceField(
        label=_("On what ground"), choices=choices("KEEP_GROUND"), widget=forms.RadioSelect
    )
