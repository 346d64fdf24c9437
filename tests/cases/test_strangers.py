"""What somebody without the right to it tries: to end, to keep back, to take ahead."""

from dataclasses import replace
from datetime import timedelta

from tests.cases.town import CENTRE, COUNTRY, DUEREN, HUECKELHOVEN, JUELICH, OFFICE, Town
from tests.support.messages import Message
from tests.support.submissions import now, warning


def flood(*areas: str, sender: str = CENTRE, identifier: str = "flut-1", **changes: object) -> Message:
    return warning(
        *areas, sender=sender, identifier=identifier, event="Flut", headline="Die Flut kommt", **changes
    )


async def test_an_unsigned_end_for_elsewhere_in_one_list_ends_nothing(town: Town) -> None:
    await town.follow("person", JUELICH)
    first = flood(JUELICH, sender=OFFICE)
    await town.poll("signed", town.signed(first))
    await town.work()
    worse = first.later("flut-2", infos=(replace(first.infos[0], headline="Verlassen Sie das Tal"),))
    forged = worse.later("flut-3", "Cancel", infos=(replace(first.infos[0], areas=("03241001",)),))
    await town.poll("signed", town.signed(first), town.signed(worse), forged)
    await town.work()
    assert town.heard("person") == [("alert", "Die Flut kommt"), ("update", "Verlassen Sie das Tal")]


async def test_an_end_ahead_by_another_desk_of_the_sender_reaches_nobody_beyond_its_territory(
    town: Town,
) -> None:
    await town.follow("person", DUEREN)
    mine = flood(DUEREN)
    await town.accepted(mine)
    await town.work()
    theirs = flood(HUECKELHOVEN, identifier="hs-1")
    await town.accepted(theirs, "heinsberg")
    worse = mine.later("flut-2", infos=(replace(mine.infos[0], headline="Verlassen Sie das Tal"),))
    ahead = replace(theirs.later("hs-2", "Cancel", infos=()), references=(theirs, worse), sent=now())
    await town.accepted(ahead, "heinsberg")
    assert await town.accepted(worse) == "update"
    await town.work()
    assert town.heard("person") == [("alert", "Die Flut kommt"), ("update", "Verlassen Sie das Tal")]


async def test_a_strangers_branch_keeps_no_end_back(town: Town) -> None:
    await town.follow("person", JUELICH)
    name = "mow.DE-NW-DN-1-20261122-1-000"
    genuine = flood(JUELICH, sender=OFFICE, identifier=name)
    older = replace(
        flood(JUELICH, identifier=name), sender="evil@x.example", sent=genuine.sent - timedelta(minutes=1)
    )
    await town.poll("open", older)
    await town.work()
    await town.poll("office", genuine)
    await town.work()
    beside = replace(older.later("evil-2"), sent=now())
    await town.poll("open", older, beside)
    await town.work()
    await town.poll("office", genuine, genuine.later("ende", "Cancel", infos=()))
    await town.work()
    assert ("cancel", "Die Flut kommt") in town.heard("person")


async def test_an_end_that_waited_for_an_equal_warning_is_told_when_that_is_taken_back(town: Town) -> None:
    """The second's own message had not reached anybody yet."""
    await town.follow("person", DUEREN)
    first = flood(DUEREN, sender=COUNTRY, identifier="land-1")
    second = replace(flood(DUEREN), sent=first.sent)
    await town.accepted(first, "land")
    await town.work()
    assert await town.accepted(second) == "merged"
    await town.accepted(first.later("land-2", "Cancel", infos=()), "land")
    await town.accepted(second.later("kreis-2", "Cancel", infos=()))
    await town.work()
    assert [kind for kind, _ in town.heard("person")].count("cancel") == 1
    assert await town.in_force(DUEREN) == []


async def test_of_three_equal_warnings_the_last_keeps_the_first_end_back(town: Town) -> None:
    await town.follow("person", DUEREN)
    first = flood(DUEREN, sender=COUNTRY, identifier="land-1")
    await town.accepted(first, "land")
    await town.work()
    for number in (1, 2):
        assert (
            await town.accepted(replace(flood(DUEREN, identifier=f"kreis-{number}"), sent=first.sent))
            == "merged"
        )
    await town.accepted(first.later("land-2", "Cancel", infos=()), "land")
    await town.work()
    await town.run_out("kreis-1")
    await town.pool.execute("UPDATE alert SET plan_at = clock_timestamp() WHERE plan_at IS NOT NULL")
    await town.work()
    kinds = [kind for kind, _ in town.heard("person")]
    assert "cancel" not in kinds, "the third is in force"
    assert await town.in_force(DUEREN) == ["Die Flut kommt"]


async def test_a_message_that_names_its_own_successor_still_ends(town: Town) -> None:
    """An Update that names what names it in turn: a circle, which equal instants allow."""
    await town.follow("person", DUEREN)
    one = flood(DUEREN, sender=OFFICE)
    await town.poll("office", one)
    await town.work()
    beyond = flood(DUEREN, sender=OFFICE, identifier="flut-3", msg_type="Update")
    update = replace(one.later("flut-2"), references=(one, beyond), sent=beyond.sent)
    beyond = replace(beyond, references=(update,))
    await town.poll("office", one, update)
    await town.work()
    await town.poll("office", one, update, beyond)
    await town.work()
    await town.poll("office", one, update, beyond, update.later("ende", "Cancel", infos=()))
    await town.work()
    assert town.heard("person")[-1][0] == "cancel"
