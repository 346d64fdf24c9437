"""Write the messages of a drill. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import cap
from cap import follow_up

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.commands.drill.plan import DrillPlan

MARGIN: Final = timedelta(minutes=30)
"""How much longer the alarm holds than its drill lasts: what nobody could end runs out by itself."""


def alarm(plan: DrillPlan, drill_id: str, sent: datetime) -> cap.Alert:
    """Return the alarm. `sent` is aware, in the desk's own zone, in whole seconds."""
    info = cap.Info(
        language=plan.language,
        categories=(cap.Category.OTHER,),
        event=plan.alarm.event,
        urgency=cap.Urgency.IMMEDIATE,
        severity=cap.Severity(plan.alarm.severity),
        certainty=cap.Certainty.OBSERVED,
        expires=sent + plan.lasts + MARGIN,
        sender_name=plan.sender_name or None,
        headline=plan.alarm.headline,
        description=plan.alarm.description or None,
        instruction=plan.alarm.instruction,
        areas=(
            cap.Area(
                plan.area or ", ".join(plan.municipalities),
                geocodes=tuple(cap.NamedValue("AGS", ags) for ags in plan.municipalities),
            ),
        ),
    )
    return cap.Alert(
        sender=plan.sender,
        identifier=f"{drill_id}-alarm",
        sent=sent,
        status=cap.Status.EXERCISE,
        msg_type=cap.MsgType.ALERT,
        scope=cap.Scope.PUBLIC,
        note=plan.name,
        infos=(info,),
    )


def correction(plan: DrillPlan, drill_id: str, earlier: Sequence[cap.Alert], now: datetime) -> cap.Alert:
    """Return the correction of what was sent before."""
    words = plan.correction
    assert words is not None  # noqa: S101 - there is no such step without
    changes = follow_up.Changes(words.headline, words.description, words.instruction)
    return follow_up.update(earlier[-1], _header(f"{drill_id}-correction", earlier, now), changes)


def all_clear(plan: DrillPlan, drill_id: str, earlier: Sequence[cap.Alert], now: datetime) -> cap.Alert:
    """Return the end of all that was sent before, also of what may not have arrived."""
    return follow_up.all_clear(
        earlier[-1], _header(f"{drill_id}-all-clear", earlier, now), plan.all_clear.text or None
    )


def _header(identifier: str, earlier: Sequence[cap.Alert], now: datetime) -> follow_up.Header:
    references = tuple(follow_up.own_reference(one) for one in earlier)
    return follow_up.Header(identifier, follow_up.next_moment(earlier[-1], now), references)


def faults(message: cap.Alert) -> list[cap.Finding]:
    """Return what of CAP's rules the message breaks."""
    return [one for one in cap.check(message, cap.STRICT) if one.severity is cap.Level.ERROR]
