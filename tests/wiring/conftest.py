"""What settings and channels the tests of the wiring have."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels.http.client import HttpClient
from dispatcher.settings import Settings
from dispatcher.wiring.channels import channel_registry
from dispatcher.wiring.http_client import exemptions
from dispatcher.wiring.webpush import checking_keys


@pytest.fixture(autouse=True)
def data_dir(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where keys are made."""
    env.setenv("WARN_DATA_DIR", str(tmp_path))


@pytest.fixture
async def channels() -> AsyncIterator[Any]:
    """Makes the channels from the environment's settings, allowed to contact one origin."""
    clients = []

    def make(origin: Any, keys: Any = None) -> Any:
        settings = Settings(allowed_origins=frozenset({f"gateway={origin}", f"push={origin}"}))
        clients.append(HttpClient(exemptions(settings).policy()))
        return channel_registry(settings, clients[-1], checking_keys(settings), keys=keys)

    yield make
    for client in clients:
        await client.aclose()
