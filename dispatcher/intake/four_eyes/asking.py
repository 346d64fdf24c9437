"""Ask whether a message waits for a person before it warns anybody, and record what that person is to be shown."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cap
from cap.severity import highest_severity
from dispatcher.intake.four_eyes.binding import BoundContent, content_sha256
from dispatcher.intake.four_eyes.policy import may_concern, open_rules, rule_for, rule_uncounted
from dispatcher.intake.four_eyes.states import release_time
from dispatcher.model.approval.request import ApprovalRequest
from dispatcher.model.vocabulary import AlertState, Doubt
from dispatcher.store.alerts.approvals import add_request, approval_rules, persons_of
from dispatcher.store.record import known_within

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime, timedelta

    from dispatcher.audience.estimate import AudienceEstimator
    from dispatcher.intake.decide import Decision
    from dispatcher.intake.four_eyes.texts import HeldTexts
    from dispatcher.intake.prepare import Message
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.approval.policy import PolicyRule, Timers
    from dispatcher.store.alerts.alerts import Submission
    from dispatcher.store.record import Pool


COUNTED_S: Final = 3.0
"""How long the people are counted whom a message would warn, for which everybody may be read whom it concerns: less
than a statement of the API may take. A preview counts no longer, either."""


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """What the policy says of a message, and how many people it was counted for."""

    rule: PolicyRule
    people: int | None
    """None: they could not be counted in time."""
    open_rules: tuple[PolicyRule, ...] = ()
    """Without a number: the rules one of which decides once there is one."""


@dataclass(frozen=True, slots=True)
class ApprovalAhead:
    """What a message would wait for, if it was submitted now."""

    rule: PolicyRule
    """The rule that asks for the second person."""
    timers: Timers
    """What would happen without a decision: the rule's, without a release that never comes."""
    is_author_known: bool
    """Whether the key is a person's: then a colleague may approve. Else everybody may have submitted it who writes for
    the source.
    """


class ApprovalAsking:
    """Asks the policy of record. Nothing is counted for messages that no rule concerns."""

    def __init__(self, pool: Pool, estimator: AudienceEstimator, texts: HeldTexts) -> None:
        self._pool = pool
        self._estimator = estimator
        self._texts = texts

    async def ask(
        self, message: Message, source_id: str, dropped: Callable[[], Awaitable[int]] | None = None
    ) -> PolicyAnswer | None:
        """Return what the policy says of a message; None where it says nothing, or where the message can warn nobody.
        `dropped` counts whom an Update tells that they are no longer concerned: they are among its recipients.

        To be asked before the transaction in which the message is decided upon: it takes connections of its own.
        """
        if not can_warn(message):
            return None
        rules, severity = await approval_rules(self._pool), highest_severity(message.alert)
        if not may_concern(rules, source_id, severity):
            return None
        people = await known_within(COUNTED_S, self._count(message, severity, dropped))
        if people is None:
            found = open_rules(rules, source_id, severity)
            return PolicyAnswer(rule_uncounted(found, in_doubt=bool(message.doubts)), None, tuple(found))
        rule = rule_for(rules, source_id, severity, people)
        return None if rule is None else PolicyAnswer(rule, people)

    async def _count(
        self, message: Message, severity: str, dropped: Callable[[], Awaitable[int]] | None
    ) -> int:
        people = await self._estimator.people(message.places, message.target, severity)
        if dropped is not None and message.acts:
            people += await dropped()
        return people

    async def request(
        self,
        submission: Submission,
        message: Message,
        stored: StoredAlert,
        asked: PolicyAnswer | None,
        author: str,
    ) -> None:
        """Record what is asked about a message that was just recorded, if it is held or stands behind an equal one.
        `author` is the person whose key submitted it; where the key is nobody's, everybody who writes for the source or
        whom a key of it names may have. Whom nobody could count in time a worker counts afterwards.
        """
        if asked is None or not stored.held_for:
            return
        if not (asked.rule.is_needed or stored.state is AlertState.HELD):
            return
        named = [author] if author else await persons_of(submission.connection, stored.source_id)
        raw, now = await submission.raw(stored.id) or b"", submission.now
        places = await submission.places(stored.id)
        # In a thread: the texts of a message of some hundred thousand characters take a second.
        texts = await asyncio.to_thread(self._texts.of, message.alert, stored, places, now)
        content = BoundContent(raw, places, message.target, texts)
        timers = asked.rule.timers
        # What stands behind an equal warning waits for nobody yet: its timers are set anew when it is held.
        release = timers.release if stored.state is AlertState.HELD else None
        await add_request(
            submission.connection,
            ApprovalRequest(
                alert_id=stored.id,
                is_needed=asked.rule.is_needed,
                content_sha256=content_sha256(content),
                people=asked.people,
                shown_at=now,
                requested_at=now,
                authors=tuple(named),
                alert_state=stored.state,
                reason=stored.reason,
                held_for=stored.held_for,
                expires=stored.expires,
                remind_at=_after(now, timers.remind),
                escalate_at=_after(now, timers.escalate),
                release_at=release_time(_after(now, release), stored.held_for, stored.expires),
                open_rules=asked.open_rules,
            ),
        )


def approval_ahead(
    asked: PolicyAnswer | None, decision: Decision, now: datetime, author: str
) -> ApprovalAhead | None:
    """Return what a message that is decided upon like this waits for; None where it waits for no second person."""
    if asked is None or not decision.waits_for_approval:
        return None
    timers = asked.rule.timers
    release = release_time(_after(now, timers.release), decision.held_for, decision.expires)
    if release is None:
        timers = replace(timers, release=None)
    return ApprovalAhead(asked.rule, timers, bool(author))


def can_warn(message: Message) -> bool:
    """Whether the message can warn anybody. What ends a warning never waits: stopping needs one person."""
    may_concern_somebody = bool(message.places) or Doubt.AREA in message.doubts
    return message.alert.status is cap.Status.ACTUAL and not message.ends and may_concern_somebody


def with_doubt(message: Message, asked: PolicyAnswer | None) -> Message:
    """Return the message with the doubt that the policy raises, if it does."""
    if asked is None or not asked.rule.is_needed:
        return message
    return replace(message, doubts=(*message.doubts, Doubt.APPROVAL))


def _after(now: datetime, delay: timedelta | None) -> datetime | None:
    return None if delay is None else now + delay
