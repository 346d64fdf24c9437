"""Write what people get to read of an alert, as its page shows it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cap import MsgType
from dispatcher.model.vocabulary import ENDS, Kind, Reason, ending_kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cap import Alert
    from dispatcher.intake.four_eyes.texts import HeldTexts, MessageTexts
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert


def told_kind(alert: StoredAlert) -> Kind:
    """Return what most people are notified of by this alert; who heard nothing before is warned by an update, too."""
    if alert.reason in ENDS:
        return ending_kind(alert.reason)
    if alert.reason in {Reason.FIRST_NOTICE, Reason.DRILL}:
        return Kind.ALERT
    return {MsgType.CANCEL.value: Kind.CANCEL, MsgType.UPDATE.value: Kind.UPDATE}.get(
        alert.msg_type, Kind.ALERT
    )


def told_texts(
    texts: HeldTexts,
    message: Alert,
    alert: StoredAlert,
    places: Sequence[AffectedMunicipality],
    at: datetime,
) -> MessageTexts:
    """Return what people read of it at that instant; nothing where it had run out by then."""
    return texts.both(message, alert, places, at, told_kind(alert))
