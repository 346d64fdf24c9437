"""Fingerprints tell whether two machines have the same secret, and nothing else."""

import hashlib
import hmac

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.webpush.vapid import key_name
from dispatcher.access.fingerprints import (
    LONGEST_CERTIFICATE,
    Agreement,
    agreement,
    pepper_fingerprint,
    public_key_digest,
    short,
)
from dispatcher.access.keys import digest

PEPPER = b"pepper of the tests"


def test_a_fingerprint_is_of_one_pepper_and_does_not_hold_it() -> None:
    found = pepper_fingerprint(PEPPER)
    assert found == pepper_fingerprint(PEPPER) != pepper_fingerprint(PEPPER + b"\n")
    assert PEPPER.hex() not in found
    assert found != hashlib.sha256(PEPPER).hexdigest(), "no table of hashes has it"


def test_it_is_not_what_any_key_is_stored_as() -> None:
    """A fingerprint that were a digest would let in whoever can write one."""
    assert pepper_fingerprint(PEPPER) != digest(PEPPER, "").hex()
    assert pepper_fingerprint(PEPPER) != hmac.digest(PEPPER, b"wk_", hashlib.sha256).hex()


@pytest.mark.parametrize(
    ("here", "noted", "expected"),
    [
        ("a", "a", Agreement.SAME),
        ("a", "b", Agreement.DIFFERENT),
        (None, "a", Agreement.MISSING_HERE),
        ("a", None, Agreement.NOT_NOTED),
        (None, None, Agreement.NONE),
    ],
)
def test_a_machine_agrees_with_the_record_or_not(here: str, noted: str, expected: Agreement) -> None:
    assert agreement(here, noted) is expected


def test_people_compare_its_beginning() -> None:
    assert short("0123456789abcdef0123456789") == "0123456789abcdef012345…"
    assert short("B" * 87) == f"{key_name('B' * 87)}…", "of a VAPID key what an export of a subscriber has"


def test_a_certificate_is_known_by_its_public_key() -> None:
    authority = trustme.CA()
    leaf, other = (authority.issue_cert("centre.example") for _ in range(2))
    pem = leaf.cert_chain_pems[0].bytes()
    found = public_key_digest(pem)
    assert found != public_key_digest(other.cert_chain_pems[0].bytes())
    public = x509.load_pem_x509_certificate(pem).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert found == hashlib.sha256(der).digest()
    assert public_key_digest(pem + other.cert_chain_pems[0].bytes()) == found, "the first"
    for content in (b"", b"x", leaf.private_key_pem.bytes(), pem[:-40], b"x" * (LONGEST_CERTIFICATE + 1)):
        assert public_key_digest(content) is None
