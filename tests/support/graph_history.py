"""Histories of messages that refer to each other, on the real record: messages arrive, are planned and delivered, time
passes; and what must hold of what people hear is checked at each step against `ReferenceGraph`.
"""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import cap
from cap.profiles import facts
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.intake.feed_message import FeedIntake
from dispatcher.intake.prepare import Incoming, Message, feed_rules
from dispatcher.metrics import Metrics
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.vocabulary import UNCERTAIN, Kind, State
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.readers.readers import InProcess
from dispatcher.store import record
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Located, Plans
from dispatcher.store.feeds.feeds import Feeds
from tests.support.histories import ledger_of, let_wake_ups_lapse, subscription
from tests.support.reference_graph import Act, ReferenceGraph, Sent
from tests.support.sealed import ADDRESSES
from tests.support.shown import shown_at

SENDER = "warnungen@zentrale.example"
PLACES = ("05358004", "05358008", "05358012", "05358016")
FOLLOWED = (PLACES[:1], PLACES[1:2], PLACES[2:3], PLACES[3:], PLACES[:2], PLACES[1:])
"""The places that each person follows."""
BEGINNING = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ENDS = frozenset({Kind.CANCEL, Kind.DELISTED, Kind.NO_LONGER_AFFECTED})
MANY_ROUNDS = 40
"""What waits must be planned and delivered in fewer rounds."""


class OneConnection:
    """A pool of one connection, in one transaction: what happens in it is undone after each history, at no cost."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        yield self._connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@dataclass(frozen=True)
class Notice:
    """What a person is notified of."""

    person: int
    kind: Kind
    number: int
    batch: int

    @property
    def ends(self) -> bool:
        return self.kind in ENDS


class Service:
    """The parts of the service that decide and plan, over a record with people in it."""

    def __init__(self, connection: Any) -> None:
        self.pool = pool = OneConnection(connection)
        self.alerts, self.plans, self.ledger = Alerts(pool), Plans(pool, batch_size=100), ledger_of(pool)
        self.rules = feed_rules("zentrale", senders=frozenset({SENDER}))
        self.people: dict[int, frozenset[str]] = {}
        self.intake = FeedIntake(
            alerts=self.alerts,
            readers=InProcess(Boundaries.default()),
            wake_ups=WakeUpQueue(open_queue(parse("redis://127.0.0.1:1/0"))),  # it is never asked
            metrics=Metrics(),
        )

    async def end(self) -> None:
        await self.pool.close()

    @classmethod
    async def begin(cls, database_url: str) -> "Service":
        database = await record.connect(database_url, size=1)
        service = cls(await database.acquire())
        await service.pool.execute("SET plan_cache_mode = force_generic_plan")
        await Feeds(service.pool).register(["zentrale"])
        names = [f"p{number}" for number in range(len(FOLLOWED))]
        lines = [subscription(name, *places) for name, places in zip(names, FOLLOWED, strict=True)]
        await Subscriptions(service.pool, ADDRESSES).add_many(lines)
        rows = await service.pool.fetch(
            "SELECT subscription_id AS id, array_agg(ags) AS places FROM followed_municipality GROUP BY 1"
        )
        service.people = {row["id"]: frozenset(row["places"]) for row in rows}
        return service


class Promise(StrEnum):
    """What must hold, whatever happens in whatever order."""

    SAME_SET = "what is in force follows from what has arrived, not from the order"
    NO_FALSE_END = "no end is planned for whom something in force concerns"
    NO_LATE_END = "no end is heard after a warning that goes on"
    NO_FORGOTTEN = "nobody who was alarmed is left without the end"
    NO_MISSED = "everybody concerned is notified of what is in force"
    NOT_TWICE = "nobody is notified of one warning twice"
    NO_EMPTY_END = "nobody hears of an end without an alarm before"
    REST = "all that waits is planned and delivered"


class Violated(AssertionError):
    """A promise was not kept."""

    def __init__(self, promise: Promise, *details: object) -> None:
        super().__init__(f"{promise}: {details}")
        self.promise = promise


class History:
    """One history. What it is told to do happens on the record and in the model; what must hold is checked then."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.model = ReferenceGraph()
        self.planned: dict[int, Notice] = {}
        """By batch and person: all notices that were ever planned."""
        self.notices: list[Notice] = []
        self.heard: dict[int, list[tuple[Notice, bool]]] = defaultdict(list)
        """By person, in order: what it was tried to deliver, and whether it may have been heard."""
        self._ids: dict[str, int] = {}
        self._in_hand: set[int] = set()
        self._beyond_recall: dict[int, set[int]] = {}
        """By warning: the batches that workers held when it was planned."""
        self._last_batch = 0
        self._now = datetime.now(UTC)

    # what happens

    async def arrive(self, sent: Sent) -> None:
        """A message arrives."""
        result = await self.service.intake.accept(
            self.service.rules, self._message(sent), enqueue=False, related=True
        )
        self.model.arrived[sent.number] = sent
        if result.alert_id is not None:
            self._ids[result.alert_id] = sent.number
        await self._compare()

    def _message(self, sent: Sent) -> Message:
        expires = self._now + timedelta(hours=sent.hours - self.model.hour)
        info = cap.Info(
            language="de-DE",
            categories=(cap.Category.MET,),
            event="Sturm",
            response_types=(cap.ResponseType.ALL_CLEAR,) if sent.act is Act.ALL_CLEAR else (),
            urgency=cap.Urgency.IMMEDIATE,
            severity=cap.Severity.SEVERE,
            certainty=cap.Certainty.LIKELY,
            expires=expires,
            headline=f"Sturm {sent.number}",
            areas=(cap.Area("Gebiet"),),
        )
        alert = cap.Alert(
            SENDER,
            _name(sent.number),
            _sent_at(sent.number),
            status=cap.Status.ACTUAL,
            msg_type={Act.ALERT: cap.MsgType.ALERT, Act.CANCEL: cap.MsgType.CANCEL}.get(
                sent.act, cap.MsgType.UPDATE
            ),
            scope=cap.Scope.PUBLIC,
            references=tuple(cap.Reference(SENDER, _name(one), _sent_at(one)) for one in sorted(sent.names)),
            infos=(info,),
        )
        places = tuple(AffectedMunicipality(ags, f"Ort {ags}", "geocode", 1.0) for ags in sorted(sent.places))
        return Message(
            alert,
            _sent_at(sent.number),
            facts(alert),
            places,
            (),
            expires,
            Incoming(alert, b""),
            proved=True,
        )

    async def waiting(self) -> list[str]:
        """Alerts that are to be planned."""
        rows = await self.service.pool.fetch(
            """SELECT id FROM alert WHERE state = 'accepted'
                 OR plan_at <= clock_timestamp() AND state IN ('planned', 'settled') ORDER BY number"""
        )
        return [row["id"] for row in rows]

    async def plan(self, alert_id: str) -> None:
        """A worker plans an alert, as `Planner` does it."""
        plans = self.service.plans
        pending = await plans.waiting_one(alert_id)
        if pending is None:
            return
        closed = await self.service.ledger.close_stopped(pending.chain_id)
        beside = frozenset(await plans.beside(pending.chain_id, alert_id))
        planning = plans.portions(alert_id, in_flight=closed.in_flight, located=Located(beside=beside))
        async for _ in planning:
            pass
        rows = await self.service.pool.fetch(
            "SELECT id, alert_id, kind, recipients FROM batch WHERE id > $1 ORDER BY id", self._last_batch
        )
        for row in rows:
            self._last_batch = row["id"]
            for person in row["recipients"]:
                self._note_planned(Notice(person, Kind(row["kind"]), self._ids[row["alert_id"]], row["id"]))

    async def open_batches(self) -> list[int]:
        rows = await self.service.pool.fetch("SELECT id FROM batch WHERE state = 'open' ORDER BY id")
        return [row["id"] for row in rows]

    async def take_up(self, batch_id: int) -> None:
        """A worker acquires the batch, and holds it."""
        if await self.service.ledger.acquire(batch_id) is not None:
            self._in_hand.add(batch_id)

    async def deliver(self, batch_id: int, outcomes: tuple[int, ...]) -> None:
        """A worker finishes the batch. What was stopped before a worker held it is not sent."""
        row = await self.service.pool.fetchrow(
            """SELECT b.kind, b.recipients, b.outcomes, a.id FROM batch b JOIN alert a ON a.id = b.alert_id
               WHERE b.id = $1 AND b.state = 'open' AND (a.stopped_at IS NULL OR b.lease_until IS NOT NULL)""",
            batch_id,
        )
        if row is None:
            return
        pending = enumerate(row["outcomes"])
        done = bytes(old or outcomes[position % len(outcomes)] for position, old in pending)
        await self.service.pool.execute(
            "UPDATE batch SET state = 'done', done_at = now(), lease_until = NULL, outcomes = $2 WHERE id = $1",
            batch_id,
            done,
        )
        for person, old, outcome in zip(row["recipients"], row["outcomes"], done, strict=True):
            if not old:
                self._note_heard(Notice(person, Kind(row["kind"]), self._ids[row["id"]], batch_id), outcome)

    async def pass_time(self, hours: int) -> None:
        """Hours pass, and the reconciler sweeps."""
        step, pool = timedelta(hours=hours), self.service.pool
        await pool.execute("UPDATE alert SET expires = expires - $1::interval, plan_at = plan_at - $1", step)
        await pool.execute("UPDATE batch SET deadline = deadline - $1::interval", step)
        self.model.hour += hours
        await self._sweep()
        await self._compare()

    async def _sweep(self) -> None:
        await let_wake_ups_lapse(self.service.pool)
        await self.service.ledger.close_expired()
        to_plan = [*await self.service.plans.promote(), *await self.service.plans.waiting()]
        due = await self.waiting()
        self.demand(Promise.REST, {alert_id for alert_id, *_ in to_plan} >= set(due), due, to_plan)
        await self.service.ledger.settle_finished()

    async def _due_soon(self) -> list[str]:
        """What waits for its plan, and what is looked at again in some seconds, which are over then."""
        rows = await self.service.pool.fetch(
            """UPDATE alert SET plan_at = CASE WHEN plan_at IS NOT NULL THEN clock_timestamp() END WHERE state = 'accepted'
                 OR plan_at < clock_timestamp() + interval '5 seconds' AND state IN ('planned', 'settled')
               RETURNING id"""
        )
        return [row["id"] for row in rows]

    async def settle(self) -> None:
        """Everything that arrived is planned and delivered, and what must hold in the end is checked."""
        await self._sweep()
        for _ in range(MANY_ROUNDS):
            to_plan = await self._due_soon()
            for alert_id in to_plan:
                await self.plan(alert_id)
            batches = await self.open_batches()
            for batch_id in batches:
                await self.deliver(batch_id, (State.ACCEPTED,))
            if not to_plan and not batches:
                break
        else:
            self.demand(Promise.REST, not (to_plan or batches), to_plan, batches)
        await self._compare()
        self._check_end()

    # what must hold

    def demand(self, promise: Promise, kept: bool, *details: object) -> None:
        if not kept:
            raise Violated(promise, *details)

    async def _compare(self) -> None:
        found = {self._ids[stored.id] for stored in await shown_at(self.service.alerts, PLACES)}
        expected = self.model.in_force()
        self.demand(Promise.SAME_SET, found == expected, found, expected)

    def _note_planned(self, notice: Notice) -> None:
        places, known = self.service.people[notice.person], self._warned_of(notice.person)
        if notice.ends:
            standing = self.model.concerning(places, notice.number)
            self.demand(Promise.NO_FALSE_END, not standing, notice, standing)
        else:
            self.demand(Promise.NOT_TWICE, notice.number not in known, notice)
            self._beyond_recall.setdefault(notice.number, set(self._in_hand))
        self.notices.append(notice)

    def _warned_of(self, person: int) -> set[int]:
        """The warnings of which it was tried to notify a person."""
        return {one.number for one in self.notices if one.person == person and not one.ends}

    def _note_heard(self, notice: Notice, outcome: int) -> None:
        reached = State.ACCEPTED <= outcome <= State.DISPLAYED
        graph = self.model.connected(notice.number)
        before = [one for one, heard in self.heard[notice.person] if heard and one.number in graph]
        self.heard[notice.person].append((notice, reached or (outcome >= UNCERTAIN and not notice.ends)))
        if notice.ends and reached:
            self.demand(Promise.NO_EMPTY_END, bool(before) and not before[-1].ends, notice, before)
            standing = self.model.concerning(self.service.people[notice.person], notice.number)
            told = {
                one
                for one in standing & self._warned_of(notice.person)
                if notice.batch not in self._beyond_recall[one]
            }
            self.demand(Promise.NO_LATE_END, not told, notice, told)

    def _check_end(self) -> None:
        for person, places in self.service.people.items():
            unknown = self.model.in_force() - self._warned_of(person)
            missed = {one for one in unknown if self.model.arrived[one].places & places}
            self.demand(Promise.NO_MISSED, not missed, person, missed)
            left = self._without_end(person)
            self.demand(Promise.NO_FORGOTTEN, not left, person, left)

    def _without_end(self, person: int) -> set[int]:
        """Warnings of which a person heard, that were replaced or ended before they were over, and of whose end it
        was not even tried to notify the person: no end since, nothing in its stead, and nothing connected goes on,
        however loosely.
        """
        model, history = self.model, self.heard[person]
        left = set()
        for position, (notice, heard) in enumerate(history):
            number = notice.number
            if notice.ends or not heard or number not in model.replaced() or model.is_over(number):
                continue
            graph = model.connected(number, loosely=True)
            ended = any(one.ends and one.number in graph for one, _ in history[position + 1 :])
            instead = {one.number for one, reached in history if reached and not one.ends}
            instead |= self._warned_of(person) - model.replaced()
            if (
                not ended
                and not any(number in model.earlier(one) for one in instead)
                and not model.concerning(self.service.people[person], number, loosely=True)
            ):
                left.add(number)
        return left


def _name(number: int) -> str:
    return f"sturm-{number}"


def _sent_at(number: int) -> datetime:
    return BEGINNING + timedelta(minutes=number)
