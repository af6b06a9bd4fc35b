"""What a screening may hold."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.look.coded import choices, language
from amana.standards.questions import Question, load


class QuestionForm(forms.Form):
    """One question, its answers and the three standing ones."""

    answers = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _(
                "Tick an answer. “Does not know” and “prefers not to answer” are answers too."
            )
        },
    )

    def __init__(self, *args: Any, question: Question, minor: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spoken = language()
        field = self.fields["answers"]
        field.label = question.said_to(minor).said_in(spoken)
        field.help_text = question.hint.said_in(spoken)
        own = [(a.id, a.label.said_in(spoken)) for a in question.shown(minor)]
        self.standing = [s.id for s in load().standing]
        standing = [(s.id, s.label.said_in(spoken)) for s in load().standing]
        field.choices = own + standing  # type: ignore[attr-defined]
        field.widget.attrs["data-standing"] = " ".join(self.standing)

    def clean_answers(self) -> list[str]:
        """Refuse a standing answer beside another."""
        ticked: list[str] = self.cleaned_data["answers"]
        if len(ticked) > 1 and set(ticked) & set(self.standing):
            raise forms.ValidationError(
                _("This answer cannot stand beside another one. Keep one of the two.")
            )
        return ticked


class DangerForm(forms.Form):
    """What the responder sees before a word is spoken."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        spoken = language()
        for question in load().danger:
            own = [(a.id, a.label.said_in(spoken)) for a in question.answers]
            standing = [(s.id, s.label.said_in(spoken)) for s in load().standing[:2]]
            self.fields[question.id] = forms.MultipleChoiceField(
                label=question.ask.said_in(spoken),
                help_text=question.hint.said_in(spoken),
                choices=own + standing,
                widget=forms.CheckboxSelectMultiple,
                error_messages={"required": _("Tick what you see, or “none of these”.")},
            )


MINOR = (("yes", _("Yes")), ("no", _("No")), ("doubtful", _("Not sure: protect as a child")))
SITUATION = (
    ("accompanied", _("With a responsible adult")),
    ("separated", _("With an adult who is not a parent or guardian")),
    ("alone", _("Alone")),
    ("unknown", _("Not known")),
)


class PersonForm(forms.Form):
    """The least that is needed to go on: no full name is asked."""

    alias = forms.CharField(
        label=_("First name to use"),
        help_text=_("The person may choose any name. It need not be the real one."),
        max_length=80,
        required=False,
    )
    sex = forms.ChoiceField(label=_("Sex"), choices=choices("SEX", blank=True))
    minor = forms.ChoiceField(
        label=_("Is the person under 18?"),
        help_text=_("In doubt, choose “not sure”. Nobody is asked to prove an age here."),
        choices=MINOR,
        widget=forms.RadioSelect,
    )
    age_band = forms.ChoiceField(
        label=_("Age, as far as known"), choices=choices("AGE_BAND", blank=True)
    )
    situation = forms.ChoiceField(
        label=_("Who is with the person?"), choices=SITUATION, widget=forms.RadioSelect
    )
    language = forms.ChoiceField(
        label=_("Language spoken best"), choices=choices("LANG", blank=True)
    )
    citizenship = forms.ChoiceField(
        label=_("Country the person names as her own"),
        choices=choices("COUNTRY", blank=True),
        required=False,
    )
    place = forms.CharField(
        label=_("Where the person can be found"),
        help_text=_("Sealed at once. Never write the address of a shelter."),
        max_length=200,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Keep age and minority from contradicting each other; in doubt the person is a child."""
        data: dict[str, Any] = super().clean() or {}
        band, minor = data.get("age_band", ""), data.get("minor", "")
        if band in CHILD_BANDS and minor == "no":
            self.add_error("minor", _("This age is under 18. Choose “yes”, or change the age."))
        if band and band not in (*CHILD_BANDS, "UNK_ADULT", "UNK") and minor == "yes":
            self.add_error("age_band", _("This age is over 18. Change it, or choose “not sure”."))
        return data


CHILD_BANDS = ("0_4", "5_9", "10_14", "15_17", "UNK_CHILD")


class SendForm(forms.Form):
    """The last words before sealing."""

    observation = forms.CharField(
        label=_("What you saw or heard, in your own words"),
        help_text=_("Only what helps to protect. You will not be able to read it again."),
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=4000,
        required=False,
    )


class DecisionForm(forms.Form):
    """The supervisor's word."""

    decided_class = forms.ChoiceField(
        label=_("Your decision"), choices=choices("CLASS"), widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Your reason"),
        help_text=_("Needed when you change what the rules propose."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        required=False,
    )
