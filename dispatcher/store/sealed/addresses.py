"""Seal addresses, and the keys that belong to them, for the record, and open them again. Nothing else writes or reads
them there.

Sealed is MessagePack of [address, keys], without the members of `keys` that statements look at. It is bound to the
keyed hash of the address, by which the record finds it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import structlog

from channels.base import Endpoint
from dispatcher.access.sealing import UnknownKey, Unsealable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dispatcher.access.sealing import Sealing

OPEN_KEYS: Final = frozenset({"vapid", "gateway"})
"""The members of `keys` that stay in the clear, as statements look at them: names of ours, nothing of a person's."""
ADDRESS: Final = "address"
"""The purpose of an address's hash. The same on all channels: a channel has a column of its own."""
READ_AGAIN_S: Final = 1.0
"""How often the ring is read again at most, for a key that it did not have: one that is nowhere would cost a file each
time."""
COLUMNS: Final = "sealed, address_hash, keys->>'vapid' AS vapid, keys->>'gateway' AS gateway"
"""What is selected of a row of `subscription` to open it, after its id."""

_DECODE: Final = msgspec.msgpack.Decoder(tuple[str, dict[str, str]]).decode
_ENCODE: Final = msgspec.msgpack.Encoder().encode

log = structlog.get_logger()


class SealedAddress(NamedTuple):
    """What the record gets of an address and its keys."""

    address_hash: bytes
    sealed: bytes
    keys: dict[str, str]
    """The members of `keys` that stay in the clear."""


class Addresses:
    """Seals and opens addresses. `read_again` returns the ring as it lies on this machine by now: a key that another
    process made is used as soon as a row needs it.
    """

    def __init__(
        self,
        sealing: Sealing,
        read_again: Callable[[], Sealing | None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sealing = sealing
        self._clock = clock
        self._read_again = read_again
        self._read_at = float("-inf")

    @property
    def sealing(self) -> Sealing:
        """Return what it seals with now."""
        return self._sealing

    def hash(self, address: str) -> bytes:
        """Return the keyed hash by which the record finds an address."""
        return self._sealing.keyed_hash(ADDRESS, address)

    def seal(self, address: str, keys: Mapping[str, str]) -> SealedAddress:
        """Return what the record keeps."""
        address_hash = self.hash(address)
        closed, opened = keys, {}
        if not OPEN_KEYS.isdisjoint(keys):
            closed = {name: value for name, value in keys.items() if name not in OPEN_KEYS}
            opened = {name: value for name, value in keys.items() if name in OPEN_KEYS}
        return SealedAddress(
            address_hash, self._sealing.seal(_ENCODE((address, closed)), address_hash), opened
        )

    def seal_bytes(self, plain: bytes, bound_to: bytes) -> bytes:
        """Return other personal data sealed, such as what holds many addresses."""
        return self._sealing.seal(plain, bound_to)

    def open_bytes(self, sealed: bytes, bound_to: bytes) -> bytes:
        """Return what `seal_bytes` has sealed. Raises `Unsealable`."""
        try:
            return self._sealing.open(sealed, bound_to)
        except UnknownKey as unknown:
            if not self._has_now(unknown.key_id):
                raise
            return self._sealing.open(sealed, bound_to)

    def endpoints(self, rows: Iterable[Sequence[Any]]) -> dict[int, Endpoint]:
        """Return the endpoints of rows of id and `COLUMNS`, by id, in their order; without those that are not sealed.
        One that cannot be opened is there without address and keys (`Endpoint.is_legible`), and an error says how many
        they are.
        """
        unseal, found = self._sealing.open, {}
        illegible: list[int] = []
        for number, sealed, address_hash, vapid, gateway in rows:  # once for every recipient of a mass send
            if sealed is None:
                continue
            try:
                address, keys = _DECODE(unseal(sealed, address_hash))
            except (Unsealable, msgspec.MsgspecError):
                address, keys = self._read_with_care(sealed, address_hash)
                unseal = self._sealing.open
                if not address:
                    illegible.append(number)
            if vapid is not None:
                keys["vapid"] = vapid
            if gateway is not None:
                keys["gateway"] = gateway
            found[number] = Endpoint(number, address, keys)
        if illegible:
            log.error("endpoints_illegible", count=len(illegible), first=illegible[0])
        return found

    def of_either(self, row: Any) -> Endpoint:
        """Return the endpoint of a row that may not be sealed yet: id, `COLUMNS`, address and keys. One that cannot be
        opened is there without address and keys.
        """
        if row["sealed"] is None:
            return Endpoint(row["id"], row["address"], row["keys"])
        return self.endpoints([tuple(row)[:5]])[row["id"]]

    def _read_with_care(self, sealed: bytes, address_hash: bytes) -> tuple[str, dict[str, str]]:
        """Return address and keys of what could not be opened at once; nothing where it never can."""
        try:
            return _DECODE(self.open_bytes(sealed, address_hash))
        except (Unsealable, msgspec.MsgspecError):
            return "", {}

    def _has_now(self, key_id: int) -> bool:
        """Read the ring again, and say whether the key is there by now."""
        now = self._clock()
        if self._read_again is None or now < self._read_at + READ_AGAIN_S:
            return False
        self._read_at = now
        sealing = self._read_again()
        if sealing is None or not sealing.has(key_id):
            return False
        self._sealing = sealing
        return True
