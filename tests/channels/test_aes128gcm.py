"""Encryption: known answers, independent decryption, limits."""

import secrets

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.aes128gcm import MAX_PLAINTEXT_BYTES, Agreement, agree, decode_base64url, seal
from channels.base import Endpoint, Permanent
from channels.push_keys import DirectEncoder, agree_with
from channels.pywebpush_encoder import PywebpushEncoder

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
    agreement = agree(decode_base64url(UA_PUBLIC), decode_base64url(AUTH), private_key(AS_PRIVATE))
    assert seal(PLAINTEXT, agreement, decode_base64url(SALT)) == decode_base64url(MESSAGE)


@settings(max_examples=25)
@given(st.binary(max_size=MAX_PLAINTEXT_BYTES))
def test_an_independent_implementation_decrypts_it(plaintext):
    assert decrypt(DirectEncoder()(plaintext, SUBSCRIPTION)) == plaintext


def test_an_agreement_made_ahead_of_time_is_used():
    ready = agree_with(SUBSCRIPTION)
    asked = []

    def store(endpoint):
        asked.append(endpoint.id)
        return ready

    body = DirectEncoder(ready=store)(b"flood", SUBSCRIPTION)
    assert body[21:86] == ready.public
    assert (decrypt(body), asked) == (b"flood", [1])


def test_with_an_agreement_the_subscriptions_keys_are_not_looked_at():
    ready = agree_with(SUBSCRIPTION)
    encode = DirectEncoder(ready=lambda _endpoint: ready)
    assert decrypt(encode(b"flood", Endpoint(1, "", {}))) == b"flood"


def test_every_message_has_its_own_key_pair_and_salt():
    encode = DirectEncoder()
    first, second = encode(b"flood", SUBSCRIPTION), encode(b"flood", SUBSCRIPTION)
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]


def test_an_agreement_used_twice_still_gives_each_message_its_own_key():
    ready = agree_with(SUBSCRIPTION)
    encode = DirectEncoder(ready=lambda _endpoint: ready)
    first, second = encode(b"flood", SUBSCRIPTION), encode(b"flood", SUBSCRIPTION)
    assert first[86:] != second[86:]


def test_the_salt_comes_from_the_given_source():
    assert DirectEncoder(random=lambda count: b"s" * count)(b"", SUBSCRIPTION)[:16] == b"s" * 16


def test_the_longest_payload_fills_one_record():
    body = DirectEncoder()(b"x" * MAX_PLAINTEXT_BYTES, SUBSCRIPTION)
    assert (len(body), MAX_PLAINTEXT_BYTES) == (4096, 3993)
    with pytest.raises(ValueError, match="one record"):
        seal(b"x" * 3994, Agreement(b"", b"x" * 32), secrets.token_bytes(16))


def test_an_agreement_does_not_show_its_secret():
    assert "material" not in repr(agree_with(SUBSCRIPTION))


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
