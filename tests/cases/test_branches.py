"""One warning that becomes two: each has its own places, its own updates and its own end."""

from datetime import timedelta

from tests.cases.town import CENTRE, JUELICH, LINNICH, Town
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


ENDS = ("cancel", "no_longer_affected")


async def test_an_update_that_leaves_a_place_out_lifts_the_warning_there(town: Town) -> None:
    """The control: without a second branch the other place is told that it is out of danger."""
    await people(town)
    storm = Storm()
    for one in storm.messages[:2]:
        await town.accepted(one)
        await town.work()
    assert [kind for kind, _ in town.heard("north")] == ["alert", "no_longer_affected"]
    assert await in_force(town) == ([WEST], [])
