"""The order of severities and urgencies, and the gravest of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cap.vocabulary import Severity, Urgency

if TYPE_CHECKING:
    from cap.model import Alert


GRAVITY = (Severity.EXTREME, Severity.SEVERE, Severity.MODERATE, Severity.MINOR, Severity.UNKNOWN)


IMMINENCE = (Urgency.IMMEDIATE, Urgency.EXPECTED, Urgency.FUTURE, Urgency.PAST, Urgency.UNKNOWN)


def gravest(alert: Alert) -> Severity:
    """The gravest severity that any of its infos names."""
    return min((info.severity for info in alert.infos), key=GRAVITY.index, default=Severity.UNKNOWN)
