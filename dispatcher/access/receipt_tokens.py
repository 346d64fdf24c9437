"""Make and read receipt tokens: the proof, in each message, that whoever posts a device receipt has got that message.

A token is 24 characters of URL-safe Base64: 5 bytes of the batch's number, 2 of its generation, 2 of the recipient's
position, and 9 of a keyed hash of these (BLAKE2b, RFC 7693, which takes a third of the time of HMAC-SHA-256) under a
key that only this deployment has. To guess one takes 2^71 posts, and it opens nothing but the receipt of one message.
"""

from __future__ import annotations

import hmac
from binascii import Error, a2b_base64, b2a_base64
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from dispatcher.model.reports import ReceiptPosition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dispatcher.access.sealing import Sealing

TOKEN_CHARACTERS: Final = 24
_NAMED_BYTES: Final = 9
_PROOF_BYTES: Final = 9
_POSITION_BYTES: Final = 2
_POSITION_BITS: Final = 8 * _POSITION_BYTES
_GENERATION_BITS: Final = 16
_LOW: Final = (1 << 16) - 1
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
PURPOSE: Final = "receipt tokens"


class ReceiptTokens:
    """Makes and reads the tokens of one deployment."""

    def __init__(self, key: bytes) -> None:
        """`key` is secret, 32 bytes, and the same in all processes of the deployment."""
        self._keyed = blake2b(key=key, digest_size=_PROOF_BYTES)
        """The hash's state once it has the key, which is half of a token's work: it is copied for each."""

    def __repr__(self) -> str:
        return "ReceiptTokens()"

    @classmethod
    def of(cls, sealing: Sealing) -> ReceiptTokens:
        """Return the tokens of the deployment that has these keys."""
        return cls(sealing.keyed_hash(PURPOSE, ""))

    def of_batch(
        self, batch_id: int, generation: int, positions: Mapping[int, int]
    ) -> Callable[[int], bytes]:
        """Return what makes the tokens of a batch's recipients, in ASCII; `positions` are their positions by id. What
        is the same for all of them is made once: a mass send makes millions. Both raise `OverflowError` for a number
        that has no room in a token.
        """
        head = ((batch_id << _GENERATION_BITS) | generation).to_bytes(_NAMED_BYTES - _POSITION_BYTES, "big")
        begin = self._hash(head).copy

        def token_of(recipient: int) -> bytes:
            tail = positions[recipient].to_bytes(_POSITION_BYTES, "big")
            proof = begin()
            proof.update(tail)
            return b2a_base64(head + tail + proof.digest(), newline=False).translate(_URL_SAFE)

        return token_of

    def token(self, place: ReceiptPosition) -> bytes:
        """Return the token of one recipient."""
        return self.of_batch(place.batch_id, place.generation, {0: place.position})(0)

    def position(self, token: str) -> ReceiptPosition | None:
        """Return whose receipt the token is for; None for any string that is no token of this deployment. It takes as
        long for a wrong proof as for a right one.
        """
        if len(token) != TOKEN_CHARACTERS:
            return None
        try:
            raw = a2b_base64(token.replace("-", "+").replace("_", "/"))
        except (Error, ValueError):
            return None
        if len(raw) != _NAMED_BYTES + _PROOF_BYTES:
            return None
        named = raw[:_NAMED_BYTES]
        if not hmac.compare_digest(raw[_NAMED_BYTES:], self._hash(named).digest()):
            return None
        number = int.from_bytes(named, "big")
        return ReceiptPosition(
            number >> (_GENERATION_BITS + _POSITION_BITS), (number >> _POSITION_BITS) & _LOW, number & _LOW
        )

    def _hash(self, named: bytes) -> blake2b:
        proof = self._keyed.copy()
        proof.update(named)
        return proof
