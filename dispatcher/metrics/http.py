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
        for reason in Ended:
            self.connections_ended.labels(reason)
