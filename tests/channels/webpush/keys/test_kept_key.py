"""What is kept of a message key is enough to encrypt with it as with the key itself."""

import os

from channels.webpush.encryption import SAME_IN_HEADS, derive, padded, seal
from channels.webpush.keys.kept_key import KEPT, kept_of
from tests.channels.webpush.keys.test_precomputed_keys import AUTH, POINT


def sealed_with(record: bytes, kept: bytes) -> bytes:
    """Return what a device gets that was encrypted with a kept key."""
    salt, point, key, nonce = KEPT.unpack(kept)
    return seal(record, salt + SAME_IN_HEADS + point, key, nonce)


def test_it_encrypts_as_the_key_does() -> None:
    made, record = derive(POINT, AUTH, os.urandom(16)), padded(b"flood")
    kept = kept_of(made)
    assert len(kept) == KEPT.size == 108
    whole = seal(record, made.head, made.key, made.nonce)
    assert sealed_with(record, kept) == whole
