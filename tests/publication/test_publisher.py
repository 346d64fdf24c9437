"""What is published is right within a second, and says when it is not."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.model.principals import Source
from dispatcher.model.vocabulary import Reason
from dispatcher.publication.coverage import Coverage, SilentFeed, UncertainFeed
from dispatcher.publication.editions import Edition
from dispatcher.publication.forms.registry import GERMAN
from dispatcher.publication.in_force import Telling
from dispatcher.publication.messages import KeptMessages
from dispatcher.publication.places import PublicPlaces
from dispatcher.publication.publisher import AWAY_S, COVERAGE_S, RENEW, Publisher
from dispatcher.store import record
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.public import PublicAlert, PublicAlerts, PublicRead
from dispatcher.store.sources import Sources
from tests.support.histories import submit
from tests.support.messages import DUEREN, HOUR, NOW, SENDER, InfoPart, Message, message, stored
from tests.support.submissions import warning


class Record:
    """A record in memory, with a clock of its own, that can be away."""

    def __init__(self) -> None:
        self.now = NOW
        self.alerts: dict[str, PublicAlert] = {}
        self.coverage = Coverage(("05358",))
        self.error: Exception | None = None
        self.asked_for_coverage = 0
        self.at_once = 1000
        """How many alerts are read at once."""

    def put(self, alert_id: str, mark: str = "1", raw: bytes = b"", **changes: Any) -> None:
        values = {"id": alert_id, "thread": alert_id, "identifier": alert_id}
        body = raw or message(identifier=alert_id).xml()
        self.alerts[alert_id] = PublicAlert(stored(**values | changes), body, ((DUEREN, "Düren"),), mark)

    async def read(self, known: Mapping[str, str]) -> PublicRead:
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        changed = [one for one in self.alerts.values() if known.get(one.stored.id) != one.mark]
        read = tuple(changed[: self.at_once])
        return PublicRead(self.now, frozenset(self.alerts), read, is_all=len(read) == len(changed))

    async def read_coverage(self) -> Coverage:
        self.asked_for_coverage += 1
        return self.coverage


class World:
    """A publisher and its record, on one clock."""

    def __init__(self) -> None:
        self.record = Record()
        self.messages = KeptMessages()
        self.publisher = Publisher(
            self.record.read,
            self.record.read_coverage,
            clock=self.seconds,
            messages=self.messages,
        )

    def seconds(self) -> float:
        return (self.record.now - NOW).total_seconds()

    async def after(self, seconds: float = 0.25) -> Any:
        self.record.now += timedelta(seconds=seconds)
        await self.publisher.look()
        return self.publisher.edition

    def ids(self) -> list[str]:
        assert self.publisher.edition
        return [one.stored.id for one in self.publisher.edition.in_force.warnings]

    def header(self, name: bytes) -> bytes | None:
        return dict(self.publisher.headers).get(name)


@pytest.fixture
def world() -> World:
    return World()


async def test_nothing_is_published_before_the_record_was_read(world: World) -> None:
    world.record.error = OSError()
    assert await world.after(10) is None
    assert world.publisher.headers == ()
    world.record.error = None
    assert await world.after() is not None
    assert world.ids() == []


async def test_a_new_edition_is_made_when_something_has_changed_and_only_then(world: World) -> None:
    first = await world.after()
    assert await world.after() is first
    world.record.put("A")
    second = await world.after()
    assert (second is not first, world.ids()) == (True, ["A"])
    assert await world.after() is second
    world.record.put("A", mark="2", stopped_by="B", stopped_at=world.record.now)
    await world.after()
    assert world.ids() == []
    assert world.publisher.edition
    assert world.publisher.edition.in_force.find("A")
    world.record.alerts.clear()
    edition = await world.after()
    assert edition.in_force.find("A") is None


async def test_who_waits_is_woken_by_the_next_edition_and_by_no_look(world: World) -> None:
    first = await world.after()
    waiting = asyncio.create_task(world.publisher.after(first))
    await world.after()
    assert not waiting.done()
    world.record.put("A")
    second = await world.after()
    assert await waiting is second
    assert await world.publisher.after(None) is second


async def test_a_document_says_as_of_when_it_is_once_a_minute_and_every_answer_always(world: World) -> None:
    first = await world.after()
    as_of = first.in_force.as_of
    assert await world.after(RENEW.total_seconds() / 2) is first
    assert world.header(b"alerts-as-of") == b"2026-11-22T12:00:30Z"
    second = await world.after(RENEW.total_seconds() / 2)
    assert second.in_force.as_of == as_of + RENEW
    assert world.header(b"alerts-age") is None


async def test_what_runs_out_is_gone_in_time_though_nothing_was_committed(world: World) -> None:
    world.record.put("A", expires=NOW + timedelta(seconds=10))
    await world.after(9)
    assert world.ids() == ["A"]
    await world.after(1)
    assert world.ids() == []


async def test_when_the_record_is_away_the_last_state_is_shown_as_such(world: World) -> None:
    world.record.put("A", expires=NOW + timedelta(seconds=30))
    world.record.put("B", expires=NOW + HOUR)
    first = await world.after(1)
    world.record.error = ConnectionRefusedError()
    assert await world.after(AWAY_S / 2) is first, "an instant is nothing"
    away = await world.after(AWAY_S / 2)
    assert (away.in_force.current, away.in_force.as_of) == (False, NOW + timedelta(seconds=1))
    assert (world.ids(), world.header(b"alerts-age")) == (["A", "B"], b"2")
    assert await world.after(5) is away, "its bytes stay"
    assert world.header(b"alerts-age") == b"7"
    assert world.header(b"alerts-as-of") == b"2026-11-22T12:00:01Z"
    await world.after(30)
    assert world.ids() == ["B"], "what has run out meanwhile is not shown"
    world.record.error = None
    back = await world.after()
    assert (back.in_force.current, world.header(b"alerts-age")) == (True, None)


@pytest.mark.parametrize("error", [TimeoutError(), RuntimeError("a mistake of ours")])
async def test_whatever_goes_wrong_nothing_old_calls_itself_current(world: World, error: Exception) -> None:
    await world.after()
    world.record.error = error
    assert not (await world.after(AWAY_S)).in_force.current


async def test_stale_and_unread_feeds_are_said_in_headers_and_asked_about_now_and_then(world: World) -> None:
    await world.after()
    silent = (SilentFeed("dwd", NOW), SilentFeed("nina", NOW))
    world.record.coverage = Coverage(("",), silent, (UncertainFeed("mowas", NOW, ("05334",)),))
    await world.after()
    assert world.header(b"alerts-stale-feeds") is None
    await world.after(COVERAGE_S)
    said = b'"dwd";since="2026-11-22T12:00:00Z", "nina";since="2026-11-22T12:00:00Z"'
    assert world.header(b"alerts-stale-feeds") == said
    assert world.header(b"alerts-unread-feeds") == b'"mowas";since="2026-11-22T12:00:00Z"'
    assert world.record.asked_for_coverage == 2
    await world.publisher.look(afresh=True)
    assert world.record.asked_for_coverage == 3


async def test_a_message_that_cannot_be_read_any_more_is_told_as_the_record_has_it(world: World) -> None:
    world.record.put("A", raw=b"no XML")
    edition = await world.after()
    told = edition.in_force.told(edition.in_force.warnings[0], "de")
    assert told.notice["headline"] == "Hochwasser an der Rur"


async def test_what_is_read_in_parts_is_published_as_a_whole(world: World) -> None:
    for one in "ABCDE":
        world.record.put(one)
    world.record.at_once = 2
    waiting = asyncio.create_task(world.publisher.looked_again())
    assert [await world.after(0) for _ in range(2)] == [None, None]
    assert not waiting.done(), "whoever waits for what is new waits for all of it"
    world.record.put("A", mark="2", headline="what has changed meanwhile")
    del world.record.alerts["B"]
    await world.after(0)
    await world.after(0)
    await waiting
    assert world.ids() == ["A", "C", "D", "E"]
    assert world.publisher.edition
    found = world.publisher.edition.in_force.find("A")
    assert found
    assert found.mark == "2"


async def test_a_record_of_which_ever_more_is_to_be_read_is_not_current(world: World) -> None:
    first = await world.after()
    world.record.put("A")
    world.record.at_once = 0
    assert await world.after(AWAY_S / 2) is first
    assert not (await world.after(AWAY_S / 2)).in_force.current
    world.record.at_once = 1
    assert (await world.after()).in_force.current
    assert world.ids() == ["A"]


async def test_an_edition_that_could_not_be_made_is_made_at_the_next_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await world.after()
    world.record.put("A")
    with monkeypatch.context() as patch:
        patch.setattr(Telling, "prepare", None)
        assert await world.after() is first
    assert await world.after() is not first
    assert world.ids() == ["A"]


async def test_messages_of_what_is_gone_take_no_room(world: World) -> None:
    for one in "AB":
        world.record.put(one)
    await world.after()
    both, packed = world.messages.parsed_bytes, world.publisher.packed_bytes
    del world.record.alerts["A"]
    await world.after()
    assert world.messages.parsed_bytes == both / 2
    assert 0 < world.publisher.packed_bytes < packed


async def test_a_municipality_is_in_memory_once_however_many_warnings_concern_it(world: World) -> None:
    world.record.put("A")
    world.record.put("B")
    edition = await world.after()
    one, other = edition.in_force.warnings
    assert one.municipalities[0] is other.municipalities[0]


async def test_an_info_that_runs_out_makes_a_new_edition(world: World) -> None:
    short = Message(infos=(InfoPart(lifetime=HOUR, severity="Extreme"), InfoPart()))
    world.record.put("A", raw=short.xml())
    first = await world.after()
    assert first.in_force.now < NOW + HOUR
    world.record.now = NOW + HOUR - timedelta(seconds=1)
    second = await world.after(0)
    assert await world.after(1) is not second


async def test_whoever_waits_for_another_look_gets_one_that_began_after_it_asked(world: World) -> None:
    looking = asyncio.create_task(world.publisher.look())
    await asyncio.sleep(0)
    world.record.put("A")  # the look under way may have passed it by
    waiting = asyncio.create_task(world.publisher.looked_again())
    await looking
    await asyncio.sleep(0)
    assert not waiting.done()
    await world.after()
    await waiting
    assert world.ids() == ["A"]


async def test_a_look_that_fails_does_not_end_the_wait(world: World) -> None:
    world.record.error = OSError()
    waiting = asyncio.create_task(world.publisher.looked_again())
    await asyncio.sleep(0)
    await world.after()
    await asyncio.sleep(0)
    assert not waiting.done()
    world.record.error = None
    await world.after()
    await waiting


# With the record itself


@asynccontextmanager
async def published(pool: Any) -> AsyncIterator[Publisher]:
    async def everywhere() -> Coverage:
        return Coverage(("",))

    publisher = Publisher(PublicAlerts(pool).read, everywhere)
    running = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_two_processes_publish_a_commit_and_its_end(database_url: str, boundaries: Any) -> None:
    pool = await record.connect(database_url, size=4)
    await Sources(pool, b"").put(Source("leitstelle", "Leitstelle", frozenset({SENDER}), ("05358",)))
    alerts, dueren = Alerts(pool), PublicPlaces(boundaries).municipality(DUEREN)
    assert dueren

    def shown(edition: Edition) -> list[str]:
        document = json.loads(edition.of_place(GERMAN, dueren).plain.body)
        return [one["alert"] for one in document["alerts"]]

    async def until(publisher: Publisher, expected: list[str]) -> None:
        async with asyncio.timeout(20):
            edition = publisher.edition or await publisher.after(None)
            while shown(edition) != expected:
                edition = await publisher.after(edition)

    async with published(pool) as one, published(pool) as other:
        await submit(alerts, "A", DUEREN, raw=warning(DUEREN).xml())
        for publisher in (one, other):
            await until(publisher, ["A"])
        await submit(alerts, "B", chain="A", reason=Reason.CANCEL)
        for publisher in (one, other):
            await until(publisher, [])
    await pool.close()
