"""How the state of a connection is told from its socket."""

import asyncio
import os
import select
import socket
from datetime import UTC

import pycurl
import pytest

from channels.clock import utc_now
from channels.http.curl.multi import CurlLoop
from channels.http.curl.replay_guard import Connections


@pytest.fixture
def pair():
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as ours,
    ):
        theirs, _ = listener.accept()
        with theirs:
            yield ours, theirs


def examined(connections, ours):
    connections.opened([ours.fileno()])
    connections.examine(ours.getsockname())
    return connections.stood(ours.getsockname())


def test_an_open_connection_stands(pair):
    ours, _ = pair
    assert examined(Connections(), ours)
    assert ours.fileno() >= 0, "looking must not close it"


def test_a_connection_that_the_other_side_ended_does_not(pair):
    ours, theirs = pair
    theirs.close()
    assert ours.recv(1) == b""
    assert not examined(Connections(), ours)


def test_an_unknown_connection_does_not_stand():
    connections = Connections()
    connections.examine(("127.0.0.1", 1))
    assert not connections.stood(("127.0.0.1", 1))


def test_a_closed_socket_does_not_stand(pair):
    ours, _ = pair
    connections, local = Connections(), ours.getsockname()
    connections.opened([ours.fileno()])
    ours.close()
    connections.examine(local)
    assert not connections.stood(local)


def test_a_number_that_became_something_else_does_not_stand(pair):
    ours, _ = pair
    connections, local = Connections(), ours.getsockname()
    connections.opened([ours.fileno()])
    other, peer = socket.socketpair()
    with other, peer:
        os.dup2(other.fileno(), ours.fileno())
        connections.examine(local)
        assert not connections.stood(local)


def test_a_new_connection_of_the_same_name_begins_anew(pair):
    ours, _ = pair
    connections = Connections()
    assert examined(connections, ours)
    connections.opened([ours.fileno()])
    assert not connections.stood(ours.getsockname())


def test_the_oldest_is_forgotten(pair):
    ours, theirs = pair
    connections = Connections(remembered=1)
    connections.opened([ours.fileno(), theirs.fileno()])
    connections.examine(ours.getsockname())
    connections.examine(theirs.getsockname())
    assert [connections.stood(one.getsockname()) for one in pair] == [False, True]


async def test_closing_the_loop_lets_go_of_every_socket(pair):
    ours, _ = pair
    loop = asyncio.get_running_loop()
    curl_loop = CurlLoop(loop, lambda curl, errno: None, max_connections=1)
    curl_loop._on_socket(pycurl.POLL_INOUT, ours.fileno(), None, None)
    curl_loop.close()
    assert curl_loop._watched == set()


async def test_a_number_that_was_closed_unseen_is_watched_anew(pair):
    ours, theirs = pair
    loop = asyncio.get_running_loop()
    curl_loop = CurlLoop(loop, lambda curl, errno: None, max_connections=1)
    number = os.dup(ours.fileno())
    curl_loop._on_socket(pycurl.POLL_IN, number, None, None)
    os.close(number)
    with socket.socket(fileno=os.dup(theirs.fileno())) as other:
        assert other.fileno() == number
        curl_loop._on_socket(pycurl.POLL_OUT, number, None, None)
        assert curl_loop._epoll.poll(0) == [(number, select.EPOLLOUT)]
        curl_loop._on_socket(pycurl.POLL_REMOVE, number, None, None)
        curl_loop._on_socket(pycurl.POLL_REMOVE, number, None, None)
        assert curl_loop._epoll.poll(0) == []
    curl_loop.close()


def test_the_clock_is_aware():
    assert utc_now().tzinfo is UTC
