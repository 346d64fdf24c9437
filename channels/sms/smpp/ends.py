"""Name why a session with a message centre is over, and why an answer is waited for no more.

These codes stand in the record, in metrics and logs; what each means to a person, a catalogue of words says.
"""

from __future__ import annotations

from enum import StrEnum


class EndCode(StrEnum):
    """Why a session was not opened or is over, or why a submit's outcome is unknown. There is no other."""

    # no connection
    CONNECT_TIMEOUT = "connect_timeout"
    DNS = "dns"
    REFUSED = "refused"
    TLS = "tls"
    TLS_CERTIFICATE = "tls_certificate"
    UNREACHABLE = "unreachable"
    # no session
    BIND_REFUSED = "bind_refused"
    BIND_TIMEOUT = "bind_timeout"
    NOT_BOUND = "not_bound"
    """The centre says that we have no session, or none has been opened yet."""
    # a session that is over
    ABORTED = "aborted"
    """We left before it was bound."""
    CLOSED = "closed"
    PROTOCOL = "protocol"
    """What came is no SMPP."""
    SILENT = "silent"
    TORN = "torn"
    """The connection ended within a PDU."""
    UNBOUND = "unbound"
    UNREAD = "unread"
    """The centre reads nothing of what we write."""
    # a session that goes on
    TIMEOUT = "timeout"
    """No answer to one submit in its time."""
    FAULT = "fault"
    """An exception of ours that nobody expected."""


IN_GOOD_ORDER = frozenset({EndCode.UNBOUND, EndCode.CLOSED, EndCode.BIND_REFUSED, EndCode.PROTOCOL})
"""The ends after which the other side may still read what it was sent."""
