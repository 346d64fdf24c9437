"""The log of a situation and statistics, as the routes and the pages read them."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from dispatcher.access.persons import Person
from dispatcher.access.principals import Principal, of_person
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.api.situation import log
from dispatcher.api.situation.log import (
    EARLIEST,
    LATEST,
    Period,
    log_of_alert,
    log_of_period,
    period_of,
    statistics_of_period,
)
from dispatcher.model.problems import RequestRefused
from dispatcher.model.vocabulary import Environment
from dispatcher.settings import Settings
from tests.api import conftest as over_http
from tests.support.messages import DUEREN, JUELICH, NOW
from tests.support.submissions import warning

pool, service, settings = over_http.pool, over_http.service, over_http.settings
EVER = Period(EARLIEST, LATEST)
PARTS: Any = SimpleNamespace(settings=Settings())


def reader(environment: Environment = Environment.LIVE) -> Principal:
    return of_person(Person("b.lang", environment, (RoleGrant(Role.APPROVER),)), NOW)


def test_a_period_ends_today_and_lies_within_the_years_of_messages() -> None:
    first, last = period_of(PARTS, None, None, timedelta(days=3))
    assert last - first == timedelta(days=3)
    named = period_of(PARTS, date(2026, 11, 1), date(2026, 11, 28), timedelta(days=3))
    assert (named, named.name) == ((date(2026, 11, 1), date(2026, 11, 28)), "2026-11-01-2026-11-28")
    assert period_of(PARTS, date.min, date.max, timedelta()) == EVER
    assert period_of(PARTS, None, date.min, timedelta(days=3)) == (EARLIEST, EARLIEST)


async def test_a_log_is_of_a_graph_or_of_a_period_and_of_one_environment(
    service: Any, monkeypatch: Any
) -> None:
    first = warning(DUEREN)
    graph = [(await service.submit(one)).json["alert"]["id"] for one in (first, first.later("weg", "Cancel"))]
    other = (await service.submit(warning(JUELICH))).json["alert"]["id"]
    await service.submit(warning(DUEREN, status="Exercise", more="<note>Übung</note>"))

    async def alerts(found: Any) -> set[str]:
        return {one.alert.id for one in (await found).entries}

    assert await alerts(log_of_alert(service.parts, reader(), graph[1])) == {*graph}
    assert await alerts(log_of_period(service.parts, reader(), EVER)) == {*graph, other}
    assert len(await alerts(log_of_period(service.parts, reader(Environment.EXERCISE), EVER))) == 1
    with pytest.raises(RequestRefused):
        await log_of_alert(service.parts, reader(Environment.EXERCISE), other)
    rows = await statistics_of_period(service.parts, reader(), EVER)
    assert sum(int(row[5]) for row in rows) == 3
    monkeypatch.setattr(log, "LOGGED_MAX", 1)
    monkeypatch.setattr(log, "SUMMED_MAX", 2)
    newest = await log_of_period(service.parts, reader(), EVER)
    assert ({one.alert.id for one in newest.entries}, newest.goes_on) == ({other}, True)
    of_graph = await log_of_alert(service.parts, reader(), graph[0])
    assert ({one.alert.id for one in of_graph.entries}, of_graph.goes_on) == ({graph[1]}, True)
    with pytest.raises(RequestRefused, match="invalid-request"):
        await statistics_of_period(service.parts, reader(), EVER)
