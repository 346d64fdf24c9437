"""One connection by itself: what it takes before it is open, and after it was closed."""

import asyncio

from channels.http.http2.connection import Connection


async def test_what_is_paused_or_not_yet_open_takes_nothing() -> None:
    connection = Connection(asyncio.get_running_loop(), "https://push.example")
    assert (connection.room(1), connection.retiring) == (False, True)
    connection.open = True
    connection.pause_writing()
    assert not connection.room(1)
    connection.resume_writing()
    connection.close()
    connection.connection_lost(None)
    assert connection.retiring
