"""One running service, with what programs of others find of it; and these programs, in an environment of their own."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from dispatcher.model.principals import Source
from dispatcher.store.record import connect
from dispatcher.store.sources import Sources
from tests.described.environments import NotInstalledError, made_of, or_skip
from tests.support import sealed
from tests.support.messages import SENDER, Message
from tests.support.nginx import Nginx, free_port, nginx

HERE = Path(__file__).parent
KEY = f"wk_leitstelle_{'s' * 43}"
PEPPER = "pepper of the tests"
NAME = "warnung.bund.de"
REGIONS = ("053580000000", "053340000000", "053580008008", "110000000000")
"""Followed by the clients: ours, the neighbour's, a municipality, and Berlin."""
PATIENCE_S = 180.0
"""What starts, or a package that is fetched, takes seconds; on a busy machine a minute and more."""
LOOK_EVERY_S = 0.02
NEWER_PYTHON = "3.13.2"
"""What pynina says it needs at least. It runs unchanged with 3.11 as well."""


@dataclass
class RunningService:
    """An API process over a record of its own, and nginx before it for TLS."""

    url: str
    tls_port: int
    nginx: Nginx

    def get(self, path: str) -> Any:
        """What a path says, as JSON."""
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE_S) as answer:
            return json.load(answer)

    def submit(self, message: Message) -> str:
        """Submit as the control centre; the alert's id."""
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/cap+xml"}
        asked = urllib.request.Request(f"{self.url}/v1/alerts", message.xml(), headers)
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
            found: str = json.load(answer)["alert"]["id"]
            return found

    def listed(self) -> list[str]:
        """The ids of all that is in force."""
        return [one["alert"] for one in self.get("/v1/public/alerts")["alerts"] or ()]

    def until(self, is_so: Callable[[list[str]], bool]) -> None:
        """Wait until what is in force is so."""
        give_up = time.monotonic() + PATIENCE_S
        while not is_so(listed := self.listed()):
            assert time.monotonic() < give_up, listed
            time.sleep(LOOK_EVERY_S)


@dataclass
class Clients:
    """The programs of others, in their process."""

    process: subprocess.Popen[str]

    def look(self) -> Any:
        """What each of them shows now."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"they ended with status {self.process.wait(PATIENCE_S)}"
        return json.loads(line)


@pytest.fixture(scope="module")
def running() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def wheel(
    processes: None, running: ExitStack, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Path]:
    """Begins to fetch the wheel of Home Assistant, and waits for it when called: it is large, of which three files are
    read, and nothing is installed.
    """
    folder = tmp_path_factory.mktemp("home-assistant")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--ignore-requires-python"]
    command += [
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--requirement",
        str(HERE / "homeassistant.lock"),
    ]
    process = running.enter_context(
        subprocess.Popen([*command, "--dest", str(folder)], stderr=subprocess.PIPE, text=True)
    )
    running.callback(process.kill)

    def fetched() -> Path:
        _, said = process.communicate(timeout=PATIENCE_S)
        if process.returncode:
            or_skip(NotInstalledError(said))
        [file] = folder.glob("*.whl")
        return file

    return fetched


@pytest.fixture(scope="module")
def environment(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python that has the clients, unmodified."""
    uv = str(Path(sys.executable).with_name("uv"))
    into = ["--quiet", "--python", "{folder}/bin/python", "--require-hashes"]
    newer = ["--no-deps", "--python-version", NEWER_PYTHON, "--requirement", str(HERE / "pynina.lock")]
    try:
        folder = made_of(
            HERE / "clients.lock",
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, "{folder}"],
            [uv, "pip", "sync", *into, str(HERE / "clients.lock")],
            [uv, "pip", "install", *into, *newer],
            below=tmp_path_factory.mktemp("clients"),
        )
    except NotInstalledError as missing:
        or_skip(missing)
        raise
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def record(postgres_url: str, template_database: str, execute: Callable[[str], None]) -> Iterator[str]:
    """A record for all tests of a module."""
    execute(f"CREATE DATABASE read_by_clients TEMPLATE {template_database}")
    yield urlsplit(postgres_url)._replace(path="/read_by_clients").geturl()
    execute("DROP DATABASE read_by_clients WITH (FORCE)")


@pytest.fixture(scope="module")
def service(
    wheel: object,
    record: str,
    valkey_url: str,
    authority: trustme.CA,
    running: ExitStack,
    tmp_path_factory: pytest.TempPathFactory,
) -> RunningService:
    home = tmp_path_factory.mktemp("service")
    asyncio.run(_introduce(record))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WARN_", "PG"))}
    environment |= {"DATABASE_URL": record, "REDIS_URL": valkey_url, "WARN_DATA_DIR": str(home)}
    environment |= {"WARN_API_PORT": "0", "WARN_KEY_PEPPER": PEPPER, "WARN_ADDRESS_KEYS": sealed.setting()}
    with (home / "log").open("wb") as log:
        process = running.enter_context(
            subprocess.Popen([sys.executable, "-m", "dispatcher", "api"], env=environment, stderr=log)
        )
    running.callback(process.terminate)
    url = _url(home, process)
    port, certificate = free_port(), home / "certificate.pem"
    authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(certificate)
    servers = f"""server {{
      listen 127.0.0.1:{port} ssl; server_name {NAME};
      ssl_certificate {certificate}; ssl_certificate_key {certificate};
      location / {{ proxy_pass {url}; }} }}"""
    return RunningService(url, port, running.enter_context(nginx(home / "nginx", servers, port)))


@pytest.fixture(scope="module")
def clients(
    wheel: Callable[[], Path],
    environment: Path,
    service: RunningService,
    authority: trustme.CA,
    running: ExitStack,
    tmp_path_factory: pytest.TempPathFactory,
) -> Clients:
    trusted = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    command = [str(environment), str(HERE / "programs" / "clients.py"), "--authority", str(trusted)]
    command += ["--port", str(service.tls_port), "--service", service.url, "--regions", ",".join(REGIONS)]
    command += ["--wheel", str(wheel()), "--feed", f"{service.url}/v1/districts/05358/alerts.atom"]
    process = running.enter_context(
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    )
    running.callback(process.kill)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return Clients(process)


async def _introduce(record: str) -> None:
    pool = await connect(record, size=1)
    try:
        sources = Sources(pool, PEPPER.encode())
        await sources.put(Source("leitstelle", "Leitstelle", frozenset({SENDER}), ("05358", "05334")))
        await sources.add_key("leitstelle", KEY)
    finally:
        await pool.close()


def _url(home: Path, process: subprocess.Popen[bytes]) -> str:
    """Where the process listens, once it knows what is in force."""
    file, give_up = home / "api" / "api.json", time.monotonic() + PATIENCE_S
    while True:
        assert process.poll() is None, (home / "log").read_text()
        assert time.monotonic() < give_up
        if file.exists():
            url = str(json.loads(file.read_bytes())["url"])
            try:
                urllib.request.urlopen(f"{url}/v1/public/alerts", timeout=PATIENCE_S).close()
            except urllib.error.URLError:
                pass
            else:
                return url
        time.sleep(LOOK_EVERY_S)
