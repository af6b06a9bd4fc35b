"""Every saved input of every parser of untrusted bytes is read, or refused as it promises."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.targets import TARGETS
from tests.faults.mutants import ROOT

CORPUS = ROOT / "fuzz" / "corpus"


def saved(target: str) -> list[bytes]:
    """Return the saved inputs of a parser, in the order of their names."""
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]


def test_every_parser_has_a_corpus_and_every_corpus_a_parser() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_the_saved_corpus_is_read_or_refused_and_nothing_else_escapes(target: str) -> None:
    for data in saved(target):
        TARGETS[target](data)


@pytest.mark.parametrize("target", sorted(TARGETS))
@given(data=st.data())
def test_saved_inputs_cut_and_spoiled_are_refused_too(target: str, data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from(saved(target))))
    for _ in range(data.draw(st.integers(0, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))

    TARGETS[target](bytes(whole[: data.draw(st.integers(0, len(whole)))]))


def test_what_a_parser_lets_escape_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parser that raises what it does not promise fails here, and in the fuzzer."""

    def careless(data: bytes) -> None:
        {}[data]

    monkeypatch.setitem(TARGETS, "frame", careless)
    with pytest.raises(KeyError):
        TARGETS["frame"](secrets.token_bytes(8))
