"""Reading the record."""

import json
from typing import Any

from amana.audit import rules
from amana.audit.models import Entry, Head


def first_fault() -> rules.Fault | None:
    """Return the first altered, missing or cut entry of the whole record, or None."""
    head = Head.objects.filter(only=1).first()
    entries = Entry.objects.order_by("seq").iterator(chunk_size=2000)
    if head is None:
        return rules.first_fault(entries, head_seq=0, head_chain=rules.GENESIS)
    return rules.first_fault(entries, head_seq=head.seq, head_chain=bytes(head.chain))


def length() -> int:
    """Return the number of entries that the record must hold."""
    return Head.objects.values_list("seq", flat=True).first() or 0


def latest(n: int) -> list[dict[str, Any]]:
    """Return the last `n` events, newest first, as they were written."""
    entries = Entry.objects.order_by("-seq")[:n]
    return [{"seq": e.seq, **json.loads(bytes(e.event))} for e in entries]
