"""The shelf of instruments: every version that this node has, and what it does not have.

A version is never changed once it was used; an old screening keeps the one it was made with.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from amana.standards.datafile import FOLDER, BadData, Place, Words
from amana.standards.instrument import Instrument, NotLoaded
from amana.standards.instrument_file import read

INSTRUMENTS = FOLDER / "instruments"


@dataclass(frozen=True)
class Absent:
    """An instrument that people ask for and that is not loaded: who must bring it, and why."""

    name: str
    title: Words
    why: Words


@dataclass
class Shelf:
    """All instruments of a node in all their versions; each is read when it is first asked for."""

    files: Mapping[tuple[str, str], Path]
    absent: tuple[Absent, ...] = ()
    _read: dict[tuple[str, str], Instrument] = field(default_factory=dict)
    _open: set[tuple[str, str]] = field(default_factory=set)

    def find(self, name: str, version: str = "") -> Instrument:
        """Return an instrument in this version, or in its newest. Raises NotLoaded."""
        versions = self.versions(name)
        wanted = version or (versions[-1] if versions else "")
        if wanted not in versions:
            raise NotLoaded(name, version, is_newer=bool(versions) and version > versions[-1])
        key = (name, wanted)
        if key not in self._read:
            self._read[key] = self._opened(key)
        return self._read[key]

    def _opened(self, key: tuple[str, str]) -> Instrument:
        root = opened_file(self.files[key])
        if key in self._open:
            raise root.bad("begins with, or is read by, itself")
        self._open.add(key)
        try:
            instrument = read(root, self.find)
        finally:
            self._open.discard(key)
        if (instrument.name, instrument.version) != key:
            raise root.bad(
                f"holds {instrument.name}.{instrument.version}, another than its name says"
            )
        return instrument

    def versions(self, name: str) -> list[str]:
        """Return the versions of an instrument, oldest first."""
        return sorted(version for known, version in self.files if known == name)

    def newest(self) -> list[Instrument]:
        """Return each instrument in its newest version, by name."""
        return [self.find(name) for name in sorted({name for name, _ in self.files})]

    def every(self) -> list[Instrument]:
        """Return every instrument in every version."""
        return [self.find(*key) for key in sorted(self.files)]


def opened_file(path: Path) -> Place:
    """Return the root of an instrument's file; refuses what is not JSON in UTF-8."""
    try:
        return Place(json.loads(path.read_text(encoding="utf-8")), path.name)
    except UnicodeDecodeError:
        raise BadData(f"{path.name}: is not UTF-8") from None
    except (ValueError, RecursionError) as fault:
        raise BadData(f"{path.name}: is not JSON: {fault}") from None


def shelf_of(folders: Iterable[Path]) -> Shelf:
    """Return the shelf of these folders; a file is named after what it holds."""
    files: dict[tuple[str, str], Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.json")):
            name, _, version = path.stem.partition(".")
            if version:
                files.setdefault((name, version), path)
    return Shelf(files, _absent())


def _absent() -> tuple[Absent, ...]:
    path = INSTRUMENTS / "absent.json"
    if not path.exists():
        return ()
    return tuple(
        Absent(p.at("name").text(), p.at("title").words(), p.at("why").words())
        for p in opened_file(path).at("absent").each()
    )


@cache
def shelf() -> Shelf:
    """Return the instruments that come with Amana."""
    return shelf_of([INSTRUMENTS])


def load_all() -> list[Instrument]:
    """Read every instrument that comes with Amana; raises BadData at the first fault."""
    return shelf().every()
