"""Keys that we make sign, and their certificates say until when."""

from datetime import timedelta

import pytest
from cryptography import x509

import cap
from cap.signatures.certificates import ends_at, fingerprint, new_key
from cap.signatures.signing import sign
from cap.signatures.verification import Verdict, verify
from tests.cap.signatures.signer import NOW, SENDER, Signer


def test_a_new_key_signs_what_its_certificate_verifies_until_it_ends(
    alert: cap.Alert, stranger: Signer
) -> None:
    key, certificate = new_key("cap-dispatcher", NOW, timedelta(days=30))
    signed = sign(alert, key, certificate)
    end = ends_at(certificate)
    assert end == NOW + timedelta(days=30)
    verdicts = {
        moment: verify(signed, {SENDER: [certificate]}, moment).verdict
        for moment in (NOW - timedelta(hours=23), NOW, end, end + timedelta(seconds=1))
    }
    assert list(verdicts.values()) == [Verdict.VALID] * 3 + [Verdict.UNVERIFIABLE]
    assert verify(signed, {SENDER: [stranger.certificate]}, NOW).verdict is Verdict.INVALID
    found = verify(signed, {SENDER: [certificate]}, NOW)
    assert found.certificate == fingerprint(certificate)
    assert len(fingerprint(certificate)) == 64


def test_each_is_another_and_none_is_an_authority() -> None:
    certificates = [new_key("n" * 90, NOW, timedelta(days=1))[1] for _ in range(2)]
    assert fingerprint(certificates[0]) != fingerprint(certificates[1])
    read = x509.load_pem_x509_certificate(certificates[0])
    assert read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert read.subject.rfc4514_string() == f"CN={'n' * 64}"
    with pytest.raises(ValueError):
        fingerprint(b"no certificate")
