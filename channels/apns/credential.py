"""Read what an app's maker has of Apple for pushes: a signing key (.p8), whose it is, and for which apps."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from channels.apns.message import ENVIRONMENTS, Interruption, is_topic

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

TOPICS_MAX: Final = 20
"""Apps for which one credential sends: they stand in what it is known by."""
_ID: Final = re.compile(r"[A-Z0-9]{10}")
"""[S] https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns: key
and team have IDs of ten characters."""


class _Member(StrEnum):
    TEAM = "team_id"
    KEY_ID = "key_id"
    KEY = "key"
    TOPICS = "topics"
    ENVIRONMENT = "environment"
    INTERRUPTION = "interruption"


@dataclass(frozen=True, slots=True)
class ApnsCredential:
    """Who sends for which apps, and where. `repr` shows nothing that signs."""

    team: str
    key_id: str
    key: EllipticCurvePrivateKey = field(repr=False)
    topics: tuple[str, ...]
    """The bundle IDs of the apps."""
    environment: str
    """Of `message.ENVIRONMENTS`: Apple's keys may be of one alone, and its answers say so late."""
    interruption: Interruption = Interruption.TIME_SENSITIVE
    """The most that Apple has granted these apps."""

    @property
    def key_name(self) -> str:
        """Return which key it is, by what it verifies with too: a wrong file may be put under a key's own number."""
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"{self.team}/{self.key_id}/{hashlib.sha256(public).hexdigest()[:16]}"

    @property
    def name(self) -> str:
        """Return all of it but the secret: what tells it from another."""
        digest = self.key_name.rpartition("/")[2]
        apps = ",".join(self.topics)
        return f"{self.team}/{self.key_id}/{self.environment}/{apps}/{self.interruption}/{digest}"


def apns_credential(plain: bytes) -> ApnsCredential:
    """Read a credential, a JSON object. Raises `ValueError`, whose sentence has nothing of it."""
    try:
        document = json.loads(plain)
    except (ValueError, RecursionError):
        raise ValueError("a credential of apns is a JSON object with the key inside") from None
    if not isinstance(document, dict) or not document.keys() <= set(_Member):
        raise ValueError(f"a credential of apns is a JSON object of {', '.join(_Member)}")
    team, key_id, pem = (_text(document, name) for name in (_Member.TEAM, _Member.KEY_ID, _Member.KEY))
    if not (_ID.fullmatch(team) and _ID.fullmatch(key_id)):
        raise ValueError("team_id and key_id have ten characters of A-Z and 0-9, as Apple gives them")
    environment = document.get(_Member.ENVIRONMENT, ENVIRONMENTS[0])
    if environment not in ENVIRONMENTS:
        raise ValueError(f"environment is {' or '.join(ENVIRONMENTS)}")
    interruption = document.get(_Member.INTERRUPTION, Interruption.TIME_SENSITIVE)
    if interruption not in (Interruption.TIME_SENSITIVE, Interruption.CRITICAL):
        raise ValueError("interruption is time-sensitive or critical, whichever Apple has granted")
    topics = _topics(document.get(_Member.TOPICS))
    return ApnsCredential(team, key_id, _key(pem), topics, environment, Interruption(interruption))


def _text(document: dict[str, Any], name: _Member) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is missing")  # noqa: TRY004 - the file is wrong, not a type
    return value


def _topics(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= TOPICS_MAX:
        raise ValueError(f"topics is a list of 1 to {TOPICS_MAX} bundle IDs")
    if not all(isinstance(one, str) and is_topic(one) for one in value):
        raise ValueError("topics has what is no bundle ID")
    return tuple(sorted(set(value)))


def _key(pem: str) -> EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("key is no private key in PEM, as the file AuthKey_….p8 has it") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("key is no key on P-256")  # noqa: TRY004 - as above
    return key
