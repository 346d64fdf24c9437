"""Which VAPID key a subscription turned out to be made with, until the record knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST: Final = 100_000
"""Subscriptions that are remembered at most, some 10 MB. One that is forgotten is found out about once more."""


class LearntKeys:
    """Names of keys by the endpoint's id. For one event loop."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._unwritten: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._names)

    def get(self, endpoint_id: int) -> str:
        """Return the name of the key that an endpoint took, or nothing."""
        return self._names.get(endpoint_id, "")

    def note(self, endpoint_id: int, name: str) -> None:
        """Note that an endpoint took a message signed with this key, and no other."""
        if len(self._names) >= MOST and endpoint_id not in self._names:
            return
        self._names[endpoint_id] = self._unwritten[endpoint_id] = name

    def take(self) -> Mapping[int, str]:
        """Return what is still to be written, once."""
        taken, self._unwritten = self._unwritten, {}
        return taken

    def put_back(self, taken: Mapping[int, str]) -> None:
        """Have what could not be written taken again."""
        self._unwritten = {**taken, **self._unwritten}
