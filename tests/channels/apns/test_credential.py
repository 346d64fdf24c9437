"""A credential is read as an app's maker puts it together, and says of itself nothing that signs."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from channels.apns.credential import TOPICS_MAX, apns_credential
from channels.apns.message import Interruption
from tests.support.apns_credentials import KEY_ID, TEAM, TOPIC, credential_file, credential_of, signing_key
from tests.support.service_accounts import pem_of, private_key


def test_one_is_for_the_app_store_and_time_sensitive_unless_it_says_otherwise() -> None:
    plain = credential_of()
    assert (plain.team, plain.key_id, plain.topics) == (TEAM, KEY_ID, (TOPIC,))
    assert (plain.environment, plain.interruption) == ("production", Interruption.TIME_SENSITIVE)
    other = credential_of("b.c", "a.b", "a.b", environment="sandbox", interruption="critical")
    assert (other.environment, other.interruption, other.topics) == (
        "sandbox",
        Interruption.CRITICAL,
        ("a.b", "b.c"),
    )


def test_it_is_known_by_all_but_its_secret() -> None:
    one = credential_of("b.c", "a.b")
    digest = one.key_name.removeprefix(f"{TEAM}/{KEY_ID}/")
    assert len(digest) == 16
    assert one.name == f"{TEAM}/{KEY_ID}/production/a.b,b.c/time-sensitive/{digest}"
    assert "private" not in repr(one).lower()
    assert one.key.private_numbers() == signing_key().private_numbers()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"team_id": None}, "team_id is missing"),
        ({"team_id": "team456789"}, "ten characters"),
        ({"key_id": "KEY"}, "ten characters"),
        ({"key_id": 7}, "key_id is missing"),
        ({"key": None}, "key is missing"),
        ({"key": "GEHEIM"}, "no private key in PEM"),
        ({"key": pem_of(private_key())}, "no key on P-256"),
        ({"key": pem_of(ec.derive_private_key(7, ec.SECP384R1()))}, "no key on P-256"),
        ({"topics": None}, "topics is a list"),
        ({"topics": []}, "topics is a list"),
        ({"topics": [f"de.a{n}" for n in range(TOPICS_MAX + 1)]}, "topics is a list"),
        ({"topics": ["warn"]}, "no bundle ID"),
        ({"topics": ["de.a/b"]}, "no bundle ID"),
        ({"topics": [7]}, "no bundle ID"),
        ({"environment": "development"}, "environment is production or sandbox"),
        ({"interruption": "active"}, "interruption is time-sensitive or critical"),
        ({"interruption": ["critical"]}, "interruption is time-sensitive or critical"),
        ({"bundle": "de.a"}, "is a JSON object of team_id"),
    ],
)
def test_what_is_none_is_refused_without_a_word_of_it(changes: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        apns_credential(credential_file(**changes))
    assert "GEHEIM" not in str(refused.value)


@pytest.mark.parametrize("plain", [b"GEHEIM", b"[]", b"{}", pem_of(signing_key()).encode(), b"[" * 50_000])
def test_what_is_no_object_is_refused(plain: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON object|is missing"):
        apns_credential(plain)


def test_the_file_of_apple_is_pkcs_8() -> None:
    assert "BEGIN PRIVATE KEY" in json.loads(credential_file())["key"]
    assert isinstance(private_key(), rsa.RSAPrivateKey), "which the other tests refuse"
