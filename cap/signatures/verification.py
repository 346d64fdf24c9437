"""Verifies enveloped XML signatures on alerts (CAP 1.2 §3.3.4.1) against certificates pinned per sender.

A key that comes with the message proves nothing, so only pinned certificates count. Only what the signature covers
is read of a signed message (`Verification.alert` is parsed from `signed_xml`), never the bytes around it. The
standard forbids rejecting a message merely because it cannot be verified: the verdict tells the cases apart, and the
caller's policy decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration

from cap.errors import SignatureError
from cap.limits import Limits
from cap.model import Alert
from cap.parse.document import parse
from cap.parse.elements import Element, read
from cap.parse.grammar import ALERT_TAGS, DSIG, SIGNATURE
from cap.signatures.canonical import Verifier
from cap.signatures.certificates import fingerprint
from cap.signatures.enveloped import descendants, is_usable, is_weak

_DEFAULT: Final = Limits()
# Canonicalisation compares each namespace in scope with each, at every element: with a thousand of them, which take
# 30 KB, 3 ms an element. Signed messages have 3.
_MOST_NAMESPACES: Final = 16
_MOST_SIGNATURES: Final = 4  # originator and aggregators; each is tried against each pinned certificate
_METHODS: Final = frozenset(
    {
        *(SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512),
        *(SignatureMethod.SHA256_RSA_MGF1, SignatureMethod.SHA384_RSA_MGF1, SignatureMethod.SHA512_RSA_MGF1),
        *(SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512),
    }
)
_DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_SHORTEST_RSA: Final = 2048  # BSI TR-02102-1 asks for 3000; the field still signs with 2048


class Verdict(StrEnum):
    """The result of a verification: `invalid` is a reason for alarm, `unverifiable` is not, for it proves nothing."""

    VALID = "valid"
    INVALID = "invalid"
    UNVERIFIABLE = "unverifiable"
    UNSIGNED = "unsigned"


class VerdictReason(StrEnum):
    """The reason why a verdict is not `valid`."""

    NONE = ""
    UNSIGNED = "the message carries no signature"
    NO_CERTIFICATE = "no certificate is pinned for this sender"
    WEAK = "the signature uses an algorithm that no longer proves anything"
    NOT_IN_FORCE = "no certificate pinned for this sender is in force and strong enough at that time"
    SHAPE = "the signature is not an enveloped signature over the whole alert"
    PLACE = "a signature stands inside of another element, where it can cover anything"
    TOO_MANY = "the message carries too many signatures"
    MISMATCH = "no pinned certificate of this sender made this signature over this content"
    IDENTITY = "the signed content is not the alert around it"


@dataclass(frozen=True, slots=True)
class Verification:
    """`alert` is what the signature covers, only with `valid`; `certificate` the SHA-256 of the pinned one.

    `stripped`: it verified only after blank text between elements was removed, as a re-indented message does.
    `extra`: further signatures that were not needed for the verdict.
    """

    verdict: Verdict
    reason: VerdictReason = VerdictReason.NONE
    alert: Alert | None = None
    certificate: str | None = None
    stripped: bool = False
    extra: int = 0


def verify(
    data: bytes, pins: Mapping[str, Sequence[bytes]], at: datetime, limits: Limits = _DEFAULT
) -> Verification:
    """Judges the signature of one bare alert.

    `pins` gives the PEM certificates per CAP `sender`; `at` is the aware time at which they must be valid, as a
    rule that of reception. Raises `CapError` for a body that is not one bare alert or exceeds a limit,
    ValueError for a pin that is no certificate. Fetches nothing.
    """
    root, _ = read(data, replace(limits, max_namespaces=_MOST_NAMESPACES))
    if root.tag not in ALERT_TAGS:
        raise SignatureError(
            "Only a bare alert can be verified.", "Nur eine einzelne Meldung kann geprüft werden.", root.line
        )
    (outer,) = parse(data, limits).alerts
    signatures = [child for child in root.children if child.tag == SIGNATURE]
    usable = [index for index, signature in enumerate(signatures) if is_usable(signature)]
    certificates = pins.get(outer.sender, ())
    in_force = [certificate for certificate in certificates if _is_in_force(certificate, at)]
    problem = _obstacle(root, signatures, usable, certificates, in_force)
    if problem is not None:
        return problem
    for stripped in (False, True):
        for index in usable:
            found = _attempt(data, index, in_force, at, stripped=stripped)
            if found is not None:
                return _accept(outer, found, limits, stripped=stripped, extra=len(signatures) - 1)
    return Verification(Verdict.INVALID, VerdictReason.MISMATCH)


def _obstacle(  # noqa: PLR0911 - a ladder, one return per rung
    root: Element,
    signatures: list[Element],
    usable: list[int],
    certificates: Sequence[bytes],
    in_force: Sequence[bytes],
) -> Verification | None:
    """Returns the verdict where there is nothing to compute; what is wrong comes before what is merely unknown."""
    everywhere = sum(1 for element in descendants(root) if element.tag == SIGNATURE)
    if everywhere > len(signatures):
        return Verification(Verdict.INVALID, VerdictReason.PLACE)
    if not signatures:
        return Verification(Verdict.UNSIGNED, VerdictReason.UNSIGNED)
    if len(signatures) > _MOST_SIGNATURES:
        return Verification(Verdict.INVALID, VerdictReason.TOO_MANY)
    if not usable:
        weak = any(map(is_weak, signatures))
        return Verification(Verdict.UNVERIFIABLE, VerdictReason.WEAK if weak else VerdictReason.SHAPE)
    if not certificates:
        return Verification(Verdict.UNVERIFIABLE, VerdictReason.NO_CERTIFICATE)
    if not in_force:
        return Verification(Verdict.UNVERIFIABLE, VerdictReason.NOT_IN_FORCE)
    return None


def _accept(
    outer: Alert, found: tuple[bytes, bytes], limits: Limits, *, stripped: bool, extra: int
) -> Verification:
    """Reads what was signed, and nothing else; it must be the message that was submitted."""
    signed, certificate = found
    (alert,) = parse(signed, limits).alerts
    if alert.identity != outer.identity:  # pragma: no cover - two parsers have not yet been seen to disagree
        return Verification(Verdict.INVALID, VerdictReason.IDENTITY)
    return Verification(Verdict.VALID, VerdictReason.NONE, alert, fingerprint(certificate), stripped, extra)


def _attempt(
    data: bytes, index: int, certificates: Sequence[bytes], at: datetime, *, stripped: bool
) -> tuple[bytes, bytes] | None:
    """Returns the signed content and the certificate that proves it, or None.

    Each of several signatures is tried alone: an aggregator's second one was added after the first was made.
    """
    try:
        document = etree.fromstring(data, parser(stripped=stripped))
    except (etree.XMLSyntaxError, ValueError):
        return None
    for other, element in enumerate(document.findall(f"{{{DSIG}}}Signature")):
        if other != index:
            document.remove(element)  # together with the blank behind it, which came with it
    for form in _forms(document):
        for certificate in certificates:
            signed = _verified(form, certificate, at)
            if signed is not None:
                return signed, certificate
    return None


def _forms(document: Any) -> Iterator[Any]:
    """Yields the document and, where processing instructions stand beside its root element, that element alone.

    The first is what the standard signs, the second what many signers do; nothing beside the root is ever read.
    """
    yield document
    if document.getprevious() is not None or document.getnext() is not None:
        yield etree.fromstring(etree.tostring(document), parser(stripped=False))


def parser(*, stripped: bool) -> etree.XMLParser:
    """Returns a parser that fetches nothing and drops comments, as a signature over a whole document does."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_blank_text=stripped,
    )


def _verified(document: Any, certificate: bytes, at: datetime) -> bytes | None:
    try:
        pinned = x509.load_pem_x509_certificate(certificate)
        result: Any = Verifier().verify(document, x509_cert=pinned, expect_config=_configuration(at))
    except Exception:  # noqa: BLE001 - hostile signatures fail in many libraries; each failure means: not proved
        return None
    content: bytes = etree.tostring(result.signed_xml, encoding="UTF-8", xml_declaration=True)
    return content


def _configuration(at: datetime) -> SignatureConfiguration:
    return SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        verification_time=at,
    )


def _is_strong(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= _SHORTEST_RSA
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size >= 256


def _is_in_force(certificate: bytes, at: datetime) -> bool:
    """Whether the certificate is strong and valid at that time.

    Raises ValueError for a pin that is no PEM certificate, which is the operator's mistake and not the sender's.
    """
    pinned = x509.load_pem_x509_certificate(certificate)
    return _is_strong(pinned) and pinned.not_valid_before_utc <= at <= pinned.not_valid_after_utc
