"""What an app is shown."""

from collections.abc import Sequence
from typing import Any

from dispatcher.store.alerts.alerts import stored_alert
from dispatcher.store.alerts.in_force import _CURRENT, START


async def shown_at(alerts: Any, places: Sequence[str]) -> Sequence[Any]:
    """The alerts in force at these places (AGS), on the record of this store of alerts: by the statement of
    `InForceReader`, whose transaction of its own cannot stand within that of a test.
    """
    rows = await alerts._pool.fetch(_CURRENT, list(places), START)
    return tuple(map(stored_alert, rows))
