"""Notes and flags of a case, and the record of who read and changed it."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from amana.access.queries import account_names
from amana.access.request import Request
from amana.cases.queries import access_case
from amana.look import coded
from amana.protection import actions, queries
from amana.protection.forms import NoteForm


@require_http_methods(["GET", "POST"])
def notes(request: Request, code: str) -> HttpResponse:
    """Show the notes of a case; add one, or lower a flag."""
    case = access_case(request.actor, code, request.purpose)
    lowers = request.POST.get("lowers", "")
    if lowers.isdecimal() and len(lowers) < 19:
        actions.lower_flag(case=case, number=int(lowers), actor=request.actor, now=request.now)
        return redirect(reverse("protection:notes", args=[code]) + "?said=kept")
    form = NoteForm(request.POST or None)
    if form.is_valid():
        actions.add_note(case=case, actor=request.actor, now=request.now, **form.cleaned_data)
        return redirect(reverse("protection:notes", args=[code]) + "?said=kept")
    names = account_names()
    rows = [
        {
            "note": note,
            "flag": coded.label("CASE_FLAG", note.flag) if note.flag else "",
            "who": names.get(note.by, ""),
            "lowered_by": names.get(note.lowered_by, ""),
        }
        for note in queries.notes(request.actor, case)
    ]
    context = {"case": case, "form": form, "rows": rows}
    return render(request, "protection/notes.html", context, status=422 if form.errors else 200)


@require_GET
def history(request: Request, code: str) -> HttpResponse:
    """Show who read and who changed what in a case, and when: from the record of all acts."""
    case = access_case(request.actor, code, request.purpose)
    names = account_names()
    rows = [
        {
            "at": act.at,
            "who": names.get(act.actor, act.actor),
            "what": coded.label("RECORD_VERB", act.verb),
            "reads": act.verb in queries.READING,
            "about": [one for one in (_said(k, v) for k, v in act.codes.items()) if one],
        }
        for act in queries.history(request.actor, case)
    ]
    return render(request, "protection/history.html", {"case": case, "rows": rows})


# In which lists a detail of the record has its words, by its name there.
LISTS = {
    "reason": ("OPEN_REASON", "GLASS_REASON", "ERASURE_REASON", "KEEP_GROUND"),
    "ground": ("REPORT_GROUND", "CONSENT_GROUND"),
    "overload": ("OVERLOAD_REASON",),
    "team": ("TEAM_KIND",),
    "language": ("LANG",),
}


def _said(name: str, value: str) -> str:
    if name == "to":
        return account_names().get(value, "")
    if name == "part":
        return coded.opened(value)
    known = (coded.label(listed, value) for listed in LISTS.get(name, ()))
    return next((words for words in known if words != value), value)
