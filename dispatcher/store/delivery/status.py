"""Read how an alert stands, whichever source it came from: who may see it is decided by the caller."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dispatcher.access.principals import WORKER
from dispatcher.model.status import (
    AlertStatus,
    CountedAlert,
    Decided,
    DeedKind,
    Over,
    decided_as,
    is_merged,
    over,
)
from dispatcher.model.vocabulary import AlertState
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audit import ACTION
from dispatcher.store.clock import record_time
from dispatcher.store.delivery.ledger_reader import LedgerReader
from dispatcher.store.delivery.progress import recipient_progress
from dispatcher.store.record import known_within
from dispatcher.store.sms.charges import Charges

PROGRESS_S = 0.5
"""How long an answer about one message waits for the count of another one's recipients."""

if TYPE_CHECKING:
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.store.record import Pool


class AlertStatuses:
    """Reads how alerts stand; writes nothing."""

    def __init__(self, pool: Pool, charges: Charges | None = None) -> None:
        """`charges` knows what is agreed with SMS gateways."""
        self._charges = charges or Charges()
        self._pool = pool
        self._alerts = Alerts(pool)
        self._ledger = LedgerReader(pool)

    @property
    def has_sms_gateway(self) -> bool:
        """Return whether there is a gateway by which SMS go out, of the operator's or of an app's own."""
        return bool(self._charges.contracts)

    async def alert_status(self, alert_id: str) -> AlertStatus | None:
        """Return everything that is known of how the alert stands, of a control centre's and of a feed's alike; None
        where there is none.
        """
        alert = await self._alerts.get(alert_id)
        return None if alert is None else await self.status_of(alert)

    async def status_of(self, alert: StoredAlert) -> AlertStatus:
        """Return everything that is known of how this alert stands."""
        status = await self.without_municipalities(alert)
        recipients, receipts = await self.counted_by_municipality(alert)
        return replace(
            status,
            municipalities=await self._alerts.affected(alert.id),
            recipients_by_municipality=recipients,
            receipts_by_municipality=receipts,
        )

    async def without_municipalities(self, alert: StoredAlert) -> AlertStatus:
        """Return how this alert stands but for its municipalities. That costs little: it is asked for again and again
        while the alert goes out.
        """
        return AlertStatus(
            alert=alert,
            progress=await recipient_progress(self._pool, alert.id),
            over=await self.over(alert),
            merged_into=await self.merged_into(alert),
            channels=await self._ledger.summary(alert.id),
            sms=await self._charges.standing(self._pool, alert.id),
            template=await self._template(alert.id),
            decided=await self._decided(alert),
        )

    async def counted_by_municipality(
        self, alert: StoredAlert
    ) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
        """Return the alert's recipients by municipality (AGS) and state, and by what their devices have said. This
        reads every recipient.
        """
        return (
            await self._ledger.by_municipality(alert.id),
            await self._ledger.receipts_by_municipality(alert.id),
        )

    async def _template(self, alert_id: str) -> tuple[str, int] | None:
        """Return the template and version that the trail has of its acceptance."""
        detail = await self._pool.fetchval(
            "SELECT detail FROM audit WHERE alert_id = $1 AND action = 'alert.template'", alert_id
        )
        return None if detail is None else (detail["template"], detail["version"])

    async def _decided(self, alert: StoredAlert) -> Decided | None:
        """Return who ended the alert's wait for a person, as the trail has it."""
        if not alert.held_for or alert.state is AlertState.HELD:
            return None
        row = await self._pool.fetchrow(
            f"""SELECT {ACTION} AS action, actor, at, detail FROM audit WHERE alert_id = $1 AND {ACTION} IN ($2, $3)
                ORDER BY id DESC LIMIT 1""",  # noqa: S608 - constant
            alert.id,
            DeedKind.CONCLUDED,
            DeedKind.WITHDRAWN,
        )
        if row is None:
            return None
        detail, by = row["detail"], row["actor"]
        state = decided_as(row["action"], detail.get("reason", ""), by_policy=by == WORKER)
        return Decided(state, by, row["at"], detail["why"])

    async def over(self, alert: StoredAlert) -> Over | None:
        """Return why the alert is no longer in force, or None while it is."""
        stopper = await self._alerts.get(alert.stopped_by) if alert.stopped_by else None
        return over(alert, stopper, await record_time(self._pool))

    async def merged_into(self, alert: StoredAlert) -> CountedAlert | None:
        """Return the warning of which people are notified in place of this one, and how far it has come."""
        if not is_merged(alert):
            return None
        return await self.stands_in(str(alert.merged_into))

    async def stands_in(self, alert_id: str) -> CountedAlert | None:
        """Return the alert of this id as one that stands in for another, and how far it has come."""
        other = await self._alerts.get(alert_id)
        return None if other is None else await self.counted(other)

    async def counted(self, alert: StoredAlert) -> CountedAlert:
        """Return the alert and how far it has come; what is committed must not wait for that count, nor fail by it."""
        return CountedAlert(alert, await known_within(PROGRESS_S, recipient_progress(self._pool, alert.id)))
