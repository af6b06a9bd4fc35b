"""The cases in the order of what is owed: narrowed, given to somebody, and who carries how much."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from amana.access.queries import account_names, members
from amana.access.request import Request
from amana.access.rules import CARE, Role
from amana.cases.queries import access_case
from amana.look import coded
from amana.protection import actions, queries
from amana.protection.forms import AssignForm, OnlyForm
from amana.protection.queries import Only
from amana.standards import caseload

GIVE = "give"


@require_GET
def worklist(request: Request) -> HttpResponse:
    """List the cases in the order of what is owed, all or those that she asked for."""
    if request.actor.role in queries.SEES_MOMENTS:
        return _moments(request)
    return _worklist(request)


def _moments(request: Request) -> HttpResponse:
    """Show who keeps the country's time whose moments come next: codes and units, never why."""
    rows, is_more = queries.moments(page=_page(request))
    context = {
        "rows": [
            {"row": r, "is_late": bool(r.due_at and r.due_at < request.now), "sex": r.case.sex}
            for r in rows
        ],
        **_pages(request, is_more=is_more),
    }
    return render(request, "protection/moments.html", context)


def _page(request: Request) -> int:
    asked = request.GET.get("page", "1")
    return int(asked) if asked.isdecimal() and len(asked) < 4 else 1


def _pages(request: Request, *, is_more: bool, **said: str) -> dict[str, str]:
    """Return the addresses of the pages beside this one, with how it is narrowed."""
    page = _page(request)
    return {
        "before": "?" + urlencode({**said, "page": str(page - 1)}) if page > 1 else "",
        "after": "?" + urlencode({**said, "page": str(page + 1)}) if is_more else "",
    }


def _workers(request: Request) -> list[tuple[str, str]]:
    """Return the case workers to whom this supervisor gives cases."""
    unit = request.actor.team_of(CARE)
    if request.actor.role is not Role.SUPERVISOR or unit is None:
        return []
    return [(one.pk, one.name) for one in members(unit, Role.CASE_WORKER)]


def _worklist(
    request: Request,
    *,
    form: AssignForm | None = None,
    refused: dict[str, list[str]] | None = None,
) -> HttpResponse:
    workers = _workers(request)
    only_form = OnlyForm(request.GET, whose=workers)
    said = only_form.said()
    only = Only(
        tier=said.get("tier", ""),
        whose=said.get("whose", ""),
        until=request.now + queries.WITHIN[said["due"]] if "due" in said else None,
    )
    found, is_more = queries.worklist(request.actor, only=only, page=_page(request))
    leads = request.actor.role is Role.SUPERVISOR
    names = account_names() if leads else {}
    # Boxes to tick stand there only for who wants to give cases: the list is read far more often.
    gives = bool(workers and found) and (refused is not None or GIVE in request.GET)
    kept = {**said, GIVE: "1"} if gives else said
    saved = [_saved(row, only_form, said) for row in queries.saved_filters(request.actor)]
    rows = [
        {
            "row": row,
            "is_late": row.due_at is not None and row.due_at < request.now,
            "flags": [coded.label("CASE_FLAG", flag) for flag in row.flags],
            "worker": names.get(row.case.worker, "") if leads else "",
            "is_ticked": refused is not None and row.case.pk in refused,
        }
        for row in found
    ]
    # In the order of what is owed, all that is late stands before the first that is not.
    shown = sum(1 for row in rows if row["is_late"])
    is_first = not said and _page(request) == 1
    is_whole = shown < len(rows) or not is_more
    context = {
        "rows": rows,
        "leads": leads,
        "n_late": shown if is_first and is_whole else 0,
        "is_all_late": is_first and not is_whole,
        "only_form": only_form,
        "narrows": bool(said),
        "saved": saved,
        "is_saved": any(one["is_this"] for one in saved),
        "assign_form": (form or AssignForm(workers=workers)) if gives else None,
        "give_url": "?" + urlencode({**said, "page": str(_page(request)), GIVE: "1"})
        if workers and found and not gives
        else "",
        "refused": [
            {"code": code, "why": [coded.label("OBJECTION", one) for one in against]}
            for code, against in (refused or {}).items()
        ],
        **_pages(request, is_more=is_more, **kept),
    }
    return render(request, "protection/worklist.html", context, status=422 if refused else 200)


def _saved(row: Any, form: OnlyForm, said: dict[str, str]) -> dict[str, Any]:  # noqa: ANN401
    held = {k: v for k in form.listed if (v := getattr(row, k))}
    words = {name: dict(listed) for name, listed in form.listed.items()}
    named = [str(words[name].get(code, "")) for name, code in held.items()]
    return {
        "number": row.pk,
        "title": " · ".join(one for one in named if one),
        "url": "?" + urlencode(held),
        "is_this": held == said,
    }


@require_POST
def keep_filter(request: Request) -> HttpResponse:
    """Keep how the list is narrowed now, or drop a filter that was kept."""
    form = OnlyForm(request.POST, whose=_workers(request))
    drop = request.POST.get("drop", "")
    if drop.isdecimal() and len(drop) < 19:
        actions.drop_filter(number=int(drop), actor=request.actor)
    else:
        said = {"tier": "", "whose": "", "due": "", **form.said()}
        actions.save_filter(actor=request.actor, **said)
    return redirect(reverse("protection:worklist") + "?" + urlencode(form.said()))


@require_POST
def assign(request: Request) -> HttpResponse:
    """Give the ticked cases to one worker; what could not be given is named, each with its why."""
    form = AssignForm(request.POST, workers=_workers(request))
    codes = list(dict.fromkeys(request.POST.getlist("case")))[: queries.SHOWN]
    if not form.is_valid():
        return _worklist(request, form=form, refused={})
    refused = actions.assign_many(
        cases=[access_case(request.actor, code, request.purpose) for code in codes],
        account_id=form.cleaned_data["account"],
        reasons=form.cleaned_data["overload_reason"],
        actor=request.actor,
        now=request.now,
    )
    if refused:
        return _worklist(request, form=form, refused=refused)
    return redirect(reverse("protection:worklist") + "?said=assigned")


@require_GET
def load(request: Request) -> HttpResponse:
    """Show a supervisor what each worker of her unit carries."""
    found = queries.loads(request.actor, request.now)
    return render(request, "protection/load.html", {"loads": found, "rule": caseload.load()})
