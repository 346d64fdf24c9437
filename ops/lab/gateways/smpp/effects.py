"""What a client gets where a fault rule meets its request: the answer, something else, or nothing at all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from channels.sms.smpp.pdu import Command, Pdu, encode
from ops.lab.gateways.smpp.faults import SmppFaultKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ops.lab.gateways.smpp.faults import SmppAction, SmppRule
    from ops.lab.gateways.smpp.session import Session

    Effect: TypeAlias = Callable[[Session, Pdu, SmppAction, Callable[[], None]], None]

SYSTEM_ERROR = 0x08
"""ESME_RSYSERR (SMPP 3.4 section 5.1.3)."""
NO_PDU = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
TWO_GIGABYTES = bytes.fromhex("7fffffff8000000400000000")
BINDS = frozenset({Command.BIND_TRANSMITTER, Command.BIND_RECEIVER, Command.BIND_TRANSCEIVER})


def perform(session: Session, request: Pdu, rule: SmppRule | None, answer: Callable[[], None]) -> None:
    """Give the client what the rule says; `answer` sends the plain answer."""
    if rule is None:
        answer()
    else:
        _EFFECTS[rule.action.kind](session, request, rule.action, answer)


def _status(session: Session, request: Pdu, action: SmppAction, _answer: Callable[[], None]) -> None:
    session.answer(request, action.status)
    if request.command in BINDS:
        session.close()


def _silent(_session: Session, _request: Pdu, _action: SmppAction, _answer: Callable[[], None]) -> None:
    pass


def _close(session: Session, _request: Pdu, _action: SmppAction, _answer: Callable[[], None]) -> None:
    session.close()


def _reset(session: Session, _request: Pdu, _action: SmppAction, _answer: Callable[[], None]) -> None:
    session.reset()


def _unbind(session: Session, _request: Pdu, _action: SmppAction, _answer: Callable[[], None]) -> None:
    session.unbind()


def _unbind_after(session: Session, _request: Pdu, _action: SmppAction, answer: Callable[[], None]) -> None:
    answer()
    session.unbind()


def _garbage(session: Session, _request: Pdu, _action: SmppAction, _answer: Callable[[], None]) -> None:
    session.write_octets(NO_PDU)


def _oversized(session: Session, _request: Pdu, _action: SmppAction, _answer: Callable[[], None]) -> None:
    session.write_octets(TWO_GIGABYTES)


def _delay(_session: Session, _request: Pdu, action: SmppAction, answer: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(action.delay_s, answer)


def _truncate(session: Session, request: Pdu, _action: SmppAction, _answer: Callable[[], None]) -> None:
    session.write_octets(encode(_refusal(request, request.sequence))[:9])
    session.close()


def _reorder(session: Session, _request: Pdu, action: SmppAction, answer: Callable[[], None]) -> None:
    session.hold(answer, action.hold, action.delay_s)


def _stranger(session: Session, request: Pdu, _action: SmppAction, answer: Callable[[], None]) -> None:
    session.write(_refusal(request, request.sequence ^ 0x4000_0000))
    answer()


def _refusal(request: Pdu, sequence: int) -> Pdu:
    return Pdu(request.command.response, sequence, SYSTEM_ERROR)


_EFFECTS: Mapping[SmppFaultKind, Effect] = {
    SmppFaultKind.STATUS: _status,
    SmppFaultKind.SILENT: _silent,
    SmppFaultKind.CLOSE: _close,
    SmppFaultKind.RESET: _reset,
    SmppFaultKind.UNBIND: _unbind,
    SmppFaultKind.GARBAGE: _garbage,
    SmppFaultKind.OVERSIZED: _oversized,
    SmppFaultKind.DELAY: _delay,
    SmppFaultKind.SILENT_AFTER: _silent,
    SmppFaultKind.CLOSE_AFTER: _close,
    SmppFaultKind.UNBIND_AFTER: _unbind_after,
    SmppFaultKind.TRUNCATE: _truncate,
    SmppFaultKind.REORDER: _reorder,
    SmppFaultKind.STRANGER: _stranger,
}
