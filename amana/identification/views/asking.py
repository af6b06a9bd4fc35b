"""An instrument, page by page: danger first, the person, the questions; look over and send."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access.request import Request
from amana.access.rules import NotFound
from amana.identification import actions, answers, queries, reading, rules
from amana.identification.answers import Change, Given
from amana.identification.explained import explained
from amana.identification.forms import QuestionsForm, SendForm, SkipForm, fault_text, written
from amana.identification.path import Page, Path, path
from amana.look.coded import language
from amana.standards.instrument import Instrument

both = require_http_methods(["GET", "POST"])


@both
def start(request: Request) -> HttpResponse:
    """Say what to say first, begin a screening, or go on with one."""
    if request.method == "POST":
        return _begin(request, rules.RAPID)
    context = {
        "drafts": queries.drafts(request.actor),
        "receipts": queries.receipts(request.actor),
    }
    return render(request, "identification/start.html", context)


@require_POST
def begin(request: Request, name: str) -> HttpResponse:
    """Begin another instrument than the rapid screening."""
    return _begin(request, name)


def _begin(request: Request, name: str) -> HttpResponse:
    draft = actions.start_draft(actor=request.actor, now=request.now, name=name)
    return redirect("identification:page", draft.pk, first_page(request, draft.pk))


class Opened:
    """A draft as the pages see it: its instrument, its answers, its way."""

    def __init__(self, request: Request, draft_id: str) -> None:
        self.draft, self.content = queries.access_draft(request.actor, draft_id)
        found = queries.find_instrument(self.content)
        if found is None:
            raise NotFound
        self.instrument: Instrument = found
        self.given = Given(self.content["answers"], self.content["words"], self.content["skipped"])
        self.known = tuple(self.content["known"])
        self.path: Path = path(found, self.given, self.known)

    def page(self, page_id: str) -> Page:
        """Return a page of the way, or NotFound when the answers do not lead there."""
        found = self.path.find(page_id)
        if found is None:
            raise NotFound
        return found


def first_page(request: Request, draft_id: str) -> str:
    """Return the first page that is still to be filled in, or the first of all."""
    pages = Opened(request, draft_id).path.pages
    return next((p.id for p in pages if not p.is_done), pages[0].id)


@both
def page(request: Request, draft: str, page: str) -> HttpResponse:
    """Ask what stands on one page; every answer is kept before the next is asked."""
    opened = Opened(request, draft)
    now = opened.page(page)
    form = _form(request, opened, now)
    if form.is_valid() and _is_sent(request):
        _keep(request, draft, opened, now, form)
        return redirect(_after(request, draft, now))
    return _show(request, draft, opened, now, form)


def _is_sent(request: Request) -> bool:
    return request.method == "POST"


def _form(request: Request, opened: Opened, now: Page) -> QuestionsForm:
    # An event that repeats is written into an empty form each time.
    given = Given(opened.given.answers, {}) if now.section.repeats else opened.given
    form = QuestionsForm(
        request.POST or None,
        instrument=opened.instrument,
        questions=now.questions,
        given=Given() if now.section.repeats else given,
        done=opened.path.done,
        today=queries.today(request.now),
    )
    form.empty_permitted = bool(now.section.repeats)
    form.use_required_attribute = False
    if now.section.repeats and "on" in request.POST and not _is_filled(request, now):
        for field in form.fields.values():
            field.required = False
    return form


def _is_filled(request: Request, now: Page) -> bool:
    return any(request.POST.get(q.id, "").strip() for q in now.questions)


def _keep(request: Request, draft: str, opened: Opened, now: Page, form: QuestionsForm) -> None:
    said: dict[str, Any] = form.said
    words, cleared = form.words, form.cleared
    if now.section.repeats:
        entries = list(opened.given.answers.get(now.section.id, []))
        said = {now.section.id: [*entries, said] if said else entries}
        words, cleared = {}, []
        if not said[now.section.id]:
            said, cleared = {}, [now.section.id]
    unsaid = [] if now.section.repeats else form.unsaid
    change = Change(said=said, words=words, cleared=cleared, unsaid=unsaid)
    _save(request, draft, change)


def _save(request: Request, draft: str, change: Change) -> None:
    actions.save_draft(draft_id=draft, change=change, actor=request.actor, now=request.now)


def _after(request: Request, draft: str, now: Page) -> str:
    if "stop" in request.POST:
        return reverse("identification:review", args=[draft])
    opened = Opened(request, draft)
    if now.section.repeats and "more" in request.POST:
        return reverse("identification:page", args=[draft, now.id])
    still = opened.path.find(now.id)
    asked_since = still is not None and {q.id for q in still.questions} - {
        q.id for q in now.questions
    }
    if asked_since:
        # An answer on this page opened another question of the same page.
        return reverse("identification:page", args=[draft, now.id]) + "#more"
    following = opened.path.after(now.id) if still else first_page(request, draft)
    if not following:
        return reverse("identification:review", args=[draft])
    return reverse("identification:page", args=[draft, following])


def _show(
    request: Request, draft: str, opened: Opened, now: Page, form: QuestionsForm
) -> HttpResponse:
    way, spoken = opened.path, language()
    entries = opened.given.answers.get(now.section.id, []) if now.section.repeats else []
    danger = opened.instrument.find_section(rules.DANGER)
    context = {
        "form": form,
        "draft": draft,
        "now": now,
        "title": now.section.title.said_in(spoken),
        "hint": now.section.hint.said_in(spoken) if now.section.hint else "",
        "instrument": opened.instrument.title.said_in(spoken),
        "current": way.number(now.id),
        "total": len(way.pages),
        "before": way.before(now.id),
        "danger": danger.id if danger and now.section.id != rules.DANGER else "",
        "urgent": _urgent(opened) if now.section.id == rules.PERSON else [],
        "entries": [answered(now.questions, entry) for entry in entries],
        "skip": SkipForm() if now.section.may_skip else None,
        "skipped": opened.given.skipped.get(now.section.id, ""),
    }
    status = 422 if form.errors else 200
    return render(request, "identification/page.html", context, status=status)


def _urgent(opened: Opened) -> list[str]:
    """Return what the danger check found, said before anything else is asked."""
    asked = opened.instrument.find_section(rules.DANGER)
    ids = {q.id for q in asked.questions} if asked else set()
    reader = opened.instrument.reader
    return [
        reader.indicator(code).label.said_in(language())
        for code, said in opened.path.done.found.items()
        if ids & set(said)
    ]


def answered(questions: Any, given: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Return questions and answers in the reader's words, those that were answered."""
    spoken, found = language(), []
    for question in questions:
        if question.id not in given:
            continue
        value = given[question.id]
        said = [a.label.said_in(spoken) for a in answers.given_answers(question, value)]
        text = " · ".join(said) if question.is_coded else str(written(question, value))
        found.append((question.ask.said_in(spoken), text))
    return found


@require_POST
def skip(request: Request, draft: str, section: str) -> HttpResponse:
    """Leave a part out and say why, or take it up again."""
    opened = Opened(request, draft)
    found = opened.instrument.find_section(section)
    if found is None or not found.may_skip:
        raise NotFound
    if "again" in request.POST:
        _save(request, draft, Change(unskipped=[section]))
        pages = [p for p in Opened(request, draft).path.pages if p.section.id == section]
        return redirect("identification:page", draft, pages[0].id)
    form = SkipForm(request.POST)
    if not form.is_valid():
        raise NotFound
    _save(request, draft, Change(skipped={section: form.cleaned_data["reason"]}))
    following = Opened(request, draft).path.after(section)
    if not following:
        return redirect("identification:review", draft)
    return redirect("identification:page", draft, following)


@require_POST
def remove_entry(request: Request, draft: str, section: str, number: int) -> HttpResponse:
    """Take one entry out of a part that repeats."""
    opened = Opened(request, draft)
    entries = list(opened.given.answers.get(section, []))
    found = opened.instrument.find_section(section)
    if found is None or not found.repeats or not 1 <= number <= len(entries):
        raise NotFound
    del entries[number - 1]
    change = Change(said={section: entries}) if entries else Change(cleared=[section])
    _save(request, draft, change)
    return redirect("identification:page", draft, section)


@both
def review(request: Request, draft: str) -> HttpResponse:
    """Show what the rules read and why, then seal and send."""
    opened = Opened(request, draft)
    # A sign of children that was ticked before the age was known better is no longer one.
    given = answers.kept(opened.instrument, opened.given, opened.known)
    against = rules.objections_to_sending(opened.instrument, given)
    if {"DANGER_CHECK_FIRST", "PERSON_NOT_DESCRIBED"} & set(against):
        return redirect("identification:page", draft, first_page(request, draft))
    faults = answers.faults_in(opened.instrument, given, queries.today(request.now), opened.known)
    form = SendForm(request.POST or None)
    if form.is_valid():
        screening = actions.send_screening(
            draft_id=draft,
            observation=form.cleaned_data["observation"],
            actor=request.actor,
            now=request.now,
        )
        return redirect("identification:sent", screening.code)
    read = reading.as_json(reading.read_answers(opened.instrument, given, opened.known))
    person = opened.instrument.find_section(rules.PERSON)
    context = {
        "form": form,
        "draft": draft,
        "content": {},
        "objections": against,
        "faults": [_fault(opened, fault) for fault in faults],
        "last": opened.path.pages[-1].id,
        "person": answered(person.questions, given.answers) if person else [],
        **explained(read, opened.instrument, given),
    }
    return render(request, "identification/review.html", context)


def _fault(opened: Opened, fault: answers.Fault) -> dict[str, str]:
    """Return a fault in the worker's words, with the page where it can be mended."""
    section = opened.instrument.section_of(fault.field)
    page_id = (section.id if section.is_one_page else fault.field) if section else ""
    question = opened.instrument.find_question(fault.field)
    return {
        "page": page_id if opened.path.find(page_id) else "",
        "question": question.ask.said_in(language()) if question else fault.field,
        "words": fault_text(opened.instrument, fault, language()),
    }


@require_POST
def discard(request: Request, draft: str) -> HttpResponse:
    """Throw the draft away."""
    actions.discard_draft(draft_id=draft, actor=request.actor, now=request.now)
    return redirect("identification:start")


@require_GET
def sent(request: Request, code: str) -> HttpResponse:
    """Give the receipt: the code and what happens next, nothing of what was said."""
    mine = [s for s in queries.receipts(request.actor) if s.pk == code]
    if not mine:
        raise NotFound
    context = {"screening": mine[0], "due": queries.review_due(mine[0], settings.NODE.country)}
    return render(request, "identification/sent.html", context)
