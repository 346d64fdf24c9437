"""A key with its certificate, to sign with and to pin."""

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
SENDER = "leitstelle@kreis.example"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Signer:
    """A key with its self-signed certificate, in force for the year around NOW."""

    def __init__(self, key: PrivateKey, days: int = 180) -> None:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "leitstelle")])
        digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(NOW - timedelta(days=180))
            .not_valid_after(NOW + timedelta(days=days))
            .sign(key, digest)
        )
        self.key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.certificate = certificate.public_bytes(Encoding.PEM)
        self.fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
