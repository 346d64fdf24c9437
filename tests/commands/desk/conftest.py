"""A live API, and a control centre that speaks to it by commands."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dispatcher.settings import Settings
from tests.api.conftest import KEY, introduce, serving


@pytest.fixture
async def service(surroundings: Any) -> AsyncIterator[Any]:
    async with serving(Settings()) as service:
        await introduce(service.parts)
        surroundings.setenv("WARN_API_KEY", KEY)
        surroundings.setenv("WARN_URL", service.url)
        yield service


@pytest.fixture
def pool(service: Any) -> Any:
    return service.parts.health.pool


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(message: Any) -> Any:
        path = tmp_path / "warnung.xml"
        path.write_bytes(message.xml())
        return path

    return write
