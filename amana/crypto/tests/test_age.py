"""A container opens whole for its readers, and not at all when a byte of it is amiss."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amana.crypto import age, bech32
from amana.crypto.hybrid import public_of
from amana.crypto.secrets import CannotOpen, Seed, new_seed

SEED = Seed(bytes(range(32)))
PUBLIC = public_of(SEED)
STRANGER = public_of(new_seed())


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131072, 200000])
def test_a_container_opens_to_what_was_put_in(size: int) -> None:
    plaintext = bytes(i % 251 for i in range(size))

    assert age.decrypt(SEED, age.encrypt([PUBLIC], plaintext)) == plaintext


@settings(max_examples=20)
@given(st.binary(max_size=300), st.integers(min_value=0, max_value=3))
def test_each_reader_opens_alone_wherever_it_stands(plaintext: bytes, position: int) -> None:
    publics = [STRANGER] * 3
    publics.insert(position, PUBLIC)

    assert age.decrypt(SEED, age.encrypt(publics, plaintext)) == plaintext


def test_nobody_else_opens() -> None:
    with pytest.raises(CannotOpen):
        age.decrypt(SEED, age.encrypt([STRANGER], b"the blue house"))


def test_a_container_needs_a_reader_and_every_reader_a_whole_key() -> None:
    for publics in [[], [PUBLIC[:-1]], [PUBLIC, bytes(32)]]:
        with pytest.raises(ValueError, match=r"at least one recipient|has 1216 bytes"):
            age.encrypt(publics, b"the blue house")


def test_no_changed_byte_of_a_container_for_two_readers_goes_unnoticed() -> None:
    container = age.encrypt([PUBLIC, STRANGER], b"the blue house")

    for i in range(len(container)):
        bad = container[:i] + bytes([container[i] ^ 1 << i % 8]) + container[i + 1 :]
        with pytest.raises(CannotOpen):
            age.decrypt(SEED, bad)


def test_every_cut_and_every_byte_left_out_or_added_is_refused() -> None:
    container = age.encrypt([PUBLIC], b"the blue house")
    cut = [container[:i] for i in range(len(container))]
    left_out = [container[:i] + container[i + 1 :] for i in range(len(container))]

    for bad in [*cut, *left_out, container + b"\0", b"\n" + container]:
        with pytest.raises(CannotOpen):
            age.decrypt(SEED, bad)


def test_a_container_cut_between_two_chunks_is_refused() -> None:
    container = age.encrypt([PUBLIC], bytes(2 * age.CHUNK_SIZE + 1))
    last_chunk = 1 + age.TAG_SIZE

    with pytest.raises(CannotOpen):
        age.decrypt(SEED, container[:-last_chunk])


def test_chunks_that_changed_places_are_refused() -> None:
    container = age.encrypt([PUBLIC], bytes(3 * age.CHUNK_SIZE))
    size = age.CHUNK_SIZE + age.TAG_SIZE
    start = len(container) - 3 * size
    first, second, last = (container[start + i * size :][:size] for i in range(3))

    with pytest.raises(CannotOpen):
        age.decrypt(SEED, container[:start] + second + first + last)


def test_a_stanza_of_another_type_is_refused_even_under_a_true_mac() -> None:
    file_key = bytes(16)
    ours = age._header([PUBLIC], file_key).rpartition(b"---")[0]
    classical = b"-> X25519 %b\n%b\n" % (age._base64(bytes(32)), age._base64(bytes(32)))

    for stanzas in [ours + classical, ours.replace(b"\n", b"\n" + classical, 1)]:
        with pytest.raises(CannotOpen):
            age.decrypt(SEED, container_of(stanzas, file_key))
    assert age.decrypt(SEED, container_of(ours, file_key)) == b"the blue house"


def container_of(stanzas: bytes, file_key: bytes) -> bytes:
    """Finish these stanzas as someone who knows the file key could."""
    head, nonce = stanzas + b"---", bytes(16)
    payload = b"".join(age._sealed(age._payload_key(file_key, nonce), b"the blue house"))
    return head + b" " + age._base64(age._mac(file_key, head)) + b"\n" + nonce + payload


def test_base64_has_one_spelling() -> None:
    mac = bytes(31) + b"\1"
    spelled = base64.b64encode(mac).rstrip(b"=")
    again = spelled[:-1] + b"F"

    assert base64.b64decode(again + b"=") == mac
    assert age._from_base64(spelled) == mac
    for bad in [again, spelled + b"=", spelled + b"\n", spelled[:-2]]:
        with pytest.raises(CannotOpen):
            age._from_base64(bad)


def test_keys_are_written_and_read_back() -> None:
    assert age.recipient(PUBLIC).startswith("age1pq1")
    assert age.public_from(age.recipient(PUBLIC)) == PUBLIC
    assert age.identity(SEED).startswith("AGE-SECRET-KEY-PQ-1")
    assert age.seed_from(age.identity(SEED)) == SEED


def test_every_misspelt_letter_of_an_identity_is_noticed_and_not_repeated() -> None:
    written = age.identity(SEED)

    for i, letter in enumerate(written):
        misspelt = written[:i] + ("P" if letter != "P" else "Q") + written[i + 1 :]
        with pytest.raises(ValueError, match=r"\w") as refusal:
            age.seed_from(misspelt)
        assert misspelt[-20:] not in str(refusal.value).upper()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        age.identity(SEED).lower(),
        age.identity(SEED) + "Q",
        age.identity(SEED).replace("K", "\u212a"),
        bech32.encode("age-secret-key-pq-", bytes(31)).upper(),
        bech32.encode("age-secret-key-", bytes(32)).upper(),
        age.recipient(PUBLIC),
    ],
    ids=["nothing", "one", "lowercase", "longer", "kelvin", "31 bytes", "classical", "recipient"],
)
def test_what_is_no_identity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        age.seed_from(text)


@pytest.mark.parametrize(
    "text",
    [
        age.recipient(PUBLIC).upper(),
        age.recipient(PUBLIC)[:-1],
        age.recipient(PUBLIC[:-1]),
        bech32.encode("age", bytes(32)),
        age.identity(SEED),
    ],
    ids=["uppercase", "cut", "1215 bytes", "classical", "identity"],
)
def test_what_is_no_recipient_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        age.public_from(text)


@given(st.binary(max_size=60))
def test_bech32_writes_any_bytes_and_reads_them_back(data: bytes) -> None:
    assert bech32.decode("age1pq", bech32.encode("age1pq", data)) == data


@pytest.mark.parametrize("text", ["a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"])
def test_bech32_agrees_with_the_valid_strings_of_its_specification(text: str) -> None:
    prefix, _, _ = text.rpartition("1")

    assert bech32.encode(prefix, bech32.decode(prefix, text)) == text


@pytest.mark.parametrize("spare", ["qp", "q"], ids=["a bit set", "a symbol too many"])
def test_bech32_refuses_bits_that_belong_to_no_byte(spare: str) -> None:
    symbols = [0] * 2 + [bech32.SYMBOLS.index(letter) for letter in spare]
    checksum = bech32._checksum([*bech32._expanded("a"), *symbols, *[0] * 6]) ^ 1
    symbols += [checksum >> 5 * (5 - i) & 31 for i in range(6)]
    text = "a1" + "".join(bech32.SYMBOLS[symbol] for symbol in symbols)

    with pytest.raises(ValueError, match="more bits than bytes"):
        bech32.decode("a", text)
