"""Random histories of one message that waits for a second person, with several who decide at the same moment, made by
Hypothesis, which shrinks those that break a promise.
"""

import asyncio
import itertools
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dispatcher.access.principals import of_source
from dispatcher.intake.approval import NotApprovedError
from dispatcher.intake.correction.correcting import CorrectingParty, Corrections
from dispatcher.intake.correction.prepared import Falsehood
from dispatcher.intake.four_eyes.deciding import DecisionRefused
from dispatcher.model.approval.policy import Timers
from dispatcher.model.approval.request import ApprovalRequest
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import WARNING, AlertState, Reason
from dispatcher.store.alerts.held import Held
from dispatcher.store.delivery.plans import Plans
from tests.support.approval_world import LEITSTELLE, ZONE, ApprovalWorld, decider, grave_with
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
    *(("count", "", number, there) for number in ("0", "5") for there in PROCESSES),
    ("operator", "", "", False),
    *(
        (what, person, "", False)
        for what in ("cancel", "all-clear", "correct", "update")
        for person in PERSONS[:1]
    ),
]
"""What can be tried, what sends more often than what ends the history."""
WITHDRAWS = frozenset({"cancel", "all-clear", "correct", "update"})
"""What ends the wait, by whoever may warn: an end of any kind, and a change, which then waits itself."""
moves = st.sampled_from(_WEIGHED)
Move = tuple[str, str, str, bool]
"""What is decided, by whom, having seen or counted what, and whether at the other process."""
NEEDED_FROM = 1
"""From so many people on the policy asks for a second person where it asks by number."""


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
    """Whether its wait was ended, by a message about it."""
    ended: bool = False
    """Whether that was an end, and no change of it."""
    over: bool = False
    first_id: str = ""
    """The warning that people know and this one changes; empty where it is the first."""

    @classmethod
    async def begin(
        cls, world: ApprovalWorld, author: str, *, releases: bool, follows: bool, uncounted: bool
    ) -> "Approving":
        world.ahead = timedelta()
        number, first_id = next(_numbers), ""
        one = warning(identifier=f"hochwasser-{number}", headline=f"Hochwasser {number}")
        for people in (0, NEEDED_FROM):
            await world.approvals.drop_rule("*", "Severe", people, decider("root").actor)
        if follows:
            first_id = (await world.submit(one, author)).alert.id
            one = one.later(f"hochwasser-{number}-neu")
        policy = grave_with(Timers(release=RELEASE_AFTER if releases else None))
        await world.policy(replace(policy, people=NEEDED_FROM if uncounted else 0))
        made = cls(world, author, one, first_id=first_id)
        if uncounted:
            made.alert_id = await world.submit_uncounted(one, author)
        else:
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
            elif isinstance(result, ApprovalRequest):
                if not result.is_needed:
                    effective.append(move)
                # Else a person is to look at what the policy asks nobody about: that it is not sent is on the trail.
                self.refused += result.is_needed and int(move[2]) < NEEDED_FROM
            elif result is None and move[0] not in WITHDRAWS | {"count"}:
                effective.append(move)
            elif result is not None and not isinstance(result, NotApprovedError):
                raise Broken(f"{move}: {result!r}") from result
        self.took_effect += effective
        for move in effective:
            self._may_take_effect(move, *before)
        promise(len(self.took_effect) <= 1, f"decided twice: {self.took_effect}")
        self.cancelled |= any(move[0] in WITHDRAWS for move in wanted)
        self.ended |= any(move[0] in WITHDRAWS - {"update"} for move in wanted)

    def _may_take_effect(self, move: Move, tampered: bool, cancelled: bool, over: bool) -> None:
        what, person, seen, _ = move
        promise(not cancelled, f"{what} after its wait was ended")
        promise(not over, f"{what} after its end")
        if what == "reject":
            return
        promise(what != "operator", "sent from the machine")
        promise(not tampered, f"{what} of what was changed")
        if what == "count":
            promise(int(seen) < NEEDED_FROM, "sent though so many need a second person")
        if what == "approve":
            promise(person != self.author, "approved by its author")
            promise(seen == "shown", "approved without having been seen")
        if what == "release":
            promise(self.world.ahead >= RELEASE_AFTER, "released too early")

    async def _carry_out(self, move: Move, seen: str) -> ApprovalRequest | None:
        what, person, sees, is_there = move
        process = self.world.there if is_there else self.world.here
        if what == "approve":
            stale = seen[::-1] if seen != seen[::-1] else "0"
            await process.approve(self.alert_id, decider(person), seen if sees == "shown" else stale)
        elif what == "reject":
            await process.reject(self.alert_id, decider(person), "nein")
        elif what == "release":
            await process.release_by_policy(self.alert_id)
        elif what == "count":
            return await process.count(self.alert_id, int(sees))
        elif what == "operator":
            await self.world.release.release(self.alert_id, decider("root").actor, "eilt")
        else:
            await self._withdraw(what)
        return None

    async def _withdraw(self, what: str) -> None:
        """Whoever is at the desk ends or changes it, whether it waits or is sent by now."""
        if what == "correct":
            alert = await self.world.alerts.get(self.alert_id)
            assert alert is not None
            corrections = Corrections(self.world.alerts, self.world.intake, ZONE)
            by = CorrectingParty(decider(self.author).actor)
            await corrections.correct(of_source(LEITSTELLE), alert, Falsehood.FALSE_ALARM, by)
            return
        name = f"{what}-{next(_numbers)}"
        if what == "cancel":
            message = self.message.later(name, "Cancel", infos=())
        elif what == "all-clear":
            infos = (replace(self.message.infos[0], response="AllClear"),)
            message = self.message.later(name, infos=infos)
        else:
            message = self.message.later(name)
        try:
            await self.world.submit(message, self.author)
        except RequestRefused as refused:  # a change that was sent meanwhile is to be named instead
            promise(refused.type is ProblemType.REFERENCE_REPLACED, f"{what} refused: {refused.type}")

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
        row = await self.world.pool.fetchrow(
            "SELECT state, reason, stopped_at FROM alert WHERE id = $1", self.alert_id
        )
        sends = [move for move in self.took_effect if move[0] in {"approve", "release", "count"}]
        promise(goes_out(row) == bool(sends), f"{row['reason']} after {self.took_effect}")
        counts = "SELECT count(*) FROM audit WHERE action = $2 AND alert_id = $1"
        refusals = await self.world.pool.fetchval(counts, self.alert_id, "approval.refuse")
        promise(refusals == self.refused, f"{refusals} of {self.refused} refusals are on the trail")
        withdrawn = await self.world.pool.fetchval(counts, self.alert_id, "held.withdraw")
        promise(withdrawn == (row["reason"] == Reason.SUPERSEDED), f"{withdrawn} withdrawals on the trail")
        if self.cancelled:
            promise(row["state"] != AlertState.HELD, "waits although it was withdrawn")
        if self.ended:
            await self._nothing_holds(row)
        concluded = await self.world.pool.fetchval(counts, self.alert_id, "alert.conclude")
        promise(concluded == len(self.took_effect), f"{concluded} decisions on the trail")

    async def _nothing_holds(self, row: Any) -> None:
        """After an end neither it nor what it changes warns anybody."""
        promise(not goes_out(row) or row["stopped_at"] is not None, "goes on after its end")
        if self.first_id:
            stopped = await self.world.pool.fetchval(
                "SELECT stopped_at FROM alert WHERE id = $1", self.first_id
            )
            promise(stopped is not None, "what it changes goes on after the end of both")


def goes_out(row: Any) -> bool:
    return Reason(row["reason"]) in WARNING


class ApprovalMachine(RuleBasedStateMachine):
    """One message, and all who may decide about it, at the same moment or one after the other, before and after its
    end, a Cancel, and a change of what is in the record.
    """

    def __init__(self, run: Any, world: ApprovalWorld) -> None:
        super().__init__()
        self._run = run
        self._world = world
        self._case: Any = None

    @initialize(
        author=st.sampled_from(PERSONS[:2]),
        releases=st.booleans(),
        follows=st.booleans(),
        uncounted=st.booleans(),
    )
    def submit(self, author: str, **how: Any) -> None:
        self._case = self._run(Approving.begin(self._world, author, **how))

    @precondition(lambda self: self._case)
    @rule(wanted=st.lists(moves, min_size=1, max_size=4))
    def decide(self, wanted: list[Move]) -> None:
        cancels = [one for one in wanted if one[0] in WITHDRAWS]
        others = [one for one in wanted if one[0] not in WITHDRAWS]
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
