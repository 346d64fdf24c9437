"""How many connections a port has, and which of them ends when there are too many."""

from __future__ import annotations

from collections import OrderedDict
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

from dispatcher.metrics.http import Ended
from dispatcher.runtime.ended_connections import EndedConnections

if TYPE_CHECKING:
    from dispatcher.metrics import Metrics


NO_PLACE: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 5\r\nconnection: close\r\n\r\n"
)
"""The answer to whom there is no place for, before anything is done."""


class Phase(StrEnum):
    """What a connection is doing."""

    WAITING = "waiting"
    """Its client owes a whole head, or the end of the connection."""
    STALLED = "stalled"
    """Its client does not read its answer now."""
    READING = "reading"
    """Its client owes the rest of a body."""
    RUNNING = "running"
    """We owe an answer."""
    STREAMING = "streaming"
    """It is written to whenever there is something new."""


GIVES_WAY: Final = (Phase.WAITING, Phase.STALLED, Phase.READING)
"""Who ends first. A request that is here with all its bytes ends for nobody, nor does a stream whose client reads."""


LOOKED_AT: Final = 16
"""How many of those that wait for their clients are looked at for one that has sent nothing."""


class ClientConnection(Protocol):
    """What can be told to end."""

    def give_way(self) -> None: ...

    def has_sent(self) -> bool:
        """Whether something is here of its client that was not read yet: then the client is owed, and not awaited."""


class Connections:
    """The open connections of a port, by what they are doing, and by how long they are doing it."""

    def __init__(self, most: int, metrics: Metrics) -> None:
        self.ended = EndedConnections(metrics)
        self._open = metrics.connections
        self.most = most
        self._phases: dict[ClientConnection, Phase] = {}
        self._queues: dict[Phase, OrderedDict[ClientConnection, None]] = {
            phase: OrderedDict() for phase in Phase
        }

    def __len__(self) -> int:
        return len(self._phases)

    def admit(self, connection: ClientConnection) -> bool:
        """Take a connection in, in place of the one that waits longest if there are too many. Returns whether there was
        one.
        """
        if len(self._phases) >= self.most and not self.make_room():
            self.ended.note(Ended.NO_PLACE)
            return False
        self._phases[connection] = Phase.RUNNING  # until the loop has it, it cannot end
        self._queues[Phase.RUNNING][connection] = None
        self._open.inc()
        return True

    def make_room(self) -> bool:
        """End the connection that has waited longest for its client. Returns whether there was one. In a crowd some
        wait for nobody: their request came since the loop last looked, and to end them would reset a connection with a
        request that nobody has read.
        """
        for phase in GIVES_WAY:
            for oldest in islice(self._queues[phase], LOOKED_AT):
                if phase is not Phase.WAITING or not oldest.has_sent():
                    self.leave(oldest)
                    oldest.give_way()
                    return True
        return False

    def move(self, connection: ClientConnection, phase: Phase) -> None:
        """Say what a connection is doing; one that does what it did keeps its turn. One that was let go is
        not taken in again.
        """
        before = self._phases.get(connection)
        if before is not None and before is not phase:
            del self._queues[before][connection]
            self._phases[connection] = phase
            self._queues[phase][connection] = None

    def replace(self, connection: ClientConnection, other: ClientConnection, phase: Phase) -> None:
        """Have another stand for the same connection from now on. One that was let go is not taken in again."""
        if self._phases.pop(connection, None) is not None:
            for queue in self._queues.values():
                queue.pop(connection, None)
            self._phases[other] = phase
            self._queues[phase][other] = None

    def leave(self, connection: ClientConnection) -> None:
        """Forget a connection. One that is not known is none."""
        if (phase := self._phases.pop(connection, None)) is not None:
            del self._queues[phase][connection]
            self._open.dec()
