"""A maker proves the app's side from the command line."""

import asyncio
import json
import os
import socket
import sys
from asyncio.subprocess import PIPE
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from dispatcher.apps.verification import CAP_CHECKS, NOTICE_CHECKS
from tests.channels.far_side import FarSide, Seen, answer, far_side, respond
from tests.support import documents
from tests.support.messages import DUEREN
from tests.support.nginx import free_port

SECRET = "whsec_" + b64encode(b"g" * 32).decode()


async def as_it_should_be(seen: Seen, writer: Any) -> None:
    try:
        Webhook(SECRET).verify(seen.body, seen.headers)
    except WebhookVerificationError:
        writer.write(respond(401))
    else:
        writer.write(respond(204))
    await writer.drain()


@pytest.fixture
async def side(surroundings: Any) -> AsyncIterator[FarSide]:
    async with far_side() as side:
        surroundings.setenv("WARN_ALLOWED_ORIGINS", f"callback={side.origin}")
        side.react = as_it_should_be
        yield side


async def test_a_right_receiver_passes_in_both_languages(run: Any, side: FarSide, surroundings: Any) -> None:
    surroundings.setenv("WEBHOOK_SECRET", SECRET)
    url = f"{side.origin}/warnings"
    german = await run("instance", "verify", url, "--place", DUEREN)
    assert german.exit_code == 0, german.output
    assert german.stdout.splitlines()[-1] == "11 von 11 bestanden."
    english = await run("instance", "verify", url, "--language", "en")
    lines = english.stdout.splitlines()
    assert lines[0].split() == ["check", "expected", "answer", "seconds", "result"]
    assert (len(lines), lines[-1]) == (len(NOTICE_CHECKS) + 2, "11 of 11 passed.")
    assert SECRET not in german.output + english.output


async def test_a_receiver_that_takes_what_is_forged_is_an_exit_code(run: Any, side: FarSide) -> None:
    side.react = answer(204)
    done = await run(
        "instance", "verify", f"{side.origin}/w", "--secret-stdin", "--json", input=f"{SECRET}\n"
    )
    assert done.exit_code == 1
    lines = {line["check"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert lines["wrong_secret"] | {"seconds": 0} == {
        "check": "wrong_secret",
        "expected": "refused",
        "verdict": "not_refused",
        "status": 204,
        "error": None,
        "seconds": 0,
    }
    assert lines["notice"]["verdict"] == "passed"


@pytest.mark.parametrize(
    ("arguments", "secret", "why"),
    [
        (("https://app.example/w",), "", "WEBHOOK_SECRET"),
        (("http://app.example/w",), SECRET, "https://"),
        (("https://10.0.0.1/w",), SECRET, "öffentlichen Internet"),
        (("https://app.example/w",), "whsec_short", "whsec_"),
        (("https://app.example/w", "--place", "99999999"), SECRET, "99999999"),
    ],
)
async def test_what_cannot_be_tried_is_a_wrong_call(
    run: Any, side: FarSide, surroundings: Any, arguments: Any, secret: str, why: str
) -> None:
    surroundings.setenv("WEBHOOK_SECRET", secret)
    done = await run("instance", "verify", *arguments)
    assert (done.exit_code, done.stdout, why in done.output) == (2, "", True), done.output
    assert side.seen == []


@asynccontextmanager
async def cap_receiver(folder: Path, certificates_port: int) -> AsyncIterator[str]:
    """The receiver of the documents. Its origin."""
    [program] = documents.blocks(documents.page("cap-receivers.md"), "python")
    file = folder / "receiver.py"
    file.write_text(program)
    environment = {
        **os.environ,
        "WEBHOOK_SECRET": SECRET,
        "PORT": "0",
        "WARN": f"http://127.0.0.1:{certificates_port}",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, str(file), env=environment, stdout=PIPE)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{(await process.stdout.readline()).decode().split()[1]}"
    finally:
        process.kill()
        await process.wait()


@pytest.mark.processes
async def test_the_documents_receiver_of_cap_passes_all_that_one_is_tried_by(
    run: Any, surroundings: Any, tmp_path: Path
) -> None:
    surroundings.setenv("WEBHOOK_SECRET", SECRET)
    port = free_port()
    async with cap_receiver(tmp_path, port) as origin:
        surroundings.setenv("WARN_ALLOWED_ORIGINS", f"callback={origin}")
        arguments = ("instance", "verify", f"{origin}/cap", "--form", "cap", "--certificates-port", str(port))
        done = await run(*arguments, "--json")
    lines = {line["check"]: line["verdict"] for line in map(json.loads, done.stdout.splitlines())}
    assert (done.exit_code, lines) == (0, dict.fromkeys(CAP_CHECKS, "passed")), done.output


async def test_a_port_that_is_taken_is_a_wrong_call(run: Any, side: FarSide, surroundings: Any) -> None:
    surroundings.setenv("WEBHOOK_SECRET", SECRET)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        url = f"{side.origin}/cap"
        done = await run("instance", "verify", url, "--form", "cap", "--certificates-port", port)
    assert (done.exit_code, port in done.output, side.seen) == (2, True, []), done.output
