"""What is counted of connections to this process' ports: how many, and why some were ended early."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class Ended(StrEnum):
    """Why this side ended a connection, or took none. A request that ends in its answer is no reason."""

    MALFORMED = "malformed"
    """What came is not HTTP/1."""
    HEAD_TOO_LARGE = "head_too_large"
    HEAD_LATE = "head_late"
    FRAMING = "framing"
    """A chunked body came with far more around it than in it."""
    BODY_UNREAD = "body_unread"
    """The request was answered before its body was read, and the client sent on or did not end the connection."""
    ANSWER_UNREAD = "answer_unread"
    """The client took nothing of its answer for a while."""
    GAVE_WAY = "gave_way"
    """There were too many connections, and this one had waited longest for its client."""
    NO_PLACE = "no_place"
    """There were too many, and all had requests that were being answered."""
    CROWDED = "crowded"
    """Requests without a known credential were waiting already, and this connection had had its turn."""
    NO_DESCRIPTOR = "no_descriptor"
    """The process had no file descriptor for it. It waits in the kernel's queue."""


class StreamEnded(StrEnum):
    """Why a stream ended."""

    CLIENT = "client"
    """The client, or a proxy before it, ended the connection."""
    SLOW = "slow"
    """The client took nothing of what was written for a while, or not all of it in a long one."""
    SENT_ON = "sent_on"
    """The client went on sending."""
    GAVE_WAY = "gave_way"
    """There were too many connections, and this one's client was behind."""
    FAILED = "failed"
    """The process could not tell what had changed: the client shall get all of it anew."""
    SHUTDOWN = "shutdown"
    """The process ends."""
    SESSION = "session"
    """The session of whoever looked at a desk has ended."""


class StreamRefused(StrEnum):
    """Why no stream was opened."""

    FULL = "full"
    """The process has as many as it may."""
    ADDRESS = "address"
    """The address has as many as one may."""


class HttpMetrics:
    """Counts connections."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.connections_ended = Counter(
            "warn_http_connections_ended",
            "Connections to a port of this process that it ended early or did not take, by reason.",
            ("reason",),
            registry=registry,
        )
        self.connections = Gauge(
            "warn_http_connections", "Connections open at the ports of this process.", registry=registry
        )
        self.streams = Gauge("warn_streams", "Streams of events that are open.", registry=registry)
        self.streams_ended = Counter(
            "warn_streams_ended", "Streams of events that ended, by reason.", ("reason",), registry=registry
        )
        self.streams_refused = Counter(
            "warn_streams_refused",
            "Streams of events that were not opened, by reason.",
            ("reason",),
            registry=registry,
        )
        for reason in Ended:
            self.connections_ended.labels(reason)
        for end in StreamEnded:
            self.streams_ended.labels(end)
        for refusal in StreamRefused:
            self.streams_refused.labels(refusal)
