"""Whom a message concerns, where its areas are written in a way that is easily misread."""

from dataclasses import replace

import pytest

from dispatcher.api.feeds import overviews
from tests.cases.town import CENTRE, DUEREN, JUELICH, OFFICE, Entry, Town
from tests.support.messages import Message
from tests.support.submissions import warning

TEXT = "Dichter Rauch"
SWAPPED = "<polygon>6,48 12,48 12,51.5 6,51.5 6,48</polygon>"
"""Germany with latitude and longitude exchanged; as it is written it lies in Somalia."""
TOWN = "50.75,6.43 50.75,6.53 50.85,6.53 50.85,6.43 50.75,6.43"


def drawn(shapes: str, sender: str = OFFICE) -> Message:
    """A warning for these shapes, without any code of its own."""
    one = warning(DUEREN, sender=sender, headline=TEXT, shapes=shapes)
    return replace(one, infos=(replace(one.infos[0], areas=()),))


@pytest.mark.parametrize(("feed", "warned"), [("open", False), ("german", True)])
async def test_coordinates_are_put_right_only_into_the_country_of_the_source(
    town: Town, feed: str, warned: bool
) -> None:
    await town.follow("inside", DUEREN)
    await town.poll(feed, drawn(SWAPPED))
    await town.work()
    assert town.heard("inside") == ([("alert", TEXT)] if warned else [])
    assert await town.held() == []


async def test_an_index_may_hold_one_message_and_link_to_another(town: Town) -> None:
    """What it lists and nobody can have is counted and shown."""
    for name, place in (("within", DUEREN), ("linked", JUELICH)):
        await town.follow(name, place)
    within, linked, gone = (
        warning(place, sender=OFFICE, headline=TEXT) for place in (DUEREN, JUELICH, DUEREN)
    )
    await town.poll("office", Entry(within, within=True), Entry(linked), Entry(gone, missing=True))
    await town.work()
    assert [town.heard(name) for name in ("within", "linked")] == [[("alert", TEXT)]] * 2
    (shown,) = [one for one in await overviews(town.service.parts.feed_services) if one.name == "office"]
    assert shown.pending == 1


async def test_a_line_break_behind_a_comma_loses_no_ring(town: Town) -> None:
    await town.follow("inside", DUEREN)
    broken = TOWN.replace(",", ",\n")
    await town.accepted(drawn(f"<polygon>{broken}</polygon>", CENTRE))
    await town.work()
    assert town.heard("inside") == [("alert", TEXT)]


async def test_a_corner_at_0_0_makes_a_person_look(town: Town) -> None:
    await town.follow("inside", DUEREN)
    shape = f"<polygon>{TOWN.replace('50.85,6.53', '0,0')}</polygon>"
    one = drawn(shape)
    await town.poll("office", one)
    await town.work()
    assert town.heard("inside") == []
    assert await town.held() == [one.identifier]
    answer = await town.submit(drawn(shape, CENTRE))
    assert answer.status in (400, 409, 422)
    assert b"0,0" in answer.body


async def test_a_circle_that_is_widened_is_said_to_be(town: Town) -> None:
    await town.follow("inside", DUEREN)
    answer = await town.submit(drawn("<circle>50.8,6.48 0.01</circle>", CENTRE))
    assert answer.status == 201
    assert b"100 m" in answer.body


@pytest.mark.parametrize("unknown", ["", "EMMA_ID=DE001", "AreaId=0"])
async def test_a_weather_cell_of_another_land_is_elsewhere(town: Town, unknown: str) -> None:
    """It is not held for a person, whatever scheme nobody here knows stands beside it."""
    codes = ["WARNCELLID=809162000", *([unknown] if unknown else [])]
    geocodes = "".join(
        f"<geocode><valueName>{name}</valueName><value>{value}</value></geocode>"
        for name, _, value in (code.partition("=") for code in codes)
    )
    await town.poll("open", drawn(geocodes))
    assert await town.held() == []
    assert await town.reasons() == []
    await town.poll("open", drawn(geocodes.replace("WARNCELLID", "Gebiet")))
    assert len(await town.held()) == 1
