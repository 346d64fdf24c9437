"""A message that comes from several places: nobody's copy takes anything away from anybody's own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.cases.town import CENTRE, DUEREN, HUECKELHOVEN, JUELICH, LINNICH, OFFICE, Town
from tests.support.messages import InfoPart, Message
from tests.support.submissions import now, warning


def fire(*areas: str, sender: str = CENTRE, identifier: str = "feuer-1", **changes: object) -> Message:
    return warning(
        *areas, sender=sender, identifier=identifier, event="Feuer", headline="Großfeuer", **changes
    )


@pytest.mark.parametrize("feed", ["open", "office"])
@pytest.mark.parametrize("areas", [(JUELICH, HUECKELHOVEN), (HUECKELHOVEN,)], ids=["wider", "elsewhere"])
async def test_a_copy_beyond_the_territory_blocks_neither_the_warning_nor_its_end(
    town: Town, feed: str, areas: tuple[str, ...]
) -> None:
    await town.follow("person", JUELICH)
    own = fire(JUELICH)
    await town.poll(feed, replace(own, infos=(replace(own.infos[0], areas=areas),)))
    await town.work()
    assert await town.accepted(own) in ("first_notice", "update", "merged")
    await town.work()
    assert ("alert", "Großfeuer") in town.heard("person")
    await town.accepted(own.later("feuer-2", "Cancel", infos=()))
    await town.work()
    assert town.heard("person")[-1] == ("cancel", "Großfeuer")


async def test_a_copy_of_an_update_does_not_keep_the_update_from_replacing(town: Town) -> None:
    await town.follow("west", JUELICH)
    await town.follow("north", LINNICH)
    whole = fire(JUELICH, LINNICH)
    await town.accepted(whole)
    await town.work()
    less = whole.later(
        "feuer-2", infos=(replace(whole.infos[0], areas=(JUELICH,), headline="Nur im Westen"),)
    )
    await town.poll("open", less)
    await town.work()
    assert await town.accepted(less) == "update"
    await town.work()
    assert await town.in_force(LINNICH) == []
    assert town.heard("north")[-1] == ("no_longer_affected", "Großfeuer")


async def test_an_end_of_two_warnings_names_both(town: Town) -> None:
    await town.follow("west", JUELICH)
    await town.follow("north", LINNICH)
    one = warning(JUELICH, event="Sturm", headline="Sturm im Westen")
    two = warning(LINNICH, event="Glatteis", headline="Glatteis im Norden")
    await town.accepted(one)
    await town.accepted(two)
    await town.work()
    await town.accepted(replace(one.later("ende", "Cancel", infos=()), references=(one, two)))
    await town.work()
    assert (
        town.heard("west")[-1] == town.heard("north")[-1] == ("cancel", "Sturm im Westen; Glatteis im Norden")
    )


async def test_a_desk_of_the_same_sender_ends_nothing_ahead_beyond_its_territory(town: Town) -> None:
    await town.follow("person", DUEREN)
    theirs = fire(HUECKELHOVEN, identifier="hs-1")
    mine = fire(DUEREN, identifier="dn-7", sent=now() - timedelta(minutes=5))
    await town.accepted(theirs, "heinsberg")
    ahead = replace(theirs.later("hs-2", "Cancel", infos=()), references=(theirs, mine), sent=now())
    await town.accepted(ahead, "heinsberg")
    assert await town.accepted(mine) == "first_notice"
    await town.work()
    assert town.heard("person") == [("alert", "Großfeuer")]


@pytest.mark.parametrize("status", ["Actual", "Test"])
async def test_a_desk_of_the_same_sender_takes_no_identity_from_a_feed(town: Town, status: str) -> None:
    await town.follow("person", JUELICH)
    mine = fire(JUELICH)
    await town.accepted(replace(fire(HUECKELHOVEN, status=status), sent=mine.sent), "heinsberg")
    await town.poll("office", mine)
    await town.work()
    assert town.heard("person") == [("alert", "Großfeuer")]


async def test_a_graver_account_by_another_trusted_feed_is_told(town: Town) -> None:
    await town.follow("person", JUELICH)
    mild = fire(JUELICH, sender=OFFICE, severity="Minor")
    await town.poll("office", mild)
    await town.work()
    grave = replace(
        mild, infos=(replace(mild.infos[0], severity="Extreme", headline="Raus aus den Häusern"),)
    )
    await town.poll("complete", grave)
    await town.work()
    assert town.heard("person") == [("alert", "Großfeuer"), ("update", "Raus aus den Häusern")]


async def test_a_reference_that_leads_nowhere_is_told_to_its_sender(town: Town) -> None:
    one = fire(JUELICH)
    await town.accepted(one)
    cancel = replace(
        one.later("ende", "Cancel", infos=()), references=(one, fire(JUELICH, identifier="vertippt"))
    )
    answer = await town.submit(cancel)
    assert [finding["code"] for finding in answer.json["findings"]] == ["reference-unknown"]


def test_the_inputs_say_what_they_are_meant_to() -> None:
    assert fire(JUELICH).infos[0] == InfoPart(areas=(JUELICH,), event="Feuer", headline="Großfeuer")
