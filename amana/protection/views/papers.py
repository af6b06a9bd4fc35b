"""A case's papers on a page: which there are, printing one, and what a stranger may ask."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import NotFound, Refused
from amana.access.views.door import address_of
from amana.cases.queries import access_case
from amana.look import coded
from amana.protection import actions, queries, sheets
from amana.protection.forms import CheckForm, IssueForm, WithdrawForm
from amana.protection.papers import file_name, paper_pdf
from amana.standards import journey as table
from amana.standards import sheets as data


@require_http_methods(["GET", "POST"])
def papers(request: Request, code: str) -> HttpResponse:
    """Show the papers of a case, who issued them and when; issue one whose words are known."""
    case = access_case(request.actor, code, request.purpose)
    titles = table.load().documents
    kinds = [
        (k, titles[k].said_in(coded.language()))
        for k in queries.kinds_made_here(request.actor, case)
    ]
    form = IssueForm(request.POST or None, kinds=kinds, initial={"language": coded.language()})
    if form.is_valid():
        kind, language = form.cleaned_data["kind"], form.cleaned_data["language"]
        sections = queries.sections_of(request.actor, case, kind, language, request.now)
        actions.issue_paper(
            case=case,
            kind=kind,
            sections=sections,
            language=language,
            actor=request.actor,
            now=request.now,
        )
        return redirect(reverse("protection:papers", args=[code]) + "?said=kept")
    names, reach = account_names(), queries.safe_contact(request.actor, case)
    known, said = data.load()[queries.SAFE_CONTACT], coded.language()
    context = {
        "case": case,
        "safe_contact": sheets.laid_out(known, reach.values, said) if reach else [],
        "form": form,
        "papers": [
            {
                "row": one.row,
                "title": titles[one.kind].said_in(coded.language()),
                "language": one.language,
                "who": names.get(one.row.account, ""),
                "may_withdraw": queries.may_withdraw(request.actor, one),
                "why": coded.label("PAPER_WITHDRAWN", one.withdrawn_why)
                if one.withdrawn_why
                else "",
            }
            for one in queries.issued(request.actor, case)
        ],
    }
    return render(request, "protection/papers.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def withdraw(request: Request, code: str, number: str) -> HttpResponse:
    """Take a paper back, for a reason of the list."""
    case = access_case(request.actor, code, request.purpose)
    found = queries.access_paper(request.actor, case, number)
    if not queries.may_withdraw(request.actor, found):
        raise NotFound
    form = WithdrawForm(request.POST or None)
    if form.is_valid():
        actions.withdraw_paper(
            case=case,
            number=number,
            reason=form.cleaned_data["reason"],
            actor=request.actor,
            now=request.now,
        )
        return redirect(reverse("protection:papers", args=[code]) + "?said=kept")
    title = table.load().documents[found.kind].said_in(coded.language())
    context = {"case": case, "form": form, "row": found.row, "title": title}
    return render(request, "protection/withdraw.html", context, status=422 if form.errors else 200)


@require_POST
def print_(request: Request, code: str, number: str) -> HttpResponse:
    """Give out a paper under a name that says nothing. Only asked for: it is on record."""
    case = access_case(request.actor, code, request.purpose)
    paper = actions.print_paper(
        case=case,
        number=number,
        checked_at=_check_address(request),
        actor=request.actor,
        now=request.now,
    )
    headers = {"Content-Disposition": f'attachment; filename="{file_name(paper)}"'}
    return HttpResponse(paper_pdf(paper), content_type="application/pdf", headers=headers)


def _check_address(request: Request) -> str:
    """Return where a reader checks a paper: the address under which this page was opened."""
    path = reverse("protection:check")
    return f"http{'s' * settings.IS_HTTPS}://{request.get_host()}{path}"


@require_http_methods(["GET", "POST"])
def check(request: Request) -> HttpResponse:
    """Tell anybody whether a paper is ours and still stands; never about whom or what."""
    form = CheckForm(request.POST or None)
    found, objections = None, []
    if form.is_valid():
        try:
            found = actions.check_paper(
                said=form.cleaned_data["said"], address=address_of(request), now=request.now
            )
        except Refused as refused:
            objections = refused.objections
    context = {"form": form, "found": found, "objections": objections}
    status = 422 if form.errors or objections else 200
    return render(request, "protection/check.html", context, status=status)


@require_http_methods(["GET", "POST"])
def find(request: Request) -> HttpResponse:
    """Tell who may open its case which paper a number is, and lead there."""
    form = CheckForm(request.POST or None)
    found, objections = None, []
    if form.is_valid():
        try:
            found = queries.find_paper(request.actor, form.cleaned_data["said"])
        except NotFound:
            objections = ["PAPER_NOT_FOUND"]
    title = table.load().documents[found.kind].said_in(coded.language()) if found else ""
    context = {"form": form, "found": found, "title": title, "objections": objections}
    status = 422 if form.errors or objections else 200
    return render(request, "protection/find.html", context, status=status)
