"""Look at what waits for a person, have those told who are on duty, and send what is due to them.

Deciding is `on_duty`, claiming is the record. A worker that dies leaves nothing behind but a lease: another one sends
what it may not have sent, with the same reference.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.access.principals import WORKER
from dispatcher.model.reports import duty_reference
from dispatcher.model.vocabulary import Lane
from dispatcher.on_duty.matters import DutyChannel, Occasion, ending, progress
from dispatcher.on_duty.messages import DutyDropped, DutyResult, Following, following
from dispatcher.on_duty.roster import roster, wanted
from dispatcher.on_duty.texts import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from channels.base import Notice
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.metrics import Metrics
    from dispatcher.on_duty.messages import DueMessages
    from dispatcher.on_duty.texts import DutyTexts
    from dispatcher.store.on_duty.endpoints import DutyEndpoints
    from dispatcher.store.on_duty.matters import DutyMatters
    from dispatcher.store.on_duty.messages import DutyMessages
    from dispatcher.store.persons.persons import Persons
    from dispatcher.worker.on_duty.ways import DutyWays

LOOK_EVERY_S: Final = 2.0
"""How often is looked for what waits: a person needs longer to find the phone."""
SEND_EVERY_S: Final = 0.5
LOOKING_TASK, SENDING_TASK = "duty_roster", "duty_messages"
"""As what they are counted when they fail."""
AT_ONCE: Final = 16
"""Messages under way at once by one channel."""
STEP_TIMEOUT_S: Final = 30.0
"""A record that hangs is noticed and counted like one that is away."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DutyStores:
    """What it reads and writes."""

    matters: DutyMatters
    messages: DutyMessages
    endpoints: DutyEndpoints
    persons: Persons


class DutyDesk:
    """Tells people on duty. Any number of processes may."""

    def __init__(  # noqa: PLR0913 - dependencies, each named at the call
        self,
        stores: DutyStores,
        *,
        ways: DutyWays,
        texts: DutyTexts,
        gate: LaneGate,
        metrics: Metrics,
        clock: Callable[[], datetime],
        held_after: timedelta,
    ) -> None:
        """`held_after`: how long an Extreme may be held before operators are told of it."""
        self._stores = stores
        self._ways = ways
        self._texts = texts
        self._gate = gate
        self._metrics = metrics
        self._clock = clock
        self._held_after = held_after

    async def run(self) -> None:
        """Work until cancelled. An outage of the record is waited out."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_looking())
            tasks.create_task(self._keep_sending())

    async def _keep_looking(self) -> None:
        while True:
            with self._surviving(LOOKING_TASK):
                async with asyncio.timeout(STEP_TIMEOUT_S):
                    await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _keep_sending(self) -> None:
        """Send what is due as soon as there is a place: no gateway that hangs holds up another one."""
        under_way: Counter[DutyChannel] = Counter()

        async def send(one: DueMessages) -> None:
            under_way[one.channel] += 1
            try:
                await self._send(one)
            finally:
                under_way[one.channel] -= 1

        async with asyncio.TaskGroup() as tasks:
            while True:
                with self._surviving(SENDING_TASK):
                    async with asyncio.timeout(STEP_TIMEOUT_S):
                        due = await self._claimed(under_way)
                    for one in due:
                        tasks.create_task(send(one))
                await asyncio.sleep(SEND_EVERY_S)

    @contextmanager
    def _surviving(self, task: str) -> Iterator[None]:
        """Outlive every outage, and faults of ours: they are counted and logged."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - as above
            self._metrics.jobs_failed.labels(task).inc()
            log.warning("duty_failed", task=task, error=type(error).__name__)

    async def look(self, now: datetime | None = None) -> None:
        """Have those told who are to be by now, and of what has ended those who heard of it; by the record's clock if
        no other time is given.
        """
        stores = self._stores
        now = now or await stores.matters.now()
        if matters := await stores.matters.open(now):
            persons, reachable = await stores.persons.all(), await stores.endpoints.reachable()
            so_far = await stores.matters.so_far()
            for matter in matters:
                found = progress(matter, now, self._held_after)
                if not found.is_due or found.due_at is None:
                    continue
                on_duty = roster(matter, persons, reachable, found.level, now)
                to_tell = wanted(on_duty, is_reminded=found.is_reminded)
                case = so_far.get((matter.alert_id, matter.asked_at))
                if case is not None and case.is_covered is on_duty.is_covered and to_tell <= case.told:
                    continue
                if await stores.matters.tell(matter, found.due_at, on_duty, to_tell, WORKER):
                    log.error("nobody_on_duty", alert=matter.alert_id, asked=matter.asked)
        for closed in await stores.matters.close(now, WORKER):
            for channel in closed.needless:
                self._count(channel, DutyResult.DROPPED)
            log.info("duty_done", alert=closed.alert_id, told=closed.told, dropped=len(closed.needless))
        untold = await stores.matters.untold()
        self._metrics.duty_untold_since.set(untold.since.timestamp() if untold.since else 0)
        self._metrics.duty_uncovered.set(untold.uncovered)

    async def send(self) -> int:
        """Send what is due, a few at once. Returns to how many endpoints."""
        due = await self._claimed()
        await asyncio.gather(*map(self._send, due))
        return len(due)

    async def _claimed(
        self, under_way: Mapping[DutyChannel, int] = MappingProxyType({})
    ) -> list[DueMessages]:
        for channel, number in (await self._stores.messages.drop_needless()).items():
            self._count(channel, DutyResult.DROPPED, number)
        return await self._stores.messages.claim(AT_ONCE, under_way)

    async def _send(self, due: DueMessages) -> None:
        """Send one message, before all other lanes but for mail, which takes nothing from them. What goes wrong here
        holds up no other endpoint, and is tried again when this worker's time with it is over.
        """
        first = nullcontext() if due.channel is DutyChannel.EMAIL else self._gate.work(Lane.FLASH)
        with self._surviving(SENDING_TASK), first:
            notice, started = await self._notice(due), monotonic()
            if notice is None:
                answer, follows = DutyDropped.DECIDED.value, Following(DutyResult.DROPPED)
            else:
                answer, consequence = await self._ways.send(due.channel, due.endpoint, notice)
                follows = following(due, answer, consequence)
            took = timedelta(seconds=monotonic() - started)
            self._count(due.channel, follows.result)
            await self._stores.messages.answered(due, answer, follows, took)
            say = log.info if follows.result is DutyResult.ACCEPTED else log.warning
            say(
                "duty_message",
                person=due.person_id,
                channel=due.channel,
                answer=answer,
                result=follows.result,
                attempt=due.attempt,
            )

    async def _notice(self, due: DueMessages) -> Notice | None:
        """Return what is said of all that is due; None where there is nothing to say any more. Of what was decided
        meanwhile the message for that is on its way.
        """
        reference, now = duty_reference(due.messages[-1].id), self._clock()
        if due.code:
            return self._texts.code(due.code, due.endpoint.id, reference, now)
        known = await self._stores.matters.of([one.alert_id for one in due.messages if one.alert_id])
        subjects = []
        for one in due.messages:
            if one.alert_id in known:
                matter, outcome = known[one.alert_id]
                ended = ending(outcome, now)
                if (ended is None) is not (one.occasion is Occasion.DONE):
                    subjects.append(Subject(matter, one.occasion, ended))
        latest = {one.matter.alert_id: one for one in subjects}
        return self._texts.told([*latest.values()], reference, now) if latest else None

    def _count(self, channel: str, result: DutyResult, number: int = 1) -> None:
        self._metrics.duty_messages.labels(channel, result).inc(number)
