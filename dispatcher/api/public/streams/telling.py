"""Tell everybody who listens at a place what changes there, as soon as it does.

One task writes to all streams, the same bytes to all of one place and language, and few in one turn of the loop. A
client that has not taken the last piece is left out, and gets what he missed when he has, or all of it anew. So what
waits for clients is bounded however many there are and however slowly they read.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final

import structlog
from starlette.responses import Response

from dispatcher.api.public.answering import OPEN_TO_ALL, RETRY_AFTER_S
from dispatcher.api.public.streams.listeners import Listeners, StreamClient, StreamLimits, network_of
from dispatcher.metrics.http import StreamEnded
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.publication.changes import ShownWarning, changes_between, shown_in
from dispatcher.publication.forms import events
from dispatcher.publication.forms.registry import BY_LANGUAGE
from dispatcher.publication.journal import KEPT_BYTES, EventJournal, JournalEntry
from dispatcher.runtime.beside_asgi.open_stream import STREAM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope, Send

    from dispatcher.api.public.streams.listeners import Audience
    from dispatcher.metrics import Metrics
    from dispatcher.publication.editions import Edition
    from dispatcher.publication.in_force import PublicInForce
    from dispatcher.publication.places import PublicPlace
    from dispatcher.publication.publisher import Publisher

TICK_S: Final = 1.0
"""How often one of the groups of listeners is written to where nothing changes, so that each is every 15 s: proxies end
what is silent for a minute, some after half of that."""
WRITES_A_TURN: Final = 128
"""How many streams are written to in one turn of the loop, some 10 us each: a submission needs dozens of turns."""
RETRY_MS: Final = (2_000, 6_000)
"""Within which time a client connects again, each after another: those of a process that ends must not all come at
once."""
_TOKEN_BYTES: Final = 5
_Draft = tuple[frozenset[str] | None, dict[str, bytes]]
"""Whom an event concerns (None: everybody), and its bytes by language."""

log = structlog.get_logger()


class PublicStreams:
    """The streams of one process."""

    def __init__(self, publisher: Publisher, metrics: Metrics, limits: StreamLimits) -> None:
        self._publisher = publisher
        self._listeners = Listeners(metrics, limits)
        self._journal = EventJournal(secrets.token_hex(_TOKEN_BYTES))
        self._edition: Edition | None = None
        """What all listeners know, or are being told."""
        self._shown: dict[str, ShownWarning] = {}
        self._snapshots: dict[tuple[int, str, str], bytes] = {}
        """The events of all that is in force in this edition, by number, place and language, so that all who come at
        once get the same bytes."""
        self._taking = asyncio.Lock()
        self._tick = self._writes = 0

    async def open(self, place: PublicPlace, language: str, address: str, last_event_id: str) -> EventStream:
        """Return the answer that opens a stream, which goes on after an event if that is remembered, and begins with
        all that is in force if not. Raises `RequestRefused` where there is no place, or nothing known yet.
        """
        network = network_of(address)
        self._listeners.require_place(network)
        if self._edition is None and self._publisher.edition is not None:
            await self._take(self._publisher.edition)
        audience = self._listeners.audience(place, language)
        number = self._journal.number_of(last_event_id)
        told, first = self._journal.last, self._missed(audience, number)
        if first is None:
            told, first = await self._snapshot(audience)
        return EventStream(self, StreamClient(self._listeners, audience, network, told), first)

    def begin(self, listener: StreamClient, first: bytes, scope: Scope) -> list[tuple[bytes, bytes]] | None:
        """Take the connection of a request over for a listener. Returns the headers of the answer where that is not
        possible: to a HEAD, or because the client has gone.
        """
        headers = [
            (b"content-type", events.MEDIA_TYPE.encode()),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),  # nginx would collect a page before it passes anything on
            *self._publisher.headers,
            *OPEN_TO_ALL,
        ]
        lowest, highest = RETRY_MS
        preface = events.retry(lowest + secrets.randbelow(highest - lowest))
        take_over = scope.get("extensions", {}).get(STREAM)
        stream = take_over and take_over(headers, preface + first, listener)
        if not stream:
            return headers
        self._listeners.begin(listener, stream, self._journal.last)
        return None

    async def run(self) -> None:
        """Tell everybody what changes, until cancelled."""
        while True:
            try:
                await self._run()
            except Exception:
                log.exception("streams_failed")
                self._begin_anew()
                await asyncio.sleep(TICK_S)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + TICK_S
        while True:
            try:
                async with asyncio.timeout_at(due):
                    edition = await self._publisher.after(self._edition)
            except TimeoutError:
                due = loop.time() + TICK_S
                await self.keep_alive()
            else:
                await self.tell(edition)

    def _begin_anew(self) -> None:
        """End all streams: nobody shall listen to one that misses something."""
        self._edition, self._shown, self._snapshots = None, {}, {}
        self._journal.forget()
        for listener in self._listeners:
            if listener.stream is not None:
                listener.stream.end(StreamEnded.FAILED)

    async def tell(self, edition: Edition) -> None:
        """Tell all what is new in an edition."""
        entries = await self._take(edition)
        last = self._journal.last
        for audience in self._listeners.audiences(_keys_of(entries)) if entries else ():
            piece = _joined(entries, audience)
            for listener in tuple(audience.listeners):
                if listener.told < last and not listener.is_behind:
                    listener.tell(piece, last)
                    await self._wrote()
        await self._catch_up()

    async def keep_alive(self) -> None:
        """Write to those whose turn it is that nothing has changed, and as of when."""
        self._tick += 1
        if self._edition is not None:
            last = self._journal.last
            piece = events.comment(self._edition.in_force, self._journal.id_of(last))
            for listener in self._listeners.of_slot(self._tick):
                if not listener.is_behind:
                    listener.tell(piece, last)
                    await self._wrote()
        await self._catch_up()

    async def _catch_up(self) -> None:
        """Write what clients missed that have taken what they had."""
        while self._listeners.behind:
            listener = self._listeners.behind.pop()
            if listener.is_behind:
                continue  # it says so again when it has caught up
            last, missed = self._journal.last, self._missed(listener.audience, listener.told)
            if missed is None:
                last, missed = await self._snapshot(listener.audience)
            listener.tell(missed, last)
            await self._wrote()

    async def _wrote(self) -> None:
        """Let others have their turn after so many writes."""
        self._writes += 1
        if self._writes % WRITES_A_TURN == 0:
            await asyncio.sleep(0)

    async def _take(self, edition: Edition) -> list[JournalEntry]:
        """Return what is new in an edition, remembered. Where others may warn than before, everybody gets all of it
        anew, as each list says whether it is `covered`.
        """
        async with self._taking:
            if edition is self._edition:
                return []
            before = self._edition.in_force if self._edition is not None else None
            found = edition.in_force
            shown, drafts = await asyncio.to_thread(_drafted, before, self._shown, found)
            self._edition, self._shown, self._snapshots = edition, shown, {}
            if before is not None and before.coverage.territories != found.coverage.territories:
                self._journal.forget()
                self._listeners.behind.update(self._listeners)
                return []
            return [self._journal.add(keys, written) for keys, written in drafts]

    def _missed(self, audience: Audience, number: int | None) -> bytes | None:
        """Return what has happened at a place after an event; None where that is not remembered."""
        entries = None if number is None else self._journal.after(number)
        return None if entries is None else _joined(entries, audience)

    async def _snapshot(self, audience: Audience) -> tuple[int, bytes]:
        """Return up to which event all that is in force at a place is known, and all of it. Raises `RequestRefused`
        where nothing is.
        """
        edition, number = self._edition, self._journal.last
        if edition is None:
            raise RequestRefused(
                ProblemType.NOTHING_KNOWN_YET, said(Phrase.NOTHING_KNOWN_YET), retry_after_s=RETRY_AFTER_S
            )
        name = number, audience.key, audience.language
        event = self._snapshots.get(name)
        if event is None:
            # The list of everything takes long, and any other next to nothing.
            listed = await asyncio.to_thread(edition.of_place, BY_LANGUAGE[audience.language], audience.place)
            event = events.numbered(self._journal.id_of(number), events.snapshot(listed.plain.body))
            if edition is self._edition and sum(map(len, self._snapshots.values())) < KEPT_BYTES:
                self._snapshots[name] = event
        return number, event


class EventStream(Response):
    """The answer that opens a stream."""

    def __init__(self, streams: PublicStreams, listener: StreamClient, first: bytes) -> None:
        super().__init__()
        self._streams = streams
        self._listener = listener
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the connection over; a HEAD gets the headers alone."""
        del receive
        headers = self._streams.begin(self._listener, self._first, scope)
        if headers is not None:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})


def _keys_of(entries: Iterable[JournalEntry]) -> frozenset[str] | None:
    """Return the keys of all places that these events concern; None for all there are."""
    found: frozenset[str] = frozenset()
    for one in entries:
        if one.keys is None:
            return None
        found |= one.keys
    return found


def _joined(entries: Iterable[JournalEntry], audience: Audience) -> bytes:
    """Return what of these events is about a place. Of one event it is the very bytes that all others get."""
    return b"".join([one.chunks.get(audience.language, b"") for one in entries if one.concerns(audience.key)])


def _drafted(
    before: PublicInForce | None, shown: dict[str, ShownWarning], found: PublicInForce
) -> tuple[dict[str, ShownWarning], list[_Draft]]:
    """Return what lists show now, and the events of what has changed since."""
    now = shown_in(found)
    if before is None:
        return now, []
    drafts: list[_Draft] = [
        (one.keys, {language: events.changed(one, found, language) for language in one.languages})
        for one in changes_between(shown, now, found)
    ]
    if _state(before) != _state(found):
        drafts.insert(0, (None, dict.fromkeys(BY_LANGUAGE, events.state(found))))
    return now, drafts


def _state(found: PublicInForce) -> tuple[object, ...]:
    return found.current, found.coverage.stale, found.coverage.unread
