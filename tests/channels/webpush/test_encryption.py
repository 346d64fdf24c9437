"""Encryption: known answers, independent decryption, limits."""

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Endpoint, Permanent
from channels.webpush.encoder import DirectEncoder, message_key
from channels.webpush.encryption import (
    HEAD_BYTES,
    MAX_PLAINTEXT_BYTES,
    decode_base64url,
    derive,
    padded,
    seal,
)
from channels.webpush.pywebpush_encoder import PywebpushEncoder

# RFC 8291 section 5 and appendix A.
PLAINTEXT = b"When I grow up, I want to be a watermelon"
UA_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
UA_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
AS_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
MESSAGE = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private_key(text):
    return ec.derive_private_key(int.from_bytes(decode_base64url(text)), ec.SECP256R1())


UA_KEY = private_key(UA_PRIVATE)
SUBSCRIPTION = Endpoint(1, "https://push.example/token", {"p256dh": UA_PUBLIC, "auth": AUTH})


def decrypt(body):
    return http_ece.decrypt(body, private_key=UA_KEY, auth_secret=decode_base64url(AUTH), version="aes128gcm")


def test_the_rfcs_own_example():
    public, auth, salt = map(decode_base64url, (UA_PUBLIC, AUTH, SALT))
    made = derive(public, auth, salt, private_key(AS_PRIVATE))
    assert seal(padded(PLAINTEXT), made.head, made.key, made.nonce) == decode_base64url(MESSAGE)


@settings(max_examples=25)
@given(st.binary(max_size=MAX_PLAINTEXT_BYTES))
def test_an_independent_implementation_decrypts_it(plaintext):
    assert decrypt(DirectEncoder()(plaintext, SUBSCRIPTION)) == plaintext


def test_what_was_made_ahead_of_time_is_used():
    made = message_key(SUBSCRIPTION)
    asked = []

    def store(record, endpoint):
        asked.append(endpoint.id)
        return seal(record, made.head, made.key, made.nonce)

    body = DirectEncoder(store)(b"flood", SUBSCRIPTION)
    assert body[:HEAD_BYTES] == made.head
    assert (decrypt(body), asked) == (b"flood", [1])


def test_one_encoder_serves_many_payloads():
    encode = DirectEncoder()
    texts = [b"flood", b"", b"flood", bytearray(b"storm")]
    assert [decrypt(encode(bytes(text), SUBSCRIPTION)) for text in texts] == [bytes(text) for text in texts]


def test_what_does_not_fit_changes_nothing():
    encode = DirectEncoder()
    encode(b"flood", SUBSCRIPTION)
    with pytest.raises(ValueError, match="one record"):
        encode(b"x" * (MAX_PLAINTEXT_BYTES + 1), SUBSCRIPTION)
    assert decrypt(encode(b"flood", SUBSCRIPTION)) == b"flood"


def test_every_message_has_its_own_key_pair_and_salt():
    encode = DirectEncoder()
    first, second = encode(b"flood", SUBSCRIPTION), encode(b"flood", SUBSCRIPTION)
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]


def test_the_longest_payload_fills_one_record():
    body = DirectEncoder()(b"x" * MAX_PLAINTEXT_BYTES, SUBSCRIPTION)
    assert (len(body), MAX_PLAINTEXT_BYTES) == (4096, 3993)
    with pytest.raises(ValueError, match="one record"):
        padded(b"x" * 3994)


def test_a_message_key_does_not_show_its_secret():
    made = message_key(SUBSCRIPTION)
    assert "key=" not in repr(made)
    assert "nonce" not in repr(made)


def test_pywebpush_encodes_what_the_same_recipient_reads():
    assert decrypt(PywebpushEncoder()(b"flood", SUBSCRIPTION)) == b"flood"


POINT = decode_base64url(UA_PUBLIC)
OFF_CURVE = POINT[:-1] + bytes([POINT[-1] ^ 1])
COMPRESSED = UA_KEY.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def b64(raw):
    import base64

    return base64.urlsafe_b64encode(raw).decode()


@pytest.mark.parametrize("encode", [DirectEncoder(), PywebpushEncoder()], ids=["direct", "pywebpush"])
@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"auth": AUTH}, "key_missing"),
        ({"p256dh": UA_PUBLIC}, "key_missing"),
        ({"p256dh": UA_PUBLIC, "auth": "kurz"}, "key_invalid"),
        ({"p256dh": UA_PUBLIC, "auth": "ä" * 22}, "key_invalid"),
        ({"p256dh": UA_PUBLIC, "auth": "A"}, "key_invalid"),
        ({"p256dh": UA_PUBLIC + "AAAA", "auth": AUTH}, "key_invalid"),
        ({"p256dh": b64(COMPRESSED), "auth": AUTH}, "key_invalid"),
        ({"p256dh": b64(OFF_CURVE), "auth": AUTH}, "key_invalid"),
        ({"p256dh": b64(bytes(65)), "auth": AUTH}, "key_invalid"),
        ({"p256dh": b64(b"\x04" + bytes(64)), "auth": AUTH}, "key_invalid"),
    ],
)
def test_unusable_keys_are_named_and_not_shown(encode, keys, code):
    with pytest.raises(Permanent) as caught:
        encode(b"flood", Endpoint(1, "https://push.example/token", keys))
    assert caught.value.code == code
    assert not any(value in str(caught.value) for value in keys.values())


@pytest.mark.parametrize("text", ["-_-_", "+/+/", "-_-_==", "+_-/"])
def test_base64_of_both_alphabets(text):
    assert decode_base64url(text) == b"\xfb\xff\xbf"
