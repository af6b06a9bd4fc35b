"""`amana agreements check`: where the file of an agreement is at fault."""

import json
from collections.abc import Sequence
from pathlib import Path

from amana.standards import agreements
from amana.standards.datafile import BadData


def check(files: Sequence[Path], *, as_json: bool) -> int:
    """Read each file and say where the first fault of each is."""
    found = [{"file": path.name, "fault": _fault_of(path)} for path in files]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for one in found:
            print(one["fault"] or f"{one['file']}: whole")
    return 1 if any(one["fault"] for one in found) else 0


def _fault_of(path: Path) -> str:
    try:
        agreements.read_file(path)
    except OSError as problem:
        return f"{path.name} cannot be read: {problem.strerror}"
    except BadData as fault:
        return str(fault)
    return ""
