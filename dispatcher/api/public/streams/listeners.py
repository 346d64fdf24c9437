"""Know who listens: at which place, from which address, and up to which event they were told everything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final

from dispatcher.metrics.http import StreamRefused
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.publication.changes import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatcher.metrics import Metrics
    from dispatcher.metrics.http import StreamEnded
    from dispatcher.publication.places import PublicPlace
    from dispatcher.runtime.beside_asgi.open_stream import OpenStream

SLOTS: Final = 15
"""Into so many groups listeners are dealt, which are written to in turn where nothing has changed."""
REFUSED_FOR_S: Final = 30
"""After how many seconds a client for whom there is no stream may ask again."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many streams there may be."""

    most: int = 10_000
    of_one: int = 500
    """Of one address (`network_of`). Behind one of a mobile network, or of a proxy that does not say for whom it asks,
    are many."""


@dataclass(slots=True, eq=False)
class Audience:
    """All who listen at one place in one language."""

    place: PublicPlace
    language: str
    key: str
    """`key_of` the place."""
    listeners: set[StreamClient] = field(default_factory=set)


class StreamClient:
    """One client and its stream."""

    __slots__ = ("_all", "address", "audience", "slot", "stream", "told")

    def __init__(self, all_of_them: Listeners, audience: Audience, address: str, told: int) -> None:
        self._all = all_of_them
        self.audience = audience
        self.address = address
        self.told = told
        """The number of the event up to which it was told everything."""
        self.stream: OpenStream | None = None
        """None before it begins, and after its end."""
        self.slot = 0

    @property
    def is_behind(self) -> bool:
        """Whether it has missed something, or would if something was written now."""
        return self.stream is None or self.stream.is_behind or self in self._all.behind

    def tell(self, piece: bytes, number: int) -> None:
        """Write what has happened up to the event with this number."""
        if self.stream is not None and not self.stream.is_behind:
            self.told = number
            if piece:
                self.stream.write(piece)

    def caught_up(self) -> None:
        """Have what was missed be written."""
        self._all.behind.add(self)

    def lost(self, reason: StreamEnded) -> None:
        """Be forgotten."""
        self._all.leave(self, reason)


class Listeners:
    """All who listen to one process."""

    def __init__(self, metrics: Metrics, limits: StreamLimits) -> None:
        self._metrics = metrics
        self._limits = limits
        self._audiences: dict[tuple[str, str], Audience] = {}
        self._of_address: Counter[str] = Counter()
        self._slots: tuple[set[StreamClient], ...] = tuple(set() for _ in range(SLOTS))
        self._begun = 0
        self.behind: set[StreamClient] = set()
        """Those that may have missed something and have taken what was written before."""

    def __len__(self) -> int:
        return sum(map(len, self._slots))

    def __iter__(self) -> Iterator[StreamClient]:
        """Go through them all, as they are now."""
        return iter([one for slot in self._slots for one in slot])

    def of_slot(self, slot: int) -> tuple[StreamClient, ...]:
        """Return those of one group."""
        return tuple(self._slots[slot % SLOTS])

    def require_place(self, address: str) -> None:
        """Raise `RequestRefused` where there are too many, or too many of this address (`network_of`)."""
        if len(self) >= self._limits.most:
            refused, phrase = StreamRefused.FULL, Phrase.STREAMS_FULL
        elif self._of_address[address] >= self._limits.of_one:
            refused, phrase = StreamRefused.ADDRESS, Phrase.STREAMS_OF_ADDRESS_FULL
        else:
            return
        self._metrics.streams_refused.labels(refused).inc()
        raise RequestRefused(ProblemType.OVERLOADED, said(phrase), retry_after_s=REFUSED_FOR_S)

    def audience(self, place: PublicPlace, language: str) -> Audience:
        """Return all who listen at a place in a language. It is kept once one of them begins."""
        key = key_of(place)
        return self._audiences.get((key, language)) or Audience(place, language, key)

    def audiences(self, keys: frozenset[str] | None) -> list[Audience]:
        """Return those at the places with these keys; None: all."""
        return [one for one in self._audiences.values() if keys is None or one.key in keys]

    def begin(self, listener: StreamClient, stream: OpenStream, last: int) -> None:
        """Take one in whose stream is open; `last` is the number of the last event there was."""
        listener.stream = stream
        listener.slot = self._begun % SLOTS
        self._begun += 1
        own = listener.audience
        own = listener.audience = self._audiences.setdefault((own.key, own.language), own)
        own.listeners.add(listener)
        self._slots[listener.slot].add(listener)
        self._of_address[listener.address] += 1
        self._metrics.streams.inc()
        if listener.told != last:
            self.behind.add(listener)

    def leave(self, listener: StreamClient, reason: StreamEnded) -> None:
        """Forget one whose stream has ended. One that never began is none."""
        if listener.stream is None:
            return
        listener.stream = None
        own = listener.audience
        own.listeners.discard(listener)
        if not own.listeners:
            self._audiences.pop((own.key, own.language), None)
        self._slots[listener.slot].discard(listener)
        self.behind.discard(listener)
        self._of_address[listener.address] -= 1
        if not self._of_address[listener.address]:
            del self._of_address[listener.address]
        self._metrics.streams.dec()
        self._metrics.streams_ended.labels(reason).inc()


def network_of(address: str) -> str:
    """Return what counts as one address: of IPv6 the /64, which one household has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return address
