"""What we sign: it verifies, and it is still CAP."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from lxml import etree

import cap
from cap.errors import SignatureError
from cap.signatures.signing import sign
from cap.signatures.verification import Verdict, VerdictReason, Verification, verify
from tests.cap.signatures.signer import NOW, SENDER, Signer


def test_what_we_sign_verifies_and_is_valid_cap(
    signed: bytes, judge: Callable[..., Verification], signer: Signer, alert: cap.Alert
) -> None:
    found = judge(signed)
    assert (found.verdict, found.reason, found.stripped, found.extra) == (
        Verdict.VALID,
        VerdictReason.NONE,
        False,
        0,
    )
    assert found.alert == alert
    assert found.certificate == signer.fingerprint
    (read,) = cap.parse(signed).alerts
    assert read.signatures == 1
    assert cap.check(read) == ()


def test_rsa_keys_sign_too(alert: cap.Alert) -> None:
    rsa_signer = Signer(rsa.generate_private_key(65537, 2048))
    data = sign(alert, rsa_signer.key, rsa_signer.certificate)
    assert verify(data, {SENDER: [rsa_signer.certificate]}, NOW).verdict is Verdict.VALID


def test_other_keys_do_not_sign(alert: cap.Alert) -> None:
    odd = Signer(ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(SignatureError):
        sign(alert, odd.key, odd.certificate)


@pytest.mark.parametrize(
    ("key", "method"),
    [
        (rsa.generate_private_key(65537, 2048), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
        (ec.generate_private_key(ec.SECP384R1()), "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
    ],
    ids=["rsa", "ecdsa"],
)
def test_the_algorithms_are_those_that_the_key_allows(
    alert: cap.Alert, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, method: str
) -> None:
    ours = Signer(key)
    root = etree.fromstring(sign(alert, ours.key, ours.certificate))
    names = [
        element.get("Algorithm")
        for name in ("CanonicalizationMethod", "SignatureMethod", "DigestMethod")
        for element in root.iter(f"{{*}}{name}")
    ]
    assert names == [
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        method,
        "http://www.w3.org/2001/04/xmlenc#sha256",
    ]
    (certificate,) = root.iter("{*}X509Certificate")
    assert "".join(certificate.text.split()) in ours.certificate.decode().replace("\n", "")
