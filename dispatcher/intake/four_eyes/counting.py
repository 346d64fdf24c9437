"""Count afterwards the people whom a message would warn that waits, where nobody could while it was accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cap.severity import highest_severity
from dispatcher.intake.known import left_places

if TYPE_CHECKING:
    from dispatcher.audience.estimate import RecipientCounter
    from dispatcher.intake.approval import Approval
    from dispatcher.store.alerts.alerts import Alerts


class HeldCount:
    """Counts by the record alone, as the intake counts by the message: with whom an Update leaves."""

    def __init__(self, alerts: Alerts, release: Approval, recipients: RecipientCounter) -> None:
        self._alerts = alerts
        self._release = release
        self._recipients = recipients

    async def of(self, alert_id: str) -> int | None:
        """Return how many people a held message would warn; None where there is none. Takes as long as it takes, under
        no lock of the message. Raises what `record.UNAVAILABLE` lists.
        """
        held = await self._alerts.get(alert_id)
        if held is None:
            return None
        async with self._alerts.snapshot() as reading:
            believed = await self._release.believed(reading, held, equals=False)
            left = await left_places(reading, believed.message, believed.known)
        message, known = believed.message, believed.known
        severity = highest_severity(message.alert)
        people = await self._recipients.people(message.places, message.target, severity)
        if message.acts and known.standing:
            replaced = known.replaced_alerts
            dropped = await self._recipients.of_dropped(replaced, message.places, message.target, left)
            people += sum(dropped.reach.by_channel.values())
        return people
