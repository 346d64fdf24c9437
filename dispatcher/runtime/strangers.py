"""Requests of strangers: of whoever has shown no credential that is known to be good.

A turn of the loop serves every connection that is ready, and a submission needs many turns: if hundreds of strangers
ask as fast as they can, each turn is long. So few of their requests are worked on at once; the others wait, and cost no
turn. A credential is known once it has been recognised, on whichever connection: behind a proxy, one connection carries
strangers and control centres. That says only who need not wait; each request is authenticated all the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from uvicorn._types import HTTPScope

RECOGNISED: Final = "cap-dispatcher.recognised"
"""The extension of a request's scope by which the application says that the credential shown is good."""
WAITING: Final = "cap-dispatcher.waiting"
"""The extension of a request's scope by which the application says that it waits for something else than this process'
thread, and bounds itself how many do."""
KNOWN: Final = 4096
"""How many credentials are known at once, a hash of each; the one that was used longest ago is forgotten."""
HELD_TURNS: Final = 10
"""The least number of the loop's turns that a request may hold its place for."""
_TOKEN: Final = re.compile(rb"(?:^|&)token=([^&]+)")
_SESSION: Final = re.compile(rb"(?:^|; ?)(__Host-warn-(?:live|exercise)=[^;]+)")
"""The cookie of a person's session."""


def recognise(scope: Mapping[str, Any]) -> None:
    """Say of a request that the credential it shows is good. Where strangers are not held up, that changes nothing."""
    if recognised := scope.get("extensions", {}).get(RECOGNISED):
        recognised()


class Credential(NamedTuple):
    """What a request shows of who it is."""

    hash: bytes
    """Of the credential; empty where there is none."""
    may_wait: bool
    """Whether it waits without a bound until it is known: it may be a control centre's key. A person's session is known
    from its sign-in on."""


NO_CREDENTIAL: Final = Credential(b"", may_wait=False)


@dataclass(frozen=True, slots=True)
class StrangerLimits:
    """What strangers may take of a process' one thread."""

    at_once: int = 4
    """How many of their requests are worked on at once."""
    waiting: int = 64
    """How many wait of connections that had a turn and show no credential."""
    newcomers: int = 256
    """How many wait of those that had no turn yet and show no credential: a second's worth, and a quarter of the
    connections. If a crowd had them all, there were none for a control centre. Who shows a credential waits without a
    bound but that of connections: it may be one."""
    held_s: float = 0.05
    """How long a request may hold its place, if the loop is not late: what takes longer waits for something else than
    this thread."""
    requests: int = 100
    """The most on one connection; then it is closed."""


class StrangerRequest:
    """A request that is waiting for a place, or has one, or needs none any more."""

    def __init__(self, strangers: Strangers, credential: Credential, begin: Callable[[], None]) -> None:
        self.credential = credential
        self.begin = begin
        self.is_recognised = False
        self.timer: asyncio.TimerHandle | None = None
        self._strangers = strangers

    def recognised(self) -> None:
        """Say that the credential is good: it is known from now on, and the place is free."""
        self.is_recognised = True
        self._strangers.know(self.credential)
        self.leave()

    def leave(self) -> None:
        """Give up the place, or wait for none any more. Whoever has none may say so too."""
        self._strangers.leave(self)


class Strangers:
    """The requests of strangers to one port, and the credentials that are no strangers'."""

    def __init__(self, limits: StrangerLimits) -> None:
        self.limits = limits
        self._working: set[StrangerRequest] = set()
        self._first: OrderedDict[StrangerRequest, None] = OrderedDict()
        self._newcomers = 0
        """How many of the first may not wait without a bound."""
        self._later: OrderedDict[StrangerRequest, None] = OrderedDict()
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._salt = secrets.token_bytes(16)

    def credential_of(self, scope: HTTPScope) -> Credential:
        """Return the credential that a request shows."""
        # Of several headers of one name the first counts, as it does where it is authenticated.
        headers = dict(reversed(list(scope["headers"])))
        if shown := headers.get(b"authorization"):
            return Credential(self._hash(shown), may_wait=True)
        if token := _TOKEN.search(scope["query_string"]):
            return Credential(self._hash(token[1]), may_wait=True)
        if session := _SESSION.search(headers.get(b"cookie", b"")):
            return Credential(self._hash(session[1]), may_wait=False)
        return NO_CREDENTIAL

    def _hash(self, shown: bytes) -> bytes:
        return hashlib.blake2b(shown, digest_size=16, key=self._salt).digest()

    def knows(self, credential: Credential) -> bool:
        """Return whether a credential was recognised before, and not refused since."""
        if credential.hash not in self._known:
            return False
        self._known.move_to_end(credential.hash)
        return True

    def know(self, credential: Credential) -> None:
        if credential.hash:
            self._known[credential.hash] = None
            self._known.move_to_end(credential.hash)
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)

    def forget(self, credential: Credential) -> None:
        """Say that a credential was refused."""
        self._known.pop(credential.hash, None)

    def enter(self, request: StrangerRequest, *, had_a_turn: bool) -> bool:
        """Let a request begin, now or when there is a place. Returns False where it may not even wait.

        First are those whose connection had no turn yet, and those that show a credential: if it is wrong, their
        connection ends. Among each other they begin in the order of arrival.
        """
        if len(self._working) < self.limits.at_once:
            self._begin(request)
        elif request.credential.may_wait:
            self._first[request] = None
        elif not had_a_turn and self._newcomers < self.limits.newcomers:
            self._first[request] = None
            self._newcomers += 1
        elif had_a_turn and len(self._later) < self.limits.waiting:
            self._later[request] = None
        else:
            return False
        return True

    def leave(self, request: StrangerRequest) -> None:
        """Take back the place of a request, or in the queue, and let the next one begin."""
        self._wait_no_more(request)
        if request not in self._working:
            return
        self._working.discard(request)
        if request.timer is not None:
            request.timer.cancel()
        if queue := self._first or self._later:
            following = next(iter(queue))
            self._wait_no_more(following)
            self._begin(following)

    def _wait_no_more(self, request: StrangerRequest) -> None:
        if request in self._first:
            del self._first[request]
            self._newcomers -= not request.credential.may_wait
        self._later.pop(request, None)

    def _begin(self, request: StrangerRequest) -> None:
        self._working.add(request)
        self._watch(request, HELD_TURNS)
        request.begin()

    def _watch(self, request: StrangerRequest, turns: int) -> None:
        """Take the place back when its time is over, and no sooner than after so many turns of the loop: if these are
        long, a request that waits for nothing takes long too.
        """
        if not turns:
            self.leave(request)
            return
        wait_s = self.limits.held_s / HELD_TURNS
        request.timer = asyncio.get_running_loop().call_later(wait_s, self._watch, request, turns - 1)
