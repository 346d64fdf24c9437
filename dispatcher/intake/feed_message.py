"""Accept a feed's message: from its delivery it goes into the same record and the same way on as a submitted one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from dispatcher.intake.decide import decide
from dispatcher.intake.effects import TAKES_EFFECT, take_effect
from dispatcher.intake.four_eyes.asking import with_doubt
from dispatcher.intake.known import related_state
from dispatcher.intake.new_alert import delisting_notice, new_alert
from dispatcher.intake.prepare import Incoming, IntakeRules, Message, Unusable, prepare_each, too_complex
from dispatcher.intake.related import reachable, reference_keys
from dispatcher.model.feeds import IngestResult
from dispatcher.model.vocabulary import DISPATCHED, FEED_PREFIX, Reason
from dispatcher.queue.wakeups import WakeUpQueue, plan_wake_up
from dispatcher.readers.chunks import read_each
from dispatcher.readers.readers import ReaderStopped
from dispatcher.store.alerts.merged import promote_unspoken
from dispatcher.store.alerts.related_alerts import RelatedAlerts
from dispatcher.traces.tracer import NO_TRACES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dispatcher.intake.decide import Decision
    from dispatcher.intake.four_eyes.asking import ApprovalAsking
    from dispatcher.intake.related import RelatedState
    from dispatcher.metrics import Metrics
    from dispatcher.model.alerts import ReadyAlert, StoredAlert
    from dispatcher.readers.readers import Readers
    from dispatcher.store.alerts.alerts import Alerts, Submission
    from dispatcher.traces.tracer import Tracer

NOT_KEPT = frozenset({Reason.DUPLICATE, Reason.MERGED})
"""Messages with these reasons leave their line in the feed's list of entries, not an alert of their own; so do those
that concern neither anybody here nor anything of record."""


class FeedIntake:
    """Accepts what feeds deliver."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        alerts: Alerts,
        readers: Readers,
        wake_ups: WakeUpQueue,
        metrics: Metrics,
        clock: Callable[[datetime], datetime] = lambda now: now,
        asking: ApprovalAsking | None = None,
        tracer: Tracer = NO_TRACES,
    ) -> None:
        """`clock` maps the record's time to the one by which messages are decided: for replays. `asking` is given where
        a policy may ask for a person.
        """
        self._asking = asking
        self._tracer = tracer
        self._alerts = alerts
        self._readers = readers
        self._wake_ups = wake_ups
        self._metrics = metrics
        self._clock = clock

    async def prepare(
        self, incoming: Sequence[Incoming], rules: IntakeRules, now: datetime
    ) -> list[Message | Unusable]:
        """Return each message, or why it is none."""
        context = (rules, self._clock(now))
        found = await read_each(self._readers, rules.source_id, prepare_each, incoming, context)
        return [too_complex(one) if isinstance(one, ReaderStopped) else one for one in found]

    async def accept(
        self, rules: IntakeRules, message: Message, *, related: bool = False, enqueue: bool = True
    ) -> IngestResult:
        """Return after the commit. The same message again changes nothing. Raises what `record.UNAVAILABLE` lists.

        `related`: it came together with others that belong to it, and is kept for what it does to them even if it is
        meant for elsewhere. Not `enqueue`: the caller enqueues the result's wake-ups, once all of them are recorded.
        """
        began, stored = self._tracer.begin(), None
        asked = None if self._asking is None else await self._asking.ask(message, rules.source_id)
        message = with_doubt(message, asked)
        raw, digest = await asyncio.to_thread(message.render)
        async with self._alerts.submission(message.alert.sender) as submission:
            await RelatedAlerts(submission).lock_ingest()
            now = self._clock(submission.now)
            known = await related_state(submission, rules, message, digest, now)
            decision = decide(message, known, rules)
            kept = decision.reason not in NOT_KEPT and (message.may_concern or bool(known.graph))
            acts = message.acts and not message.is_doubtful and decision.reason in TAKES_EFFECT
            if kept or (related and acts):
                new = new_alert(submission.now, rules, message, known, decision, raw)
                stored = await submission.record(new)
                result = await self._take_effect(submission, message, known, stored)
                if self._asking is not None:
                    await self._asking.request(submission, message, stored, asked, "")
            else:
                result = await self._pass_by(submission, rules, message, decision)
        if stored is not None:
            self._tracer.accepted(stored, began)
        self._metrics.feed_messages.labels(rules.feed, result.reason).inc()
        if enqueue:
            await self.enqueue([result])
        return result

    async def enqueue(self, results: Sequence[IngestResult]) -> None:
        """Wake workers up for what these results have to be planned."""
        wake_ups = dict.fromkeys(wake_up for result in results for wake_up in result.wake_ups)
        if wake_ups:
            await self._wake_ups.enqueue([plan_wake_up(ready) for ready in wake_ups])

    async def concerns_known(self, messages: Sequence[Message]) -> set[int]:
        """Return which of these messages, by position, touch something of record: the remaining ones, if they are meant
        for elsewhere, need no look at all.
        """
        keys: dict[str, list[int]] = {}
        for index, message in enumerate(messages):
            for key in (message.facts.key, *reference_keys(message.references)):
                keys.setdefault(key, []).append(index)
        found = await self._alerts.known_keys(list(keys))
        return {index for key in found for index in keys[key]}

    async def no_longer_listed(self, rules: IntakeRules, alert_id: str) -> IngestResult | None:
        """Notify the recipients of the warning that its source stopped listing it. None if there is nothing to end."""
        stored, alert = await self._alerts.get(alert_id), await self._alerts.message(alert_id)
        if stored is None or alert is None:
            return None
        began = self._tracer.begin()
        async with self._alerts.submission(stored.sender) as submission:
            await RelatedAlerts(submission).lock_ingest()
            now = self._clock(submission.now)
            graph = await submission.chains([stored.chain_id])
            current = next((earlier for earlier in graph if earlier.id == stored.id), None)
            if current is None or not current.is_in_force(now) or not _may_end_by_silence(rules, current):
                return None
            new = delisting_notice(submission.now, rules, current, alert, now)
            recorded = await submission.record(new)
            await submission.link({(new.id, current.id)})
            await submission.stop(await self._with_ancestors(submission, current), new.id)
            others = await promote_unspoken(submission.connection, now)
            others += await submission.plan_again(current.chain_id)
        self._tracer.accepted(recorded, began)
        self._metrics.feed_messages.labels(rules.feed, new.reason).inc()
        result = IngestResult(
            new.reason, new.id, stored.event_key, new.expires, wake_ups=(recorded.ready, *others)
        )
        await self.enqueue([result])
        return result

    async def _with_ancestors(self, submission: Submission, stored: StoredAlert) -> set[str]:
        return reachable([stored.id], await submission.replaced([stored.chain_id]))

    async def _take_effect(
        self, submission: Submission, message: Message, known: RelatedState, stored: StoredAlert
    ) -> IngestResult:
        others, _ = await take_effect(submission, message, known, stored)
        own = [stored.ready] if stored.reason in DISPATCHED else []
        return _result(message, stored.reason, stored.id, (*own, *others))

    async def _pass_by(
        self, submission: Submission, rules: IntakeRules, message: Message, decision: Decision
    ) -> IngestResult:
        reason, covered_by = decision.reason, decision.covered_by
        if reason is Reason.DUPLICATE and covered_by is not None:
            await RelatedAlerts(submission).carry(covered_by, rules.source_id)
        return _result(message, reason, covered_by)


def _may_end_by_silence(rules: IntakeRules, stored: StoredAlert) -> bool:
    """Whether the source's silence may end the warning: its own, or another feed's equal one, if it may carry the
    sender or that feed proves nothing either. What a control centre submitted holds until the centre ends it.
    """
    if stored.source_id == rules.source_id:
        return True
    trusted = stored.sender in rules.senders or stored.sender in rules.pins
    return stored.source_id.startswith(FEED_PREFIX) and (trusted or not stored.proved)


def _result(
    message: Message, reason: Reason, alert_id: str | None, wake_ups: tuple[ReadyAlert, ...] = ()
) -> IngestResult:
    return IngestResult(
        reason, alert_id, message.facts.key, message.expires, message.open_ended, wake_ups=wake_ups
    )
