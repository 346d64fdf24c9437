"""Writes a text into the messages of SMPP: its octets, its parts, and until when it may be delivered.

The alphabets are `channels.sms.gsm7`'s (3GPP TS 23.038), one septet in an octet each, as centres take data_coding 0;
parts follow 3GPP TS 23.040 section 9.2.3.24 and SMPP 3.4 sections 5.2.12, 5.2.19 and 7.1.1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from channels.sms.gsm7 import Encoding
from channels.sms.smpp.pdu import ShortMessage, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from channels.sms.gsm7 import Sms

_TABLE: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet by code (3GPP TS 23.038 section 6.2.1)."""
ESCAPE: Final = 0x1B
_EXTENSION: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
"""The extension table (section 6.2.1.1), each behind an escape."""
_OCTETS: Final = {
    **{char: bytes([code]) for code, char in enumerate(_TABLE) if code != ESCAPE},
    **{char: bytes([ESCAPE, code]) for char, code in _EXTENSION.items()},
}

DATA_CODING_UCS2: Final = 8
_UDHI: Final = 0x40
"""The bit of esm_class that says that a header stands before the text (section 5.2.12)."""
_CONCATENATED: Final = bytes((5, 0, 3))
"""A header of 5 octets with one element: 8-bit reference, its 3 octets follow (23.040, section 9.2.3.24.1)."""
TON_ALPHANUMERIC: Final = 5
DAY_S: Final = 86_400


class LongText(StrEnum):
    """How a text of several parts is written."""

    UDH = "udh"
    """Each part has a header before its text: what every centre understands."""
    SAR = "sar"
    """Each part says its place in the parameters `sar_*`."""
    PAYLOAD = "payload"
    """One message holds all of it in `message_payload`, and the centre makes the parts."""


class ValidityForm(StrEnum):
    """How the end of a message's validity is written (section 7.1.1)."""

    RELATIVE = "relative"
    """As the time from now on that the centre's clock counts: `000000hhmmss000R`."""
    ABSOLUTE = "absolute"
    """As an instant in UTC: `YYMMDDhhmmss000+`."""


@dataclass(frozen=True, slots=True)
class MessageForm:
    """How an operator's centre wants its messages."""

    sender: str
    source_ton: int
    source_npi: int
    destination_ton: int = 1
    destination_npi: int = 1
    plus: bool = False
    service_type: str = ""
    data_coding: int = 0
    """For a text in the GSM alphabet."""
    long_text: LongText = LongText.UDH
    validity: ValidityForm = ValidityForm.RELATIVE
    receipts: bool = True
    """Whether a receipt is asked for, for each part."""


def gsm_octets(text: str) -> bytes:
    """Return a text of the GSM alphabet, a septet in each octet. Raises `KeyError` for any other."""
    return b"".join([_OCTETS[char] for char in text])


def octets(text: str, encoding: Encoding) -> bytes:
    """Return the octets of a text in its alphabet."""
    return gsm_octets(text) if encoding is Encoding.GSM7 else text.encode("utf-16-be", "surrogatepass")


def validity_period(form: ValidityForm, now: datetime, seconds: int) -> str:
    """Return when a message ends that is valid for so many seconds, at least one, from `now` on. Never later."""
    seconds = max(seconds, 1)
    if form is ValidityForm.ABSOLUTE:
        end = now.timestamp() + seconds
        return f"{type(now).fromtimestamp(int(end), UTC):%y%m%d%H%M%S}000+"
    # The relative form counts years, months and days too; centres differ in what a month is.
    days, rest = divmod(min(seconds, 30 * DAY_S), DAY_S)
    return f"0000{days:02}{rest // 3600:02}{rest % 3600 // 60:02}{rest % 60:02}000R"


def messages(sms: Sms, form: MessageForm, reference: int, validity: str) -> tuple[ShortMessage, ...]:
    """Return the messages that say `sms`, without a recipient, see `addressed`. `reference` is what makes the parts of
    one text belong together: one octet is used, of `sar_msg_ref_num` two.
    """
    coding = form.data_coding if sms.encoding is Encoding.GSM7 else DATA_CODING_UCS2
    blank = ShortMessage(
        service_type=form.service_type,
        source_ton=form.source_ton,
        source_npi=form.source_npi,
        source=form.sender,
        destination_ton=form.destination_ton,
        destination_npi=form.destination_npi,
        validity=validity,
        registered_delivery=int(form.receipts),
        data_coding=coding,
    )
    if len(sms.parts) == 1:
        return (replace(blank, text=octets(sms.text, sms.encoding)),)
    if form.long_text is LongText.PAYLOAD:
        return (replace(blank, tlvs=((Tag.MESSAGE_PAYLOAD, octets(sms.text, sms.encoding)),)),)
    return tuple(
        _part(blank, octets(part, sms.encoding), form.long_text, (reference, len(sms.parts), number))
        for number, part in enumerate(sms.parts, 1)
    )


def addressed(parts: Sequence[ShortMessage], number: str, form: MessageForm) -> tuple[ShortMessage, ...]:
    """Return the messages for one number, in E.164 with its plus."""
    destination = number if form.plus else number.removeprefix("+")
    return tuple(replace(part, destination=destination) for part in parts)


def _part(blank: ShortMessage, text: bytes, kind: LongText, place: tuple[int, int, int]) -> ShortMessage:
    reference, total, number = place
    if kind is LongText.SAR:
        return replace(
            blank,
            text=text,
            tlvs=(
                (Tag.SAR_MSG_REF_NUM, (reference & 0xFFFF).to_bytes(2)),
                (Tag.SAR_TOTAL_SEGMENTS, bytes([total])),
                (Tag.SAR_SEGMENT_SEQNUM, bytes([number])),
            ),
        )
    header = _CONCATENATED + bytes((reference & 0xFF, total, number))
    return replace(blank, text=header + text, esm_class=_UDHI)
