"""Writes and reads the PDUs of SMPP 3.4 (Short Message Peer-to-Peer Protocol Specification v3.4, Issue 1.2).

    header    four octets each, network order: length of the whole PDU, command, status, sequence number (section 3.2)
    body      mandatory fields by command (section 4), then any optional ones, each tag, length, value (section 3.2.4)

What comes in is untrusted. A length is held against its limit before an octet of the body is waited for, each field
against the body's end; the cost is linear in what came. What breaks the stream itself (`PduStreamError`) is told apart
from one PDU that cannot be read (`BrokenPdu`), after which the next one can.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER_OCTETS: Final = 16
PDU_OCTETS_MAX: Final = 70_000
"""Octets of a PDU at most: a `message_payload` of 64 KiB and all that may stand beside it."""
TEXT_OCTETS_MAX: Final = 255
"""Octets of a C-octet string that are read. None of the specification has more than 65; some centres' ids do."""
SEQUENCE_MAX: Final = 0x7FFF_FFFF
SHORT_MESSAGE_MAX: Final = 254
"""Octets of `short_message` (section 5.2.22)."""
RESPONSE: Final = 0x8000_0000


class Command(IntEnum):
    """The commands that are spoken here (section 5.1.2.1)."""

    GENERIC_NACK = 0x8000_0000
    BIND_RECEIVER = 0x0000_0001
    BIND_RECEIVER_RESP = 0x8000_0001
    BIND_TRANSMITTER = 0x0000_0002
    BIND_TRANSMITTER_RESP = 0x8000_0002
    SUBMIT_SM = 0x0000_0004
    SUBMIT_SM_RESP = 0x8000_0004
    DELIVER_SM = 0x0000_0005
    DELIVER_SM_RESP = 0x8000_0005
    UNBIND = 0x0000_0006
    UNBIND_RESP = 0x8000_0006
    BIND_TRANSCEIVER = 0x0000_0009
    BIND_TRANSCEIVER_RESP = 0x8000_0009
    ENQUIRE_LINK = 0x0000_0015
    ENQUIRE_LINK_RESP = 0x8000_0015
    DATA_SM = 0x0000_0103
    DATA_SM_RESP = 0x8000_0103

    @property
    def is_response(self) -> bool:
        return self >= RESPONSE

    @property
    def response(self) -> Command:
        """The response to this request. Raises `ValueError` for a response."""
        if self.is_response:
            raise ValueError(f"{self.name} is a response")
        return Command(self | RESPONSE)


class Tag(IntEnum):
    """Optional parameters (section 5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    ADDITIONAL_STATUS_INFO_TEXT = 0x001D
    USER_MESSAGE_REFERENCE = 0x0204
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    DELIVERY_FAILURE_REASON = 0x0425
    MESSAGE_STATE = 0x0427


Tlvs: TypeAlias = tuple[tuple[int, bytes], ...]
"""Optional parameters as they stand: tag and value. A tag that is not known is kept."""


@dataclass(frozen=True, slots=True)
class BindRequest:
    """The body of bind_transmitter, bind_receiver and bind_transceiver (section 4.1)."""

    system_id: str = ""
    password: str = ""
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


@dataclass(frozen=True, slots=True)
class BindAnswer:
    """The body of their responses. A refusal may have none."""

    system_id: str = ""
    tlvs: Tlvs = ()


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """The body of submit_sm and deliver_sm (sections 4.4 and 4.6)."""

    service_type: str = ""
    source_ton: int = 0
    source_npi: int = 0
    source: str = ""
    destination_ton: int = 0
    destination_npi: int = 0
    destination: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority: int = 0
    schedule: str = ""
    validity: str = ""
    registered_delivery: int = 0
    replace_if_present: int = 0
    data_coding: int = 0
    default_message: int = 0
    text: bytes = b""
    """`short_message`, at most 254 octets."""
    tlvs: Tlvs = ()

    @property
    def content(self) -> bytes:
        """The text, wherever it stands."""
        return self.text or tlv(self.tlvs, Tag.MESSAGE_PAYLOAD) or b""


@dataclass(frozen=True, slots=True)
class DataMessage:
    """The body of data_sm (section 4.7), in which centres may send receipts."""

    service_type: str = ""
    source_ton: int = 0
    source_npi: int = 0
    source: str = ""
    destination_ton: int = 0
    destination_npi: int = 0
    destination: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    tlvs: Tlvs = ()

    @property
    def content(self) -> bytes:
        """The text, which here can stand in one place only."""
        return tlv(self.tlvs, Tag.MESSAGE_PAYLOAD) or b""


@dataclass(frozen=True, slots=True)
class MessageAnswer:
    """The body of submit_sm_resp, deliver_sm_resp and data_sm_resp. A refusal may have none."""

    message_id: str = ""
    tlvs: Tlvs = ()


Body: TypeAlias = BindRequest | BindAnswer | ShortMessage | DataMessage | MessageAnswer | None


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU. `body` is None for unbind, enquire_link, their responses and generic_nack."""

    command: Command
    sequence: int
    status: int = 0
    body: Body = None


@dataclass(frozen=True, slots=True)
class BrokenPdu:
    """A PDU whose frame is whole and whose content cannot be read. The next one can be."""

    command_id: int
    sequence: int
    status: int
    """The status that it came with."""
    answer: int
    """The status that it is answered with (section 5.1.3)."""


class PduStreamError(Exception):
    """Where a PDU begins is not known any more: a length that no PDU has. The session has to end. The message has no
    octet of the content.
    """


_BODIES: Final[dict[Command, type[BindRequest | BindAnswer | ShortMessage | DataMessage | MessageAnswer]]] = {
    Command.BIND_RECEIVER: BindRequest,
    Command.BIND_RECEIVER_RESP: BindAnswer,
    Command.BIND_TRANSMITTER: BindRequest,
    Command.BIND_TRANSMITTER_RESP: BindAnswer,
    Command.BIND_TRANSCEIVER: BindRequest,
    Command.BIND_TRANSCEIVER_RESP: BindAnswer,
    Command.SUBMIT_SM: ShortMessage,
    Command.SUBMIT_SM_RESP: MessageAnswer,
    Command.DELIVER_SM: ShortMessage,
    Command.DELIVER_SM_RESP: MessageAnswer,
    Command.DATA_SM: DataMessage,
    Command.DATA_SM_RESP: MessageAnswer,
}

_HEADER: Final = struct.Struct(">IIII")
_TLV: Final = struct.Struct(">HH")
_COMMANDS: Final = {int(command): command for command in Command}

_RINVCMDLEN: Final = 0x02
_RINVCMDID: Final = 0x03
_RINVOPTPARSTREAM: Final = 0xC0


def tlv(tlvs: Tlvs, tag: int) -> bytes | None:
    """Return the value of an optional parameter, of the first one if there are several."""
    return next((value for found, value in tlvs if found == tag), None)


# Writing: what we say is held to the specification's limits.

_WRITTEN_MAX: Final = {
    "system_id": 16,
    "password": 64,  # the specification's 9 are the configuration's to check: some centres take longer ones
    "system_type": 13,
    "address_range": 41,
    "service_type": 6,
    "source": 21,
    "destination": 21,
    "schedule": 17,
    "validity": 17,
    "message_id": 255,
}
"""Octets of each text with the NUL at its end (section 4)."""


def encode(pdu: Pdu) -> bytes:
    """Return the octets of a PDU. Raises `ValueError` for a body or a number that it cannot have; the message names the
    field and not its value.
    """
    expected = _BODIES.get(pdu.command)
    if pdu.body is not None and type(pdu.body) is not expected:
        raise ValueError(f"{pdu.command.name} has no {type(pdu.body).__name__}")
    if pdu.body is None and expected and not (pdu.command.is_response and pdu.status):
        raise ValueError(f"{pdu.command.name} needs a body")
    if not 0 <= pdu.sequence <= 0xFFFF_FFFF:
        raise ValueError("the sequence number has no four octets")
    body = _written(pdu.body)
    length = HEADER_OCTETS + len(body)
    if length > PDU_OCTETS_MAX:
        raise ValueError(f"{pdu.command.name} is longer than {PDU_OCTETS_MAX} octets")
    return _HEADER.pack(length, pdu.command, pdu.status, pdu.sequence) + body


def _written(body: Body) -> bytes:
    match body:
        case None:
            return b""
        case BindRequest():
            return b"".join(
                (
                    _text("system_id", body.system_id),
                    _text("password", body.password),
                    _text("system_type", body.system_type),
                    _octets(body.interface_version, body.addr_ton, body.addr_npi),
                    _text("address_range", body.address_range),
                )
            )
        case BindAnswer():
            return _text("system_id", body.system_id) + _tlvs(body.tlvs)
        case MessageAnswer():
            return _text("message_id", body.message_id) + _tlvs(body.tlvs)
        case ShortMessage():
            return _addresses(body) + _short_message(body)
        case DataMessage():
            return (
                _addresses(body)
                + _octets(body.esm_class, body.registered_delivery, body.data_coding)
                + _tlvs(body.tlvs)
            )


def _addresses(body: ShortMessage | DataMessage) -> bytes:
    return b"".join(
        (
            _text("service_type", body.service_type),
            _octets(body.source_ton, body.source_npi),
            _text("source", body.source),
            _octets(body.destination_ton, body.destination_npi),
            _text("destination", body.destination),
        )
    )


def _short_message(body: ShortMessage) -> bytes:
    if len(body.text) > SHORT_MESSAGE_MAX:
        raise ValueError(f"short_message is longer than {SHORT_MESSAGE_MAX} octets")
    return b"".join(
        (
            _octets(body.esm_class, body.protocol_id, body.priority),
            _text("schedule", body.schedule),
            _text("validity", body.validity),
            _octets(
                body.registered_delivery,
                body.replace_if_present,
                body.data_coding,
                body.default_message,
                len(body.text),
            ),
            body.text,
            _tlvs(body.tlvs),
        )
    )


def _text(name: str, text: str) -> bytes:
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"{name} has a character beyond Latin-1") from None
    if b"\0" in octets or len(octets) >= _WRITTEN_MAX[name]:
        raise ValueError(f"{name} has a NUL, or more than {_WRITTEN_MAX[name] - 1} octets")
    return octets + b"\0"


def _octets(*numbers: int) -> bytes:
    try:
        return bytes(numbers)
    except ValueError:
        raise ValueError("a field of one octet has a number above 255 or below 0") from None


def _tlvs(tlvs: Tlvs) -> bytes:
    try:
        return b"".join(_TLV.pack(tag, len(value)) + value for tag, value in tlvs)
    except struct.error:
        raise ValueError("an optional parameter is longer than 65,535 octets") from None


# Reading


class _UnreadableError(Exception):
    """The body ends where it must not; `args[0]` is the status to answer with."""


class _Cursor:
    """What of a body is still to be read."""

    __slots__ = ("at", "octets")

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.at = 0

    def text(self) -> str:
        end = self.octets.find(b"\0", self.at, self.at + TEXT_OCTETS_MAX + 1)
        if end < 0:
            raise _UnreadableError(_RINVCMDLEN)
        found, self.at = self.octets[self.at : end].decode("latin-1"), end + 1
        return found

    def last_text(self) -> str:
        """Return the text of a response. Its NUL may be missing: what it says is worth more than its form."""
        end = self.octets.find(b"\0", self.at, self.at + TEXT_OCTETS_MAX + 1)
        if end < 0:
            end = min(len(self.octets), self.at + TEXT_OCTETS_MAX)
        found, self.at = self.octets[self.at : end].decode("latin-1"), end + 1
        return found

    def numbers(self, count: int) -> bytes:
        found = self.octets[self.at : self.at + count]
        if len(found) < count:
            raise _UnreadableError(_RINVCMDLEN)
        self.at += count
        return found

    def tlvs(self, *, lenient: bool = False) -> Tlvs:
        """Return the optional parameters; `lenient`: those before the first that cannot be read."""
        found: list[tuple[int, bytes]] = []
        octets, at, end = self.octets, self.at, len(self.octets)
        while at < end:
            if end - at < _TLV.size:
                return _broken(found, lenient=lenient)
            tag, length = _TLV.unpack_from(octets, at)
            at += _TLV.size
            if length > end - at:
                return _broken(found, lenient=lenient)
            found.append((tag, octets[at : at + length]))
            at += length
        return tuple(found)


def _broken(found: list[tuple[int, bytes]], *, lenient: bool) -> Tlvs:
    if lenient:
        return tuple(found)
    raise _UnreadableError(_RINVOPTPARSTREAM)


def decode(frame: bytes) -> Pdu | BrokenPdu:
    """Return the PDU in exactly these octets. Raises `PduStreamError` where they are no frame."""
    if len(frame) < HEADER_OCTETS or int.from_bytes(frame[:4]) != len(frame):
        raise PduStreamError("the length is not the frame's")
    _, command_id, status, sequence = _HEADER.unpack_from(frame)
    command = _COMMANDS.get(command_id)
    if command is None:
        return BrokenPdu(command_id, sequence, status, _RINVCMDID)
    try:
        return Pdu(command, sequence, status, _read(command, frame[HEADER_OCTETS:]))
    except _UnreadableError as error:
        return BrokenPdu(command_id, sequence, status, error.args[0])


def _read(command: Command, octets: bytes) -> Body:
    kind = _BODIES.get(command)
    cursor = _Cursor(octets)
    if kind is None:
        return None
    if kind is MessageAnswer:
        return MessageAnswer(cursor.last_text(), cursor.tlvs(lenient=True))
    if kind is BindAnswer:
        return BindAnswer(cursor.last_text(), cursor.tlvs(lenient=True))
    if kind is BindRequest:
        return _read_bind(cursor)
    return _read_short(cursor) if kind is ShortMessage else _read_data(cursor)


def _read_bind(cursor: _Cursor) -> BindRequest:
    system_id, password, system_type = cursor.text(), cursor.text(), cursor.text()
    version, ton, npi = cursor.numbers(3)
    return BindRequest(system_id, password, system_type, version, ton, npi, cursor.text())


def _read_addresses(cursor: _Cursor) -> tuple[str, int, int, str, int, int, str]:
    service_type = cursor.text()
    source_ton, source_npi = cursor.numbers(2)
    source = cursor.text()
    destination_ton, destination_npi = cursor.numbers(2)
    return service_type, source_ton, source_npi, source, destination_ton, destination_npi, cursor.text()


def _read_short(cursor: _Cursor) -> ShortMessage:
    addresses = _read_addresses(cursor)
    esm_class, protocol_id, priority = cursor.numbers(3)
    schedule, validity = cursor.text(), cursor.text()
    registered, replace, coding, default, length = cursor.numbers(5)
    text = cursor.numbers(length)
    return ShortMessage(
        *addresses,
        esm_class,
        protocol_id,
        priority,
        schedule,
        validity,
        registered,
        replace,
        coding,
        default,
        text,
        cursor.tlvs(),
    )


def _read_data(cursor: _Cursor) -> DataMessage:
    addresses = _read_addresses(cursor)
    esm_class, registered, coding = cursor.numbers(3)
    return DataMessage(*addresses, esm_class, registered, coding, cursor.tlvs())


class PduStream:
    """Cuts what comes over a connection, in whatever pieces, into PDUs."""

    __slots__ = ("_at", "_buffer", "_most")

    def __init__(self, most: int = PDU_OCTETS_MAX) -> None:
        """`most` is the longest PDU that is taken, in octets."""
        self._buffer = bytearray()
        self._at = 0
        self._most = most

    @property
    def is_torn(self) -> bool:
        """Whether a PDU has begun and not ended: what the connection's end must not find."""
        return len(self._buffer) > self._at

    def feed(self, octets: bytes) -> Iterator[Pdu | BrokenPdu]:
        """Return the PDUs that are whole with `octets`, each as it is asked for; who stops asking finds the others by
        feeding more, or nothing. Raises `PduStreamError` at a length that no PDU has, after all that came before it.
        """
        self._buffer += octets
        return self._whole()

    def _whole(self) -> Iterator[Pdu | BrokenPdu]:
        buffer = self._buffer
        try:
            while len(buffer) - self._at >= 4:
                at = self._at
                length = int.from_bytes(buffer[at : at + 4])
                if not HEADER_OCTETS <= length <= self._most:
                    raise PduStreamError(f"a PDU of {length} octets")
                if len(buffer) - at < length:
                    return
                self._at += length
                yield decode(bytes(buffer[at : at + length]))
        finally:
            del buffer[: self._at]
            self._at = 0
