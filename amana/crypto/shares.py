"""Cutting a seed into shares of which a few open it and fewer say nothing (SLIP-0039).

Each share is 33 words, so it can lie on paper in an envelope as well as sealed in a row.
"""

import shamir_mnemonic

from amana.crypto.secrets import CannotOpen, Seed


def split(seed: Seed, *, needed: int, of: int) -> list[str]:
    """Return `of` shares, any `needed` of which give the seed back. 2 <= needed <= of <= 16.

    Raises ValueError outside of that: one share alone must never open.
    """
    if not 2 <= needed <= of <= 16:
        raise ValueError(f"{needed} of {of} is no way to share a seed")
    groups = shamir_mnemonic.generate_mnemonics(
        1, [(needed, of)], seed.reveal(), iteration_exponent=0
    )
    return list(groups[0])


def combine(shares: list[str]) -> Seed:
    """Return the seed; raises CannotOpen for too few shares, foreign ones, or a wrong word."""
    try:
        return Seed(shamir_mnemonic.combine_mnemonics(shares))
    except (shamir_mnemonic.MnemonicError, ValueError):
        raise CannotOpen from None
