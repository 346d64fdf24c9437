"""People with several endpoints, as the store of subscribers leaves them on record."""

from typing import Any

from tests.support.histories import subscribe
from tests.support.messages import DUEREN


async def person(
    pool: Any, subscriptions: Any, number: int, *names: str, places: Any = (DUEREN,), **columns: Any
) -> list[int]:
    """Endpoints of one person, the best first; a name such as "sms:anna" or "fcm@aachen:anna" has a channel and an
    instance. Their ids.
    """
    ids = []
    for position, name in enumerate(names):
        kind, _, _ = name.rpartition(":")
        channel, _, instance = kind.partition("@")
        more = {"channel": channel} if channel else {}
        [one] = await subscribe(
            pool, subscriptions, name, places=places, instance=instance or "dueren", **more
        )
        await wish(pool, one, person=number, position=position, **columns)
        ids.append(one)
    return ids


async def wish(pool: Any, recipient: int, **columns: Any) -> None:
    """Set columns of an endpoint."""
    names = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 2))
    await pool.execute(f"UPDATE subscription SET {names} WHERE id = $1", recipient, *columns.values())


async def outcomes(pool: Any, alert_id: str) -> dict[int, int]:
    """The outcome byte of every recipient of an alert."""
    rows = await pool.fetch(
        "SELECT recipients, outcomes FROM batch WHERE alert_id = $1 ORDER BY id", alert_id
    )
    return {
        one: outcome for row in rows for one, outcome in zip(row["recipients"], row["outcomes"], strict=True)
    }
