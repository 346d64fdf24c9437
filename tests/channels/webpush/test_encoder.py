"""Encrypting for a subscription: read back by another implementation, and refused for unusable keys."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Endpoint, Permanent
from channels.webpush.encoder import DirectEncoder, message_key, require_keys, subscription_keys
from channels.webpush.encryption import HEAD_BYTES, MAX_PLAINTEXT_BYTES, decode_base64url, seal
from tests.channels.webpush.subscription import AUTH, POINT, SUBSCRIPTION, UNUSABLE, decrypt


@settings(max_examples=25)
@given(st.binary(max_size=MAX_PLAINTEXT_BYTES))
def test_an_independent_implementation_decrypts_it(plaintext: bytes) -> None:
    assert decrypt(DirectEncoder()(plaintext, SUBSCRIPTION)) == plaintext


def test_what_was_made_ahead_of_time_is_used() -> None:
    made = message_key(SUBSCRIPTION)
    asked: list[int] = []

    def store(record: bytes, endpoint: Endpoint) -> bytes:
        asked.append(endpoint.id)
        return seal(record, made.head, made.key, made.nonce)

    body = DirectEncoder(store)(b"flood", SUBSCRIPTION)
    assert body[:HEAD_BYTES] == made.head
    assert (decrypt(body), asked) == (b"flood", [1])


def test_one_encoder_serves_many_payloads() -> None:
    encode = DirectEncoder()
    texts = [b"flood", b"", b"flood", bytearray(b"storm")]
    assert [decrypt(encode(bytes(text), SUBSCRIPTION)) for text in texts] == [bytes(text) for text in texts]


def test_what_does_not_fit_changes_nothing() -> None:
    encode = DirectEncoder()
    encode(b"flood", SUBSCRIPTION)
    with pytest.raises(ValueError, match="one record"):
        encode(b"x" * (MAX_PLAINTEXT_BYTES + 1), SUBSCRIPTION)
    assert decrypt(encode(b"flood", SUBSCRIPTION)) == b"flood"


def test_every_message_has_its_own_key_pair_and_salt() -> None:
    encode = DirectEncoder()
    first, second = encode(b"flood", SUBSCRIPTION), encode(b"flood", SUBSCRIPTION)
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]


@pytest.mark.parametrize(("keys", "code"), UNUSABLE)
def test_unusable_keys_are_named_and_not_shown(keys: dict[str, str], code: str) -> None:
    endpoint = Endpoint(1, "https://push.example/token", keys)
    with pytest.raises(Permanent) as caught:
        DirectEncoder()(b"flood", endpoint)
    assert caught.value.code == code
    with pytest.raises(Permanent, match=code):
        require_keys(endpoint)
    assert not any(value in str(caught.value) for value in keys.values())


def test_a_subscriptions_keys_are_decoded() -> None:
    require_keys(SUBSCRIPTION)
    assert subscription_keys(SUBSCRIPTION) == (POINT, decode_base64url(AUTH))


def test_keys_made_before_are_fresh_each_time() -> None:
    first, second = message_key(SUBSCRIPTION), message_key(SUBSCRIPTION)
    assert (len(first.head), len(first.key), len(first.nonce)) == (HEAD_BYTES, 16, 12)
    assert first.head != second.head
    assert first.key != second.key
