"""Define how a delivery is retried: back-off, pauses, circuit breaker, retry budget, leases, and how outages are waited
out.

Everything that decides this is one value, `DeliveryPolicy`, which `WARN_DELIVERY` sets as a whole (JSON) or number by
number (`WARN_DELIVERY__BACKOFF__CAP_S=30`). Nothing here acts: `dispatcher.delivery` (`outcome`, `circuit_breaker`,
`retry_budget`) and `channels.gateway_health` take the numbers that they need.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW
from channels.http.retry_after import MAX_WAIT_S

# Read by pydantic where the settings are: an unknown name is an error, and the strings below the fields are the manual.
_CONFIG: Final = ConfigDict(extra="forbid", use_attribute_docstrings=True)

Seconds = Annotated[float, Field(gt=0, le=MAX_WAIT_S)]
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=10_000)]


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """How long one recipient waits after a failure: full jitter, uniform between 0 and base x 2^attempts."""

    __pydantic_config__ = _CONFIG

    base_s: Seconds = 0.5
    """Seconds, doubled with each attempt: the first retry waits up to twice this."""
    cap_s: Seconds = 60.0
    """Seconds that a recipient waits at most, so that a warning of an hour is tried dozens of times."""
    absent_cap_s: Seconds = 240.0
    """The same of one whose device is not there, unless `cap_s` is more: so many seconds after it is back it has the
    warning."""


@dataclass(frozen=True, slots=True)
class PausePolicy:
    """How long a whole gateway is paused for what it answered."""

    __pydantic_config__ = _CONFIG

    rate_limited_s: Seconds = 5.0
    """Seconds that a gateway is left alone at most after a 429 that does not say how long to wait: the first wait is
    short, and doubles as long as it takes nothing."""
    retry_after_max_s: Seconds = 300.0
    """Seconds that a `Retry-After` is obeyed at most: a gateway may ask for more, and is asked again after five minutes
    all the same, because a warning cannot wait for ever on a wrong header."""
    misconfigured_s: Seconds = 60.0
    """Seconds after a gateway refused us as a whole (wrong key, no contract): asked again once a minute, until a human
    has mended it."""


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a gateway counts as failing, as one process sees it, and how long it is then paused."""

    __pydantic_config__ = _CONFIG

    failures: Count = 20
    """Recipients in a row, each tried for the first time, whose failures open the circuit where nobody was accepted
    meanwhile. Where 40 % of all are sick and the others are well, this comes once in a hundred million."""
    pause_base_s: Seconds = 1.0
    """Seconds of the first pause, doubled with each that follows without a success between."""
    pause_cap_s: Seconds = 30.0
    """Seconds that a pause takes at most: a gateway that is back is noticed within half a minute."""
    connect_failures: Count = CONNECT_FAILURES_IN_A_ROW
    """Failed connections in a row, without any that succeeded, at which a gateway is down. One lost packet or one
    restarting instance is no outage."""
    refusals: Count = 20
    """The same of refusals (401, 403), where subscriptions carry a key of their own: then the gateway refuses us and
    not single recipients."""
    throttled: Count = 20
    """The same of 429 and of 503 with `Retry-After`, where single endpoints may be limited, too: then the gateway is
    left alone and not single recipients."""


@dataclass(frozen=True, slots=True)
class LastingPolicy:
    """When a recipient is given up whose attempts all fail in the same way while others behind the gateway are
    accepted.
    """

    __pydantic_config__ = _CONFIG

    attempts: Count = 5
    """Attempts that failed alike, at least."""
    after_s: Seconds = 60.0
    """Seconds that they went on, at least, where somebody else was accepted in as many seconds before the last."""
    alone_s: Seconds = 600.0
    """Seconds that they went on where others were accepted when it began and nobody was sent to since: the gateway may
    have failed meanwhile."""
    alerts: Count = 3
    """Alerts at which a recipient was given up so, and never accepted between, after which the subscription ends."""
    over_s: Annotated[float, Field(gt=0, le=31 * 86_400)] = 86_400.0
    """Seconds between the first of them and the last, at least."""
    absent_over_s: Annotated[float, Field(gt=0, le=31 * 86_400)] = 14 * 86_400.0
    """The same where the device was not there until the warnings ended: people go on holidays."""


@dataclass(frozen=True, slots=True)
class RetryBudgetPolicy:
    """How many retries that fail a gateway is given, as one process sees it. Shares of failures that are too small to
    open the circuit must not be sent again and again (Google SRE, "Handling overload": retries of at most a tenth).
    """

    __pydantic_config__ = _CONFIG

    earned: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Failed retries that each first attempt allows."""
    reserve: Annotated[float, Field(ge=1, le=1_000_000)] = 100.0
    """Failed retries allowed at once, and at the start: small sends never notice the budget."""
    trickle_per_s: Annotated[float, Field(gt=0, le=10_000)] = 1.0
    """Failed retries that each second allows, so that recipients behind a gateway without other traffic are tried again
    too."""


@dataclass(frozen=True, slots=True)
class SuspicionPolicy:
    """What is not believed, or not tried any more, because it happened too often."""

    __pydantic_config__ = _CONFIG

    crashes_max: Annotated[int, Field(ge=2, le=100)] = 3
    """Deaths of a process with a recipient in flight, the last time alone, at which the recipient is given up. At least
    two: the first may be a neighbour's."""
    gone_min: Count = 20
    """Recipients called gone in a batch below which a share says nothing."""
    gone_share: Share = 0.5
    """When more than this share of a batch's answers say gone, rather the gateway is mistaken: no subscription is
    ended."""

    @property
    def crashes_kept(self) -> int:
        """Deaths that count on for a recipient put back by an operator: it goes alone, and one more gives it up."""
        return self.crashes_max - 1


@dataclass(frozen=True, slots=True)
class LeasePolicy:
    """How long a batch stays with a worker that gives no sign of life, and when other workers are woken up to look."""

    __pydantic_config__ = _CONFIG

    duration_s: Annotated[float, Field(ge=1, le=3600)] = 8.0
    """Seconds without a sign of life. With the second until the next sweep and what a busy machine adds, the batches of
    a dead worker are leased by other workers within ten seconds."""
    heartbeat_s: Annotated[float, Field(ge=0.1, le=1800)] = 2.0
    """Seconds between two renewals. Two fit into a lease at least, so that one may get lost."""
    wake_up_again_s: Annotated[float, Field(ge=1, le=3600)] = 5.0
    """Seconds after which the reconciler wakes workers once more for a batch that none took up."""

    @property
    def duration(self) -> timedelta:
        return timedelta(seconds=self.duration_s)

    @property
    def wake_up_again(self) -> timedelta:
        return timedelta(seconds=self.wake_up_again_s)


@dataclass(frozen=True, slots=True)
class RecordingPolicy:
    """How answers get into the record."""

    __pydantic_config__ = _CONFIG

    flush_s: Annotated[float, Field(ge=0, le=60)] = 0.05
    """Seconds that an answer may wait for its line in the record while others of its slice are still awaited. What a
    process loses at its death is sent again, so this bounds the duplicates that people's devices have to collapse."""
    patience_s: Seconds = 60.0
    """Seconds that an outage of the record is waited out before the work is given up: what gateways answered is known
    nowhere else."""
    retry_s: Annotated[float, Field(ge=0.01, le=60)] = 0.25
    """Seconds between two attempts to write meanwhile."""


class ResendUncertain(StrEnum):
    """When a message that may have arrived is sent again over a channel where a person would get it twice (SMS)."""

    NEVER = "never"
    EXTREME = "extreme"
    """Once, of an Extreme warning: better twice than not at all."""
    ALWAYS = "always"
    """Until there is an answer, as over channels where a repeat replaces the first."""


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """Everything that decides whether, when and how often a recipient is tried again. Raises `ValueError` where two
    numbers contradict each other.
    """

    __pydantic_config__ = _CONFIG

    backoff: BackoffPolicy = BackoffPolicy()
    pauses: PausePolicy = PausePolicy()
    lasting: LastingPolicy = LastingPolicy()
    breaker: BreakerPolicy = BreakerPolicy()
    retry_budget: RetryBudgetPolicy = RetryBudgetPolicy()
    suspicion: SuspicionPolicy = SuspicionPolicy()
    lease: LeasePolicy = LeasePolicy()
    recording: RecordingPolicy = RecordingPolicy()
    resend_uncertain: ResendUncertain = ResendUncertain.EXTREME
    """Whether an SMS is sent again that left us and was never answered for: `never`; `extreme`: once, if the warning's
    severity is Extreme, whatever its lane; `always`. Otherwise it becomes a dead letter, marked uncertain, which a
    person may send again. What was in flight when a worker died is sent again but for `never`: most of it had not left.
    Web Push and apps replace the first message by the second, and get it again in any case."""

    def __post_init__(self) -> None:
        for smaller, larger, least in (
            ("backoff.base_s", "backoff.cap_s", 1.0),
            ("lasting.after_s", "lasting.alone_s", 1.0),
            ("lasting.over_s", "lasting.absent_over_s", 1.0),
            ("breaker.pause_base_s", "breaker.pause_cap_s", 1.0),
            ("lease.heartbeat_s", "lease.duration_s", 2.0),
            ("recording.flush_s", "lease.duration_s", 2.0),
        ):
            if self._number(larger) < least * self._number(smaller):
                times = "" if least == 1.0 else "twice "
                raise ValueError(
                    f"{_setting(larger)} ({self._number(larger):g}) must be at least {times}{_setting(smaller)} "
                    f"({self._number(smaller):g})"
                )

    def _number(self, path: str) -> float:
        group, _, name = path.partition(".")
        number: float = getattr(getattr(self, group), name)
        return number


def _setting(path: str) -> str:
    """Return the environment variable of a number: the operator who set it wrong looks for this name."""
    return "WARN_DELIVERY__" + path.replace(".", "__").upper()


DEFAULT_POLICY: Final = DeliveryPolicy()
