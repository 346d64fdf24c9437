"""The job that everybody gets who sends by FCM."""

from __future__ import annotations

from typing import Any

from ops.lab.bench.senders.job import AnyJob

TOKEN_CHARS = 142
"""What a registration token has after its installation ID and the colon."""


def registration_token(number: int) -> str:
    """Return that of a phone."""
    return f"{number:022}:APA91b{'k' * (TOKEN_CHARS - 6)}"


class FcmJob(AnyJob, frozen=True):
    """Send `payload` as the member `notice` of `data` to `count` phones of `project`, at FCM's `origin`."""

    origin: str
    ca_file: str
    project: str
    access_token: str
    payload: str
    android: dict[str, Any]
    """How Android is to be told of it, in FCM's own words."""
    ttl_s: int
    """The same as `android["ttl"]`, for those who want it in their own."""
    count: int
