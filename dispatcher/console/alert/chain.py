"""Find an alert's place among the messages that replace and end one another. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatcher.model.alerts import StoredAlert


NEIGHBOURS_MAX: Final = 20
"""How many messages before and after it a page lists, each."""


@dataclass(frozen=True, slots=True)
class MessageNeighbours:
    """The messages that an alert replaces or ends, and those that replace or end it, in order of arrival."""

    before: tuple[StoredAlert, ...] = ()
    after: tuple[StoredAlert, ...] = ()


def neighbours(
    alert_id: str, chain: Sequence[StoredAlert], replaced: Mapping[str, frozenset[str]]
) -> MessageNeighbours:
    """Return the neighbours of an alert in its graph of messages. `replaced` names for each message those which it
    replaces or ends.
    """
    earlier = replaced.get(alert_id, frozenset())
    return MessageNeighbours(
        tuple(one for one in chain if one.id in earlier),
        tuple(one for one in chain if alert_id in replaced.get(one.id, frozenset())),
    )
