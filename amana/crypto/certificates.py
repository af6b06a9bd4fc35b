"""The certificates by which a node and its keeper know each other over a network.

Each side makes its own and signs it itself; each is handed the other's and trusts no third. There
is no authority that could be asked, or made, to vouch for somebody else.
"""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Renewed by hand, since a hand must carry it to the other side. Proposed.
LIFE = timedelta(days=3 * 365)
# The other machine's clock may be this much behind.
BACKDATED = timedelta(days=1)


def make(name: str, now: datetime) -> tuple[bytes, bytes]:
    """Return a fresh certificate and its private key, both as PEM. `name` is what a reader sees.

    ECDSA over P-256, because every TLS library speaks it.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + LIFE)
        # It vouches for itself and for nobody else.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def fingerprint(pem: bytes) -> str:
    """Return what two people compare by voice: SHA-256 in groups of four hexadecimal digits.

    Raises ValueError for what is not exactly one certificate that signed itself.
    """
    certificate = _own_signed(pem)
    print_ = certificate.fingerprint(hashes.SHA256()).hex()
    return " ".join(print_[at : at + 4] for at in range(0, len(print_), 4))


def ends_at(pem: bytes) -> datetime:
    """Return the moment from which a certificate is no longer taken."""
    return _own_signed(pem).not_valid_after_utc


def _own_signed(pem: bytes) -> x509.Certificate:
    found = x509.load_pem_x509_certificates(pem)
    if len(found) != 1:
        raise ValueError("A file holds one certificate")
    try:
        found[0].verify_directly_issued_by(found[0])
    except (InvalidSignature, TypeError, ValueError):
        raise ValueError("A certificate here has signed itself") from None
    return found[0]
