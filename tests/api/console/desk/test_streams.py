"""The streams of desks: what they tell, whom they refuse, and when they end."""

import asyncio
from collections.abc import Iterable
from typing import Any

import asyncpg
import pytest

from dispatcher.api.console.desk.streams import (
    ALIVE,
    ALIVE_EVERY,
    AWAY,
    OF_ONE,
    OVER,
    SESSIONS_EVERY,
    STREAMS_MAX,
    DeskListener,
    DeskStreams,
)
from dispatcher.metrics import Metrics
from dispatcher.metrics.http import StreamEnded
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import Environment
from dispatcher.runtime.beside_asgi.open_stream import STREAM
from tests.metrics.test_registry import samples


class Page:
    """A page: what it was told, and whether it takes it."""

    def __init__(self, listener: Any) -> None:
        self.listener, self.pieces, self.is_behind = listener, [], False
        self.ended: StreamEnded | None = None

    def write(self, piece: bytes) -> None:
        assert not self.is_behind
        self.pieces.append(piece)

    def end(self, reason: StreamEnded) -> None:
        self.ended = reason
        self.listener.lost(reason)

    def told(self) -> list[bytes]:
        found, self.pieces = self.pieces, []
        return found


class World:
    """The streams of a process whose versions and sessions are set by hand."""

    def __init__(self) -> None:
        self.streams, self.metrics = DeskStreams(), Metrics()
        self.versions: dict[Environment, str] = dict.fromkeys(Environment, "v1")
        self.sessions = {b"s"}
        self.asked = 0
        self.is_away = False

    async def version(self, environment: Environment) -> str:
        self.asked += 1
        if self.is_away:
            raise asyncpg.InterfaceError("gone")
        return self.versions[environment]

    async def holding(self, digests: Iterable[bytes]) -> set[bytes]:
        self.asked += 1
        return self.sessions & set(digests)

    async def page(
        self, person: str = "m.keller", environment: Environment = Environment.LIVE, session: bytes = b"s"
    ) -> Page:
        listener = DeskListener(self.streams, environment, person, session)
        answer = self.streams.open(listener, self.metrics, self.version, self.holding)
        opened: list[Page] = []

        def take_over(_headers: Any, first: bytes, taken: Any) -> Page:
            assert first.startswith(b"retry: ")
            opened.append(Page(taken))
            return opened[0]

        await answer({"extensions": {STREAM: take_over}}, None, None)
        assert self.streams._task
        self.streams._task.cancel()  # here each tick is one of the test's
        return opened[0]

    async def ticks(self, count: int = 1) -> None:
        for _ in range(count):
            await self.streams.tick(self.version, self.holding)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_page_is_told_once_of_each_change_in_its_environment(world: World) -> None:
    live, exercise = await world.page(), await world.page(environment=Environment.EXERCISE)
    await world.ticks()
    assert live.told() == exercise.told() == [b"event: desk\ndata: v1\n\n"]
    world.versions[Environment.LIVE] = "v2"
    await world.ticks()
    assert (live.told(), exercise.told()) == ([b"event: desk\ndata: v2\n\n"], [])
    await world.ticks(ALIVE_EVERY)
    assert live.told() == exercise.told() == [ALIVE]


async def test_however_many_look_it_is_read_once(world: World) -> None:
    for number in range(30):
        await world.page(f"p.{number}")
    await world.ticks()
    assert world.asked == 1
    await world.ticks(SESSIONS_EVERY - 1)
    assert world.asked == 1 + SESSIONS_EVERY, "and once whose sessions hold"


async def test_a_record_that_does_not_answer_is_said_and_ends_nothing(world: World) -> None:
    page = await world.page()
    world.is_away = True
    await world.ticks()
    assert (page.told(), page.ended) == ([AWAY], None)
    world.is_away = False
    await world.ticks()
    assert page.told() == [b"event: desk\ndata: v1\n\n"]


async def test_a_stream_ends_with_its_session(world: World) -> None:
    page, other = await world.page(), await world.page("b.lang", session=b"t")
    world.sessions.add(b"t")
    await world.ticks(SESSIONS_EVERY)
    assert (page.ended, len(world.streams)) == (None, 2)
    world.sessions.remove(b"s")
    await world.ticks(SESSIONS_EVERY)
    assert (page.told()[-1], page.ended, other.ended) == (OVER, StreamEnded.SESSION, None)
    assert samples(world.metrics)["warn_streams_ended_total", frozenset({("reason", "session")})] == 1
    assert samples(world.metrics)["warn_streams", frozenset()] == 1


async def test_a_page_that_takes_nothing_is_left_out_and_hears_of_it_later(world: World) -> None:
    page = await world.page()
    page.is_behind = True
    await world.ticks(ALIVE_EVERY)
    assert page.told() == []
    page.is_behind = False
    page.listener.caught_up()
    await world.ticks()
    assert page.told() == [b"event: desk\ndata: v1\n\n"]


async def test_there_are_so_many_of_one_person_and_of_all(world: World) -> None:
    pages = [await world.page() for _ in range(OF_ONE)]
    with pytest.raises(RequestRefused) as refused:
        await world.page()
    assert (refused.value.type, refused.value.retry_after_s) == (ProblemType.OVERLOADED, 30)
    pages[0].end(StreamEnded.CLIENT)
    await world.page()
    for number in range(STREAMS_MAX - OF_ONE):
        await world.page(f"p.{number}")
    with pytest.raises(RequestRefused):
        await world.page("one.more")
    assert len(world.streams) == STREAMS_MAX


async def test_the_task_ends_with_the_last_stream_and_begins_anew(world: World) -> None:
    page = await world.page()
    stream = world.streams.open(page.listener, world.metrics, world.version, world.holding)
    task = world.streams._task = asyncio.create_task(world.streams._run(stream))
    page.end(StreamEnded.CLIENT)
    await task
    await world.page()
    assert world.streams._task is not task


async def test_a_fault_ends_all_streams_so_that_their_pages_connect_again(world: World) -> None:
    page = await world.page()

    async def broken(_environment: Environment) -> str:
        raise ValueError("a mistake of ours")

    await world.streams._run(world.streams.open(page.listener, world.metrics, broken, world.holding))
    assert (page.ended, len(world.streams)) == (StreamEnded.FAILED, 0)
