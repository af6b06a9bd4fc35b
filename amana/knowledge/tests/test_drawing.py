"""Drawings: they say what their table says, and nothing that is withheld. All is invented."""

import math
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.knowledge.drawing import charts, flows
from amana.knowledge.drawing.facts import (
    BadDrawing,
    Chart,
    Fact,
    Flow,
    FlowMap,
    Place,
    Series,
    table,
)

ROOM = Path(__file__).parents[1]
SVG = "{http://www.w3.org/2000/svg}"
Drawn = Callable[[Chart], str]
CHARTS = (charts.bars, charts.shares, charts.lines)
# What a hostile clerk may call a country; no word of it may leave its text.
HOSTILE = '</text><script>alert("1")</script>&amp;\'"'

each_chart = pytest.mark.parametrize("draw", CHARTS, ids=lambda draw: draw.__name__)


def chart(*series: Series, lang: str = "fr") -> Chart:
    return Chart(
        name="essai",
        lang=lang,
        title="Titre",
        description="Ce que dit le dessin.",
        unit="personnes",
        source="inventé",
        labels="Lieu",
        series=series,
    )


def counted(label: str, value: float, shown: str = "") -> Fact:
    return Fact(label, value, shown or f"{value:.0f}")


def flow_map(*gone: Flow, lang: str = "fr", role: str = "destination") -> FlowMap:
    return FlowMap(
        name="carte",
        lang=lang,
        title="Titre",
        description="Ce que dit la carte.",
        unit="personnes",
        source="inventé",
        heads=("De", "Vers", "Personnes"),
        roles=("Départ", "Passage", "Arrivée"),
        places=(
            Place("Abidjan", -4.0, 5.3, "origin"),
            Place("Agadez", 8.0, 17.0, "transit"),
            Place("Casablanca", -7.6, 33.6, role),
        ),
        flows=gone,
    )


GONE = (Flow("Abidjan", "Agadez", 120, "120"), Flow("Agadez", "Casablanca", None, "retenu", True))

words = st.text("abcé ا١٢٣<>&'\"-", min_size=1, max_size=9).filter(str.strip)


@st.composite
def drawn_charts(draw: st.DrawFn) -> Chart:
    """Return up to four series over up to four labels; each figure is written in its own way."""
    labels = draw(st.lists(words, min_size=1, max_size=4, unique_by=lambda w: w.strip()))
    series = []
    for s in range(draw(st.integers(1, 4))):
        facts = []
        for n, label in enumerate(labels):
            kind = draw(st.sampled_from(("counted", "withheld", "missing")))
            value = draw(st.floats(0, 1e6)) if kind == "counted" else None
            facts.append(Fact(label, value, f"{kind[0]}{s}{n}", kind == "withheld"))
        series.append(Series(draw(words), tuple(facts)))
    return chart(*series, lang=draw(st.sampled_from(("fr", "ar", "en"))))


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own drawing


def texts(svg: str) -> list[str]:
    return ["".join(e.itertext()) for e in parsed(svg).iter(f"{SVG}text")]


def said(svg: str, *, but: tuple[str, ...] = ("Titre", "personnes", "inventé")) -> Counter[str]:
    """Return the words upon a drawing, without those of its frame."""
    return Counter(w for text in texts(svg) if text not in but for w in text.split())


def boxes(svg: str, kind: str) -> list[dict[str, str]]:
    return [
        dict(e.attrib) for e in parsed(svg).iter(f"{SVG}rect") if kind in e.get("class", "").split()
    ]


@each_chart
@given(drawn=drawn_charts())
def test_what_is_drawn_is_in_the_table_and_what_is_in_the_table_is_drawn(
    draw: Drawn, drawn: Chart
) -> None:
    found = said(draw(drawn))

    shown = [cell for row in table(drawn).rows for cell in row[1:]]
    assert {w for w in found if re.fullmatch(r"[cwm][0-9]{2}", w)} == set(shown)
    assert all(found[cell] == 1 for cell in shown)
    assert table(drawn).head == ("Lieu", *(one.name for one in drawn.series))
    in_words = {w for row in table(drawn).rows for cell in row for w in cell.split()}
    names = {w for one in drawn.series for w in one.name.split()}
    assert set(found) <= in_words | names
    assert in_words <= set(found)


@each_chart
@given(drawn=drawn_charts())
def test_what_is_withheld_is_hatched_and_its_box_is_the_same_whatever_lies_beside_it(
    draw: Drawn, drawn: Chart
) -> None:
    svg = draw(drawn)

    hatched = boxes(svg, "drawing-withheld")
    withheld = sum(fact.withheld for one in drawn.series for fact in one.facts)
    # Beside the box in the bar, shares show it once more beside its words.
    assert len(hatched) == withheld * (2 if draw is charts.shares else 1)
    assert {box["fill"] for box in hatched} <= {"url(#essai-withheld)"}
    assert all(box["stroke-dasharray"] for box in hatched)
    sizes = {(box["width"], box["height"]) for box in hatched}
    assert len(sizes) <= (2 if draw is charts.shares else 1)


@each_chart
@given(drawn=drawn_charts())
def test_the_same_facts_give_the_same_drawing(draw: Drawn, drawn: Chart) -> None:
    assert draw(drawn) == draw(drawn)


@each_chart
@given(drawn=drawn_charts())
def test_nothing_reaches_beyond_the_sheet(draw: Drawn, drawn: Chart) -> None:
    svg = parsed(draw(drawn))
    _, _, wide, high = (float(n) for n in svg.attrib["viewBox"].split())

    assert wide == 300
    for box in svg.findall(f"{SVG}rect"):
        assert float(box.attrib["x"]) >= 0
        assert float(box.attrib["x"]) + float(box.attrib["width"]) <= wide + 0.2
        assert float(box.attrib["y"]) + float(box.attrib["height"]) <= high
    for text in svg.findall(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= wide
        assert 0 <= float(text.attrib["y"]) <= high


def every_drawing(label: str = "Lomé", lang: str = "fr") -> list[str]:
    one = chart(
        Series("Femmes", (counted(label, 4), Fact("Dakar", None, "retenu", True))),
        Series("Hommes", (counted(label, 9), Fact("Dakar", None, "inconnu"))),
        lang=lang,
    )
    gone = flow_map(*GONE, lang=lang)
    return [*(draw(one) for draw in CHARTS), flows.flow_map(gone)]


def test_a_hostile_label_stays_a_label() -> None:
    for svg in every_drawing(HOSTILE)[:2]:
        assert "<script" not in svg
        assert "<script>" in "".join(texts(svg)).replace(" ", "")
    place = flow_map(Flow("Abidjan", "Agadez", 1, HOSTILE))
    assert HOSTILE in texts(flows.flow_map(place))


@pytest.mark.parametrize("lang", ["fr", "ar"])
def test_a_drawing_names_itself_to_who_cannot_see_it(lang: str) -> None:
    for svg in every_drawing(lang=lang):
        root = parsed(svg)
        ids = {e.attrib["id"]: e for e in root.iter() if "id" in e.attrib}

        assert root.attrib["role"] == "img"
        assert root.attrib["lang"] == lang
        assert ids[root.attrib["aria-labelledby"]].text == "Titre"
        assert (ids[root.attrib["aria-describedby"]].text or "").startswith("Ce que dit")
        assert root.attrib["direction"] == ("rtl" if lang == "ar" else "ltr")


def test_a_drawing_keeps_the_content_policy_of_the_site() -> None:
    for svg in every_drawing():
        root = parsed(svg)
        for element in root.iter():
            assert element.tag.removeprefix(SVG) not in {"script", "style", "image", "use", "a"}
            assert not {name for name in element.attrib if name.startswith("on")}
            assert not {"style", "href"} & set(element.attrib)
        assert not re.search(r"url\((?!#)", svg)
        names = [e.attrib["id"] for e in root.iter() if "id" in e.attrib]
        assert len(names) == len(set(names))
        assert all(name.startswith(("essai-", "carte-")) for name in names)


def test_letters_are_no_smaller_than_twelve_points_on_the_narrowest_telephone() -> None:
    # A page of 360 leaves 283 to a drawing in a panel, with the larger letters of Arabic.
    for svg in every_drawing():
        root = parsed(svg)
        sizes = [root.attrib["font-size"]] + [
            e.attrib["font-size"] for e in root.iter(f"{SVG}text") if "font-size" in e.attrib
        ]
        assert all(float(size) * 283 / 300 >= 12 for size in sizes)


def test_every_class_has_its_colours_in_the_style_sheet() -> None:
    sheet = (ROOM / "static" / "knowledge" / "drawing.css").read_text(encoding="utf-8")
    tokens = (ROOM.parent / "look" / "static" / "look" / "amana.css").read_text(encoding="utf-8")
    # Plain text has the colour of the drawing, and the window of a map none.
    plain = {"drawing-text", "drawing-value"}
    for svg in every_drawing():
        for element in parsed(svg).iter():
            for name in set(element.get("class", "").split()) - plain:
                assert re.search(rf"\.{name}[ ,:{{]", sheet), name
    for token in re.findall(r"var\((--[a-z-]+)\)", sheet):
        assert f"{token}:" in tokens


def test_arabic_bars_begin_at_the_right() -> None:
    one = Series("س", (counted("أ", 10, "١٠"), counted("ب", 5, "٥")))

    left = boxes(charts.bars(chart(one)), "drawing-solid")
    right = boxes(charts.bars(chart(one, lang="ar")), "drawing-solid")

    assert [box["width"] for box in left] == [box["width"] for box in right]
    assert [float(box["x"]) for box in left] == [2, 2]
    assert [float(box["x"]) + float(box["width"]) for box in right] == [298, 298]


def test_a_map_has_east_on_the_right_in_arabic_too() -> None:
    def at(lang: str) -> list[float]:
        root = parsed(flows.flow_map(flow_map(*GONE, lang=lang)))
        marks = [e for e in root.iter(f"{SVG}circle") if "place" in e.get("class", "")]
        return [float(mark.attrib["cx"]) for mark in marks[:2]]

    assert at("fr") == at("ar")
    assert at("fr")[0] < at("fr")[1]


def test_bars_are_as_long_as_their_figures_and_nothing_is_no_bar() -> None:
    svg = charts.bars(chart(Series("S", (counted("a", 30), counted("b", 10), counted("c", 0)))))

    lengths = [float(box["width"]) for box in boxes(svg, "drawing-solid")]
    assert lengths[0] == pytest.approx(3 * lengths[1], rel=0.01)
    assert len(lengths) == 2
    assert said(svg)["0"] == 1


def test_a_line_is_broken_where_there_is_no_figure() -> None:
    facts = [counted(str(2015 + n), n) for n in range(6)]
    whole = charts.lines(chart(Series("S", tuple(facts))))
    facts[2] = Fact("2017", None, "inconnu")
    broken = charts.lines(chart(Series("S", tuple(facts))))

    def pieces(svg: str) -> int:
        return svg.count('class="drawing-line"')

    assert (pieces(whole), pieces(broken)) == (5, 3)
    assert (whole.count("drawing-point"), broken.count("drawing-point")) == (6, 5)


def test_a_flow_is_as_broad_as_its_figure_and_dashed_without_one() -> None:
    svg = flows.flow_map(
        flow_map(
            Flow("Abidjan", "Agadez", 100, "100"),
            Flow("Agadez", "Casablanca", 50, "50"),
            Flow("Abidjan", "Casablanca", None, "retenu", True),
        )
    )
    paths = [e.attrib for e in parsed(svg).iter(f"{SVG}path")]

    arcs = [p for p in paths if p.get("class") == "drawing-arc"]
    unknown = [p for p in paths if p.get("class") == "drawing-arc-unknown"]
    assert [float(p["stroke-width"]) for p in arcs] == [9, 4.5]
    assert [p["stroke-dasharray"] for p in unknown] == ["4 3"]
    assert sum(p.get("class") == "drawing-head" for p in paths) == 3


@given(
    st.lists(st.tuples(st.floats(-27, 23), st.floats(0, 48)), min_size=2, max_size=9, unique=True)
)
def test_wherever_places_lie_the_map_holds_them_and_all_their_figures(
    points: list[tuple[float, float]],
) -> None:
    places = tuple(Place(f"P{n}", *at, "transit") for n, at in enumerate(points))
    gone = tuple(Flow("P0", f"P{n}", n, f"f{n}") for n in range(1, len(places)))
    drawn = FlowMap(
        "carte", "fr", "T", "D", "u", "s", ("a", "b", "c"), ("d", "e", "f"), places, gone
    )

    svg = flows.flow_map(drawn)

    root = parsed(svg)
    (sea,) = (e for e in root.iter(f"{SVG}rect") if e.get("class") == "drawing-sea")
    top, high = float(sea.attrib["y"]), float(sea.attrib["height"])
    marks = list(root.iter(f"{SVG}circle"))[: len(places)]
    for mark in marks:
        assert 0 <= float(mark.attrib["cx"]) <= 300
        assert top <= float(mark.attrib["cy"]) <= top + high
    assert {f"P{n}" for n in range(len(places))} <= set(texts(svg))
    assert {row[2] for row in table(drawn).rows} <= set(texts(svg))
    assert 0.65 * 300 <= high <= 1.6 * 300


def test_the_coast_is_small_names_its_source_and_knows_no_border() -> None:
    coast = flows.coast()

    assert flows.DATA.stat().st_size <= 12_000
    assert "public domain" in coast.source
    # A ring is closed land; a border between States would be an open line through it.
    assert all(len(ring) % 2 == 0 and len(ring) >= 8 for ring in coast.rings)


@pytest.mark.parametrize(
    ("name", "east", "north", "dry"),
    [
        ("Bouaké", -5.5, 7.5, True),
        ("the Sahara", 2.0, 20.0, True),
        ("Marrakech", -7.0, 32.0, True),
        ("the Atlantic", -20.0, 15.0, False),
        ("the Gulf of Guinea", 0.0, 3.0, False),
        ("the Mediterranean", 5.0, 39.5, False),
        ("Sicily", 14.0, 37.5, True),
        ("Tenerife", -16.5, 28.3, True),
    ],
)
def test_land_is_land_and_sea_is_sea(name: str, east: float, north: float, dry: bool) -> None:
    inside = False
    for ring in flows.coast().rings:
        x, y, points = 0, 0, []
        for n in range(0, len(ring), 2):
            x, y = x + ring[n], y + ring[n + 1]
            points.append((x / 100, y / 100))
        for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True):
            if (ay > north) != (by > north) and east < ax + (north - ay) / (by - ay) * (bx - ax):
                inside = not inside

    assert inside == dry, name


def test_six_charts_and_the_map_are_light() -> None:
    years = tuple(counted(str(2015 + n), 100 + n) for n in range(10))
    places = tuple(counted(f"Pays numéro {n}", n) for n in range(12))
    six = [
        charts.bars(chart(Series("F", places), Series("H", places))),
        charts.bars(chart(Series("F", places))),
        charts.lines(chart(Series("Abidjan", years), Series("Rabat", years))),
        charts.lines(chart(Series("Abidjan", years))),
        charts.shares(chart(Series("2023", places[:4]), Series("2024", places[:4]))),
        charts.shares(chart(Series("2024", places[:4]))),
    ]

    whole = [*six, flows.flow_map(flow_map(*GONE))]

    assert sum(len(svg.encode()) for svg in whole) <= 60_000


def refused(make: Callable[[], object], fault: str) -> None:
    with pytest.raises(BadDrawing, match=fault):
        make()


def test_what_cannot_be_drawn_honestly_is_refused_in_words() -> None:
    refused(lambda: Fact("Lomé", 3, "retenu", withheld=True), "its number must not come here")
    refused(lambda: Fact("Lomé", -1, "-1"), "has no length")
    refused(lambda: Fact("Lomé", math.nan, "?"), "has no length")
    refused(lambda: Fact("Lomé", 1, " "), "a word is missing")
    refused(lambda: Fact("Lo\x00mé", 1, "1"), "a sign that no page can show")
    refused(lambda: Fact("Lo\ud800mé", 1, "1"), "a sign that no page can show")
    refused(chart, "nothing to draw")
    refused(lambda: chart(Series("S", ())), "nothing to draw")
    one = Series("S", (counted("a", 1),))
    refused(lambda: chart(one, one, one, one, one), "cannot be told apart in grey")
    refused(lambda: chart(one, Series("T", (counted("b", 1),))), "other labels than the first")
    five = Series("S", tuple(counted(str(n), 1) for n in range(5)))
    refused(lambda: charts.shares(chart(five)), "cannot be told apart in grey")
    many = Series("S", tuple(counted(f"janvier {n}", 1) for n in range(24)))
    refused(lambda: charts.lines(chart(many)), "do not fit on a telephone")


def test_a_map_that_cannot_be_drawn_is_refused_in_words() -> None:
    refused(flow_map, "nothing to draw")
    refused(lambda: flow_map(Flow("Abidjan", "Lomé", 1, "1")), "does not go from a place")
    refused(lambda: flow_map(Flow("Abidjan", "Abidjan", 1, "1")), "does not go from a place")
    refused(lambda: flow_map(*GONE, role="border"), "has no such role")
    far = flow_map(*GONE)
    far = FlowMap(**{**vars(far), "places": (*far.places, Place("Doha", 51.5, 25.3, "transit"))})
    refused(lambda: flows.flow_map(far), "'Doha' is not on this map; the table can name it")
    twice = (*far.places[:1], *far.places)
    refused(lambda: FlowMap(**{**vars(far), "places": twice}), "two places have one name")
    refused(lambda: FlowMap(**{**vars(far), "name": 'a"b'}), "cannot be the beginning of an id")
