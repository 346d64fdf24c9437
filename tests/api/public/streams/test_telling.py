"""Listeners get what changes at their place, once and in order, whatever they missed."""

import asyncio
import gc
import json
import weakref
from typing import Any

import pytest

from dispatcher.api.public.streams import telling
from dispatcher.api.public.streams.listeners import SLOTS, StreamLimits
from dispatcher.api.public.streams.telling import PublicStreams
from dispatcher.metrics import Metrics
from dispatcher.metrics.http import StreamEnded
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.publication.coverage import Coverage, SilentFeed
from dispatcher.publication.editions import Edition
from dispatcher.publication.places import PlaceKind, PublicPlace
from dispatcher.publication.publisher import Publisher
from dispatcher.runtime.beside_asgi.open_stream import STREAM
from tests.support.conditions import comes_true
from tests.support.messages import DUEREN, HOUR, JUELICH, NOW, InfoPart, Message
from tests.support.publication import OWN_COVERAGE, found, warned

SILENT = Coverage(OWN_COVERAGE.territories, (SilentFeed("dwd", NOW),))


async def nothing(*_known: Any) -> Any:
    raise AssertionError("nobody asks the record here")


class Client:
    """A client: what it has read, and whether it reads at all."""

    def __init__(self, first: bytes, listener: Any) -> None:
        self.pieces = [first]
        self.listener = listener
        self.is_behind = False
        self.ended: StreamEnded | None = None

    def write(self, piece: bytes) -> None:
        assert not self.is_behind, "never more than one piece waits for a client"
        self.pieces.append(piece)

    def end(self, reason: StreamEnded) -> None:
        self.ended = reason
        self.listener.lost(reason)

    def stall(self) -> None:
        self.is_behind = True

    def go_on(self) -> None:
        self.is_behind = False
        self.listener.caught_up()

    @property
    def events(self) -> list[tuple[str, Any]]:
        """(name, id of the alert or all of them) of each event."""
        found = []
        for block in b"".join(self.pieces).decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if line and line[0] != ":")
            if "event" in lines:
                data = json.loads(lines["data"])
                alerts = data.get("alerts")
                shown = data.get("id") if alerts is None else [one["alert"] for one in alerts]
                found.append((lines["event"], shown))
        return found

    @property
    def last_id(self) -> str:
        ids = [line[4:] for line in b"".join(self.pieces).decode().split("\n") if line.startswith("id: ")]
        return ids[-1] if ids else ""


class World:
    """The streams of a process, over what is published."""

    def __init__(self, limits: StreamLimits) -> None:
        self.publisher = Publisher(nothing, nothing)
        self.streams = PublicStreams(self.publisher, Metrics(), limits)

    def appear(self, edition: Edition) -> None:
        """Publish an edition, for what waits for one."""
        self.publisher.edition = edition
        self.publisher._next.set()
        self.publisher._next = asyncio.Event()

    async def publish(self, *warnings: Any, **more: Any) -> None:
        self.publisher.edition = Edition(found(*warnings, **more))
        await self.streams.tell(self.publisher.edition)

    async def listen(self, ags: str = DUEREN, last_event_id: str = "", language: str = "de") -> Any:
        kind = PlaceKind.MUNICIPALITY if ags else PlaceKind.EVERYWHERE
        place = PublicPlace(kind, ags, "", "", (ags,) if ags else ())
        answer = await self.streams.open(place, language, "192.0.2.1", last_event_id)
        clients: list[Client] = []

        def take_over(_headers: Any, first: bytes, listener: Any) -> Client:
            clients.append(Client(first, listener))
            return clients[0]

        await answer({"extensions": {STREAM: take_over}}, nothing, nothing)
        return clients[0]


@pytest.fixture
def world() -> World:
    return World(StreamLimits())


async def test_whoever_begins_gets_all_and_then_what_changes_at_his_place(world: World) -> None:
    await world.publish(warned("A"))
    here, there, everywhere = await world.listen(), await world.listen(JUELICH), await world.listen("")
    assert here.pieces[0].startswith(b"retry: ")
    assert (here.events, there.events) == ([("snapshot", ["A"])], [("snapshot", [])])
    await world.publish(warned("A", stopped_by="B"), warned("B", DUEREN, JUELICH))
    await world.publish(warned("B", DUEREN, JUELICH))
    await world.publish()
    assert here.events[1:] == [("updated", "B"), ("ended", "B")]
    assert there.events[1:] == [("new", "B"), ("ended", "B")]
    assert everywhere.events == here.events


async def test_what_changes_in_one_language_alone_is_told_to_those_who_listen_in_it(world: World) -> None:
    infos = (InfoPart(language="de", lifetime=3 * HOUR), InfoPart(language="en", lifetime=HOUR))
    one = warned("A", message=Message(infos=infos), expires=NOW + 3 * HOUR)
    await world.publish(one)
    german, english = await world.listen(), await world.listen(language="en")
    await world.publish(one, now=NOW + 2 * HOUR)
    assert german.events == [("snapshot", ["A"])]
    assert english.events == [("snapshot", ["A"]), ("updated", "A")]
    missed = await world.listen(last_event_id=german.last_id, language="en")
    assert missed.events == [("updated", "A")]


async def test_all_get_the_very_same_bytes(world: World) -> None:
    await world.publish()
    clients = [await world.listen(ags) for ags in (DUEREN, JUELICH, "")]
    await world.publish(warned("A", DUEREN, JUELICH))
    assert clients[0].pieces[1] is clients[1].pieces[1] is clients[2].pieces[1]


async def test_an_edition_is_gone_with_the_next_however_many_listen(world: World) -> None:
    await world.publish(warned("A"))
    assert world.publisher.edition
    client, before = await world.listen(), weakref.ref(world.publisher.edition)
    await world.publish(warned("A"), warned("B"))
    gc.collect()
    assert before() is None, "its documents may take 100 MB"
    assert client.events == [("snapshot", ["A"]), ("new", "B")]
    assert (await world.listen()).events == [("snapshot", ["A", "B"])]


async def test_whoever_was_away_gets_what_he_missed(world: World) -> None:
    await world.publish(warned("A"))
    client = await world.listen()
    await world.publish(warned("A"), warned("B"))
    client.listener.lost(StreamEnded.CLIENT)
    await world.publish(warned("A"), warned("B"), warned("C", JUELICH))
    await world.publish(warned("B"), warned("C", JUELICH))
    again = await world.listen(last_event_id=client.last_id)
    assert again.events == [("ended", "A")]
    nothing_new = await world.listen(last_event_id=again.last_id)
    assert nothing_new.events == []
    for other in ("", "x", "0123456789-1", again.last_id.replace("-", "-9")):
        assert (await world.listen(last_event_id=other)).events == [("snapshot", ["B"])]


async def test_what_is_no_longer_remembered_is_told_as_a_whole(world: World) -> None:
    await world.publish(warned("A"))
    client = await world.listen()
    client.listener.lost(StreamEnded.CLIENT)
    world.streams._journal._most_events = 1
    await world.publish()
    await world.publish(warned("B"))
    assert (await world.listen(last_event_id=client.last_id)).events == [("snapshot", ["B"])]


async def test_a_client_that_is_behind_misses_nothing_in_the_end(world: World) -> None:
    await world.publish()
    slow, quick = await world.listen(), await world.listen()
    await world.publish(warned("A"))
    slow.stall()
    await world.publish(warned("A"), warned("B"))
    await world.publish(warned("B"))
    assert len(slow.pieces) == 2
    slow.go_on()
    await world.streams.keep_alive()
    assert slow.events == quick.events == [("snapshot", []), ("new", "A"), ("new", "B"), ("ended", "A")]
    slow.stall()
    world.streams._journal._most_events = 1
    await world.publish()
    await world.publish(warned("C"))
    slow.go_on()
    await world.publish(warned("C"), warned("D"))
    assert slow.events[4:] == [("snapshot", ["C", "D"])] or slow.events[4:] == [("snapshot", ["D", "C"])]


async def test_one_that_is_behind_again_waits_again(world: World) -> None:
    await world.publish()
    client = await world.listen()
    client.stall()
    await world.publish(warned("A"))
    client.go_on()
    client.stall()
    await world.streams.keep_alive()
    assert len(client.pieces) == 1
    client.go_on()
    await world.streams.keep_alive()
    assert client.events[1:] == [("new", "A")]


async def test_what_is_known_of_feeds_is_told_to_everybody(world: World) -> None:
    await world.publish()
    clients = [await world.listen(), await world.listen(JUELICH)]
    await world.publish(coverage=SILENT)
    await world.publish(coverage=SILENT, current=False)
    await world.publish(coverage=SILENT, current=False)
    for client in clients:
        assert [name for name, _ in client.events] == ["snapshot", "state", "state"]


async def test_where_others_may_warn_than_before_all_is_told_anew(world: World) -> None:
    """Each list says whether it is covered."""
    await world.publish(warned("A"))
    client = await world.listen()
    before = client.last_id
    await world.publish(warned("A"), coverage=Coverage(("05",)))
    assert client.events == [("snapshot", ["A"])] * 2
    assert (await world.listen(last_event_id=before)).events == [("snapshot", ["A"])]


async def test_each_is_told_in_turn_that_nothing_has_changed(world: World) -> None:
    await world.publish(warned("A"))
    client = await world.listen()
    other = await world.listen(JUELICH)
    await world.publish(warned("A"), warned("B", JUELICH))
    for _ in range(SLOTS):
        await world.streams.keep_alive()
    assert len(client.pieces) == 2
    assert b": as of " in client.pieces[1]
    assert client.last_id == other.last_id, "and up to which event there was nothing for it"
    assert (await world.listen(last_event_id=client.last_id)).events == []


async def test_a_new_alert_while_the_snapshot_is_made_is_not_lost(world: World) -> None:
    await world.publish()
    opening = asyncio.create_task(world.listen())
    await world.publish(warned("A"))
    client = await opening
    await world.streams.keep_alive()
    told = client.events
    assert told in ([("snapshot", ["A"])], [("snapshot", []), ("new", "A")])


async def test_before_anything_is_known_nobody_can_listen(world: World) -> None:
    with pytest.raises(RequestRefused) as refused:
        await world.listen()
    assert refused.value.type is ProblemType.NOTHING_KNOWN_YET
    await world.streams.keep_alive()
    world.publisher.edition = Edition(found(warned("A")))
    assert (await world.listen()).events == [("snapshot", ["A"])]


async def test_too_many_are_refused() -> None:
    world = World(StreamLimits(most=1))
    await world.publish()
    await world.listen()
    with pytest.raises(RequestRefused) as refused:
        await world.listen()
    assert (refused.value.type, refused.value.status) == (ProblemType.OVERLOADED, 503)


async def test_writes_to_many_leave_turns_to_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "WRITES_A_TURN", 1)
    await world.publish()
    clients = [await world.listen() for _ in range(3)]
    told = asyncio.create_task(world.publish(warned("A")))
    await comes_true(lambda: any(len(one.pieces) > 1 for one in clients), 0)
    gone = next(one for one in clients if len(one.pieces) == 1)
    gone.listener.lost(StreamEnded.CLIENT)
    late = await world.listen()
    await told
    assert sorted(len(one.pieces) for one in clients) == [1, 2, 2]
    assert late.events == [("snapshot", ["A"])], "and nothing twice"


async def test_it_runs_until_it_is_ended_and_ends_streams_that_it_cannot_tell(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "TICK_S", 0.01)
    running = asyncio.create_task(world.streams.run())
    try:
        world.appear(Edition(found()))
        client = await world.listen()
        await comes_true(lambda: len(client.pieces) > 1)
        broken: Any = None
        world.appear(Edition(broken))
        await comes_true(lambda: client.ended)
        assert client.ended is StreamEnded.FAILED
        world.appear(Edition(found(warned("A"))))
        assert (await world.listen(last_event_id=client.last_id)).events == [("snapshot", ["A"])]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_connection_that_cannot_be_taken_over_gets_the_headers_alone(world: World) -> None:
    await world.publish()
    place = PublicPlace(PlaceKind.MUNICIPALITY, DUEREN, "", "", (DUEREN,))
    answer = await world.streams.open(place, "de", "", "")
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await answer({"extensions": {STREAM: lambda *_: None}}, nothing, send)
    assert dict(sent[0]["headers"])[b"content-type"] == b"text/event-stream"
    assert sent[1]["body"] == b""
    assert len(world.streams._listeners) == 0
