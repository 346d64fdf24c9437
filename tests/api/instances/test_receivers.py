"""The receivers that the page for makers of apps shows, run as they stand there against the service."""

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.app.channel import App
from channels.base import Endpoint
from dispatcher.settings import Settings
from tests.api.conftest import INSTANCE_KEY, introduce, serving
from tests.channels.app.test_channel import collect, notice
from tests.support import documents

SECRET, OTHER = ("whsec_" + b64encode(letter * 32).decode() for letter in (b"g", b"o"))
PAGE = documents.page("apps.md")
LANGUAGES = ("python", "js")
PATIENCE_S = 20

pytestmark = pytest.mark.processes


@asynccontextmanager
async def receiver(language: str, tmp_path: Path) -> AsyncIterator[tuple[Process, str]]:
    """The receiver of the page in this language, and its origin."""
    program = documents.blocks(PAGE, language)[0]
    file = tmp_path / f"receiver.{'py' if language == 'python' else 'mjs'}"
    file.write_text(program)
    interpreter = sys.executable if language == "python" else shutil.which("node")
    if interpreter is None:
        pytest.skip("there is no node")
    process = await asyncio.create_subprocess_exec(
        interpreter, str(file), env={**os.environ, "WEBHOOK_SECRET": SECRET, "PORT": "0"}, stdout=PIPE
    )
    try:
        yield process, f"http://127.0.0.1:{(await line(process)).split()[1]}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def line(process: Process) -> str:
    """What the receiver says next."""
    assert process.stdout is not None
    said = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
    return said.decode().strip()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_test_notice_is_verified_and_a_wrong_secret_is_noticed(
    settings: Settings, language: str, tmp_path: Path
) -> None:
    async with receiver(language, tmp_path) as (process, origin):
        allowed = settings.model_copy(update={"allowed_origins": frozenset({f"callback={origin}"})})
        async with serving(allowed) as service:
            await introduce(service.parts)

            async def ask(method: str, path: str, body: str = "") -> Any:
                path = f"/v1/instance/webhook{path}"
                await service.parts.health.pool.execute("UPDATE webhook SET tested_at = NULL")
                return (await service.request(method, path, body.encode(), key=INSTANCE_KEY)).json

            await ask("PUT", "", f'{{"url": "{origin}/warnings", "secret": "{SECRET}"}}')
            tested = await ask("POST", "/test")
            assert (tested["status"], tested["meaning"]) == (204, "accepted")
            assert await line(process) == f"test {tested['notice']['alert']} {tested['notice']['headline']}"
            await ask("POST", "/rotate", f'{{"secret": "{OTHER}"}}')
            assert (await ask("POST", "/test"))["meaning"] == "accepted", "both sign"
            await ask("PUT", "", f'{{"url": "{origin}/warnings", "secret": "{SECRET}"}}')
            await ask("PUT", "", f'{{"url": "{origin}/warnings", "secret": "{OTHER}"}}')
            refused = await ask("POST", "/test")
            assert (refused["status"], refused["meaning"]) == (401, "retried")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_repeat_is_accepted_and_does_nothing(language: str, tmp_path: Path, client_for: Any) -> None:
    async with receiver(language, tmp_path) as (process, origin):
        now = datetime.now(UTC)
        channel = App(client_for(origin), now=lambda: now)
        body = b'{"v":1,"alert":"A","headline":"once"}'
        for number in (7, 7, 8):
            endpoint = Endpoint(number, f"{origin}/w", {"secret": SECRET})
            (receipt,) = await collect(channel, notice(body, now), [endpoint])
            assert receipt.accepted
        assert [await line(process), await line(process)] == ["warning A once"] * 2
        process.kill()
        await process.wait()
        assert process.stdout is not None
        assert await process.stdout.read() == b""
