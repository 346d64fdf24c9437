"""Sum alerts up for a table that people open in a spreadsheet. Pure."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from dispatcher.console.approvals import severity_of
from dispatcher.model.status import owed_recipients
from dispatcher.model.vocabulary import DISPATCHED_STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo

    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.status import RecipientProgress

COLUMNS: Final = (
    "month",
    "status",
    "event",
    "severity",
    "source",
    "alerts",
    "sent",
    "people",
    "accepted",
    "waiting",
    "failed",
    "uncounted",
)
FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")
"""What a cell must not begin with: spreadsheets would run the rest, which may come from whoever writes a CAP message
(OWASP, CSV injection). Excel takes the wide signs for the narrow ones."""


def statistics(
    alerts: Iterable[StoredAlert], counts: Mapping[str, RecipientProgress], zone: tzinfo
) -> list[list[str | int]]:
    """Return one row of `COLUMNS` for each month, status, event, severity and source, in this order. People are counted
    once for each message; of `uncounted` messages it is not known how many they are.
    """
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * 7)
    for one in alerts:
        month = one.received_at.astimezone(zone).strftime("%Y-%m")
        is_sent, progress = one.state in DISPATCHED_STATES, counts.get(one.id)
        row = [1, int(is_sent), 0, 0, 0, 0, int(is_sent and progress is None)]
        if progress is not None:
            owed = owed_recipients(progress.waiting), owed_recipients(progress.failed)
            row[2:6] = [progress.recipients, progress.accepted, *owed]
        key = (month, one.status, one.event, severity_of(one), one.source_id)
        sums[key] = [before + more for before, more in zip(sums[key], row, strict=True)]
    return [[*key, *sums[key]] for key in sorted(sums)]


def as_csv(rows: Iterable[Iterable[str | int]]) -> bytes:
    """Return a table as RFC 4180 has it, in UTF-8 with the mark by which spreadsheets know that; no cell is run."""
    written = io.StringIO()
    table = csv.writer(written, quoting=csv.QUOTE_NONNUMERIC)
    table.writerow(COLUMNS)
    for row in rows:
        table.writerow([cell(one) if isinstance(one, str) else one for one in row])
    return written.getvalue().encode("utf-8-sig")


def cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA) or text.startswith(FORMULA) else text
