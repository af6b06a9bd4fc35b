"""`amana instruments print`: an instrument as an A4 form in a file."""

from pathlib import Path

from amana.identification.paper import form_pdf
from amana.node.cli import Failed
from amana.standards.datafile import LANGUAGES
from amana.standards.instrument import NotLoaded
from amana.standards.instruments import shelf


def run(*, name: str, version: str, language: str, to: Path) -> int:
    """Write the form of an instrument, in its newest version where none is named."""
    if language not in LANGUAGES:
        raise Failed(f"no words in {language!r}: fr, ar or en")
    try:
        instrument = shelf().find(name, version)
    except NotLoaded as missing:
        raise Failed(str(missing)) from None
    to.write_bytes(form_pdf(instrument, language))
    print(f"{to.name}: {instrument.name} {instrument.version}, {language}")
    return 0
