"""What may be said of a bed: what a person needs, how many are free, yes or no."""

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.look import coded
from amana.look.forms import DateBoxes
from amana.shelters.actions import escorts


class NeedForm(forms.Form):
    """What one person needs of a place, as far as a bed depends on it.

    `bases` are the grounds that can hold for her age, `mothers` who of the party may be hers.
    """

    child_of = forms.ChoiceField(
        label=_("Whose child this is"),
        help_text=_("Mother and child sleep in one room."),
        required=False,
    )
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
    area = forms.ChoiceField(
        label=_("Area where the person should stay"),
        help_text=_("Near school, court, or people. It only puts places in order."),
        choices=coded.choices("SHELTER_AREA", blank=True),
        required=False,
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

    def __init__(
        self,
        *args: Any,
        bases: Collection[str] = (),
        mothers: Sequence[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if bases:
            known = coded.choices("PLACEMENT_BASIS", blank=True)()
            grounds = [one for one in known if one[0] in ("", *bases)]
            self.fields["basis"].choices = grounds  # type: ignore[attr-defined]
        if mothers:
            said = [("", _("Nobody’s in this request")), *mothers]
            self.fields["child_of"].choices = said  # type: ignore[attr-defined]
        else:
            del self.fields["child_of"]


class CountForm(forms.Form):
    """How many beds of a room are free now."""

    free = forms.IntegerField(min_value=0, max_value=999)


class AnswerForm(forms.Form):
    """What a house says or does: yes, no, they set out, they are here."""

    act = forms.ChoiceField(choices=[(a, a) for a in ("yes", "no", "leave", "admit", "all")])
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


class DeclineForm(forms.Form):
    """Why a bed that is held is not taken, or a house is not asked any more."""

    reason = forms.ChoiceField(
        label=_("Why not"), choices=coded.choices("OFFER_REFUSAL", blank=True)
    )


def _ticks(label: Any, listed: str, *, needed: bool = False) -> Any:  # noqa: ANN401
    return forms.MultipleChoiceField(
        label=label,
        choices=coded.choices(listed),
        required=needed,
        widget=forms.CheckboxSelectMultiple,
    )


class HouseForm(forms.Form):
    """What the registry says of a house; where it stands is not among it."""

    alias = forms.CharField(
        label=_("Name by which it is known"),
        help_text=_("Never a street, and never the name that stands on its door."),
        max_length=60,
    )
    kind = forms.ChoiceField(
        label=_("Kind of place"), choices=coded.choices("SHELTER_TYPE", blank=True)
    )
    team = forms.ChoiceField(label=_("Who works there"))
    area = forms.ChoiceField(
        label=_("In which area"), choices=coded.choices("SHELTER_AREA", blank=True)
    )
    operator = forms.CharField(label=_("Who runs it"), max_length=80, required=False)
    licence_authority = forms.CharField(
        label=_("Who gave the licence"), max_length=80, required=False
    )
    licence_number = forms.CharField(
        label=_("Number of the licence"), max_length=40, required=False
    )
    licence_valid_to = forms.DateField(
        label=_("Licence until"),
        help_text=_("Without a licence that runs, nobody is placed there."),
        widget=DateBoxes,
        required=False,
    )
    security = forms.TypedChoiceField(
        label=_("Level of security"),
        choices=coded.choices("SECURITY_LEVEL", blank=True),
        coerce=int,
    )
    profiles = _ticks(_("Who is taken there"), "SHELTER_PROFILE", needed=True)
    languages = _ticks(_("Languages by day"), "LANG")
    night_languages = _ticks(_("Languages at night"), "LANG")
    services = _ticks(_("What the place has"), "SHELTER_NEED")
    inspected_on = forms.DateField(label=_("Last inspection on"), widget=DateBoxes, required=False)
    inspection_score = forms.IntegerField(
        label=_("Its score, of a hundred"), min_value=0, max_value=100, required=False
    )
    inspection_findings = forms.CharField(
        label=_("What it found"),
        help_text=_("About the house; never about a person."),
        max_length=300,
        required=False,
    )
    has_safeguarding = forms.BooleanField(
        label=_("Has rules for the protection of those who live there"), required=False
    )
    staff_checked_percent = forms.IntegerField(
        label=_("How many of a hundred of the staff were checked"),
        min_value=0,
        max_value=100,
        initial=0,
        required=False,
    )
    night_ratio = forms.IntegerField(
        label=_("For how many residents one is awake at night"),
        min_value=1,
        max_value=200,
        required=False,
    )
    max_stay_days = forms.IntegerField(
        label=_("Longest stay in days, by the house itself"), min_value=1, required=False
    )
    cost_per_day = forms.IntegerField(
        label=_("Cost of a day for one person"), min_value=0, required=False
    )
    intake_hours = forms.CharField(
        label=_("When people are taken in"), max_length=60, required=False
    )
    phone_policy = forms.ChoiceField(
        label=_("Telephones in the house"),
        choices=coded.choices("PHONE_POLICY", blank=True),
        required=False,
    )

    def __init__(self, *args: Any, teams: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = teams  # type: ignore[attr-defined]
        for code, words in coded.choices("SHELTER_AREA")():
            self.fields[f"minutes-{code}"] = forms.IntegerField(
                label=_("Minutes of travel to {area}").format(area=words),
                min_value=0,
                max_value=6000,
                required=False,
            )

    @property
    def facts(self) -> dict[str, Any]:
        """Return what was said, with the minutes of travel by area."""
        said = dict(self.cleaned_data)
        found = {n: said.pop(n) for n in list(said) if n.startswith("minutes-")}
        minutes = {n.removeprefix("minutes-"): v for n, v in found.items() if v is not None}
        checked = said["staff_checked_percent"] or 0
        return {**said, "minutes": minutes, "staff_checked_percent": checked}

    @staticmethod
    def of(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of a table; forms hold none
        """Return what the registry says of a house, as this form begins with it."""
        names = (*HouseForm.base_fields,)
        minutes = {f"minutes-{code}": n for code, n in row.minutes.items()}
        return {name: getattr(row, name) for name in names} | minutes


class RoomForm(forms.Form):
    """A room as it is entered: its beds, for whom, and who says how many."""

    label = forms.CharField(label=_("Name of the room"), max_length=30)
    beds = forms.IntegerField(label=_("How many beds"), min_value=1, max_value=200)
    surge = forms.IntegerField(
        label=_("Mattresses when nothing else is left"), min_value=0, max_value=200, initial=0
    )
    sex = forms.ChoiceField(label=_("For whom"), choices=coded.choices("BED_SEX", blank=True))
    ages = _ticks(_("Ages that sleep there"), "AGE_BAND", needed=True)
    is_one_party = forms.BooleanField(
        label=_("For one family, or one person, alone"), required=False
    )
    is_step_free = forms.BooleanField(label=_("Reached without a step"), required=False)
    source = forms.ChoiceField(
        label=_("Who says how many beds there are"), choices=coded.choices("CAPACITY_SOURCE")
    )


class BedsForm(forms.Form):
    """How many beds a room has now, and who says so."""

    unit = forms.IntegerField(widget=forms.HiddenInput)
    beds = forms.IntegerField(label=_("How many beds"), min_value=0, max_value=200)
    source = forms.ChoiceField(
        label=_("Who says how many beds there are"), choices=coded.choices("CAPACITY_SOURCE")
    )


class NoteForm(forms.Form):
    """A line of the log of a house, or an incident."""

    kind = forms.ChoiceField(label=_("What it is"))
    case = forms.ChoiceField(label=_("About whom"), required=False)
    words = forms.CharField(
        label=_("What happened"),
        help_text=_("Facts only. No interview, and no name."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, people: list[str], logs: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        log = [("LOG", _("A line of the daily log"))] if logs else []
        kinds = [*log, *coded.choices("INCIDENT")()]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["case"].choices = [("", "—"), *((c, c) for c in people)]  # type: ignore[attr-defined]


class StatusForm(forms.Form):
    """Whether a house takes people; who runs it says open or full, and no more."""

    status = forms.ChoiceField(
        label=_("Does it take people"),
        choices=coded.choices("SHELTER_STATUS"),
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, runs: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if runs:
            field = self.fields["status"]
            own = [c for c in coded.choices("SHELTER_STATUS")() if c[0] in ("OPEN", "FULL")]
            field.choices = own  # type: ignore[attr-defined]


class AddressForm(forms.Form):
    """Where a house stands and how one gets in: for an escort, during one transport."""

    address = forms.CharField(label=_("Address"), max_length=300)
    way_in = forms.CharField(label=_("How one gets in"), max_length=300, required=False)
    phone = forms.CharField(label=_("Telephone at the door"), max_length=40, required=False)
