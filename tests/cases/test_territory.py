"""Nobody is reached outside the territory of the source that speaks, by whatever detour."""

from dataclasses import replace
from typing import Any

import pytest

from tests.cases.town import CENTRE, DUEREN, HUECKELHOVEN, LINNICH, Town
from tests.support.messages import Message
from tests.support.submissions import warning

FLOOD = "Die Rur tritt über die Ufer"


def flood(identifier: str, *areas: str, **changes: Any) -> Message:
    values = {"identifier": identifier, "sender": CENTRE, "headline": FLOOD}
    return warning(*(areas or (DUEREN,)), **values | changes)


async def test_the_end_that_a_feed_copied_warns_nobody_elsewhere(town: Town) -> None:
    await town.follow("inside", DUEREN)
    await town.follow("neighbour", HUECKELHOVEN)
    first, other = flood("flut-1"), flood("flut-2", LINNICH, event="Sturzflut")
    await town.accepted(first)
    await town.accepted(other)
    await town.work()
    end = first.later("flut-3", "Cancel", infos=(replace(first.infos[0], headline="Vorbei"),))
    await town.poll("office", end)
    await town.work()
    abroad = replace(first.infos[0], areas=(HUECKELHOVEN,), headline="Alle verlassen das Ufer")
    answer = await town.submit(replace(end, references=(other,), infos=(abroad,)))
    await town.work()
    assert town.heard("neighbour") == []
    assert [kind for kind, _ in town.heard("inside")] in (["alert"], ["alert", "cancel"])
    assert await town.in_force(HUECKELHOVEN) == []
    assert answer.status in (201, 403, 409)


@pytest.mark.parametrize("msg_type", ["Alert", "Update"])
async def test_a_copy_lends_no_territory(town: Town, msg_type: str) -> None:
    """A feed may carry the centre's name for places that the centre may not warn."""
    await town.follow("neighbour", HUECKELHOVEN)
    wide = flood("flut-1", DUEREN, HUECKELHOVEN)
    await town.poll("office", wide)
    await town.work()
    before = town.heard("neighbour")
    one = wide if msg_type == "Alert" else wide.later("flut-2")
    (await town.submit(one)).problem(403, "outside-territory")
    await town.work()
    assert town.heard("neighbour") == before


async def test_a_source_of_the_same_sender_ends_nothing_beyond_its_own_territory(town: Town) -> None:
    await town.follow("inside", DUEREN)
    first = flood("flut-1")
    await town.accepted(first)
    await town.work()
    part = replace(first.infos[0], areas=(HUECKELHOVEN,), headline="Vorbei")
    answer = await town.submit(first.later("flut-2", "Cancel", infos=(part,)), "heinsberg")
    await town.work()
    assert answer.status in (403, 409)
    assert [kind for kind, _ in town.heard("inside")] == ["alert"]
    assert await town.in_force(DUEREN) == [FLOOD]


async def test_within_its_territory_a_source_reaches_everybody(town: Town) -> None:
    """The control."""
    await town.follow("inside", DUEREN)
    await town.follow("neighbour", HUECKELHOVEN)
    await town.accepted(flood("flut-1"))
    await town.accepted(flood("flut-2", HUECKELHOVEN), "heinsberg")
    await town.work()
    assert town.heard("inside") == town.heard("neighbour") == [("alert", FLOOD)]
