"""What is said of the signature of one file."""

import json

import pytest

from cap.signatures.report import as_json, as_line, verified
from tests.cap.signatures.signer import NOW, Signer


def test_a_valid_signature_names_its_certificate_and_the_time(signed: bytes, signer: Signer) -> None:
    report = verified("a.xml", signed, [signer.certificate], NOW)
    assert report.is_valid
    assert as_line(report) == (
        f"valid        a.xml as of 2026-11-22T12:00:00+00:00: by certificate SHA-256 {signer.fingerprint}"
    )
    assert json.loads(as_json(report))["certificate_sha256"] == signer.fingerprint


def test_any_other_has_a_reason(signed: bytes, signer: Signer, stranger: Signer) -> None:
    said = {
        as_line(verified("a.xml", data, [one.certificate], NOW)).replace(
            " a.xml as of 2026-11-22T12:00:00+00:00", ""
        )
        for data, one in (
            (signed, stranger),
            (signed.replace(b"Severe", b"Minor"), signer),
            (b"<a/>", signer),
        )
    }
    assert said == {
        "invalid     : no pinned certificate of this sender made this signature over this content",
        "unreadable  : The root element is a in no namespace, neither an alert nor a known container.",
    }
    assert not verified("a.xml", b"<a/>", [], NOW).is_valid


def test_a_name_cannot_control_a_terminal(signed: bytes) -> None:
    assert "\x1b" not in as_line(verified("\x1b[2J.xml", signed, [], NOW))


def test_a_certificate_that_is_none_is_the_caller_s_error(signed: bytes) -> None:
    with pytest.raises(ValueError, match="PEM"):
        verified("a.xml", signed, [b"none"], NOW)
