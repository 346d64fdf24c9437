"""libcurl's sockets in our epoll set."""

import asyncio
import os
import select
import socket
from typing import Any

import pycurl

from channels.http.curl.multi import CurlMulti


async def test_closing_the_loop_lets_go_of_every_socket(pair: tuple[Any, ...]) -> None:
    ours, _ = pair
    loop = asyncio.get_running_loop()
    multi = CurlMulti(loop, lambda curl, errno: None, lambda: None, max_connections=1)
    multi._on_socket(pycurl.POLL_INOUT, ours.fileno(), None, None)
    multi.close()
    assert multi._watched == {}


async def test_a_number_that_was_closed_unseen_is_watched_anew(pair: tuple[Any, ...]) -> None:
    ours, theirs = pair
    loop = asyncio.get_running_loop()
    multi = CurlMulti(loop, lambda curl, errno: None, lambda: None, max_connections=1)
    number = os.dup(ours.fileno())
    multi._on_socket(pycurl.POLL_IN, number, None, None)
    os.close(number)
    with socket.socket(fileno=os.dup(theirs.fileno())) as other:
        assert other.fileno() == number
        multi._on_socket(pycurl.POLL_OUT, number, None, None)
        assert multi._epoll.poll(0) == [(number, select.EPOLLOUT)]
        multi._on_socket(pycurl.POLL_REMOVE, number, None, None)
        multi._on_socket(pycurl.POLL_REMOVE, number, None, None)
        assert multi._epoll.poll(0) == []
    multi.close()
