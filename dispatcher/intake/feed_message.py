"""Accept a feed's message: from its delivery it goes into the same record and the same way on as a submitted one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import cap
from dispatcher.intake.decide import ACTS_ON_OTHERS
from dispatcher.intake.feed_decision import RelatedState, continued, decide_feed_message
from dispatcher.intake.lane import lane_of
from dispatcher.intake.new_alert import delisting_notice, new_alert_from_feed
from dispatcher.intake.prepare import (
    FeedRules,
    HoldReason,
    Incoming,
    Message,
    Unusable,
    is_worldwide,
    prepare,
    reference_keys,
)
from dispatcher.model.feeds import IngestResult
from dispatcher.model.vocabulary import DISPATCHED, FEED_PREFIX, Reason
from dispatcher.queue.wakeups import WakeUpQueue, plan_wake_up
from dispatcher.store.alerts.related_alerts import RelatedAlerts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.intake.feed_decision import FeedDecision
    from dispatcher.metrics import Metrics
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.store.alerts.alerts import Alerts, Submission

NOT_KEPT = frozenset({Reason.DUPLICATE, Reason.MERGED, Reason.ELSEWHERE})
"""Messages with these reasons leave their line in the feed's list of entries, not an alert of their own."""
JOINS_CHAINS = DISPATCHED | {Reason.SUPERSEDED}
"""Messages with these reasons make one chain of those that they continue."""
OUTDATES_HELD = DISPATCHED | {Reason.HELD, Reason.NOTHING_TO_END, Reason.ALREADY_ENDED}
"""Messages with these reasons supersede what is still held in their chain."""


class FeedIntake:
    """Accepts what feeds deliver."""

    def __init__(
        self,
        *,
        alerts: Alerts,
        boundaries: Boundaries,
        wake_ups: WakeUpQueue,
        metrics: Metrics,
        clock: Callable[[datetime], datetime] = lambda now: now,
    ) -> None:
        """`clock` maps the record's time to the one by which messages are decided: for replays."""
        self._alerts = alerts
        self._boundaries = boundaries
        self._wake_ups = wake_ups
        self._metrics = metrics
        self._clock = clock

    def prepare(
        self, incoming: Sequence[Incoming], rules: FeedRules, now: datetime
    ) -> list[Message | Unusable]:
        """Return each message, or why it is none. This costs processor time only: call it in a thread."""
        return [self._prepare(message, rules, now) for message in incoming]

    def _prepare(self, incoming: Incoming, rules: FeedRules, now: datetime) -> Message | Unusable:
        try:
            return prepare(incoming, rules, self._boundaries, self._clock(now))
        except Unusable as unusable:
            return unusable
        except Exception as error:  # noqa: BLE001 - an unforeseen message never drops the others; it is kept
            return Unusable("unforeseen", type(error).__name__)

    async def accept(self, rules: FeedRules, message: Message) -> IngestResult:
        """Return after the commit. The same message again changes nothing. Raises what `record.UNAVAILABLE` lists."""
        raw, digest = await asyncio.to_thread(message.render)
        async with self._alerts.submission(message.alert.sender) as submission:
            await RelatedAlerts(submission).lock_ingest()
            known = await self._known(submission, rules, message, digest)
            decision = decide_feed_message(message, known)
            result = await self._record(submission, rules, message, known, decision, raw)
        self._metrics.feed_messages.labels(rules.feed, result.reason).inc()
        await self._enqueue(result.reason, result.alert_id, message.alert)
        return result

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

    async def no_longer_listed(self, rules: FeedRules, alert_id: str) -> IngestResult | None:
        """Notify the recipients of the warning that its source stopped listing it. None if there is nothing to end."""
        stored, raw = await self._alerts.get(alert_id), await self._alerts.raw(alert_id)
        if stored is None or raw is None:
            return None
        alert = cap.parse(raw).alerts[0]
        async with self._alerts.submission(stored.sender) as submission:
            now = self._clock(submission.now)
            notified = [
                earlier for earlier in await submission.chain(stored.chain_id) if earlier.reason in DISPATCHED
            ]
            newest = notified[-1] if notified else None
            if newest is None or newest.id != stored.id or stored.expires <= now:
                return None
            new = delisting_notice(submission.now, rules, stored, alert, now)
            await submission.record(new)
            await submission.stop(stored.chain_id, new.id)
        self._metrics.feed_messages.labels(rules.feed, new.reason).inc()
        await self._enqueue(new.reason, new.id, alert)
        return IngestResult(new.reason, new.id, stored.event_key, new.expires)

    async def _enqueue(self, reason: Reason, alert_id: str | None, alert: cap.Alert) -> None:
        if reason in DISPATCHED and alert_id is not None:
            await self._wake_ups.enqueue([plan_wake_up(alert_id, lane_of(alert))])

    async def _known(
        self, submission: Submission, rules: FeedRules, message: Message, digest: bytes
    ) -> RelatedState:
        alert, related = message.alert, RelatedAlerts(submission)
        same = await submission.same_identity(alert.sender, alert.identifier, message.sent)
        editions = [
            stored
            for stored in await related.editions(message.facts.key)
            if (stored.sender, stored.identifier, stored.sent)
            != (alert.sender, alert.identifier, message.sent)
            and _is_related(message, stored)
        ]
        keys = reference_keys(message.references)
        named = await related.candidates([ref.identifier for ref in message.references], list(keys))
        later = await related.naming(alert.sender, alert.identifier, message.facts.key)
        known = RelatedState(
            now=self._clock(submission.now),
            source_id=rules.source_id,
            digest=digest,
            same=same,
            editions=editions,
            named=[stored for stored in named if _may_act_on(message, rules, stored)],
            later=[stored for stored in later if _is_related(message, stored)],
        )
        chains = dict.fromkeys(stored.chain_id for stored in continued(known))
        chain = [stored for chain_id in chains for stored in await submission.chain(chain_id)]
        neighbours = await related.others_in_force(
            [place.ags for place in message.places], rules.source_id, known.now
        )
        return replace(
            known, chain=sorted(chain, key=lambda stored: stored.received_at), neighbours=neighbours
        )

    async def _record(
        self,
        submission: Submission,
        rules: FeedRules,
        message: Message,
        known: RelatedState,
        decision: FeedDecision,
        raw: bytes,
    ) -> IngestResult:
        reason, related = decision.reason, RelatedAlerts(submission)
        irrelevant = not message.places and not known.chain and HoldReason.AREA not in message.doubts
        if reason in NOT_KEPT or irrelevant:
            return _result(message, reason, decision.covered_by)
        chains = list(dict.fromkeys(stored.chain_id for stored in [*continued(known), *known.later]))
        new = new_alert_from_feed(submission.now, rules, message, known, decision, (chains, raw))
        # A late link between two messages shows that their chains are one.
        if reason in JOINS_CHAINS and len(chains) > 1:
            await submission.merge_chains(new.chain_id, chains[1:])
        await submission.record(new)
        if reason in DISPATCHED and known.notified:
            await submission.stop(new.chain_id, new.id)
        if reason in OUTDATES_HELD:
            await related.supersede_held(new.chain_id, new.id)
        return _result(message, reason, new.id)


def _result(message: Message, reason: Reason, alert_id: str | None) -> IngestResult:
    return IngestResult(reason, alert_id, message.facts.key, message.expires, message.open_ended)


def _is_related(message: Message, stored: StoredAlert) -> bool:
    return stored.sender == message.alert.sender or is_worldwide(message.facts.key)


def _may_act_on(message: Message, rules: FeedRules, stored: StoredAlert) -> bool:
    """Whether the message may act on the warning: on its own sender's, on those of its own feed that it names in full,
    and on other editions of what it names; on none that is newer, and on none that a control centre submitted here
    under another sender.
    """
    if message.alert.msg_type not in ACTS_ON_OTHERS or stored.sent > message.sent:
        return False
    if stored.sender == message.alert.sender:
        return True
    if not stored.source_id.startswith(FEED_PREFIX):
        return False
    in_full = (stored.sender, stored.identifier) in {
        (ref.sender, ref.identifier) for ref in message.references
    }
    return (in_full and stored.source_id == rules.source_id) or is_worldwide(stored.event_key)
