"""Make the test alert that goes to canaries: CAP with status Test, marked as a test in every form it takes. Pure."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import cap
from dispatcher.model.alerts import AffectedMunicipality, NewAlert, new_alert_id
from dispatcher.model.canary.canaries import place_of
from dispatcher.model.vocabulary import CANARY_EXPIRES_S, CANARY_PREFIX, CANARY_SOURCE, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.model.vocabulary import Lane

SENDER: Final = "canary@cap-dispatcher.invalid"
"""A name that nobody can have (RFC 2606): no control centre's message is ever related to it."""
EVENT: Final = "Selbsttest"
HEADLINE: Final = "Selbsttest des Warndienstes, keine Gefahr"
DESCRIPTION: Final = (
    "Mit dieser Nachricht prüft der Warndienst seine eigenen Wege. Es besteht keine Gefahr. Bitte nichts tun."
)
PLACE: Final = "Selbsttest"


def canary_alert(lane: Lane, names: Sequence[str], now: datetime, randomness: bytes) -> NewAlert:
    """Return the alert for these canaries in this lane, as recorded at `now` (aware). `randomness` is 10 bytes.

    On a device it takes the place of the last one of its lane: a phone that was off shows one for each, not a day's.
    """
    alert_id = CANARY_PREFIX + new_alert_id(now, randomness)
    message = _message(alert_id, now)
    raw = cap.render(message)
    info = message.infos[0]
    return NewAlert(
        id=alert_id,
        source_id=CANARY_SOURCE,
        sender=message.sender,
        identifier=message.identifier,
        sent=now.replace(microsecond=0),
        msg_type=message.msg_type,
        status=message.status,
        scope=message.scope,
        event=info.event,
        headline=HEADLINE,
        severity=info.severity,
        raw=raw,
        sha256=hashlib.sha256(raw).digest(),
        received_at=now,
        expires=now.replace(microsecond=0) + timedelta(seconds=CANARY_EXPIRES_S),
        lane=lane,
        reason=Reason.CANARY,
        chain_id=alert_id,
        references=(),
        affected=tuple(AffectedMunicipality(place_of(name), PLACE, "code", 1.0) for name in sorted(names)),
        thread=f"{CANARY_PREFIX}-{lane}",
    )


def _message(identifier: str, now: datetime) -> cap.Alert:
    sent = now.replace(microsecond=0)
    info = cap.Info(
        language="de-DE",
        categories=(cap.Category.OTHER,),
        event=EVENT,
        urgency=cap.Urgency.UNKNOWN,
        severity=cap.Severity.MINOR,
        certainty=cap.Certainty.UNKNOWN,
        expires=sent + timedelta(seconds=CANARY_EXPIRES_S),
        sender_name="cap-dispatcher (Test)",
        headline=HEADLINE,
        description=DESCRIPTION,
        areas=(cap.Area(PLACE),),
    )
    return cap.Alert(
        sender=SENDER,
        identifier=identifier,
        sent=sent,
        status=cap.Status.TEST,
        msg_type=cap.MsgType.ALERT,
        scope=cap.Scope.PUBLIC,
        infos=(info,),
    )
