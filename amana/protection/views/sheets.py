"""The sheets of a case on a page: which there are, what stands in them, and how one is filled."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import NotFound
from amana.cases.queries import access_case
from amana.look import coded
from amana.protection import actions, queries, rules, sheets
from amana.protection.forms import SheetForm
from amana.protection.queries import Kept
from amana.protection.sheets import SheetRefused, Values
from amana.protection.views.words import against_a_sheet
from amana.standards import journey as table
from amana.standards import sheets as data
from amana.standards.need_to_know import CARE_FILE
from amana.standards.sheets import MOST_ROWS, Sheet


@require_GET
def sheet_list(request: Request, code: str) -> HttpResponse:
    """List the sheets of a case: what each is for, which comes next, what was kept and by whom."""
    case = _care_file(request, code)
    kept = queries.kept_sheets(request.actor, case)
    lines = queries.course(request.actor, case)
    wanted = _wanted(request, case, lines)
    names = account_names()
    due_at = rules.best_interests_due(queries.owed(case, lines, request.now))
    rows = [
        _row(request, case, sheet, kept, names, sheet.id in wanted)
        for sheet in data.load().values()
        if queries.may_open(request.actor, case, sheet.id)
    ]
    for row in rows:
        row["due_at"] = due_at if row["sheet"].id == "BEST_INTERESTS_ASSESSMENT" else None
    context = {
        "case": case,
        "wanted": [row for row in rows if row["is_wanted"] and not row["last"]],
        "held": [row for row in rows if row["last"]],
        "others": [row for row in rows if not row["last"] and not row["is_wanted"]],
    }
    return render(request, "protection/sheets.html", context)


def _care_file(request: Request, code: str) -> Any:  # noqa: ANN401 - views hold no tables
    case = access_case(request.actor, code, request.purpose)
    if case.file != CARE_FILE:
        raise NotFound
    return case


def _wanted(request: Request, case: Any, lines: list[queries.Line]) -> set[str]:  # noqa: ANN401
    """Return the documents of what may come next, for who sees where the case stands."""
    if not queries.reads_all(request.actor):
        return set()
    steps = rules.next_steps(
        lines,
        tier=case.tier,
        role=request.actor.role.value,
        journey=table.load(),
        now=request.now,
    )
    # A door that is always open, such as a disappearance, asks for nothing in advance.
    last = [s for s in steps if "MISSING" not in (s.move.to, *s.move.origins)]
    return {name for step in last for name in step.move.documents}


def _row(
    request: Request,
    case: Any,  # noqa: ANN401
    sheet: Sheet,
    kept: list[Kept],
    names: dict[str, str],
    is_wanted: bool,  # noqa: FBT001
) -> dict[str, Any]:
    last = sheets.standing(kept, sheet.id)
    return {
        "sheet": sheet,
        "title": sheet.title.said_in(coded.language()),
        "aim": sheet.aim.said_in(coded.language()),
        "url": reverse("protection:sheet", args=[case.code, sheet.id]),
        "last": last,
        "who": names.get(last.by, "") if isinstance(last, Kept) else "",
        "count": sum(1 for one in kept if one.sheet == sheet.id),
        "may_write": request.actor.role.value in sheet.by,
        "is_wanted": is_wanted,
    }


@require_http_methods(["GET", "POST"])
def sheet(request: Request, code: str, sheet: str) -> HttpResponse:
    """Show what stands in a sheet, with its earlier versions; fill it, or fill it anew."""
    case = _care_file(request, code)
    if request.method != "POST":
        return _sheet(request, case, sheet)
    known = data.load().get(sheet)
    if known is None or request.actor.role.value not in known.by:
        raise NotFound
    form = _form(request, known, [])
    if form.wants_more:
        return _sheet(request, case, sheet, form=form)
    try:
        actions.keep_sheet(
            case=case,
            sheet=sheet,
            values=form.values(),
            replaces=form.over,
            actor=request.actor,
            now=request.now,
        )
    except SheetRefused as refused:
        return _sheet(request, case, sheet, form=form, refused=refused)
    return redirect(reverse("protection:sheet", args=[code, sheet]) + "?said=kept")


def _form(request: Request, known: Sheet, versions: list[Kept]) -> SheetForm:
    last = versions[0] if versions else None
    return SheetForm(
        request.POST or None,
        sheet=known,
        role=request.actor.role.value,
        over=last.number if last else 0,
        values=last.values if last else {},
    )


def _sheet(
    request: Request,
    case: Any,  # noqa: ANN401
    name: str,
    *,
    form: SheetForm | None = None,
    refused: SheetRefused | None = None,
) -> HttpResponse:
    versions = actions.read_sheet(case=case, sheet=name, actor=request.actor, now=request.now)
    known, language = data.load()[name], coded.language()
    may_write = request.actor.role.value in known.by and not case.is_historical
    last = versions[0] if versions else None
    if form is None and may_write and (last is None or "write" in request.GET):
        form = _form(request, known, versions)
    sides = _sides(known, form, refused) if form and refused else []
    if form and refused:
        _place_all(form, known, refused)
    if form and refused and refused.theirs:
        form.write_over(refused.theirs.number)
    names = account_names()
    context = {
        "case": case,
        "sheet": known,
        "title": known.title.said_in(language),
        "aim": known.aim.said_in(language),
        "form": form,
        "sections": form.sections() if form else [],
        "others_words": _others_words(known, form, last, language) if form else [],
        "agreed": _agreed(request, case, known) if form else [],
        "may_write": may_write,
        "may_issue": queries.may_issue(request.actor, case),
        "reads": queries.reads(request.actor, known),
        "theirs": refused.theirs if refused else None,
        "theirs_by": _by(refused.theirs if refused else None, names),
        "sides": sides,
        "versions": [
            {
                "kept": one,
                "who": names.get(one.by, ""),
                "number": len(versions) - place,
                "sections": sheets.laid_out(known, one.values, language),
            }
            for place, one in enumerate(versions)
        ],
    }
    return render(request, "protection/sheet.html", context, status=422 if refused else 200)


def _agreed(request: Request, case: Any, known: Sheet) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return what other sheets of the case say by which this one is judged, in words."""
    kept, found = queries.kept_sheets(request.actor, case), []
    for name in sheets.agreed(known):
        last, other = sheets.standing(kept, name), data.load()[name]
        language = coded.language()
        found.append(
            {
                "title": other.title.said_in(language),
                "sections": sheets.laid_out(other, last.values, language) if last else [],
                "url": reverse("protection:sheet", args=[case.code, name]),
            }
        )
    return found


def _by(kept: sheets.Version | None, names: dict[str, str]) -> str:
    return names.get(kept.by, "") if isinstance(kept, Kept) else ""


def _others_words(
    known: Sheet, form: SheetForm, last: Kept | None, language: str
) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """Return what stands in the sheet that somebody of another role says, in words."""
    hers = {item.id for item in form.hers}
    others = {k: v for k, v in last.values.items() if k not in hers} if last else {}
    return sheets.laid_out(known, others, language)


def _place_all(form: SheetForm, known: Sheet, refused: SheetRefused) -> None:
    form.full_clean()
    items = known.items
    for fault in refused.faults:
        item = items.get(fault.item)
        most = item.most if item and item.most else MOST_ROWS
        words = against_a_sheet(fault, most)
        if item and item not in form.hers and "." not in fault.item:
            # What is another's to answer has no field here: it is named.
            words = f"{item.label.said_in(coded.language())} – {words}"
        form.place(fault, words)


def _sides(known: Sheet, form: SheetForm, refused: SheetRefused) -> list[dict[str, Any]]:
    """Return what two people wrote differently, side by side."""
    if refused.theirs is None:
        return []
    language = coded.language()
    mine = sheets.cleaned(form.values())
    changed = [
        item for item in sheets.differences(known, refused.theirs.values, mine) if item in form.hers
    ]
    return [
        {
            "label": item.label.said_in(language),
            "theirs": list(_said(known, item.id, refused.theirs.values, language)),
            "mine": list(_said(known, item.id, mine, language)),
        }
        for item in changed
    ]


def _said(known: Sheet, name: str, values: Values, language: str) -> Iterable[str]:
    try:
        found = sheets.laid_out(known, {name: values.get(name)}, language)
    except (LookupError, ValueError):
        # What has no shape yet is shown as it was typed.
        return [str(values.get(name))]
    return [line for _title, rows in found for _label, lines in rows for line in lines]
