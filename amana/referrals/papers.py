"""The paper that a person may carry: what was shared of her, in a language chosen for her."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_http_methods

from amana.access import policy
from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import CARE, Actor, NotFound
from amana.cases import queries as cases
from amana.look import coded
from amana.referrals import actions, queries, statement
from amana.referrals.forms import StatementForm


@require_http_methods(["GET", "POST"])
def statement_(request: Request, code: str) -> HttpResponse:
    """Ask whether she can carry it safely, then show what was shared with whom, to be printed."""
    case = cases.access_case(request.actor, code, request.purpose)
    if not policy.leads(request.actor.role):
        raise NotFound
    answers = cases.answers(request.actor, case)
    spoken = str(answers[0].details.get("language", "")) if answers else ""
    form = StatementForm(
        request.POST or None,
        initial={"language": spoken if spoken in statement.WRITTEN else coded.language()},
    )
    aloud = statement.must_be_read_aloud(spoken)
    if not form.is_valid():
        context = {"case": case, "form": form, "aloud": aloud, "spoken": spoken}
        status = 422 if form.errors else 200
        return render(request, "referrals/statement_ask.html", context, status=status)
    language = form.cleaned_data["language"]
    actions.make_statement(case=case, language=language, actor=request.actor, now=request.now)
    with translation.override(language):
        context = {
            "case": case,
            "aloud": aloud,
            "spoken": spoken,
            "answers": answers,
            **_here(case),
            "abroad": _abroad(request, case, answers),
            "now": request.now,
        }
        return render(request, "referrals/statement.html", context)


def _abroad(
    request: Request,
    case: Any,  # noqa: ANN401 - views hold no tables
    answers: list[cases.OpenedConsent],
) -> list[dict[str, Any]]:
    """Return what was said with other countries; what never left is not told as shared."""
    found = queries.told_all(queries.of_case(request.actor, case))
    return [
        _conversation(request.actor, told, answers, request.now)
        for told in found
        if told.story.offer is not None
    ]


def _here(case: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return who worked on the case in this country, and who opened what."""
    names, timeline = account_names(), cases.timeline(case)
    return {
        "works": statement.works(timeline, own=CARE, since=case.opened_at),
        "reports": statement.reports(timeline),
        "openings": [
            {
                "at": o.at,
                "who": names.get(o.account, ""),
                "part": coded.opened(o.part),
                "reason": coded.label("GLASS_REASON", coded.label("OPEN_REASON", o.reason)),
            }
            for o in cases.openings(case)
        ],
    }


def _conversation(
    actor: Actor, told: queries.Told, answers: list[cases.OpenedConsent], now: datetime
) -> dict[str, Any]:
    """Return one conversation with another country, by kinds of messages and groups of content."""
    row, draft = told.referral, queries.prepared(actor, told.referral)
    whole = {
        "erased_on": row.erased_on,
        "in_backups_until": row.in_backups_until,
        "kept_for": row.kept_for,
    }
    said = queries.contents(actor, row)
    carried = next((c for c in answers if c.row.pk == draft.get("consent_id")), None)
    return {
        "country": row.country,
        "is_ours": row.is_ours,
        "purpose": draft.get("purpose", ""),
        "ground": draft.get("ground", ""),
        "agreed_at": carried.row.recorded_at if carried else None,
        "groups": sorted(queries.shared_by(actor, told)) if row.is_ours else [],
        "lines": sorted(told.lines, key=lambda m: (m.written_at, m.sender, m.inc, m.seq)),
        "fates": [
            {"fate": fate, "is_silent": fate.is_silent(now)}
            for fate in statement.fates(told.story, whole=whole, said=said, watches=told.watches)
        ],
    }
