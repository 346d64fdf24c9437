"""Say how an alert stands: the parts of its page that change while it goes out, and a page of these alone. The whole
page asks for it again and again while it is open.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from dispatcher.api.alerts import followed
from dispatcher.api.console.alert.acts import HowItWaits, acts_of, may_withdraw
from dispatcher.api.console.alert.changed import changed_by
from dispatcher.api.console.alert.gaps import gap_values
from dispatcher.api.console.alert.letters import letter_values
from dispatcher.api.console.approvals import why_there
from dispatcher.api.console.corrections import why_over
from dispatcher.api.console.visits import alert_id_of
from dispatcher.api.schemas.sms import sms_body
from dispatcher.api.situation.coverage import place_counts
from dispatcher.console.alert.progress import FIGURES, channels_progress, places_progress
from dispatcher.console.approvals import severity_of
from dispatcher.desk_texts.catalogue import desk_texts
from dispatcher.desk_texts.desk import Desk
from dispatcher.desk_texts.owed import channel_word, failed_lines, waiting_lines
from dispatcher.desk_texts.sms import sms_status_lines
from dispatcher.model.status import owed_recipients
from dispatcher.model.vocabulary import DISPATCHED_STATES, ENDS, AlertState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit
    from dispatcher.api.situation.coverage import PlaceCounts
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.model.status import AlertStatus

BUSY_S: Final = 5
"""How often an open page asks how far the alert is while it goes out, in seconds."""
QUIET_S: Final = 30
"""The same when all are told: devices and gateways may report for some time."""
_BUSY: Final = {AlertState.ACCEPTED, AlertState.PLANNED}


async def show_progress(visit: Visit, reader: Principal) -> Response:
    """Show how the alert stands, and no more: what its page asks for again and again while it is open."""
    dependencies = visit.dependencies
    alert = await followed(dependencies, reader, alert_id_of(visit))
    status = await dependencies.statuses.without_municipalities(alert)
    affected = await dependencies.alerts.affected(alert.id)
    request = await dependencies.approvals.get(alert.id)
    async with dependencies.alerts.snapshot() as reading:
        now, changed = reading.now, await changed_by(reading, alert)
    return visit.page(
        "alert_standing",
        **await head_values(
            visit,
            reader,
            status,
            [one.ags for one in affected],
            now,
            waits=HowItWaits(request is not None and request.is_needed, changed.is_in_force),
        ),
        **await _seldom_values(visit, status, affected),
        **progress_values(status, visit.desk),
    )


async def _seldom_values(
    visit: Visit, status: AlertStatus, affected: Sequence[AffectedMunicipality]
) -> dict[str, Any]:
    """Return what is told where it is asked for, which is seldom, as for it every recipient is read: the table of
    municipalities, where nobody is reached, and whom nothing reached. Without counts the page keeps what it has of the
    first two.
    """
    alert = status.alert
    if visit.request.query_params.get("seldom") != "1" or alert.state not in DISPATCHED_STATES:
        return {"is_seldom": False}
    counts = await place_counts(visit.dependencies, alert)
    values = await letter_values(visit, alert, affected, is_over=status.over is not None)
    if counts is not None:
        values |= place_values(visit, affected, counts) | gap_values(visit, status, affected, counts)
    return {"is_seldom": True, "are_counted": counts is not None, **values}


def place_values(
    visit: Visit, affected: Sequence[AffectedMunicipality], counts: PlaceCounts | None
) -> dict[str, Any]:
    """Return what the table of municipalities is given. `counts` is None where they could not be counted in time."""
    recipients, receipts = counts or ({}, {})
    return {
        "places": (places_progress(affected, recipients, receipts), counts is not None),
        "share": lambda place: why_there(visit, place),
        "target_reasons": desk_texts(visit.language).target_reasons,
    }


async def head_values(
    visit: Visit,
    reader: Principal,
    status: AlertStatus,
    codes: Sequence[str],
    now: datetime,
    *,
    waits: HowItWaits,
) -> dict[str, Any]:
    """Return what the part of a page is given that says what the alert is, and what the person may do about it."""
    alert, texts = status.alert, desk_texts(visit.language)
    return {
        "alert": alert,
        "severity": severity_of(alert),
        "what": texts.reasons[alert.reason],
        "why_unsent": "" if alert.state in DISPATCHED_STATES else texts.unsent.get(alert.reason, ""),
        "why_over": await why_over(visit, status.over),
        "decided": status.decided,
        "decided_state": texts.approval_states[status.decided.state] if status.decided else "",
        "merged_into": _merged_into(reader, status),
        "age": visit.away(alert.received_at, now),
        "now": now,
        "may_withdraw": may_withdraw(visit, alert, codes),
        "is_change": waits.is_change,
        "acts": acts_of(visit, alert, codes, now, over=status.over, waits=waits),
    }


def progress_values(status: AlertStatus, desk: Desk) -> dict[str, Any]:
    """Return what the part of a page is given that says how far an alert has come."""
    sms = sms_body(status.sms)
    return {
        "state": desk.texts.alert_states[status.alert.state],
        "progress": status.progress,
        "is_planned": status.alert.planned_at is not None,
        "is_sent": status.alert.state in DISPATCHED_STATES,
        "is_end": status.alert.reason in ENDS,
        "every_s": BUSY_S if status.alert.state in _BUSY else QUIET_S,
        "owed": owed_recipients,
        "channels": channels_progress(status.channels),
        "channel_word": lambda channel: channel_word(channel, desk),
        "kinds": desk.texts.kinds,
        "figure_names": FIGURES,
        "sms_lines": sms_status_lines(sms.model_dump(mode="json") if sms else None, desk),
        "waiting_lines": waiting_lines(map(asdict, status.progress.waiting), desk),
        "failed_lines": failed_lines(map(asdict, status.progress.failed), desk),
    }


def _merged_into(reader: Principal, status: AlertStatus) -> StoredAlert | None:
    """Return the warning of which people are notified in place of this one, where the reader may follow it."""
    other = status.merged_into.alert if status.merged_into else None
    return other if other is not None and reader.may_follow(other.source_id) else None
