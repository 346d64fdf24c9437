"""The course of an alert as the route and the page read it."""

from typing import Any

from dispatcher.access.principals import of_source
from dispatcher.api.situation.course import course_of
from dispatcher.model.principals import Source
from tests.api import conftest as over_http
from tests.support.messages import DUEREN, SENDER
from tests.support.submissions import warning

pool, service, settings = over_http.pool, over_http.service, over_http.settings
OWNER = of_source(Source("leitstelle", "", frozenset({SENDER}), ("05358",)))


async def test_a_reader_gets_the_messages_that_it_may_follow(service: Any, pool: Any) -> None:
    first = warning(DUEREN)
    ids = [(await service.submit(one)).json["alert"]["id"] for one in (first, first.later("weg", "Cancel"))]
    alerts = service.parts.alerts
    alert = await alerts.get(ids[0])
    async with alerts.snapshot() as reading:
        course = await course_of(reading, OWNER, alert)
    assert [one.id for one in course.messages] == ids
    assert course.replaced[ids[1]] == {ids[0]}
    assert [(one.happening, one.alert.id) for one in course.timeline.events][-1] == ("stopped", ids[0])
    await pool.execute("UPDATE alert SET source_id = 'nachbar' WHERE id = $1", ids[1])
    async with alerts.snapshot() as reading:
        course = await course_of(reading, OWNER, alert)
    assert [one.id for one in course.messages] == ids[:1], "another's message is not told of"
    assert course.timeline.events[-1].by is None
