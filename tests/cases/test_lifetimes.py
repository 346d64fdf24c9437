"""Messages that are to hold for very long: by a year that was mistyped, or by malice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import SECRET
from tests.cases.town import ALDENHOVEN, Town
from tests.support.messages import InfoPart, Message
from tests.support.submissions import now, warning

TEXT, OVER = "Starker Regen über dem Tal", "Der Regen ist abgezogen"
DAY = timedelta(days=1)


def until(year: int) -> timedelta:
    return datetime(year, 12, 31, tzinfo=UTC) - now()


def rain(lifetime: timedelta | None, **changes: Any) -> Message:
    part = InfoPart((ALDENHOVEN,), event="Starkregen", headline=TEXT, lifetime=lifetime)
    return warning(infos=(part,), **changes)


@pytest.mark.parametrize("lifetime", [31 * DAY, until(9998)], ids=["31 days", "9998"])
async def test_a_centre_is_refused_and_told_which_info(town: Town, lifetime: timedelta) -> None:
    await town.follow("inside", ALDENHOVEN)
    both = rain(6 * DAY)
    both = replace(both, infos=(*both.infos, replace(both.infos[0], language="en", lifetime=lifetime)))
    for path in ("/v1/alerts", "/v1/alerts/preview"):
        answer = await town.service.submit(both, path=path, key=f"wk_dueren_{SECRET}")
        problem = answer.problem(422, "expires-too-late")
        assert [one["path"] for one in problem["errors"]] == ["/alert/info[2]/expires"]
    await town.work()
    assert (town.heard("inside"), await town.reasons()) == ([], [])


@pytest.mark.parametrize("lifetime", [None, 29 * DAY], ids=["unsaid", "29 days"])
async def test_what_does_not_say_or_holds_for_weeks_goes_out(town: Town, lifetime: timedelta | None) -> None:
    await town.follow("inside", ALDENHOVEN)
    assert await town.accepted(rain(lifetime)) == "first_notice"
    await town.work()
    assert town.heard("inside") == [("alert", TEXT)]


async def test_a_feeds_waits_for_a_person_and_is_not_in_force(town: Town) -> None:
    await town.follow("inside", ALDENHOVEN)
    one = rain(until(9998))
    await town.poll("office", one)
    await town.work()
    assert (town.heard("inside"), await town.in_force(ALDENHOVEN)) == ([], [])
    assert await town.held() == [one.identifier]
    (waiting,) = await town.service.parts.feed_services.held.listed()
    assert waiting.held_for == "lifetime"
    await town.release(one.identifier)
    await town.work()
    assert town.heard("inside") == [("alert", TEXT)]


@pytest.mark.parametrize("way", ["submission", "feed"])
@pytest.mark.parametrize("msg_type", ["Cancel", "Update"])
async def test_an_end_is_told_however_long_it_says_to_hold(town: Town, way: str, msg_type: str) -> None:
    await town.follow("inside", ALDENHOVEN)
    first = rain(6 * DAY)
    part = replace(first.infos[0], headline=OVER, response="AllClear", lifetime=until(9998))
    end = first.later("ende", msg_type, minutes=10, infos=(part,))
    for message in (first, end):
        if way == "feed":
            await town.poll("office", *dict.fromkeys((first, message)))
        else:
            await town.accepted(message)
        await town.work()
    assert town.heard("inside") == [("alert", TEXT), ("cancel", OVER)]
    ended_until = await town.pool.fetchval("SELECT expires FROM alert WHERE identifier = 'ende'")
    assert ended_until < now() + 31 * DAY


async def test_an_update_that_would_hold_for_ever_leaves_in_force_what_it_replaces(town: Town) -> None:
    await town.follow("inside", ALDENHOVEN)
    first = rain(6 * DAY)
    update = first.later("neu", minutes=10, infos=(replace(first.infos[0], lifetime=until(9998)),))
    await town.poll("office", first)
    await town.work()
    await town.poll("office", first, update)
    await town.work()
    assert await town.held() == ["neu"]
    assert town.heard("inside") == [("alert", TEXT)]
    assert await town.in_force(ALDENHOVEN) == [TEXT]
