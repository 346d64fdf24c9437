"""How an alert stands and comes on, against a live API."""

import asyncio
import json
import os
import pty
import sys
from typing import Any

import pytest

from dispatcher.model.batches import Progress
from dispatcher.model.vocabulary import State
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from tests.support.histories import ledger_of, plan, subscribe
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning


async def test_following_ends_when_everybody_is_accounted_for(service: Any, run: Any, file: Any) -> None:
    exercise = warning(status="Test")
    done = await run("submit", file(exercise), "--follow")
    assert done.exit_code == 0, done.output
    assert "Übung oder Test: nur verzeichnet, kein Versand\n" in done.output
    assert done.output.count("\n\n") == 1, "no empty table first"


@pytest.mark.parametrize("name", ["nope", "../livez", "a b", "?"])
async def test_what_is_no_number_of_an_alert_is_a_wrong_call(service: Any, run: Any, name: str) -> None:
    done = await run("status", name)
    assert done.exit_code == 2
    assert done.output.startswith(f"{name} ist keine Nummer einer Meldung")
    assert "None" not in done.output


async def test_following_waits_for_a_service_that_starts_again(service: Any, run: Any, file: Any) -> None:
    """The control centre sees the end of it, though the API was away in between."""
    alert_id = (await run("submit", file(warning(status="Test")))).output[:26]
    asked = 0

    async def relay(reader: Any, writer: Any) -> None:
        nonlocal asked
        asked += 1
        head = await reader.readuntil(b"\r\n\r\n")
        if asked == 1:
            writer.write(
                b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
        elif asked > 2:
            inner, out = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
            out.write(head)
            writer.write(await inner.read())
            out.close()
        writer.close()

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        done = await run("status", alert_id, "--follow", "--url", f"http://127.0.0.1:{port}")
    assert (done.exit_code, asked) == (0, 3), done.output
    assert "nur verzeichnet" in done.output


@pytest.mark.parametrize("name", ["", " "])
async def test_no_id_is_a_wrong_call(service: Any, run: Any, name: str) -> None:
    done = await run("status", name)
    assert (done.exit_code, "alerts list" in done.output) == (2, True)


@pytest.mark.processes
async def test_elsewhere_than_at_a_terminal_each_change_is_a_line(
    service: Any, run: Any, file: Any, pool: Any
) -> None:
    """Somebody is told while it is watched: first what is to be done, then what was."""
    await subscribe(pool, Subscriptions(pool, ADDRESSES), "anna")
    alert_id = (await run("submit", file(warning()))).output[:26]
    ledger = ledger_of(pool)
    [ready] = await plan(ledger, Plans(pool, 10), alert_id)
    lease = await ledger.acquire(ready.batch_id)
    command = [sys.executable, "-m", "dispatcher", "status", alert_id, "--follow"]
    watching = [
        await asyncio.create_subprocess_exec(*command, *more, stdout=asyncio.subprocess.PIPE)
        for more in ([], ["--json"])
    ]
    first, document = [(await one.stdout.readline()).decode() for one in watching]
    assert first == f"{alert_id} Versand läuft: 1 Empfänger: 0 übergeben, 1 wartend, 0 gescheitert\n"
    assert json.loads(document)["progress"]["waiting"] == 1
    await ledger.release(lease, Progress(bytes([State.ACCEPTED])))
    lines, documents = [(await one.communicate())[0].decode().splitlines() for one in watching]
    assert [one.returncode for one in watching] == [0, 0]
    assert f"{alert_id} neue Warnung: Versand abgeschlossen" in lines  # its counts may be seen before
    assert "1 Empfänger: 1 übergeben, 0 wartend, 0 gescheitert" in lines
    assert json.loads(documents[-1])["progress"]["accepted"] == 1


@pytest.mark.processes
async def test_at_a_terminal_one_page_changes_in_its_place(service: Any, run: Any, file: Any) -> None:
    """And stays on the screen when nothing more happens."""
    exercise = warning(status="Test")
    alert_id = (await run("submit", file(exercise))).output[:26]
    reading, writing = pty.openpty()
    command = [sys.executable, "-m", "dispatcher", "status", alert_id, "--follow"]
    watching = await asyncio.create_subprocess_exec(*command, stdout=writing, stdin=writing)
    assert await watching.wait() == 0
    os.close(writing)
    screen = await asyncio.to_thread(os.read, reading, 65_536)
    os.close(reading)
    _, *pages = screen.decode().split(f"{alert_id} Übung oder Test: nur verzeichnet, kein Versand")
    assert pages
    assert all("\x1b[1A" in page for page in pages[:-1]), "each is written over the one before"
