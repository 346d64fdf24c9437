"""The certificates by which a far side is believed: those that were needed, and no other that it sends along."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dispatcher.doctor.certificates import Certificate
from dispatcher.wiring.doctor.chains import chain_of
from tests.wiring.doctor.test_peers import listening

NOW = datetime.now(UTC).replace(microsecond=0)
SOON, LATER = NOW + timedelta(days=5), NOW + timedelta(days=60)
CALLED = "Zwischenstelle"


def between(root: trustme.CA, ends: datetime) -> trustme.CA:
    """An authority below another one, good for 90 days."""
    above = x509.load_pem_x509_certificate(root.cert_pem.bytes())
    signer = serialization.load_pem_private_key(root.private_key_pem.bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, CALLED)]))
        .issuer_name(above.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=90))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    return trustme.CA.from_pem(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ),
    )


def server_of(leaf: trustme.LeafCert, *sent: trustme.CA, file: Path) -> ssl.SSLContext:
    """A server that shows a certificate, and sends others along."""
    pems = [leaf.private_key_pem, *leaf.cert_chain_pems, *(one.cert_pem for one in sent)]
    file.write_bytes(b"".join(one.bytes() for one in pems))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.fixture
def root() -> trustme.CA:
    return trustme.CA()


async def shown(root: trustme.CA, server: ssl.SSLContext) -> tuple[Certificate, ...]:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    root.configure_trust(client)
    async with listening(server) as (port, _):
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
        try:
            return chain_of(writer)
        finally:
            writer.transport.abort()


async def test_an_authority_between_is_one_of_them(root: trustme.CA, tmp_path: Path) -> None:
    authority = between(root, SOON)
    leaf = authority.issue_cert("127.0.0.1", not_before=NOW - timedelta(days=30), not_after=LATER)
    chain = await shown(root, server_of(leaf, authority, file=tmp_path / "server.pem"))
    assert chain[:2] == (
        Certificate(NOW - timedelta(days=30), LATER),
        Certificate(SOON - timedelta(days=90), SOON, CALLED),
    )
    assert len(chain) == 3  # the authority that is known here, too: what it has signed ends with it
    assert chain[2].authority


async def test_what_is_sent_along_and_not_needed_is_none(root: trustme.CA, tmp_path: Path) -> None:
    leaf = root.issue_cert("127.0.0.1", not_after=LATER)
    chain = await shown(root, server_of(leaf, between(trustme.CA(), SOON), file=tmp_path / "server.pem"))
    assert [one.authority for one in chain if one.authority == CALLED] == []
    assert (len(chain), chain[0].ends_at) == (2, LATER)


async def test_where_there_is_no_tls_there_are_none() -> None:
    async with listening() as (port, _):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        assert chain_of(writer) == ()
        writer.transport.abort()
