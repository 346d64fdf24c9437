"""A service with every kind of principal, and tools that know only its description."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from channels.sms.settings import SmsGatewaySettings
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.principals import RemoteOperator
from dispatcher.runtime.secrets.shared import agreed_secret
from dispatcher.settings import Settings
from dispatcher.store.parties import Parties
from tests.api.conftest import EXERCISE_KEY, INSTANCE_KEY, KEY, SECRET, Service, introduce, serving
from tests.described.environments import NotInstalledError, node_packages, or_skip, python_tool
from tests.support.submissions import warning

HERE = Path(__file__).parent
FEED_KEY = f"wk_mowas-1_{SECRET}"
OPERATOR_KEY = f"wo_anna_{SECRET}"
GATEWAY_SECRET = "geheimnis-des-gateways"
PATIENCE_S = 240.0
"""How long a tool may take on a busy machine; on one that is not it takes some seconds."""
FEEDS = """
[[feed]]
name = "mowas"
adapter = "push"
attribution = "Quelle: BBK / MoWaS"
licence = "mit Erlaubnis"
"""
KEYS = {
    "SOURCE_KEY": KEY,
    "EXERCISE_KEY": EXERCISE_KEY,
    "INSTANCE_KEY": INSTANCE_KEY,
    "FEED_KEY": FEED_KEY,
    "OPERATOR_KEY": OPERATOR_KEY,
    "GATEWAY_SECRET": GATEWAY_SECRET,
}


@dataclass(frozen=True)
class Done:
    """A tool that ended: its exit status, and all that it wrote."""

    status: int
    output: str

    def succeeded(self) -> None:
        """Fail with all that it wrote unless it ended well."""
        if self.status:
            pytest.fail(f"exit status {self.status}\n{self.output}", pytrace=False)


@pytest.fixture
async def service(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    """The real service over HTTP, on a record of its own."""
    file = tmp_path / "feeds.toml"
    file.write_text(FEEDS, "utf-8")
    gateway = SmsGatewaySettings(
        name="provider",
        url="https://sms.example/messages",
        reports={"secret": GATEWAY_SECRET, "error": "error"},
        inbound={"secret": GATEWAY_SECRET},
    )
    settings = Settings(
        database_url=database_url,
        redis_url=redis_url,
        data_dir=tmp_path,
        key_pepper="pepper of the tests",
        feeds=file,
        sms_gateways=(gateway,),
    )
    async with serving(settings) as running:
        await introduce(running.parts)
        await agreed_secret(running.parts.health.pool, SecretName.VAPID, settings)  # as the first worker does
        await running.parts.sources.add_key("feed-mowas", FEED_KEY)
        anna = RemoteOperator("anna", "Anna")
        await Parties(running.parts.health.pool).add(
            anna, OPERATOR_KEY, b"pepper of the tests", UNNAMED_OPERATOR
        )
        yield running


@pytest.fixture
def pool(service: Service) -> Any:
    return service.parts.health.pool


@pytest.fixture
async def description(service: Service, tmp_path: Path) -> Path:
    """The file that a client maker fetches."""
    file = tmp_path / "openapi.json"
    file.write_bytes((await service.get("/v1/openapi.json", key="")).body)
    return file


@pytest.fixture
def run(service: Service, processes: Any) -> Callable[..., Any]:
    """Runs a program that may know the service's address and one key of each kind."""

    async def run(*command: Any, cwd: Path, limit_s: float = PATIENCE_S, **more: str) -> Done:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            cwd=cwd,
            env=os.environ | KEYS | {"SERVICE": service.url} | more,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), limit_s)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        return Done(process.returncode or 0, output.decode("utf-8", "replace"))

    return run


def _tool(find: Callable[[], Path]) -> Path:
    try:
        return find()
    except NotInstalledError as missing:
        or_skip(missing)
        raise


@pytest.fixture(scope="session")
def schemathesis(processes: Any) -> Path:
    """Its programs."""
    return _tool(lambda: python_tool("schemathesis"))


@pytest.fixture(scope="session")
def python_generator(processes: Any) -> Path:
    """The programs of `openapi-python-client`."""
    return _tool(lambda: python_tool("openapi-python-client"))


@pytest.fixture(scope="session")
def node_room(processes: Any) -> Path:
    """The folder with `openapi-typescript`, `openapi-fetch` and `tsc`."""
    return _tool(lambda: node_packages(HERE / "typescript"))


def paths_of(description: Path) -> dict[str, Any]:
    """Return the paths of a description."""
    paths: dict[str, Any] = json.loads(description.read_text("utf-8"))["paths"]
    return paths


def operation_ids(description: Path) -> set[str]:
    """Return the names of all operations of a description."""
    return {one["operationId"] for item in paths_of(description).values() for one in item.values()}


def messages(folder: Path) -> list[Path]:
    """Write a message, its Cancel, and one that nobody can read."""
    one = warning()
    files = {
        "message.xml": one.xml(),
        "cancel.xml": one.later("ende", "Cancel").xml(),
        "broken.xml": b"<alert",
    }
    for name, body in files.items():
        (folder / name).write_bytes(body)
    return [folder / name for name in files]
