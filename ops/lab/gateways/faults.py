"""Faults a test can ask a stand-in for, and which of them meets a request.

Whether a rule with a probability fires is a function of its seed, the recipient and the attempt, not of the
order in which requests happen to arrive: the same run can be had again.
"""

from __future__ import annotations

import hashlib
from collections import deque
from enum import StrEnum
from typing import Annotated, Generic, Protocol, TypeVar

import msgspec

NonNegative = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class FaultKind(StrEnum):
    """Names what happens instead of a plain answer. In the first group nothing is taken, in the second it is.

    What each is on the wire, `http1` and `http2` say at their exchanges.
    """

    STATUS = "status"
    """Answer `status` with `headers` and `body` (200 with an error body included)."""
    HANG = "hang"
    """Never answer."""
    RESET = "reset"
    """Break off without an answer: TCP reset, over HTTP/2 of the stream alone."""
    REFUSE = "refuse"
    """Break off as RESET does, over HTTP/2 with the statement that the request was not acted upon."""
    DISCONNECT = "disconnect"
    """TCP reset, over HTTP/2 with all that is under way on the connection."""
    GARBAGE = "garbage"
    """Send bytes that are no answer and close, over HTTP/2 with all that is under way on the connection."""
    CUT_OFF = "cut_off"
    """Send the first `keep_bytes` bytes of the answer `status`, break off."""

    DELAY = "delay"
    """Take it after `delay_s`, answer as usual."""
    HANG_AFTER = "hang_after"
    """Take it, never answer."""
    RESET_AFTER = "reset_after"
    """Take it, then break off as RESET does: the answer is lost."""
    TRUNCATE = "truncate"
    """Take it, send the first `keep_bytes` bytes of the answer, break off."""
    SLOW = "slow"
    """Take it, send the answer byte by byte, `pause_s` apart."""
    GO_AWAY = "go_away"
    """Take it, answer as usual, and take nothing more on this connection."""


TAKING = frozenset(
    {
        FaultKind.DELAY,
        FaultKind.HANG_AFTER,
        FaultKind.RESET_AFTER,
        FaultKind.TRUNCATE,
        FaultKind.SLOW,
        FaultKind.GO_AWAY,
    }
)


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says which requests a rule meets: all conditions that are set must hold."""

    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    seed: int = 0
    recipient_prefix: str = ""
    nth: tuple[Annotated[int, msgspec.Meta(ge=1)], ...] = ()
    """The first request since the rules were set is 1."""
    every: Count = 0
    """Each request whose number is a multiple of this."""
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    """The share of the recipients whom the rule meets, at each attempt the same ones; drawn by `seed`."""
    above_per_s: Count = 0
    """The rule meets only what comes after so many requests of the last second that no such rule met: an account that
    is throttled, by a window that slides."""
    first_attempts: Count = 0
    """The rule meets only so many first requests for each recipient since the rules were set."""
    after_s: NonNegative = 0.0
    until_s: NonNegative | None = None
    """Window in seconds since the rules were set."""
    port: int | None = None


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says what to do; see FaultKind for which fields matter. `delay_s` comes before everything else."""

    kind: FaultKind
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 503
    headers: dict[str, str] = {}
    body: str = ""
    delay_s: NonNegative = 0.0
    pause_s: NonNegative = 1.0
    keep_bytes: Count = 10


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault rule; the first of the list that matches a request wins."""

    action: Action
    match: Match = Match()
    name: str = ""
    """The rule's name in the ledger; default `<kind>-<index>`."""


_RULES = msgspec.json.Decoder(list[Rule])


def parse(body: bytes) -> tuple[Rule, ...]:
    """Parse rules from a JSON list. Raises msgspec.DecodeError or its subclass ValidationError."""
    return tuple(
        rule if rule.name else msgspec.structs.replace(rule, name=f"{rule.action.kind}-{index}")
        for index, rule in enumerate(_RULES.decode(body))
    )


class Ruling(Protocol):
    """A rule of any protocol's: its name, and what it meets."""

    @property
    def name(self) -> str: ...
    @property
    def match(self) -> Match: ...


R = TypeVar("R", bound=Ruling)


class Faults(Generic[R]):
    """Holds the rules in force and the counters they refer to."""

    def __init__(self, rules: tuple[R, ...], now_s: float) -> None:
        self.rules = rules
        self.fired: dict[str, int] = {rule.name: 0 for rule in rules}
        self._since_s = now_s
        self._requests = 0
        self._attempts: dict[str, int] = {}
        self._passed: deque[float] = deque()
        """When requests came in the last second that no account was too full for."""

    def choose(self, recipient: str, port: int, now_s: float) -> R | None:
        """Count one request and return the rule that meets it, if any. `now_s` is monotonic."""
        if not self.rules:
            return None
        self._requests += 1
        attempt = self._attempts[recipient] = self._attempts.get(recipient, 0) + 1
        while self._passed and self._passed[0] <= now_s - 1.0:
            self._passed.popleft()
        for index, rule in enumerate(self.rules):
            if (
                _placed(rule.match, recipient, port)
                and draw(rule.match.seed, index, recipient, 0) < rule.match.share
                and len(self._passed) >= rule.match.above_per_s
                and _timed(rule.match, self._requests, attempt, now_s - self._since_s)
                and draw(rule.match.seed, index, recipient, attempt) < rule.match.probability
            ):
                self.fired[rule.name] += 1
                if not rule.match.above_per_s:
                    self._passed.append(now_s)
                return rule
        self._passed.append(now_s)
        return None


def draw(seed: int, rule: int, recipient: str, attempt: int) -> float:
    """Return a number in [0, 1) that depends on nothing but the arguments."""
    digest = hashlib.blake2b(f"{seed}|{rule}|{recipient}|{attempt}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _placed(match: Match, recipient: str, port: int) -> bool:
    return recipient.startswith(match.recipient_prefix) and match.port in (None, port)


def _timed(match: Match, number: int, attempt: int, elapsed_s: float) -> bool:
    in_window = match.after_s <= elapsed_s and (match.until_s is None or elapsed_s < match.until_s)
    in_turn = not (match.nth or match.every) or (
        number in match.nth or (match.every > 0 and number % match.every == 0)
    )
    return in_window and in_turn and (not match.first_attempts or attempt <= match.first_attempts)
