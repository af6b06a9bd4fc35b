"""What a statistician asks to be counted."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amana.knowledge import rules
from amana.look.coded import choices, label
from amana.standards import codes, statistics

# So many breakdowns one table may have: more would be a table of single people.
MOST = 3


def _units() -> list[tuple[str, str]]:
    return [(unit, label("STAT_UNIT", unit)) for unit in (*rules.UNITS, rules.EVENT)]


def _bases() -> list[tuple[str, str]]:
    return [(str(base), str(base)) for base in statistics.load().bases]


class TableForm(forms.Form):
    """A table: what is counted, of which days, by what, and how small numbers are kept safe."""

    unit = forms.ChoiceField(label=_("What is counted?"), choices=_units, widget=forms.RadioSelect)
    since = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("Until"),
        help_text=_("The last day. Days that are not over change, and wait."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    by = forms.MultipleChoiceField(
        label=_("Broken down by"),
        help_text=_("At most three. Needs stand in a table for each need."),
        choices=choices("STAT_DIMENSION"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    rolls_up = forms.BooleanField(label=_("Citizenship as: own, abroad, not known"), required=False)
    method = forms.ChoiceField(
        label=_("Small numbers"), choices=choices("STAT_METHOD"), widget=forms.RadioSelect
    )
    base = forms.TypedChoiceField(
        label=_("Round to multiples of"), choices=_bases, coerce=int, initial="5"
    )

    def clean_by(self) -> list[str]:
        """Return the breakdowns, not more than a table of groups may have."""
        found: list[str] = self.cleaned_data["by"]
        if len(found) > MOST:
            raise forms.ValidationError(_("Choose at most three."))
        return found

    def definition(self) -> rules.Definition:
        """Return what was asked."""
        said = self.cleaned_data
        return rules.Definition(
            unit=said["unit"],
            since=said["since"],
            until=said["until"],
            crossings=crossings(said["unit"], said["by"]),
            threshold=statistics.load().threshold,
            method=said["method"],
            base=said["base"],
            rolls_up=said["rolls_up"],
        )


def crossings(unit: str, by: list[str]) -> tuple[tuple[str, ...], ...]:
    """Return the tables: one, or one for each need; events have no breakdown."""
    if unit == rules.EVENT:
        return ((),)
    if "need" not in by:
        return (tuple(sorted(by)),) if by else ()
    others = [one for one in by if one != "need"]
    needs = codes.values(statistics.load().needs)
    return tuple(tuple(sorted([*others, rules.NEED + need])) for need in needs)


def said_by(wanted: rules.Definition) -> dict[str, Any]:
    """Return a definition as this form would say it."""
    by = {"need" if one.startswith(rules.NEED) else one for one in wanted.dimensions}
    return {
        "unit": wanted.unit,
        "since": wanted.since.isoformat(),
        "until": wanted.until.isoformat(),
        "by": sorted(by),
        "rolls_up": wanted.rolls_up,
        "method": wanted.method,
        "base": str(wanted.base),
    }
