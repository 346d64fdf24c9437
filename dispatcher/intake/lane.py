"""Decide which lane an alert travels in. Pure."""

from __future__ import annotations

from cap import Alert, Certainty, Severity, Status, Urgency
from dispatcher.intake.meaning import is_ending
from dispatcher.model.vocabulary import Lane

GRAVE = frozenset({Severity.EXTREME, Severity.SEVERE})
"""The severities that never travel in the lane for routine."""
CERTAIN = frozenset({Certainty.OBSERVED, Certainty.LIKELY})
"""The certainties that the lane for flashes asks for, besides gravity and immediate urgency."""


def lane_of(alert: Alert) -> Lane:
    """Return the lane; the gravest info decides. The end of a warning never travels below `priority`: a person who acts
    on a warning that is over is in danger too.
    """
    if alert.status is not Status.ACTUAL:
        return Lane.EXERCISE
    for info in alert.infos:
        if info.severity in GRAVE and info.urgency is Urgency.IMMEDIATE and info.certainty in CERTAIN:
            return Lane.FLASH
    if is_ending(alert) or any(info.severity in GRAVE for info in alert.infos):
        return Lane.PRIORITY
    return Lane.ROUTINE
