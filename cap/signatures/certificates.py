"""Makes keys to sign alerts with, and the certificates by which others know them."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

RSA_BITS: Final = 3072
"""BSI TR-02102-1 asks for 3000 at least. RSA, as its signatures are always the same for the same content."""
_BEFORE: Final = timedelta(days=1)
"""How long before now a certificate is valid already, for whoever's clock is behind."""
_LONGEST_NAME: Final = 64
"""Characters of a common name (RFC 5280, ub-common-name)."""


def new_key(name: str, now: datetime, life: timedelta) -> tuple[bytes, bytes]:
    """Return a new RSA key and a certificate that it signed itself, both PEM; valid until `now` (aware) plus `life`.

    The certificate is of no authority: who pins it knows where it came from.
    """
    key = rsa.generate_private_key(65537, RSA_BITS)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:_LONGEST_NAME])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, certificate.public_bytes(Encoding.PEM)


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a PEM certificate, as 64 hexadecimal digits. Raises ValueError for what is none."""
    return sha256(x509.load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)).hexdigest()


def ends_at(certificate: bytes) -> datetime:
    """Return until when a PEM certificate is valid (aware). Raises ValueError for what is none."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc
