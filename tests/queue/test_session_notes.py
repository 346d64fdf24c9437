"""Which gateways some process has a session with, on the real server."""

from typing import Any

import pytest

from dispatcher.queue.address import parse
from dispatcher.queue.session_notes import LASTS_MS, SessionNotes
from dispatcher.queue.wakeups import open_queue
from tests.channels.far_side import closed_port


@pytest.fixture
async def queue(redis_url: str) -> Any:
    client = open_queue(parse(redis_url))
    yield client
    await client.aclose(close_connection_pool=True)


async def test_all_hear_of_the_sessions_of_one_until_its_note_lapses(queue: Any) -> None:
    one, other = SessionNotes(queue), SessionNotes(queue)
    assert not await other.is_any("smsc")
    await one.note([])
    await one.note(["smsc", "second"])
    assert await other.is_any("smsc")
    assert not await other.is_any("third")
    assert 0 < await queue.pttl("warn:session:smsc") <= LASTS_MS
    await queue.delete("warn:session:smsc")
    assert not await other.is_any("smsc")


async def test_without_a_queue_others_are_taken_to_have_one() -> None:
    client = open_queue(parse(f"redis://127.0.0.1:{closed_port()}"))
    notes = SessionNotes(client)
    await notes.note(["smsc"])
    assert await notes.is_any("smsc")
    await client.aclose(close_connection_pool=True)
