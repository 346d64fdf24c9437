"""Track a leased batch: which recipients are next, what each receipt changes, what is to be written. No I/O."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from channels.base import Consequence, Gone
from dispatcher.delivery.health.lasting import Streak, is_lasting
from dispatcher.delivery.outcome import RecipientState, Settlement, may_repeat, settle
from dispatcher.model.batches import Lease, Progress, RecipientProblem
from dispatcher.model.retry_policy import ResendUncertain
from dispatcher.model.vocabulary import LASTING, TERMINAL_OUTCOMES, UNCERTAIN, State

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from datetime import datetime

    from channels.base import DeliveryError, Receipt
    from dispatcher.model.retry_policy import DeliveryPolicy

UNSUBSCRIBED = "unsubscribed"
"""The code of recipients whose subscription had ended before they were sent to; it is no gateway's."""
ANSWERED = (State.ACCEPTED, State.DELIVERED, State.DISPLAYED, State.GONE, State.REJECTED)
"""The states that a gateway's final answer leads to."""

ACCEPTED = Settlement(State.ACCEPTED, "accepted", "", "", 1)
_WITHOUT_FLAG = bytes(byte & ~UNCERTAIN for byte in range(256))
_CLAIMED = bytes(State.CLAIMED | (byte & UNCERTAIN) for byte in range(256))
_GOLDEN = (math.sqrt(5) - 1) / 2
_MAY_LAST = (Consequence.RETRY, Consequence.RETRY_UNCERTAIN)
"""What is tried again although it may never come to anything. Who is told to come later is believed."""
_FRESH = frozenset({int(State.PENDING), State.PENDING | UNCERTAIN})
_IN_FLIGHT = (State.CLAIMED, State.CLAIMED | UNCERTAIN)


@lru_cache(maxsize=64)
def evenly(count: int) -> tuple[int, ...]:
    """Return the numbers below `count` in an order in which each stretch is spread evenly over all of them, as that of
    the fractional parts of the golden ratio's multiples (Weyl; Knuth, volume 3, section 6.4).
    """
    return tuple(sorted(range(count), key=lambda n: n * _GOLDEN % 1.0))


class SliceClaim(NamedTuple):
    """Recipients who were claimed together."""

    number: int
    positions: Sequence[int]


class LeasedBatch:
    """Holds the working copy of a leased batch."""

    def __init__(
        self,
        lease: Lease,
        policy: DeliveryPolicy,
        random: Callable[[], float],
        *,
        collapses: bool = True,
        limited_alone: bool = False,
    ) -> None:
        """`collapses` is the channel's, see `Channel.collapses`; `limited_alone` is whether the gateway may limit one
        endpoint alone.
        """
        self.lease = lease
        self._limited_alone = limited_alone
        self._collapses = collapses
        self._policy = policy
        self._random = random
        self._outcomes = bytearray(lease.outcomes)
        count = len(lease.recipients)
        # Of fewer nothing is concluded about the gateway.
        self._order = evenly(count) if count >= policy.breaker.failures else range(count)
        self._fresh_from = 0
        """Where in the order those begin who were never tried."""
        self._position = {recipient: n for n, recipient in enumerate(lease.recipients)}
        self._problems = dict(lease.problems)
        self._changed: dict[int, RecipientProblem] = {}
        self._gone: dict[int, datetime | None] = {}
        """Who is gone, and since when, where the gateway has said so."""
        self.lasting: dict[int, str] = {}
        """Recipients who were given up in this lease as their errors last, and are theirs, with the code."""
        self.absent: dict[int, str] = {}
        """Recipients whose device was not there until it was too late, with the code."""
        self._accepted_first: datetime | None = None
        self._accepted_last: datetime | None = None
        self._text_parts, self._parts_sent = lease.text_parts, lease.parts_sent
        self._claims = 0
        self._claimed_in: dict[int, int] = {}
        """The number of each position's last claim."""
        self._recover()

    def _recover(self) -> None:
        """Account for recipients that were claimed when the last holder died: each may have been reached, and may be
        what killed the process.
        """
        for n in self._in_state(State.CLAIMED):
            before = self._problems.get(n)
            crashes = (before.crashes if before else 0) + 1
            attempts = before.attempts if before else 0
            given_up = crashes >= self._policy.suspicion.crashes_max or self._is_never_repeated
            self._outcomes[n] = (State.DEAD if given_up else State.RETRY) | UNCERTAIN
            due = None if given_up else self.lease.now
            self._note(
                RecipientProblem(
                    n, self.lease.recipients[n], attempts, crashes, "crash", "worker_died", "", due
                )
            )

    @property
    def _is_never_repeated(self) -> bool:
        """Whether even those are given up who were in flight when a process died. All of its slice was claimed, and of
        most nothing had left: to give them up would lose a warning for each that is doubled otherwise.
        """
        return not self._collapses and self._policy.resend_uncertain is ResendUncertain.NEVER

    def _may_repeat(self, n: int) -> bool:
        """Whether a message that may have arrived is sent again."""
        return self._collapses or may_repeat(self._policy, self._outcomes[n], extreme=self.lease.extreme)

    def _in_state(self, state: State, most: int | None = None) -> list[int]:
        """Return the first `most` positions in this state, certain or not."""
        plain = self._outcomes.translate(_WITHOUT_FLAG)
        found: list[int] = []
        position = plain.find(state)
        while position >= 0 and (most is None or len(found) < most):
            found.append(position)
            position = plain.find(state, position + 1)
        return found

    def _note(self, problem: RecipientProblem) -> None:
        self._problems[problem.position] = self._changed[problem.position] = problem

    @property
    def positions(self) -> Mapping[int, int]:
        """Return the recipients' positions in the batch."""
        return self._position

    def open_recipients(self) -> list[int]:
        """Return the recipients without a terminal state."""
        return [
            recipient
            for recipient, outcome in zip(self.lease.recipients, self._outcomes, strict=True)
            if outcome not in TERMINAL_OUTCOMES
        ]

    def fresh_in_order(self) -> list[int]:
        """Return the recipients who were never tried, in the order in which their slices leave."""
        outcomes, recipients = self._outcomes, self.lease.recipients
        return [recipients[n] for n in self._order if outcomes[n] in _FRESH]

    def drop_missing(self, endpoints: Container[int]) -> None:
        """End the recipients whose subscriptions ended since the plan was made, or whom nobody wants told any more."""
        for recipient in self.open_recipients():
            if recipient not in endpoints:
                self._end(self._position[recipient], State.GONE, "gone", UNSUBSCRIBED)

    def expire(self) -> None:
        """Expire all open recipients: the deadline has passed, and nothing more is sent."""
        for recipient in self.open_recipients():
            self._end(self._position[recipient], State.EXPIRED, "expired", "deadline")

    def _end(self, n: int, state: State, label: str, code: str) -> None:
        before = self._problems.get(n)
        self._outcomes[n] = state | (self._outcomes[n] & UNCERTAIN)
        self._note(
            RecipientProblem(
                n,
                self.lease.recipients[n],
                before.attempts if before else 0,
                before.crashes if before else 0,
                label,
                code,
                "",
                None,
            )
        )

    @property
    def has_fresh(self) -> bool:
        """Whether some recipient was never tried."""
        return bool(self._in_state(State.PENDING, 1))

    def next_slice(self, now: datetime, size: int) -> list[int]:
        """Return the positions to send to next: first those never tried, from all over the batch, then due retries,
        last those that were in flight when a process died, in ever smaller slices, so that one that kills its worker is
        found.
        """
        if not size:
            return []
        if self.has_fresh:
            return self._next_fresh(size)
        due = [n for n in self._in_state(State.RETRY) if self._due(n) <= now]
        calm = [n for n in due if not self._problems[n].crashes]
        if calm:
            return calm[:size]
        if not due:
            return []
        worst = max(self._problems[n].crashes for n in due)
        suspects = [n for n in due if self._problems[n].crashes == worst]
        alone = worst > 1 or worst >= self._policy.suspicion.crashes_kept
        return suspects[:1] if alone else suspects[: max(1, size // 10)]

    def _next_fresh(self, size: int) -> list[int]:
        """Return recipients who were never tried, of which any share that lie beside each other is in each slice, too:
        of those who are sick together each slice has some, and none has them all.
        """
        outcomes = self._outcomes
        found: list[int] = []
        for at, n in enumerate(islice(self._order, self._fresh_from, None), self._fresh_from):
            if outcomes[n] in _FRESH:
                if not found:
                    self._fresh_from = at
                found.append(n)
                if len(found) == size:
                    break
        return found

    def _due(self, n: int) -> datetime:
        return self._problems[n].due or self.lease.now

    def is_last_chance(self, positions: list[int]) -> bool:
        """Whether another death of the process would give one of them up."""
        problems, last = self._problems, self._policy.suspicion.crashes_kept
        return any(n in problems and problems[n].crashes >= last for n in positions)

    def claim(self, positions: Sequence[int]) -> SliceClaim:
        """Mark these positions as in flight: they are about to be sent."""
        outcomes = self._outcomes
        self._claims += 1
        for n in positions:
            outcomes[n] = _CLAIMED[outcomes[n]]
            self._claimed_in[n] = self._claims
        return SliceClaim(self._claims, positions)

    def unclaim(self, claim: SliceClaim) -> None:
        """Mark those that got no receipt as not sent after all. Who had one and has been claimed again since, beside
        the others, is in flight for that claim.
        """
        outcomes, claimed_in = self._outcomes, self._claimed_in
        self._fresh_from = 0
        for n in claim.positions:
            if outcomes[n] in _IN_FLIGHT and claimed_in[n] == claim.number:
                state = State.RETRY if n in self._problems else State.PENDING
                outcomes[n] = state | (outcomes[n] & UNCERTAIN)

    def apply_receipts(
        self, receipts: Sequence[Receipt], now: datetime, eased_s: float = 0.0, accepted_s: float = math.inf
    ) -> tuple[int, list[Settlement]]:
        """Apply receipts that arrived together; in `eased_s` something may leave to the gateway again, if it asked for
        patience, and `accepted_s` ago it last accepted anybody. Returns how many are plain successes, and what each of
        the others means.
        """
        position, outcomes, problems = self._position, self._outcomes, self._problems
        others: list[Settlement] = []
        for receipt in receipts:
            n = position[receipt.endpoint_id]
            if receipt.error is None and n not in problems:
                outcomes[n] = State.ACCEPTED
            else:
                others.append(self.settle(receipt, now, eased_s, accepted_s))
        plain = len(receipts) - len(others)
        if plain:
            self._accepted(now)
        self._charge(receipts)
        return plain, others

    def _charge(self, receipts: Sequence[Receipt]) -> None:
        """Count the parts that were accepted."""
        if parts := sum([receipt.parts for receipt in receipts]):
            self._parts_sent += parts
            self._text_parts = max(receipt.parts for receipt in receipts)

    def _accepted(self, now: datetime) -> None:
        self._accepted_first = min(self._accepted_first or now, now)
        self._accepted_last = max(self._accepted_last or now, now)

    def settle(
        self, receipt: Receipt, now: datetime, eased_s: float = 0.0, accepted_s: float = math.inf
    ) -> Settlement:
        """Apply one receipt, see `apply_receipts`."""
        n = self._position[receipt.endpoint_id]
        before = self._problems.get(n)
        if receipt.error is None:
            self._accepted(now)
            if before is None:
                self._outcomes[n] = State.ACCEPTED
                return ACCEPTED
        result = settle(
            receipt.error,
            RecipientState(
                self._outcomes[n],
                before.attempts if before else 0,
                eased_s,
                self._may_repeat(n),
                self._limited_alone,
                self._collapses,
            ),
            self._policy,
            now=now,
            deadline=self.lease.deadline,
            random=self._random,
        )
        repeats = before is not None and (before.label, before.code) == (result.label, result.code)
        alike = before.alike + 1 if before and repeats else 1
        since = (before.since if before and repeats else None) or now
        if receipt.error is not None and receipt.error.device_absent:
            if result.due is None:
                self.absent[receipt.endpoint_id] = result.code
        elif receipt.error is not None and receipt.error.consequence in _MAY_LAST and result.due is not None:
            streak = Streak(alike, (now - since).total_seconds())
            if is_lasting(streak, accepted_s, self._policy.lasting):
                result = self._given_up(receipt.endpoint_id, receipt.error, result)
        # Whoever was handed over has no error of this gateway yet.
        result = replace(result, first=before is None or not before.label)
        self._outcomes[n] = result.outcome
        if result.remove:
            error = receipt.error
            self._gone[receipt.endpoint_id] = error.since if isinstance(error, Gone) else None
        self._note(
            RecipientProblem(
                n,
                receipt.endpoint_id,
                result.attempts,
                before.crashes if before else 0,
                result.label,
                result.code,
                result.detail,
                result.due,
                alike,
                since,
            )
        )
        return result

    def _given_up(self, recipient: int, error: DeliveryError, result: Settlement) -> Settlement:
        """Return what it means that an error lasts, which counts against the recipient unless the fault is ours."""
        if not error.is_ours:
            self.lasting[recipient] = result.code
        outcome = State.REJECTED | (result.outcome & UNCERTAIN)
        return replace(result, outcome=outcome, label=LASTING, due=None)

    def gone_suspect(self) -> bool:
        """Whether so many of the recipients answered so far are called gone that this is not believed."""
        plain = self._outcomes.translate(_WITHOUT_FLAG)
        return self._is_suspect(plain.count(State.GONE) - self._unsubscribed())

    def lasting_suspect(self) -> bool:
        """Whether so many of them were given up that rather the gateway is to blame."""
        lasting = sum(problem.label == LASTING for problem in self._problems.values())
        return self._is_suspect(lasting + len(self.absent))

    def _unsubscribed(self) -> int:
        return sum(problem.code == UNSUBSCRIBED for problem in self._problems.values())

    def _is_suspect(self, count: int) -> bool:
        plain = self._outcomes.translate(_WITHOUT_FLAG)
        answered = sum(plain.count(state) for state in ANSWERED) - self._unsubscribed()
        suspicion = self._policy.suspicion
        return count >= suspicion.gone_min and count > suspicion.gone_share * answered

    def progress(self, *, final: bool = False) -> Progress:
        """Return what to write now. Asking for it means that it is being written. Endpoints are removed with the
        `final` one only: before, it is not known whether too many are called gone.
        """
        gone = {} if not final or self.gone_suspect() else self._gone
        progress = Progress(
            outcomes=bytes(self._outcomes),
            problems=tuple(self._changed.values()),
            remove=tuple(gone),
            gone_since=tuple(gone.values()),
            remove_reason="gone",
            accepted_first=self._accepted_first,
            accepted_last=self._accepted_last,
            text_parts=self._text_parts,
            parts_sent=self._parts_sent,
        )
        self._changed = {}
        self._accepted_first = self._accepted_last = None
        if final:
            self._gone = {}
        return progress

    def next_due(self) -> datetime | None:
        """Return when the earliest of the waiting recipients may be tried again."""
        if self._in_state(State.PENDING, 1):
            return self.lease.now
        return min((self._due(n) for n in self._in_state(State.RETRY)), default=None)
