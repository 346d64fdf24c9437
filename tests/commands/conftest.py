"""The command line, in this process and as processes of its own."""

import asyncio
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dispatcher.__main__ import app

PEPPER = "pepper of the tests"


@pytest.fixture
def surroundings(env, database_url, redis_url, tmp_path):
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
def run(surroundings):
    """Runs a command here, in a thread: commands bring their own event loop."""

    async def run(*arguments, **options):
        return await asyncio.to_thread(CliRunner().invoke, app, [str(part) for part in arguments], **options)

    return run


@pytest.fixture
def dispatcher(surroundings):
    """Runs a command as a process."""

    async def run(*arguments, **more):
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "dispatcher", *map(str, arguments)],
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run
