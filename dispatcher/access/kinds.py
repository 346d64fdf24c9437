"""Define the kinds of principals, and how each shows that it is one."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class PrincipalKind(StrEnum):
    """What a principal can be. Its kind decides what it may do."""

    party: str
    """The party that a principal of this kind is, in one sentence."""
    credential: str
    """The credential that it shows."""

    def __new__(cls, value: str, party: str, credential: str) -> Self:
        """Make a member with its sentences."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.party = party
        member.credential = credential
        return member

    SOURCE = (
        "source",
        "A control centre, which submits warnings.",
        "`wk_` key, from `dispatcher source add`; for exercises a `wx_` key, from `dispatcher keys add --exercise`",
    )
    FEED = (
        "feed",
        "A national source that pushes its messages.",
        "`wk_` key, from `dispatcher feeds key`",
    )
    INSTANCE = (
        "instance",
        "A municipality's app, which shows what is in force.",
        "`wi_` key, from `dispatcher instance add`",
    )
    GATEWAY = (
        "gateway",
        "An SMS gateway, which reports what became of messages.",
        "`reports.secret` of `WARN_SMS_GATEWAYS`, for a time the one before too: bearer, Basic, `token` in the query",
    )
    SUBSCRIBER = (
        "subscriber",
        "A phone or browser whose owner has subscribed by a municipality's app.",
        "`wt_` token, shown once when it subscribed",
    )
    REMOTE_OPERATOR = (
        "remote-operator",
        "An operator away from the machine, who minds municipalities' apps over HTTP.",
        "`wo_` key, from `dispatcher operator add`",
    )
    PERSON = (
        "person",
        "A person who signs in: author, approver, operator, auditor or admin.",
        "a session of the live service or of the exercise, from signing in",
    )
    OPERATOR = (
        "operator",
        "The person at the machine, who types commands.",
        "the account that may read the settings and reach the record; the audit trail names it",
    )
