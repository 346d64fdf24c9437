"""One connection first: this is how a burst of requests to an https origin finds out whether it can share one.

HTTP/2 needs one connection for a hundred requests, HTTP/1.1 a hundred. Which it is shows when the first
connection is made. libcurl can make the others wait for that (CURLOPT_PIPEWAIT), but where it turns out to be
HTTP/1.1, it makes them wait until the first request is answered: one hanging request would hold up all others
(findings/libcurl-pipewait-queues-behind-http1.sh). So the first request goes ahead alone until its connection is made,
and libcurl's way is used where HTTP/2 is known.

Pure: what waits is any hashable value, and the caller starts what it gets back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Waiting = TypeVar("Waiting")


class Origin(Generic[Waiting]):
    """What is known about one origin, and the requests that wait until more is known."""

    __slots__ = ("_followers", "connected", "leader", "multiplexed", "multiplexed_answers", "name", "prefix")

    def __init__(self, name: str) -> None:
        """`name` is scheme, host and port as the address policy writes them."""
        self.name = name
        self.prefix = name + "/"
        """The beginning of every URL that belongs to this origin."""
        self.connected = not name.startswith("https:")
        """Whether a connection was made once; in the clear we speak HTTP/1.1 only, and nothing is to be found out."""
        self.leader: Waiting | None = None
        """The request that goes ahead, if one does."""
        self.multiplexed = False
        """Whether the last answer came by HTTP/2."""
        self.multiplexed_answers = 0
        """How many answers libcurl got by HTTP/2."""
        self._followers: dict[Waiting, None] = {}

    @property
    def followers(self) -> Collection[Waiting]:
        """The requests that wait for the leader's connection."""
        return self._followers.keys()

    def admit(self, one: Waiting) -> bool:
        """Return whether `one` may start now; otherwise it is among the followers."""
        if self.connected:
            return True
        if self.leader is None:
            self.leader = one
            return True
        self._followers[one] = None
        return False

    def withdraw(self, one: Waiting) -> bool:
        """Take `one` from the followers. Returns whether it was among them."""
        if one in self._followers:
            del self._followers[one]
            return True
        return False

    def connection_made(self) -> Collection[Waiting]:
        """Note that a connection was made. Returns the followers, which may start now."""
        self.connected = True
        return self.release()

    def answered(self, *, multiplexed: bool) -> None:
        """Note by which protocol libcurl got an answer."""
        self.multiplexed = multiplexed
        self.multiplexed_answers += multiplexed

    def ended(self, one: Waiting) -> Collection[Waiting]:
        """Note that `one` has ended, perhaps without ever having been connected. Returns what may start now."""
        return self.release() if self.leader == one else ()

    def release(self) -> Collection[Waiting]:
        """Let all followers go; the next request that must wait to know more becomes the leader."""
        self.leader = None
        followers, self._followers = self._followers, {}
        return followers.keys()


class Origins(dict[str, Origin[Waiting]]):
    """The origins by name, each made when it is first asked for.

    At `most` of them, those are forgotten that nothing waits for and that are not `kept`.
    """

    def __init__(self, most: int, kept: Callable[[str], bool]) -> None:
        super().__init__()
        self._most = most
        self._kept = kept

    def __missing__(self, name: str) -> Origin[Waiting]:
        if len(self) >= self._most:
            for known in [one.name for one in self.values() if not (one.followers or self._kept(one.name))]:
                del self[known]
        origin = self[name] = Origin(name)
        return origin
