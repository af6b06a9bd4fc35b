"""The demo's people: those who work, and those who are helped. Every one of them is invented."""

from dataclasses import dataclass

from amana.access.rules import WITHOUT_ACCOUNT, Role
from amana.node.story import Invented

PASSWORD = "amana-demo-2026"  # noqa: S105 - printed by the demo and worth nothing elsewhere

R, W, S, D, C, A = (
    Role.FIRST_RESPONDER,
    Role.CASE_WORKER,
    Role.SUPERVISOR,
    Role.DESK,
    Role.COORDINATOR,
    Role.ADMINISTRATOR,
)


@dataclass(frozen=True)
class Member:
    """Somebody who works at a demo node. Without `teams` she stands in the first of her role."""

    sign_in_name: str
    name: str
    role: Role
    teams: tuple[str, ...] = ()


# Names stand for roles. Salif has an account and must see nothing of the others' work; Fatou and
# Moussa are another unit, and must not see what the first unit keeps.
STAFF: dict[str, list[Member]] = {
    "CI": [
        Member("awa", "Awa Inventée", R),
        Member("salif", "Salif Inventé", R),
        Member("koffi", "Koffi Inventé", W),
        Member("adjoua", "Adjoua Inventée", S),
        Member("ibrahim", "Ibrahim Inventé", S),
        Member("fatou", "Fatou Inventée", W, ("care-2",)),
        Member("moussa", "Moussa Inventé", S, ("care-2", "glass")),
        Member("mariam", "Mariam Inventée", D),
        Member("serge", "Serge Inventé", C),
        Member("akissi", "Akissi Inventée", Role.HEALTH),
        Member("clarisse", "Clarisse Inventée", Role.PSYCHOLOGIST),
        Member("bernard", "Bernard Inventé", Role.LAWYER),
        Member("rokia", "Rokia Inventée", Role.SHELTER_MANAGER),
        Member("lamine", "Lamine Inventé", Role.INVESTIGATOR),
        Member("estelle", "Estelle Inventée", Role.STATISTICIAN),
        Member("desire", "Désiré Inventé", Role.DATA_PROTECTION),
        Member("paul", "Paul Inventé", A),
        Member("yao", "Yao Inventé", W),
        Member("honorine", "Honorine Inventée", Role.PANEL),
    ],
    "MA": [
        Member("samira", "Samira Inventée", R),
        Member("hicham", "Hicham Inventé", W),
        Member("latifa", "Latifa Inventée", S),
        Member("rachid", "Rachid Inventé", S),
        Member("khadija", "Khadija Inventée", W, ("care-2",)),
        Member("driss", "Driss Inventé", S, ("care-2", "glass")),
        Member("youssef", "Youssef Inventé", D),
        Member("nadia", "Nadia Inventée", C),
        Member("meryem", "Meryem Inventée", Role.HEALTH),
        Member("ghita", "Ghita Inventée", Role.PSYCHOLOGIST),
        Member("tarik", "Tarik Inventé", Role.LAWYER),
        Member("soukaina", "Soukaina Inventée", Role.SHELTER_MANAGER),
        Member("anas", "Anas Inventé", Role.INVESTIGATOR),
        Member("salma", "Salma Inventée", Role.STATISTICIAN),
        Member("hind", "Hind Inventée", Role.DATA_PROTECTION),
        Member("omar", "Omar Inventé", A),
        Member("imane", "Imane Inventée", W),
        Member("zineb", "Zineb Inventée", Role.PANEL),
    ],
}
# Any other country's demo node has one person for each role that works there.
OTHERS = [
    Member(
        role.name.lower().replace("_", "-"), role.name.replace("_", " ").title() + " Invented", role
    )
    for role in Role
    if role not in WITHOUT_ACCOUNT
]


def staff(country: str) -> list[Member]:
    """Return who works at a country's demo node."""
    return STAFF.get(country, OTHERS)


# The person of the main journey: a promise, a debt, a passport taken away.
NAFISSATOU = Invented(
    alias="Zoumana-Fleur",
    full_name="Nafissatou Zoumana Gbagbelé",
    sex="F",
    age_band="18_24",
    minor="no",
    situation="alone",
    language="dyu",
    citizenship="CI",
    place="Derb Kandilia, porte bleue",
    phone="+225 07 98 76 54 32, tante Ouéna, le soir",
    family_area="Tiénigboué, quartier Sokoura-Dji",
    narrative="On lui avait promis une boutique; elle a servi sept mois sans salaire "
    "chez Mme Berrakia.",
    risk_summary="La recruteuse connaît la maison de sa mère à Tiénigboué.",
    wishes="Rentrer, apprendre la couture, ne pas croiser la recruteuse.",
    answers={
        "q01": ["awaited"],
        "q03": ["brought"],
        "q04": ["false_promise"],
        "q05": ["debt"],
        "q06": ["kept"],
        "q07": ["locked_or_escorted"],
        "q08": ["unpaid", "no_rest", "lives_there"],
        "q12": ["safe_place", "go_home"],
    },
    needs=("SHELTER", "DOCUMENTS"),
)

CHILD_TALIBE = Invented(
    alias="Petit-Fodé",
    full_name="Fodé Kassoumba Traoly",
    sex="M",
    age_band="10_14",
    minor="yes",
    situation="separated",
    language="dyu",
    citizenship="CI",
    place="Souk Zemzamia, allée des vanniers",
    phone="+225 05 11 22 33 44, demander Bakarou",
    family_area="Dianra-Fleuve, près du vieux puits",
    narrative="Mendie avec un quota; montre des marques; douze enfants dans une pièce.",
    risk_summary="Le maître a ramené un autre enfant de force l’an dernier.",
    wishes="Revoir sa grand-mère Maïmou.",
    answers={
        "q03": ["brought"],
        "q08": ["begging_quota"],
        "q09": ["by_controller", "visible_fear"],
        "q10": ["many_children"],
        "q12": ["find_family"],
    },
    needs=("SHELTER", "GUARDIAN", "FAMILY_TRACING"),
)

FOOTBALLER = Invented(
    alias="Junior-Ailier",
    full_name="Junior Ahikpa Loukou-Bi",
    sex="M",
    age_band="UNK",
    minor="doubtful",
    situation="separated",
    language="fr",
    citizenship="CI",
    place="Immeuble Nakhlia, quatrième étage",
    phone="+225 01 44 55 66 77, son frère Zié",
    family_area="Gagnoa-Dioulabougou, rue de la scierie",
    narrative="Le club n’existe pas; l’agent garde huit passeports et ferme à clé le soir.",
    risk_summary="L’agent a appelé la famille pour réclamer le prix du visa.",
    wishes="Jouer encore, sans l’agent.",
    answers={
        "d3": ["not_alone"],
        "q03": ["brought"],
        "q04": ["false_promise"],
        "q05": ["debt"],
        "q06": ["kept"],
        "q07": ["locked_or_escorted"],
        "q08": ["unpaid"],
        "q12": ["stay"],
    },
    needs=("SHELTER", "LEGAL"),
)

COCOA_BOY = Invented(
    alias="Issouf-Vélo",
    full_name="Issouf Sawadeba Tenkoura",
    sex="M",
    age_band="10_14",
    minor="yes",
    situation="separated",
    language="mos",
    citizenship="BF",
    place="Campement Yaokro-Béla",
    phone="+226 70 01 02 03, le pasteur",
    family_area="Tenkoura-Yargo",
    narrative="Une machette à la main, aucune école, le planteur paie le grand frère.",
    risk_summary="Le « grand frère » passe chaque mois.",
    wishes="Un vélo, et l’école.",
    answers={
        "q03": ["brought", "paid_for_me"],
        "q08": ["unpaid", "dangerous", "works_no_school"],
        "q10": ["adult_not_parent", "fears_adult"],
    },
    needs=("SHELTER", "SCHOOL"),
)

STRANDED = Invented(
    alias="Capitaine-Lune",
    full_name="Drissa Konéguéla",
    sex="M",
    age_band="25_34",
    minor="no",
    situation="accompanied",
    language="fr",
    citizenship="CI",
    place="Plage de Foum-Assila",
    narrative="A payé un passeur avec l’argent de sa famille et veut repartir.",
    answers={"q03": ["paid_smuggler", "smuggler_left"], "q06": ["mine"], "q07": ["free"]},
)

MASON = Invented(
    alias="Maçon-Juste",
    full_name="Yacouba Balandougou",
    sex="M",
    age_band="35_44",
    minor="no",
    situation="accompanied",
    language="fr",
    citizenship="GN",
    place="Chantier Riviera-Wassa",
    narrative="Deux mois de salaire non payés; il a ses papiers et dort chez lui.",
    answers={
        "q06": ["mine"],
        "q07": ["free"],
        "q08": ["agreed_work", "unpaid"],
        "q12": ["wages_or_papers"],
    },
)

MASSAGE = Invented(
    alias="Prisca-Étoile",
    full_name="Prisca Gnakpa-Séri",
    sex="F",
    age_band="18_24",
    minor="no",
    situation="alone",
    language="fr",
    citizenship="CI",
    place="Hall d’arrivée, banc près de la pharmacie Zouhour",
    phone="+225 07 22 33 44 55, amie Solange-Marie",
    family_area="Daloa-Labia, derrière la mission",
    narrative="Son oncle l’avait placée contre de l’argent; il attend dehors.",
    risk_summary="L’oncle Brou-Kassi a déjà appelé six fois.",
    wishes="Une autre ville.",
    answers={
        "d1": ["watched"],
        "q01": ["awaited"],
        "q03": ["brought", "paid_for_me"],
        "q08": ["sex_money_taken", "sex_no_choice"],
        "q09": ["family_or_oath"],
        "q12": ["safe_place"],
    },
    needs=("SHELTER", "SAFETY"),
)

MOROCCAN_MAID = Invented(
    alias="Rkia-du-Puits",
    full_name="Rkia Aït Ouzguida",
    sex="F",
    age_band="25_34",
    minor="no",
    situation="alone",
    language="ary",
    citizenship="MA",
    place="Villa Akwaba-Nord, portail vert",
    phone="+212 6 61 00 11 22, sa sœur Hafida-Lalla",
    family_area="Douar Tizgui-n-Oumalou",
    narrative="Venue d’Agadir par une agence; son passeport est resté chez l’employeur d’Abidjan.",
    risk_summary="L’employeur menace de la faire arrêter.",
    wishes="Rentrer chez sa sœur.",
    answers={
        "q03": ["brought"],
        "q04": ["false_promise"],
        "q06": ["kept"],
        "q08": ["unpaid", "no_rest"],
        "q09": ["police_threat"],
        "q12": ["go_home"],
    },
    needs=("SHELTER", "RETURN"),
)

# She says no to one question, and takes a part of one yes back.
SEAMSTRESS = Invented(
    alias="Aiguille-d’Or",
    full_name="Maférima Dossongui Kablé",
    sex="F",
    age_band="25_34",
    minor="no",
    situation="alone",
    language="dyu",
    citizenship="CI",
    place="Atelier Bab-Zitoun, deuxième cour",
    phone="+225 05 44 00 77 31, sa tante Mawa-Tata",
    family_area="Kouto-Sanhala",
    narrative="Cousait jour et nuit à Bab-Zitoun pour payer un voyage qui ne finissait pas.",
    risk_summary="La patronne connaît sa rue à Kouto-Sanhala.",
    wishes="Coudre chez elle, à son compte.",
    answers={
        "q03": ["brought"],
        "q04": ["false_promise"],
        "q06": ["kept"],
        "q08": ["unpaid", "no_rest"],
        "q12": ["go_home"],
    },
    needs=("SHELTER", "RETURN"),
)


# What colleagues write about the boy of the cocoa camp, each into a part of her own.
COCOA_HEALTH = {
    "health_notes": "Plaie infectée au mollet gauche, fièvre à Zéguébo.",
    "medication": "",
}
COCOA_CARE = {"text": "Pansement chaque matin, ne pas porter de charges à Zéguébo."}
COCOA_THERAPY = {"therapy_notes": "Rêve chaque nuit du contremaître Tiémoko-Baba; parle peu."}
COCOA_FACTS = {
    "text": "Enfants au travail avec des machettes au campement Yaokro-Béla.",
    "suspects": "Le contremaître Tiémoko-Baba Sanwidi, pick-up sans plaque.",
}
TWO_SUPERVISORS = {"CI": ("adjoua", "ibrahim"), "MA": ("latifa", "rachid")}
ELSEWHERE = {"CI": "fatou", "MA": "khadija"}
COCOA_PHOTOGRAPH = ("issouf-machette-yaokro.jpg", "La machette d’Issouf à Yaokro-Béla")

# An invented girl who was screened in a hurry and interviewed when she was ready.
HOUSE_GIRL = Invented(
    alias="Étoile-Bleue",
    full_name="Massiami Tiorna",
    sex="F",
    age_band="15_17",
    minor="yes",
    situation="separated",
    language="dyu",
    citizenship="CI",
    place="Cour Sarakou, derrière le pressing",
    phone="",
    family_area="Sirana-Koro",
    narrative="Parle peu; regarde la porte.",
    answers={
        "d1": ["none"],
        "d2": ["none"],
        "d3": ["alone"],
        "q03": ["brought"],
        "q08": ["no_rest"],
        "q10": ["adult_not_parent"],
    },
    words={"q08": "je me lève avant le coq et je dors la dernière"},
)
HOUSE_GIRL_INTERVIEW: dict[str, dict[str, str | list[str]]] = {
    "danger": {"d1": "none", "d2": "none", "d3": "alone"},
    "setting": {
        "interpreter": "independent",
        "support_person": "chosen",
        "place_private": "yes",
        "limits_told": "yes",
        "talk_today": "yes",
    },
    "forms": {"forms": "lab_domestic"},
    "dom_sleep": {"dom_sleep": "bad_place"},
    "dom_out": {
        "dom_out": ["locked_in", "no_phone"],
        "dom_out-words": "tantie Kourouma-la-Grande garde la clé dans son pagne",
    },
    "dom_rest": {"dom_rest": "never_rest"},
}
# A decision in haste, contested and put right: what every refusal must leave open.
HOUSE_GIRL_FORMAL = (
    (
        "REFUSED",
        12,
        "Les faits rapportés par Sarakou ne sont pas établis.",
        "Réexamen sur demande écrite, avant trente jours.",
    ),
    ("CONTESTED", 6, "L’entretien du soir de l’orage a apporté des faits nouveaux.", ""),
    ("IDENTIFIED", 2, "", ""),
)


# Six who were found on one farm in one night: what a first pass asks, and no more.
def _found(alias: str, sex: str, age_band: str, language: str, citizenship: str) -> Invented:
    return Invented(
        alias=alias,
        sex=sex,
        age_band=age_band,
        minor="yes",
        situation="separated",
        language=language,
        citizenship=citizenship,
        answers={},
    )


FOUND_BY_NIGHT = (
    _found("Bintou-Pagne", "F", "10_14", "mos", "BF"),
    _found("Bakary-Pagne", "M", "5_9", "mos", "BF"),
    _found("Seydou-Tambour", "M", "10_14", "bm", "ML"),
    _found("Adama-Sifflet", "M", "15_17", "dyu", "CI"),
    _found("Korotoum-Perle", "F", "10_14", "dyu", "CI"),
    _found("Lassina-Cerceau", "M", "10_14", "mos", "BF"),
)

# How their protection goes on: a state of a track or a fact, and why.
COCOA_COURSE = (
    ("PROTECTION:STABILISE", "Il a dormi deux nuits dans la cacaoyère de Blé-Invention."),
    ("NO_DANGER", "Le patron ne sait pas où il est."),
    ("BASIC_NEEDS_MET", "Il a mangé, s’est lavé et a reçu des habits."),
    ("INTERPRETER_FOUND", "Une dame du marché parle sa langue, le mooré."),
    ("RIGHTS_EXPLAINED", "Expliqué deux fois, avec des images."),
)
HOUSE_GIRL_COURSE = (
    ("PROTECTION:STABILISE", "La patronne de Riviera-Fictive la cherche encore."),
    ("NO_DANGER", "Elle est loin de ce quartier depuis mardi."),
    ("BASIC_NEEDS_MET", "Elle dort, elle mange, ses mains sont soignées."),
    ("INTERPRETER_FOUND", "Elle parle français avec la travailleuse."),
    ("RIGHTS_EXPLAINED", "Elle a demandé deux fois si elle doit payer."),
    ("MEDICAL_CHECKED", "Vue par la sage-femme, qui l’a laissée parler."),
    ("GUARDIAN_REQUESTED", "Demandé au juge des tutelles de Tiassalé-Inventé."),
    ("PROTECTION:ASSESS", "Elle veut raconter elle-même, une seule fois."),
    ("TOLD_ONCE", "Raconté en une matinée, avec trois pauses."),
    ("NEEDS_ASSESSED", "L’école d’abord, dit-elle, puis sa petite sœur."),
)
HOUSE_GIRL_RISK: dict[str, str | list[dict[str, str]]] = {
    "risks": [
        {"domain": "OFFENDER", "score": "3", "evidence": "La patronne a envoyé deux hommes."},
        {"domain": "FAMILY", "score": "1", "evidence": "Sa tante Adjo-Fictive la protège."},
    ],
    "level": "HIGH",
    "why": "Deux hommes l’ont demandée au village de Kpouèbo-Inventé.",
    "escape": "Courir chez la voisine aux volets verts, puis appeler.",
    "own_words": "Je ne veux plus voir cette dame.",
}
# How she may be reached, and what whoever comes next should know.
HOUSE_GIRL_REACHED: dict[str, str | list[dict[str, str]]] = {
    "channel": "THROUGH",
    "number": "Par la maîtresse de Kpouèbo-Inventé, après la classe.",
    "phone_owner": "CARER",
    "sender": "La bibliothèque de Kpouèbo-Inventé",
    "code_word": "la pirogue verte",
    "duress_word": "le pagne mouillé",
    "never_contact": [{"who": "La patronne de Riviera-Fictive", "why": "Elle la cherche."}],
}
HOUSE_GIRL_NOTE = ("NIGHT_TEAM", "Laisser la lampe du couloir; elle demande l’heure deux fois.")
