"""Letters on pages: the tray, a conversation, a letter that is written, looked at and released."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amana.access.queries import account_names
from amana.access.request import Request
from amana.access.rules import CARE, NotFound, Refused, Role, require_step_up
from amana.cases.queries import access_case, cases
from amana.exchange import queries as exchange
from amana.letters import actions, bodies, queries, rules
from amana.letters.actions import Written
from amana.letters.forms import LINES, BeginForm, LetterForm
from amana.letters.queries import SIDES, Conversation
from amana.look import coded
from amana.standards import countries, messages
from amana.standards.messages import Family

MOST_LINES = 60


@require_GET
def tray(request: Request) -> HttpResponse:
    """List the threads, the referrals with letters, and what waits for the desk."""
    found = queries.tray(request.actor)
    rows = [_listed(one, request.now) for one in found]
    rows.sort(key=lambda row: (not row["silent"], not row["ours"]))
    context = {
        "rows": rows,
        "drafts": [_waiting(draft) for draft in queries.drafts(request.actor)],
        "kinds": _kinds_to_begin(request),
    }
    return render(request, "letters/tray.html", context)


def _listed(found: Conversation, now: datetime) -> dict[str, Any]:
    open_ = [one for one in found.owed() if not one.watch.is_met]
    own = exchange.own().country
    ours = any(one.watch.country == own for one in open_)
    silent = any(one.watch.is_silent(now) for one in open_)
    state = "waits_for_us" if ours else "waits_for_them" if open_ else "nothing_open"
    # A thread whose first letter has not left is not one in which all is said.
    state = state if found.letters else "with_desk"
    tones = {"waits_for_us": "attention", "nothing_open": "done"}
    told = sorted(found.letters, key=lambda one: one.said.written_at)
    kinds = [one.said.kind for one in told if one.said.kind not in rules.BY_HAND]
    topic = found.thread.topic if found.thread else (kinds or [""])[-1]
    return {
        "code": found.code,
        "country": found.row.country,
        "topic": coded.label("MESSAGE", topic),
        "kind": topic,
        "state": coded.label("LETTER_STATE", state),
        "tone": tones.get(state, "waiting"),
        "silent": silent,
        "ours": ours,
    }


def _waiting(draft: Any) -> dict[str, Any]:  # noqa: ANN401
    needs = draft.needs_second and not draft.agreed_by
    return {
        "draft": draft,
        "title": coded.label("MESSAGE", draft.kind),
        "status": coded.label("LETTER_STATE", "second_word" if needs else "with_desk"),
        "tone": "attention" if needs else "waiting",
    }


def _kinds_to_begin(request: Request) -> list[tuple[str, str]]:
    side = SIDES[request.actor.role]
    return [
        (f.kind, coded.label("MESSAGE", f.kind))
        for f in messages.letters()
        if f.where != messages.REFERRAL
        and side in f.who
        and f.kind not in rules.ANSWERS | {"cancel"}
    ]


@require_http_methods(["GET", "POST"])
def begin(request: Request, kind: str) -> HttpResponse:
    """Begin a thread with another country by its first letter."""
    if kind not in dict(_kinds_to_begin(request)):
        raise NotFound
    peers = [(p.pk, countries.label(p.pk, coded.language())) for p in exchange.peers()]
    # Which cases there are is no business of the desk.
    held = [] if request.actor.role is Role.DESK else [c.pk for c in cases(request.actor)]
    first = BeginForm(request.POST or None, countries=peers, cases=held)

    def send(written: Written) -> Any:  # noqa: ANN401
        code = first.cleaned_data.get("case", "")
        return actions.begin(
            country=first.cleaned_data["country"],
            written=written,
            case=access_case(request.actor, code, request.purpose) if code else None,
            tier="adult",
            actor=request.actor,
            now=request.now,
        )

    return _write(request, messages.families()[kind], None, first, send)


@require_http_methods(["GET", "POST"])
def write(request: Request, code: str, kind: str) -> HttpResponse:
    """Write a letter into a conversation and hand it to the desk."""
    found = queries.conversation(request.actor, code)
    if kind not in dict(_kinds_to_write(request, found)):
        raise NotFound

    def send(written: Written) -> Any:  # noqa: ANN401
        return actions.write(found=found, written=written, actor=request.actor, now=request.now)

    return _write(request, messages.families()[kind], found, None, send)


def _write(
    request: Request,
    family: Family,
    found: Conversation | None,
    first: BeginForm | None,
    send: Any,  # noqa: ANN401
) -> HttpResponse:
    own = _own_letters(found) if found else []
    lines = _lines(request)
    form = LetterForm(
        request.POST or None, family=family, own=own, lines=lines, is_found="look" in request.POST
    )
    refused: Refused | None = None
    if form.is_valid() and (first is None or first.is_valid()):
        written = Written(
            family.kind,
            form.values(),
            form.cleaned_data.get("to", ""),
            form.cleaned_data["look_reason"],
        )
        try:
            draft = send(written)
            return redirect(reverse("letters:draft", args=[draft.pk]) + "?said=letter_written")
        except Refused as why:
            refused = why
            if "SECOND_LOOK_NEEDED" in why.objections:
                form = LetterForm(request.POST, family=family, own=own, lines=lines, is_found=True)
    context = {
        "family": family,
        "title": coded.label("MESSAGE", family.kind),
        "form": form,
        "first": first,
        "found": found,
        "lines": lines,
        "more": min(lines + LINES, MOST_LINES) if _has_rows(family) else 0,
        "objections": refused.objections if refused else [],
        "under": refused.under if refused else {},
        "is_found": bool(refused and "SECOND_LOOK_NEEDED" in refused.objections),
    }
    status = 422 if refused or (request.method == "POST") else 200
    return render(request, "letters/write.html", context, status=status)


def _lines(request: Request) -> int:
    typed = request.POST.get("lines") or request.GET.get("lines") or ""
    return min(max(int(typed), LINES), MOST_LINES) if typed.isdecimal() else LINES


def _has_rows(family: Family) -> bool:
    return any(messages.field(name).type == messages.ROWS for name in family.fields)


def _own_letters(found: Conversation) -> list[tuple[str, str]]:
    own = exchange.own().country
    return [
        (one.said.mid, f"{coded.label('MESSAGE', one.said.kind)} – {one.said.mid[:8]}")
        for one in found.letters
        if one.said.sender == own
        and one.cancelled_by is None
        and one.said.kind not in rules.STAYS_SAID
    ]


def _kinds_to_write(request: Request, found: Conversation) -> list[tuple[str, str]]:
    """Return the kinds against which nothing stands now, so that no link leads to a refusal."""
    side, own = SIDES[request.actor.role], exchange.own().country
    kinds = []
    for family in messages.letters():
        if side not in family.who or family.kind in rules.BY_HAND:
            continue
        if family.kind == rules.CANCEL:
            is_open = bool(_own_letters(found)) and not found.setting.is_recalled
        else:
            to = (
                rules.open_to(found.lines, family.kind, sender=own, setting=found.setting)
                if (family.kind in rules.ANSWERS)
                else None
            )
            is_open = not rules.objections_to_writing(
                found.lines,
                family.kind,
                sender=own,
                setting=found.setting,
                to=to.mid if to else "",
            )
        if is_open:
            kinds.append((family.kind, coded.label("MESSAGE", family.kind)))
    return kinds


@require_GET
def conversation(request: Request, code: str) -> HttpResponse:
    """Show the letters of a referral or of a thread, and what each waits for."""
    return _conversation(request, queries.conversation(request.actor, code))


def _conversation(
    request: Request,
    found: Conversation,
    *,
    opened: Mapping[str, Any] | None = None,
    form: LetterForm | None = None,
    form_of: str = "",
    objections: list[str] | None = None,
) -> HttpResponse:
    contents = queries.contents(request.actor, found)
    names = {one.said.mid: coded.label("MESSAGE", one.said.kind) for one in found.letters}
    told = sorted(
        found.letters,
        key=lambda one: (one.said.written_at, one.said.sender, one.said.inc, one.said.seq),
    )
    letters = [_shown(request, found, one, contents, names) for one in told]
    for letter in letters:
        if opened and letter["mid"] == opened["mid"]:
            letter["unit_rows"] = _rows(opened["part"])
        if form is not None and form_of.startswith(letter["mid"]):
            letter["forms"] = {**letter["forms"], form_of.partition(":")[2]: form}
            letter["is_open"] = True
    context = {
        "found": found,
        "letters": letters,
        "kinds": _kinds_to_write(request, found),
        "drafts": [_waiting(d) for d in queries.drafts_of(request.actor, found)],
        "watches": _watches(found, request.now),
        "form": form,
        "objections": objections or [],
        "may_hand_on": found.thread is not None
        and not found.thread.is_ours
        and request.actor.role is Role.DESK,
    }
    status = 422 if form is not None or objections else 200
    return render(request, "letters/conversation.html", context, status=status)


def _shown(
    request: Request,
    found: Conversation,
    letter: rules.Letter,
    contents: Mapping[str, dict[str, Any]],
    names: Mapping[str, str],
) -> dict[str, Any]:
    line, body = letter.said, contents.get(letter.said.mid, {})
    may = _answers(request, found, letter)
    return {
        "mid": line.mid,
        "kind": line.kind,
        "title": names[line.mid],
        "to": names.get(line.in_reply_to, ""),
        "at": line.written_at,
        "who": body.get("by", ""),
        "where": countries.label(line.sender, coded.language()),
        "rank": coded.label("RANK", line.rank.name.lower()),  # type: ignore[attr-defined]
        "rows": _rows(body),
        "persons": _persons(body),
        "against": line.outside,  # type: ignore[attr-defined]
        "cancelled": letter.cancelled_by is not None,
        "replaced_by": names.get(
            contents.get(letter.cancelled_by.mid, {}).get("replaced_by", ""), ""
        )
        if letter.cancelled_by
        else "",
        "unknown": bodies.unknown_codes(body),
        "sealed": bool(body.get("unit_sealed")) and request.actor.holds(CARE),
        "may": may,
        "forms": {
            kind: LetterForm(
                family=messages.families()[kind], own=[], auto_id=f"{line.mid}-{kind}-%s"
            )
            for kind in may
            if messages.families()[kind].fields and kind != rules.COUNTERSIGN
        },
    }


def _answers(request: Request, found: Conversation, letter: rules.Letter) -> list[str]:
    if request.actor.role is not Role.DESK:
        return []
    own = exchange.own().country
    return [
        kind
        for kind in (rules.READ, rules.ACCEPT, rules.DECLINE, rules.COUNTERSIGN)
        if not rules.objections_to_writing(
            found.lines, kind, sender=own, setting=found.setting, to=letter.said.mid
        )
    ]


def _rows(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a letter's content in words, field by field; lists of people stand apart."""
    hidden = {*bodies.ALWAYS, "persons"}
    return [
        (coded.label("FIELD", name), coded.spoken(name, value))
        for name, value in body.items()
        if name not in hidden and value not in ("", None, [])
    ]


def _persons(body: Mapping[str, Any]) -> list[list[str]]:
    held = messages.field("persons").rows
    return [
        [coded.spoken(n, row.get(n, "")) if row.get(n) else "" for n in held]
        for row in body.get("persons", [])
    ]


def _watches(found: Conversation, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "label": coded.label("CLOCK", one.watch.key),
            "of": coded.label("MESSAGE", one.letter.kind),
            "country": one.watch.country,
            "due_at": one.watch.due_at,
            "tone": "urgent" if one.watch.is_silent(now) else "waiting",
            "status": coded.label("SILENCE", "silence" if one.watch.is_silent(now) else "running"),
        }
        for one in found.owed()
        if not one.watch.is_met
    ]


@require_GET
def draft(request: Request, draft_id: str) -> HttpResponse:
    """Show a prepared letter, field by field, exactly as it would leave."""
    return _draft(request, draft_id)


def _draft(request: Request, draft_id: str, refused: Refused | None = None) -> HttpResponse:
    row = queries.access_draft(request.actor, draft_id)
    content = queries.prepared(request.actor, row)
    actor, names = request.actor, account_names()
    found = queries.of_draft(actor, row)
    is_desk = actor.role is Role.DESK
    context = {
        "draft": row,
        "found": found,
        "title": coded.label("MESSAGE", row.kind),
        "preview": _preview(content),
        "persons": _persons(content.get("body", {})),
        "written_by": names.get(row.written_by, ""),
        "agreed_by": names.get(row.agreed_by, ""),
        "looked": content.get("looked_at", []),
        "look_reason": content.get("look_reason", ""),
        "may_agree": row.needs_second
        and actor.role in (Role.DESK, Role.SUPERVISOR)
        and not rules.objections_to_agreeing(
            written_by=row.written_by,
            agreed_by=row.agreed_by,
            is_over=row.is_over,
            by=actor.account_id,
        ),
        "may_release": is_desk
        and not rules.objections_to_releasing(
            needs_second=row.needs_second,
            agreed_by=row.agreed_by,
            is_over=row.is_over,
            by=actor.account_id,
        ),
        "may_return": not row.is_over and (is_desk or row.written_by == actor.account_id),
        "objections": refused.objections if refused else [],
        "under": refused.under if refused else {},
    }
    return render(request, "letters/draft.html", context, status=422 if refused else 200)


def _preview(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    body = content.get("body", {})
    open_ = [
        {"label": label, "value": value, "sealed": None, "leaves": "letter"}
        for label, value in _rows(body)
    ]
    sealed = [
        {
            "label": coded.label("FIELD", one["name"]),
            "value": "",
            "sealed": {"size": coded.octets(one["size"]), "author": one["author"]},
            "leaves": "letter",
        }
        for one in content.get("unit_fields", [])
    ]
    return open_ + sealed


@require_POST
def agree(request: Request, draft_id: str) -> HttpResponse:
    """Give the second word."""
    row = queries.access_draft(request.actor, draft_id)
    require_step_up(request.actor, request.now)
    actions.agree(draft=row, actor=request.actor, now=request.now)
    return redirect(reverse("letters:draft", args=[draft_id]) + "?said=letter_agreed")


@require_POST
def release(request: Request, draft_id: str) -> HttpResponse:
    """Release a letter."""
    row = queries.access_draft(request.actor, draft_id)
    require_step_up(request.actor, request.now)
    try:
        actions.release(draft=row, actor=request.actor, now=request.now)
    except Refused as refused:
        return _draft(request, draft_id, refused)
    return _back(queries.of_draft(request.actor, row), "letter_released")


@require_POST
def give_back(request: Request, draft_id: str) -> HttpResponse:
    """Give a letter back to who wrote it."""
    row = queries.access_draft(request.actor, draft_id)
    actions.give_back(draft=row, actor=request.actor, now=request.now)
    return _back(queries.of_draft(request.actor, row), "letter_returned")


@require_POST
def answer(request: Request, code: str, mid: str, kind: str) -> HttpResponse:
    """Say on a letter that it was read, yes or no, or sign it too."""
    if kind not in rules.BY_HAND:
        raise NotFound
    found = queries.conversation(request.actor, code)
    written, form = Written(kind, {}, mid), None
    if kind != rules.COUNTERSIGN:
        form = LetterForm(
            request.POST,
            family=messages.families()[kind],
            own=[],
            is_found="look" in request.POST,
            auto_id=f"{mid}-{kind}-%s",
        )
        if not form.is_valid():
            return _conversation(request, found, form=form, form_of=f"{mid}:{kind}")
        written = Written(kind, form.values(), mid, form.cleaned_data["look_reason"])
    try:
        actions.answer(found=found, written=written, actor=request.actor, now=request.now)
    except Refused as refused:
        return _conversation(request, found, objections=refused.objections)
    return _back(found, "said")


@require_POST
def unit_part(request: Request, code: str, mid: str) -> HttpResponse:
    """Open what was sealed to this unit in a letter."""
    found = queries.conversation(request.actor, code)
    part = actions.open_unit_part(found=found, mid=mid, actor=request.actor, now=request.now)
    return _conversation(request, found, opened={"mid": mid, "part": part})


@require_POST
def hand_on(request: Request, code: str) -> HttpResponse:
    """Let the care team read a thread that came to the desk."""
    found = queries.conversation(request.actor, code)
    actions.hand_on(found=found, actor=request.actor, now=request.now)
    return _back(found, "handed_on")


def _back(found: Conversation, said: str) -> HttpResponse:
    return redirect(reverse("letters:conversation", args=[found.code]) + f"?said={said}")
