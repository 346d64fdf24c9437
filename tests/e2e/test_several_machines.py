"""The page on several machines does what it says: its commands are run, on two machines that share what it says."""

import asyncio
import json
import os
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dispatcher.access.fingerprints import SecretName
from dispatcher.runtime.secrets.files import fingerprint
from tests.channels.far_side import answer, far_side
from tests.support import documents
from tests.support.messages import DUEREN

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

DIRECTORY = "/var/lib/dispatcher"
PATIENCE_S = 120.0
PAGE = "several-machines.md"
SSH = """#!/bin/sh
test "$1" = machine-2 || exit 255
shift
exec "$@"
"""
"""Runs a command of the other machine here: its directory is another one already."""


class Machine:
    """A data directory and an environment of its own."""

    def __init__(self, number: int, home: Path, shared: dict[str, str]) -> None:
        self.home = home / f"machine-{number}"
        self.home.mkdir()
        programs = os.pathsep.join([str(home / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
        own = {"WARN_DATA_DIR": str(self.home), "WARN_API_PORT": "0", "PATH": programs}
        self.environment = {**os.environ, **shared, **own}
        self.environment.pop("WARN_ADDRESS_KEYS", None)

    def run(self, command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a line of the page, or another one."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env={**self.environment, **more},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def start(self, command: str, log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as out:
            return subprocess.Popen(
                ["bash", "-c", f"exec {command}"], env=self.environment, cwd=self.home, stderr=out
            )

    def url(self, process: subprocess.Popen[bytes]) -> str:
        """Where its API listens, once it does."""
        file, until = self.home / "api" / "api.json", time.monotonic() + PATIENCE_S
        while not file.exists():
            assert process.poll() is None, "it ended instead"
            assert time.monotonic() < until
            time.sleep(0.05)
        return str(json.loads(file.read_bytes())["url"])


def lines(info: str, at: int = 0) -> list[str]:
    return documents.blocks(documents.page(PAGE), info)[at].splitlines()


@pytest.fixture
def machines(tmp_path: Path, database_url: str, redis_url: str) -> tuple[Machine, Machine]:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").write_text(SSH)
    (tmp_path / "bin" / "ssh").chmod(0o755)
    shared = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    return Machine(1, tmp_path, shared), Machine(2, tmp_path, shared)


@pytest.fixture
def running() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def keep_running(machine: Machine, command: str, stack: ExitStack) -> subprocess.Popen[bytes]:
    process = machine.start(command, machine.home / f"{command.rsplit(maxsplit=1)[-1]}.log")
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def subscription(origin: str) -> str:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": urlsafe_b64encode(public).decode(), "auth": urlsafe_b64encode(bytes(16)).decode()}
    return json.dumps({"channel": "webpush", "address": f"{origin}/push/1", "keys": keys, "places": [DUEREN]})


async def test_a_second_machine_works_with_the_secrets_of_the_first_and_not_without(
    machines: tuple[Machine, Machine], running: ExitStack
) -> None:
    first, second = machines
    for line in lines("sh machine-1"):
        done = await asyncio.to_thread(first.run, line)
        assert done.returncode == 0, (line, done.stderr)
    key = (first.home / "leitstelle.key").read_text().strip()

    for line in lines("sh machine-2 stays"):
        done = await asyncio.to_thread(second.run, line)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"copy keys/{'pepper' if line.endswith('api') else 'vapid.pem'} from a machine" in done.stderr
    assert list(second.home.iterdir()) == [], "nothing was made"

    [copy] = lines("sh machine-1", 1)
    sending, receiving = copy.split(" | ")
    copied = (
        f"{sending.replace(DIRECTORY, str(first.home))} | {receiving.replace(DIRECTORY, str(second.home))}"
    )
    assert (await asyncio.to_thread(first.run, copied)).returncode == 0
    [show] = lines("sh machine-2")
    shown = await asyncio.to_thread(second.run, show)
    assert (shown.returncode, [line.split()[1] for line in shown.stdout.splitlines()[1:]]) == (
        0,
        ["same"] * 3,
    )

    async with far_side(answer(201)) as push:
        second.environment["WARN_ALLOWED_ORIGINS"] = f"push={push.origin}"
        api, worker = (keep_running(second, line, running) for line in lines("sh machine-2 stays"))
        url = await asyncio.to_thread(second.url, api)
        (second.home / "subscriptions.jsonl").write_text(subscription(push.origin) + "\n")
        for command in (
            "dispatcher subscriptions import subscriptions.jsonl --legal-basis consent",
            "dispatcher example > alert.xml",
            "dispatcher submit alert.xml --follow",
        ):
            done = await asyncio.to_thread(second.run, command, WARN_API_KEY=key, WARN_URL=url)
            assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert worker.poll() is None
        [sent] = push.seen
    public = fingerprint(SecretName.VAPID, (first.home / "keys" / "vapid.pem").read_bytes())
    assert sent.headers["authorization"].endswith(f", k={public}")
