"""What may come into a case."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.access import policy
from amana.cases.rules import CROSS_BORDER, HISTORICAL, YES
from amana.look.coded import choices, label
from amana.standards.consent import load


class ReasonForm(forms.Form):
    """Why a sealed part is opened."""

    reason = forms.ChoiceField(
        label=_("Why do you open it?"), choices=choices("OPEN_REASON"), widget=forms.RadioSelect
    )


class AttachForm(forms.Form):
    """A file for one part, and what it is in somebody's words."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("A photograph, a PDF or a recording, up to 25 MB."),
        widget=forms.FileInput,
        error_messages={"required": _("Choose a file of 25 MB at most.")},
    )
    caption = forms.CharField(
        label=_("What it is"),
        help_text=_("For example: her passport, page 2."),
        max_length=200,
        required=False,
    )


class ErasureForm(forms.Form):
    """Why a case is to be erased."""

    reason = forms.ChoiceField(
        label=_("Why is it erased?"), choices=choices("ERASURE_REASON"), widget=forms.RadioSelect
    )


LONG = {
    "narrative": 4000,
    "risk_summary": 2000,
    "wishes": 1000,
    "safe_contact": 500,
    "text": 4000,
    "suspects": 4000,
    "health_notes": 4000,
    "therapy_notes": 8000,
    "legal_notes": 4000,
    "relatives": 2000,
    "tracing_notes": 2000,
    "care_needs": 1000,
    "medication": 1000,
}


class PartForm(forms.Form):
    """The fields of one sealed part, with the version that they were read at."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, part: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in policy.fields(part):
            long = LONG.get(name)
            self.fields[name] = forms.CharField(
                label=label("FIELD", name),
                help_text=HINTS.get(name, ""),
                max_length=long or 200,
                required=False,
                widget=forms.Textarea(attrs={"rows": 4}) if long else forms.TextInput(),
            )


HINTS = {
    "full_name": _("As the person says it, in any script. One box, no rule."),
    "birth": _("As said: a date, a year, “about 14”, or an event."),
    "safe_contact": _("Channel, number, whose phone, which hours, what may be said."),
    "do_not_contact": _("Names of people and bodies that must learn nothing."),
    "place": _("Never the address of a shelter."),
    "narrative": _("Told once, so that nobody has to ask again."),
}


class TeamForm(forms.Form):
    """Which team is asked to work on a case."""

    team = forms.ChoiceField(label=_("Which team"))

    def __init__(self, *args: Any, teams: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = teams  # type: ignore[attr-defined]


class WorkerForm(forms.Form):
    """Who takes a case over."""

    account = forms.ChoiceField(label=_("Who takes it over"))
    overload_reason = forms.ChoiceField(
        label=_("If it is more than one person can carry: why all the same"),
        choices=choices("OVERLOAD_REASON", blank=True),
        required=False,
    )

    def __init__(self, *args: Any, workers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = workers  # type: ignore[attr-defined]


class ReportForm(forms.Form):
    """What the police are told: what happened, and by whom. Nothing of who it happened to."""

    text = forms.CharField(
        label=_("What happened"),
        help_text=_("Acts, places and dates. No name of the person, no address, no health."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    suspects = forms.CharField(
        label=_("Who did it"),
        help_text=_("You will not read it again: it is for the investigators alone."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    ground = forms.ChoiceField(
        label=_("On what ground"), choices=choices("REPORT_GROUND"), widget=forms.RadioSelect
    )


class GlassForm(forms.Form):
    """Which part of which case two supervisors open, and why."""

    code = forms.CharField(label=_("Code of the case"), max_length=12)
    part = forms.ChoiceField(label=_("Which part"), choices=choices("PART"))
    reason = forms.ChoiceField(
        label=_("Why it cannot wait"), choices=choices("GLASS_REASON"), widget=forms.RadioSelect
    )


class ConsentForm(forms.Form):
    """What was explained, how the answer was given, and what it covers."""

    purpose = forms.ChoiceField(
        label=_("What is asked"),
        help_text=_("One question at a time: each is a yes or a no of its own."),
        choices=choices("CONSENT_PURPOSE"),
        initial=CROSS_BORDER,
        required=False,
    )
    answer = forms.ChoiceField(
        label=_("What the person answers"),
        choices=choices("CONSENT_ANSWER"),
        initial=YES,
        widget=forms.RadioSelect,
        required=False,
    )
    country = forms.ChoiceField(label=_("To which country"), required=False)
    service = forms.ChoiceField(
        label=_("To which service here, if it is one"),
        choices=choices("TEAM_KIND", blank=True),
        required=False,
    )
    ground = forms.ChoiceField(
        label=_("On what ground"),
        help_text=_("Anything but consent needs a second person, and holds 72 hours."),
        widget=forms.RadioSelect,
    )
    given_by = forms.ChoiceField(
        label=_("Who said yes"), choices=choices("GIVEN_BY"), widget=forms.RadioSelect
    )
    mode = forms.ChoiceField(label=_("How"), choices=choices("CONSENT_MODE", blank=True))
    language = forms.ChoiceField(
        label=_("In which language it was explained"), choices=choices("LANG", blank=True)
    )
    interpreter = forms.CharField(
        label=_("Interpreter, if there was one"), max_length=80, required=False
    )
    witness = forms.CharField(
        label=_("Witness, where nothing is signed"),
        help_text=_("For a thumb mark, a voice or spoken words: who was there and heard it."),
        max_length=80,
        required=False,
    )
    content = forms.MultipleChoiceField(
        label=_("What may be sent"),
        choices=choices("CONSENT_CONTENT"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Keep of each question only what it asks; a yes over the border names what it covers."""
        said = super().clean() or {}
        said["purpose"] = said.get("purpose") or CROSS_BORDER
        said["answer"] = said.get("answer") or YES
        wanted = load().purposes[said["purpose"]].recipient
        if wanted != "country":
            said["country"] = ""
        elif not said.get("country"):
            self.add_error("country", _("Say to which country."))
        if wanted != "team":
            said["service"] = ""
        elif not said.get("service"):
            self.add_error("service", _("Say to which service."))
        if said["purpose"] != CROSS_BORDER:
            said["content"] = []
        elif said["answer"] == YES and not said.get("content") and "content" not in self.errors:
            self.add_error("content", _("Tick what may be sent."))
        return said

    def __init__(
        self, *args: Any, countries: list[tuple[str, str]], is_historical: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = countries  # type: ignore[attr-defined]
        grounds = choices("CONSENT_GROUND")()
        self.fields["ground"].choices = [  # type: ignore[attr-defined]
            (code, words) for code, words in grounds if (code == HISTORICAL) == is_historical
        ]


class WithdrawForm(forms.Form):
    """What of a consent is taken back; nothing ticked is all of it."""

    content = forms.MultipleChoiceField(choices=choices("CONSENT_CONTENT"), required=False)
