"""Takes back messages that a push service has accepted and not delivered (RFC 8030 section 6.2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from channels.http.messages import HttpError, Request
from channels.webpush.locations import message_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient

CONCURRENCY: Final = 8
"""Requests at a time: deliveries to the same service have hundreds."""
TIMEOUT_S: Final = 5.0


class Withdrawn(StrEnum):
    """What became of one message that was to be taken back."""

    WITHDRAWN = "withdrawn"
    """The service says so (2xx). Some say it also of what they have delivered."""
    DELIVERED = "delivered"
    """It is not there any more (404, 410): delivered, expired or replaced."""
    REFUSED = "refused"
    """The service does not take it back."""
    UNANSWERED = "unanswered"
    """There was no answer, so that nobody knows."""
    UNUSABLE = "unusable"
    """The service named no place of its own for it."""


def _of_status(status: int) -> Withdrawn:
    if 200 <= status < 300:
        return Withdrawn.WITHDRAWN
    return Withdrawn.DELIVERED if status in (404, 410) else Withdrawn.REFUSED


class Withdrawer:
    """Deletes messages through the one guarded client."""

    def __init__(self, http: HttpClient, policy: AddressPolicy, timeout_s: float = TIMEOUT_S) -> None:
        """`policy` is where endpoints may lie."""
        self._http = http
        self._policy = policy
        self._timeout_s = timeout_s

    async def withdraw(self, gateway: str, kept: Sequence[str | bytes]) -> Counter[Withdrawn]:
        """Delete messages at one push service, given what `Locations` kept of them. Returns what became of them; each
        is tried once. Raises nothing for what the service does.
        """
        results: Counter[Withdrawn] = Counter()
        for start in range(0, len(kept), CONCURRENCY):
            some = kept[start : start + CONCURRENCY]
            results.update(await asyncio.gather(*(self._delete(gateway, one) for one in some)))
        return results

    async def _delete(self, gateway: str, kept: str | bytes) -> Withdrawn:
        try:
            url = message_url(kept, gateway, self._policy)
        except ValueError:
            return Withdrawn.UNUSABLE
        request = Request(
            url, [], b"", self._timeout_s, delete=True, max_answer_bytes=4096, policy=self._policy
        )
        try:
            answer = await self._http.fetch(request)
        except HttpError:
            return Withdrawn.UNANSWERED
        return _of_status(answer.status)
