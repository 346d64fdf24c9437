"""One warning that becomes two: each has its own places, its own updates and its own end."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.api.conftest import SECRET
from tests.cases.town import CENTRE, DUEREN, JUELICH, LINNICH, OFFICE, Town
from tests.support.messages import InfoPart, Message
from tests.support.submissions import now

WHOLE, WEST, NORTH, CALM = "Sturm im Norden", "Sturm im Westen hält an", "Orkan am Fluss", "Ruhe im Westen"


def part(headline: str, *areas: str, hours: int = 6, response: str = "") -> InfoPart:
    return InfoPart(
        areas, event="Sturm", headline=headline, response=response, lifetime=timedelta(hours=hours)
    )


class Storm:
    """A warning for both places, an update for each, and the end of the first."""

    def __init__(self, sender: str = CENTRE) -> None:
        self.whole = Message(
            "sturm-1",
            now() - timedelta(minutes=30),
            sender=sender,
            infos=(part(WHOLE, JUELICH, LINNICH),),
        )
        self.west = self.whole.later("sturm-2", minutes=5, infos=(part(WEST, JUELICH, hours=9),))
        self.north = self.whole.later("sturm-3", minutes=10, infos=(part(NORTH, LINNICH, hours=4),))
        self.calm = self.west.later(
            "sturm-4", "Cancel", minutes=10, infos=(part(CALM, JUELICH, response="AllClear"),)
        )

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.whole, self.west, self.north, self.calm


async def people(town: Town) -> None:
    await town.follow("west", JUELICH)
    await town.follow("north", LINNICH)
    await town.follow("both", JUELICH, LINNICH)


async def in_force(town: Town) -> tuple[list[str], list[str]]:
    return await town.in_force(JUELICH), await town.in_force(LINNICH)


async def split(town: Town, storm: Storm, *, north_first: bool = False) -> None:
    """The warning goes out; then both updates are recorded before anybody works on the first."""
    await town.accepted(storm.whole)
    await town.work()
    for one in (storm.north, storm.west) if north_first else (storm.west, storm.north):
        await town.accepted(one)
    await town.work()


@pytest.mark.parametrize("north_first", [False, True], ids=["west first", "north first"])
async def test_each_place_hears_of_its_own_branch_only(town: Town, north_first: bool) -> None:
    await people(town)
    await split(town, Storm(), north_first=north_first)
    assert town.heard("west") == [("alert", WHOLE), ("update", WEST)]
    assert town.heard("north") == [("alert", WHOLE), ("update", NORTH)]
    assert {kind for kind, _ in town.heard("both")} == {"alert", "update"}
    assert await in_force(town) == ([WEST], [NORTH])


async def test_the_second_branch_takes_nothing_from_the_first_also_when_it_comes_later(town: Town) -> None:
    """Until then nothing is in force for the second place, and it is told so."""
    await people(town)
    storm = Storm()
    for one in storm.messages[:3]:
        await town.accepted(one)
        await town.work()
    assert town.heard("west") == [("alert", WHOLE), ("update", WEST)]
    assert [kind for kind, _ in town.heard("north")[:2]] == ["alert", "no_longer_affected"]
    assert town.heard("north")[2:] in ([("alert", NORTH)], [("update", NORTH)])
    assert {kind for kind, _ in town.heard("both")} == {"alert", "update"}
    assert await in_force(town) == ([WEST], [NORTH])


@pytest.mark.parametrize("north_first", [False, True], ids=["west first", "north first"])
async def test_the_end_of_one_branch_ends_that_one(town: Town, north_first: bool) -> None:
    await people(town)
    storm = Storm()
    await split(town, storm, north_first=north_first)
    await town.accepted(storm.calm)
    await town.work()
    assert town.heard("west") == [("alert", WHOLE), ("update", WEST), ("cancel", CALM)]
    assert town.heard("north") == [("alert", WHOLE), ("update", NORTH)]
    assert {kind for kind, _ in town.heard("both")} == {"alert", "update"}
    assert await in_force(town) == ([], [NORTH])


async def test_who_is_in_both_places_hears_the_end_of_the_last_one(town: Town) -> None:
    await people(town)
    storm = Storm()
    await split(town, storm)
    await town.accepted(storm.calm)
    await town.work()
    over = (part("Alles vorbei", LINNICH, response="AllClear"),)
    await town.accepted(storm.north.later("sturm-5", "Cancel", minutes=10, infos=over))
    await town.work()
    assert town.heard("both")[-1] == ("cancel", "Alles vorbei")
    assert [kind for kind, _ in town.heard("both")].count("cancel") == 1
    assert town.heard("north")[-1] == ("cancel", "Alles vorbei")
    assert [kind for kind, _ in town.heard("west")].count("cancel") == 1
    assert await in_force(town) == ([], [])


@pytest.mark.parametrize("known", [True, False], ids=["the warning is known", "all three come at once"])
async def test_both_updates_in_one_poll_lift_nothing(town: Town, known: bool) -> None:
    await people(town)
    storm = Storm(OFFICE)
    if known:
        await town.poll("office", storm.whole)
        await town.work()
    await town.poll("office", storm.whole, storm.west, storm.north)
    await town.work()
    before = [("alert", WHOLE)] if known else []
    kind = "update" if known else "alert"
    assert town.heard("west") == [*before, (kind, WEST)]
    assert town.heard("north") == [*before, (kind, NORTH)]
    assert await in_force(town) == ([WEST], [NORTH])


ENDS = ("cancel", "no_longer_affected")


@pytest.mark.parametrize(
    "order", list(itertools.permutations(range(4))), ids=lambda order: "".join(map(str, order))
)
async def test_in_whatever_order_a_feed_brings_them_the_outcome_is_the_same(
    town: Town, order: tuple[int, ...]
) -> None:
    await people(town)
    storm = Storm(OFFICE)
    for index in order:
        await town.poll("office", storm.messages[index])
        await town.work()
    assert await in_force(town) == ([], [NORTH])
    west, north, both = (town.heard(name) for name in ("west", "north", "both"))
    assert not west or west[-1][0] in ENDS, "whoever was alarmed is told of the end"
    told = [place for place, (_, headline) in enumerate(west) if headline == WEST]
    assert not told or west[told[-1] :][1:] == [("cancel", CALM)], "and by nothing but that end"
    for heard in (west, north, both):
        kinds = [kind in ENDS for kind, _ in heard]
        assert kinds[:1] != [True]
        assert (True, True) not in itertools.pairwise(kinds), "nobody is told twice that it is over"
    assert north[-1][1] == NORTH
    assert north[-1][0] not in ENDS
    assert both[-1][0] not in ENDS


async def test_a_message_that_names_both_branches_makes_them_one(town: Town) -> None:
    await people(town)
    storm = Storm()
    await split(town, storm)
    again = replace(
        storm.north.later("sturm-6", minutes=5, infos=(part("Wieder überall", JUELICH, LINNICH),)),
        references=(storm.west, storm.north),
    )
    await town.accepted(again)
    await town.work()
    for name in ("west", "north", "both"):
        assert town.heard(name)[-1] == ("update", "Wieder überall")
    assert await in_force(town) == (["Wieder überall"], ["Wieder überall"])
    await town.accepted(again.later("sturm-7", "Cancel", infos=()))
    await town.work()
    assert {town.heard(name)[-1] for name in ("west", "north", "both")} == {("cancel", "Wieder überall")}
    assert await in_force(town) == ([], [])


async def test_the_end_of_what_was_split_is_refused_and_says_what_stands_in_its_place(town: Town) -> None:
    await people(town)
    storm = Storm()
    await split(town, storm)
    answer = await town.submit(storm.whole.later("sturm-8", "Cancel", minutes=20, infos=()))
    answer.problem(409, "reference-replaced")
    await town.work()
    assert {kind for name in town.people for kind, _ in town.heard(name)} == {"alert", "update"}
    assert await in_force(town) == ([WEST], [NORTH])


async def test_an_update_that_leaves_a_place_out_lifts_the_warning_there(town: Town) -> None:
    """The control: without a second branch the other place is told that it is out of danger."""
    await people(town)
    storm = Storm()
    for one in storm.messages[:2]:
        await town.accepted(one)
        await town.work()
    assert town.heard("north") == [("alert", WHOLE), ("no_longer_affected", WHOLE)], (
        "an end names what has ended"
    )
    assert await in_force(town) == ([WEST], [])
    told = town.read("north")[-1]
    assert (told["areas"], told["municipalities"]) == ("Linnich", [{"ags": LINNICH, "name": "Linnich"}]), (
        "and only where: it goes on in Jülich"
    )
    cap = await town.service.get(told["cap"], key=f"wi_i{LINNICH}_{SECRET}")
    assert (cap.status, b"sturm-2" in cap.body) == (200, True), "who is told by a message may read it"
    assert (await town.service.get(told["cap"], key=f"wi_i{DUEREN}_{SECRET}")).status == 404


async def test_an_end_names_no_place_where_another_branch_goes_on(town: Town) -> None:
    """The sender names the whole area once more, though one of its places has a branch of its own by now."""
    await people(town)
    storm = Storm()
    await split(town, storm)
    calm = storm.west.later(
        "sturm-4", "Cancel", minutes=10, infos=(part(CALM, JUELICH, LINNICH, response="AllClear"),)
    )
    await town.accepted(calm)
    await town.work()
    assert town.heard("west")[-1] == ("cancel", CALM)
    assert (town.read("west")[-1]["areas"], town.heard("north")[-1]) == ("Jülich", ("update", NORTH))
    await town.accepted(storm.north.later("sturm-5", "Cancel", minutes=20, infos=()))
    await town.work()
    assert town.read("north")[-1]["areas"] == "Linnich"


async def test_when_what_was_narrowed_runs_out_it_is_over_in_all_its_places(town: Town) -> None:
    """The control: an Update whose time is over when it comes is in force nowhere."""
    await people(town)
    storm = Storm()
    await town.accepted(storm.whole)
    await town.work()
    over = part("Vorbei", JUELICH, LINNICH)
    await town.accepted(
        storm.whole.later("kurz", minutes=5, infos=(replace(over, lifetime=timedelta(minutes=1)),))
    )
    await town.work()
    assert town.heard("both")[-1][0] == "no_longer_affected"
    assert town.read("both")[-1]["areas"] == "Jülich, Linnich"
