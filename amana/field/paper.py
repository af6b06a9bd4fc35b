"""Wristbands on paper: a code for the phone, the same for the voice, a number. Nothing else.

Whoever finds one on the ground learns of no organisation, no person and no matter.
"""

from collections.abc import Iterable

from amana.look import paper, qr


def wristbands_pdf(bands: Iterable[tuple[int, str]], address: str) -> bytes:
    """Return labels on A4, 24 a page, to be cut out; `address` is where a phone's camera leads."""
    labels = [
        {"number": str(number), "code": code, "qr": qr.svg(band_address(address, code))}
        for number, code in bands
    ]
    return paper.pdf("wristbands.typ", {"labels": labels})


def band_address(address: str, code: str) -> str:
    """Return what a wristband's QR code says; what stands behind # is sent to no server."""
    return f"{address}#band={code}"
