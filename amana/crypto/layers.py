"""The outer layer of wrapped keys, whose key can be destroyed (AES-256-CTR, NIST SP 800-38A).

A wrapped key is authenticated by its own inner wrap. The layer around it hides, and no more: when
its key is gone, whatever lies below is noise in every copy that anybody made. Layers of one length
come off in bulk, all of them in one pass of the cipher, so that 50,000 cost no more than a page.
"""

import os
from collections.abc import Sequence

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from amana.crypto.secrets import CannotOpen, Key

NONCE_SIZE = 12
BLOCK = 16


def add_layer(key: Key, inner: bytes) -> bytes:
    """Return a random nonce and the hidden bytes: 12 more than `inner`.

    Nonces are random, so one key hides at most 2**32 boxes.
    """
    nonce = os.urandom(NONCE_SIZE)
    return nonce + _hide(key, nonce, inner)


def remove_layer(key: Key, box: bytes) -> bytes:
    """Return what is below one layer. Under another key that is noise, which the inner wrap sees.

    Raises CannotOpen for bytes too short to be a layer.
    """
    if len(box) <= NONCE_SIZE:
        raise CannotOpen
    return _hide(key, box[:NONCE_SIZE], box[NONCE_SIZE:])


def remove_layers(key: Key, boxes: Sequence[bytes]) -> list[bytes]:
    """Return what is below each layer, in order. Boxes of one length go through together."""
    by_length: dict[int, list[int]] = {}
    for n, box in enumerate(boxes):
        by_length.setdefault(len(box), []).append(n)
    found: list[bytes] = [b""] * len(boxes)
    for length, places in by_length.items():
        if length <= NONCE_SIZE:
            raise CannotOpen
        for n, inner in zip(places, _remove_equal(key, [boxes[n] for n in places]), strict=True):
            found[n] = inner
    return found


def _remove_equal(key: Key, boxes: list[bytes]) -> list[bytes]:
    """Compute every counter block of every box, encrypt them all at once, and subtract."""
    rows = np.frombuffer(b"".join(boxes), np.uint8).reshape(len(boxes), -1)
    size = rows.shape[1] - NONCE_SIZE
    blocks = -(-size // BLOCK)
    counters = np.zeros((len(boxes), blocks, BLOCK), np.uint8)
    counters[:, :, :NONCE_SIZE] = rows[:, None, :NONCE_SIZE]
    numbers = np.arange(blocks, dtype=">u4").view(np.uint8).reshape(blocks, 4)
    counters[:, :, NONCE_SIZE:] = numbers
    # Counter mode is the block cipher over counters; here over those of all boxes at once.
    cipher = Cipher(algorithms.AES(key.reveal()), modes.ECB()).encryptor()  # noqa: S305
    stream = np.frombuffer(cipher.update(counters.tobytes()), np.uint8)
    inner = rows[:, NONCE_SIZE:] ^ stream.reshape(len(boxes), -1)[:, :size]
    whole = inner.tobytes()
    return [whole[at : at + size] for at in range(0, len(whole), size)]


def _hide(key: Key, nonce: bytes, content: bytes) -> bytes:
    cipher = Cipher(algorithms.AES(key.reveal()), modes.CTR(nonce + bytes(BLOCK - NONCE_SIZE)))
    return cipher.encryptor().update(content)
