"""Stand in for what the record says of a message that is not there, so that its texts can be shown. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cap.severity import highest_severity
from dispatcher.model.alerts import StoredAlert
from dispatcher.model.vocabulary import AlertState, Lane, Reason

if TYPE_CHECKING:
    from datetime import datetime

    import cap


def unrecorded(message: cap.Alert, moment: datetime, expires: datetime) -> StoredAlert:
    """Return a message as the record would have it that accepted it at a moment, as the first of its warning and on the
    fastest lane. What else is to be said of it the caller replaces.
    """
    info = message.infos[0]
    return StoredAlert(
        id="",
        source_id="",
        sender=message.sender,
        identifier=message.identifier,
        sent=moment,
        msg_type=message.msg_type,
        status=message.status,
        scope=message.scope,
        event=info.event,
        headline=info.headline or "",
        severity=highest_severity(message),
        sha256=b"",
        received_at=moment,
        expires=expires,
        lane=Lane.FLASH,
        reason=Reason.FIRST_NOTICE,
        chain_id="",
        state=AlertState.ACCEPTED,
        planned_at=None,
        settled_at=None,
        stopped_by=None,
        audience=0,
    )
