"""Signatures: what proves something, what does not, and what is an attack."""

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml import methods
from signxml.signer import XMLSigner

import cap
from cap.errors import SignatureError
from cap.signatures.signing import sign
from cap.signatures.verification import Verdict, VerdictReason, Verification, verify
from tests.cap.signatures.signer import NOW, SENDER, Signer

DS = "{http://www.w3.org/2000/09/xmldsig#}"
ALERT = "{urn:oasis:names:tc:emergency:cap:1.2}"


def test_the_right_pin_may_be_one_of_several(
    signed: bytes, judge: Callable[..., Verification], signer: Signer, stranger: Signer
) -> None:
    pins = {SENDER: [stranger.certificate, signer.certificate]}
    assert judge(signed, pins=pins).certificate == signer.fingerprint


def test_an_unsigned_message_is_just_that(
    message: Callable[..., bytes], judge: Callable[..., Verification]
) -> None:
    assert judge(message()).verdict is Verdict.UNSIGNED


@pytest.mark.parametrize("pins", [{}, {"other@x.example": ["x"]}, {SENDER: []}])
def test_without_a_pin_nobody_can_say(
    signed: bytes, judge: Callable[..., Verification], pins: dict[Any, Any]
) -> None:
    found = judge(signed, pins=pins)
    assert (found.verdict, found.reason, found.alert) == (
        Verdict.UNVERIFIABLE,
        VerdictReason.NO_CERTIFICATE,
        None,
    )


@pytest.mark.parametrize("days", [-200, 200])
def test_a_pin_out_of_force_proves_nothing(
    signed: bytes, judge: Callable[..., Verification], days: Any
) -> None:
    found = judge(signed, at=NOW + timedelta(days=days))
    assert (found.verdict, found.reason) == (Verdict.UNVERIFIABLE, VerdictReason.NOT_IN_FORCE)


def test_a_weak_key_proves_nothing(alert: cap.Alert) -> None:
    weak = Signer(rsa.generate_private_key(65537, 1024))
    data = sign(alert, weak.key, weak.certificate)
    found = verify(data, {SENDER: [weak.certificate]}, NOW)
    assert (found.verdict, found.reason) == (Verdict.UNVERIFIABLE, VerdictReason.NOT_IN_FORCE)


def test_a_pin_that_is_no_certificate_is_the_operator_s_error(
    signed: bytes, judge: Callable[..., Verification]
) -> None:
    with pytest.raises(ValueError, match="PEM"):
        judge(signed, pins={SENDER: [b"not a certificate"]})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Rauch zieht", b"Kein Rauch"),
        (b"<severity>Severe", b"<severity>Minor"),
        (b"053580008008", b"053580000000"),
        (b"<info>", b"<info> "),
    ],
)
def test_any_change_is_an_alarm(
    signed: bytes, judge: Callable[..., Verification], old: bytes, new: bytes
) -> None:
    assert old in signed
    found = judge(signed.replace(old, new))
    assert (found.verdict, found.reason, found.alert) == (Verdict.INVALID, VerdictReason.MISMATCH, None)


def test_a_stranger_s_signature_with_his_own_certificate_inside_is_an_alarm(
    alert: cap.Alert, judge: Callable[..., Verification], stranger: Signer
) -> None:
    found = judge(sign(alert, stranger.key, stranger.certificate))
    assert (found.verdict, found.reason) == (Verdict.INVALID, VerdictReason.MISMATCH)


def test_pins_are_of_one_sender_only(
    alert: cap.Alert, signer: Signer, judge: Callable[..., Verification], message: Callable[..., bytes]
) -> None:
    (other,) = cap.parse(message((SENDER, "stadt@kreis.example"))).alerts
    data = sign(other, signer.key, signer.certificate)
    assert judge(data).reason is VerdictReason.NO_CERTIFICATE


def test_a_comment_in_the_text_changes_nothing_that_is_read(
    signed: bytes, judge: Callable[..., Verification], alert: cap.Alert
) -> None:
    """Comments are not covered by the signature; a reader who stops at one would see half a text."""
    found = judge(signed.replace(b"Rauch zieht nach", b"Rauch zieht<!-- nicht --> nach"))
    assert found.verdict is Verdict.VALID
    assert found.alert == alert


def test_a_re_indented_message_verifies_only_when_stripped_and_says_so(
    alert: cap.Alert, signer: Signer, judge: Callable[..., Verification]
) -> None:
    compact = etree.fromstring(cap.render(alert), etree.XMLParser(remove_blank_text=True))
    data = etree.tostring(
        XMLSigner(
            c14n_algorithm="http://www.w3.org/2006/12/xml-c14n11", signature_algorithm="ecdsa-sha256"
        ).sign(compact, key=signer.key, cert=signer.certificate.decode())
    )
    assert not judge(data).stripped
    root = etree.fromstring(data)
    etree.indent(root.find(f"{ALERT}info"))
    found = judge(etree.tostring(root))
    assert (found.verdict, found.stripped) == (Verdict.VALID, True)
    assert found.alert == alert


def test_a_second_signature_does_not_discard_the_first(
    signed: bytes, judge: Callable[..., Verification], stranger: Signer
) -> None:
    extra = etree.fromstring(signed).find(f"{DS}Signature")
    extra.find(f".//{DS}DigestValue").text = "AAAA"
    for place in ("before", "after"):
        both = etree.fromstring(signed)
        signature = both.find(f"{DS}Signature")
        copy = etree.fromstring(etree.tostring(extra))
        (signature.addprevious if place == "before" else signature.addnext)(copy)
        copy.tail = "\n" if place == "before" else None
        found = judge(etree.tostring(both))
        assert (found.verdict, found.extra) == (Verdict.VALID, 1), place
        assert found.alert.signatures == 0


def test_more_signatures_than_anyone_needs_are_an_alarm(
    signed: bytes, judge: Callable[..., Verification]
) -> None:
    root = etree.fromstring(signed)
    for _ in range(4):
        root.append(etree.fromstring(etree.tostring(root.find(f"{DS}Signature"))))
    assert judge(etree.tostring(root)).reason is VerdictReason.TOO_MANY


def test_sha1_is_unverifiable_not_invalid(signed: bytes, judge: Callable[..., Verification]) -> None:
    data = signed.replace(
        b"http://www.w3.org/2001/04/xmlenc#sha256", b"http://www.w3.org/2000/09/xmldsig#sha1"
    )
    found = judge(data)
    assert (found.verdict, found.reason) == (Verdict.UNVERIFIABLE, VerdictReason.WEAK)


def test_hmac_with_a_public_key_as_secret_is_not_even_tried(
    signed: bytes, judge: Callable[..., Verification]
) -> None:
    hmac = b"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    found = judge(signed.replace(b"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", hmac))
    assert found.reason is VerdictReason.WEAK


# Wrapping: a true signature is carried along, other content is shown to the reader.


def wrapped_in_parameter(root: Any, signature: Any) -> None:
    value = root.find(f".//{ALERT}parameter/{ALERT}value")
    value.append(signature)


def wrapped_in_info(root: Any, signature: Any) -> None:
    root.find(f"{ALERT}info").append(signature)


@pytest.mark.parametrize("place", [wrapped_in_parameter, wrapped_in_info])
def test_a_signature_elsewhere_is_an_alarm(
    signed: bytes, judge: Callable[..., Verification], place: Any
) -> None:
    root = etree.fromstring(signed)
    signature = root.find(f"{DS}Signature")
    place(root, signature)
    found = judge(etree.tostring(root))
    assert (found.verdict, found.reason) == (Verdict.INVALID, VerdictReason.PLACE)


def test_the_signed_alert_inside_of_another_is_an_alarm(
    signed: bytes, judge: Callable[..., Verification], message: Callable[..., bytes]
) -> None:
    inner = signed.decode().partition("?>")[2]
    data = message(("<value>BBK-ISC-001", f"<value>{inner}"), ("Rauch zieht", "Alles gut"))
    assert judge(data).reason is VerdictReason.PLACE


def test_an_envelope_around_the_signed_alert_is_not_a_bare_alert(
    signed: bytes, judge: Callable[..., Verification]
) -> None:
    inner = signed.partition(b"?>")[2]
    with pytest.raises(SignatureError):
        judge(b"<alerts>" + inner + b"</alerts>")


def reshaped(signed: Any, change: Any) -> Any:
    root = etree.fromstring(signed)
    change(root.find(f"{DS}Signature"))
    return etree.tostring(root)


def with_uri(value: Any) -> Any:
    return lambda signature: signature.find(f".//{DS}Reference").set("URI", value)


def without_uri(signature: Any) -> None:
    del signature.find(f".//{DS}Reference").attrib["URI"]


def two_references(signature: Any) -> None:
    reference = signature.find(f".//{DS}Reference")
    reference.addnext(etree.fromstring(etree.tostring(reference)))


def many_references(signature: Any) -> None:
    reference = signature.find(f".//{DS}Reference")
    for _ in range(1_000):
        reference.addnext(etree.fromstring(etree.tostring(reference)))


def with_child(name: Any, parent: Any = None) -> Any:
    def change(signature: Any) -> None:
        target = signature if parent is None else signature.find(f".//{DS}{parent}")
        etree.SubElement(target, f"{DS}{name}")

    return change


def with_transform(algorithm: Any) -> Any:
    def change(signature: Any) -> None:
        etree.SubElement(signature.find(f".//{DS}Transforms"), f"{DS}Transform").set("Algorithm", algorithm)

    return change


def without_transforms(signature: Any) -> None:
    transforms = signature.find(f".//{DS}Transforms")
    transforms.getparent().remove(transforms)


def without_signed_info(signature: Any) -> None:
    signature.remove(signature.find(f"{DS}SignedInfo"))


@pytest.mark.parametrize(
    "change",
    [
        with_uri("#other"),
        with_uri("http://127.0.0.1:9/x"),
        with_uri("file:///etc/passwd"),
        without_uri,
        two_references,
        many_references,
        with_child("Object"),
        with_child("RetrievalMethod", "KeyInfo"),
        with_child("Manifest"),
        with_child("SignedInfo"),
        with_transform("http://www.w3.org/TR/1999/REC-xslt-19991116"),
        with_transform("http://www.w3.org/TR/1999/REC-xpath-19991116"),
        with_transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature"),
        with_transform("http://www.w3.org/2000/09/xmldsig#base64"),
        without_transforms,
        without_signed_info,
    ],
)
def test_signatures_of_another_shape_are_not_even_tried(
    signed: bytes, judge: Callable[..., Verification], change: Any
) -> None:
    found = judge(reshaped(signed, change))
    assert (found.verdict, found.reason, found.alert) == (Verdict.UNVERIFIABLE, VerdictReason.SHAPE, None)


@pytest.mark.parametrize("value", ["", "AAAA", "not base64 !", base64.b64encode(b"\0" * 64).decode()])
def test_damaged_values_prove_nothing(signed: bytes, judge: Callable[..., Verification], value: Any) -> None:
    def damage(signature: Any) -> None:
        signature.find(f"{DS}SignatureValue").text = value

    assert judge(reshaped(signed, damage)).reason is VerdictReason.MISMATCH


def test_a_doctype_is_refused_before_any_signature_is_looked_at(
    signed: bytes, judge: Callable[..., Verification]
) -> None:
    with pytest.raises(cap.DoctypeRefused):
        judge(signed.replace(b"<alert", b"<!DOCTYPE alert><alert", 1))


def test_bytes_that_only_the_guarded_reader_mends_prove_nothing(
    signed: bytes, judge: Callable[..., Verification]
) -> None:
    assert judge(b"\n" + signed).reason is VerdictReason.MISMATCH


def test_a_detached_signature_proves_nothing(
    alert: cap.Alert, signer: Signer, judge: Callable[..., Verification]
) -> None:
    root = etree.fromstring(cap.render(alert))
    root.set("Id", "x")
    detached = XMLSigner(
        method=methods.detached,
        signature_algorithm="ecdsa-sha256",
        c14n_algorithm="http://www.w3.org/2006/12/xml-c14n11",
    )
    root.append(detached.sign(root, key=signer.key, cert=signer.certificate.decode(), reference_uri="#x"))
    assert judge(etree.tostring(root)).reason is VerdictReason.SHAPE


def test_the_six_states_of_one_producer_s_message(corpus: Path) -> None:
    valid = (corpus / "signed/valid.xml").read_bytes()
    body = re.search(rb"<ds:X509Certificate>(.*?)</ds:X509Certificate>", valid, re.DOTALL).group(1).strip()
    pem = b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n"
    at = datetime(2024, 7, 3, tzinfo=UTC)
    pins = {"https://www.meteoburkina.bf/": [pem]}
    verdicts = {path.stem: verify(path.read_bytes(), pins, at) for path in (corpus / "signed").glob("*.xml")}
    assert {name: found.verdict.value for name, found in verdicts.items()} == {
        "valid": "valid",
        "no_signature": "unsigned",
        "invalid_certificate": "invalid",
        "invalid_digest": "invalid",
        "invalid_schema": "invalid",
        "invalid_signature": "invalid",
    }
    assert verdicts["valid"].stripped
    assert verify(valid, pins, datetime(2024, 12, 1, tzinfo=UTC)).reason is VerdictReason.NOT_IN_FORCE


def test_old_signatures_of_the_corpus_are_unverifiable_not_invalid(corpus: Path) -> None:
    pems = [path.read_bytes() for path in (corpus / "google-cap-library").glob("*.pem")]
    for name, at in (
        ("canada_signed.cap", datetime(2013, 1, 25, tzinfo=UTC)),
        ("earthquake_signed.cap", NOW),
    ):
        data = (corpus / "google-cap-library" / name).read_bytes()
        (alert,) = cap.parse(data).alerts
        assert verify(data, {alert.sender: pems}, at).verdict is Verdict.UNVERIFIABLE, name


@pytest.mark.parametrize(
    "c14n",
    [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11#WithComments",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ],
)
def test_every_canonicalisation_of_the_standard_proves(
    alert: cap.Alert, signer: Signer, judge: Callable[..., Verification], c14n: str
) -> None:
    signer_of_others = XMLSigner(c14n_algorithm=c14n, signature_algorithm="ecdsa-sha256")
    root = signer_of_others.sign(
        etree.fromstring(cap.render(alert)), key=signer.key, cert=signer.certificate.decode()
    )
    assert judge(etree.tostring(root)).verdict is Verdict.VALID


def test_a_message_of_many_namespaces_is_not_verified_at_all(
    signed: bytes, judge: Callable[..., Verification]
) -> None:
    """Bringing it into canonical form would take hours: what is in scope is compared with all that is, everywhere."""
    names = " ".join(f'xmlns:n{n}="urn:n{n}"' for n in range(17))
    with pytest.raises(cap.LimitExceeded):
        judge(signed.replace(b"<alert ", f"<alert {names} ".encode(), 1))
