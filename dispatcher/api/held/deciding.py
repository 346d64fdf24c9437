"""Show an operator what waits for a person, and carry out what it decides: to release or discard a message, and to send
SMS that no budget holds. What waits for a second person is approved elsewhere (`dispatcher.api.approvals`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cap.severity import highest_severity
from dispatcher.access.permissions import Permission
from dispatcher.api.approvals.territory import holds_in, require_role
from dispatcher.intake.approval import NotApprovedError, Terms
from dispatcher.intake.four_eyes.asking import COUNTED_S
from dispatcher.intake.four_eyes.texts import MessageTexts
from dispatcher.intake.meaning import is_ending
from dispatcher.model.approval.request import most_recipients
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.vocabulary import AlertState, Environment
from dispatcher.queue.wakeups import batch_wake_up
from dispatcher.store.record import answered_within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    import cap
    from dispatcher.access.principals import Principal
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.intake.four_eyes.texts import SmsSource
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.model.approval.request import ApprovalRequest
    from dispatcher.model.sms import HeldSms


@dataclass(frozen=True, slots=True)
class WaitingMessages:
    """What waits for a person."""

    alerts: list[StoredAlert]
    """Messages, the longest waiting first."""
    sms: list[HeldSms]
    """Warnings that have gone out, of which SMS wait because no gateway's budget holds them."""


@dataclass(frozen=True, slots=True)
class ShownHeld:
    """All that an operator is shown of a message that waits or waited."""

    alert: StoredAlert
    places: list[AffectedMunicipality]
    target: str
    """The hash of its target as the record has it, in hex."""
    people: int | None
    """How many people it would warn now; where so many cannot be counted in time, how many its plan counted that held
    it for their number, if one did. None for what ends a warning, which goes to those who were told of that, too.
    """
    is_counted: bool
    """Whether `people` were counted just now."""
    is_ending: bool
    """Whether there is no number beforehand, as it ends a warning."""
    texts: Mapping[str, str | bytes]
    sms: Mapping[str, SmsSource]
    request: ApprovalRequest | None
    """What is asked of a second person about it; None where nothing ever was."""
    now: datetime

    @property
    def waits(self) -> bool:
        """Whether it waits still."""
        return self.alert.state is AlertState.HELD

    @property
    def needs_second_person(self) -> bool:
        """Whether only a second person can let it go out."""
        return self.waits and self.request is not None and self.request.is_needed


async def waiting(dependencies: ApiDependencies, reader: Principal) -> WaitingMessages:
    """Return what waits for a person in the reader's environment."""
    parts = dependencies.held
    alerts = [one for one in await parts.store.listed() if one.environment is reader.environment]
    is_live = reader.environment is Environment.LIVE
    return WaitingMessages(alerts, await parts.charges.held_alerts(parts.pool) if is_live else [])


async def shown(dependencies: ApiDependencies, reader: Principal, alert_id: str) -> ShownHeld:
    """Return what is shown of a message. Raises `RequestRefused` for one that is not of the reader's environment."""
    alert = await _own(dependencies, reader, alert_id)
    parts = dependencies.held
    async with dependencies.alerts.snapshot() as reading:
        message, places = await reading.message(alert_id), await reading.places(alert_id)
        shape, now = await reading.shape(alert_id), reading.now
    warns = message is not None and not is_ending(message)
    counted, people, written = None, None, MessageTexts({}, {})
    if message is not None:
        if warns:
            counted = await _count(dependencies, reader, message, places, shape)
            people = await _planned(dependencies, alert_id) if counted is None else counted
        # In a thread: the texts of a message of some hundred thousand characters take a second.
        written = await asyncio.to_thread(parts.texts.both, message, alert, places, now)
    return ShownHeld(
        alert,
        places,
        await dependencies.alerts.target_sha256(alert_id),
        people,
        counted is not None,
        not warns,
        written.texts,
        written.sms,
        await dependencies.approvals.get(alert_id),
        now,
    )


async def is_end(dependencies: ApiDependencies, reader: Principal, alert_id: str) -> bool:
    """Whether a message ends a warning, so that nobody can be counted beforehand. Raises like `shown`."""
    await _own(dependencies, reader, alert_id)
    message = await dependencies.alerts.message(alert_id)
    return message is not None and is_ending(message)


async def release(
    dependencies: ApiDependencies, who: Principal, alert_id: str, why: str, seen: tuple[str, int | None]
) -> None:
    """Send a message to the target (hash) and to about as many people as were seen: with more it waits again. Raises
    `RequestRefused`, which says why it is not sent.
    """
    target, people = seen
    # Whoever names no number of a warning has not looked, unless nobody can be shown one: then the guard of unusual
    # audiences is what bounds it, as it bounds what nobody releases.
    if people is None and await _has_number(dependencies, who, alert_id):
        raise RequestRefused(ProblemType.CONFLICT, said(Phrase.HELD_NOT_SEEN))
    await _own(dependencies, who, alert_id)
    terms = Terms(target, None if people is None else most_recipients(people))
    try:
        await dependencies.held.release.release(alert_id, who.actor, why, (), terms, require=_require(who))
    except NotApprovedError as error:
        raise _not_done(error) from error


async def discard(dependencies: ApiDependencies, who: Principal, alert_id: str, why: str) -> None:
    """Never send a message. Raises `RequestRefused` where none waits."""
    await _own(dependencies, who, alert_id)
    try:
        await dependencies.held.release.discard(alert_id, who.actor, why, require=_require(who))
    except NotApprovedError as error:
        raise _not_done(error) from error


async def send_sms(dependencies: ApiDependencies, who: Principal, alert_id: str, why: str) -> None:
    """Send the SMS of a warning that wait for a budget, whatever they cost. Raises `RequestRefused` where none wait."""
    await _own(dependencies, who, alert_id)
    _require(who)(await dependencies.alerts.affected(alert_id))
    parts = dependencies.held
    ready = await parts.charges.allow(parts.pool, alert_id, who.actor, why)
    if not ready:
        raise RequestRefused(ProblemType.CONFLICT, said(Phrase.NO_SMS_WAIT))
    await parts.wake_ups.enqueue([batch_wake_up(one) for one in ready])


def may_decide(person: Principal, places: Sequence[AffectedMunicipality]) -> bool:
    """Whether a role of the person lets it decide about a message for these municipalities."""
    return person.may(Permission.DECIDE_HELD) and holds_in(
        person, Permission.DECIDE_HELD, [one.ags for one in places]
    )


def _require(person: Principal) -> Callable[[Sequence[AffectedMunicipality]], None]:
    """Return what requires that a role of the person lets it decide in all of some municipalities."""
    return partial(require_role, person, Permission.DECIDE_HELD)


async def _has_number(dependencies: ApiDependencies, reader: Principal, alert_id: str) -> bool:
    """Whether the reader can be shown how many people the message would warn. Raises like `shown`."""
    if await is_end(dependencies, reader, alert_id):
        return False
    async with dependencies.alerts.snapshot() as reading:
        message, places = await reading.message(alert_id), await reading.places(alert_id)
        shape = await reading.shape(alert_id)
    if message is None or await _planned(dependencies, alert_id) is not None:
        return True
    return await _count(dependencies, reader, message, places, shape) is not None


async def _planned(dependencies: ApiDependencies, alert_id: str) -> int | None:
    """Return how many a plan has counted that held a message for their number; None where none did."""
    return await dependencies.alerts.held_recipients(alert_id)


async def _count(
    dependencies: ApiDependencies,
    reader: Principal,
    message: cap.Alert,
    places: Sequence[AffectedMunicipality],
    shape: bytes,
) -> int | None:
    """Return how many people a message would warn now; None where they are so many that it takes too long: all else
    that is shown of it must not fail by that, nor what was decided. Raises what `record.UNAVAILABLE` lists.
    """
    severity, drill = highest_severity(message), reader.environment is Environment.EXERCISE
    counting = dependencies.held.estimator.people(places, shape, severity, drill=drill)
    return await answered_within(COUNTED_S, counting)


async def _own(dependencies: ApiDependencies, person: Principal, alert_id: str) -> StoredAlert:
    alert = await dependencies.alerts.get(alert_id)
    if alert is None or alert.environment is not person.environment:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ALERT))
    return alert


def _not_done(error: NotApprovedError) -> RequestRefused:
    """Return the refusal that says why a message stays held."""
    return RequestRefused(ProblemType.CONFLICT, error.said)
