"""What stands against an entry or a sheet, in the reader's words."""

from django import forms

from amana.identification.forms import fault_words
from amana.look import coded
from amana.protection.rules import Against
from amana.protection.sheets import Fault
from amana.standards import codes
from amana.standards import journey as table


def lack(one: Against) -> str:
    """Say what stands against a step, with the name of the fact or track that it speaks of."""
    journey, language = table.load(), coded.language()
    said = coded.label("OBJECTION", one.code)
    if one.about in journey.facts:
        return f"{said} {journey.facts[one.about].title.said_in(language)}"
    if one.about in journey.kinds_of:
        return f"{said} {coded.label('DUTY', 'initial_risk')}"
    if one.about in journey.tracks:
        return f"{said} {journey.tracks[one.about].title.said_in(language)}"
    return said


def against_a_sheet(fault: Fault, most: int) -> str:
    """Say what stands against a sheet: by its own check, by what follows, or by its shape."""
    language = coded.language()
    if fault.words is not None:
        return fault.words.said_in(language)
    if fault.code == "MISSING":
        return str(forms.Field.default_error_messages["required"])
    if fault.code in codes.values("ANSWER_FAULT"):
        return fault_words(fault.code, {"most": str(most), "code": ""}, language)
    return lack(Against(fault.code, fault.about))
