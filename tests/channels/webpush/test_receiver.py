"""A receiver of our own reads what is sealed for it by two encoders, and nothing else."""

import os
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from channels.base import Endpoint
from channels.webpush.encoder import DirectEncoder
from channels.webpush.encryption import MAX_PLAINTEXT_BYTES, decode_base64url, derive, padded, seal
from channels.webpush.receiver import MAX_BODY_BYTES, NotForUs, Receiver

OURS, OTHERS = Receiver(b"s" * 32), Receiver(b"t" * 32)
ENDPOINT = Endpoint(1, "https://warn.example/", OURS.keys)


@pytest.mark.parametrize("said", [b"{}", b"x" * MAX_PLAINTEXT_BYTES, b"ends like a record\x02"])
def test_it_reads_what_our_encoder_has_sealed_for_it(said: bytes) -> None:
    body = DirectEncoder()(said, ENDPOINT)
    assert OURS.open(body) == said
    assert len(body) <= MAX_BODY_BYTES
    with pytest.raises(NotForUs):
        OTHERS.open(body)


def test_it_reads_what_an_independent_implementation_has_sealed() -> None:
    body = http_ece.encrypt(
        b"watermelon",
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=decode_base64url(OURS.keys["p256dh"]),
        auth_secret=decode_base64url(OURS.keys["auth"]),
        version="aes128gcm",
    )
    assert OURS.open(body) == b"watermelon"


def test_its_keys_follow_from_the_secret_and_from_nothing_else() -> None:
    assert Receiver(b"s" * 32).keys == OURS.keys != OTHERS.keys


def _changed(at: int) -> bytes:
    body = bytearray(DirectEncoder()(b"{}", ENDPOINT))
    body[at] ^= 1
    return bytes(body)


def _undelimited() -> bytes:
    p256dh, auth = (decode_base64url(OURS.keys[name]) for name in ("p256dh", "auth"))
    key = derive(p256dh, auth, os.urandom(16))
    return seal(b"{}", key.head, key.key, key.nonce)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"short",
        bytes(86),
        bytes(200),
        _changed(0),
        _changed(20),
        _changed(30),
        _changed(-1),
        _undelimited(),
        padded(b"x") * 3000,
    ],
)
def test_whatever_else_comes_is_not_for_it(body: Any) -> None:
    with pytest.raises(NotForUs):
        OURS.open(body)
