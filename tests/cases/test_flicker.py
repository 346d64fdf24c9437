"""A list that drops a warning and lists it again, at night."""

from dataclasses import replace

from tests.cases.town import DUEREN, OFFICE, Town
from tests.support.messages import Message
from tests.support.submissions import warning

FROST = "Strenger Frost"
NEEDED = 10
"""Lists in a row that must lack a warning: ten minutes, at one a minute."""


def frost() -> Message:
    return warning(DUEREN, identifier="frost-1", sender=OFFICE, headline=FROST, event="Frost")


OTHER = warning("05334002", identifier="glatteis-1", sender=OFFICE, headline="Glätte", event="Glätte")
"""Something that is always listed, so that the list is never empty."""


async def absent(town: Town, polls: int) -> None:
    for _ in range(polls):
        await town.poll("complete", OTHER)
        await town.work()


async def test_a_drop_out_of_some_minutes_is_heard_by_nobody(town: Town) -> None:
    await town.follow("person", DUEREN)
    first = frost()
    for _ in range(3):
        await town.poll("complete", first, OTHER)
        await absent(town, NEEDED - 1)
    assert town.heard("person") == [("alert", FROST)]
    assert await town.in_force(DUEREN) == [FROST]


async def test_what_stays_away_is_called_no_longer_listed(town: Town) -> None:
    await town.follow("person", DUEREN)
    await town.poll("complete", frost(), OTHER)
    await absent(town, NEEDED)
    assert town.heard("person") == [("alert", FROST), ("delisted", FROST)]
    assert await town.in_force(DUEREN) == []


async def test_what_comes_and_goes_all_night_is_told_three_times_at_most(town: Town) -> None:
    await town.follow("person", DUEREN)
    first = frost()
    for _ in range(3):
        await town.poll("complete", first, OTHER)
        await absent(town, NEEDED)
    assert len(town.heard("person")) == 3
    assert [kind for kind, _ in town.heard("person")[:2]] == ["alert", "delisted"]


async def test_what_comes_back_soon_is_no_second_alarm(town: Town) -> None:
    await town.follow("person", DUEREN)
    await town.follow("newcomer", DUEREN)
    first = frost()
    await town.poll("complete", first, OTHER)
    await absent(town, NEEDED)
    await town.poll("complete", first, OTHER)
    await town.work()
    assert town.heard("person") == [("alert", FROST), ("delisted", FROST), ("update", FROST)]
    assert await town.in_force(DUEREN) == [FROST]


async def test_an_end_of_the_source_itself_is_told_whatever_the_list_did(town: Town) -> None:
    await town.follow("person", DUEREN)
    first = frost()
    for _ in range(2):
        await town.poll("complete", first, OTHER)
        await absent(town, NEEDED)
    await town.poll("complete", first, OTHER)
    await town.work()
    over = replace(first.infos[0], headline="Es taut", response="AllClear")
    await town.poll("complete", first, first.later("frost-2", "Cancel", minutes=9, infos=(over,)), OTHER)
    await town.work()
    assert town.heard("person")[-1] == ("cancel", "Es taut")
    assert await town.in_force(DUEREN) == []
