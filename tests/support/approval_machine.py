"""Random histories of one message that waits for a second person, with several who decide at the same moment, made by
Hypothesis, which shrinks those that break a promise.
"""

import asyncio
import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dispatcher.intake.approval import NotApprovedError
from dispatcher.intake.four_eyes.deciding import DecisionRefused
from dispatcher.model.approval.policy import Timers
from dispatcher.model.vocabulary import WARNING, AlertState, Reason
from dispatcher.store.alerts.held import Held
from dispatcher.store.delivery.plans import Plans
from tests.support.approval_world import ApprovalWorld, decider, grave_with
from tests.support.histories import ledger_of, plan
from tests.support.messages import Message
from tests.support.submissions import warning

PERSONS = ("m.keller", "b.lang", "j.ott")
RELEASE_AFTER, LIFETIME = timedelta(hours=1), timedelta(hours=6)
"""The policy releases it after the one; it is over after the other."""
_numbers = itertools.count(1)

PROCESSES = (False, True)
_WEIGHED = [
    *(("approve", person, "shown", there) for person in PERSONS for there in PROCESSES for _ in range(4)),
    *(("approve", person, "stale", False) for person in PERSONS),
    *(("reject", person, "", True) for person in PERSONS),
    *(("release", "", "", there) for there in PROCESSES for _ in range(3)),
    ("operator", "", "", False),
    ("cancel", "", "", False),
]
"""What can be tried, what sends more often than what ends the history."""
moves = st.sampled_from(_WEIGHED)
Move = tuple[str, str, str, bool]
"""What is decided, by whom, having seen what, and whether at the other process."""


class Broken(AssertionError):
    """A promise of four eyes does not hold."""


def promise(holds: object, what: str) -> None:
    if not holds:
        raise Broken(what)


@dataclass
class Approving:
    """One message, and what the model knows of it."""

    world: ApprovalWorld
    author: str
    message: Message
    alert_id: str = ""
    took_effect: list[Move] = field(default_factory=list)
    refused: int = 0
    tampered: bool = False
    cancelled: bool = False
    over: bool = False

    @classmethod
    async def begin(cls, world: ApprovalWorld, author: str, *, releases: bool) -> "Approving":
        world.ahead = timedelta()
        await world.policy(grave_with(Timers(release=RELEASE_AFTER if releases else None)))
        one = warning(headline=f"Hochwasser {next(_numbers)}")
        made = cls(world, author, one)
        made.alert_id = (await world.submit(one, author)).alert.id
        return made

    async def together(self, wanted: list[Move]) -> None:
        """Several decide at the same moment; then every promise is looked at."""
        before = (self.tampered, self.cancelled, self.over)
        shown = await self.world.here.shown(self.alert_id)
        seen = shown.binding if shown else ""
        results = await asyncio.gather(
            *(self._carry_out(one, seen) for one in wanted), return_exceptions=True
        )
        effective = []
        for move, result in zip(wanted, results, strict=True):
            if isinstance(result, DecisionRefused):
                self.refused += 1
            elif result is None and move[0] != "cancel":
                effective.append(move)
            elif result is not None and not isinstance(result, NotApprovedError):
                raise result
        self.took_effect += effective
        for move in effective:
            self._may_take_effect(move, *before)
        promise(len(self.took_effect) <= 1, f"decided twice: {self.took_effect}")
        self.cancelled |= any(move[0] == "cancel" for move in wanted)

    def _may_take_effect(self, move: Move, tampered: bool, cancelled: bool, over: bool) -> None:
        what, person, seen, _ = move
        promise(not cancelled, f"{what} after a Cancel")
        promise(not over, f"{what} after its end")
        if what == "reject":
            return
        promise(what != "operator", "sent from the machine")
        promise(not tampered, f"{what} of what was changed")
        if what == "approve":
            promise(person != self.author, "approved by its author")
            promise(seen == "shown", "approved without having been seen")
        if what == "release":
            promise(self.world.ahead >= RELEASE_AFTER, "released too early")

    async def _carry_out(self, move: Move, seen: str) -> None:
        what, person, sees, is_there = move
        process = self.world.there if is_there else self.world.here
        if what == "approve":
            stale = seen[::-1] if seen != seen[::-1] else "0"
            await process.approve(self.alert_id, decider(person), seen if sees == "shown" else stale)
        elif what == "reject":
            await process.reject(self.alert_id, decider(person), "nein")
        elif what == "release":
            await process.release_by_policy(self.alert_id)
        elif what == "operator":
            await self.world.release.release(self.alert_id, decider("root").actor, "eilt")
        else:
            stop = self.message.later(f"ende-{next(_numbers)}", "Cancel", infos=())
            await self.world.submit(stop, self.author)

    async def tamper(self) -> None:
        """Somebody changes a word of what waits."""
        await self.world.pool.execute(
            """UPDATE alert SET raw = convert_to(replace(convert_from(raw, 'UTF8'), 'Meiden', 'Suchen'), 'UTF8')
               WHERE id = $1 AND state = $2""",
            self.alert_id,
            AlertState.HELD,
        )
        self.tampered = True

    async def pass_time(self, step: timedelta) -> None:
        self.world.ahead += step
        self.over |= self.world.ahead >= LIFETIME

    async def plan(self) -> None:
        await plan(ledger_of(self.world.pool), Plans(self.world.pool, 10), self.alert_id)

    async def look(self) -> None:
        """What the record says is what took effect, and the trail has every decision and every refusal."""
        row = await self.world.pool.fetchrow("SELECT state, reason FROM alert WHERE id = $1", self.alert_id)
        sends = [move for move in self.took_effect if move[0] in {"approve", "release"}]
        goes_out = Reason(row["reason"]) in WARNING
        promise(goes_out == bool(sends), f"{row['reason']} after {self.took_effect}")
        counts = "SELECT count(*) FROM audit WHERE action = $2 AND alert_id = $1"
        refusals = await self.world.pool.fetchval(counts, self.alert_id, "approval.refuse")
        promise(refusals == self.refused, f"{refusals} of {self.refused} refusals are on the trail")
        concluded = await self.world.pool.fetchval(counts, self.alert_id, "alert.conclude")
        promise(concluded == len(self.took_effect), f"{concluded} decisions on the trail")


class ApprovalMachine(RuleBasedStateMachine):
    """One message, and all who may decide about it, at the same moment or one after the other, before and after its
    end, a Cancel, and a change of what is in the record.
    """

    def __init__(self, run: Any, world: ApprovalWorld) -> None:
        super().__init__()
        self._run = run
        self._world = world
        self._case: Any = None

    @initialize(author=st.sampled_from(PERSONS[:2]), releases=st.booleans())
    def submit(self, author: str, releases: Any) -> None:
        self._case = self._run(Approving.begin(self._world, author, releases=releases))

    @precondition(lambda self: self._case)
    @rule(wanted=st.lists(moves, min_size=1, max_size=4))
    def decide(self, wanted: list[Move]) -> None:
        cancels = [one for one in wanted if one[0] == "cancel"]
        others = [one for one in wanted if one[0] != "cancel"]
        self._run(self._case.together([*others, *cancels[:1]]))

    @precondition(lambda self: self._case)
    @rule(person=st.sampled_from(PERSONS), is_there=st.booleans())
    def approve(self, person: str, is_there: Any) -> None:
        self._run(self._case.together([("approve", person, "shown", is_there)]))

    @precondition(lambda self: self._case and not self._case.tampered)
    @rule()
    def tamper(self) -> None:
        self._run(self._case.tamper())

    @precondition(lambda self: self._case)
    @rule(hours=st.sampled_from([1, 3]))
    def pass_time(self, hours: int) -> None:
        self._run(self._case.pass_time(timedelta(hours=hours)))

    @precondition(lambda self: self._case)
    @rule()
    def plan(self) -> None:
        self._run(self._case.plan())

    @precondition(lambda self: self._case and self._case.over)
    @rule()
    def sweep(self) -> None:
        now = self._run(self._world.pool.fetchval("SELECT clock_timestamp()"))
        self._run(Held(self._world.pool).expire(now + self._world.ahead))

    @invariant()
    def promises_hold(self) -> None:
        if self._case:
            self._run(self._case.look())
