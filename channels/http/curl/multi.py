"""libcurl's multi interface driven by an asyncio loop (the standard one or uvloop), many transfers at a step.

libcurl says which sockets and which timer it waits for. The sockets are in an epoll set of our own, and the
loop watches that set, itself a descriptor: with HTTP/1.1 libcurl adds and removes every socket once per
request, which costs a system call here and a dozen layers in an event loop. Whatever is ready is passed to libcurl
in one go; transfers that this finished are reported by a plain call, with neither task nor future per transfer;
and those that were added meanwhile make their first step together.

What libcurl holds of a request, for want of room in the kernel or in a window of HTTP/2, it writes in whatever step
comes next, the first one of a process that stood still among them. So the owner is asked before every step.
"""

from __future__ import annotations

import select
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pycurl

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    Finished = Callable[[Any, int], None]
    """Called with the easy handle and libcurl's error number (0: success)."""

_EVENTS: Final = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}
_WRITABLE: Final = select.EPOLLOUT
_READABLE: Final = ~select.EPOLLOUT  # data, and all that reading will tell: end, error
_TIMEOUT: Final[int] = pycurl.SOCKET_TIMEOUT
_REMOVE: Final[int] = pycurl.POLL_REMOVE
_IN: Final[int] = pycurl.CSELECT_IN
_OUT: Final[int] = pycurl.CSELECT_OUT


class CurlMulti:
    """One of libcurl's multi handles, bound to one event loop. Not for use from other threads."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        finished: Finished,
        before_step: Callable[[], object],
        *,
        max_connections: int,
        per_host: int = 0,
    ) -> None:
        """`before_step` is called each time before libcurl reads and writes; it may `remove` transfers. `per_host` is
        how many connections one host gets at most, 0: as many as there are.
        """
        self.loop = loop
        self._finished = finished
        self._before_step = before_step
        self._timer: asyncio.Handle | None = None
        self._due = False
        """Whether libcurl asked, during a step, to be called again at once."""
        self._stepping = False
        self._running = 0
        self._unfinished = 0
        """How many of the running transfers are unfinished, as libcurl last said."""
        self._watched: dict[int, int] = {}
        """What libcurl waits for, by descriptor."""
        self._epoll = select.epoll()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self._multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, max_connections)
        self._multi.setopt(pycurl.M_MAXCONNECTS, max_connections)
        self._multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, per_host)
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        loop.add_reader(self._epoll.fileno(), self._on_ready)

    def add(self, curl: Any) -> None:
        """Start a transfer; it makes its first step in the loop's next round."""
        self._running += 1
        self._multi.add_handle(curl)

    def remove(self, curl: Any) -> None:
        """Break a transfer off; `finished` is not called for it."""
        self._running -= 1
        self._multi.remove_handle(curl)

    def unsent(self, fd: int) -> bool:
        """Return whether libcurl waits to write through this descriptor."""
        return bool(self._watched.get(fd, 0) & _WRITABLE)

    def close(self) -> None:
        """Forget all connections. Every transfer must have been removed or finished before."""
        self._stepping = True  # nothing is to be scheduled any more
        self._multi.close()
        self._cancel_timer()
        self.loop.remove_reader(self._epoll.fileno())
        self._epoll.close()
        self._watched.clear()

    def _on_socket(self, event: int, fd: int, _multi: Any, _data: Any) -> None:
        if event != _REMOVE:
            self._watch(fd, _EVENTS[event])
        elif fd in self._watched:
            del self._watched[fd]
            with suppress(OSError):  # closed, and so out of the set already
                self._epoll.unregister(fd)

    def _watch(self, fd: int, events: int) -> None:
        known = fd in self._watched
        self._watched[fd] = events
        if known:
            with suppress(FileNotFoundError):  # the number was closed, and is by now another socket's
                self._epoll.modify(fd, events)
                return
        self._epoll.register(fd, events)

    def _on_timer(self, milliseconds: int) -> None:
        self._cancel_timer()
        if milliseconds > 0:
            self._timer = self.loop.call_later(milliseconds / 1000, self._on_timeout)
        elif milliseconds == 0 and self._stepping:
            self._due = True
        elif milliseconds == 0:
            self._timer = self.loop.call_soon(self._on_timeout)

    def _cancel_timer(self) -> None:
        self._due = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timeout(self) -> None:
        self._timer = None
        self._step(((_TIMEOUT, 0),))

    def _on_ready(self) -> None:
        self._step(self._epoll.poll(0))

    def _step(self, ready: Iterable[tuple[int, int]]) -> None:
        self._stepping = True
        try:
            for fd, events in ready:
                self._before_step()
                flags = (_IN if events & _READABLE else 0) | (_OUT if events & _WRITABLE else 0)
                _, self._unfinished = self._multi.socket_action(fd, flags)
            self._reap()
        finally:
            self._stepping = False
            if self._due:
                self._due = False
                self._timer = self.loop.call_soon(self._on_timeout)

    def _reap(self) -> None:
        if self._unfinished >= self._running:
            return
        queued = 1
        while queued:
            queued, succeeded, failed = self._multi.info_read()
            for curl in succeeded:
                self.remove(curl)
                self._finished(curl, pycurl.E_OK)
            for curl, errno, _text in failed:
                self.remove(curl)
                self._finished(curl, errno)
