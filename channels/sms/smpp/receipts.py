"""Reads what message centres report of a message, in the forms that they really send.

SMPP 3.4 has two places for it: the optional parameters `receipted_message_id` and `message_state` (section 5.3.2), and
a text whose form is the vendor's (appendix B has an example). Centres fill one, the other or both, by deliver_sm or
data_sm. Nothing that they write ends the reading: dates are not looked at, an `err` may be any short word, a `stat`
that is no state of ours means none. Of the text, which may quote the message, nothing leaves here but id, state, code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from channels.sms.delivery_reports import DELIVERED, FAILED, PENDING, ReportState
from channels.sms.inbound import InboundText
from channels.sms.smpp.pdu import Tag, tlv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels.sms.smpp.pdu import DataMessage, ShortMessage

TEXT_MAX: Final = 1000
"""Octets of a receipt's text that are looked at. The longest seen have some 200."""
ID_MAX: Final = 65
"""Characters of a message id (section 5.2.23)."""

_RECEIPT: Final = 0x04 | 0x20
"""The bits of esm_class that say that this is an SMSC's receipt, or its intermediate notification (section 5.2.12)."""
_UCS2: Final = 8
_INTERNATIONAL: Final = 1
_NATIONAL: Final = 2

# One field a match. What follows `text:` is the message's own, and is cut off before.
_FIELD: Final = re.compile(r"(?<![a-z])(id|stat|err)\s{0,4}[:=]\s{0,4}([^\s,;]{1,80})", re.IGNORECASE)
_TEXT: Final = re.compile(r"(?<![a-z])text\s{0,4}[:=]", re.IGNORECASE)
_ID: Final = re.compile(rf"[!-~]{{1,{ID_MAX}}}")
_CODE: Final = re.compile(r"[0-9A-Za-z_]{1,6}")
"""A code too short to be somebody's number."""

_STATES: Final[Mapping[int, ReportState]] = {
    1: ReportState.PENDING,  # ENROUTE
    2: ReportState.DELIVERED,
    3: ReportState.FAILED,  # EXPIRED
    4: ReportState.FAILED,  # DELETED
    5: ReportState.FAILED,  # UNDELIVERABLE
    6: ReportState.PENDING,  # ACCEPTED: read by an operator on the subscriber's behalf
    7: ReportState.PENDING,  # UNKNOWN
    8: ReportState.FAILED,  # REJECTED
}
"""`message_state` (section 5.2.28)."""


class IdForm(StrEnum):
    """How the ids in a centre's answers and in its receipts become the same."""

    TEXT = "text"
    """They are compared as they are, without case."""
    NO_ZEROS = "no_zeros"
    """Leading zeros do not count."""
    ANSWER_HEX = "answer_hex"
    """Answers have it in hexadecimal, receipts in decimal."""
    RECEIPT_HEX = "receipt_hex"
    """Receipts have it in hexadecimal, answers in decimal."""


class ReceiptColumn(StrEnum):
    """What stands in a column of a receipt that is separated by commas."""

    ID = "id"
    STATE = "state"
    ERROR = "error"
    OTHER = ""


@dataclass(frozen=True, slots=True)
class ReceiptForm:
    """How a centre writes its receipts, beyond what is understood of all."""

    ids: IdForm = IdForm.TEXT
    states: tuple[tuple[str, ReportState], ...] = ()
    """The centre's own words for a state, in lower case."""
    columns: tuple[ReceiptColumn, ...] = ()
    """The columns of a receipt that is separated by commas; without them there is none of this kind."""

    def state(self, word: str) -> ReportState | None:
        """Return the state that a word stands for; None for a word that nobody knows."""
        word = word.lower()
        if found := dict(self.states).get(word):
            return found
        for state, words in (
            (ReportState.DELIVERED, DELIVERED),
            (ReportState.FAILED, FAILED),
            (ReportState.PENDING, PENDING),
        ):
            if word in words:
                return state
        return None


@dataclass(frozen=True, slots=True)
class CentreReceipt:
    """What a centre reports of one message."""

    keys: tuple[str, ...]
    """Under which the message may have been kept, see `answer_key`: more than one where a receipt has two ids."""
    state: ReportState | None
    code: str = ""


@dataclass(slots=True)
class _Said:
    """What was found so far; the first of each counts."""

    ids: list[str] = field(default_factory=list)
    state: ReportState | None = None
    code: str = ""


def answer_key(message_id: str, form: IdForm) -> str:
    """Return the key under which a message is kept whose id stands in an answer to submit_sm; empty for none."""
    return _key(message_id, form, IdForm.ANSWER_HEX, IdForm.RECEIPT_HEX)


def receipt_key(message_id: str, form: IdForm) -> str:
    """Return the key to look for, of an id that stands in a receipt; empty for none."""
    return _key(message_id, form, IdForm.RECEIPT_HEX, IdForm.ANSWER_HEX)


def _key(message_id: str, form: IdForm, hexadecimal: IdForm, decimal: IdForm) -> str:
    text = message_id.strip().upper()
    if not _ID.fullmatch(text):
        return ""
    if form is IdForm.NO_ZEROS:
        return text.lstrip("0") or "0"
    try:
        if form is hexadecimal:
            return str(int(text, 16))
        if form is decimal:
            return str(int(text))
    except ValueError:  # the one message whose id is no number is still found by what it is
        return text
    return text


def read_receipt(body: ShortMessage | DataMessage, form: ReceiptForm) -> CentreReceipt | None:
    """Return what is reported; None for what is no receipt: a text that a person has sent us."""
    said = _Said()
    _from_parameters(body, said)
    text = _decoded(body)
    if form.columns and "," in text and not _FIELD.search(text):
        _from_columns(text, form, said)
    else:
        _from_fields(text, form, said)
    marked = bool(body.esm_class & _RECEIPT) or tlv(body.tlvs, Tag.RECEIPTED_MESSAGE_ID) is not None
    if not marked and not (said.ids and said.state is not None):
        return None
    keys = dict.fromkeys(filter(None, (receipt_key(one, form.ids) for one in said.ids)))
    return CentreReceipt(tuple(keys), said.state, said.code)


def text_of(body: ShortMessage | DataMessage) -> InboundText:
    """Return what somebody has sent. Of the number's kind (TON, section 5.2.5) international and national are looked
    at: an international one comes without its `+`.
    """
    ahead = {_INTERNATIONAL: "+", _NATIONAL: "0"}.get(body.source_ton, "")
    number = body.source if body.source.startswith(("+", "0")) else f"{ahead}{body.source}"
    return InboundText(number, _decoded(body))


def _from_parameters(body: ShortMessage | DataMessage, said: _Said) -> None:
    if message_id := tlv(body.tlvs, Tag.RECEIPTED_MESSAGE_ID):
        said.ids.append(message_id.rstrip(b"\0").decode("latin-1"))
    if state := tlv(body.tlvs, Tag.MESSAGE_STATE):
        said.state = _STATES.get(state[0])
    network_error = tlv(body.tlvs, Tag.NETWORK_ERROR_CODE)
    if network_error and len(network_error) == 3:  # section 5.3.2.31: the network's kind, then the code
        said.code = str(int.from_bytes(network_error[1:]))


def _decoded(body: ShortMessage | DataMessage) -> str:
    octets = body.content[:TEXT_MAX]
    if body.data_coding == _UCS2:
        return octets.decode("utf-16-be", "replace")
    return octets.decode("latin-1")


def _from_fields(text: str, form: ReceiptForm, said: _Said) -> None:
    quoted = _TEXT.search(text)
    found: dict[str, str] = {}
    for match in _FIELD.finditer(text, 0, quoted.start() if quoted else len(text)):
        found.setdefault(match[1].lower(), match[2])
    _note(found.get("id", ""), found.get("stat", ""), found.get("err", ""), form, said)


def _from_columns(text: str, form: ReceiptForm, said: _Said) -> None:
    found = dict(zip(form.columns, (part.strip() for part in text.split(",")), strict=False))
    _note(
        found.get(ReceiptColumn.ID, ""),
        found.get(ReceiptColumn.STATE, ""),
        found.get(ReceiptColumn.ERROR, ""),
        form,
        said,
    )


def _note(message_id: str, word: str, error: str, form: ReceiptForm, said: _Said) -> None:
    if message_id:
        said.ids.append(message_id)
    if said.state is None:
        said.state = form.state(word)
    if not said.code and _CODE.fullmatch(error):
        said.code = error
