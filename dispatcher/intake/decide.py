"""Decide whether an accepted message is dispatched, and as what: a ladder of returns, each with its reason. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cap import Alert, MsgType, ResponseType, Scope, Status
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import DISPATCHED, ENDING_REASONS, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from dispatcher.model.alerts import StoredAlert

ACTS_ON_OTHERS = frozenset({MsgType.UPDATE, MsgType.CANCEL})
"""The types of messages that change or end the messages which their references name (CAP 1.2 section 3.2.1)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`chains` are the chains this message continues, oldest first; none for a first notice. `merged_into` is the
    equal alert of which people are notified in place of this one.
    """

    reason: Reason
    chains: tuple[str, ...] = ()
    merged_into: str | None = None


def expiry(alert: Alert, now: datetime, default_lifetime: timedelta) -> datetime:
    """Return when the whole message ends, which is with the last of its infos. One without `expires` gets the default
    lifetime, counted from its reception, because CAP 1.2 section 3.2.2 leaves it to the recipient.
    """
    ends = [info.expires for info in alert.infos if info.expires is not None]
    if not ends or len(ends) < len(alert.infos):
        ends.append(now + default_lifetime)
    return max(ends)


def is_ending(alert: Alert) -> bool:
    """Whether the message ends a warning: a Cancel, or an Update that says nothing but "all clear"."""
    if alert.msg_type is MsgType.CANCEL:
        return True
    return (
        alert.msg_type is MsgType.UPDATE
        and bool(alert.infos)
        and all(ResponseType.ALL_CLEAR in info.response_types for info in alert.infos)
    )


def effective_expiry(
    alert: Alert, chain: Sequence[StoredAlert], now: datetime, default_lifetime: timedelta
) -> datetime:
    """Return `expiry`; but people are notified of the end of a warning for as long as the warning itself would have
    been in force. Many senders let a Cancel expire the moment it is sent.
    """
    own = expiry(alert, now, default_lifetime)
    if not is_ending(alert):
        return own
    return max([own, *(stored.expires for stored in chain if stored.reason in DISPATCHED)])


def referenced_of(alert: Alert, known: Sequence[StoredAlert]) -> list[StoredAlert]:
    """Return those of `known` that the message's references name: by sender, identifier, and the instant where both
    sides give one.
    """
    return [
        stored
        for stored in known
        if any(
            reference.identifier == stored.identifier
            and reference.sender == stored.sender
            and (reference.sent is None or reference.sent == stored.sent)
            for reference in alert.references
        )
    ]


def decide(  # noqa: C901, PLR0911 - a ladder, one step a reason
    alert: Alert,
    *,
    referenced: Sequence[StoredAlert],
    chain: Sequence[StoredAlert],
    expires: datetime,
    now: datetime,
) -> Decision:
    """Decide about a message; `referenced` are the recorded alerts that its references name, `chain` everything in
    their chains.

    Raises `RequestRefused` for a message that acts on others and may not.
    """
    if alert.msg_type not in (MsgType.ALERT, *ACTS_ON_OTHERS):
        return Decision(Reason.NOT_A_WARNING)
    if alert.msg_type in ACTS_ON_OTHERS:
        _require_own(alert, referenced)
    else:
        # Only an Update or a Cancel joins what it names: else a first Alert could end another sender's warning.
        referenced, chain = (), ()
    chains = tuple(dict.fromkeys(stored.chain_id for stored in referenced))
    if alert.status is not Status.ACTUAL:
        return Decision(Reason.NOT_ACTUAL, chains)
    if alert.scope is not Scope.PUBLIC:
        return Decision(Reason.NOT_PUBLIC, chains)
    if expires <= now:
        return Decision(Reason.EXPIRED, chains)
    sent_to_people = [stored for stored in chain if stored.reason in DISPATCHED]
    if alert.sent is not None and any(stored.sent > alert.sent for stored in sent_to_people):
        return Decision(Reason.SUPERSEDED, chains)
    if is_ending(alert):
        if sent_to_people and sent_to_people[-1].reason in ENDING_REASONS:
            return Decision(Reason.ALREADY_ENDED, chains)
        ending = Reason.CANCEL if alert.msg_type is MsgType.CANCEL else Reason.ALL_CLEAR
        return Decision(ending, chains)
    return Decision(Reason.UPDATE if alert.msg_type is MsgType.UPDATE else Reason.FIRST_NOTICE, chains)


def _require_own(alert: Alert, referenced: Sequence[StoredAlert]) -> None:
    if foreign := sorted({ref.sender for ref in alert.references} - {alert.sender}):
        raise RequestRefused(
            ProblemType.FOREIGN_REFERENCE,
            f"Nur eigene Meldungen können aktualisiert oder aufgehoben werden, nicht die von {', '.join(foreign)}.",
            extra={"senders": foreign},
        )
    if not referenced:
        raise RequestRefused(
            ProblemType.UNKNOWN_REFERENCE,
            "Keine der in <references> genannten Meldungen ist hier bekannt.",
            extra={"references": [f"{ref.sender},{ref.identifier}" for ref in alert.references]},
        )
