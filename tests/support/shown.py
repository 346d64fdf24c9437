"""What an app is shown."""

from collections.abc import Sequence
from typing import Any

from dispatcher.store.alerts.in_force import InForceReader


async def shown_at(alerts: Any, places: Sequence[str]) -> Sequence[Any]:
    """The alerts in force at these places (AGS), on the record of this store of alerts."""
    return (await InForceReader(alerts._pool).read(places)).alerts
