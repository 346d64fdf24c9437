"""API and workers are replaced one after the other while a warning goes to thousands, as the page on upgrading says:
nobody is left out, and nobody is told twice.

By default both versions are this one. `OLD_CHECKOUT=../before make test ARGS=tests/e2e/test_rolling_restart.py` takes
another checkout for the old one: it makes the record, this one brings that to its schema under the old processes, and
takes their place.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.channels.far_side import FarSide, Seen, answer, far_side
from tests.support.messages import DUEREN

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

THIS = Path(__file__).parents[2]
OLD = Path(os.environ.get("OLD_CHECKOUT", THIS)).resolve()
PEOPLE = 2000
PATIENCE_S = 120.0
PACE_S, SLOW_S = 0.02, 1.0
"""How long the push service takes for an answer, and while processes are replaced: 40 of two workers' sends are in
flight, so that some 40 people a second are told then, and the sending outlasts it on any machine.
"""
SETTINGS = {"WARN_SLICE_SIZE": "10", "WARN_JOBS_PER_LANE": "2", "WARN_API_PORT": "0", "WARN_LOG_JSON": "true"}


class Version:
    """A checkout with a data directory of its own."""

    def __init__(self, checkout: Path, home: Path, shared: dict[str, str]) -> None:
        self.home = home
        self.home.mkdir()
        self.checkout = checkout
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        own = {"WARN_DATA_DIR": str(home), "PYTHONPATH": str(checkout), "PATH": programs, **SETTINGS}
        self.environment = {**os.environ, **shared, **own}
        self.environment.pop("WARN_ADDRESS_KEYS", None)

    def run(self, *arguments: str, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "dispatcher", *arguments],
            env={**self.environment, **more},
            cwd=self.checkout,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def start(self, name: str, kind: str, sign: str, stack: ExitStack) -> subprocess.Popen[bytes]:
        """Start a process and wait until its log says that it works."""
        log = self.home / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "dispatcher", kind],
                env={**self.environment, "WARN_PROCESS_NAME": name},
                cwd=self.checkout,
                stderr=out,
            )
        stack.callback(process.wait)
        stack.callback(process.kill)
        until = time.monotonic() + PATIENCE_S
        while sign not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        return process

    def url(self) -> str:
        return str(json.loads((self.home / "api" / "api.json").read_bytes())["url"])


def subscriptions(origin: str) -> str:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": urlsafe_b64encode(public).decode(), "auth": urlsafe_b64encode(bytes(16)).decode()}
    lines = (
        {"channel": "webpush", "address": f"{origin}/push/{n}", "keys": keys, "places": [DUEREN]}
        for n in range(PEOPLE)
    )
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0


def ledger(url: str, key: str, alert: str) -> list[dict[str, object]]:
    """What the service says became of each recipient."""
    request = urllib.request.Request(
        f"{url}/v1/alerts/{alert}/ledger", headers={"Authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        return [json.loads(line) for line in response.read().splitlines()]


class Pushes:
    """What arrived at the push service, which answers at a pace that can be set."""

    def __init__(self) -> None:
        self.after_s = PACE_S
        self.side: FarSide | None = None

    async def react(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.after_s)
        await answer(201)(seen, writer)

    @property
    def times(self) -> Counter[str]:
        assert self.side
        return Counter(one.target for one in self.side.seen)


@pytest.fixture
def running() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


async def test_processes_are_replaced_in_mid_send_and_each_is_told_once(
    tmp_path: Path, empty_database: str, redis_url: str, running: ExitStack
) -> None:
    pushes, thread = Pushes(), asyncio.to_thread
    async with far_side(pushes.react) as push:
        pushes.side = push
        shared = {
            "DATABASE_URL": empty_database,
            "REDIS_URL": redis_url,
            "WARN_ALLOWED_ORIGINS": f"push={push.origin}",
        }
        old, new = Version(OLD, tmp_path / "old", shared), Version(THIS, tmp_path / "new", shared)
        await thread(old.run, "migrate")
        await thread(old.run, "secrets", "init")
        added = (
            "source",
            "add",
            "leitstelle",
            "--sender",
            "leitstelle@kreis-dueren.example",
            "--territory",
            "05358",
        )
        key = (await thread(old.run, *added)).strip()
        (tmp_path / "people.jsonl").write_text(subscriptions(push.origin))
        await thread(
            old.run, "subscriptions", "import", str(tmp_path / "people.jsonl"), "--legal-basis", "consent"
        )
        shutil.copytree(old.home / "keys", new.home / "keys")
        (tmp_path / "alert.xml").write_text(await thread(new.run, "example"))
        processes = [
            (name, kind, sign, await thread(old.start, name, kind, sign, running))
            for name, kind, sign in (
                ("worker-1", "worker", "worker_serving"),
                ("worker-2", "worker", "worker_serving"),
                ("api", "api", "api_serving"),
            )
        ]

        await thread(new.run, "migrate")
        pushes.after_s = SLOW_S
        caller = {"WARN_API_KEY": key, "WARN_URL": old.url()}
        alert = (await thread(old.run, "submit", str(tmp_path / "alert.xml"), **caller)).split()[0]
        for name, kind, sign, process in processes:
            await asyncio.wait_for(push.arrived.wait(), PATIENCE_S)
            told = len(push.seen)
            assert told < PEOPLE, f"{name} is replaced in mid-send"
            await thread(end, process)
            await thread(new.start, name, kind, sign, running)
        pushes.after_s = PACE_S
        caller["WARN_URL"] = new.url()
        await thread(new.run, "status", alert, "--follow", **caller)
        again = (await thread(new.run, "submit", str(tmp_path / "alert.xml"), **caller)).split()[0]
        lines = await thread(ledger, new.url(), key, alert)

    assert again == alert, "what one has accepted the other knows"
    assert set(pushes.times) == {f"/push/{n}" for n in range(PEOPLE)}, "nobody is left out"
    assert Counter(pushes.times.values()) == {1: PEOPLE}, "each is told once"
    assert Counter((line["state"], line["uncertain"]) for line in lines) == {("accepted", False): PEOPLE}
