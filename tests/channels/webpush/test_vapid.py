"""VAPID tokens: verified independently, cached, renewed in time."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from py_vapid.jwt import decode

from channels.webpush.vapid import MAX_CACHED_ORIGINS, VapidSigner, generate_key

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SUBJECT = "mailto:leitstelle@warn.example"
MOZILLA = "https://updates.push.services.mozilla.com"


@pytest.fixture(scope="module")
def pem() -> Any:
    return generate_key()


@pytest.fixture
def signer(pem: Any) -> VapidSigner:
    return VapidSigner(pem, SUBJECT)


def token_of(header: Any) -> Any:
    return header.removeprefix("vapid t=").partition(",")[0]


def claims_of(header: Any) -> Any:
    part = token_of(header).split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_an_independent_implementation_verifies_the_token(signer: VapidSigner) -> None:
    header = signer.authorization(MOZILLA, NOW)
    key = header.partition(", k=")[2]
    assert key == signer.public_key
    expires = int((NOW + timedelta(hours=12)).timestamp())
    assert decode(token_of(header), key) == {"aud": MOZILLA, "exp": expires, "sub": SUBJECT}


def test_one_signature_serves_an_origin_for_six_hours(signer: VapidSigner) -> None:
    first = signer.authorization(MOZILLA, NOW)
    assert signer.authorization(MOZILLA, NOW + timedelta(hours=5, minutes=59)) == first
    renewed = signer.authorization(MOZILLA, NOW + timedelta(hours=6))
    assert claims_of(renewed)["exp"] == claims_of(first)["exp"] + 6 * 3600


def test_a_clock_set_back_gets_a_new_token(signer: VapidSigner) -> None:
    first = signer.authorization(MOZILLA, NOW)
    assert signer.authorization(MOZILLA, NOW - timedelta(minutes=1)) != first


def test_each_origin_has_its_own_audience(signer: VapidSigner) -> None:
    signer.authorization(MOZILLA, NOW)
    assert (
        claims_of(signer.authorization("https://fcm.googleapis.com", NOW))["aud"]
        == "https://fcm.googleapis.com"
    )


def test_many_origins_do_not_grow_the_cache_without_end(signer: VapidSigner) -> None:
    first = signer.authorization(MOZILLA, NOW)
    for number in range(MAX_CACHED_ORIGINS):
        signer.authorization(f"https://push{number}.example", NOW)
    assert signer.authorization(MOZILLA, NOW) != first


@pytest.mark.parametrize("subject", ["https://warn.example/contact", "https://warn.example", SUBJECT])
def test_subjects_that_reach_somebody(pem: Any, subject: Any) -> None:
    assert VapidSigner(pem, subject)


@pytest.mark.parametrize(
    "subject",
    ["", "leitstelle@warn.example", "mailto:leitstelle", "http://warn.example", "https://localhost"],
)
def test_subjects_that_reach_nobody(pem: Any, subject: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        VapidSigner(pem, subject)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()],
    ids=["p384", "ed25519"],
)
def test_keys_of_another_kind(key: Any) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="P-256"):
        VapidSigner(pem, SUBJECT)


def test_what_is_no_key() -> None:
    with pytest.raises(ValueError, match="PEM"):
        VapidSigner(b"nonsense", SUBJECT)
