"""Files of a case: cleaned first, then sealed to the part that they belong to."""

import base64
from datetime import datetime

from django.db import transaction

from amana.access import policy
from amana.access.documents import seal_document
from amana.access.queries import access_key
from amana.access.rules import Actor, NotFound, Refused
from amana.audit.actions import record
from amana.cases import queries, rules
from amana.cases.actions.parts import note_opening
from amana.cases.models import Attachment, Case, Compartment
from amana.cases.queries import COPY, ORIGINAL, OpenedAttachment, file_key, file_name
from amana.crypto.secrets import CannotOpen, Key, digest, new_id, new_key
from amana.files import store
from amana.files.clean import clean
from amana.files.sealed import seal_file
from amana.standards import codes
from amana.standards.need_to_know import EDIT


def attach(
    *,
    case: Case,
    part: str,
    content: bytes,
    name: str,
    caption: str,
    actor: Actor,
    now: datetime,
) -> Attachment:
    """Keep a file with one part of a case: whoever opens the part opens the file, and nobody else.

    Raises NotAccepted with the reason why a file is not taken. Not one transaction: cleaning may
    take a minute, and a row names only files that the disk already has.
    """
    _may_attach(case, part, len(content), actor, now)
    with store.a_place(queries.media()):
        cleaned, own = clean(content), new_key()
        row = Attachment(
            id=new_id(),
            case=case,
            part=part,
            kind=cleaned.kind.value,
            media_type=cleaned.media_type,
            size=len(cleaned.content),
            original_size=len(content),
            attached_at=now,
            attached_by=actor.account_id,
        )
        details = {
            "key": base64.b64encode(own.reveal()).decode(),
            "name": name,
            "caption": caption,
            "digest": digest(content).hex(),
        }
        try:
            _write(row.pk, COPY, own, cleaned.content)
            _write(row.pk, ORIGINAL, own, content)
            return _enter(row, details, actor, now)
        except BaseException:
            _erase_files(row.pk)
            raise


def _write(attachment_id: str, what: str, own: Key, bare: bytes) -> None:
    name = file_name(attachment_id, what)
    sealed = seal_file(key=file_key(own, what), file=name, content=[bare])
    store.keep(queries.media(), name, sealed)


def _may_attach(case: Case, part: str, more: int, actor: Actor, now: datetime) -> Compartment:
    """Return the part, if this person reads and writes it and the case has room for the file."""
    if policy.way_of_writing(actor.role, part) != EDIT or queries.file_of(part) != case.file:
        raise NotFound
    row, _ = queries.access_compartment(actor, case, part)
    n_files, n_bytes = queries.held_files(case)
    against = rules.objections_to_attaching(
        n_files=n_files + 1, n_bytes=n_bytes + more, is_historical=case.is_historical
    )
    if part == rules.IDENTITY:
        against += queries.said_no_to(case, rules.PHOTO, now=now)
    if against:
        raise Refused(against)
    return row


@transaction.atomic
def _enter(row: Attachment, details: dict[str, str], actor: Actor, now: datetime) -> Attachment:
    # The case's row is the lock: it may have been erased, or filled, while the file was cleaned.
    case = Case.objects.select_for_update().filter(pk=row.case_id).first()
    if case is None:
        raise NotFound
    row.key_id = _may_attach(case, row.part, row.size + row.original_size, actor, now).key_id
    place = queries.attachment_place(row.pk, row.key_id)
    row.sealed = seal_document(access_key(actor, row.key_id), details, place)
    row.save(force_insert=True)
    record(at=now, actor=actor.account_id, verb="cases.attach", subject=case.code, part=row.part)
    return row


@transaction.atomic
def open_attachment(
    *, case: Case, attachment_id: str, reason: str, actor: Actor, now: datetime
) -> tuple[OpenedAttachment, bytes]:
    """Open the clean copy of a file for a stated reason; it is on record as an opening of its part.

    What was handed in is evidence and is shown to nobody here.
    """
    codes.check("OPEN_REASON", reason)
    opened = queries.access_attachment(actor, case, attachment_id)
    try:
        content = queries.content_of(opened, COPY)
    except (CannotOpen, FileNotFoundError):
        raise Refused(["FILE_IS_NOT_WHOLE"]) from None
    note_opening(case, opened.row.part, reason, actor, now)
    return opened, content


def _erase_files(attachment_id: str) -> None:
    for what in (COPY, ORIGINAL):
        store.erase(queries.media(), file_name(attachment_id, what))


def erase_attachments(case: Case) -> None:
    """Overwrite and remove every file of a case; its rows still stand."""
    for attachment_id in Attachment.objects.filter(case=case).values_list("pk", flat=True):
        _erase_files(attachment_id)


def sweep_files(_now: datetime) -> int:
    """Remove the files that no row names: of a process that died in between. Returns how many."""
    folder = queries.media()
    with store.all_places(folder) as is_quiet:
        if not is_quiet:
            return 0
        orphans = store.names(folder) - queries.known_files()
        for name in orphans:
            store.erase(folder, name)
        return len(orphans)
