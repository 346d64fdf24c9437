"""Define a person's endpoint, and read what somebody types for one. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from dispatcher.on_duty.matters import DutyChannel

if TYPE_CHECKING:
    from datetime import datetime

MOST: Final = 10
"""Endpoints of one person: a phone, a mailbox, and the browsers of several desks."""
CODE_HOLDS: Final = timedelta(minutes=15)
"""As long as a code is good: an SMS may be late, and a mailbox is looked at now and then."""
CODE_TRIES: Final = 5
"""How often a code may be typed wrongly: of a million codes five are tried."""
LONGEST_ADDRESS: Final = 254
"""Characters of a mailbox (RFC 5321, section 4.5.3.1.3, without the angle brackets)."""
LONGEST_LABEL: Final = 40

_NUMBER: Final = re.compile(r"\+[1-9][0-9]{7,14}")
_FILLING: Final = re.compile(r"[ ()/.-]")
_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX: Final = re.compile(rf"({_LOCAL})@((?:{_LABEL}\.)+{_LABEL})")
"""A mailbox of ASCII letters, without quotes, comments and address literals (RFC 5321, `Dot-string@Domain`)."""


class _Keys(msgspec.Struct):
    p256dh: Annotated[str, msgspec.Meta(max_length=200)]
    auth: Annotated[str, msgspec.Meta(max_length=200)]


class _Subscription(msgspec.Struct):
    endpoint: Annotated[str, msgspec.Meta(max_length=2048)]
    keys: _Keys


class _Posted(msgspec.Struct):
    subscription: _Subscription
    label: Annotated[str, msgspec.Meta(max_length=200)] = ""


_POSTED: Final = msgspec.json.Decoder(_Posted)


class Confirmation(StrEnum):
    """What became of a code that was brought back."""

    PROVEN = "proven"
    WRONG = "wrong"
    OVER = "over"
    """The code is too old, was tried too often, or there is none."""


@dataclass(frozen=True, slots=True)
class DutyEndpoint:
    """Where a person is told, without its address."""

    id: int
    person_id: str
    channel: DutyChannel
    label: str
    created_at: datetime
    proven_at: datetime | None
    """When a code came back first; None: nothing but codes is sent there."""
    last_confirmed_at: datetime | None
    last_accepted_at: datetime | None
    last_answer: str | None
    """What was answered last: `accepted`, or an error's code."""
    gone_at: datetime | None
    """When its gateway said that there is no such endpoint any more; None: it never did."""

    @property
    def works(self) -> bool:
        """Whether people are told there."""
        return self.proven_at is not None and self.gone_at is None


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint that a person wants to be told at."""

    channel: DutyChannel
    address: str = field(repr=False)
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    label: str = ""


def browser_endpoint(body: bytes, vapid: str) -> NewEndpoint:
    """Return the endpoint of a browser, of what its page posts: `{"subscription": PushSubscription, "label": text}`.
    `vapid` is the name of the key that it subscribed with. Raises ValueError, which says nothing of it. Whether the
    push service is one and the keys are keys, the channel checks.
    """
    try:
        posted = _POSTED.decode(body)
    except msgspec.MsgspecError:
        raise ValueError("a subscription as browsers have it is needed") from None
    keys = posted.subscription.keys
    return NewEndpoint(
        DutyChannel.WEBPUSH,
        posted.subscription.endpoint,
        {"p256dh": keys.p256dh, "auth": keys.auth, "vapid": vapid},
        _label(posted.label),
    )


def typed_endpoint(channel: DutyChannel, typed: str, label: str = "") -> NewEndpoint:
    """Return an endpoint of what a person types: a number in E.164, blanks and hyphens aside, or a mailbox, whose
    domain is written in small letters. Raises ValueError, which says what is wrong without a word of it.
    """
    label = _label(label)
    if channel is DutyChannel.SMS:
        number = _FILLING.sub("", typed)
        if not _NUMBER.fullmatch(number):
            raise ValueError("a number is written with its country, such as +49 170 0000000")
        return NewEndpoint(channel, number, label=label)
    if channel is DutyChannel.EMAIL:
        found = _MAILBOX.fullmatch(typed.strip())
        if found is None or len(typed.strip()) > LONGEST_ADDRESS:
            raise ValueError("a mailbox is written as name@example.org, of ASCII letters only")
        return NewEndpoint(channel, f"{found[1]}@{found[2].lower()}", label=label)
    raise ValueError("a browser is added in the console, by whoever sits before it")


def _label(text: str) -> str:
    label = text.strip()
    if len(label) > LONGEST_LABEL or not (label.isprintable() or not label):
        raise ValueError(f"a label has at most {LONGEST_LABEL} characters that can be seen")
    return label
