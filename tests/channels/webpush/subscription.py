"""A subscription whose private key is known, the RFC's own: what is encrypted for it can be read here."""

from base64 import urlsafe_b64encode

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.base import Endpoint
from channels.webpush.encryption import decode_base64url

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


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The key whose secret number is written in Base64."""
    return ec.derive_private_key(int.from_bytes(decode_base64url(text)), ec.SECP256R1())


UA_KEY = private_key(UA_PRIVATE)
SUBSCRIPTION = Endpoint(1, "https://push.example/token", {"p256dh": UA_PUBLIC, "auth": AUTH})


def decrypt(body: bytes) -> bytes:
    """What an independent implementation reads in an encrypted body."""
    plain: bytes = http_ece.decrypt(
        body, private_key=UA_KEY, auth_secret=decode_base64url(AUTH), version="aes128gcm"
    )
    return plain


POINT = decode_base64url(UA_PUBLIC)
OFF_CURVE = POINT[:-1] + bytes([POINT[-1] ^ 1])
COMPRESSED = UA_KEY.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def b64(raw: bytes) -> str:
    """Base64 as browsers write it."""
    return urlsafe_b64encode(raw).decode()


UNUSABLE: list[tuple[dict[str, str], str]] = [
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
]
"""Keys of a subscription that no message can be encrypted for, and the code that says why."""
