"""Decide which lane an alert travels in. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cap import Certainty, Severity, Status, Urgency
from dispatcher.intake.meaning import is_ending
from dispatcher.model.vocabulary import Lane

if TYPE_CHECKING:
    from collections.abc import Collection

    from cap import Alert, Info

GRAVE = frozenset({Severity.EXTREME, Severity.SEVERE})
"""The severities that never travel in the lane for routine."""
CERTAIN = frozenset({Certainty.OBSERVED, Certainty.LIKELY})
"""The certainties that the lane for flashes asks for, besides gravity and immediate urgency."""


def lane_of(
    alert: Alert, *, may_flash: bool = True, ended: Collection[Lane] = (), corrects: bool = False
) -> Lane:
    """Return the lane; the gravest info decides. `may_flash`: whether its source was granted the most urgent lane; else
    the gravest travels in `priority`. `ended`: the lanes of the warnings that it ends. An end is as quick as what it
    ends, and never below `priority`: a person who acts on a warning that is over is in danger too. `corrects`: it takes
    back one that was wrong, and overtakes everything unless that was a routine one.
    """
    if alert.status is not Status.ACTUAL:
        return Lane.EXERCISE
    if Lane.FLASH in ended or (corrects and Lane.PRIORITY in ended):
        return Lane.FLASH
    if may_flash and any(_is_flash(info) for info in alert.infos):
        return Lane.FLASH
    if ended or is_ending(alert) or any(info.severity in GRAVE for info in alert.infos):
        return Lane.PRIORITY
    return Lane.ROUTINE


def _is_flash(info: Info) -> bool:
    return info.severity in GRAVE and info.urgency is Urgency.IMMEDIATE and info.certainty in CERTAIN
