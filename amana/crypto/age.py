"""The age v1 container (C2SP age), with the post-quantum hybrid recipient and no other.

A container that also names a recipient of another type is neither written nor read: the weakest
stanza decides how secret the file is. Whole in memory, or as a stream; no armour.
"""

import base64
import binascii
import hmac
import os
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from amana.crypto import bech32
from amana.crypto.hybrid import ENCAPSULATED_SIZE, PUBLIC_SIZE, unwrap, wrap
from amana.crypto.secrets import CannotOpen, Seed, same

FILE_KEY_SIZE = 16
NONCE_SIZE = 16
TAG_SIZE = 16
CHUNK_SIZE = 64 * 1024
# The two lines of a stanza have 1512 and 44 bytes; sixteen readers are plenty.
LONGEST_LINE = 1600
LONGEST_HEADER = 16 * 1600
INFO = b"age-encryption.org/mlkem768x25519"

# A stanza holds 1120 and 32 bytes, so its base64 has exactly 1494 and 43 characters.
STANZA = rb"-> mlkem768x25519 ([A-Za-z0-9+/]{1494})\n([A-Za-z0-9+/]{43})\n"
HEADER = re.compile(
    rb"(?P<head>age-encryption\.org/v1\n(?:" + STANZA + rb")+---) (?P<mac>[A-Za-z0-9+/]{43})\n"
)


def recipient(public: bytes) -> str:
    """Return a public key as age writes it, to be shown and compared: age1pq1..."""
    return bech32.encode("age1pq", public)


def public_from(recipient: str) -> bytes:
    """Return the public key; raises ValueError for anything not written as `recipient` does."""
    public = bech32.decode("age1pq", recipient)
    if len(public) != PUBLIC_SIZE:
        raise ValueError(f"A recipient holds {PUBLIC_SIZE} bytes, not {len(public)}")
    return public


def identity(seed: Seed) -> str:
    """Return a seed as age writes it: AGE-SECRET-KEY-PQ-1... Who has this text has the seed."""
    return bech32.encode("age-secret-key-pq-", seed.reveal()).upper()


def seed_from(identity: str) -> Seed:
    """Return the seed; raises ValueError for anything not written as `identity` does."""
    # One spelling: lower() below would also take other scripts' capitals, such as the kelvin sign.
    if not identity.isascii() or identity != identity.upper():
        raise ValueError("An identity is written in plain capitals")
    return Seed(bech32.decode("age-secret-key-pq-", identity.lower()))


def encrypt(publics: Sequence[bytes], plaintext: bytes) -> bytes:
    """Return a container that each of these public keys' seeds opens.

    Raises ValueError for no recipient, or for bytes that are no public key.
    """
    if not publics:
        raise ValueError("A container has at least one recipient")
    file_key = os.urandom(FILE_KEY_SIZE)
    nonce = os.urandom(NONCE_SIZE)
    return b"".join(
        [_header(publics, file_key), nonce, *_sealed(_payload_key(file_key, nonce), plaintext)]
    )


def decrypt(seed: Seed, container: bytes) -> bytes:
    """Return the plaintext whole, or raise CannotOpen and return nothing of it."""
    file_key, end = _opened_header(seed, container)
    payload = container[end:]
    nonce, ciphertext = payload[:NONCE_SIZE], payload[NONCE_SIZE:]
    return _opened(_payload_key(file_key, nonce), ciphertext)


class Writer:
    """Encrypts to `sink` whatever is written to it; only `close` makes the container whole.

    Raises ValueError as `encrypt` does.
    """

    def __init__(self, publics: Sequence[bytes], sink: BinaryIO) -> None:
        if not publics:
            raise ValueError("A container has at least one recipient")
        file_key = os.urandom(FILE_KEY_SIZE)
        nonce = os.urandom(NONCE_SIZE)
        sink.write(_header(publics, file_key) + nonce)
        self._key, self._sink = _payload_key(file_key, nonce), sink
        self._held, self._count = bytearray(), 0

    def write(self, data: bytes) -> int:
        """Take some more of the plaintext."""
        self._held += data
        # One chunk is always held back, since the last is sealed as the last.
        while len(self._held) > CHUNK_SIZE:
            self._seal(bytes(self._held[:CHUNK_SIZE]), is_last=False)
            del self._held[:CHUNK_SIZE]
        return len(data)

    def close(self) -> None:
        """Seal the last chunk. The sink stays open."""
        self._seal(bytes(self._held), is_last=True)
        self._held.clear()

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        self._sink.write(self._key.encrypt(_nonce(self._count, is_last=is_last), chunk, None))
        self._count += 1


def decrypt_stream(seed: Seed, source: BinaryIO, sink: BinaryIO) -> None:
    """Write the plaintext to `sink`, or raise CannotOpen.

    Nothing of it may be used before this function has returned: only the end shows it to be whole.
    """
    head = line = b""
    while not line.startswith(b"---"):
        line = source.readline(LONGEST_LINE)
        head += line
        if not line.endswith(b"\n") or len(head) > LONGEST_HEADER:
            raise CannotOpen
    key = _payload_key(_opened_header(seed, head)[0], source.read(NONCE_SIZE))
    ahead, count = source.read(CHUNK_SIZE + TAG_SIZE), 0
    while True:
        chunk, ahead = ahead, source.read(CHUNK_SIZE + TAG_SIZE)
        try:
            opened = key.decrypt(_nonce(count, is_last=not ahead), chunk, None)
        except InvalidTag:
            raise CannotOpen from None
        sink.write(opened)
        count += 1
        if ahead:
            continue
        if count > 1 and not opened:
            raise CannotOpen
        return


def _header(publics: Sequence[bytes], file_key: bytes) -> bytes:
    stanzas = b"".join(_stanza(wrap(public, file_key, INFO)) for public in publics)
    head = b"age-encryption.org/v1\n" + stanzas + b"---"
    return b"%b %b\n" % (head, _base64(_mac(file_key, head)))


def _opened_header(seed: Seed, container: bytes) -> tuple[bytes, int]:
    """Return the file's key and where the header ends."""
    header = HEADER.match(container)
    if header is None:
        raise CannotOpen
    head, mac = header["head"], _from_base64(header["mac"])
    file_key = _file_key(seed, [_wrapped(*found) for found in re.findall(STANZA, head)])
    if not same(mac, _mac(file_key, head)):
        raise CannotOpen
    return file_key, header.end()


def _stanza(wrapped: bytes) -> bytes:
    encapsulated, body = wrapped[:ENCAPSULATED_SIZE], wrapped[ENCAPSULATED_SIZE:]
    return b"-> mlkem768x25519 %b\n%b\n" % (_base64(encapsulated), _base64(body))


def _wrapped(encapsulated: bytes, body: bytes) -> bytes:
    return _from_base64(encapsulated) + _from_base64(body)


def _file_key(seed: Seed, stanzas: list[bytes]) -> bytes:
    for wrapped in stanzas:
        try:
            return unwrap(seed, wrapped, INFO)
        except CannotOpen:  # it may be another reader's
            continue
    raise CannotOpen


def _mac(file_key: bytes, head: bytes) -> bytes:
    return hmac.digest(_hkdf(file_key, b"", b"header"), head, "sha256")


def _payload_key(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))


def _hkdf(file_key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=salt, info=info).derive(file_key)


def _sealed(key: ChaCha20Poly1305, plaintext: bytes) -> Iterator[bytes]:
    for nonce, chunk in _chunks(plaintext, CHUNK_SIZE):
        yield key.encrypt(nonce, chunk, None)


def _opened(key: ChaCha20Poly1305, ciphertext: bytes) -> bytes:
    chunks = _chunks(ciphertext, CHUNK_SIZE + TAG_SIZE)
    try:
        opened = [key.decrypt(nonce, chunk, None) for nonce, chunk in chunks]
    except InvalidTag:
        raise CannotOpen from None
    # Only an empty file may end in an empty chunk; otherwise one plaintext had two containers.
    if len(opened) > 1 and not opened[-1]:
        raise CannotOpen
    return b"".join(opened)


def _chunks(data: bytes, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield each chunk with its STREAM nonce: an 11-byte counter, and 1 on the last chunk only.

    No data is one empty chunk. So a container cut between two chunks has no last one.
    """
    last = max(len(data) - 1, 0) // size
    for i in range(last + 1):
        yield _nonce(i, is_last=i == last), data[i * size : (i + 1) * size]


def _nonce(count: int, *, is_last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([is_last])


def _base64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _from_base64(text: bytes) -> bytes:
    """Decode unpadded base64, and refuse the spellings whose spare last bits are not zero."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise CannotOpen from None
    if _base64(data) != text:
        raise CannotOpen
    return data
