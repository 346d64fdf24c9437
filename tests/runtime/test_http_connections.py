"""Who ends for a newcomer."""

from typing import Any

from dispatcher.metrics import Metrics
from dispatcher.runtime.http_connections import LOOKED_AT, Connections, Phase
from tests.metrics.test_registry import samples


class Open:
    """A connection that notes that it had to go."""

    def __init__(self, gone: list[Any], name: str) -> None:
        self._gone = gone
        self._name = name
        self.unread = False

    def has_sent(self) -> bool:
        return self.unread

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


async def test_who_is_owed_an_answer_to_what_nobody_has_read_yet_does_not_end_for_a_newcomer() -> None:
    connections, gone, opened = full(Phase.WAITING, Phase.WAITING, Phase.READING)
    opened[0].unread = opened[1].unread = True
    assert connections.admit(Open(gone, "new"))
    assert gone == ["reading-2"], "who owes the rest of a body ends, whatever of it is here"
    assert not connections.admit(Open(gone, "newer"))
    opened[1].unread = False
    assert connections.admit(Open(gone, "newest"))
    assert gone == ["reading-2", "waiting-1"]


async def test_few_are_looked_at_for_one_that_has_sent_nothing() -> None:
    connections, gone, opened = full(*[Phase.WAITING] * (LOOKED_AT + 1))
    for one in opened[:LOOKED_AT]:
        one.unread = True
    assert not connections.admit(Open(gone, "new"))
    assert gone == []


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
