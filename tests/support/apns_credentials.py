"""Credentials of APNs as an app's maker puts them together, with keys of our own."""

import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from channels.apns.credential import ApnsCredential, apns_credential
from tests.support.service_accounts import pem_of

TOPIC = "de.dueren.warn"
TEAM, KEY_ID = "TEAM456789", "KEY4567890"
DEVICE = "a1" * 32


@cache
def signing_key(number: int = 1) -> ec.EllipticCurvePrivateKey:
    """A key on P-256, another for each number."""
    return ec.derive_private_key(number + 7, ec.SECP256R1())


def credential_file(*topics: str, **other: Any) -> bytes:
    """A credential; members of `other` take the place of those it has, None leaves one out."""
    members = {
        "team_id": TEAM,
        "key_id": KEY_ID,
        "key": pem_of(signing_key()),
        "topics": list(topics or (TOPIC,)),
        **other,
    }
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


def credential_of(*topics: str, **other: Any) -> ApnsCredential:
    return apns_credential(credential_file(*topics, **other))
