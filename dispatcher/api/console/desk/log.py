"""Answer the log of a situation, and the statistics of a period."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from dispatcher.api.alerts import ALERT_ID
from dispatcher.api.situation.log import (
    LOG_LENGTH,
    LOGGED_MAX,
    STATISTICS_LENGTH,
    log_of_alert,
    log_of_period,
    period_of,
    statistics_of_period,
)
from dispatcher.console.approvals import why_held
from dispatcher.console.desk.statistics import as_csv
from dispatcher.console.pages import HEADERS
from dispatcher.console.words import WORDS
from dispatcher.desk_texts.catalogue import desk_texts
from dispatcher.model.desk_time import desk_day

if TYPE_CHECKING:
    from datetime import timedelta

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit
    from dispatcher.api.situation.log import Period

_ALERT_ID: Final = re.compile(ALERT_ID)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


async def show(visit: Visit, reader: Principal) -> Response:
    """Show the log of a warning's whole graph (`?alert=ID`), or of a period (`?from=DAY&to=DAY`, both included)."""
    named = visit.request.query_params.get("alert", "")
    alert, days = named if _ALERT_ID.fullmatch(named) else "", _period(visit, LOG_LENGTH)
    log = await (
        log_of_alert(visit.dependencies, reader, alert)
        if alert
        else log_of_period(visit.dependencies, reader, days)
    )
    return visit.page(
        "desk_log",
        entries=log.entries,
        goes_on=log.goes_on,
        most=LOGGED_MAX,
        alert=alert,
        first=days.first.isoformat(),
        last=days.last.isoformat(),
        day=lambda text: desk_day(date.fromisoformat(text), visit.language),
        kinds=desk_texts(visit.language).reasons,
        held_because=lambda held_for: why_held(held_for, visit.language),
        known=WORDS,
        now=await visit.dependencies.approvals.now(),
    )


async def table(visit: Visit, reader: Principal) -> Response:
    """Answer the statistics of a period as a table (`?from=DAY&to=DAY`): of the last year where none is named."""
    days = _period(visit, STATISTICS_LENGTH)
    rows = await statistics_of_period(visit.dependencies, reader, days)
    headers = {
        **HEADERS,
        "Content-Disposition": f'attachment; filename="{visit.environment}-{days.name}.csv"',
    }
    return Response(as_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


def _period(visit: Visit, length: timedelta) -> Period:
    """Return the period from one day to another; without them, or with what is none, so much until today."""
    return period_of(visit.dependencies, _day(visit, "from"), _day(visit, "to"), length)


def _day(visit: Visit, name: str) -> date | None:
    text = visit.request.query_params.get(name, "")
    if _DAY.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    return None
