"""Faults a test can ask the stand-in SMS centre for: what happens to a PDU instead of its plain answer."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from ops.lab.gateways.faults import Count, Match, NonNegative


class SmppFaultKind(StrEnum):
    """Names what happens. In the first group nothing is taken, in the second it is."""

    STATUS = "status"
    """Answer with `status` as command_status."""
    SILENT = "silent"
    """Never answer."""
    CLOSE = "close"
    """Close the connection in the middle of the exchange."""
    RESET = "reset"
    """Break the connection by a TCP reset."""
    UNBIND = "unbind"
    """Unbind instead of the answer."""
    GARBAGE = "garbage"
    """Send octets that are no PDU, and go on listening."""
    OVERSIZED = "oversized"
    """Send the head of a PDU of two gigabytes."""

    DELAY = "delay"
    """Take it, and answer after `delay_s`."""
    SILENT_AFTER = "silent_after"
    """Take it, never answer."""
    CLOSE_AFTER = "close_after"
    """Take it, close without the answer."""
    UNBIND_AFTER = "unbind_after"
    """Take it, answer, then unbind."""
    TRUNCATE = "truncate"
    """Take it, send half of the answer, close."""
    REORDER = "reorder"
    """Take it, keep answers back until there are `hold`, or `delay_s` are over, and send the last one first."""
    STRANGER = "stranger"
    """Take it, and before the answer answer something that was never asked."""


TAKING = frozenset(
    {
        SmppFaultKind.DELAY,
        SmppFaultKind.SILENT_AFTER,
        SmppFaultKind.CLOSE_AFTER,
        SmppFaultKind.UNBIND_AFTER,
        SmppFaultKind.TRUNCATE,
        SmppFaultKind.REORDER,
        SmppFaultKind.STRANGER,
    }
)


class SmppRequest(StrEnum):
    """Names what a rule is about."""

    SUBMIT = "submit_sm"
    ENQUIRE = "enquire_link"
    BIND = "bind"
    UNBIND = "unbind"


class SmppAction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says what to do; see SmppFaultKind for which fields matter."""

    kind: SmppFaultKind
    status: Count = 0x08
    """ESME_RSYSERR unless another is given."""
    delay_s: NonNegative = 0.2
    hold: Annotated[int, msgspec.Meta(ge=2)] = 10


class SmppRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault rule; the first of the list that matches wins."""

    action: SmppAction
    match: Match = Match()
    on: SmppRequest = SmppRequest.SUBMIT
    name: str = ""
    """The rule's name in the ledger; default `<kind>-<index>`."""


_RULES = msgspec.json.Decoder(list[SmppRule])


def parse(body: bytes) -> tuple[SmppRule, ...]:
    """Parse rules from a JSON list. Raises msgspec.DecodeError or its subclass ValidationError."""
    return tuple(
        rule if rule.name else msgspec.structs.replace(rule, name=f"{rule.action.kind}-{index}")
        for index, rule in enumerate(_RULES.decode(body))
    )
