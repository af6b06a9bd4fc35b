"""Writing the record: one entry for every act, in the transaction of the act."""

from datetime import datetime

from django.db import transaction

from amana.audit import rules
from amana.audit.models import Entry, Head
from amana.crypto.secrets import token


@transaction.atomic
def record(*, at: datetime, actor: str, verb: str, subject: str, **codes: str) -> Entry:
    """Append one entry: who did what to which opaque reference, and when.

    `actor` is an account's id or a process ("worker", "import"); `codes` hold coded detail only.
    """
    Head.objects.get_or_create(only=1, defaults={"chain": rules.GENESIS})
    # Two processes may append in the same second; the head row decides who is next.
    head = Head.objects.select_for_update().get(only=1)
    event = rules.event_bytes(at=at, actor=actor, verb=verb, subject=subject, codes=codes)
    salt = token()
    leaf, chain = rules.next_link(bytes(head.chain), salt, event)
    entry = Entry.objects.create(seq=head.seq + 1, leaf=leaf, chain=chain, salt=salt, event=event)
    head.seq, head.chain = entry.seq, chain
    head.save(update_fields=["seq", "chain"])
    return entry
