"""Counts of recipients, which are made as seldom as they are dear."""

import asyncio
from dataclasses import replace

from dispatcher.api.console.desk import counts
from dispatcher.api.console.desk.counts import COUNT_GOOD_S, COUNTING_SHARE, RecipientCounts
from dispatcher.api.situation.log import SUMMED_MAX
from dispatcher.model.alerts import StoredAlert
from dispatcher.model.status import CountedAlert, RecipientProgress
from dispatcher.model.vocabulary import AlertState
from tests.support.messages import stored

RUNNING = replace(stored(), state=AlertState.PLANNED)
SETTLED = replace(RUNNING, state=AlertState.SETTLED)


class Counting:
    """Counts one more each time, which takes two seconds; nothing where it is `broken`."""

    def __init__(self) -> None:
        self.now, self.counted, self.broken = 0.0, 0, False
        self.counts = RecipientCounts(lambda: self.now)

    async def count(self, alert: StoredAlert) -> CountedAlert:
        self.now += 2
        self.counted += 1
        return CountedAlert(alert, None if self.broken else RecipientProgress(self.counted))

    async def accepted(self, alert: StoredAlert) -> int | None:
        progress = await self.counts.of(alert, self.count)
        return progress.accepted if progress else None


async def test_a_count_is_made_again_after_many_times_what_it_took() -> None:
    one = Counting()
    assert (await one.accepted(RUNNING), await one.accepted(RUNNING)) == (1, 1)
    one.now += 2 * COUNTING_SHARE
    assert await one.accepted(RUNNING) == 2


async def test_a_final_count_is_made_once_and_anew_when_it_goes_out_again() -> None:
    one = Counting()
    assert await one.accepted(RUNNING) == 1
    one.now += 1000
    assert await one.accepted(SETTLED) == 2
    one.now += 1000
    assert await one.accepted(SETTLED) == 2
    assert await one.accepted(RUNNING) == 3, "it was replayed"


async def test_what_cannot_be_counted_is_not_shown_for_long() -> None:
    one = Counting()
    await one.accepted(RUNNING)
    one.broken, one.now = True, one.now + 2 * COUNTING_SHARE
    assert await one.accepted(RUNNING) == 1
    one.now += COUNT_GOOD_S
    assert await one.accepted(RUNNING) is None
    assert await Counting().accepted(SETTLED) == 1


async def test_statistics_of_all_messages_that_they_may_have_count_each_once() -> None:
    one = Counting()
    for _ in range(2):
        for number in range(SUMMED_MAX):
            await one.accepted(replace(SETTLED, id=str(number)))
    assert one.counted == SUMMED_MAX


async def test_no_more_are_remembered_than_the_limit() -> None:
    one = Counting()
    for number in range(counts.COUNTS_KEPT + 5):
        await one.accepted(replace(SETTLED, id=str(number)))
    assert len(one.counts._counts) == counts.COUNTS_KEPT


async def test_of_several_those_that_are_sent_are_counted_as_many_as_can_be_in_time() -> None:
    counting = Counting()
    given = [
        RUNNING,
        replace(RUNNING, id="held", state=AlertState.HELD),
        replace(RUNNING, id="slow"),
        RUNNING,
    ]

    async def count(alert: StoredAlert) -> CountedAlert:
        if alert.id == "slow":
            await asyncio.Event().wait()
        return await counting.count(alert)

    found = await counting.counts.of_several(given, count, 0)
    assert {one: progress.accepted for one, progress in found.items()} == {RUNNING.id: 1}
