"""What is counted of connections to this process' ports: how many, and why some were ended early."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from prometheus_client import Counter

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


class HttpMetrics:
    """Counts connections."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.connections_ended = Counter(
            "warn_http_connections_ended",
            "Connections to a port of this process that it ended early or did not take, by reason.",
            ("reason",),
            registry=registry,
        )
        for reason in Ended:
            self.connections_ended.labels(reason)
