"""The receivers that the page for makers of apps shows, run as they stand there against the service."""

import asyncio
import json
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
from channels.clock import utc_now
from dispatcher.apps.verification import NOTICE_CHECKS, AnswerVerdict, ReceiverVerification, Tried
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.settings import Settings
from tests.api.conftest import INSTANCE_KEY, introduce, serving
from tests.channels.app.test_channel import collect, notice
from tests.support import documents
from tests.support.browser import BROWSER
from tests.support.messages import DUEREN

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
async def test_it_passes_all_that_a_receiver_is_tried_by(
    language: str, tmp_path: Path, client_for: Any, boundaries: Boundaries
) -> None:
    async with receiver(language, tmp_path) as (_, origin):
        client = client_for(origin)
        verification = ReceiverVerification(lambda clock: App(client, now=clock), boundaries, utc_now)
        found = await verification.run(Tried(f"{origin}/warnings", SECRET, [DUEREN], "de"))
        assert [one for one in found if one.verdict is not AnswerVerdict.PASSED] == []
        assert {one.check for one in found} == set(NOTICE_CHECKS)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_repeat_and_what_was_overtaken_are_accepted_and_do_nothing(
    language: str, tmp_path: Path, client_for: Any
) -> None:
    async with receiver(language, tmp_path) as (process, origin):
        now = datetime.now(UTC)
        channel = App(client_for(origin), now=lambda: now)
        body = b'{"v":1,"alert":"A","chain":"C","sequence":5,"kind":"alert","headline":"once"}'
        older = body.replace(b'"sequence":5', b'"sequence":4')
        end = body.replace(b'"kind":"alert"', b'"kind":"cancel"').replace(b"once", b"over")
        sent = [(7, body), (7, body), (8, body), (9, older), (10, end), (11, body)]
        for number, document in sent:
            endpoint = Endpoint(number, f"{origin}/w", {"secret": SECRET})
            (receipt,) = await collect(channel, notice(document, now), [endpoint])
            assert receipt.accepted
        lines = [await line(process) for _ in range(3)]
        assert lines == ["warning A once", "warning A once", "end A over"], "what is older is not shown"
        other = end.replace(b'"chain":"C"', b'"chain":"D","also_replaces":{"C":4,"E":5}')
        late = body.replace(b'"chain":"C"', b'"chain":"E"')
        for number, document in [(12, other), (13, late)]:
            endpoint = Endpoint(number, f"{origin}/w", {"secret": SECRET})
            (receipt,) = await collect(channel, notice(document, now), [endpoint])
            assert receipt.accepted
        lines = [await line(process) for _ in range(2)]
        assert lines == ["end A over", "close E"], (
            "what is newer in another chain goes on; what comes late is dropped"
        )
        process.kill()
        await process.wait()
        assert process.stdout is not None
        assert await process.stdout.read() == b""


PUSHES = """
const pushes = JSON.parse(process.env.PUSHES);
await Promise.all(pushes.map(push));
const [one] = shown.values();
await click(one);
console.log(JSON.stringify({ shown: [...shown.values()], opened, active: JSON.parse(process.env.IN_FORCE)
  .map(([ags, inForce]) => activeAt(ags, inForce)) }));
"""


async def test_the_service_worker_shows_the_newest_of_pushes_that_overtake_each_other(tmp_path: Path) -> None:
    """Its handlers run at the same time, over a cache that answers at random."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    worker, active = (
        one for one in documents.blocks(PAGE, "js") if one.startswith("// sw.js") or "activeAt" in one
    )
    (tmp_path / "sw.mjs").write_text(f"{BROWSER}\n{worker}\n{active}\n{PUSHES}")

    def push(sequence: int, kind: str, title: str, chain: str = "C", **more: Any) -> dict[str, Any]:
        shown = {"title": title, "body": "x", "lang": "de", "tag": chain, "silent": False}
        link = {"navigate": "https://warnung.example/#A"}
        return {"chain": chain, "sequence": sequence, "kind": kind, "notification": shown | link, **more}

    pushes = [
        push(1, "alert", "N", "N"),
        push(9, "alert", "newer", "O"),
        push(3, "update", "2", also_replaces={"N": 2, "O": 8, "P": 2}),
        push(2, "alert", "late", "P"),
        push(1, "alert", "1"),
        push(4, "cancel", "over"),
        push(4, "update", "3"),
    ]
    groups = [{"active": 2, "severity": "Severe", "municipalities": ["1"]}]
    in_force = [
        ("1", {"active": 1}),
        ("1", {"active": None, "places": groups}),
        ("2", {"active": None, "places": groups}),
        ("1", {"active": 0}),
    ]
    process = await asyncio.create_subprocess_exec(
        node,
        str(tmp_path / "sw.mjs"),
        env={**os.environ, "PUSHES": json.dumps(pushes), "IN_FORCE": json.dumps(in_force)},
        stdout=PIPE,
    )
    said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    found = json.loads(said)
    assert [one["title"] for one in found["shown"]] == ["newer", "over"]
    assert found["opened"] == ["https://warnung.example/#A"]
    assert found["active"] == [1, 2, None, 0]
