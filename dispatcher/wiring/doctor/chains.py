"""Read the certificates of which a connection's far side has shown that they lead to an authority that is known."""

from __future__ import annotations

import _ssl
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from dispatcher.doctor.certificates import Certificate

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator


def chain_of(writer: asyncio.StreamWriter) -> tuple[Certificate, ...]:
    """Return the certificates that the far side is believed by, its own first, the known authority's last; none where
    there is no TLS.
    """
    tls: Any = writer.get_extra_info("ssl_object")
    return () if tls is None else tuple(_read(tls))


def _read(tls: Any) -> Iterator[Certificate]:
    for number, encoded in enumerate(_encoded(tls)):
        try:
            found = x509.load_der_x509_certificate(encoded)
            name = _name(found.subject) if number else ""
        except ValueError:  # OpenSSL forgives more than this reader does
            continue
        yield Certificate(found.not_valid_before_utc, found.not_valid_after_utc, name)


def _encoded(tls: Any) -> list[bytes]:
    # SSLObject has this from Python 3.13 on, and what lies below it from 3.10 on.
    if hasattr(tls, "get_verified_chain"):
        return list(tls.get_verified_chain())
    return [one.public_bytes(_ssl.ENCODING_DER) for one in tls._sslobj.get_verified_chain()]  # noqa: SLF001 - see above


def _name(subject: x509.Name) -> str:
    called = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(called[0].value) if called else subject.rfc4514_string()
