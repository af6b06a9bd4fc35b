"""How every form is drawn: label, hint, error, control, in that order and tied together."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.renderers import TemplatesSetting
from django.template.loader import get_template
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

WIDGETS = "django/forms/widgets/"
# A browser must not offer one person's answers as suggestions for the next person.
INPUTS = (
    "text",
    "number",
    "email",
    "url",
    "tel",
    "search",
    "date",
    "datetime",
    "time",
    "password",
    "file",
)
OWN = {f"{WIDGETS}{name}.html": "look/widgets/input.html" for name in INPUTS} | {
    f"{WIDGETS}textarea.html": "look/widgets/textarea.html",
    f"{WIDGETS}radio.html": "look/widgets/choices.html",
    f"{WIDGETS}checkbox_select.html": "look/widgets/choices.html",
}


class LookRenderer(TemplatesSetting):
    """Draws forms with the templates of this room; named in the setting FORM_RENDERER."""

    form_template_name = "look/form.html"
    field_template_name = "look/field.html"

    def get_template(self, template_name: str) -> object:  # type: ignore[override]
        """Return our own drawing of a widget where there is one."""
        return get_template(OWN.get(template_name, template_name))


class DateBoxes(forms.MultiWidget):
    """A known date in three boxes: no calendar to leaf through, no jump from box to box."""

    template_name = "look/widgets/date_boxes.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        box = {"inputmode": "numeric"}
        super().__init__(
            {
                "day": forms.TextInput({**box, "maxlength": 2, "label": _("Day")}),
                "month": forms.TextInput({**box, "maxlength": 2, "label": _("Month")}),
                "year": forms.TextInput({**box, "maxlength": 4, "label": _("Year")}),
            },
            attrs,
        )

    def decompress(self, value: date | str | None) -> list[str | None]:
        """Spread a date, or the text of an unfinished one, over day, month and year."""
        if not value:
            return [None, None, None]
        year, month, day = str(value).split("-")
        return [day, month, year]

    def value_from_datadict(  # type: ignore[override]
        self, data: Mapping[str, Any], files: "MultiValueDict[str, UploadedFile[Any]]", name: str
    ) -> str:
        """Join the boxes as year-month-day; a box left empty stays empty between the dashes."""
        day, month, year = (
            _western(box or "") for box in super().value_from_datadict(data, files, name)
        )
        return f"{year}-{month}-{day}" if day or month or year else ""


def _western(text: str) -> str:
    """Accept the digits of any script, and nothing that would break the joined date."""
    digits = (str(unicodedata.digit(c, c)) for c in text.strip())
    return "".join(digits).replace("-", "")
