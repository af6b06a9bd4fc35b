"""The referral on a page: what would leave, what was answered, who owes a word."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import NotFound, Refused, Role, require_step_up
from amana.cases.forms import ReasonForm
from amana.cases.queries import access_case, access_erasure
from amana.exchange import queries as exchange
from amana.exchange.actions import open_tray
from amana.look import coded
from amana.referrals import actions, dossier, queries, rules
from amana.referrals.forms import (
    AcceptForm,
    AskForm,
    DeclineForm,
    ErasePartForm,
    KeepForm,
    PrepareForm,
    ReplyForm,
)
from amana.standards import countries


@require_http_methods(["GET", "POST"])
def prepare(request: Request, code: str) -> HttpResponse:
    """Choose what is asked and what may leave, field by field."""
    case = access_case(request.actor, code, request.purpose)
    file = queries.available(request.actor, case)
    form = PrepareForm(
        request.POST or None,
        countries=[(p.pk, countries.label(p.pk, coded.language())) for p in exchange.peers()],
        available=[name for name in dossier.CHOSEN if file.get(name)],
    )
    objections: list[str] = []
    under: dict[str, str] = {}
    if form.is_valid():
        wanted = dict(form.cleaned_data)
        country, fields = wanted.pop("country"), wanted.pop("fields_to_send", [])
        try:
            referral = actions.prepare(
                case=case,
                country=country,
                wanted=wanted,
                fields=fields,
                actor=request.actor,
                now=request.now,
            )
            return _back(referral.code, "prepared")
        except Refused as refused:
            objections, under = refused.objections, refused.under
    context = {
        "form": form,
        "case": case,
        "objections": objections,
        "under": under,
    }
    status = 422 if form.errors or objections else 200
    return render(request, "referrals/prepare.html", context, status=status)


@require_GET
def referral_list(request: Request) -> HttpResponse:
    """List referrals by code, the silent ones first."""
    rows = _listed(queries.told_all(queries.referrals(request.actor)), request.now)
    rows.sort(key=lambda row: not row["silent"])
    return render(request, "referrals/list.html", {"rows": rows})


def _listed(found: list[queries.Told], now: datetime) -> list[dict[str, Any]]:
    """Return rows for a list: the referral, where it stands, and whether somebody is silent."""
    rows = []
    for told in found:
        state, tone = _state(told.referral, told)
        silent = told.silences(now)
        row = {"referral": told.referral, "state": state, "tone": tone, "silent": silent}
        rows.append(row)
    return rows


TONES = {
    rules.State.NOT_OFFERED: "waiting",
    rules.State.OFFERED: "waiting",
    rules.State.ACKNOWLEDGED: "waiting",
    rules.State.QUESTION_OPEN: "attention",
    rules.State.ACCEPTED: "done",
    rules.State.DECLINED: "attention",
    rules.State.DOSSIER_SENT: "done",
    rules.State.DOSSIER_RECEIVED: "done",
    rules.State.RECALLED: "attention",
    rules.State.RECALL_ANSWERED: "done",
}


def _state(referral: Any, told: queries.Told) -> tuple[str, str]:  # noqa: ANN401
    state = told.story.state
    if state is rules.State.NOT_OFFERED:
        with_whom = "returned" if referral.returned_at else "with_desk"
        return coded.label("STATE", with_whom), "waiting"
    return coded.label("STATE", state.value), TONES[state]


@require_GET
def referral(request: Request, code: str) -> HttpResponse:
    """Show a referral as this person may see it."""
    return _referral(request, code)


@require_POST
def identity(request: Request, code: str) -> HttpResponse:
    """Show, once and for a reason, what this referral holds of an identity."""
    row = queries.access_referral(request.actor, code)
    require_step_up(request.actor, request.now)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _referral(request, code, bound={"identity": form})
    reason = form.cleaned_data["reason"]
    actions.open_identity(referral=row, reason=reason, actor=request.actor, now=request.now)
    return _referral(request, code, is_named=True)


@require_GET
def evidence_(request: Request, code: str) -> HttpResponse:
    """Show, to be printed, what is proven of every message. No person, and nothing of a content."""
    row = queries.access_referral(request.actor, code)
    context = {"referral": row, "messages": queries.proven(row)}
    return render(request, "referrals/evidence.html", context)


@require_POST
def evidence_file(request: Request, code: str) -> HttpResponse:
    """Hand the signed evidence out as a file; that it left is on record."""
    row = queries.access_referral(request.actor, code)
    by = request.actor.account_id
    file = actions.export_evidence(referral=row, by=by, now=request.now)
    name = f'attachment; filename="{row.code}.evidence.json"'
    return HttpResponse(
        file, content_type="application/json", headers={"Content-Disposition": name}
    )


FORMS: dict[str, type[forms.Form]] = {
    "ask": AskForm,
    "reply": ReplyForm,
    "accept": AcceptForm,
    "decline": DeclineForm,
    "keep": KeepForm,
}


def _referral(
    request: Request,
    code: str,
    *,
    bound: Mapping[str, forms.Form] | None = None,
    is_named: bool = False,
) -> HttpResponse:
    row = queries.access_referral(request.actor, code)
    told = queries.told(row)
    contents = queries.contents(request.actor, row)
    prepared = queries.prepared(request.actor, row)
    state, tone = _state(row, told)
    bound = bound or {}
    filled = next(iter(bound.values()), None)
    context = {
        "referral": row,
        "told": told,
        "state": state,
        "tone": tone,
        "origin": queries.origin_of(row),
        "host": queries.host_of(row),
        "preview": _preview(prepared, is_named=is_named),
        "reason_form": None if is_named or not _names(prepared, contents) else ReasonForm(),
        "ground": prepared.get("ground") or _offer(told, contents).get("ground", ""),
        "prepared_by": account_names().get(row.prepared_by, ""),
        "timeline": _timeline(told, contents, request.now, is_named=is_named),
        "watches": _watches(told, request.now),
        "may": _may(request, row, told),
        "may_prove": request.actor.role in (Role.SUPERVISOR, Role.DESK),
        "may_watch": request.actor.role in (Role.COORDINATOR, Role.DESK),
        "forms": {
            name: bound.get(name, kind(auto_id=f"{name}_%s")) for name, kind in FORMS.items()
        },
        "part_form": bound.get("erase_part")
        or ErasePartForm(content=queries.part_to_erase(request.actor, told), auto_id="part_%s"),
        "opened_form": next(iter(bound), ""),
        "form": filled,
    }
    return render(request, "referrals/referral.html", context, status=422 if filled else 200)


def _offer(told: queries.Told, contents: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return contents.get(told.story.offer.mid, {}) if told.story.offer else {}


def _names(prepared: Mapping[str, Any], contents: Mapping[str, dict[str, Any]]) -> bool:
    """Say whether this referral holds something of an identity that this person could open."""
    held = [prepared, *contents.values()]
    return any(set(part.get("identity", {})) - CODED for part in held)


# De-identified values stand in the identity's place and name nobody.
CODED = {"coded"}


def _spoken(body: Mapping[str, Any], *, is_named: bool) -> list[tuple[str, str]]:
    """Return a message's content in words; an identity only where it was opened for a reason."""
    identity = body.get("identity", {})
    shown = identity if is_named else {k: v for k, v in identity.items() if k in CODED}
    flat = {**body, **body.get("cover", {}), **shown}
    hidden = ("m", "cover", "identity", "unit_sealed", "consent", "reference")
    return [
        (coded.label("FIELD", name), coded.spoken(name, value))
        for name, value in flat.items()
        if name not in hidden and value not in ("", None, [])
    ]


def _preview(prepared: Mapping[str, Any], *, is_named: bool) -> list[dict[str, Any]]:
    if not prepared:
        return []
    identity, sealed = prepared["identity"], list(prepared["unit_fields"])
    if not is_named:
        closed = {name: value for name, value in identity.items() if name not in CODED}
        identity = {name: value for name, value in identity.items() if name in CODED}
        author = prepared.get("by", "")
        sealed += [{"name": n, "size": len(v), "author": author} for n, v in closed.items()]
    values = {**prepared["offer"], **identity}
    return [
        {
            "label": coded.label("FIELD", field.kind.name),
            "value": "" if field.is_sealed else coded.spoken(field.kind.name, field.value),
            "sealed": {"size": coded.octets(field.size), "author": field.author}
            if field.is_sealed
            else None,
            "leaves": "offer" if field.kind.leaves == dossier.WITH_OFFER else "acceptance",
        }
        for field in dossier.preview(values, sealed)
    ]


def _timeline(
    told: queries.Told,
    contents: Mapping[str, dict[str, Any]],
    now: datetime,
    *,
    is_named: bool,
) -> list[dict[str, Any]]:
    """Tell the story in the reader's language; both countries tell the same one."""
    items = [
        {
            "kind": "past",
            "title": coded.label("MESSAGE", line.kind),
            "at": line.written_at,
            "who": contents.get(line.mid, {}).get("by", ""),
            "where": countries.label(line.sender, coded.language()),
            "text": coded.label("RANK", line.rank.name.lower()),
            "rows": _spoken(contents.get(line.mid, {}), is_named=is_named),
            "against": line.outside,
        }
        for line in sorted(told.lines, key=lambda m: (m.written_at, m.sender, m.inc, m.seq))
    ]
    for watch in told.silences(now):
        silence = _who(coded.label("SILENCE", "silence"), watch.country)
        title = f"{coded.label('CLOCK', watch.key)} – {silence}"
        items.append({"kind": "silence", "title": title, "days": (now - watch.due_at).days})
    return items


def _who(name: str, country: str) -> str:
    return f"{name} ({countries.label(country, coded.language())})"


def _watches(told: queries.Told, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "key": w.key,
            "label": coded.label("CLOCK", w.key),
            "country": w.country,
            "due_at": w.due_at,
            "tone": "done" if w.is_met else "urgent" if w.is_silent(now) else "waiting",
            "status": coded.label(
                "SILENCE", "met" if w.is_met else "silence" if w.is_silent(now) else "running"
            ),
            "clock": w.clock,
            "is_silent": w.is_silent(now),
        }
        for w in told.watches
    ]


def _may(request: Request, row: Any, told: queries.Told) -> dict[str, bool]:  # noqa: ANN401
    """Say which acts nothing stands against now, so that no button leads to a refusal."""
    recalled = told.story.state is rules.State.RECALLED and not row.is_ours
    if request.actor.role is Role.SUPERVISOR:
        return {
            "keep": recalled and row.case is not None,
            "erase_part": bool(queries.part_to_erase(request.actor, told)),
        }
    if request.actor.role is not Role.DESK:
        return {}
    sender = exchange.own().country
    kinds = {
        "acknowledge": rules.ACKNOWLEDGE,
        "ask": rules.ASK,
        "reply": rules.REPLY,
        "accept": rules.ACCEPT,
        "decline": rules.DECLINE,
        "dossier": rules.CASE,
    }
    may = {
        name: not rules.objections_to_saying(told.lines, kind, sender=sender)
        for name, kind in kinds.items()
    }
    may["recall"] = queries.must_recall(request.actor, told) is not None
    may["answer_recall"] = recalled and (row.case is None or bool(row.kept_for))
    decided = any(p.asked.mid in row.parts for p in told.story.open_parts[:1])
    may["answer_part"] = not row.is_ours and told.story.recall is None and decided
    may["release"] = row.is_ours and not row.released_at and not row.returned_at
    return may


@require_http_methods(["GET", "POST"])
def mail(request: Request) -> HttpResponse:
    """Show what arrived sealed; open it with the desk's key when asked."""
    if request.method == "POST":
        opened, refused = open_tray(actor=request.actor, now=request.now)
        said = "?said=mail" if opened or not refused else ""
        return redirect(reverse("referrals:mail") + said)
    rows = _listed(queries.told_all(queries.referrals(request.actor)), request.now)
    context = {
        "sealed": exchange.unopened(),
        "refused": exchange.refused(),
        "rows": [row for row in rows if not row["referral"].is_ours],
        "waiting": exchange.waiting(),
    }
    return render(request, "referrals/mail.html", context)


@require_POST
def release(request: Request, code: str) -> HttpResponse:
    """Release the offer."""
    row = queries.access_referral(request.actor, code)
    require_step_up(request.actor, request.now)
    actions.release_offer(referral=row, actor=request.actor, now=request.now)
    return _back(code, "released")


@require_POST
def return_(request: Request, code: str) -> HttpResponse:
    """Give it back to the case worker."""
    row = queries.access_referral(request.actor, code)
    actions.return_to_worker(referral=row, actor=request.actor, now=request.now)
    return _back(code, "returned")


@require_POST
def dossier_(request: Request, code: str) -> HttpResponse:
    """Release the identity dossier after the acceptance."""
    row = queries.access_referral(request.actor, code)
    require_step_up(request.actor, request.now)
    actions.release_dossier(referral=row, actor=request.actor, now=request.now)
    return _back(code, "dossier")


@require_POST
def acknowledge(request: Request, code: str) -> HttpResponse:
    """Say that a person has read it."""
    row = queries.access_referral(request.actor, code)
    actions.acknowledge(referral=row, actor=request.actor, now=request.now)
    return _back(code, "said")


@require_POST
def ask(request: Request, code: str) -> HttpResponse:
    """Ask for what is missing."""
    form = AskForm(request.POST, auto_id="ask_%s")
    if not form.is_valid():
        return _referral(request, code, bound={"ask": form})
    row = queries.access_referral(request.actor, code)
    actions.ask(referral=row, actor=request.actor, now=request.now, **form.cleaned_data)
    return _back(code, "said")


@require_POST
def reply(request: Request, code: str) -> HttpResponse:
    """Answer a question."""
    form = ReplyForm(request.POST, auto_id="reply_%s")
    if not form.is_valid():
        return _referral(request, code, bound={"reply": form})
    row = queries.access_referral(request.actor, code)
    actions.reply(referral=row, actor=request.actor, now=request.now, **form.cleaned_data)
    return _back(code, "said")


@require_POST
def accept(request: Request, code: str) -> HttpResponse:
    """Accept in one's own name."""
    form = AcceptForm(request.POST, auto_id="accept_%s")
    if not form.is_valid():
        return _referral(request, code, bound={"accept": form})
    row = queries.access_referral(request.actor, code)
    actions.accept(
        referral=row,
        promise=form.promise(),
        look_reason=form.cleaned_data["look_reason"],
        actor=request.actor,
        now=request.now,
    )
    return _back(code, "accepted")


@require_POST
def decline(request: Request, code: str) -> HttpResponse:
    """Decline with a reason."""
    form = DeclineForm(request.POST, auto_id="decline_%s")
    if not form.is_valid():
        return _referral(request, code, bound={"decline": form})
    row = queries.access_referral(request.actor, code)
    actions.decline(referral=row, actor=request.actor, now=request.now, **form.cleaned_data)
    return _back(code, "declined")


@require_POST
def recall(request: Request, code: str) -> HttpResponse:
    """Ask the other country to erase."""
    row = queries.access_referral(request.actor, code)
    actions.recall(referral=row, actor=request.actor, now=request.now)
    return _back(code, "recalled")


@require_POST
def keep(request: Request, code: str) -> HttpResponse:
    """State the legal ground on which the case is kept."""
    row = queries.access_referral(request.actor, code)
    form = KeepForm(request.POST, auto_id="keep_%s")
    if not form.is_valid():
        return _referral(request, code, bound={"keep": form})
    ground = form.cleaned_data["ground"]
    actions.keep_on_ground(referral=row, ground=ground, actor=request.actor, now=request.now)
    return _back(code, "kept_on_ground")


@require_POST
def erase_part(request: Request, code: str) -> HttpResponse:
    """Erase the groups that the other country asks back, but those that a ground holds."""
    row = queries.access_referral(request.actor, code)
    asked = queries.part_to_erase(request.actor, queries.told(row))
    form = ErasePartForm(request.POST, content=asked, auto_id="part_%s")
    if not form.is_valid():
        return _referral(request, code, bound={"erase_part": form})
    actions.erase_part(referral=row, actor=request.actor, now=request.now, **form.cleaned_data)
    return _back(code, "fields_erased")


@require_POST
def answer_recall(request: Request, code: str) -> HttpResponse:
    """Tell the other desk what became of what it sent."""
    row = queries.access_referral(request.actor, code)
    actions.answer_recall(referral=row, actor=request.actor, now=request.now)
    return _back(code, "said")


@require_GET
def certificate(request: Request, code: str) -> HttpResponse:
    """Show, to be printed, what was erased when, and what other countries answered. No person."""
    erasure = access_erasure(request.actor, code)
    if erasure.live_at is None:
        raise NotFound
    names = account_names()
    rows = queries.told_all(queries.erased_with(code))
    context = {
        "erasure": erasure,
        "reason": coded.label("ERASURE_REASON", erasure.reason),
        "people": [names.get(erasure.asked_by, ""), names.get(erasure.approved_by, "")],
        "counts": [(coded.label("ERASED_ROW", c), n) for c, n in erasure.counts.items()],
        "countries": [
            {
                "country": t.referral.country,
                "asked_at": t.story.recall.written_at if t.story.recall else None,
                "erased_on": t.referral.erased_on,
                "in_backups_until": t.referral.in_backups_until,
                "kept_for": coded.label("KEEP_GROUND", t.referral.kept_for),
            }
            for t in rows
            if t.referral.is_ours
        ],
    }
    return render(request, "referrals/certificate.html", context)


def _back(code: str, said: str) -> HttpResponse:
    return redirect(reverse("referrals:referral", args=[code]) + f"?said={said}")
