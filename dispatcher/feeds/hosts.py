"""Decides which hosts are still worth asking while the messages of one list are fetched."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dispatcher.model.vocabulary import FeedResult

if TYPE_CHECKING:
    from dispatcher.feeds.fetch import FetchError

OVERLOADED = frozenset({429, 503})
SILENT_MAX = 3
"""The most requests in a row without an answer: the next would wait for its whole timeout, and the rest behind it."""


class Hosts:
    """A host that asks for a pause gets it at once; one that does not answer is not asked over and over."""

    def __init__(self) -> None:
        self._silent: defaultdict[str, int] = defaultdict(int)
        self._closed: dict[str, float] = {}

    def pause_of(self, url: str) -> float | None:
        """Return in how many seconds, at the earliest, the host may be asked again; None: now."""
        return self._closed.get(urlsplit(url).netloc)

    def answered(self, url: str) -> None:
        self._silent[urlsplit(url).netloc] = 0

    def failed(self, url: str, error: FetchError) -> None:
        host = urlsplit(url).netloc
        self._silent[host] = self._silent[host] + 1 if error.result is FeedResult.UNREACHABLE else 0
        if error.status in OVERLOADED or self._silent[host] >= SILENT_MAX:
            self._closed[host] = max(self._closed.get(host, 0.0), error.retry_after_s or 0.0)
