"""What leaves, and what cannot: an offer names nobody."""

from hypothesis import given
from hypothesis import strategies as st

from amana.referrals import dossier

VALUES = st.dictionaries(
    st.sampled_from(
        [k.name for k in dossier.KINDS] + ["narrative", "place", "indicators", "shelter_address"]
    ),
    st.text(min_size=1, max_size=20),
)
IDENTIFYING = {
    "first_name",
    "full_name",
    "known_as",
    "birth",
    "document",
    "safe_contact",
    "family_area",
}


@given(values=VALUES)
def test_an_offer_holds_no_field_that_names_or_finds_the_person(values: dict[str, str]) -> None:
    assert not IDENTIFYING & set(dossier.offered(values))


@given(values=VALUES)
def test_what_has_no_row_in_the_table_cannot_leave(values: dict[str, str]) -> None:
    leaving = {**dossier.offered(values), **dossier.identity(values), **dossier.for_unit(values)}

    assert set(leaving) <= set(dossier.KIND_OF)
    assert "narrative" not in leaving
    assert "place" not in leaving


@given(values=VALUES)
def test_every_field_that_leaves_stands_in_the_preview_once(values: dict[str, str]) -> None:
    unit = dossier.for_unit(values)
    sealed = [{"name": n, "size": len(v.encode()), "author": "Hicham"} for n, v in unit.items()]
    readable = {**dossier.offered(values), **dossier.identity(values)}

    fields = dossier.preview(readable, sealed)

    assert {f.kind.name for f in fields} == set(readable) | set(unit)
    assert len(fields) == len({f.kind.name for f in fields})
    assert all(f.value is None for f in fields if f.kind.name in unit)


@given(values=VALUES)
def test_every_field_that_leaves_is_covered_by_a_group_of_consent(values: dict[str, str]) -> None:
    for part in (dossier.offered(values), dossier.identity(values), dossier.for_unit(values)):
        assert {dossier.KIND_OF[name].group for name in part} <= dossier.groups(values)
