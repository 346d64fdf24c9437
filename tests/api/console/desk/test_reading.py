"""What a desk reads, of a source or of all."""

from typing import Any

from dispatcher.api.console.desk.counts import RecipientCounts
from dispatcher.api.console.desk.reading import read_overview
from dispatcher.model.vocabulary import Environment
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning


async def test_a_reading_has_all_that_its_entries_need(service: Any) -> None:
    first = warning(DUEREN, JUELICH)
    alert = (await service.submit(first)).json["alert"]["id"]
    later = (await service.submit(first.later("steigt"))).json["alert"]["id"]
    for source, wanted in ((None, [[], [later], [alert], []]), ("nachbar", [[], [], [], []])):
        found = await read_overview(service.parts, RecipientCounts(), Environment.LIVE, source)
        assert [[one.id for one in each.alerts] for each in found.lists] == wanted
    found = await read_overview(service.parts, RecipientCounts(), Environment.LIVE, None)
    assert found.places[later][1] >= 1
    assert found.stoppers[later].id == later
    assert set(found.codes) == {later}
    assert set(found.counts) == {alert, later}
