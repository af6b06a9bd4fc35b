"""`amana import openrosa`: submissions of Kobo, ODK and others become sealed screenings."""

import argparse
import sys
from pathlib import Path

from amana.node.assess import told_of
from amana.node.cli import Failed
from amana.node.lifecycle import use
from amana.standards import codes, openrosa


def run(a: argparse.Namespace) -> int:
    """Take in each file by itself, once: what was taken in before is left as it is."""
    use(a.data)
    n_bad = 0
    for path in a.file:
        try:
            print(f"{path.name}: {_taken(path)}")
        except Failed as problem:
            n_bad += 1
            print(f"amana: {path.name}: {problem}", file=sys.stderr)
    if n_bad < len(a.file):
        print("What was taken in is sealed here; the files are not. Delete them.")
    return 1 if n_bad else 0


def _taken(path: Path) -> str:
    from django.conf import settings  # noqa: PLC0415

    from amana.access.rules import Refused  # noqa: PLC0415
    from amana.identification import actions, answers, queries  # noqa: PLC0415

    try:
        submission = openrosa.read(_content(path), queries.shelf().find)
        _, _, given = answers.parse(submission.document)
        screening, is_new = actions.receive_submission(
            submission=submission.number,
            instrument=submission.instrument,
            given=given,
            now=settings.CLOCK.now(),
        )
    except (openrosa.BadSubmission, answers.BadAnswers) as bad:
        raise Failed(told_of(bad.faults)) from None
    except Refused as refused:
        told = [codes.label("OBJECTION", code, "en") for code in refused.objections]
        raise Failed(" ".join(told)) from None
    return f"screening {screening.code}" if is_new else f"known as {screening.code}, nothing done"


def _content(path: Path) -> bytes:
    """Return what a file holds, and of one too large no more than shows that it is."""
    try:
        with path.open("rb") as file:
            return file.read(openrosa.LARGEST + 1)
    except OSError as problem:
        raise Failed(f"cannot be read: {problem.strerror}") from None
