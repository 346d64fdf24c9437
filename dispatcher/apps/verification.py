"""Verify an app maker's receiver: signed samples that it has to accept, and forged ones that it has to refuse.

Everything is sent by the code that sends warnings, and is a test in every form that it takes. Nothing of the record is
read or written: what is tried is a URL and the secret that it was given.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from channels.app.channel import LIMITS
from channels.app.secrets import SECRET, new_secret
from channels.base import Endpoint, Notice, Urgency
from dispatcher.apps.samples import sample
from dispatcher.delivery.render import collapse_key
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.shortening import as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from channels.app.channel import App, Trial
    from channels.http.messages import Request
    from dispatcher.boundaries.municipalities import Boundaries

SAMPLE_NAME: Final = "verify"
"""The instance of the samples: one that nobody has."""
REFUSALS: Final = frozenset({400, 401, 403})
"""The statuses that refuse what is forged. A 404, a 410 or a 5xx says something else than that the signature is wrong,
and has consequences of its own."""
AGE: Final = timedelta(minutes=10)
"""How old the timestamp of a replayed request is: Standard Webhooks has receivers refuse what is older than five."""
PROMPT_S: Final = 5.0
"""Seconds in which an answer has to be there: half of what the service waits for one by default."""


class Check(StrEnum):
    """What is tried, in this order."""

    NOTICE = "notice"
    REPEAT = "repeat"
    """The same request once more, as after an answer that was lost."""
    TWO_SIGNATURES = "two_signatures"
    """As while a secret is rotated: the receiver knows the second."""
    NEW_MEMBER = "new_member"
    """A member that this version does not have."""
    LARGEST = "largest"
    END = "end"
    OVERTAKEN = "overtaken"
    """The warning of that end, which comes after it."""
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - a name
    NO_SIGNATURE = "no_signature"
    CHANGED_BODY = "changed_body"
    REPLAYED = "replayed"
    """Signed as it should be, ten minutes ago."""


FORGED: Final = frozenset({Check.WRONG_SECRET, Check.NO_SIGNATURE, Check.CHANGED_BODY, Check.REPLAYED})
"""What a receiver has to refuse; it has to accept all else."""


class AnswerVerdict(StrEnum):
    """What is to be said of an answer."""

    PASSED = "passed"
    NOT_ACCEPTED = "not_accepted"
    NOT_REFUSED = "not_refused"
    """It took what is forged: anybody can warn its users."""
    REFUSED_OTHERWISE = "refused_otherwise"
    SLOW = "slow"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request. `number` tells its `webhook-id` from those of others."""

    check: Check
    number: int
    document: bytes
    secrets: str
    """One `whsec_…`, or several with blanks between, all of which sign."""
    change: Callable[[Request], Request] | None = None
    is_old: bool = False


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of one attempt. Of the answer nothing is kept but the status."""

    check: Check
    verdict: AnswerVerdict
    status: int | None
    error: str | None
    """A short and stable code, where there was no answer; or the status again."""
    seconds: float


def attempts(notice: dict[str, object], secret: str, other: str) -> Iterator[Attempt]:
    """Yield what is sent to a receiver that has `secret`, and not `other`; `notice` is a test notice."""

    def document(**members: object) -> bytes:
        return as_json({**notice, **members})

    order = int(str(notice["sequence"]))
    plain, end = document(), document(kind=Kind.CANCEL, sequence=order + 2)
    yield Attempt(Check.NOTICE, 1, plain, secret)
    yield Attempt(Check.REPEAT, 1, plain, secret)
    yield Attempt(Check.TWO_SIGNATURES, 2, plain, f"{other} {secret}")
    yield Attempt(Check.NEW_MEMBER, 3, document(new_member={"of": ["a", "later", "version"]}), secret)
    yield Attempt(Check.LARGEST, 4, _padded(notice, LIMITS.payload_bytes), secret)
    yield Attempt(Check.END, 5, end, secret)
    yield Attempt(Check.OVERTAKEN, 6, document(kind=Kind.UPDATE, sequence=order + 1), secret)
    yield Attempt(Check.WRONG_SECRET, 7, plain, other)
    yield Attempt(Check.NO_SIGNATURE, 8, plain, secret, _unsigned)
    yield Attempt(Check.CHANGED_BODY, 9, plain, secret, _changed)
    yield Attempt(Check.REPLAYED, 10, plain, secret, is_old=True)


def _padded(notice: dict[str, object], size: int) -> bytes:
    """Return the notice as a document of exactly `size` bytes."""
    empty = as_json({**notice, "description": ""})
    return as_json({**notice, "description": "." * (size - len(empty))})


def _unsigned(request: Request) -> Request:
    lines = [line for line in request.headers if not line.lower().startswith("webhook-signature:")]
    return request._replace(headers=lines)


def _changed(request: Request) -> Request:
    # Still JSON, still of the same meaning: what refuses it has compared the signature with the bytes.
    return request._replace(body=request.body + b" ")


def verdict_of(check: Check, status: int | None, seconds: float) -> AnswerVerdict:
    """Say what an answer means; without one `status` is None."""
    if status is None:
        return AnswerVerdict.UNANSWERED
    if check in FORGED:
        if 200 <= status < 300:
            return AnswerVerdict.NOT_REFUSED
        if status not in REFUSALS:
            return AnswerVerdict.REFUSED_OTHERWISE
    elif not 200 <= status < 300:
        return AnswerVerdict.NOT_ACCEPTED
    return AnswerVerdict.PASSED if seconds <= PROMPT_S else AnswerVerdict.SLOW


class ReceiverVerification:
    """Sends the attempts one after the other, and judges what is answered."""

    def __init__(
        self,
        channel: Callable[[Callable[[], datetime]], App],
        boundaries: Boundaries,
        now: Callable[[], datetime],
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """`channel` returns the channel of callbacks by a clock; `now` gives the aware present, `elapsed` seconds."""
        self._present = channel(now)
        self._past = channel(lambda: now() - AGE)
        self._boundaries = boundaries
        self._now = now
        self._elapsed = elapsed

    def check(self, url: str, secret: str) -> None:
        """Raise `Permanent` for a URL or a secret that no webhook may have."""
        endpoint = Endpoint(1, url, {SECRET: secret})
        self._present.check(endpoint)
        self._present.gateway(endpoint)

    async def run(self, url: str, secret: str, places: Sequence[str], language: str) -> list[Verified]:
        """Try all that there is to try at a URL, with samples of these places (AGS)."""
        made = sample(SAMPLE_NAME, places, self._boundaries, self._now().replace(microsecond=0), language, "")
        notice = {name: value for name, value in made.told.notice.items() if name != "cap"}

        def packed(document: bytes) -> Notice:
            return Notice(
                alert_id=made.alert.id,
                collapse_key=collapse_key(made.alert.thread),
                title=str(notice["title"]),
                text=str(notice["headline"]),
                payload=document,
                language=language,
                urgency=Urgency.NORMAL,
                deadline=made.alert.expires,
                document=document,
            )

        return [
            await self._tried(attempt, packed(attempt.document), url)
            for attempt in attempts(notice, secret, new_secret())
        ]

    async def _tried(self, attempt: Attempt, notice: Notice, url: str) -> Verified:
        channel = self._past if attempt.is_old else self._present
        begun = self._elapsed()
        trial: Trial = await channel.try_once(
            notice, Endpoint(attempt.number, url, {SECRET: attempt.secrets}), attempt.change
        )
        seconds = round(self._elapsed() - begun, 3)
        return Verified(
            check=attempt.check,
            verdict=verdict_of(attempt.check, trial.status, seconds),
            status=trial.status,
            error=trial.error.code if trial.error else None,
            seconds=seconds,
        )
