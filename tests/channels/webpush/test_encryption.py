"""Encryption: known answers and limits."""

import pytest

from channels.webpush.encoder import DirectEncoder, message_key
from channels.webpush.encryption import (
    MAX_PLAINTEXT_BYTES,
    decode_base64url,
    derive,
    padded,
    seal,
)
from tests.channels.webpush.subscription import (
    AS_PRIVATE,
    AUTH,
    MESSAGE,
    PLAINTEXT,
    SALT,
    SUBSCRIPTION,
    UA_PUBLIC,
    private_key,
)


def test_the_rfcs_own_example() -> None:
    public, auth, salt = map(decode_base64url, (UA_PUBLIC, AUTH, SALT))
    made = derive(public, auth, salt, private_key(AS_PRIVATE))
    assert seal(padded(PLAINTEXT), made.head, made.key, made.nonce) == decode_base64url(MESSAGE)


def test_the_longest_payload_fills_one_record() -> None:
    body = DirectEncoder()(b"x" * MAX_PLAINTEXT_BYTES, SUBSCRIPTION)
    assert (len(body), MAX_PLAINTEXT_BYTES) == (4096, 3993)
    with pytest.raises(ValueError, match="one record"):
        padded(b"x" * 3994)


def test_a_message_key_does_not_show_its_secret() -> None:
    made = message_key(SUBSCRIPTION)
    assert "key=" not in repr(made)
    assert "nonce" not in repr(made)


@pytest.mark.parametrize("text", ["-_-_", "+/+/", "-_-_==", "+_-/"])
def test_base64_of_both_alphabets(text: str) -> None:
    assert decode_base64url(text) == b"\xfb\xff\xbf"
