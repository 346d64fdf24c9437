"""Sign how far the chain is, so that whoever keeps the signature elsewhere sees what is changed or cut off later.

Ed25519 (RFC 8032): short, quick, and verified by any `openssl pkeyutl`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD: Final = "cap-dispatcher audit checkpoint 1"
HASH_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64
LARGEST: Final = 2**63 - 1
"""The largest number of a checkpoint, a position or an entry, as the record has them."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Says that the chain had this hash at this position."""

    number: int
    """1, 2, 3, ..., in the order in which they were made."""
    position: int
    hash: bytes
    at: datetime
    key: str
    """The public key as 64 hexadecimal digits."""
    signature: bytes = b""

    def text(self) -> bytes:
        """Return what is signed: lines of ASCII, each with its end."""
        lines = (
            _HEAD,
            f"number: {self.number}",
            f"position: {self.position}",
            f"hash: {self.hash.hex()}",
            f"at: {instant(self.at)}",
            f"key: {self.key}",
        )
        return "".join(f"{line}\n" for line in lines).encode("ascii")

    def members(self) -> dict[str, Any]:
        """Return it as JSON has it: in an export, in the file of an anchor and to the webhook of one."""
        return {
            "type": "checkpoint",
            "number": self.number,
            "position": self.position,
            "hash": self.hash.hex(),
            "at": instant(self.at),
            "key": self.key,
            "signature": self.signature.hex(),
        }

    def line(self) -> bytes:
        """Return it as a line of JSON, with its end."""
        return json.dumps(self.members()).encode("ascii") + b"\n"

    def is_signed(self) -> bool:
        """Whether the signature is that of the key which it names."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.key))
            key.verify(self.signature, self.text())
        except (InvalidSignature, ValueError):
            return False
        return True


def instant(at: datetime) -> str:
    """Return an aware time in UTC with microseconds: `2026-11-29T13:25:59.123456Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def of_members(members: Mapping[str, Any]) -> Checkpoint:
    """Return the checkpoint that is written in JSON. Raises ValueError for what is none."""
    try:
        found = Checkpoint(
            number=whole_number(members["number"], 1),
            position=whole_number(members["position"], 1),
            hash=bytes.fromhex(members["hash"]),
            at=datetime.fromisoformat(members["at"]),
            key=str(members["key"]),
            signature=bytes.fromhex(members["signature"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError("no checkpoint") from error
    if found.at.tzinfo is None or len(found.hash) != HASH_BYTES or len(found.signature) != _SIGNATURE_BYTES:
        raise ValueError("no checkpoint")
    try:
        found.text()
    except OverflowError as error:  # the first or the last day there is, of a zone that is apart from UTC
        raise ValueError("no checkpoint") from error
    return found


def whole_number(value: object, least: int) -> int:
    """Return a number that the record can have. Raises ValueError for what is none, or is less than the least."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
        raise ValueError("no number")
    return value


class CheckpointSigner:
    """Signs with one key."""

    def __init__(self, private: bytes) -> None:
        """`private`: the raw private key, 32 bytes. Raises ValueError for what is none."""
        self._key = Ed25519PrivateKey.from_private_bytes(private)
        self.key = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def sign(self, number: int, position: int, hash_: bytes, at: datetime) -> Checkpoint:
        """Return a signed checkpoint."""
        bare = Checkpoint(number, position, hash_, at, self.key)
        return Checkpoint(number, position, hash_, at, self.key, self._key.sign(bare.text()))


def new_private_key() -> bytes:
    """Make a raw private key, 32 bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public_pem(key: str) -> bytes:
    """Return a public key as PEM, which other programs read. Raises ValueError for what is none."""
    found = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
    return found.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True, slots=True)
class Interval:
    """How often checkpoints are made, where something happens."""

    time: timedelta = timedelta(minutes=5)
    entries: int = 1000

    def is_due(self, position: int, last: Checkpoint | None, now: datetime) -> bool:
        """Whether the chain, which is so far `now`, is to have another checkpoint. The first entry has one at once."""
        if last is None:
            return position > 0
        news = position - last.position
        return news >= self.entries or (news > 0 and now - last.at >= self.time)
