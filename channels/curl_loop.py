"""libcurl's multi interface driven by an asyncio loop (the standard one or uvloop).

libcurl says which sockets and which timer it waits for; the loop tells it when they are ready; finished
transfers are reported by a plain call, with neither task nor future per transfer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pycurl

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    Finished = Callable[[Any, int], None]
    """Called with the easy handle and libcurl's error number (0: success)."""


class CurlLoop:
    """One CurlMulti bound to one event loop. Not for use from other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop, finished: Finished, *, max_connections: int) -> None:
        self.loop = loop
        self._finished = finished
        self._timer: asyncio.Handle | None = None
        self._running = 0
        self._watched: dict[int, int] = {}
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self._multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, max_connections)
        self._multi.setopt(pycurl.M_MAXCONNECTS, max_connections)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)

    def add(self, curl: Any) -> None:
        """Start a transfer; it makes its first step in the loop's next round."""
        self._running += 1
        self._multi.add_handle(curl)

    def remove(self, curl: Any) -> None:
        """Break a transfer off; `finished` is not called for it."""
        self._running -= 1
        self._multi.remove_handle(curl)

    def close(self) -> None:
        """Forget all connections. Every transfer must have been removed or finished before."""
        for fd in list(self._watched):
            self._watch(fd, pycurl.POLL_NONE)
        self._multi.close()
        self._cancel_timer()

    def _on_socket(self, event: int, fd: int, _multi: Any, _data: Any) -> None:
        self._watch(fd, pycurl.POLL_NONE if event == pycurl.POLL_REMOVE else event)

    def _watch(self, fd: int, wanted: int) -> None:
        had = self._watched.pop(fd, pycurl.POLL_NONE)
        changed = had ^ wanted
        if changed & pycurl.POLL_IN:
            if wanted & pycurl.POLL_IN:
                self.loop.add_reader(fd, self._act, fd, pycurl.CSELECT_IN)
            else:
                self.loop.remove_reader(fd)
        if changed & pycurl.POLL_OUT:
            if wanted & pycurl.POLL_OUT:
                self.loop.add_writer(fd, self._act, fd, pycurl.CSELECT_OUT)
            else:
                self.loop.remove_writer(fd)
        if wanted:
            self._watched[fd] = wanted

    def _on_timer(self, milliseconds: int) -> None:
        self._cancel_timer()
        if milliseconds == 0:
            self._timer = self.loop.call_soon(self._on_timeout)
        elif milliseconds > 0:
            self._timer = self.loop.call_later(milliseconds / 1000, self._on_timeout)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timeout(self) -> None:
        self._timer = None
        self._act(pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, fd: int, events: int) -> None:
        _, running = self._multi.socket_action(fd, events)
        if running < self._running:
            self._reap()

    def _reap(self) -> None:
        queued = 1
        while queued:
            queued, succeeded, failed = self._multi.info_read()
            for curl in succeeded:
                self.remove(curl)
                self._finished(curl, pycurl.E_OK)
            for curl, errno, _text in failed:
                self.remove(curl)
                self._finished(curl, errno)
