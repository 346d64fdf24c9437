"""How many connections a port has, and which of them ends when there are too many."""

from __future__ import annotations

from collections import OrderedDict
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from dispatcher.metrics.http import Ended
from dispatcher.runtime.ended_connections import EndedConnections

if TYPE_CHECKING:
    from dispatcher.metrics import Metrics


class Place(StrEnum):
    """What a connection is doing."""

    WAITING = "waiting"
    """Its client owes a whole head, or the end of the connection."""
    STALLED = "stalled"
    """Its client does not read its answer now."""
    READING = "reading"
    """Its client owes the rest of a body."""
    RUNNING = "running"
    """We owe an answer."""


GIVES_WAY: Final = (Place.WAITING, Place.STALLED, Place.READING)
"""Who ends first. A request that is here with all its bytes ends for nobody."""


class Connection(Protocol):
    """What can be told to end."""

    def give_way(self) -> None: ...


class Connections:
    """The open connections of a port, each in its place, in each place by how long they are there."""

    def __init__(self, most: int, metrics: Metrics) -> None:
        self.ended = EndedConnections(metrics)
        self._open = metrics.connections
        self._most = most
        self._places: dict[Connection, Place] = {}
        self._queues: dict[Place, OrderedDict[Connection, None]] = {place: OrderedDict() for place in Place}

    def __len__(self) -> int:
        return len(self._places)

    def admit(self, connection: Connection) -> bool:
        """Take a connection in, in place of the one that waits longest if there are too many. Returns whether there was
        one.
        """
        if len(self._places) >= self._most and not self.make_room():
            self.ended.note(Ended.NO_PLACE)
            return False
        self._places[connection] = Place.RUNNING  # until the loop has it, it cannot end
        self._queues[Place.RUNNING][connection] = None
        self._open.inc()
        return True

    def make_room(self) -> bool:
        """End the connection that has waited longest for its client. Returns whether there was one."""
        for place in GIVES_WAY:
            if self._queues[place]:
                oldest = next(iter(self._queues[place]))
                self.leave(oldest)
                oldest.give_way()
                return True
        return False

    def move(self, connection: Connection, place: Place) -> None:
        """Say what a connection is doing; one that does what it did keeps its place in the row. One that was let go is
        not taken in again.
        """
        before = self._places.get(connection)
        if before is not None and before is not place:
            del self._queues[before][connection]
            self._places[connection] = place
            self._queues[place][connection] = None

    def leave(self, connection: Connection) -> None:
        """Forget a connection. One that is not known is none."""
        if (place := self._places.pop(connection, None)) is not None:
            del self._queues[place][connection]
            self._open.dec()
