"""Keep device receipts beside the batches: which positions are delivered, displayed and confirmed.

What several processes write is joined, so that nothing is lost and nothing counts twice. A batch's own row is never
written here, and its worker waits for none of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from asyncpg import BitString

from dispatcher.model.reports import ReceiptMasks, ReceiptState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatcher.store.record import Connection, Pool

TAKEN_FOR: Final = "interval '7 days'"
"""How long after the end of a notice its receipts are taken: a phone that was off says what it has seen once it is on.
It is as long as for reports of gateways."""

_STATES: Final = tuple(ReceiptState)
_ZEROS: Final = "repeat('0', 65536)::bit varying"
"""As many as a batch has at most, as a position has two bytes: a constant, which is read once and not for each row."""
_FITTED: Final = ", ".join(f"substring(m.{state} || {_ZEROS} FOR b.size)" for state in _STATES)
_JOINED: Final = ", ".join(f"{state} = r.{state} | excluded.{state}" for state in _STATES)
_KNOWN: Final = ", ".join(f"r.{state} | excluded.{state}" for state in _STATES)
_HOLD: Final = "SELECT FROM batch WHERE id = ANY($1) ORDER BY id FOR KEY SHARE"
_ADD: Final = f"""
INSERT INTO batch_receipt AS r (batch_id, delivered, displayed, confirmed, unnoted)
SELECT b.id, {_FITTED}, bit_count(m.confirmed) > 0
FROM unnest($1::bigint[], $2::smallint[], $3::varbit[], $4::varbit[], $5::varbit[])
  AS m(batch_id, generation, delivered, displayed, confirmed)
JOIN (
  SELECT id, generation, octet_length(outcomes) AS size FROM batch
  WHERE id = ANY($1) AND deadline > clock_timestamp() - {TAKEN_FOR} ORDER BY id FOR KEY SHARE) b
  ON b.id = m.batch_id AND b.generation = m.generation
ORDER BY b.id
ON CONFLICT (batch_id) DO UPDATE SET {_JOINED},
  unnoted = r.unnoted OR r.confirmed | excluded.confirmed <> r.confirmed
WHERE ({_KNOWN}) <> (r.delivered, r.displayed, r.confirmed)
"""  # noqa: S608 - constant
"""A batch whose webhook is just moving is waited for: its recipients stand elsewhere afterwards. All code locks these
rows in one order."""

TOGETHER: Final = 100
"""Batches of one statement. To write it down holds the event loop for a millisecond and a half, which a submission
then waits, and to carry it out takes PostgreSQL two or three: ten times that for all of a mass send's second.
"""
_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_TAKE: Final = "DELETE FROM batch_receipt WHERE batch_id = $1 RETURNING delivered, displayed, confirmed"
_PUT: Final = "INSERT INTO batch_receipt (batch_id, delivered, displayed, confirmed) VALUES ($1, $2, $3, $4)"


class DeviceReceipts:
    """Writes device receipts. Who has confirmed, standby endpoints and `Liveness` ask where they need it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def add(self, masks: Mapping[tuple[int, int], ReceiptMasks]) -> None:
        """Add what devices say, by batch and generation, all of it or nothing. What is known changes nothing; what is
        of another generation, of no batch, of no position in it, or too late is dropped. Returns after the commit.
        """
        keys = sorted(masks)
        if len(keys) <= TOGETHER:
            await _add(self._pool, masks, keys)
            return
        async with self._pool.acquire() as connection, connection.transaction():
            # Before the first receipt, so that nobody holds a batch that is to come and waits for what was written.
            await connection.execute(_HOLD, [batch_id for batch_id, _ in keys])
            for at in range(0, len(keys), TOGETHER):
                await _add(connection, masks, keys[at : at + TOGETHER])


async def _add(
    connection: Connection | Pool,
    masks: Mapping[tuple[int, int], ReceiptMasks],
    keys: Sequence[tuple[int, int]],
) -> None:
    if keys:
        await connection.execute(
            _ADD,
            [batch_id for batch_id, _ in keys],
            [generation for _, generation in keys],
            *([_bits(masks[key][state.rank]) for key in keys] for state in _STATES),
        )


async def renumber(connection: Connection, batch_id: int, places: Sequence[tuple[int, int]]) -> None:
    """Let what devices said stand where the recipients of a batch are now, in the caller's transaction: `places[n]` is
    batch and position of who was at position `n`.
    """
    row = await connection.fetchrow(_TAKE, batch_id)
    if row is None:
        return
    for batch in sorted({number for number, _ in places}):
        now = [(was, position) for was, (number, position) in enumerate(places) if number == batch]
        masks = [_mask([(row[state], was, position) for was, position in now]) for state in _STATES]
        if any(masks):
            await connection.execute(_PUT, batch, *(_bits(mask, len(now)) for mask in masks))


def _mask(moves: Sequence[tuple[Any, int, int]]) -> int:
    return sum(bool(bits[was]) << position for bits, was, position in moves)


def _bits(mask: int, size: int | None = None) -> BitString:
    """Return a mask as PostgreSQL has it, position 0 first: of whole bytes, or of this size."""
    raw = mask.to_bytes((mask.bit_length() + 7) // 8 if size is None else (size + 7) // 8, "little")
    return BitString.frombytes(raw.translate(_REVERSED), len(raw) * 8 if size is None else size)
