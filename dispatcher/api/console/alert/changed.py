"""Find what people have read of that which a message names, which a change that waits would change or end; and of what
was sent the changes that wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.intake.related import NEVER_TOLD, stands
from dispatcher.model.vocabulary import DISPATCHED_STATES, SENT, AlertState, Reason
from dispatcher.store.alerts.related_alerts import RelatedAlerts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import cap
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.store.alerts.alerts import Submission

STEPS_MAX: Final = 20
"""How many changes of changes that nobody has read are looked through for what people know."""


class ChangedMessages(NamedTuple):
    """What a message that waits would change or end, or one that was rejected would have."""

    messages: tuple[StoredAlert, ...] = ()
    """What people have read, as the message names it."""
    is_in_force: bool = False
    """Whether people are warned by it, or by what has taken its place: an end of what waits ends that, too."""


async def changed_by(reading: Submission, alert: StoredAlert) -> ChangedMessages:
    """Return what the alert would change or end, or would have, had nobody rejected it; nothing where it neither waits
    for a person nor was rejected.
    """
    is_unsent = alert.state is AlertState.HELD or alert.reason is Reason.DISCARDED
    message = await reading.message(alert.id) if is_unsent else None
    if message is None or not message.references:
        return ChangedMessages()
    named = [one for one in await named_by(reading, message) if one.environment is alert.environment]
    known = await read_of(reading, named)
    chains = await reading.chains(sorted({one.chain_id for one in known})) if known else []
    return ChangedMessages(tuple(known), any(stands(one, reading.now) for one in chains))


async def waiting_changes(reading: Submission, alert: StoredAlert) -> list[StoredAlert]:
    """Return the messages that would change or end an alert that was sent, and wait for a person: those that name it,
    or a change of it that nobody has read.
    """
    if alert.state not in DISPATCHED_STATES:
        return []
    related, unread = RelatedAlerts(reading), [alert]
    found: dict[str, StoredAlert] = {}
    for _ in range(STEPS_MAX):
        naming = [later for one in unread for later in await related.naming(*_identity(one), lenient=False)]
        unread = [one for one in naming if one.reason in NEVER_TOLD and one.id not in found]
        found |= {one.id: one for one in unread}
        if not unread:
            break
    waiting = (one for one in found.values() if one.state is AlertState.HELD)
    return [one for one in waiting if one.environment is alert.environment]


def _identity(alert: StoredAlert) -> tuple[str, str, datetime, str]:
    return alert.sender, alert.identifier, alert.sent, alert.event_key


async def named_by(reading: Submission, message: cap.Alert) -> list[StoredAlert]:
    """Return the messages of record that a message refers to."""
    found = []
    for one in message.references:
        if one.sent is not None:
            found += await reading.identity(one.sender, one.identifier, one.sent)
    return found


async def read_of(reading: Submission, named: Sequence[StoredAlert]) -> list[StoredAlert]:
    """Return those of the messages that people have read; of one that was withdrawn, or waits still, those that it was
    to change itself.
    """
    seen: set[str] = set()
    for _ in range(STEPS_MAX):
        if found := [one for one in named if one.reason in SENT or one.reason is Reason.MERGED]:
            return found
        seen |= {one.id for one in named}
        messages = [await reading.message(one.id) for one in named]
        named = [one for message in messages if message for one in await named_by(reading, message)]
        named = [one for one in named if one.id not in seen]
    return []
