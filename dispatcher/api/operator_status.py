"""Shows an operator how any alert stands, in the body that the API answers its source with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.api.schemas.status import StatusBody, status_body
from dispatcher.store.delivery.status import AlertStatuses

if TYPE_CHECKING:
    from dispatcher.store.record import Pool
    from dispatcher.store.sms.charges import Charges


async def alert_status(pool: Pool, alert_id: str, charges: Charges | None = None) -> StatusBody | None:
    """Return how the alert of this id stands, whatever it came by: a control centre, or a feed, whose messages no key
    can follow over HTTP. None where there is no such alert. It reads the record, so it is for commands that run at the
    server; `model_dump(mode="json")` of it is what `GET /v1/alerts/ID` answers. `charges` knows what is agreed with SMS
    gateways.
    """
    status = await AlertStatuses(pool, charges).alert_status(alert_id)
    return None if status is None else status_body(status, None)
