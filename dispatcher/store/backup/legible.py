"""Find out what of the record these keys open, and what depends on keys that are not there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.access.sealing import Unsealable
from dispatcher.store.sealed.columns import SEALED_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dispatcher.access.sealing import Sealing
    from dispatcher.store.record import Connection, Pool
    from dispatcher.store.sealed.columns import SealedColumn

TRIED: Final = 200
"""Values of each column that are opened: a key opens all that it has sealed, or none."""
_KEY: Final = "get_byte({0}, 0) * 256 + get_byte({0}, 1)"
_SUBSCRIPTIONS: Final = f"""
SELECT channel, count(*) AS n FROM subscription
WHERE ended_at IS NULL AND sealed IS NOT NULL AND NOT {_KEY.format("sealed")} = ANY($1::int[]) GROUP BY channel"""  # noqa: S608 - constant


@dataclass(frozen=True, slots=True)
class Illegible:
    """What is sealed with keys that are not there, and so is lost for good."""

    endpoints: Mapping[str, int]
    """Of people, by channel."""
    on_duty: int
    """Endpoints of people on duty."""
    signing_keys: int
    """Keys that sign what is passed on, and the audit trail's checkpoints."""
    credentials: int
    """Of apps: with which their own gateways and push services are reached."""
    totp: int
    """Persons who sign in with a code of an app."""


async def illegible(connection: Connection | Pool, keys: Collection[int]) -> Illegible:
    """Count what is sealed with other keys than those of these numbers."""
    held = list(keys)
    counts: Counter[str] = Counter()
    for one in SEALED_COLUMNS:
        counts[one.table] += await connection.fetchval(
            f"""SELECT count(*) FROM {one.table}
                WHERE {one.column} IS NOT NULL AND NOT {_KEY.format(one.column)} = ANY($1::int[])""",  # noqa: S608 - constant
            held,
        )
    rows = await connection.fetch(_SUBSCRIPTIONS, held)
    return Illegible(
        endpoints={row["channel"]: int(row["n"]) for row in rows},
        on_duty=counts["person_endpoint"],
        signing_keys=counts["signing_key"] + counts["audit_key"],
        credentials=counts["instance_credential"],
        totp=counts["person_credential"],
    )


async def unopened(connection: Connection | Pool, sealing: Sealing) -> dict[str, int]:
    """Open some values of each sealed column. Returns how many of them could not be opened, by table; empty is well."""
    found = {}
    for one in SEALED_COLUMNS:
        if wrong := await _unopened(connection, one, sealing):
            found[one.table] = wrong
    return found


async def _unopened(connection: Connection | Pool, one: SealedColumn, sealing: Sealing) -> int:
    rows = await connection.fetch(
        f"""SELECT {one.column}, {one.bound_to} FROM {one.table} WHERE {one.column} IS NOT NULL
            ORDER BY random() LIMIT $1""",  # noqa: S608 - constant
        TRIED,
    )
    wrong = 0
    for sealed, bound_to in rows:
        try:
            sealing.open(sealed, bound_to)
        except Unsealable:
            wrong += 1
    return wrong


async def recovery_codes(connection: Connection | Pool) -> int:
    """Return how many persons have recovery codes, which are hashed under the pepper."""
    return int(
        await connection.fetchval(
            "SELECT count(DISTINCT person_id) FROM person_credential WHERE kind = 'recovery'"
        )
    )
