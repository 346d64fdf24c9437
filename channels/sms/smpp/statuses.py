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
