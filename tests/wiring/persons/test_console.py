"""What lets persons sign in is there where the settings name an origin."""

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from dispatcher.boundaries.base_map import BaseMap
from dispatcher.metrics import Metrics
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.persons.console import base_map, console, session_terms
from tests.support.sealed import ADDRESSES


@pytest.mark.parametrize("origin", ["", "https://warnung.dueren.example"])
async def test_a_console_is_where_there_is_an_origin(env: Any, origin: str, channels: Any) -> None:
    env.setenv("WARN_CONSOLE_URL", origin)
    push = channels("https://push.example")["webpush"]
    parts = console(Settings(), None, ADDRESSES, b"pepper", metrics=Metrics(), sms_parts=4, push=push)
    assert (parts is not None) is bool(origin)
    if parts:
        assert parts.sign_in.party.id == "warnung.dueren.example"


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("https://warnung.dueren.example", []),
        ("http://localhost:8080", [True]),
        ("http://127.0.0.1:8080", [False]),
    ],
)
async def test_a_console_that_is_for_trying_is_said_to_be(
    env: Any, origin: str, said: list[bool], channels: Any
) -> None:
    env.setenv("WARN_CONSOLE_URL", origin)
    push = channels("https://push.example")["webpush"]
    with capture_logs() as logs:
        console(Settings(), None, ADDRESSES, b"pepper", metrics=Metrics(), sms_parts=4, push=push)
    found = [line["passkeys"] for line in logs if line["event"] == "console_without_tls"]
    assert found == said


def test_a_base_map_has_to_say_whose_it_is() -> None:
    tiles = "https://karten.example/{z}/{x}/{y}.png"
    assert base_map(Settings()) is None
    assert base_map(Settings(base_map_tiles=tiles, base_map_attribution="© Kreis")) == BaseMap(
        tiles, "© Kreis"
    )
    with pytest.raises(SettingsError, match="WARN_BASE_MAP_ATTRIBUTION"):
        base_map(Settings(base_map_tiles=tiles))


def test_sessions_end_as_the_settings_say(env: Any) -> None:
    env.setenv("WARN_SESSION_IDLE_MINUTES", "20")
    terms = session_terms(Settings())
    assert (terms.idle, terms.life) == (timedelta(minutes=20), timedelta(hours=12))
