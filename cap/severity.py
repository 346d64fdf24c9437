"""Orders severities and urgencies, the worst first, and finds the highest severity of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cap.vocabulary import Severity, Urgency

if TYPE_CHECKING:
    from cap.model import Alert

SEVERITY_ORDER = (Severity.EXTREME, Severity.SEVERE, Severity.MODERATE, Severity.MINOR, Severity.UNKNOWN)
URGENCY_ORDER = (Urgency.IMMEDIATE, Urgency.EXPECTED, Urgency.FUTURE, Urgency.PAST, Urgency.UNKNOWN)


def highest_severity(alert: Alert) -> Severity:
    """Returns the highest severity that any of its infos names."""
    return min((info.severity for info in alert.infos), key=SEVERITY_ORDER.index, default=Severity.UNKNOWN)
