"""Warnings that end, by messages that are over the moment they are sent, or say nothing but that it is over."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import SECRET
from tests.cases.town import ALDENHOVEN, CENTRE, DUEREN, OFFICE, Entry, Town
from tests.support.messages import Message
from tests.support.submissions import now, warning

NOTHING = timedelta(0)
TEXT, OVER = "Starker Regen über dem Tal", "Der Regen ist abgezogen"
WAYS = ("submission", "feed", "feed, listed as over", "feed, listed as over, with its type")


def rain(*areas: str, sender: str = CENTRE, **changes: Any) -> Message:
    return warning(*(areas or (ALDENHOVEN,)), sender=sender, event="Starkregen", headline=TEXT, **changes)


def cancelled(earlier: Message) -> Message:
    """Without a word: what is over, the reference says."""
    return earlier.later("ende", "Cancel", minutes=10, infos=())


def ended(earlier: Message, msg_type: str, **changes: Any) -> Message:
    part = replace(
        earlier.infos[0], headline=OVER, response="AllClear", severity="Minor", lifetime=NOTHING, **changes
    )
    return earlier.later("ende", msg_type, minutes=10, infos=(part,))


async def bring(town: Town, way: str, earlier: Message, end: Message) -> None:
    """The end comes: submitted, or in a list beside what it ends."""
    if way == "submission":
        await town.accepted(end)
    elif way == "feed":
        await town.poll("office", earlier, end)
    else:
        named = end.msg_type if "type" in way else ""
        await town.poll("office", earlier, Entry(end, expires=end.sent, msg_type=named))


async def begin(town: Town, way: str, first: Message) -> None:
    await town.follow("inside", ALDENHOVEN)
    await town.follow("by-sms", ALDENHOVEN, channel="sms")
    await town.follow("outside", DUEREN)
    if way == "submission":
        await town.accepted(first)
    else:
        await town.poll("office", first)
    await town.work()
    assert town.heard("inside") == [("alert", TEXT)]


@pytest.mark.parametrize("msg_type", ["Cancel", "Update"])
@pytest.mark.parametrize("way", WAYS)
async def test_an_end_that_expires_when_it_is_sent_is_told_once(town: Town, way: str, msg_type: str) -> None:
    first = rain(sender=CENTRE if way == "submission" else OFFICE)
    await begin(town, way, first)
    for _ in range(2):
        if way != "submission" or len(town.heard("inside")) == 1:
            await bring(town, way, first, ended(first, msg_type))
        await town.work()
    assert town.heard("inside") == [("alert", TEXT), ("cancel", OVER)]
    assert [kind for kind, _ in town.heard("by-sms")] == ["alert", "cancel"]
    assert town.heard("outside") == []
    assert await town.in_force(ALDENHOVEN) == []


@pytest.mark.parametrize("way", WAYS)
async def test_an_update_whose_time_is_over_when_it_comes_ends_what_it_replaces(town: Town, way: str) -> None:
    first = rain(sender=CENTRE if way == "submission" else OFFICE)
    await begin(town, way, first)
    part = replace(first.infos[0], headline="Der Regen hielt bis eben an", lifetime=timedelta(minutes=1))
    shorter = first.later("shorter", minutes=5, infos=(part,))
    end = shorter if "over" not in way else replace(shorter, sent=now() - timedelta(minutes=5))
    await bring(town, way, first, end)
    await town.work()
    assert [kind for kind, _ in town.heard("inside")] == ["alert", "no_longer_affected"]
    assert town.heard("outside") == []
    assert await town.in_force(ALDENHOVEN) == []


@pytest.mark.parametrize("way", ["submission", "feed"])
async def test_a_cancel_without_info_says_what_is_over(town: Town, way: str) -> None:
    first = rain(sender=CENTRE if way == "submission" else OFFICE)
    await begin(town, way, first)
    await bring(town, way, first, cancelled(first))
    await town.work()
    assert town.heard("inside") == [("alert", TEXT), ("cancel", TEXT)]
    assert town.heard("by-sms")[-1] == ("cancel", TEXT)
    assert await town.in_force(ALDENHOVEN) == []


async def test_a_cancel_without_info_of_an_update_names_the_update(town: Town) -> None:
    first = rain()
    await begin(town, "submission", first)
    second = first.later("more", infos=(replace(first.infos[0], headline="Der Regen wird stärker"),))
    await town.accepted(second)
    await town.work()
    await town.accepted(cancelled(second))
    await town.work()
    assert town.heard("inside") == [
        ("alert", TEXT),
        ("update", "Der Regen wird stärker"),
        ("cancel", "Der Regen wird stärker"),
    ]


@pytest.mark.parametrize("way", ["submission", "feed"])
async def test_a_warning_that_is_over_when_it_comes_is_told_to_nobody(town: Town, way: str) -> None:
    """The control: what is over acts on others, and is no warning itself."""
    await town.follow("inside", ALDENHOVEN)
    late = rain(sender=CENTRE if way == "submission" else OFFICE, lifetime=timedelta(minutes=1))
    if way == "submission":
        await town.submit(late)
    else:
        await town.poll("office", Entry(late, expires=late.sent))
    await town.work()
    assert town.heard("inside") == []
    assert await town.in_force(ALDENHOVEN) == []


async def test_a_list_that_says_that_a_warning_is_over_spares_its_fetch(town: Town) -> None:
    late = rain(sender=OFFICE, lifetime=timedelta(minutes=1))
    await town.poll("office", Entry(late, expires=late.sent, msg_type="Alert"))
    assert [one.path for one in town.server.requests] == ["/office"]


async def test_an_end_for_nothing_is_told_to_nobody(town: Town) -> None:
    await town.follow("inside", ALDENHOVEN)
    first = rain(sender=OFFICE)
    await town.poll("office", Entry(ended(first, "Cancel"), expires=first.sent))
    await town.work()
    assert town.heard("inside") == []
    answer = await town.submit(ended(rain(), "Cancel"))
    answer.problem(422, "unknown-reference")


async def test_an_end_without_a_place_is_of_the_places_that_it_ends(town: Town) -> None:
    """An app of the place can fetch it, and its status names where people heard of it."""
    await town.follow("person", DUEREN)
    alert = warning(DUEREN)
    await town.accepted(alert)
    await town.work()
    answer = await town.submit(alert.later("vorbei", "Cancel", infos=()))
    assert [place["ags"] for place in answer.json["municipalities"]] == [DUEREN]
    await town.work()
    path = f"/v1/alerts/{answer.json['alert']['id']}"
    raw = await town.service.get(
        f"/v1/instance/alerts/{answer.json['alert']['id']}/cap", key=f"wi_i{DUEREN}_{SECRET}"
    )
    assert raw.status == 200
    status = await town.service.get(path, key=f"wk_dueren_{SECRET}")
    assert list(status.json["recipients_by_municipality"]) == [DUEREN]
