"""Arrange the log of a situation: what happened to its messages, in the order of time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.access.principals import SERVICE, WORKER, submitted_by
from dispatcher.model.status import DeedKind
from dispatcher.model.vocabulary import SENT, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.approval.request import ApprovalRequest
    from dispatcher.model.status import RecipientProgress
    from dispatcher.store.audit import AuditLine

SAID_OTHERWISE: Final = frozenset({DeedKind.ACCEPTED, "alert.template"})
"""The lines of the trail that say what an entry of ours does: that the message came."""

_SERVICES: Final = frozenset({str(WORKER), str(SERVICE)})


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry: when, about which message, what happened (`log_…` in the catalogue, or an action of the trail), who
    did it, and a reason or a number.
    """

    at: datetime
    alert: StoredAlert
    what: str
    who: str = ""
    said: str = ""


def log_of(
    alerts: Iterable[StoredAlert],
    lines: Iterable[AuditLine],
    counts: Mapping[str, RecipientProgress],
    requests: Mapping[str, ApprovalRequest] | None = None,
) -> list[LogEntry]:
    """Return everything that is known of what happened to the messages, in one order. `requests` are those for an
    approval, by alert.
    """
    by_id, lines = {one.id: one for one in alerts}, list(lines)
    by = {line.alert_id: line.actor for line in lines if line.action == DeedKind.ACCEPTED}
    asked = requests or {}
    entries = [
        entry
        for one in by_id.values()
        for entry in _of_message(
            one, submitted_by(by.get(one.id, ""), _authors(one, asked.get(one.id))), counts.get(one.id)
        )
    ]
    entries += [
        LogEntry(one.requested_at, by_id[one.alert_id], "log_asked")
        for one in asked.values()
        if one.is_needed and one.alert_id in by_id
    ]
    entries += [
        LogEntry(line.at, by_id[line.alert_id], _what(line), _who(line), _said(line))
        for line in lines
        if line.alert_id in by_id and line.action not in SAID_OTHERWISE
    ]
    # A message comes before it waits, at the same instant.
    return sorted(
        entries, key=lambda one: (one.at, one.alert.id, one.what != "log_received", one.what, one.who)
    )


def _authors(alert: StoredAlert, request: ApprovalRequest | None) -> str:
    """Return who may have written a message whose acceptance names nobody; else its source."""
    return (", ".join(request.authors) if request else "") or alert.source_id


def _who(line: AuditLine) -> str:
    """Return who did it; nothing of what the service does by itself, which is nobody."""
    return "" if line.actor in _SERVICES else line.actor


def _what(line: AuditLine) -> str:
    """Return what a line says happened: of a decision about what was held, which one."""
    if line.action != DeedKind.CONCLUDED:
        return line.action
    reason = line.detail.get("reason")
    if reason == Reason.DISCARDED:
        return "log_rejected"
    return "log_released" if reason in SENT else "log_concluded"


def _said(line: AuditLine) -> str:
    """Return the reason that stands in a line; of SMS that are held the action says it already."""
    return "" if line.action == "sms.hold" else str(line.detail.get("why", ""))


def _of_message(alert: StoredAlert, who: str, progress: RecipientProgress | None) -> list[LogEntry]:
    entries = [LogEntry(alert.received_at, alert, "log_received", who, alert.reason.value)]
    if alert.stopped_at is not None:
        entries.append(LogEntry(alert.stopped_at, alert, "log_stopped", "", alert.stopped_by or ""))
    if progress is not None and progress.first_accepted_at is not None:
        entries.append(LogEntry(progress.first_accepted_at, alert, "log_first"))
    if progress is not None and progress.last_accepted_at is not None:
        entries.append(LogEntry(progress.last_accepted_at, alert, "log_last", "", str(progress.accepted)))
    return entries
