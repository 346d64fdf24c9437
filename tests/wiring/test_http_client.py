"""The client for requests outwards is as the settings say."""

import sys
from pathlib import Path
from typing import Any

import pytest

from channels.http.client import DEFAULT_HTTP2_AFTER
from dispatcher.settings import Settings
from dispatcher.wiring.http_client import http_client


@pytest.mark.parametrize(
    ("settings", "answers"),
    [({}, DEFAULT_HTTP2_AFTER), ({"http2_pool_after": 1}, 1), ({"http2_pool_after": 0}, sys.maxsize)],
)
def test_the_operator_says_after_how_many_answers_we_open_our_own_connections(
    settings: dict[Any, Any], answers: Any, tmp_path: Path
) -> None:
    client = http_client(Settings(data_dir=tmp_path, **settings))
    assert client._http2_after == answers
