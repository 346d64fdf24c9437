"""The backends that the page for makers of apps works out, run as they stand there against the service."""

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from channels.app.channel import App
from channels.clock import utc_now
from dispatcher.api.subscribers.requests import INSTALLATION
from dispatcher.apps.verification import AnswerVerdict, ReceiverVerification, Tried
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.settings import Settings
from tests.api.conftest import INSTANCE_KEY, Service, introduce, serving
from tests.channels.webpush import subscription as browser
from tests.support import documents
from tests.support.messages import DUEREN
from tests.support.nginx import free_port
from tests.support.submissions import warning
from tests.support.subscribers import expect_code

SECRET = "whsec_" + b64encode(b"g" * 32).decode()
PAGE = documents.page("app-backend.md")
LANGUAGES = ("python", "js")
PATIENCE_S = 20
KEYS = {"p256dh": browser.UA_PUBLIC, "auth": browser.AUTH}

pytestmark = pytest.mark.processes


@asynccontextmanager
async def backend(
    language: str, tmp_path: Path, settings: Settings
) -> AsyncIterator[tuple[Service, Process, str]]:
    """The service with a warning in force, the backend of the page in this language, and its origin."""
    (program,) = documents.blocks(PAGE, language)
    file = tmp_path / f"backend.{'py' if language == 'python' else 'mjs'}"
    file.write_text(program)
    interpreter = sys.executable if language == "python" else shutil.which("node")
    if interpreter is None:
        pytest.skip("there is no node")
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    allowed = settings.model_copy(update={"allowed_origins": frozenset({f"callback={origin}"})})
    async with serving(allowed) as service:
        await introduce(service.parts)
        assert (await service.submit(warning(DUEREN, headline="Sturm"))).status == 201
        await service.parts.health.pool.execute("UPDATE alert SET state = 'settled'")
        named = {"WARN": service.url, "KEY": INSTANCE_KEY, "WEBHOOK_SECRET": SECRET, "PORT": str(port)}
        process = await asyncio.create_subprocess_exec(
            interpreter, str(file), env={**os.environ, **named}, stdout=PIPE
        )
        try:
            yield service, process, origin
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def line(process: Process) -> str:
    """What the backend says next."""
    assert process.stdout is not None
    said = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
    return said.decode().strip()


async def ask(origin: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """What the backend answers its app."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{origin}{path}", json=body) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_registers_reads_what_is_in_force_and_takes_what_is_signed(
    language: str, tmp_path: Path, settings: Settings, client_for: Any, boundaries: Boundaries
) -> None:
    async with backend(language, tmp_path, settings) as (service, process, origin):
        assert await line(process) == "webhook 200"
        assert await line(process) == "in force Sturm"
        assert await line(process) == f"listening {origin.rpartition(':')[2]}"
        tested = await service.request("POST", "/v1/instance/webhook/test", key=INSTANCE_KEY)
        assert (tested.json["status"], tested.json["meaning"]) == (204, "accepted")
        assert await line(process) == f"test {tested.json['notice']['headline']}"
        client = client_for(origin)
        verification = ReceiverVerification(lambda clock: App(client, now=clock), boundaries, utc_now)
        found = await verification.run(Tried(f"{origin}/warnings", SECRET, [DUEREN], "de"))
        assert [one for one in found if one.verdict is not AnswerVerdict.PASSED] == []
        assert (await ask(origin, "PUT", "/installations/short", {}))[0] == 404


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_enrols_people_whose_phones_never_have_its_key(
    language: str, tmp_path: Path, settings: Settings
) -> None:
    async with backend(language, tmp_path, settings) as (service, process, origin):
        while not (await line(process)).startswith("listening"):
            pass
        path = f"/installations/{'i' * 22}"
        endpoint = {
            "channel": "webpush",
            "address": "https://updates.push.services.mozilla.com/x",
            "keys": KEYS,
        }
        wish = {"endpoints": [endpoint], "places": [DUEREN], "languages": ["de"]}
        status, found = await ask(origin, "PUT", path, wish)
        assert (status, found["active"], found["endpoints"][0]["state"]) == (200, False, "waiting")
        await expect_code(service.parts.health.pool, "right")
        assert (await ask(origin, "POST", f"{path}/proof", {"code": "wrong"}))[0] == 422
        assert (await ask(origin, "POST", f"{path}/proof", {"code": "right"}))[0] == 204
        assert (await ask(origin, "PUT", path, wish))[1]["active"] is True
        assert (await ask(origin, "PUT", path, {"endpoints": 1}))[0] == 422
        assert (await ask(origin, "DELETE", path))[0] == 204
        assert await service.parts.health.pool.fetchval("SELECT count(*) FROM subscriber") == 0


def test_it_takes_the_names_of_installations_that_the_service_takes() -> None:
    pattern = str(INSTALLATION.metadata[0].pattern).strip("^$")
    assert PAGE.count(f"({pattern})") == 2
    assert "16 to 128 letters" in PAGE
