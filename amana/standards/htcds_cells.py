"""What one cell of an HTCDS sheet says: a value of its field, what was put right, or a fault.

The contradictions of the standard that reach a cell are put right by name: HTCDS-4 (a label for a
code), -6 (several industries), -7 (free text for a reason), -8 (a blank after a code), -9 (a method
of control of `Field Definitions.md`), -11 (an empty option), and HTCDS-0.2 (a value of version
0.2). A fault repeats codes and countries, never a name, a day or a number of a person.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from babel import Locale
from babel.core import get_global

from amana.standards import countries, public_lists
from amana.standards.datafile import LANGUAGES
from amana.standards.htcds_fields import E164, INDUSTRY, Field

INCOMING_REASON = "cas_ReasonForIncomingReferral"
OLD = "HTCDS-0.2"
# Values of version 0.2, and of the definitions, that say exactly what a code of 2.0 says.
OTHER_WORDS = {
    "prs_Gender": {
        "Male": ("Masculine", OLD),
        "Female": ("Feminine", OLD),
        "Unknown": ("NonSpecifiedUnknown", OLD),
    },
    "vic_MethodsOfControl": {
        "PsychoactiveSubstances": ("PsychoactiveSubstance", "HTCDS-9"),
        "RestrictsMovement": ("x-amana:RestrictsMovement", "HTCDS-9"),
        "UsesChildren": ("x-amana:UsesChildren", "HTCDS-9"),
    },
}
YES, NO = ("true", "yes", "1", "oui"), ("false", "no", "0", "non")


class NotSaid(ValueError):
    """A cell that holds no value of its field; says what is wrong and what to do."""

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(f"{fault}. {remedy}")
        self.fault, self.remedy = fault, remedy


@dataclass
class Cell:
    """What a cell says; `more` are values that the field has no room for."""

    value: object = None
    repaired: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)


def cell(of: Field, text: str) -> Cell:
    """Return what a cell says in its field. Raises NotSaid."""
    if not text.strip():
        return Cell(None, ["HTCDS-11"] if text and of.kind == "code" else [])
    if of.kind == "code":
        return _coded(of, text)
    if of.is_many:
        found = Cell()
        found.value = _once([_country(part, found) for part in _parts(text)])
        return found
    found = Cell()
    if of.kind == "country":
        found.value = _country(text.strip(), found)
    else:
        found.value = _PLAIN[of.kind](text.strip())
    return found


def _once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _parts(text: str) -> list[str]:
    """Return the values of a cell: split at semicolons, or at blanks as XForms write codes."""
    if ";" in text:
        return [part for part in text.split(";") if part.strip()]
    words = text.split()
    return words if len(words) > 1 and all(len(word) == 2 for word in words) else [text]


def _coded(of: Field, text: str) -> Cell:
    found = Cell()
    parts = _code_parts(of, text)
    if of.name == INCOMING_REASON and _code(of, text, Cell()) is None:
        # The XLSForm asks for it in free words: they go to the details, and the reason is another.
        return Cell("Other", ["HTCDS-7"], [text.strip()])
    codes: list[str] = []
    for part in parts:
        code = _code(of, part, found)
        if code is None:
            raise NotSaid(f"{part.strip()!r} is no code of {of.name}", _remedy(of, part.strip()))
        codes.append(code)
    codes = _once(codes)
    if of.is_many:
        found.value = codes
        return found
    if len(codes) > 1 and of.name != INDUSTRY:
        raise NotSaid(f"{len(codes)} values where there is room for one", "Keep one of them.")
    if len(codes) > 1:
        found.repaired.append("HTCDS-6")
    found.value, found.more = codes[0], codes[1:]
    return found


def _code_parts(of: Field, text: str) -> list[str]:
    if ";" in text:
        return [part for part in text.split(";") if part.strip()]
    words = text.split()
    known = {*of.codes, *OTHER_WORDS.get(of.name, {})}
    if len(words) > 1 and known.issuperset(words):
        return words
    return [text]


def _code(of: Field, text: str, found: Cell) -> str | None:
    """Return the code that a text is; whatever had to be put right is noted."""
    bare = text.strip()
    if bare in of.codes:
        # A blank before a code follows a semicolon; one after it is the standard's own fault.
        if text != text.rstrip():
            found.repaired.append("HTCDS-8")
        return bare
    if bare in OTHER_WORDS.get(of.name, {}):
        code, repair = OTHER_WORDS[of.name][bare]
        found.repaired.append(repair)
        return code
    labelled = _labels(of.list).get(folded(bare))
    if labelled:
        found.repaired.append("HTCDS-4")
    return labelled


def folded(text: str) -> str:
    """Return a label without its case, blanks and signs: `Follow up` is `FollowUp`."""
    return re.sub(r"[\W_]", "", text).casefold()


@cache
def _labels(name: str) -> dict[str, str]:
    """Return the codes of a list by their words and by the code read as words."""
    entries = public_lists.find(name).entries.values()
    said: dict[str, set[str]] = {}
    for entry in entries:
        words = [entry.words.said_in(language) for language in LANGUAGES]
        for text in (entry.code, re.sub("^[A-U]_", "", entry.code), *words):
            said.setdefault(folded(text), set()).add(entry.code)
    return {text: next(iter(held)) for text, held in said.items() if len(held) == 1}


def _remedy(of: Field, said: str) -> str:
    if of.name == "vic_MethodsOfControl" and said == "Threats":
        return "Say which: PhysicalThreats, ThreatsLawEnforcement or ThreatensChildrenFamily."
    if of.name == "prs_Gender" and said == "Transgender/NonConforming":
        return "Say which: TransgenderFeminine, TransgenderMasculine or NonConforming."
    return f"Write one of {', '.join(of.codes[:4])} and the others of its list, or empty it."


def _country(text: str, found: Cell) -> str:
    bare = text.strip()
    if bare in countries.every():
        return bare
    code = _countries().get(folded(bare))
    if code is None:
        raise NotSaid(f"{bare!r} is no country", "Write its two letters, such as MA.")
    found.repaired.append("HTCDS-4")
    return code


@cache
def _countries() -> dict[str, str]:
    return {
        folded(countries.label(code, language)): code
        for language in LANGUAGES
        for code in countries.every()
    }


def _language(text: str) -> str:
    known = Locale("en").languages
    if text not in known and text not in get_global("language_aliases"):
        raise NotSaid(f"{text!r} is no language", "Write its ISO 639-2 letters, such as fra.")
    return text


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise NotSaid("is no day", "Write it as 2026-11-22.") from None


def _number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text) or int(text) > 150:
        raise NotSaid("is no number that fits", "Write a whole number up to 150.")
    return int(text)


def _flag(text: str) -> bool:
    if text.casefold() not in (*YES, *NO):
        raise NotSaid("is neither yes nor no", "Write yes or no, or empty it.")
    return text.casefold() in YES


def _phone(text: str) -> str:
    bare = re.sub("[ .()-]", "", text)
    if not re.fullmatch(E164, bare, re.ASCII):
        raise NotSaid("is no number in E.164", "Write it as +212600000000, without a leading zero.")
    return bare


def _degrees(most: int) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            degrees = float(text)
        except ValueError:
            degrees = most + 1
        if not -most <= degrees <= most:
            raise NotSaid("is no coordinate", f"Write degrees from -{most} to {most}.")
        return degrees

    return read


_PLAIN: dict[str, Callable[[str], object]] = {
    "text": str,
    "date": _date,
    "language": _language,
    "number": _number,
    "flag": _flag,
    "phone": _phone,
    "longitude": _degrees(180),
    "latitude": _degrees(90),
}
