"""The case on a page: what happened, what lies sealed, what was agreed."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access import policy
from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import NotFound, Role, require_step_up
from amana.cases import actions, queries, rules
from amana.cases.forms import ConsentForm, PartForm, ReasonForm, WithdrawForm
from amana.exchange.queries import peers
from amana.look import coded
from amana.standards import consent as consent_data
from amana.standards import countries
from amana.standards.need_to_know import EDIT


@require_GET
def case_list(request: Request) -> HttpResponse:
    """List the cases of this team by code."""
    return render(request, "cases/list.html", {"cases": queries.cases(request.actor)})


@require_POST
def open_(request: Request, screening: str) -> HttpResponse:
    """Open a case from a decided screening; a second press finds the first case."""
    found = queries.find_case_of(request.actor, screening)
    case = found or actions.open_case(
        screening_code=screening,
        country=settings.NODE.country,
        actor=request.actor,
        now=request.now,
    )
    return redirect(reverse("cases:case", args=[case.code]) + ("" if found else "?said=opened"))


@require_GET
def case(request: Request, code: str) -> HttpResponse:
    """Show a case without opening any of it."""
    row = queries.access_case(request.actor, code, request.purpose)
    names = account_names()
    # What has no fields to be read stands on pages of its own.
    held = queries.compartments(request.actor, row)
    compartments = [part for part in held if part.name not in rules.COURSES]
    context = {
        "case": row,
        "may_refer": policy.leads(request.actor.role)
        and (row.is_historical or {part.name for part in compartments} >= rules.NEEDED_TO_REFER),
        "leads": policy.leads(request.actor.role),
        "is_before_decision": queries.is_before_decision(row),
        "worker": names.get(row.worker, ""),
        "unwritten": _unwritten(request.actor.role, row, compartments),
        "parts": [
            {
                "sealed": {
                    "title": coded.label("PART", part.name),
                    "contents": [
                        coded.label("FIELD", f) for f in policy.fields(part.name) or ("received",)
                    ],
                    "author": names.get(part.written_by, ""),
                    "at": part.written_at,
                    "open_url": reverse("cases:compartment", args=[code, part.name]),
                    "form": ReasonForm(auto_id=f"{part.name}_%s"),
                }
            }
            for part in compartments
        ],
        "consents": [_consent(c, request.now) for c in queries.answers(request.actor, row)],
        "timeline": _timeline(row, names),
    }
    return render(request, "cases/case.html", context)


def _unwritten(role: Role, row: Any, held: list[Any]) -> list[dict[str, str]]:  # noqa: ANN401
    """Return the parts that this person may write unread, or that nobody has written yet."""
    if row.is_historical:
        return []
    there = {part.name for part in held}
    return [
        {
            "title": coded.label("PART", name),
            "url": reverse("cases:write", args=[row.code, name]),
        }
        for name in policy.written_by(role, row.file)
        if name not in there
    ]


def _timeline(case_: Any, names: dict[str, str]) -> list[dict[str, Any]]:  # noqa: ANN401
    return [
        {
            "title": coded.label("MILESTONE", m.kind),
            "at": m.at,
            "who": names.get(m.by, ""),
            "text": _about(m.reference),
            "reference": "" if _about(m.reference) else m.reference,
            "url": reverse("referrals:referral", args=[m.reference])
            if m.reference.startswith("R-")
            else "",
            "kind": "past",
        }
        for m in queries.timeline(case_)
    ]


def _about(reference: str) -> str:
    """Return the country or the kind of team that a milestone speaks of, in words."""
    if len(reference) == COUNTRY:
        return countries.label(reference, coded.language())
    said = coded.label("TEAM_KIND", reference)
    return "" if said == reference else said


COUNTRY = 2


def _consent(consent: queries.OpenedConsent, now: Any) -> dict[str, Any]:  # noqa: ANN401
    tone, status = "done", "GIVEN"
    if consent.row.answer != rules.YES:
        tone, status = "waiting", "LATER" if consent.row.answer == rules.LATER else "REFUSED"
    elif consent.is_withdrawn:
        tone, status = "attention", "WITHDRAWN"
    elif consent.taken_back:
        tone, status = "attention", "PARTLY_WITHDRAWN"
    elif consent.expires_at <= now:
        tone, status = "attention", "EXPIRED"
    elif consent.row.is_ground and not consent.is_confirmed:
        tone, status = "waiting", "NEEDS_SECOND_PERSON"
    groups = [(code, coded.label("CONSENT_CONTENT", code)) for code in consent.content]
    status = coded.label("CONSENT_STATE", status)
    return {"consent": consent, "tone": tone, "status": status, "groups": groups}


@require_POST
def compartment(request: Request, code: str, part: str) -> HttpResponse:
    """Open one sealed part for a reason; it is shown once, on this page."""
    row = queries.access_case(request.actor, code, request.purpose)
    if part == rules.IDENTITY:
        require_step_up(request.actor, request.now)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return render(request, "cases/reason.html", {"form": form, "case": row}, status=422)
    kept, document = actions.open_compartment(
        case=row,
        name=part,
        reason=form.cleaned_data["reason"],
        actor=request.actor,
        now=request.now,
    )
    if part == rules.IDENTITY and not queries.has_card(row):
        actions.card_and_compare(case=row, actor=request.actor, now=request.now)
    fields = policy.fields(part)
    way = policy.way_of_writing(request.actor.role, part)
    may_write = way == EDIT and not row.is_historical
    initial = {**document, "version": kept.version}
    # What the form shows is not written twice.
    shown = {k: v for k, v in document.items() if not (may_write and k in fields)}
    context = {
        "case": row,
        "part": part,
        "rows": rows_of(shown),
        "form": PartForm(part=part, initial=initial) if may_write else None,
        "may_attach": may_write,
        "files": _files(request, row, part),
    }
    return render(request, "cases/compartment.html", context)


def _files(request: Request, case_: Any, part: str) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return the files of a part that was just opened, each with the form that gives it out."""
    names = account_names()
    return [
        {
            "title": f.caption or f.name,
            "name": f.name if f.caption else "",
            "at": f.row.attached_at,
            "by": names.get(f.row.attached_by, ""),
            "size": filesizeformat(f.row.size),
            "url": reverse("cases:file", args=[case_.code, f.row.pk]),
            "form": ReasonForm(auto_id=f"{f.row.pk[:8]}_%s"),
        }
        for f in queries.attachments(request.actor, case_, part)
    ]


def rows_of(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return an opened part in words: labelled fields, codes in the reader's language."""
    return [
        (coded.label("FIELD", name), coded.spoken(name, value))
        for name, value in document.items()
        if value not in ("", None, [], {})
    ]


@require_http_methods(["GET", "POST"])
def write(request: Request, code: str, part: str) -> HttpResponse:
    """Keep changes to one sealed part."""
    row = queries.access_case(request.actor, code, request.purpose)
    if not policy.way_of_writing(request.actor.role, part):
        raise NotFound
    form = PartForm(request.POST or None, part=part, initial={"version": 1})
    if not form.is_valid():
        context = {"form": form, "case": row, "part": part, "is_unread": True}
        status = 422 if form.errors else 200
        return render(request, "cases/compartment.html", context, status=status)
    changes = dict(form.cleaned_data)
    version = changes.pop("version")
    actions.write_compartment(
        case=row, name=part, changes=changes, version=version, actor=request.actor, now=request.now
    )
    said = "kept"
    if part in (rules.IDENTITY, rules.LOCATION):
        alike = actions.card_and_compare(case=row, actor=request.actor, now=request.now)
        said = "duplicate" if alike else said
    return redirect(reverse("cases:case", args=[code]) + f"?said={said}")


@require_http_methods(["GET", "POST"])
def consent(request: Request, code: str) -> HttpResponse:
    """Record what the person agreed to, after its limits were said aloud."""
    row = queries.access_case(request.actor, code, request.purpose)
    here = [(p.pk, countries.label(p.pk, coded.language())) for p in peers()]
    form = ConsentForm(request.POST or None, countries=here, is_historical=row.is_historical)
    if form.is_valid():
        details = dict(form.cleaned_data)
        asked = {name: details.pop(name) for name in ("purpose", "answer", "country", "service")}
        actions.record_consent(
            case=row,
            details={**details, "explained_by": request.actor.name},
            actor=request.actor,
            now=request.now,
            **asked,
        )
        said = "refused" if asked["answer"] == rules.NO else "consent"
        return redirect(reverse("cases:case", args=[code]) + f"?said={said}")
    limits = consent_data.load().limits_in(settings.NODE.country)
    context = {
        "form": form,
        "case": row,
        "limits": [coded.label("CONSENT_LIMIT", limit) for limit in limits],
    }
    status = 422 if form.errors else 200
    return render(request, "cases/consent.html", context, status=status)


@require_POST
def withdraw(request: Request, consent: int) -> HttpResponse:
    """Take a consent back, whole or the ticked groups."""
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        raise NotFound
    row = actions.withdraw_consent(
        consent_id=consent,
        content=form.cleaned_data["content"],
        actor=request.actor,
        now=request.now,
    )
    return redirect(reverse("cases:case", args=[row.case_id]) + "?said=withdrawn")


@require_GET
def grounds(request: Request) -> HttpResponse:
    """List the grounds that wait for a second person."""
    names = account_names()
    rows = [
        {"consent": queries.access_consent(request.actor, c.pk), "by": names.get(c.recorded_by, "")}
        for c in queries.grounds_to_confirm(request.actor)
    ]
    return render(request, "cases/grounds.html", {"rows": rows})


@require_POST
def confirm(request: Request, consent: int) -> HttpResponse:
    """Confirm a ground as the second person."""
    actions.confirm_ground(consent_id=consent, actor=request.actor, now=request.now)
    return redirect(reverse("cases:grounds") + "?said=confirmed")
