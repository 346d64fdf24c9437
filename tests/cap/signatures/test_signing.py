"""What we sign: it verifies, and it is still CAP."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from lxml import etree

import cap
from cap.errors import SignatureError
from cap.signatures.signing import AlertSigner, sign
from cap.signatures.verification import Verdict, VerdictReason, Verification, verify
from tests.cap.signatures.signer import NOW, SENDER, Signer
from tests.cap.test_corpus import documents


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


def test_an_rsa_key_signs_the_same_always_with_the_same_bytes(alert: cap.Alert) -> None:
    """So that every process of a service publishes the same document."""
    key = Signer(rsa.generate_private_key(65537, 2048))
    signers = [AlertSigner(key.key, key.certificate) for _ in range(2)]
    assert signers[0].sign(alert) == signers[0].sign(alert) == signers[1].sign(alert)


def test_the_alert_gets_no_attribute_and_one_child_more(signed: bytes, alert: cap.Alert) -> None:
    """Parsers that know no signature read it as before."""
    root, bare = etree.fromstring(signed), etree.fromstring(cap.render(alert))
    assert (dict(root.attrib), root.tag) == ({}, bare.tag)
    *children, signature = list(root)
    assert [child.tag for child in children] == [child.tag for child in bare]
    assert signature.tag == "{http://www.w3.org/2000/09/xmldsig#}Signature"
    (reference,) = root.iter("{*}Reference")
    assert reference.get("URI") == ""


def test_times_are_signed_in_whole_seconds_and_nothing_else_is_changed(
    alert: cap.Alert, signer: Signer
) -> None:
    finer = replace(alert, sent=alert.sent and alert.sent.replace(microsecond=250_000))
    (again,) = cap.parse(sign(finer, signer.key, signer.certificate)).alerts
    assert again == alert


@pytest.mark.parametrize("changes", [{"identifier": "two words\x00"}, {"note": " outer "}], ids=str)
def test_what_cannot_be_said_in_cap_is_not_signed(
    alert: cap.Alert, signer: Signer, changes: dict[str, str]
) -> None:
    with pytest.raises(SignatureError, match="does not say"):
        sign(replace(alert, **changes), signer.key, signer.certificate)


def test_all_that_was_ever_received_is_signed_as_it_was_said(corpus: Path) -> None:
    """The round trip: what is signed verifies, and says what came in."""
    key = Signer(rsa.generate_private_key(65537, 2048))
    ours = AlertSigner(key.key, key.certificate)
    signed = 0
    for path in (one for one in sorted(corpus.rglob("*")) if one.is_file()):
        for document in documents(path.read_bytes()):
            for alert in document.alerts if document else ():
                data = ours.sign(alert)
                assert cap.parse(data).alerts == (alert,), path
                found = verify(data, {alert.sender: [key.certificate]}, NOW)
                assert (found.verdict, found.alert) == (Verdict.VALID, alert), path
                signed += 1
    assert signed >= 40
