"""The town itself: whoever follows a place hears of it, on every channel, and nobody else does."""

from dataclasses import replace

import pytest

from tests.api.conftest import SECRET
from tests.cases.town import ALDENHOVEN, DUEREN, HUECKELHOVEN, OFFICE, Entry, Town
from tests.support.submissions import warning

TEXT = "Hochwasser an der Rur"


@pytest.mark.parametrize("way", ["submission", "feed"])
@pytest.mark.parametrize("channel", ["app", "webpush", "sms"])
async def test_a_warning_is_heard_on_every_channel(town: Town, channel: str, way: str) -> None:
    await town.follow("inside", DUEREN, channel=channel)
    await town.follow("outside", ALDENHOVEN, channel=channel)
    if way == "submission":
        assert await town.accepted(warning(DUEREN)) == "first_notice"
    else:
        await town.poll("office", warning(DUEREN, sender=OFFICE))
    await town.work()
    assert town.heard("inside") == [("alert", TEXT)]
    assert town.heard("outside") == []
    assert await town.in_force(DUEREN) == [TEXT]
    assert await town.in_force(ALDENHOVEN) == []


async def test_what_an_index_holds_and_what_it_links_to_is_both_heard(town: Town) -> None:
    await town.follow("here", DUEREN)
    await town.follow("there", ALDENHOVEN)
    within = warning(DUEREN, sender=OFFICE, headline="Rauch", event="Großbrand")
    linked = warning(ALDENHOVEN, sender=OFFICE, headline="Sturm", event="Sturm")
    report = await town.poll("office", Entry(within, within=True), linked)
    await town.work()
    assert (report.synced.fresh, report.synced.broken) == (2, 0)
    assert town.heard("here") == [("alert", "Rauch")]
    assert town.heard("there") == [("alert", "Sturm")]


async def test_what_is_listed_and_was_not_read_is_shown(town: Town) -> None:
    here, gone, over = (
        warning(DUEREN, sender=OFFICE, event=f"Ereignis {number}", identifier=f"amt-{number}")
        for number in range(3)
    )
    unreadable = replace(here, identifier="amt-9")
    await town.poll(
        "office",
        here,
        Entry(gone, missing=True),
        Entry(over, expires=over.sent, msg_type="Alert"),
        Entry(unreadable, body=b"<html>"),
    )
    shown = (await town.service.get("/v1/feeds/office", key=f"wk_dueren_{SECRET}")).json
    assert shown["feed"]["entries_by_reason"] == {
        "first_notice": 1,
        "expired": 1,
        "pending": 1,
        "quarantined": 1,
    }
    assert (shown["feed"]["entries"], shown["feed"]["quarantined"]) == (4, 1)
    assert [one["code"] for one in shown["quarantine"]] == ["not-xml"]


async def test_nobody_hears_before_the_work_is_done_and_nobody_twice(town: Town) -> None:
    await town.follow("person", HUECKELHOVEN)
    await town.accepted(warning(HUECKELHOVEN), "heinsberg")
    assert town.heard("person") == []
    await town.work()
    await town.work()
    assert town.heard("person") == [("alert", TEXT)]
