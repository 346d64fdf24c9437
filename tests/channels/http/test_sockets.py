"""What outbound sockets are told, shown at both ends of a connection."""

import os
import socket

import pytest

from channels.http.sockets import UNACKNOWLEDGED_MS, bound_unacknowledged, reset_on_close, silence


def connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
        theirs.settimeout(10)
        return ours, theirs


def test_the_kernel_is_told_for_how_long_to_keep_what_is_not_acknowledged() -> None:
    with socket.socket() as ours:
        bound_unacknowledged(ours)
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNACKNOWLEDGED_MS


def test_a_reset_is_what_the_other_side_gets_instead_of_an_end() -> None:
    ours, theirs = connected()
    with theirs:
        reset_on_close(ours)
        ours.close()
        with pytest.raises(ConnectionResetError):
            theirs.recv(1)


def test_after_silencing_nothing_leaves_and_the_number_stays_its_owners() -> None:
    ours, theirs = connected()
    with theirs, ours:
        silence(ours.fileno())
        with pytest.raises(BrokenPipeError):
            ours.send(b"x")
        assert theirs.recv(1) == b""
        silence(ours.fileno())
        assert ours.fileno() >= 0


def test_what_is_no_connection_is_left_alone() -> None:
    silence(-1)
    with socket.socket() as unconnected:
        silence(unconnected.fileno())
    reading, writing = os.pipe()
    silence(writing)
    os.write(writing, b"x")
    assert os.read(reading, 1) == b"x"
    os.close(reading)
    os.close(writing)
