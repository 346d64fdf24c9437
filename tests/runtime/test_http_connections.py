"""Who ends for a newcomer."""

from typing import Any

from dispatcher.metrics import Metrics
from dispatcher.runtime.http_connections import Connections, Phase
from tests.metrics.test_registry import samples


class Open:
    """A connection that notes that it had to go."""

    def __init__(self, gone: list[Any], name: str) -> None:
        self._gone = gone
        self._name = name

    def give_way(self) -> None:
        self._gone.append(self._name)


def full(*phases: Phase) -> tuple[Connections, list[Any], list[Open]]:
    gone: list[Any] = []
    connections = Connections(len(phases), Metrics())
    opened = [Open(gone, f"{phase}-{number}") for number, phase in enumerate(phases)]
    for connection, phase in zip(opened, phases, strict=True):
        assert connections.admit(connection)
        connections.move(connection, phase)
    return connections, gone, opened


async def test_who_waits_for_a_head_ends_before_who_reads_nothing_and_who_sends_a_body() -> None:
    phases = (Phase.READING, Phase.RUNNING, Phase.STALLED, Phase.WAITING, Phase.READING, Phase.WAITING)
    connections, gone, _ = full(*phases)
    admitted = [connections.admit(Open(gone, "new")) for _ in range(6)]
    assert gone == ["waiting-3", "waiting-5", "stalled-2", "reading-0", "reading-4"]
    assert admitted == [True] * 5 + [False]


def test_who_waits_anew_stands_behind() -> None:
    connections, gone, opened = full(Phase.WAITING, Phase.WAITING)
    connections.move(opened[0], Phase.WAITING)
    connections.move(opened[0], Phase.RUNNING)
    connections.move(opened[0], Phase.WAITING)
    connections.admit(Open(gone, "new"))
    assert gone == ["waiting-1"]


def test_one_that_was_let_go_is_not_taken_in_again_and_counts_once() -> None:
    connections, _, opened = full(Phase.WAITING, Phase.WAITING)
    connections.leave(opened[0])
    connections.leave(opened[0])
    connections.move(opened[0], Phase.RUNNING)
    assert len(connections) == 1


def test_the_open_ones_are_shown() -> None:
    connections = Connections(9, metrics := Metrics())
    opened = [Open([], "one"), Open([], "another")]
    for one in opened:
        connections.admit(one)
    connections.leave(opened[0])
    assert samples(metrics)["warn_http_connections", frozenset()] == 1
