"""Read the log of a situation, and the statistics of a period."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from dispatcher.api.alerts import followed, source_listed
from dispatcher.console.desk.log import log_of
from dispatcher.console.desk.statistics import statistics
from dispatcher.model.alerts import AlertFilter
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.store import audit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatcher.access.principals import Principal
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.console.desk.log import LogEntry
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.status import RecipientProgress

LOGGED_MAX: Final = 200
"""How many messages a log has at most: what was printed would be a book."""
SUMMED_MAX: Final = 5_000
"""How many messages statistics have at most."""
COUNTS_S: Final = 5.0
"""How long either waits for the counts of recipients, of all messages together."""
LOG_LENGTH: Final = timedelta(days=1)
"""How long before today a log begins that names no days."""
STATISTICS_LENGTH: Final = timedelta(days=365)
"""The same of statistics."""
EARLIEST: Final = date(2000, 1, 1)
LATEST: Final = date(2199, 12, 31)
"""No message is from before the one day, or after the other; beyond the years of the calendar no zone reaches."""


class Period(NamedTuple):
    """Days by the clock of the service, both included."""

    first: date
    last: date

    @property
    def name(self) -> str:
        """Return what a file of it is called."""
        return f"{self.first}-{self.last}"


class SituationLog(NamedTuple):
    """What happened to messages, in the order of time."""

    entries: list[LogEntry]
    goes_on: bool
    """Whether there are more messages, which it leaves out."""


def period_of(
    dependencies: ApiDependencies, first: date | None, last: date | None, length: timedelta
) -> Period:
    """Return the period from one day to another; without them so much until today."""
    last = _bounded(last or datetime.now(UTC).astimezone(zone_of(dependencies)).date())
    return Period(_bounded(first or last - length), last)


def zone_of(dependencies: ApiDependencies) -> ZoneInfo:
    """Return the zone by whose clock days begin."""
    return ZoneInfo(dependencies.settings.time_zone)


async def log_of_alert(dependencies: ApiDependencies, reader: Principal, alert_id: str) -> SituationLog:
    """Return the log of all messages of an alert's graph that the reader may follow. Raises `RequestRefused` for an
    alert that it may not.
    """
    alert = await followed(dependencies, reader, alert_id)
    async with dependencies.alerts.snapshot() as snapshot:
        found = await snapshot.chains([alert.chain_id])
    # The newest first, as those of a period: of a long story the oldest messages are left out.
    own = [
        one
        for one in reversed(found)
        if reader.may_follow(one.source_id) and one.environment is alert.environment
    ]
    return await _log(dependencies, own)


async def log_of_period(dependencies: ApiDependencies, reader: Principal, days: Period) -> SituationLog:
    """Return the log of all messages that came in a period."""
    return await _log(dependencies, await _received(dependencies, reader, days, LOGGED_MAX))


async def statistics_of_period(
    dependencies: ApiDependencies, reader: Principal, days: Period
) -> list[list[str | int]]:
    """Return the messages of a period in numbers, in rows of `statistics.COLUMNS`. Raises `RequestRefused` where they
    are too many.
    """
    alerts = await _received(dependencies, reader, days, SUMMED_MAX)
    if len(alerts) > SUMMED_MAX:
        raise RequestRefused(ProblemType.INVALID_REQUEST, said(Phrase.STATISTICS_TOO_MANY, most=SUMMED_MAX))
    return statistics(alerts, await _counted(dependencies, alerts), zone_of(dependencies))


def _bounded(day: date) -> date:
    return min(max(day, EARLIEST), LATEST)


async def _log(dependencies: ApiDependencies, alerts: list[StoredAlert]) -> SituationLog:
    logged = alerts[:LOGGED_MAX]
    lines = await audit.about(dependencies.health.pool, [one.id for one in logged])
    requests = await dependencies.approvals.several([one.id for one in logged])
    entries = log_of(logged, lines, await _counted(dependencies, logged), requests)
    return SituationLog(entries, len(alerts) > LOGGED_MAX)


async def _received(
    dependencies: ApiDependencies, reader: Principal, days: Period, most: int
) -> list[StoredAlert]:
    """Return the messages of a period that a list of the API has for the reader, the newest first, and one more than
    `most` where there are more.
    """
    zone = zone_of(dependencies)
    first, after = (
        datetime.combine(one, time(), zone) for one in (days.first, days.last + timedelta(days=1))
    )
    wanted = AlertFilter(received_from=first, received_before=after, environment=reader.environment)
    return await dependencies.alerts.listed(source_listed(reader), most + 1, wanted)


async def _counted(
    dependencies: ApiDependencies, alerts: Iterable[StoredAlert]
) -> dict[str, RecipientProgress]:
    return await dependencies.counts.of_several(alerts, dependencies.statuses.counted, COUNTS_S)
