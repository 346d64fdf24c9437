"""Compare the secrets that all machines of a service share, without showing them, and the certificates of clients: by
fingerprints, which the record keeps.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LONGEST_CERTIFICATE: Final = 16_384
"""Bytes of a certificate (PEM): those of clients have one to three KB."""
_PURPOSE: Final = b"cap-dispatcher: fingerprint of the pepper"
SHORT_CHARACTERS: Final = 22
"""So much of a fingerprint is compared: as much as names a VAPID key in what was subscribed with it."""


class SecretName(StrEnum):
    """A secret that every machine of a service has alike."""

    PEPPER = "pepper"
    """Under which API keys are hashed."""
    VAPID = "vapid"
    """With which Web Push messages are signed."""
    ADDRESSES = "addresses"
    """The ring of keys that endpoints are sealed with, and found by."""


class Agreement(StrEnum):
    """How a machine's secret stands to the record's fingerprint."""

    SAME = "same"
    DIFFERENT = "different"
    """The machine has another than the one that the record knows."""
    MISSING_HERE = "missing here"
    """The record knows one, and the machine has none."""
    NOT_NOTED = "not noted yet"
    """The machine has one, and the record knows none: it was emptied, or is older than fingerprints."""
    NONE = "none"
    """Nobody has one yet."""


def pepper_fingerprint(pepper: bytes) -> str:
    """Return what the record keeps of the pepper, as hexadecimal digits.

    A hash under the pepper itself is enough: of a pepper that was made here 256 bits would have to be guessed. Of a
    short one of somebody's own it tells no more than a digest of a key tells whoever has that key; and whoever knows
    the pepper still has to guess 256 bits of every key.
    """
    return hmac.digest(pepper, _PURPOSE, hashlib.sha256).hex()


def agreement(here: str | None, noted: str | None) -> Agreement:
    """Compare the fingerprints of a machine's secret and of the record's; None where there is none."""
    if noted is None:
        return Agreement.NONE if here is None else Agreement.NOT_NOTED
    if here is None:
        return Agreement.MISSING_HERE
    return Agreement.SAME if hmac.compare_digest(here, noted) else Agreement.DIFFERENT


def short(fingerprint: str) -> str:
    """Return as much of a fingerprint as people compare."""
    return f"{fingerprint[:SHORT_CHARACTERS]}…"


def public_key_digest(pem: bytes) -> bytes | None:
    """Return the SHA-256 of the public key (SubjectPublicKeyInfo) of a certificate, the first in a PEM; None for what
    is none. A certificate that is renewed with the same key has the same.
    """
    if len(pem) > LONGEST_CERTIFICATE:
        return None
    try:
        public_key = x509.load_pem_x509_certificate(pem).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return hashlib.sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
