"""How the state of a connection is told from its socket."""

import os
import socket
from typing import Any

from channels.http.curl.replay_guard import ReplayGuard


def examined(guard: Any, ours: Any) -> Any:
    guard.opened([ours.fileno()])
    guard.examine(ours.getsockname())
    return guard.stood(ours.getsockname())


def test_an_open_connection_stands(pair: tuple[Any, ...]) -> None:
    ours, _ = pair
    assert examined(ReplayGuard(), ours)
    assert ours.fileno() >= 0, "looking must not close it"


def test_a_connection_that_the_other_side_ended_does_not(pair: tuple[Any, ...]) -> None:
    ours, theirs = pair
    theirs.close()
    assert ours.recv(1) == b""
    assert not examined(ReplayGuard(), ours)


def test_an_unknown_connection_does_not_stand() -> None:
    guard = ReplayGuard()
    guard.examine(("127.0.0.1", 1))
    assert not guard.stood(("127.0.0.1", 1))


def test_a_closed_socket_does_not_stand(pair: tuple[Any, ...]) -> None:
    ours, _ = pair
    guard, local = ReplayGuard(), ours.getsockname()
    guard.opened([ours.fileno()])
    ours.close()
    guard.examine(local)
    assert not guard.stood(local)


def test_a_number_that_became_something_else_does_not_stand(pair: tuple[Any, ...]) -> None:
    ours, _ = pair
    guard, local = ReplayGuard(), ours.getsockname()
    guard.opened([ours.fileno()])
    other, peer = socket.socketpair()
    with other, peer:
        os.dup2(other.fileno(), ours.fileno())
        guard.examine(local)
        assert not guard.stood(local)


def test_a_new_connection_of_the_same_name_begins_anew(pair: tuple[Any, ...]) -> None:
    ours, _ = pair
    guard = ReplayGuard()
    assert examined(guard, ours)
    guard.opened([ours.fileno()])
    assert not guard.stood(ours.getsockname())


def test_the_oldest_is_forgotten(pair: tuple[Any, ...]) -> None:
    ours, theirs = pair
    guard = ReplayGuard(remembered=1)
    guard.opened([ours.fileno(), theirs.fileno()])
    guard.examine(ours.getsockname())
    guard.examine(theirs.getsockname())
    assert [guard.stood(one.getsockname()) for one in pair] == [False, True]
