"""Every page, in three languages, in a real browser: open to everybody, light, silent, and safe."""

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from amana.access.rules import Role
from amana.node import cast, story
from amana.node.persona import Persona, Typed
from amana.node.who_may_open import TABLE

ROOT = Path(__file__).resolve().parents[2]
R, W, S, D, C, A = (
    Role.FIRST_RESPONDER,
    Role.CASE_WORKER,
    Role.SUPERVISOR,
    Role.DESK,
    Role.COORDINATOR,
    Role.ADMINISTRATOR,
)


Facts = dict[str, str]
Act = Callable[[Any, Facts], None]


@dataclass(frozen=True)
class Visit:
    """One page as one person meets it, and what she presses after it is open."""

    view: str
    country: str
    role: Role | None
    path: str
    then: Act | None = None
    status: int = 200


def _open_part(part: str) -> Act:
    def act(page: Any, facts: Facts) -> None:
        form = page.locator(f"form[action$='/part/{part}']")
        form.evaluate("form => { for (let at = form; at; at = at.parentElement) if (at.tagName == 'DETAILS') at.open = true }")
        form.locator("input[type=radio]").first.check()
        form.locator("button").click()

    return act


def _press(selector: str) -> Act:
    def act(page: Any, facts: Facts) -> None:
        page.locator(selector).first.click()

    return act


def _send(path: str, *, is_forged: bool = False) -> Act:
    """Send an empty form to an address, as a page left open too long would."""

    def act(page: Any, facts: Facts) -> None:
        with page.expect_navigation():
            page.evaluate(
                """([path, forged]) => {
                    const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
                    const form = Object.assign(document.createElement('form'), {method: 'post', action: path});
                    const field = Object.assign(document.createElement('input'),
                        {name: 'csrfmiddlewaretoken', value: forged ? 'x'.repeat(token.length) : token});
                    form.append(field); document.body.append(form); form.submit();
                }""",
                [path.format(**facts), is_forged],
            )

    return act


MAIN = "main form:not(.languages) .actions .button"
VISITS: dict[str, Visit] = {
    "sign-in": Visit("access:sign-in", "MA", None, "/sign-in"),
    "sign-in-wrong": Visit("access:sign-in", "CI", None, "/sign-in", _press(MAIN), 422),
    "home-responder": Visit("desk:home", "CI", R, "/"),
    "home-worker": Visit("desk:home", "CI", W, "/"),
    "home-supervisor": Visit("desk:home", "MA", S, "/"),
    "home-desk": Visit("desk:home", "CI", D, "/"),
    "home-coordinator": Visit("desk:home", "CI", C, "/"),
    "home-administrator": Visit("desk:home", "MA", A, "/"),
    "screen-start": Visit("identification:start", "MA", R, "/screen/"),
    "screen-danger": Visit("identification:danger", "MA", R, "/screen/{draft}/danger"),
    "screen-danger-empty": Visit("identification:danger", "MA", R, "/screen/{empty_draft}/danger", _press(MAIN), 422),
    "screen-person": Visit("identification:person", "MA", R, "/screen/{draft}/person"),
    "screen-person-calm": Visit("identification:person", "MA", R, "/screen/{calm_draft}/person"),
    "screen-person-wrong": Visit("identification:person", "MA", R, "/screen/{calm_draft}/person", _press(MAIN), 422),
    **{
        f"screen-question-{n:02}": Visit("identification:question", "MA", R, f"/screen/{{draft}}/question/{n}")
        for n in range(1, 13)
    },
    "screen-question-empty": Visit("identification:question", "MA", R, "/screen/{empty_draft}/question/5", _press(MAIN), 422),
    "screen-review": Visit("identification:review", "MA", R, "/screen/{draft}/review"),
    "screen-review-nothing": Visit("identification:review", "MA", R, "/screen/{calm_draft}/review"),
    "screen-sent": Visit("identification:sent", "MA", R, "/screen/sent/{receipt}"),
    "screenings": Visit("identification:waiting", "MA", S, "/screenings/"),
    "screenings-worker": Visit("identification:waiting", "CI", W, "/screenings/"),
    "screening-to-decide": Visit("identification:screening", "MA", S, "/screenings/{to_decide}/"),
    "screening-undecided": Visit("identification:screening", "MA", W, "/screenings/{to_decide}/"),
    "screening-decided": Visit("identification:screening", "MA", W, "/screenings/{decided}/"),
    "screening-historical": Visit("identification:screening", "MA", S, "/screenings/{historical_screening}/"),
    "cases": Visit("cases:list", "MA", W, "/cases/"),
    "cases-supervisor": Visit("cases:list", "CI", S, "/cases/"),
    "case": Visit("cases:case", "MA", W, "/cases/{case}/"),
    "case-supervisor": Visit("cases:case", "MA", S, "/cases/{case}/"),
    "case-new": Visit("cases:case", "CI", W, "/cases/{case_without_consent}/"),
    "case-historical": Visit("cases:case", "MA", W, "/cases/{historical_case}/"),
    "case-received": Visit("cases:case", "CI", W, "/cases/{received_case}/"),
    "part-identity": Visit("cases:case", "MA", W, "/cases/{case}/", _open_part("identity")),
    "part-account": Visit("cases:case", "MA", W, "/cases/{case}/", _open_part("account")),
    "part-received": Visit("cases:case", "CI", W, "/cases/{received_case}/", _open_part("received")),
    "part-supervisor": Visit("cases:case", "MA", S, "/cases/{case}/", _open_part("location")),
    "part-without-reason": Visit("cases:case", "MA", W, "/cases/{case}/", _send("/cases/{case}/part/identity"), 422),
    "consent": Visit("cases:consent", "MA", W, "/cases/{case}/consent"),
    "consent-empty": Visit("cases:consent", "MA", W, "/cases/{case}/consent", _press(MAIN), 422),
    "consent-historical": Visit("cases:consent", "MA", W, "/cases/{historical_case}/consent"),
    "second-signature": Visit("cases:grounds", "MA", S, "/grounds/"),
    "second-signature-none": Visit("cases:grounds", "CI", S, "/grounds/"),
    "prepare": Visit("referrals:prepare", "MA", W, "/cases/{case}/refer"),
    "prepare-empty": Visit("referrals:prepare", "MA", W, "/cases/{case}/refer", _press(MAIN), 422),
    "prepare-objections": Visit(
        "referrals:prepare", "CI", W, "/cases/{case_without_consent}/refer",
        lambda page, facts: _fill_referral(page), 422,
    ),
    "prepare-historical": Visit("referrals:prepare", "MA", W, "/cases/{historical_case}/refer"),
    "referrals": Visit("referrals:list", "MA", D, "/referrals/"),
    "referrals-silent": Visit("referrals:list", "CI", W, "/referrals/"),
    "mail-sealed": Visit("referrals:mail", "CI", D, "/mail/"),
    "mail-silent": Visit("referrals:mail", "MA", D, "/mail/"),
    **{
        f"referral-{state}-{side}": Visit("referrals:referral", side.upper(), D, f"/referrals/{{{state}}}/")
        for state, sides in {
            "with_desk": ("ma",),
            "returned": ("ma",),
            "on_its_way": ("ma",),
            "offered": ("ma", "ci"),
            "acknowledged": ("ma", "ci"),
            "question_open": ("ma", "ci"),
            "accepted": ("ma", "ci"),
            "declined": ("ma", "ci"),
            "dossier_received": ("ma", "ci"),
            "silent": ("ci", "ma"),
        }.items()
        for side in sides
    },
    "referral-worker": Visit("referrals:referral", "MA", W, "/referrals/{dossier_received}/"),
    "referral-received-worker": Visit("referrals:referral", "CI", W, "/referrals/{dossier_received}/"),
    "referral-accept-empty": Visit(
        "referrals:referral", "CI", D, "/referrals/{acknowledged}/", _send("/referrals/{acknowledged}/accept"), 422
    ),
    "figures": Visit("desk:figures", "CI", C, "/figures/"),
    "figures-filled": Visit("desk:figures", "MA", C, "/figures/"),
    "node": Visit("desk:node", "MA", A, "/node/"),
    "node-account": Visit("desk:account", "CI", A, "/node/accounts/{account}"),
    "missing": Visit("", "CI", R, "/not/a/page", status=404),
    "refused": Visit("", "MA", D, "/referrals/{offered}/", _send("/referrals/{offered}/release"), 422),
    "forgery": Visit("", "CI", None, "/sign-in", _send("/sign-in", is_forged=True), 403),
}


def _fill_referral(page: Any) -> None:
    for name in ("purpose", "urgency"):
        page.locator(f"input[name={name}]").first.check()
    page.locator("input[name=needs]").first.check()
    page.locator(MAIN).first.click()


def live_on(demo: Any) -> dict[str, str]:
    """Bring both nodes into every state that a page can show; return the codes."""
    typed = Typed()
    samira, hicham, latifa, youssef = (demo.who("MA", role) for role in (R, W, S, D))
    koffi, mariam, paul = (demo.who("CI", role) for role in (W, D, A))
    facts = {"case": demo.lived["case"], "dossier_received": demo.lived["referral"]}
    subprocess.run(
        [sys.executable, "-m", "amana", "import", "ctdc", str(ROOT / "tests/vectors/ctdc/invented.csv"), "--data", str(demo.home / "ma")],
        check=True, capture_output=True, cwd=ROOT,
    )
    facts |= _drafts(samira)
    facts["receipt"] = samira.open("/screen/").first(r"/screen/sent/([\w-]+)") or ""
    facts |= _screenings(latifa, hicham)
    story.open_case(hicham, facts["decided"])
    facts["case_without_consent"] = _case_where(koffi, lambda text: "/part/received" not in text and "/consents/" not in text)
    facts["received_case"] = _case_where(koffi, lambda text: "/part/received" in text)
    old = _referrals(youssef)
    facts["declined"] = next(r for r in old if 'data-state="declined"' in youssef.open(f"/referrals/{r}/").text)
    facts["silent"] = next(r for r in old if 'data-state="offered"' in youssef.open(f"/referrals/{r}/").text)
    # The desk holds one referral of a case at a time: each is released before the next is prepared.
    for state in ("returned", "offered", "acknowledged", "question_open", "accepted", "on_its_way", "with_desk"):
        needs = ("SHELTER", "DOCUMENTS")
        facts[state] = story.prepare(hicham, facts["case"], "CI", needs=needs, fields=story.ALL_FIELDS)
        if state == "returned":
            youssef.post(f"/referrals/{facts[state]}/return", {})
        elif state != "with_desk":
            story.release(youssef, facts[state])
        if state not in ("returned", "on_its_way", "with_desk"):
            story.open_mail(mariam)
    for state in ("acknowledged", "question_open", "accepted"):
        story.acknowledge(mariam, facts[state])
    story.ask(mariam, facts["question_open"], "Qui peut l’accueillir à Tiénigboué ?", typed)
    story.accept(mariam, facts["accepted"], typed, worker="Ouattarina Kpélé-Bénié",
                 phone="+225 27 22 90 80 70", from_on=_tomorrow(), conditions="Prévenir la veille.")  # fmt: skip
    story.wait_for(youssef, facts["accepted"], "accepted")
    story.wait_for(youssef, facts["question_open"], "question_open")
    mariam.wait("/mail/", lambda page: "data-sealed" in page.text, "mail")
    _refuse_one(demo.home / "ci" / "db" / "amana.sqlite3")
    facts["account"] = paul.open("/node/").first(r"/node/accounts/([\w-]+)") or ""
    return facts


def _tomorrow() -> Any:
    from datetime import UTC, datetime, timedelta

    return datetime.now(UTC).date() + timedelta(days=1)  # noqa: TID251 - the test lives today


def _drafts(responder: Persona) -> dict[str, str]:
    found = {}
    for name, danger, answers in (
        ("empty_draft", None, {}),
        ("calm_draft", {"d1": "none", "d2": "none", "d3": "alone"}, {}),
        ("draft", {"d1": "watched", "d2": "ill_or_hurt", "d3": "alone"}, cast.NAFISSATOU.answers),
    ):
        draft = responder.post("/screen/", {}).path.split("/")[2]
        found[name] = draft
        if danger is None:
            continue
        responder.post(f"/screen/{draft}/danger", danger)
        person = {"alias": "Zoumana", "sex": "F", "minor": "no", "age_band": "18_24", "situation": "alone",
                  "language": "dyu", "citizenship": "CI", "place": ""}  # fmt: skip
        responder.post(f"/screen/{draft}/person", person)
        for question, ticked in answers.items():
            responder.post(f"/screen/{draft}/question/{int(question[1:])}", {"answers": ticked})
    return found


def _screenings(supervisor: Persona, worker: Persona) -> dict[str, str]:
    page = supervisor.open("/screenings/")
    table, _, rest = page.text.partition("</table>")
    listed = list(dict.fromkeys(re.findall(r"/screenings/([\w-]+)/", table)))
    plain = re.findall(r"/screenings/([\w-]+)/", rest)[-1]
    waiting = {code: supervisor.open(f"/screenings/{code}/").text for code in listed[:12]}
    fresh = [code for code, text in waiting.items() if "badge-calm" not in text]
    old = [
        code
        for code, text in waiting.items()
        if code not in fresh and 'data-class="AUCUN_INDICATEUR"' not in text
    ]
    historical = story.decide(supervisor, old[0]) and story.open_case(worker, old[0])
    worker.post(f"/cases/{historical}/consent", {
        "country": "CI", "ground": "HISTORICAL_DEIDENTIFIED", "given_by": "NOBODY", "mode": "SIGNATURE",
        "language": "fr", "interpreter": "", "content": ("NEEDS", "CLASS")})  # fmt: skip
    return {"to_decide": fresh[0], "historical_screening": old[1], "historical_case": historical, "decided": plain}


def _case_where(worker: Persona, is_wanted: Callable[[str], bool]) -> str:
    codes = worker.open("/cases/").all(r"/cases/([\w-]+)/\"")
    return next(code for code in codes if is_wanted(worker.open(f"/cases/{code}/").text))


def _referrals(desk: Persona) -> list[str]:
    return desk.open("/referrals/").all(r"/referrals/([\w-]+)/\"")


def _refuse_one(database: Path) -> None:
    """Lay a message in the mail that the desk had to refuse; no honest partner sends one."""
    with sqlite3.connect(database, timeout=20) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(exchange_message)")]
        row = dict(zip(columns, connection.execute("SELECT * FROM exchange_message WHERE is_ours=0 AND kind<>'' LIMIT 1").fetchone(), strict=True))
        row |= {"mid": "0" * 32, "kind": "", "conversation": "", "seq": 0, "in_reply_to": "", "written_at": None,
                "key_id": "", "sealed_body": None, "refused_for": "changed"}  # fmt: skip
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT OR IGNORE INTO exchange_message ({', '.join(row)}) VALUES ({marks})", list(row.values()))  # noqa: S608
