"""Requests that are answered from bytes which are ready: anybody may ask them, and at times everybody does.

What a server does for any other request, a task and a place among strangers, costs several times what it takes to look
into a table and write. So that those who read, however many and however fast, never make a turn of the loop long, a
turn answers them for so long; the others wait for the next, in the order in which they came. None is turned away. Who
asks ahead, before the answer to what he asked before, waits behind those who have waited for theirs: ten thousand who
ask for twenty documents each are two hundred thousand requests, and one who asks for one waits for none of them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import Scope

A_TURN_S: Final = 0.001
"""How long a turn of the loop may answer: a submission needs dozens of turns, as for `brief_requests.A_TURN`."""
WRITE_S: Final = 0.00002
"""What an answer takes beside finding it."""
READ: Final = frozenset({"GET", "HEAD"})
_NOT_SO: Final = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of requests that are not as simple as they look: what answers all others knows what to do."""


class ReadyAnswer(NamedTuple):
    """An answer in bytes."""

    head: bytes
    """Status line and headers, without those of the server and of the connection."""
    body: bytes


class Reader(Protocol):
    """Waits for its turn."""

    def take_turn(self) -> None:
        """Have the request be answered now."""


class ReadyAnswers:
    """The answers of one process that are ready."""

    def __init__(
        self,
        prefixes: tuple[str, ...],
        find: Callable[[Scope], ReadyAnswer | None],
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """`prefixes` are what the paths begin with; `find` returns None for a request that is to be answered as all
        others are.
        """
        self._prefixes = prefixes
        self._find = find
        self._clock = clock
        self._waiting: OrderedDict[Reader, None] = OrderedDict()
        self._ahead: OrderedDict[Reader, None] = OrderedDict()
        """Those whose request was asked ahead."""
        self._left = A_TURN_S

    def concerns(self, scope: Scope) -> bool:
        """Whether a request may be answered so."""
        return (
            scope["path"].startswith(self._prefixes)
            and scope["method"] in READ
            and all(name not in _NOT_SO for name, _ in scope["headers"])
        )

    def has_room(self, *, is_ahead: bool) -> bool:
        """Whether a request is answered in this turn; if not, it has to `wait`."""
        return self._left > 0 and not self._waiting and not (is_ahead and self._ahead)

    def find(self, scope: Scope) -> ReadyAnswer | None:
        """Return the answer to a request; None where it is to be answered as all others are."""
        if self._left == A_TURN_S:
            asyncio.get_running_loop().call_soon(self._renew)
        began = self._clock()
        found = self._find(scope)
        self._left -= self._clock() - began + WRITE_S
        return found

    def wait(self, reader: Reader, *, is_ahead: bool) -> None:
        """Have a request wait for the next turn."""
        (self._ahead if is_ahead else self._waiting)[reader] = None

    def leave(self, reader: Reader) -> None:
        """Forget one that waits, if it does."""
        self._waiting.pop(reader, None)
        self._ahead.pop(reader, None)

    def _renew(self) -> None:
        self._left = A_TURN_S
        while self._left > 0 and (queue := self._waiting or self._ahead):
            queue.popitem(last=False)[0].take_turn()


def lines_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return headers as they are sent."""
    return b"".join([b"%b: %b\r\n" % one for one in headers])
