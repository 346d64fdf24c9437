"""Verify the receiver of an app, or of a system that speaks CAP: signed samples that it has to accept, and forged ones
that it has to refuse.

Everything is sent by the code that sends warnings, and is a test in every form that it takes. Nothing of the record is
read or written: what is tried is a URL and the secret that it was given.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import cap
from cap.signatures.certificates import new_key
from cap.signatures.signing import AlertSigner
from channels.app.channel import LIMITS
from channels.app.delivery import DELIVERY
from channels.app.secrets import SECRET, new_secret
from channels.base import CAP_FORM, FORM, Endpoint, Notice, Urgency
from dispatcher.apps.samples import sample
from dispatcher.delivery.render import collapse_key
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.shortening import as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from channels.app.channel import App, Trial
    from channels.http.messages import Request
    from dispatcher.apps.samples import Sample
    from dispatcher.boundaries.municipalities import Boundaries

SAMPLE_NAME: Final = "verify"
"""The instance of the samples: one that nobody has."""
REFUSALS: Final = frozenset({400, 401, 403})
"""The statuses that refuse what is forged. A 404, a 410 or a 5xx says something else than that the signature is wrong,
and has consequences of its own."""
AGE: Final = timedelta(minutes=10)
"""How old the timestamp of a replayed request is: Standard Webhooks has receivers refuse what is older than five."""
LARGE_MESSAGE: Final = 1_000_000
"""Bytes that a picture inside the largest sample of CAP has: messages take in two million at most."""
KEY_LIFE: Final = timedelta(days=1)
"""Of the keys that sign samples of CAP; they are made for one verification."""
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
    CHANGED_DELIVERY = "changed_delivery"
    """What stands beside the message says something else than was signed."""
    NOT_SIGNED = "not_signed"
    """The message itself has no signature; the request has."""
    OTHER_KEY = "other_key"
    """The message is signed by a key that the service has not published; the certificate comes along."""


OF_CAP_ALONE: Final = frozenset({Check.CHANGED_DELIVERY, Check.NOT_SIGNED, Check.OTHER_KEY})
OF_NOTICES_ALONE: Final = frozenset({Check.NEW_MEMBER})
NOTICE_CHECKS: Final = tuple(one for one in Check if one not in OF_CAP_ALONE)
"""What the receiver of notices is tried with."""
CAP_CHECKS: Final = tuple(one for one in Check if one not in OF_NOTICES_ALONE)
"""What the receiver of CAP messages is tried with."""
FORGED: Final = OF_CAP_ALONE | {
    Check.WRONG_SECRET,
    Check.NO_SIGNATURE,
    Check.CHANGED_BODY,
    Check.REPLAYED,
}
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
    message: bytes = b""
    """The CAP message, which is sent in place of the document where there is one."""


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


class CapSamples:
    """The messages of one verification, signed by a key of its own."""

    def __init__(self, made: Sample, now: datetime) -> None:
        """Make the keys at `now` (aware): it takes a second or two."""
        private, self.certificate = new_key(SAMPLE_NAME, now, KEY_LIFE)
        """What the receiver has to trust, PEM."""
        other, unknown = new_key(SAMPLE_NAME, now, KEY_LIFE)
        ours, theirs = AlertSigner(private, self.certificate), AlertSigner(other, unknown)
        message = made.message
        later = replace(
            message, references=(cap.Reference(message.sender, message.identifier, message.sent),)
        )
        self.unsigned = made.raw
        self.plain, self.by_other_key = ours.sign(message), theirs.sign(message)
        self.largest = ours.sign(_with_a_picture(message))
        self.end = ours.sign(
            replace(later, identifier=f"{message.identifier}-end", msg_type=cap.MsgType.CANCEL)
        )
        self.update = ours.sign(
            replace(later, identifier=f"{message.identifier}-update", msg_type=cap.MsgType.UPDATE)
        )


def cap_attempts(
    notice: dict[str, object], samples: CapSamples, secret: str, other: str
) -> Iterator[Attempt]:
    """Yield what is sent to a receiver of CAP that has `secret`, and not `other`; `notice` is a test notice, of which
    it gets what stands beside messages.
    """
    messages = {
        Check.LARGEST: samples.largest,
        Check.END: samples.end,
        Check.OVERTAKEN: samples.update,
    }
    number = 0
    for one in attempts(notice, secret, other):
        if one.check in OF_NOTICES_ALONE:
            continue
        number = max(number, one.number)
        document = as_json(notice) if one.check is Check.LARGEST else one.document
        yield replace(one, document=document, message=messages.get(one.check, samples.plain))
    plain = as_json(notice)
    yield Attempt(Check.CHANGED_DELIVERY, number + 1, plain, secret, _other_delivery, message=samples.plain)
    yield Attempt(Check.NOT_SIGNED, number + 2, plain, secret, message=samples.unsigned)
    yield Attempt(Check.OTHER_KEY, number + 3, plain, secret, message=samples.by_other_key)


def _with_a_picture(message: cap.Alert) -> cap.Alert:
    picture = cap.Resource("Bild", "image/png", deref_uri="A" * LARGE_MESSAGE)
    info, *others = message.infos
    return replace(message, infos=(replace(info, resources=(picture,)), *others))


def _other_delivery(request: Request) -> Request:
    """Return the request with another chain beside its message, and the signature of the one there was."""
    return request._replace(headers=[_with_another_chain(line) for line in request.headers])


def _with_another_chain(line: str) -> str:
    name, _, value = line.partition(": ")
    if name.lower() != DELIVERY:
        return line
    return f"{name}: {json.dumps({**json.loads(value), 'chain': 'another'}, separators=(',', ':'))}"


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


@dataclass(frozen=True, slots=True)
class Tried:
    """A receiver that is tried."""

    url: str
    secret: str
    """The `whsec_…` that it has."""
    places: Sequence[str]
    """The municipalities (AGS) of the samples."""
    language: str


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

    async def run(self, receiver: Tried) -> list[Verified]:
        """Try all that there is to try at a receiver of notices."""
        made, notice = self._made(receiver)
        return await self._all(receiver, made, attempts(notice, receiver.secret, new_secret()))

    async def run_cap(
        self, receiver: Tried, publish: Callable[[bytes], AbstractAsyncContextManager[object]]
    ) -> list[Verified]:
        """Try all that there is to try at a receiver of CAP messages. While it is tried the certificate (PEM) that it
        has to trust is published by `publish`.
        """
        made, notice = self._made(receiver)
        samples = await asyncio.to_thread(CapSamples, made, self._now())
        async with publish(samples.certificate):
            return await self._all(
                receiver, made, cap_attempts(notice, samples, receiver.secret, new_secret())
            )

    def _made(self, receiver: Tried) -> tuple[Sample, dict[str, object]]:
        sent = self._now().replace(microsecond=0)
        made = sample(SAMPLE_NAME, receiver.places, self._boundaries, sent, receiver.language, "")
        return made, {name: value for name, value in made.told.notice.items() if name != "cap"}

    async def _all(self, receiver: Tried, made: Sample, tries: Iterable[Attempt]) -> list[Verified]:
        return [await self._tried(attempt, made, receiver) for attempt in tries]

    async def _tried(self, attempt: Attempt, made: Sample, receiver: Tried) -> Verified:
        channel = self._past if attempt.is_old else self._present
        keys = {SECRET: attempt.secrets} | ({FORM: CAP_FORM} if attempt.message else {})
        notice = Notice(
            alert_id=made.alert.id,
            collapse_key=collapse_key(made.alert.thread),
            title=str(made.told.notice["title"]),
            text=str(made.told.notice["headline"]),
            payload=attempt.document,
            language=receiver.language,
            urgency=Urgency.NORMAL,
            deadline=made.alert.expires,
            document=attempt.document,
            message=attempt.message,
        )
        begun = self._elapsed()
        trial: Trial = await channel.try_once(
            notice, Endpoint(attempt.number, receiver.url, keys), attempt.change
        )
        seconds = round(self._elapsed() - begun, 3)
        return Verified(
            check=attempt.check,
            verdict=verdict_of(attempt.check, trial.status, seconds),
            status=trial.status,
            error=trial.error.code if trial.error else None,
            seconds=seconds,
        )
