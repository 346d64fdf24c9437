"""Signs our own alerts."""

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from cap.errors import SignatureError
from cap.formats.rendering import render
from cap.model import Alert
from cap.signatures.verification import parser


def sign(alert: Alert, key: bytes, certificate: bytes) -> bytes:
    """Returns the alert as CAP 1.2 with an enveloped signature by the PEM `key`, whose PEM `certificate` goes along.

    RSA-SHA256 or ECDSA-SHA256 by the kind of key; exclusive C14N, which all verifiers have (npm's xml-crypto has no
    C14N 1.1). Raises SignatureError for any other key.
    """
    private = load_pem_private_key(key, None)
    if isinstance(private, rsa.RSAPrivateKey):
        method = SignatureMethod.RSA_SHA256
    elif isinstance(private, ec.EllipticCurvePrivateKey):
        method = SignatureMethod.ECDSA_SHA256
    else:
        raise SignatureError(
            "Alerts are signed with RSA or elliptic-curve keys.",
            "Meldungen werden mit RSA- oder elliptischen Schlüsseln unterschrieben.",
        )
    signer = XMLSigner(
        signature_algorithm=method,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    root = etree.fromstring(render(alert), parser(stripped=False))
    signed = signer.sign(root, key=key, cert=certificate.decode("ascii"))
    written: bytes = etree.tostring(signed, encoding="UTF-8", xml_declaration=True)
    return written
