"""Signs alerts, as their sender or as whoever passes them on."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from cap.errors import CapError, SignatureError
from cap.formats.rendering import render
from cap.model import Alert
from cap.parse.document import parse
from cap.signatures.verification import parser


class AlertSigner:
    """Signs with one key. By an RSA key the same alert always has the same bytes; by another one it has not."""

    def __init__(self, key: bytes, certificate: bytes) -> None:
        """`key` and `certificate`, which goes along with each signature, are PEM. Raises SignatureError for a key that
        is neither RSA nor of an elliptic curve. To read and check an RSA key takes a quarter of a second.
        """
        private = load_pem_private_key(key, None)
        if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise SignatureError(
                "Alerts are signed with RSA or elliptic-curve keys.",
                "Meldungen werden mit RSA- oder elliptischen Schlüsseln unterschrieben.",
            )
        self._key = private
        self._certificate = certificate.decode("ascii")
        is_rsa = isinstance(private, rsa.RSAPrivateKey)
        self._method = SignatureMethod.RSA_SHA256 if is_rsa else SignatureMethod.ECDSA_SHA256

    def sign(self, alert: Alert) -> bytes:
        """Return the alert as CAP 1.2 with an enveloped signature over all of it, by SHA-256.

        Exclusive C14N, which all verifiers have (npm's xml-crypto has no C14N 1.1), and a reference by empty URI, so
        that `<alert>` gets no attribute. What is returned says the same as `alert`, as far as CAP 1.2 can: times have
        whole seconds there. Raises SignatureError for an alert of which that would not be so.
        """
        written = render(alert)
        _require_faithful(alert, written)
        signer = XMLSigner(
            signature_algorithm=self._method,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )
        root = etree.fromstring(written, parser(stripped=False))
        signed = signer.sign(root, key=self._key, cert=self._certificate)
        found: bytes = etree.tostring(signed, encoding="UTF-8", xml_declaration=True)
        return found


def sign(alert: Alert, key: bytes, certificate: bytes) -> bytes:
    """Return one alert as `AlertSigner` signs it. Raises SignatureError as that does."""
    return AlertSigner(key, certificate).sign(alert)


def _require_faithful(alert: Alert, written: bytes) -> None:
    """Raise SignatureError unless what is written reads as this alert: nobody signs what another never said."""
    again: tuple[Alert, ...] = ()
    with suppress(CapError):
        again = parse(written).alerts
    if again != (_as_cap_has_it(alert),):
        raise SignatureError(
            "What would be signed does not say what the message says.",
            "Was unterschrieben würde, sagt nicht, was die Meldung sagt.",
        )


def _as_cap_has_it(alert: Alert) -> Alert:
    """Return the alert with times in whole seconds, as CAP 1.2 has them (§3.3.2)."""
    infos = tuple(
        replace(
            info,
            effective=_whole_seconds(info.effective),
            onset=_whole_seconds(info.onset),
            expires=_whole_seconds(info.expires),
        )
        for info in alert.infos
    )
    references = tuple(replace(one, sent=_whole_seconds(one.sent)) for one in alert.references)
    return replace(alert, sent=_whole_seconds(alert.sent), infos=infos, references=references)


def _whole_seconds(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(microsecond=0)
