"""Define the words and sentences of the desk, one catalogue for each language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.model.ledger import Fate
    from dispatcher.model.vocabulary import AlertState, ApprovalState, FeedResult, Kind, Lane, Reason, State


@dataclass(frozen=True, slots=True)
class DeskTexts:
    """What a person at a desk reads in one language. A name in braces stands for what is put in, with words behind it
    for those that go with a number: `{count:Gemeinde|Gemeinden}`.
    """

    lanes: Mapping[Lane, str]
    kinds: Mapping[Kind, str]
    reasons: Mapping[Reason, str]
    """What a message is, by the decision on it."""
    unsent: Mapping[Reason, str]
    """Why nobody is told of a message: for each reason that is not dispatched."""
    alert_states: Mapping[AlertState, str]
    approval_states: Mapping[ApprovalState, str]
    recipient_states: Mapping[State, str]
    doubts: Mapping[str, str]
    """What `held_for` can say, in the words of whoever is to decide."""
    fates: Mapping[Fate, str]
    """What becomes of a dead letter that is to be replayed."""
    feed_results: Mapping[FeedResult, str]
    channels: Mapping[str, str]
    failures: Mapping[str, str]
    """Why a recipient could not be served, by the label of the error."""
    codes: Mapping[str, str]
    """What the codes of our own mean that stand behind a failure, and the statuses of SMPP, `0x` for one without a name
    there. Any other is an HTTP status, or a word of the gateway's."""
    trial_meanings: Mapping[str, str]
    """What a gateway's answer to one SMS was taken for."""
    trial_decided: Mapping[str, str]
    """What decided that: `{named}` is the rule's name or the status."""
    verifications: Mapping[str, str]
    """What is tried of an app's receiver, what it has to do, and what became of it."""
    over: Mapping[str, str]
    """Why a warning is over: `{at}` is when, `{by}` the message that did it."""
    target_reasons: Mapping[str, str]
    """Why a municipality is affected."""
    outages: Mapping[str, str]
    """Why there is no answer; `{url}` is who was asked."""
    usage: Mapping[str, str]
    """What is wrong with a call."""
    command_line: Mapping[str, str]
    """What the command line says of itself: headings of a help, and what is wrong with how a command was typed."""
    columns: Mapping[str, str]
    """Headings of tables."""
    currencies: Mapping[str, str]
    """How currencies are written that are not written as ISO 4217 has them."""
    lines: Mapping[str, str]
    """Sentences and parts of lines, by what they say."""
