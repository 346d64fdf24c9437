"""What a message centre's `command_status` means (SMPP 3.4, section 5.1.3), as data.

A status that is not here, a vendor's own (0x400 to 0x4FF) among them, is transient: nothing was accepted, and it is
better asked twice than lost. An operator who has read the provider's list says more by the setting `statuses`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from channels.base import ChannelMisconfigured, DeliveryError, Permanent, RateLimited, Transient

if TYPE_CHECKING:
    from collections.abc import Mapping

StatusMeaning: TypeAlias = type[DeliveryError] | type[ChannelMisconfigured]

OK: Final = 0x00
INVALID_COMMAND: Final = 0x03
NOT_BOUND: Final = 0x04
SYSTEM_ERROR: Final = 0x08
QUEUE_FULL: Final = 0x14
THROTTLED: Final = 0x58
RECEIVER_TEMPORARY: Final = 0x64

MEANINGS: Final[Mapping[int, StatusMeaning]] = {
    # What is the same in all our messages: only an operator can mend it.
    **dict.fromkeys(
        (
            0x01,  # ESME_RINVMSGLEN
            0x03,  # ESME_RINVCMDID
            0x06,  # ESME_RINVPRTFLG
            0x07,  # ESME_RINVREGDLVFLG
            0x0A,  # ESME_RINVSRCADR: the sender
            0x0E,  # ESME_RINVPASWD
            0x0F,  # ESME_RINVSYSID
            0x15,  # ESME_RINVSERTYP
            0x43,  # ESME_RINVESMCLASS
            0x48,  # ESME_RINVSRCTON
            0x49,  # ESME_RINVSRCNPI
            0x50,  # ESME_RINVDSTTON
            0x51,  # ESME_RINVDSTNPI
            0x53,  # ESME_RINVSYSTYP
            0x54,  # ESME_RINVREPFLAG
            0x61,  # ESME_RINVSCHED
            0x62,  # ESME_RINVEXPIRY
            0xC0,  # ESME_RINVOPTPARSTREAM
            0xC1,  # ESME_ROPTPARNOTALLWD
            0xC2,  # ESME_RINVPARLEN
            0xC3,  # ESME_RMISSINGOPTPARAM
            0xC4,  # ESME_RINVOPTPARAMVAL
        ),
        ChannelMisconfigured,
    ),
    0x0B: Permanent,  # ESME_RINVDSTADR: the number
    0x65: Permanent,  # ESME_RX_P_APPN
    0x66: Permanent,  # ESME_RX_R_APPN
    QUEUE_FULL: RateLimited,  # ESME_RMSGQFUL
    THROTTLED: RateLimited,  # ESME_RTHROTTLED
    0x02: Transient,  # ESME_RINVCMDLEN
    NOT_BOUND: Transient,  # ESME_RINVBNDSTS: the session ends, see `ends_session`
    0x05: Transient,  # ESME_RALYBND
    SYSTEM_ERROR: Transient,  # ESME_RSYSERR
    0x0D: Transient,  # ESME_RBINDFAIL
    0x45: Transient,  # ESME_RSUBMITFAIL
    RECEIVER_TEMPORARY: Transient,  # ESME_RX_T_APPN
    0xFE: Transient,  # ESME_RDELIVERYFAILURE
    0xFF: Transient,  # ESME_RUNKNOWNERR
}
NAMES: Final[Mapping[int, str]] = {
    0x00: "ESME_ROK: taken",
    0x01: "ESME_RINVMSGLEN: the text's length",
    0x02: "ESME_RINVCMDLEN: the command's length",
    0x03: "ESME_RINVCMDID: the command",
    0x04: "ESME_RINVBNDSTS: not bound for this",
    0x05: "ESME_RALYBND: bound already",
    0x06: "ESME_RINVPRTFLG: the priority",
    0x07: "ESME_RINVREGDLVFLG: the wish for receipts",
    0x08: "ESME_RSYSERR: an error of the centre",
    0x0A: "ESME_RINVSRCADR: the sender",
    0x0B: "ESME_RINVDSTADR: the recipient's number",
    0x0D: "ESME_RBINDFAIL: the bind failed",
    0x0E: "ESME_RINVPASWD: the password",
    0x0F: "ESME_RINVSYSID: the system_id",
    0x14: "ESME_RMSGQFUL: the centre's queue is full",
    0x15: "ESME_RINVSERTYP: the service_type",
    0x43: "ESME_RINVESMCLASS: the esm_class",
    0x45: "ESME_RSUBMITFAIL: the submission failed",
    0x48: "ESME_RINVSRCTON: the sender's type of number",
    0x49: "ESME_RINVSRCNPI: the sender's numbering plan",
    0x50: "ESME_RINVDSTTON: the recipient's type of number",
    0x51: "ESME_RINVDSTNPI: the recipient's numbering plan",
    0x53: "ESME_RINVSYSTYP: the system_type",
    0x54: "ESME_RINVREPFLAG: whether to replace",
    0x58: "ESME_RTHROTTLED: more than the contract allows",
    0x61: "ESME_RINVSCHED: the time of delivery",
    0x62: "ESME_RINVEXPIRY: the validity",
    0x64: "ESME_RX_T_APPN: the receiver, for now",
    0x65: "ESME_RX_P_APPN: the receiver, for good",
    0x66: "ESME_RX_R_APPN: the receiver refuses it",
    0xC0: "ESME_RINVOPTPARSTREAM: the optional parameters",
    0xC1: "ESME_ROPTPARNOTALLWD: an optional parameter",
    0xC2: "ESME_RINVPARLEN: a parameter's length",
    0xC3: "ESME_RMISSINGOPTPARAM: an optional parameter is missing",
    0xC4: "ESME_RINVOPTPARAMVAL: an optional parameter's value",
    0xFE: "ESME_RDELIVERYFAILURE: the delivery failed",
    0xFF: "ESME_RUNKNOWNERR: an error without a name",
}
"""What the statuses are called, and what each is about."""
BINDS_REFUSED_FOR_GOOD: Final = frozenset({0x0E, 0x0F, 0x53})
"""Statuses of a bind_resp that waiting does not mend: password, system_id, system_type. Others may be a restart, or a
bind of ours that the centre has not noticed the end of."""

WORDS: Final[Mapping[str, StatusMeaning]] = {
    "rejected": Permanent,
    "rate_limited": RateLimited,
    "misconfigured": ChannelMisconfigured,
    "transient": Transient,
}
"""What an operator may say that a status means."""


def ends_session(status: int) -> bool:
    """Return whether the centre says that this session is not what we take it for."""
    return status == NOT_BOUND


def code(status: int) -> str:
    """Return a status as it stands in logs and in the record."""
    return f"0x{status:02x}"


def named(code: str) -> str:
    """Return the name of a status by its code, and what it is about; empty for a code that is no status."""
    status = _status(code)
    if status is None:
        return ""
    return f"command_status {code}, {NAMES.get(status, 'which SMPP 3.4 has no name for')}"


def short(code: str) -> str:
    """Return the code of a status and its name in the standard, if it has one; empty for a code that is no status."""
    status = _status(code)
    if status is None:
        return ""
    name = NAMES.get(status, "").partition(":")[0]
    return f"{code} {name}" if name else code


def _status(code: str) -> int | None:
    try:
        return int(code, 16) if code.startswith("0x") else None
    except ValueError:
        return None


def refusal(
    status: int, own: Mapping[int, StatusMeaning], *, pause_s: float, detail: str = ""
) -> DeliveryError | ChannelMisconfigured:
    """Return the error that a status other than 0 stands for; `own` are the operator's meanings. `pause_s` is how long
    a centre that asks to slow down is left alone.
    """
    meaning = own.get(status) or MEANINGS.get(status, Transient)
    if issubclass(meaning, ChannelMisconfigured):
        return meaning(code(status), detail)
    return meaning(code(status), detail, retry_after=pause_s if meaning is RateLimited else None)
