"""The app of a phone that the documents work out, run as it stands there against the service, to a confirmed warning."""

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from channels.fcm.message import template
from dispatcher.model.vocabulary import Kind
from dispatcher.settings import Settings
from dispatcher.wiring.worker import worker_dependencies
from tests.api.conftest import introduce, serving
from tests.channels.fcm.test_message import NOTICE
from tests.support import documents
from tests.support.messages import DUEREN
from tests.support.nginx import free_port
from tests.support.sent_bodies import push
from tests.support.submissions import now, warning

PATIENCE_S = 20

pytestmark = pytest.mark.processes


class Phone:
    """The program, what it says, and what is handed to it."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def says(self) -> list[str]:
        assert self._process.stdout
        said = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE_S)
        return said.decode().strip().split(" ", 2)

    def hand(self, **what: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(what).encode() + b"\n")

    async def stop(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()


async def begin(url: str, port: int, state: Path) -> Phone:
    """Start the app, as its user does."""
    (program,) = documents.blocks(documents.page("phone-app.md"), "python")
    file = state.with_suffix(".py")
    file.write_text(program)
    named = {"WARN": url, "INSTANCE": "dueren", "PLACE": DUEREN, "STATE": str(state), "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(file), env={**os.environ, **named}, stdin=PIPE, stdout=PIPE
    )
    return Phone(process)


async def work(worker: Any, pool: Any, alert_id: str) -> None:
    """Do what a worker does of an alert."""
    await worker.planner.plan(alert_id)
    for row in await pool.fetch("SELECT id FROM batch WHERE alert_id = $1", alert_id):
        await worker.deliverer.deliver(row["id"])


def by_fcm(document: Any) -> Any:
    """The `data` that FCM hands to an app."""
    notice = replace(NOTICE, payload=json.dumps(document).encode())
    return json.loads(template(notice, 60).body("token", "x" * 163, None))["message"]["data"]


def still(document: Any, **changes: Any) -> Any:
    """The document, in force for an hour yet."""
    return document | {"expires": (now() + timedelta(hours=1)).isoformat()} | changes


async def test_a_phone_is_warned_shows_what_holds_and_its_person_confirms(
    settings: Settings, tmp_path: Path
) -> None:
    port, state = free_port(), tmp_path / "phone.json"
    exempt = settings.model_copy(update={"allowed_origins": {f"push=http://127.0.0.1:{port}"}})
    async with serving(exempt) as service, worker_dependencies(exempt) as worker:
        await introduce(service.parts)
        pool = service.parts.health.pool
        phone = await begin(service.url, port, state)
        assert await phone.says() == ["subscribed", "200", "waiting"]
        assert worker.endpoint_messages
        while await worker.endpoint_messages.send():
            pass
        assert await phone.says() == ["proof", "204"]

        made = await service.submit(warning(DUEREN, severity="Extreme", headline="Giftwolke"))
        await work(worker, pool, made.json["alert"]["id"])
        word, chain, screen = await phone.says()
        assert (word, "Giftwolke" in json.loads(screen)[0]) == ("shown", True)
        assert await phone.says() == ["receipt", "displayed", "204"]
        phone.hand(confirm=chain)
        assert await phone.says() == ["receipt", "confirmed", "204"]
        await service.parts.receipts.flush()
        assert await pool.fetchval("SELECT get_bit(confirmed, 0) FROM batch_receipt") == 1

        warned = still(push(thread="F", sequence=5))
        await shows_what_holds(phone, warned, chain)
        await phone.stop()
        again = await begin(service.url, port, state)
        assert await again.says() == ["subscribed", "200", "active"], "the same installation, as before"
        again.hand(fcm=by_fcm(warned))
        assert await again.says() == ["dropped", "F", "older"], "it remembers what has ended"
        again.hand(confirm="never shown")
        assert (await again.says())[:2] == ["nothing", "to"]
        await again.stop()
        await begins_anew_without_its_token(service.url, port, state)


async def shows_what_holds(phone: Phone, warned: Any, chain: str) -> None:
    """Whichever family brings it; `chain` is that of what it shows before."""
    phone.hand(fcm=by_fcm(warned))
    assert (await phone.says())[:2] == ["shown", "F"]
    phone.hand(fcm=by_fcm(warned | {"sequence": 4}))
    assert await phone.says() == ["dropped", "F", "older"]
    phone.hand(apns={"aps": {"alert": {}}, "notice": still(push(Kind.CANCEL, thread="F", sequence=5))})
    assert (await phone.says())[:2] == ["shown", "F"]
    phone.hand(apns={"aps": {"alert": {}}, "notice": warned})
    assert await phone.says() == ["dropped", "F", "older"], "its end has come"
    phone.hand(fcm=by_fcm(push(thread="G") | {"expires": (now() - timedelta(seconds=1)).isoformat()}))
    assert await phone.says() == ["dropped", "G", "expired"]
    phone.hand(fcm=by_fcm(still(push(thread="H"), also_replaces={chain: 1 << 60})))
    assert [(await phone.says())[0] for _ in range(2)] == ["shown", "closed"]
    for foreign in ({"promotion": "x"}, {"notice": "[]"}, {"notice": "no JSON"}):
        phone.hand(fcm=foreign)
        assert (await phone.says())[:2] == ["left", "alone"], "and the phone goes on"


def kept_in(state: Path) -> Any:
    return json.loads(state.read_text())


def keep(state: Path, kept: Any) -> None:
    state.write_text(json.dumps(kept))


async def begins_anew_without_its_token(url: str, port: int, state: Path) -> None:
    """What another device has by a backup, or has lost, is of no use: the same phone is another installation then."""
    before = kept_in(state)
    keep(state, before | {"token": "wt_of-a-backup"})
    phone = await begin(url, port, state)
    assert await phone.says() == ["subscribed", "200", "waiting"]
    after = kept_in(state)
    assert after["installation"] != before["installation"]
    assert after["token"] not in ("", before["token"])
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as sender:
        for kept, status in ((before, 410), (after, 201)):
            async with sender.post(f"/{kept['installation']}", data=b"not encrypted") as answer:
                assert answer.status == status
    assert (await phone.says())[:2] == ["left", "alone"]
    await phone.stop()


@pytest.mark.parametrize("page", ["android-apps.md", "iphone-apps.md", "phone-app.md"])
def test_no_code_for_phones_reads_a_sequence_into_32_bits(page: str) -> None:
    assert not re.search(r"(?:get|opt)Int\(|Int32", documents.page(page))
