"""Bech32 (BIP 173) without its limit of length, as C2SP age writes keys."""

from collections.abc import Iterable

SYMBOLS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
CHECKSUM_SIZE = 6


def encode(prefix: str, data: bytes) -> str:
    """Return prefix, separator, data and checksum, all lowercase."""
    symbols = _regroup(data, 8, 5)
    checksum = _checksum([*_expanded(prefix), *symbols, *[0] * CHECKSUM_SIZE]) ^ 1
    symbols += [checksum >> 5 * (5 - i) & 31 for i in range(CHECKSUM_SIZE)]
    return prefix + "1" + "".join(SYMBOLS[symbol] for symbol in symbols)


def decode(prefix: str, text: str) -> bytes:
    """Return the data of lowercase text with this prefix.

    Raises ValueError that does not repeat the text, since it may be a secret.
    """
    start = prefix + "1"
    symbols = [SYMBOLS.find(letter) for letter in text.removeprefix(start)]
    if not text.startswith(start) or -1 in symbols or len(symbols) < CHECKSUM_SIZE:
        raise ValueError(f"Not written as {start}...")
    if _checksum([*_expanded(prefix), *symbols]) != 1:
        raise ValueError(f"{start}... is misspelt")
    del symbols[-CHECKSUM_SIZE:]
    size, n_spare = divmod(5 * len(symbols), 8)
    data = bytes(_regroup(symbols, 5, 8))
    if n_spare >= 5 or any(data[size:]):
        raise ValueError(f"{start}... has more bits than bytes")
    return data[:size]


def _regroup(numbers: Iterable[int], width: int, into: int) -> list[int]:
    """Cut a run of `width`-bit numbers into `into`-bit ones, filled up with zero bits."""
    bits = "".join(f"{number:0{width}b}" for number in numbers)
    bits += "0" * (-len(bits) % into)
    return [int(bits[i : i + into], 2) for i in range(0, len(bits), into)]


def _expanded(prefix: str) -> list[int]:
    return [*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix)]


def _checksum(symbols: Iterable[int]) -> int:
    remainder = 1
    for symbol in symbols:
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ symbol
        for i, term in enumerate(GENERATOR):
            remainder ^= term if top >> i & 1 else 0
    return remainder
