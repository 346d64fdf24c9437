"""Equal warnings of several centres are told once, and none is lost when the one that was told says less."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.cases.town import CENTRE, COUNTRY, DUEREN, OFFICE, Town
from tests.support.messages import Message
from tests.support.submissions import warning

WATER, CALM = "Trinkwasser abkochen", "Keine Gefahr mehr"


def water(sender: str, identifier: str, **changes: Any) -> Message:
    values = {"headline": WATER, "event": "Trinkwasser", "identifier": identifier, "sender": sender}
    return warning(DUEREN, **values | changes)


async def both(town: Town) -> tuple[Message, Message]:
    """The country's goes out, and the centre's is merged into it."""
    await town.follow("person", DUEREN)
    first, second = water(COUNTRY, "land-1"), water(CENTRE, "kreis-1")
    second = replace(second, sent=first.sent)
    assert await town.accepted(first, "land") == "first_notice"
    await town.work()
    assert await town.accepted(second) == "merged"
    await town.work()
    assert town.heard("person") == [("alert", WATER)]
    return first, second


async def test_equal_warnings_are_found_and_kept_without_reading_any_message_again(town: Town) -> None:
    """Another centre's may be many, and of megabytes each: nobody's submission waits for reading them."""
    await town.follow("person", DUEREN)
    first, second = water(COUNTRY, "land-1"), water(CENTRE, "kreis-1")
    second = replace(second, sent=first.sent)
    assert await town.accepted(first, "land") == "first_notice"
    await town.work()
    message = await town.pool.fetchval("UPDATE alert SET raw = 'unreadable' RETURNING id")
    assert await town.accepted(second) == "merged"
    await town.pool.execute("UPDATE alert SET raw = 'unreadable' WHERE id <> $1", message)
    await town.accepted(first.later("land-2"), "land")
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("update", WATER)]


async def test_the_second_speaks_when_the_first_is_ended(town: Town) -> None:
    """In place of an all-clear, while the warning goes on; that comes with the second's end."""
    first, second = await both(town)
    await town.accepted(first.later("land-2", "Cancel", infos=()), "land")
    await town.work()
    assert [kind for kind, _ in town.heard("person")] == ["alert", "alert"]
    assert await town.in_force(DUEREN) == [WATER]
    await town.accepted(second.later("kreis-2", "Cancel", infos=()))
    await town.work()
    assert [kind for kind, _ in town.heard("person")] == ["alert", "alert", "cancel"]
    assert await town.in_force(DUEREN) == []


@pytest.mark.parametrize(
    "less",
    [
        {"severity": "Minor", "urgency": "Future", "headline": CALM},
        {"severity": "Moderate"},
        {"instruction": "Nichts ist zu tun."},
        {"lifetime": timedelta(hours=1)},
    ],
    ids=["all is well", "milder", "other words", "shorter"],
)
async def test_the_second_speaks_when_the_first_says_less(town: Town, less: dict[str, Any]) -> None:
    first, _ = await both(town)
    part = replace(first.infos[0], **less)
    await town.accepted(first.later("land-2", infos=(part,)), "land")
    await town.work()
    assert len(town.heard("person")) == 3
    assert ("alert", WATER) in town.heard("person")[1:]
    assert len(await town.in_force(DUEREN)) == 2


async def test_the_second_speaks_when_the_first_runs_out(town: Town) -> None:
    await both(town)
    await town.run_out("land-1")
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("alert", WATER)]
    assert await town.in_force(DUEREN) == [WATER]


async def test_the_second_stays_silent_while_the_first_says_as_much(town: Town) -> None:
    """The control: an update that is as grave, in the same words, and lasts longer."""
    first, _ = await both(town)
    part = replace(first.infos[0], lifetime=timedelta(hours=9), severity="Extreme")
    await town.accepted(first.later("land-2", infos=(part,)), "land")
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("update", WATER)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"</instruction>", b"</instruction><web>https://dueren.example/wasser</web>"),
        (b"<areaDesc>Gebiet</areaDesc>", "<areaDesc>Nur das Dorf Öd</areaDesc>".encode()),
        (b"Meiden Sie das Ufer.", b"Meiden Sie das Ufer!"),
    ],
    ids=["another link", "another name of the area", "another word"],
)
async def test_what_differs_in_what_people_read_is_told_beside_the_other(
    town: Town, before: bytes, after: bytes
) -> None:
    await town.follow("person", DUEREN)
    first = water(COUNTRY, "land-1")
    second = replace(water(CENTRE, "kreis-1"), sent=first.sent)
    await town.accepted(first, "land")
    assert before in second.xml()
    assert await town.accepted(second.xml().replace(before, after)) == "first_notice"
    await town.work()
    assert town.heard("person") == [("alert", WATER), ("alert", WATER)]


async def test_a_copy_that_says_the_same_stands_for_the_centre_and_no_longer_than_it_lasts(
    town: Town,
) -> None:
    await town.follow("person", DUEREN)
    own = water(CENTRE, "kreis-1")
    await town.poll("open", own)
    await town.work()
    assert (await town.submit(own)).status == 201
    await town.work()
    assert town.heard("person") == [("alert", WATER)]
    assert WATER in await town.in_force(DUEREN)
    # The feed's copy is ended, by the feed; the centre has not ended anything.
    await town.poll("open", own, replace(own.later("kreis-2", "Cancel", infos=()), sender=CENTRE))
    await town.work()
    assert await town.in_force(DUEREN) == [WATER]
    assert town.heard("person") == [("alert", WATER), ("alert", WATER)]


async def test_a_proved_copy_of_the_centres_own_end_ends_the_centres_own(town: Town) -> None:
    await town.follow("person", DUEREN)
    own = water(CENTRE, "kreis-1")
    await town.poll("office", own)
    await town.work()
    assert (await town.submit(own)).json["alert"]["reason"] == "merged"
    await town.poll("office", own, own.later("kreis-2", "Cancel", infos=()))
    await town.work()
    assert await town.in_force(DUEREN) == []
    assert town.heard("person") == [("alert", WATER), ("cancel", WATER)]


async def test_two_offices_accounts_of_one_event_are_told_once(town: Town) -> None:
    """The control for feeds: the second is merged, and speaks when the first has ended."""
    await town.follow("person", DUEREN)
    first = water(OFFICE, "amt-1", severity="Severe")
    other = replace(water(CENTRE, "feed-1", headline="Wasser abkochen"), sent=first.sent)
    await town.poll("office", first)
    await town.work()
    await town.poll("office", first, other)
    await town.work()
    assert ("alert", WATER) in town.heard("person")
