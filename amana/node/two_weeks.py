"""Two invented weeks at both nodes, lived by their people on the pages, under a shifted clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from amana.access.rules import Role
from amana.field.rules import Urgency
from amana.node import cast, fieldwork, lettered, sheltered, story, takenback
from amana.node.clock import Clock, shift
from amana.node.persona import Persona, Typed, Unexpected
from amana.node.processes import RunningNode


@dataclass
class Country:
    """One node and the people who sit at it, by role."""

    node: RunningNode
    people: dict[Role, Persona]
    by_name: dict[str, Persona]
    worker_name: str
    worker_phone: str

    def who(self, role: Role) -> Persona:
        """Return who works in a role, signed in."""
        return self.people[role]


def country(node: RunningNode, worker_name: str = "", worker_phone: str = "") -> Country:
    """Sit the demo's people down at a node; each signs in when first needed."""
    people: dict[Role, Persona] = {}
    by_name: dict[str, Persona] = {}
    for member in cast.staff(node.config.country):
        by_name[member.sign_in_name] = Persona(
            port=node.config.port,
            host=node.config.host,
            sign_in_name=member.sign_in_name,
            password=cast.PASSWORD,
        )
        people.setdefault(member.role, by_name[member.sign_in_name])
    return Country(node, people, by_name, worker_name, worker_phone)


R, W, S, D = Role.FIRST_RESPONDER, Role.CASE_WORKER, Role.SUPERVISOR, Role.DESK


def case_of(here: Country, person: story.Invented, typed: Typed) -> str:
    """Take a person from the screening to an open case with its parts filled in."""
    screening = story.screen(here.who(R), person, typed)
    story.decide(here.who(S), screening)
    case = story.open_case(here.who(W), screening)
    story.fill_in(here.who(W), case, person, typed)
    return case


def offer(here: Country, there: Country, person: story.Invented, typed: Typed) -> str:
    """Take a person from the screening to a released offer; return the reference."""
    case = case_of(here, person, typed)
    to = there.node.config.country
    story.consent(here.who(W), case, person, to)
    referral = story.prepare(here.who(W), case, to, needs=person.needs, fields=story.ALL_FIELDS)
    story.release(here.who(D), referral)
    story.open_mail(there.who(D), referral)
    return referral


def live(ma: Country, ci: Country, typed: Typed, say: Callable[[str], None]) -> None:
    """Live two weeks: every state a referral can be in is reached, and one country stays silent."""
    real_now = _real_now()

    def day(ago: float) -> None:
        for data in (ma.node.data, ci.node.data):
            shift(data, timedelta(days=-ago))

    try:
        begging = _a_boy_is_offered(ma, ci, typed, say, day)
        day(9)
        say("a footballer of doubtful age: declined, with a reason")
        football = offer(ma, ci, cast.FOOTBALLER, typed)
        story.acknowledge(ci.who(D), football)
        story.decline(
            ci.who(D),
            football,
            "Aucune place de mineur avant le mois prochain à Gagnoa-Dioulabougou.",
            typed,
        )
        story.wait_for(ma.who(D), football, "declined")
        day(8.5)
        say("a seamstress says no to the police, goes home, and takes her full name back")
        takenback.lived(ma, ci, offer(ma, ci, cast.SEAMSTRESS, typed), real_now, typed)
        _silent(ma, ci, typed, day, say)
        _smaller_things(ma, ci, typed, say)
        say("a girl is interviewed when she is ready; an authority refuses, is contested, reviews")
        _interviewed(ci, typed, day, real_now)
        _he_goes_home(ma, ci, begging, typed, say, day)
        day(0.25)
        say("this morning: a screening that waits for its supervisor")
        story.screen(ma.who(R), cast.MASSAGE, typed)
        say("last night: six children on one farm, two phones without a network, one still sealed")
        _found_by_night(ci, typed)
        say("a statistician is refused a table that exposes, and publishes one that does not")
        _published(ci, real_now)
    finally:
        day(0)


def _a_boy_is_offered(
    ma: Country,
    ci: Country,
    typed: Typed,
    say: Callable[[str], None],
    day: Callable[[float], None],
) -> str:
    """Take a boy from the offer to the day on which everybody knows when he goes home."""
    real_now = _real_now()
    day(14)
    say("two weeks ago: a boy who begs with a quota is offered to Côte d'Ivoire")
    begging = offer(ma, ci, cast.CHILD_TALIBE, typed)
    story.acknowledge(ci.who(D), begging)
    day(12)
    say("the question, the answer, the acceptance, the dossier")
    story.ask(ci.who(D), begging, "La grand-mère Maïmou vit-elle encore à Dianra-Fleuve ?", typed)
    story.wait_for(ma.who(D), begging, "question_open")
    story.reply(
        ma.who(D), begging, "Oui, d’après l’enfant; le village a été nommé deux fois.", typed
    )
    story.wait_for(ci.who(D), begging, "acknowledged")
    _accept(ci, begging, typed, real_now - timedelta(days=11))
    story.wait_for(ma.who(D), begging, "accepted")
    story.release_dossier(ma.who(D), begging)
    story.wait_for(ci.who(D), begging, "dossier_received")
    day(11.5)
    say("his family is assessed, his return proposed, accepted and announced")
    lettered.planned(ma, ci, begging, real_now - timedelta(days=1.5), typed)
    return begging


def _he_goes_home(
    ma: Country,
    ci: Country,
    begging: str,
    typed: Typed,
    say: Callable[[str], None],
    day: Callable[[float], None],
) -> None:
    real_now = _real_now()
    day(1.25)
    say("he is handed over against two signatures; warnings and a call for help cross")
    lettered.handed_over(ma, ci, begging, real_now - timedelta(days=1.3))
    lettered.warned(ma, ci, begging, real_now + timedelta(days=1), typed)


def _silent(
    ma: Country,
    ci: Country,
    typed: Typed,
    day: Callable[[float], None],
    say: Callable[[str], None],
) -> None:
    day(8)
    say("a Moroccan woman found in Abidjan is offered to Morocco, which stays silent")
    silent = offer(ci, ma, cast.MOROCCAN_MAID, typed)
    say("a house is entered with its rooms; she has a bed before night")
    sheltered.furnished(ci, "CI_ABIDJAN", _real_now().date(), typed)
    case = sheltered.requested(ci.who(W), silent)
    day(7.9)
    sheltered.counted(ci)
    sheltered.placed(ci, case, typed)
    day(3)
    say("the silence lasts: somebody phones, and the woman stays in safety meanwhile")
    story.silence(ci.who(D), silent, typed)
    say("both desks plan their hours of duty; one of the coming weeks has a gap")
    today = _real_now().date()
    for here, days in ((ma, 21), (ci, 5)):
        story.duty(here.who(D), today, today + timedelta(days=days))


def _smaller_things(ma: Country, ci: Country, typed: Typed, say: Callable[[str], None]) -> None:
    say("screenings that lead to no referral: a stranded man, a wage dispute, a child in cocoa")
    story.decide(ma.who(S), story.screen(ma.who(R), cast.STRANDED, typed))
    story.decide(ci.who(S), story.screen(ci.who(R), cast.MASON, typed))
    cocoa = case_of(ci, cast.COCOA_BOY, typed)
    say("others work on his case, each on the part that is theirs; facts go to the police")
    _care_together(ci, cocoa, typed)


# What a first pass asks of a child: hurt or not, brought by whom, with whom, afraid, tonight.
CALM = {
    "g1": ["well"],
    "g2": ["someone"],
    "g3": ["many_children"],
    "g4": ["nobody"],
    "g5": ["food_and_water"],
}


def _found_by_night(ci: Country, typed: Typed) -> None:
    """Two phones without a network register six children; then the line comes back.

    A sister and a brother are linked; of one child the phones differ; one is afraid, and her item
    waits unopened.
    """
    supervisor = ci.who(S)
    typed.names += [person.alias for person in cast.FOUND_BY_NIGHT]
    order = {"name": "Nuit de la Nawa", "team": "care", "expected": "8", "n_wristbands": "8"}
    today = _real_now()
    began = {
        "begins_on_day": str(today.day),
        "begins_on_month": str(today.month),
        "begins_on_year": str(today.year),
    }
    code = supervisor.post("/operations/new", order | began).path.split("/")[2]
    bands = fieldwork.bands_of(supervisor, code)
    first, second = (
        fieldwork.enrolled(supervisor, name) for name in ("Awa Inventée", "Koffi Inventé")
    )
    for number, person in enumerate(cast.FOUND_BY_NIGHT):
        siblings = {0: [bands[1]], 1: [bands[0]]}.get(number, [])
        phone = first if number % 2 == 0 else second
        seen = fieldwork.Seen(
            person, bands[number], siblings, fieldwork.FIRST_PASS, Urgency.OTHER, more=CALM
        )
        if number < len(cast.FOUND_BY_NIGHT) - 1:
            fieldwork.write_down(phone, seen, minutes=5 + number)
    again = {**CALM, "age_band": "10_14"}
    fieldwork.write_down(
        first,
        fieldwork.Seen(cast.FOUND_BY_NIGHT[3], bands[3], (), fieldwork.FIRST_PASS, more=again),
    )
    fieldwork.send(first, supervisor)
    fieldwork.send(second, supervisor)
    supervisor.post("/arrivals/open", {})
    afraid = {**CALM, "g4": ["one_who_frightens"]}
    last = fieldwork.Seen(
        cast.FOUND_BY_NIGHT[5], bands[5], (), fieldwork.FIRST_PASS, Urgency.DANGER, more=afraid
    )
    fieldwork.write_down(second, last)
    fieldwork.send(second, supervisor)
    sheltered.group(ci, code)


def _published(here: Country, now: datetime) -> None:
    """Ask for a table with the numbers as counted, be refused, and publish what was offered."""
    statistician = here.who(Role.STATISTICIAN)
    yesterday = now.date() - timedelta(days=2)
    asked = {
        "unit": "PERSON",
        "since": f"{yesterday.year}-01-01",
        "until": yesterday.isoformat(),
        "by": ["sex", "age"],
        "base": "5",
    }
    try:
        statistician.post("/data/publish", {**asked, "method": "NONE"}, at="/data/count/")
    except Unexpected as refused:
        if "FIGURES_EXPOSE" not in str(refused):
            raise
    else:
        raise Unexpected("numbers that expose somebody were published")
    statistician.post("/data/publish", {**asked, "method": "WITHHOLD"}, at="/data/count/")


def _interviewed(
    here: Country, typed: Typed, day: Callable[[float], None], real_now: datetime
) -> None:
    """Screen, interview, disagree with the reading, and record what an authority decided."""
    worker, supervisor = here.who(W), here.who(S)
    day(13)
    first = story.screen(here.who(R), cast.HOUSE_GIRL, typed)
    story.decide(supervisor, first, "TRAITE_A_APPROFONDIR", "Elle n’a parlé que cinq minutes.")
    for kind, ago, reasons, remedy in cast.HOUSE_GIRL_FORMAL:
        day(ago)
        step = (kind, "CI_PROSECUTOR", reasons, remedy)
        story.formal(worker, first, step, (real_now - timedelta(days=ago)).date(), typed)
        if kind == "REFUSED":
            told = story.interview(worker, first, cast.HOUSE_GIRL_INTERVIEW, typed)
            story.decide(supervisor, told)
            case = story.open_case(worker, told)
            story.fill_in(worker, case, cast.HOUSE_GIRL, typed)
            story.goes_on(worker, case, cast.HOUSE_GIRL_COURSE, typed)
            until = (real_now - timedelta(days=ago - 6)).date().isoformat()
            risk = {**cast.HOUSE_GIRL_RISK, "valid_until": until}
            story.keep_sheet(worker, case, "RISK_SHEET", risk, typed)
            reached = {**cast.HOUSE_GIRL_REACHED, "valid_until": until}
            story.keep_sheet(worker, case, "SAFE_CONTACT_SHEET", reached, typed)
            story.note(worker, case, *cast.HOUSE_GIRL_NOTE, typed)
            for paper in ("RIGHTS_SHEET", "RISK_SHEET"):
                story.issue_paper(worker, case, paper, "fr")


def _care_together(here: Country, case: str, typed: Typed) -> None:
    """Let every kind of colleague do what is hers, and two supervisors open what is not."""
    worker = here.who(W)
    for team in ("health", "psychology"):
        story.involve(worker, case, team)
    story.write(here.who(Role.HEALTH), case, "health", cast.COCOA_HEALTH, typed)
    story.write(here.who(Role.HEALTH), case, "health_instructions", cast.COCOA_CARE, typed)
    story.write(here.who(Role.PSYCHOLOGIST), case, "therapy", cast.COCOA_THERAPY, typed)
    story.report(worker, case, cast.COCOA_FACTS, typed)
    first, second = [here.by_name[name] for name in cast.TWO_SUPERVISORS[here.node.config.country]]
    story.break_glass(first, second, case, "therapy")
    # No bed was entered for him since: the list says so, every day.
    story.goes_on(worker, case, cast.COCOA_COURSE, typed)
    name, caption = cast.COCOA_PHOTOGRAPH
    story.attach(worker, case, "account", name, caption, typed)
    story.erase(first, second, case_of(here, cast.COCOA_BOY, typed))
    # The same boy at the second unit: nobody learns more than that somebody should call.
    story.know_again(here.by_name[cast.ELSEWHERE[here.node.config.country]], cast.COCOA_BOY, typed)
    story.search(worker, cast.COCOA_BOY.full_name, case)


def _accept(host: Country, referral: str, typed: Typed, from_on: datetime) -> None:
    story.accept(
        host.who(D),
        referral,
        typed,
        worker=host.worker_name,
        phone=host.worker_phone,
        from_on=from_on.date(),
        conditions="Un éducateur de Dianra-Fleuve vient le chercher.",
    )


def main_journey(
    ma: Country, ci: Country, typed: Typed, said: Callable[[str], None]
) -> tuple[str, str]:
    """Play the main journey once: a screening here to an accepted referral over there."""
    person, to = cast.NAFISSATOU, ci.node.config.country
    screening = story.screen(ma.who(R), person, typed)
    said("a first responder screens a person: danger check, twelve questions, a receipt")
    story.decide(ma.who(S), screening)
    said("a supervisor confirms what the rules propose")
    case = story.open_case(ma.who(W), screening)
    story.fill_in(ma.who(W), case, person, typed)
    said("a case is opened under a code; what identifies the person is sealed")
    story.consent(ma.who(W), case, person, to)
    said("consent for this country and this content is recorded")
    referral = story.prepare(ma.who(W), case, to, needs=person.needs, fields=story.ALL_FIELDS)
    said("the referral is prepared and shown field by field")
    story.release(ma.who(D), referral)
    said("the national desk signs and releases the offer, without identity")
    story.open_mail(ci.who(D), referral)
    said("the other desk opens it")
    story.acknowledge(ci.who(D), referral)
    said("a person acknowledges it")
    tomorrow = _real_now().date() + timedelta(days=1)
    story.accept(
        ci.who(D),
        referral,
        typed,
        worker=ci.worker_name,
        phone=ci.worker_phone,
        from_on=tomorrow,
        conditions="Prévenir la veille de l’arrivée.",
    )
    said("a named person accepts, with conditions")
    story.wait_for(ma.who(D), referral, "accepted")
    story.release_dossier(ma.who(D), referral)
    said("the acceptance has arrived; the identity dossier is released")
    story.wait_for(ci.who(D), referral, "dossier_received")
    story.wait_for(ma.who(D), referral, "dossier_received")
    said("both countries tell the same story: accepted, dossier received")
    return case, referral


def _real_now() -> datetime:
    """Return the moment outside the demo: it drives the nodes' clock and does not obey it."""
    return Clock(None, is_demo=False).now()
