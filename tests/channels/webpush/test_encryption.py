"""Encryption: known answers and limits."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from channels.webpush.encoder import DirectEncoder, message_key
from channels.webpush.encryption import (
    MAX_PLAINTEXT_BYTES,
    decode_base64url,
    derive,
    padded,
    require_point,
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


FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1


def library_takes(encoded: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), encoded)
    except ValueError:
        return False
    return True


def we_take(encoded: bytes) -> bool:
    try:
        require_point(encoded)
    except ValueError:
        return False
    return True


def encoded(x: int, y: int, head: int = 4) -> bytes:
    return bytes([head]) + x.to_bytes(32, "big") + y.to_bytes(32, "big")


@given(st.integers(1, 2**255))
def test_every_point_of_the_curve_is_taken_and_none_beside_it(secret: int) -> None:
    found = ec.derive_private_key(secret, ec.SECP256R1()).public_key().public_numbers()
    good = encoded(found.x, found.y)
    assert we_take(good)
    assert library_takes(good)
    beside = [
        *(encoded(found.x ^ 1, found.y), encoded(found.x, found.y ^ 1), encoded(found.y, found.x)),
        *(encoded(found.x, found.y, head) for head in (0, 2, 3, 5, 6, 7)),
        *(good[:-1], good + b"\0", good[:33]),
    ]
    assert not any(map(we_take, beside))
    assert not any(map(library_takes, beside))


@pytest.mark.parametrize(("x", "y"), [(0, 0), (FIELD, 0), (0, FIELD), (2**256 - 1, 2**256 - 1)])
def test_what_is_no_pair_of_the_field_is_no_point(x: int, y: int) -> None:
    assert not we_take(encoded(x, y))
    assert not library_takes(encoded(x, y))


def test_a_number_beyond_the_field_is_not_read_as_what_it_leaves() -> None:
    """A point with a small x: x plus the prime fits into the bytes as well."""
    found = next(point for x in range(100) if (point := decompressed(x)) is not None and x + FIELD < 2**256)
    assert we_take(encoded(*found))
    assert not we_take(encoded(found[0] + FIELD, found[1]))
    assert not library_takes(encoded(found[0] + FIELD, found[1]))


def decompressed(x: int) -> tuple[int, int] | None:
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\2" + x.to_bytes(32, "big"))
    except ValueError:
        return None
    return key.public_numbers().x, key.public_numbers().y


@pytest.mark.parametrize("data", [b"", b"\4", bytes(65)])
def test_too_little_is_no_point(data: bytes) -> None:
    assert not we_take(data)
