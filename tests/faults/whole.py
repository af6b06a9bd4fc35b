"""What must hold of a node's rows and of its keeper's folder whenever it was stopped."""

from collections.abc import Iterator

from django.db import connection

from amana.access.models import Account, Erased, KeyWrap, Lock
from amana.audit.queries import first_fault
from amana.cases.models import Case, Compartment, Consent, Involved, Milestone
from amana.cases.queries import readers
from amana.exchange.models import Message, Receipt
from amana.exchange.rules import Rank
from amana.identification.models import Screening
from amana.keeper.store import Store
from amana.referrals import rules
from amana.referrals.models import Referral
from tests.faults.house import House


def halves(house: House) -> list[str]:
    """Return what is half there, in words; nothing of it may ever be."""
    fault = first_fault()
    record = [] if fault is None else [f"the record at {fault.seq}"]
    return [*record, *_of_keys(), *_of_care(), *_of_mail(), *_of_accounts(house)]


def _of_keys() -> Iterator[str]:
    gone = set(Erased.objects.values_list("key_id", flat=True))
    wrapped: dict[str, set[str]] = {}
    for key_id, team in KeyWrap.objects.values_list("key_id", "team"):
        wrapped.setdefault(key_id, set()).add(team)
    yield from (f"an erased key {k} that is still wrapped" for k in gone & set(wrapped))
    for row in Compartment.objects.select_related("case"):
        if missing := set(readers(row.case, row.name)) - wrapped.get(row.key_id, set()):
            yield f"{row.name} of {row.case_id} without a wrap for {sorted(missing)}"
    others = (
        (Screening, "key_id"),
        (Consent, "key_id"),
        (Referral, "key_id"),
        (Message, "cover_id"),
        (Message, "key_id"),
    )
    for model, field in others:
        for key_id in model.objects.exclude(**{field: ""}).values_list(field, flat=True):
            if key_id not in wrapped and key_id not in gone:
                yield f"a {model.__name__} whose {field} opens for nobody"


def _of_care() -> Iterator[str]:
    for row in Screening.objects.all():
        if (row.decided_at is None) != (row.sealed_decision is None):
            yield f"half a decision on {row.pk}"
    begun = set(Milestone.objects.filter(kind="opened").values_list("case", flat=True))
    worked = set(Involved.objects.values_list("case", flat=True))
    parts = set(Compartment.objects.values_list("case", flat=True))
    for code in Case.objects.values_list("pk", flat=True):
        if not all(code in found for found in (begun, worked, parts)):
            yield f"half a case {code}"


def _of_mail() -> Iterator[str]:
    signed = set(Receipt.objects.filter(is_ours=True).values_list("mid", "rank"))
    stories = set(Referral.objects.values_list("pk", flat=True))
    for m in Message.objects.filter(is_ours=False).defer("container", "sealed_body"):
        if (m.pk, int(Rank.RELAYED)) not in signed:
            yield f"{m.pk} stored without its receipt"
        if bool(m.kind) != ((m.pk, int(Rank.DELIVERED)) in signed):
            yield f"{m.pk} opened without its receipt, or the other way round"
        if m.kind == rules.OFFER and m.conversation not in stories:
            yield f"{m.pk} opened and not acted on"
    yield from _of_our_mail()


def _of_our_mail() -> Iterator[str]:
    for row in Referral.objects.filter(is_ours=True):
        left = Message.objects.filter(conversation=row.pk, is_ours=True).exists()
        if left != (row.released_at is not None):
            yield f"half a release of {row.pk}"
    for receipt in Receipt.objects.filter(is_ours=False):
        if Message.objects.get(pk=receipt.mid).rank < receipt.rank:
            yield f"a receipt of {receipt.mid} without its effect"


def _of_accounts(house: House) -> Iterator[str]:
    store = Store(house.keeper.folder)
    epochs = set(store.epoch_keys()) | {0}
    for epoch in set(KeyWrap.objects.values_list("epoch", flat=True).distinct()) - epochs:
        yield f"wraps under epoch {epoch}, which is gone"
    locked = set(Lock.objects.values_list("account", flat=True))
    for account in Account.objects.all():
        known = store.find(account.pk)
        if known is None:
            yield f"{account.pk} whom the keeper does not know"
        elif account.is_open and account.pk not in locked:
            yield f"{account.pk} without a way in"
        elif not account.is_open and not known.is_closed:
            yield f"{account.pk} closed here and open at the keeper"


def file_fault() -> str:
    """Return what SQLite says is wrong with its file, or ""; a server checks its own."""
    if connection.vendor != "sqlite":
        return ""
    with connection.cursor() as cursor:
        said = str(cursor.execute("PRAGMA integrity_check").fetchone()[0])
    return "" if said == "ok" else said
