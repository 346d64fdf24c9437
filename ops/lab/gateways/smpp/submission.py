"""Examines one submit_sm: what a strict SMS centre takes of it, or why it refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from channels.sms.smpp.pdu import Tag, tlv
from ops.lab.gateways.smpp.alphabet import Unreadable, read_text
from ops.lab.gateways.smpp.parts import ALONE, Place, placed, split_header
from ops.lab.gateways.state import number_ref

if TYPE_CHECKING:
    from channels.sms.smpp.pdu import ShortMessage

WRONG_LENGTH, WRONG_RECIPIENT, NOT_SENT, WRONG_VALIDITY = 0x01, 0x0B, 0x45, 0x62
"""ESME_RINVMSGLEN, ESME_RINVDSTADR, ESME_RSUBMITFAIL, ESME_RINVEXPIRY (SMPP 3.4 section 5.1.3)."""
UDH_INDICATOR = 0x40
OCTETS_MAX = 140
"""What one short message carries, as octets (3GPP TS 23.040): 160 septets, 70 UTF-16 code units."""
INTERNATIONAL = 1
_NUMBER = re.compile(r"\+?[1-9][0-9]{5,14}")
_TIME = re.compile(r"(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d)(\d{2})([-+R])")


@dataclass(frozen=True, slots=True)
class Submission:
    """A message as the centre reads it. With a `status` other than 0 it is refused, for `reason`."""

    recipient: str
    """The recipient key, see `number_ref`; "" where there is no number."""
    number: str = field(default="", repr=False)
    """The number itself, which receipts name and nothing writes down."""
    sender: str = ""
    status: int = 0
    reason: str = ""
    place: Place = ALONE
    text: str = ""
    reference: str = ""
    """The sender's own: `user_message_reference`."""
    validity_s: int = 0
    """0: the centre's default."""
    receipts: int = 0
    """0: none are wanted, 1: all, 2: failures (SMPP 3.4 section 5.2.17)."""


def examine(message: ShortMessage, now: datetime) -> Submission:
    """Examine a message: it is refused, or ready to be taken."""
    if not _NUMBER.fullmatch(message.destination):
        return Submission("", status=WRONG_RECIPIENT, reason="number")
    international = message.destination_ton == INTERNATIONAL
    number = f"+{message.destination}" if international else message.destination
    recipient = number_ref(number)
    try:
        validity_s = read_validity(message.validity, now)
    except ValueError:
        return Submission(recipient, status=WRONG_VALIDITY, reason="validity")
    try:
        place, content, coded_length = _content(message)
        text = read_text(message.data_coding, content)
    except Unreadable as error:
        return Submission(recipient, status=NOT_SENT, reason=str(error))
    if coded_length > OCTETS_MAX:
        return Submission(recipient, status=WRONG_LENGTH, reason="length")
    own = tlv(message.tlvs, Tag.USER_MESSAGE_REFERENCE)
    return Submission(
        recipient,
        number,
        message.source,
        place=place,
        text=text,
        reference=str(int.from_bytes(own)) if own else "",
        validity_s=validity_s,
        receipts=message.registered_delivery & 0x03,
    )


def _content(message: ShortMessage) -> tuple[Place, bytes, int]:
    """Return the place, the text's octets, and how many octets of a short message they take: 0 where the centre splits
    a `message_payload` by itself. Raises Unreadable."""
    place, header_octets, content = ALONE, 0, message.content
    if message.esm_class & UDH_INDICATOR:
        place, content = split_header(message.content)
        header_octets = len(message.content) - len(content)
    total = tlv(message.tlvs, Tag.SAR_TOTAL_SEGMENTS)
    number = tlv(message.tlvs, Tag.SAR_SEGMENT_SEQNUM)
    reference = tlv(message.tlvs, Tag.SAR_MSG_REF_NUM)
    if total and number and reference:
        place = placed(f"sar-{int.from_bytes(reference)}", number[0], total[0])
        header_octets = 6
    if not message.text:
        return place, content, 0
    octets = len(content) if message.data_coding == 8 else -(-len(content) * 7 // 8)
    return place, content, header_octets + octets


def read_validity(text: str, now: datetime) -> int:
    """Return the seconds for which a message is valid, 0 for the centre's default (SMPP 3.4 section 7.1.1). Raises
    ValueError for what is no time, or one that is past."""
    if not text:
        return 0
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("validity")
    years, months, days, hours, minutes, seconds, tenths, quarters = map(int, found.groups()[:-1])
    if found[9] == "R":
        days += 365 * years + 30 * months
        seconds += 60 * (minutes + 60 * (hours + 24 * days))
    else:
        local = datetime(2000 + years, months, days, hours, minutes, seconds, tenths * 100_000, tzinfo=UTC)
        east = timedelta(minutes=15 * quarters) * (1 if found[9] == "+" else -1)
        seconds = int((local - east - now).total_seconds())
    if seconds < 1:
        raise ValueError("validity")
    return seconds
