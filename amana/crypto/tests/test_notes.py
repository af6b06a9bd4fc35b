"""The formats of C2SP: what others published verifies, what is ours reads back, no more."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amana.crypto import notes
from amana.crypto.notes import BadNote, Checkpoint, Note, Proof, Request
from amana.crypto.secrets import Seed, digest

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "vectors" / "notes"
SEED, OTHER = Seed(b"\x01" * 32), Seed(b"\x02" * 32)
LOG, WITNESS = "amana/CI/1", "amana/MA/1"
AT = 1_795_276_800
CHECKPOINT = Checkpoint(LOG, 5, digest(b"root"))
OURS = notes.signed(SEED, CHECKPOINT, at=AT)
LOG_KEYS = notes.of_kinds(notes.keys_of(SEED, LOG), notes.LOG_KINDS)
WITNESS_KEYS = notes.of_kinds(notes.keys_of(OTHER, WITNESS), notes.WITNESS_KINDS)

hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=63)


def published(name: str) -> Note:
    return notes.read_note((VECTORS / name).read_bytes())


def witnessed() -> Note:
    """Return our checkpoint with the other country's cosignatures under it."""
    return replace(OURS, lines=OURS.lines + notes.cosigned(OTHER, WITNESS, CHECKPOINT, at=AT + 7))


@pytest.mark.parametrize(
    ("name", "vkey", "at"),
    [
        (
            "witnessed-ed25519.txt",
            "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f",
            0,
        ),
        (
            "witnessed-ed25519.txt",
            "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
            1779573024,
        ),
        ("witnessed-mldsa44.txt", (VECTORS / "mldsa44.vkey").read_text().strip(), 1785704691),
    ],
)
def test_what_public_logs_and_witnesses_signed_verifies_here(name: str, vkey: str, at: int) -> None:
    note, key = published(name), notes.read_key(vkey)

    assert str(key) == vkey
    assert bytes(note) == (VECTORS / name).read_bytes()
    assert notes.signed_at(note, [key]) == at
    other = notes.read_checkpoint(note.text)
    with pytest.raises(BadNote):
        notes.signed_at(replace(note, text=replace(other, size=42).text), [key])


def test_a_plain_note_of_the_go_project_is_read_but_is_no_checkpoint() -> None:
    key = notes.read_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    signature = (
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZIn"
        "NIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    note = notes.read_note(f"{text}\n— PeterNeumann {signature}\n".encode())

    assert notes.signed_at(note, [key]) == 0
    with pytest.raises(BadNote):
        notes.read_checkpoint(note.text)


def test_a_checkpoint_bears_both_signatures_of_its_log_and_reads_back() -> None:
    read = notes.read_note(bytes(OURS))

    assert read == OURS
    assert notes.read_checkpoint(read.text) == CHECKPOINT
    assert notes.signed_at(read, LOG_KEYS) == AT
    assert [len(line.signature) for line in read.lines] == [64, 8 + 2420]


def test_a_witness_s_time_is_its_own_and_both_its_signatures_are_asked_for() -> None:
    note = notes.read_note(bytes(witnessed()))

    assert notes.signed_at(note, WITNESS_KEYS) == AT + 7
    assert notes.lines_by(note, WITNESS_KEYS) == note.lines[2:]
    for missing in (2, 3):
        fewer = replace(note, lines=note.lines[:missing] + note.lines[missing + 1 :])
        with pytest.raises(BadNote):
            notes.signed_at(fewer, WITNESS_KEYS)


@pytest.mark.parametrize("place", [0, 1, 2, 3])
@given(data=st.data())
def test_one_bit_of_any_signature_is_enough(place: int, data: st.DataObject) -> None:
    note = witnessed()
    line = note.lines[place]
    spoiled = bytearray(line.signature)
    spoiled[data.draw(st.integers(0, len(spoiled) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    lines = list(note.lines)
    lines[place] = replace(line, signature=bytes(spoiled))

    with pytest.raises(BadNote):
        notes.signed_at(replace(note, lines=tuple(lines)), LOG_KEYS + WITNESS_KEYS)


def test_lines_of_strangers_are_passed_over_even_under_a_known_name() -> None:
    stranger = notes.cosigned(Seed(b"\x03" * 32), WITNESS, CHECKPOINT, at=AT)
    note = replace(witnessed(), lines=stranger + witnessed().lines)

    assert notes.signed_at(note, LOG_KEYS) == AT
    assert notes.signed_at(note, WITNESS_KEYS) == AT + 7
    with pytest.raises(BadNote):
        notes.signed_at(note, [])


def test_a_cosignature_under_one_name_is_none_under_another() -> None:
    """ML-DSA-44 signs the cosigner's name, so two witnesses never pass for each other."""
    moved = [replace(key, name="amana/XX/1") for key in WITNESS_KEYS]
    lines = [
        replace(line, name=key.name, key_id=key.key_id)
        for line, key in zip(witnessed().lines[2:], moved, strict=True)
    ]

    with pytest.raises(BadNote):
        notes.signed_at(Note(OURS.text, tuple(lines)), moved)


@given(old=st.integers(0, 2**63 - 1), proof=hashes)
def test_what_is_asked_of_a_witness_reads_back(old: int, proof: list[bytes]) -> None:
    asked = Request(old, proof, bytes(OURS))

    assert notes.read_request(bytes(asked)) == asked


@given(index=st.integers(0, 2**63 - 1), path=hashes, extra=st.binary(max_size=400))
def test_a_printed_proof_reads_back(index: int, path: list[bytes], extra: bytes) -> None:
    printed = Proof(index, path, bytes(OURS), extra)

    assert notes.read_proof(bytes(printed)) == printed


@pytest.mark.parametrize(
    "text",
    [
        "amana/CI/1\n05\n",
        "amana/CI/1\n-1\n",
        "amana/CI/1\n5\nAA==\n",
        "amana/CI/1\n9223372036854775808\n",
        "\n5\n",
        "two words\n5\n",
        "a+b\n5\n",
    ],
)
def test_a_checkpoint_in_another_spelling_is_none(text: str) -> None:
    whole = text if text.count("\n") == 3 else text + CHECKPOINT.text.split("\n")[2] + "\n"

    with pytest.raises(BadNote):
        notes.read_checkpoint(whole)


def test_lines_that_ml_dsa_does_not_cover_are_refused() -> None:
    with pytest.raises(BadNote):
        notes.read_checkpoint(CHECKPOINT.text + "extension\n")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.replace("—".encode(), b"-"),
        lambda d: d[:-1],
        lambda d: d.replace(b"\n\n", b"\n"),
        lambda d: d.replace(b"\n", b"\r\n"),
        lambda d: d + d[-500:],
        lambda d: d + "— x AAAA\n".encode(),
        lambda d: d + "— x AAAAAAB=\n".encode(),
        lambda d: d + "— amana/CI/1 AAAAAAA=\n".encode() * 40,
        lambda d: d + b"\xff\n",
        lambda d: d + b"x" * notes.LARGEST_NOTE,
        lambda d: d[:0],
    ],
)
def test_what_is_almost_a_note_is_none(spoil: object) -> None:
    with pytest.raises(BadNote):
        notes.read_note(spoil(bytes(OURS)))  # type: ignore[operator]


@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.text(alphabet="— \n+old index extra 0123456789=AB/c2sp.org@v1", max_size=300).map(
            str.encode
        ),
    )
)
def test_whatever_a_stranger_sends_there_is_one_kind_of_refusal(data: bytes) -> None:
    for read in (notes.read_note, notes.read_lines, notes.read_request, notes.read_proof):
        try:
            read(data)
        except BadNote:
            continue
    for say in (notes.read_key, notes.read_checkpoint):
        try:
            say(data.decode(errors="replace"))
        except BadNote:
            continue
    try:
        notes.read_size(data)
    except BadNote:
        return


SHORT = [
    bytes(Proof(3, [digest(b"a")], b"note\n", b"extra")),
    bytes(Request(3, [digest(b"a")], b"note\n")),
]


@given(whole=st.sampled_from(SHORT), data=st.data())
def test_a_proof_or_a_request_cut_or_bent_anywhere_never_crashes(
    whole: bytes, data: st.DataObject
) -> None:
    bent = bytearray(whole)
    bent[data.draw(st.integers(0, len(bent) - 1))] = data.draw(st.integers(0, 255))
    for read in (notes.read_proof, notes.read_request):
        try:
            read(bytes(bent[: data.draw(st.integers(0, len(bent)))]))
        except BadNote:
            continue
