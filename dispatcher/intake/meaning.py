"""Read what a message means to do: warn or end a warning, and until when. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cap import Alert, Info, MsgType, ResponseType

if TYPE_CHECKING:
    from datetime import datetime, timedelta

ACTS_ON_OTHERS = frozenset({MsgType.UPDATE, MsgType.CANCEL})
"""The types of messages that change or end the messages which their references name (CAP 1.2 section 3.2.1)."""


def expiry(alert: Alert, now: datetime, default_lifetime: timedelta) -> datetime:
    """Return when the whole message ends, which is with the last of its infos. One without `expires` gets the default
    lifetime, counted from its reception, because CAP 1.2 section 3.2.2 leaves it to the recipient.
    """
    ends = [info.expires for info in alert.infos if info.expires is not None]
    if not ends or len(ends) < len(alert.infos):
        ends.append(now + default_lifetime)
    return max(ends)


def infos_beyond(alert: Alert, latest: datetime) -> dict[int, Info]:
    """Return the infos that are to hold for longer, by their numbers, from 1. One that does not say is none of them."""
    return {
        number: info
        for number, info in enumerate(alert.infos, 1)
        if info.expires is not None and info.expires > latest
    }


def is_ending(alert: Alert) -> bool:
    """Whether the message ends a warning: a Cancel, or an Update that says nothing but "all clear"."""
    if alert.msg_type is MsgType.CANCEL:
        return True
    return (
        alert.msg_type is MsgType.UPDATE
        and bool(alert.infos)
        and all(ResponseType.ALL_CLEAR in info.response_types for info in alert.infos)
    )
