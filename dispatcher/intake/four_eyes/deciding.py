"""Carry out what a person or the policy decides about a message that waits for approval: in the record, once, and with
an audit line, also where it takes no effect.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from dispatcher.access.principals import WORKER
from dispatcher.intake.approval import (
    NotApprovedError,
    ReleaseOrder,
    Terms,
    concerned,
    drop,
    stand_behind,
    still_held,
)
from dispatcher.intake.four_eyes.binding import BoundContent, binding, content_sha256
from dispatcher.intake.four_eyes.states import (
    DecisionRefusal,
    counted,
    is_uncounted,
    kept_for_a_person,
    refused_approval,
    refused_person,
    refused_rejection,
    refused_release,
    waits_for_nobody,
)
from dispatcher.model.approval.request import ApprovalDecision, most_recipients
from dispatcher.model.problems import RequestRefused
from dispatcher.store.alerts.approvals import approval_request, note_count
from dispatcher.store.alerts.related_alerts import RelatedAlerts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from datetime import datetime

    import cap
    from dispatcher.access.principals import Actor
    from dispatcher.intake.approval import Approval, BelievedMessage
    from dispatcher.intake.four_eyes.texts import HeldTexts, SmsSource
    from dispatcher.model.alerts import AffectedMunicipality, ReadyAlert, StoredAlert
    from dispatcher.model.approval.request import ApprovalRequest
    from dispatcher.store.alerts.alerts import Alerts, Submission
    from dispatcher.store.alerts.approvals import Approvals

BY_POLICY: Final = "nobody decided in time"
UNNEEDED: Final = "counted: needs no second person"
"""The reasons of what the policy releases."""


class DecisionRefused(Exception):
    """The decision takes no effect. `detail` is a German sentence about the message itself, where that is why."""

    def __init__(self, refusal: DecisionRefusal, detail: str = "") -> None:
        super().__init__(refusal)
        self.refusal = refusal
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Decider:
    """Whoever decides: the person's id, the actor in the trail, and where it may."""

    person: str
    actor: Actor
    require: Callable[[Sequence[AffectedMunicipality]], None]
    """Raises for the municipalities that a decision concerns if it may not decide there."""


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """What a person is shown before deciding."""

    request: ApprovalRequest
    places: list[AffectedMunicipality]
    texts: dict[str, str | bytes]
    binding: str
    """The hash of all this, in hex: to be given back with the approval."""
    is_as_held: bool
    """Whether the record still has what was held; else it cannot be approved any more."""
    now: datetime
    sms: Mapping[str, SmsSource] = field(default_factory=dict)
    """What a gateway composes its SMS of, by language: `text/de` is that text before it is cut to its parts."""


class FourEyes:
    """Decides about messages that wait for approval. Deciders exclude each other in the record, whichever process they
    asked: they take the lock of the message's CAP sender.
    """

    def __init__(
        self,
        *,
        alerts: Alerts,
        approvals: Approvals,
        texts: HeldTexts,
        release: Approval,
        clock: Callable[[datetime], datetime] = lambda now: now,
    ) -> None:
        self._alerts = alerts
        self._approvals = approvals
        self._texts = texts
        self._release = release
        self._clock = clock

    async def approve(self, alert_id: str, by: Decider, seen: str) -> StoredAlert:
        """Send the message, to as many as were shown and few more. `seen` is the binding that the person was shown.
        Raises `DecisionRefused`, what `by.require` raises, and what `record.UNAVAILABLE` lists.
        """
        async with self._decision(alert_id, by.actor, ApprovalDecision.APPROVE) as open_:
            # Before texts are written, which takes long.
            message = open_.required(refused_person(open_.request, by.person, open_.now))
            believed = await self._release.believed(open_.submission, message)
            by.require(await concerned(open_.submission, believed))
            bound, held = await self._bindings(open_)
            refusal = refused_approval(
                open_.request, by.person, seen=seen, bound=bound, held=held, now=open_.now
            )
            message = open_.required(refusal)
            others = await self._send(open_, believed, by.actor, "", ApprovalDecision.APPROVE)
        return await self._release.planned_soon(message, others)

    async def reject(self, alert_id: str, by: Decider, why: str) -> None:
        """Conclude that the message is never sent. Raises like `approve`."""
        async with self._decision(alert_id, by.actor, ApprovalDecision.REJECT) as open_:
            message = open_.required(refused_rejection(open_.request, open_.now))
            believed = await self._release.believed(open_.submission, message)
            by.require(await concerned(open_.submission, believed))
            await drop(open_.submission, message, by.actor, why)

    async def release_by_policy(self, alert_id: str) -> StoredAlert:
        """Send what nobody decided upon, if the policy says so and it is due. Raises like `approve`."""
        async with self._decision(alert_id, WORKER, ApprovalDecision.RELEASE) as open_:
            bound, held = await self._bindings(open_)
            message = open_.required(refused_release(open_.request, bound=bound, held=held, now=open_.now))
            believed = await self._release.believed(open_.submission, message)
            others = await self._send(open_, believed, WORKER, BY_POLICY, ApprovalDecision.RELEASE)
        return await self._release.planned_soon(message, others)

    async def count(self, alert_id: str, people: int) -> ApprovalRequest | None:
        """Record how many people a message that waits would warn, where that was not known, and send it where the
        policy asks for no second person about so many, or have an equal warning stand for it. Returns what is asked
        now; None where nothing waits for the number any more. Raises what `record.UNAVAILABLE` lists.
        """
        try:
            return await self._count(alert_id, people, sends=True)
        except (
            DecisionRefused
        ):  # which stands in the trail: it has nothing to say any more, or is not what was held
            return await self._count(alert_id, people, sends=False)

    async def _count(self, alert_id: str, people: int, *, sends: bool) -> ApprovalRequest | None:
        others: list[ReadyAlert] | None = None
        async with self._decision(alert_id, WORKER, ApprovalDecision.RELEASE) as open_:
            if open_.request is None or not is_uncounted(open_.request, open_.now):
                return None
            request = counted(open_.request, people)
            if (is_unneeded := waits_for_nobody(request)) and not sends:
                request = kept_for_a_person(open_.request, request)
            await note_count(open_.submission.connection, request)
            if is_unneeded and sends:
                asked = replace(open_, request=request)
                bound, held = await self._bindings(asked)
                asked.required(DecisionRefusal.CHANGED if bound != held else None)
                believed = await self._release.believed(asked.submission, asked.stored)
                if await stand_behind(asked.submission, asked.stored, believed, WORKER, UNNEEDED):
                    return request
                others = await self._send(asked, believed, WORKER, UNNEEDED, ApprovalDecision.RELEASE)
        if others is not None:
            await self._release.planned_soon(open_.stored, others)
        return request

    async def shown(self, alert_id: str) -> ShownMessage | None:
        """Return what a person is shown of a message that waits or waited; None where nothing was ever asked."""
        stored = await self._alerts.get(alert_id)
        if stored is None:
            return None
        async with self._alerts.snapshot() as submission:
            request = await approval_request(submission.connection, alert_id)
            if request is None:
                return None
            message = await submission.message(alert_id)
            content = await self._content(submission, stored, request, message)
        sms = self._texts.sms(message, stored, content.places, request.shown_at) if message else {}
        is_as_held = content_sha256(content) == request.content_sha256
        return ShownMessage(
            request,
            list(content.places),
            dict(content.texts),
            binding(request.content_sha256, request.people),
            is_as_held,
            self._clock(submission.now),
            sms,
        )

    async def _send(
        self, open_: _Open, believed: BelievedMessage, actor: Actor, why: str, decision: ApprovalDecision
    ) -> list[ReadyAlert]:
        assert open_.request is not None  # noqa: S101 - else it was refused
        terms = Terms(at_most=most_recipients(open_.request.people))
        try:
            return await self._release.send(
                open_.submission, open_.stored, believed, ReleaseOrder(actor, why, terms, decision)
            )
        except NotApprovedError as error:
            raise DecisionRefused(DecisionRefusal.NOT_SENDABLE, str(error)) from error

    @asynccontextmanager
    async def _decision(
        self, alert_id: str, actor: Actor, decision: ApprovalDecision
    ) -> AsyncIterator[_Open]:
        """Open the transaction of a decision. One that is refused leaves nothing but its line in the trail, which is
        about a message of record.
        """
        stored = await self._alerts.get(alert_id)
        if stored is None:
            raise DecisionRefused(DecisionRefusal.NO_REQUEST)
        try:
            async with self._alerts.submission(stored.sender) as submission:
                await RelatedAlerts(submission).lock_ingest()
                request = await approval_request(submission.connection, alert_id)
                yield _Open(
                    submission, await _as_it_is(submission, stored), request, self._clock(submission.now)
                )
        except DecisionRefused as refused:
            await self._approvals.note_refusal(alert_id, actor, decision, refused.refusal)
            raise
        except RequestRefused as refused:  # by whoever says where it may decide
            await self._approvals.note_refusal(alert_id, actor, decision, refused.type)
            raise

    async def _bindings(self, open_: _Open) -> tuple[str, str]:
        """Return the binding of what the record has now, and that of what was held; nothing where nothing is asked."""
        if open_.request is None:
            return "", ""
        message = await open_.submission.message(open_.stored.id)
        content = await self._content(open_.submission, open_.stored, open_.request, message)
        people = open_.request.people
        return binding(content_sha256(content), people), binding(open_.request.content_sha256, people)

    async def _content(
        self, submission: Submission, stored: StoredAlert, request: ApprovalRequest, message: cap.Alert | None
    ) -> BoundContent:
        raw = await submission.raw(stored.id)
        places = await submission.places(stored.id)
        texts = {}
        if message is not None:
            # In a thread: the texts of a message of some hundred thousand characters take a second.
            texts = await asyncio.to_thread(self._texts.of, message, stored, places, request.shown_at)
        return BoundContent(raw or b"", places, await submission.shape(stored.id), texts)


@dataclass(frozen=True, slots=True)
class _Open:
    """A decision under way, under its locks."""

    submission: Submission
    stored: StoredAlert
    request: ApprovalRequest | None
    now: datetime

    def required(self, refusal: DecisionRefusal | None) -> StoredAlert:
        """Return the message where the decision takes effect. Raises `DecisionRefused`."""
        if refusal is not None:
            raise DecisionRefused(refusal)
        return self.stored


async def _as_it_is(submission: Submission, stored: StoredAlert) -> StoredAlert:
    """Read the message again under the lock: another person may have decided meanwhile."""
    try:
        return await still_held(submission, stored)
    except NotApprovedError:
        return stored
