"""The command line, in this process and as processes of its own."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dispatcher.__main__ import app
from ops.lab.faults.feeds.server import FeedServer
from tests.support.command_server import CommandServer
from tests.support.feed_world import BOARD

PEPPER = "pepper of the tests"


@pytest.fixture
def surroundings(env: pytest.MonkeyPatch, database_url: str, redis_url: str, tmp_path: Path) -> Any:
    """The environment of an installation; also this process's."""
    names = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "WARN_DATA_DIR": str(tmp_path / "var"),
        "WARN_KEY_PEPPER": PEPPER,
    }
    for name, value in names.items():
        env.setenv(name, value)
    return env


@pytest.fixture
def run(surroundings: Any) -> Any:
    """Runs a command here, in a thread: commands bring their own event loop."""

    async def run(*arguments: Any, **options: Any) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, app, [str(part) for part in arguments], **options)

    return run


@pytest.fixture
def dispatcher(surroundings: Any, commands: CommandServer) -> Any:
    """Runs a command as a process."""

    async def run(*arguments: Any, **more: Any) -> Any:
        return await asyncio.to_thread(commands.run, *map(str, arguments), environment={**os.environ, **more})

    return run


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def run_with_feeds(
    surroundings: pytest.MonkeyPatch, tmp_path: Path, server: FeedServer
) -> Callable[..., Awaitable[list[str]]]:
    """Runs a command of an installation with three feeds: the lines that it prints, or the test fails."""
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(
        f"""
        [[feed]]
        name = "dwd"
        adapter = "dwd"
        urls = ["{server.origin}/list"]
        severities = ["Minor", "Moderate", "Severe"]
        timeout_s = 1

        [[feed]]
        name = "nina"
        adapter = "nina"
        urls = ["{server.origin}{BOARD}"]

        [[feed]]
        name = "mowas"
        adapter = "push"
        """
    )
    surroundings.setenv("WARN_FEEDS", str(feeds))
    surroundings.setenv("WARN_ALLOWED_ORIGINS", server.origin)

    async def run(*arguments: object, code: int = 0) -> list[str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, [str(part) for part in arguments])
        assert result.exit_code == code, result.output
        return [line for line in result.output.splitlines() if line]

    return run
