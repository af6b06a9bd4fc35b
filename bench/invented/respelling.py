"""How the same person is written down the second time: other spellings, errors, another script.

Written without looking at the matcher's rules: these are habits of clerks, not keys. Each rule says
what may become what; a word takes one or two of those that fit.
"""

import random
import re
from dataclasses import replace

from bench.invented.people import THIS_YEAR, Person

# Forty habits: what stands in a name, and what another clerk writes. Each minds its neighbours:
# nobody who speaks French writes `ca` for `ssa`, or takes the o of an `ou` for a sound of its own.
HABITS = tuple(
    (re.compile(habit), written)
    for habit, written in (
        ("ou", "u"), ("ou", "w"), ("ou", "oo"), ("(?<![ogq])u", "ou"), ("Koua", "Kwa"),
        ("ou(?=[ai])", "o"), ("dj", "j"), ("Dj", "J"), ("di(?=[aeo])", "dj"), ("Di(?=[aeo])", "Dj"),
        ("J(?=[aeio])", "Dj"), ("gn", "ny"), ("Gn", "Ni"), ("N'", "N"), ("N'", ""), ("M'", "M"),
        ("ph", "f"), ("f", "ph"), ("k(?=[aou])", "c"), ("K(?=[aou])", "C"), ("C(?=[aou])", "K"),
        ("ss", "s"), ("(?<=[aeiou])s(?=[aeiou])", "ss"), ("ss(?=[eéi])", "c"), ("ss", "z"),
        ("ch", "sh"), ("Ch", "Sh"), ("Ch", "Tch"), ("é$", "e"), ("é$", "er"), ("é", "ey"),
        ("aï", "ay"), ("ï", "i"), ("(?<![aeo])i", "y"), ("y", "i"), ("(?<![cCpPsSkt])h", ""),
        ("mm", "m"), ("tt", "t"), ("(?<=[^aeiou])e(?=[^aeiou])", "a"), ("o(?=[^aeiouï]|$)", "au"),
    )
)  # fmt: skip
# The keyboard of a clerk: what lies beside what.
BESIDE = {"a": "zq", "e": "rz", "i": "uo", "o": "pi", "u": "yi", "n": "bm", "m": "nl", "s": "dq"}

# A lossy reading of Latin names in Arabic script, longest first; short vowels mostly unwritten.
TO_ARABIC = (
    ("sch", "ش"), ("ch", "ش"), ("sh", "ش"), ("ou", "و"), ("oo", "و"), ("kh", "خ"), ("gh", "غ"),
    ("dj", "ج"), ("gn", "ني"), ("ny", "ني"), ("ph", "ف"), ("th", "ث"), ("gb", "غب"), ("kp", "كب"),
    ("qu", "ك"), ("gu", "غ"), ("ss", "س"), ("aï", "اي"), ("ai", "اي"), ("au", "و"), ("ée", "ي"),
    ("b", "ب"), ("c", "ك"), ("d", "د"), ("f", "ف"), ("g", "غ"), ("h", "ه"), ("j", "ج"), ("k", "ك"),
    ("l", "ل"), ("m", "م"), ("n", "ن"), ("p", "ب"), ("q", "ق"), ("r", "ر"), ("s", "س"), ("t", "ت"),
    ("v", "ف"), ("w", "و"), ("x", "كس"), ("y", "ي"), ("z", "ز"), ("é", "ي"), ("è", ""), ("ê", ""),
    ("ë", ""), ("ï", "ي"), ("î", "ي"), ("â", "ا"), ("ô", "و"), ("ç", "س"),
)  # fmt: skip
# The names that every Arabic writer knows how to write.
KNOWN_IN_ARABIC = {
    "Mohamed": "محمد", "Mohammed": "محمد", "Ahmed": "أحمد", "Youssef": "يوسف", "Youssouf": "يوسف",
    "Fatima": "فاطمة", "Khadija": "خديجة", "Aïcha": "عائشة", "Ibrahim": "إبراهيم", "Ali": "علي",
    "Omar": "عمر", "Hassan": "حسن", "Said": "سعيد", "Mariam": "مريم", "Meryem": "مريم",
    "Moussa": "موسى", "Issa": "عيسى", "Othmane": "عثمان", "Zineb": "زينب", "Khalid": "خالد",
    "Rachid": "رشيد", "Abdellah": "عبد الله", "Mustapha": "مصطفى", "Hamza": "حمزة",
    "Brahim": "إبراهيم", "Abdelkader": "عبد القادر", "Abderrahim": "عبد الرحيم",
}  # fmt: skip


def asked_again(person: Person, seed: int) -> tuple[Person, bool]:
    """Return the person as another clerk writes them, and whether in Arabic script."""
    chance = random.Random(seed)
    in_arabic = chance.random() < 0.25
    names = [person.surname, *person.given]
    if len(names) > 2 and chance.random() < 0.35:
        names.pop(chance.randrange(1, len(names)))
    if chance.random() < 0.25:
        names.reverse()
    names = [arabic(chance, n) if in_arabic else respelled(chance, n) for n in names]
    told = replace(
        person,
        surname=names[0],
        given=tuple(names[1:]),
        birth_year=_year(chance, person.birth_year),
        town=_town(chance, person.town),
    )
    return told, in_arabic


def respelled(chance: random.Random, name: str) -> str:
    """Return a name as another clerk spells it: one or two habits, sometimes a typing error."""
    for _ in range(chance.choice((0, 1, 1, 2))):
        fitting = [habit for habit in HABITS if habit[0].search(name)]
        if fitting:
            pattern, written = chance.choice(fitting)
            name = pattern.sub(written, name, count=1)
    if chance.random() < 0.12 and len(name) > 3:
        name = mistyped(chance, name)
    return name.upper() if chance.random() < 0.15 else name


def mistyped(chance: random.Random, name: str) -> str:
    """Return a name with one slip of the finger."""
    at = chance.randrange(1, len(name) - 1)
    return chance.choice(
        (
            name[:at] + name[at + 1 :],
            name[:at] + name[at + 1] + name[at] + name[at + 2 :],
            name[:at] + name[at] + name[at:],
            name[:at] + chance.choice(BESIDE.get(name[at].lower(), "e")) + name[at + 1 :],
        )
    )


def arabic(chance: random.Random, name: str) -> str:
    """Return a Latin name in Arabic script, as it is heard; much is lost."""
    if name in KNOWN_IN_ARABIC and chance.random() < 0.9:
        return KNOWN_IN_ARABIC[name]
    return " ".join(_written(chance, word) for word in name.lower().replace("'", "").split())


def _written(chance: random.Random, word: str) -> str:
    word, end = (
        (word[:-1], "ة" if chance.random() < 0.3 else "ا") if word[-1] == "a" else (word, "")
    )
    if word == "el":
        return "ال"
    # A long consonant is one letter; the sign above it is hardly ever written.
    word = re.sub(r"([^aeiou])\1", r"\1", word)
    out, at = "", 0
    while at < len(word):
        latin, letter = next(
            (rule for rule in TO_ARABIC if word.startswith(rule[0], at)),
            (word[at], _vowel(chance, word[at], first=at == 0)),
        )
        out, at = out + letter, at + len(latin)
    return out + end


def _vowel(chance: random.Random, vowel: str, *, first: bool) -> str:
    if first:
        return {"a": "أ", "e": "إ", "i": "إ", "o": "أو", "u": "أو"}.get(vowel, "")
    long = {"a": "ا", "i": "ي", "o": "و", "u": "و"}.get(vowel, "")
    return long if chance.random() < 0.6 else ""


def _year(chance: random.Random, year: int) -> int:
    """Return a remembered year: exact, a little off, or from an age rounded to five or ten."""
    kind = chance.random()
    if kind < 0.5:
        return year
    if kind < 0.75:
        return year + chance.choice((-2, -1, -1, 1, 1, 2))
    step = 5 if kind < 0.92 else 10
    return THIS_YEAR - step * round((THIS_YEAR - year) / step)


def _town(chance: random.Random, town: str) -> str:
    kind = chance.random()
    if kind < 0.30:
        return ""
    return respelled(chance, town) if kind < 0.5 else town
