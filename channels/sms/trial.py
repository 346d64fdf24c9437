"""Sends one message to see how a gateway is asked and what it answers."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, runtime_checkable

from channels.base import ChannelDown, ChannelError, ChannelMisconfigured, Uncertain
from channels.sms.meanings import AnswerMeaning, DecidedBy, meaning_of
from channels.sms.smpp.statuses import OK, code, named, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.base import DeliveryError, Endpoint, Notice, Receipt
    from channels.sms.channel import Carrier

ANSWER_SHOWN_MAX: Final = 2000
"""Characters of an answer that are shown: it is for a person to read."""
_COUNTRY: Final = len("+49")
_OWN_MIN: Final = 4
"""Digits of a number without its country that make it one (E.164 has no shorter ones in use)."""


class SmsTrial(NamedTuple):
    """What came of one message. It is for a person's eyes: the answer is a stranger's."""

    request_shown: str
    """The request as it was made, with stars for secrets and most of the number. Empty where none could be made."""
    answer_shown: str
    """The beginning of the answer, with stars for secrets and most of the number where it has them. Empty where none
    came."""
    meaning: AnswerMeaning
    code: str
    """The code that a ledger would show."""
    reason: str
    """What decided: a rule, or what happened instead of an answer."""
    by: DecidedBy
    named: str = ""
    """The rule's name or the status, where one decided, without words of a language."""


async def tried(carrier: Carrier, notice: Notice, endpoint: Endpoint) -> SmsTrial:
    """Send one message by a carrier, whatever its protocol. Raises nothing for what the far side does."""
    if isinstance(carrier, TriedCarrier):
        return await carrier.try_one(notice, endpoint)
    receipt: Receipt | None = None
    failure: DeliveryError | ChannelError | None = None
    try:
        async for receipts in carrier.send(notice, [endpoint]):
            (receipt,) = receipts
            failure = receipt.error
    except ChannelError as error:
        failure = error
    shown = f"{masked(endpoint.address)}, {carrier.parts(notice)} x SMS\n{notice.text}"
    if failure is not None:
        said = failure.code if failure.detail in ("", failure.code) else f"{failure.code} {failure.detail}"
        said = without_number(said, endpoint.address)
        decided = _decided_by(failure)
        return SmsTrial(
            shown,
            said,
            meaning_of(failure),
            failure.code,
            _reason(failure, decided),
            decided,
            short(failure.code),
        )
    reference = without_number(receipt.reference if receipt else "", endpoint.address)
    answered = f"message_id {reference}" if reference else "no message_id"
    ok, by = code(OK), DecidedBy.COMMAND_STATUS
    return SmsTrial(shown, answered, AnswerMeaning.ACCEPTED, "", named(ok), by, short(ok))


def _decided_by(failure: DeliveryError | ChannelError) -> DecidedBy:
    """Return what decided: the centre's status, or what happened instead of an answer."""
    if named(failure.code):
        return DecidedBy.COMMAND_STATUS
    if isinstance(failure, ChannelDown | ChannelMisconfigured):
        return DecidedBy.NO_SESSION
    return DecidedBy.NO_ANSWER if isinstance(failure, Uncertain) else DecidedBy.NO_REQUEST


def _reason(failure: DeliveryError | ChannelError, decided: DecidedBy) -> str:
    """Return the same in words."""
    return named(failure.code) or decided.replace("_", " ")


@runtime_checkable
class TriedCarrier(Protocol):
    """A carrier that can show the request and the answer of one message."""

    async def try_one(self, notice: Notice, endpoint: Endpoint) -> SmsTrial:
        """Send one message, by the same rules as `Carrier.send`. Raises nothing for what the far side does."""
        ...


def masked(number: str) -> str:
    """Return a number of which nobody is reached, in its form: the country, and the last two digits."""
    return f"{number[:3]}{'x' * max(len(number) - 5, 0)}{number[-2:]}"


def without_number(text: str, number: str) -> str:
    """Return a text with most of a number hidden wherever it stands, with or without its plus, in national form, with
    blanks between or in Base64.
    """
    own = number[_COUNTRY:]
    if len(own) < _OWN_MIN:
        return text
    shown = masked(number)[_COUNTRY:]
    for middle in base64_middles(own):
        text = re.sub(middle, shown, text)
    return re.sub("[ ()./-]{0,3}".join(own), shown, text)


def base64_middles(text: str) -> Iterator[str]:
    """Yield patterns for a text in Base64, also where it is in the middle of what is encoded (RFC 4648), plain and as
    URLs write it.
    """
    octets = text.encode()
    for before in range(3):
        encoded = b64encode(bytes(before) + octets).decode()
        # Characters that hold bits of what stands before and after are others each time.
        whole = (before + len(octets)) * 8 // 6
        middle = encoded[-(-before * 8 // 6) : whole]
        letters = {"+": "(?:[+-]|%2B)", "/": r"(?:\\?/|_|%2F)"}
        yield "".join(letters.get(letter, letter) for letter in middle) + "[A-Za-z0-9+/_-]*(?:=|%3D){0,2}"
