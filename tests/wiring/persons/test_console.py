"""What lets persons sign in is there where the settings name an origin."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.metrics import Metrics
from dispatcher.settings import Settings
from dispatcher.wiring.persons.console import console, session_terms
from tests.support.sealed import ADDRESSES


@pytest.mark.parametrize("origin", ["", "https://warnung.dueren.example"])
async def test_a_console_is_where_there_is_an_origin(env: Any, origin: str, channels: Any) -> None:
    env.setenv("WARN_CONSOLE_URL", origin)
    push = channels("https://push.example")["webpush"]
    parts = console(Settings(), None, ADDRESSES, b"pepper", metrics=Metrics(), sms_parts=4, push=push)
    assert (parts is not None) is bool(origin)
    if parts:
        assert parts.sign_in.party.id == "warnung.dueren.example"


def test_sessions_end_as_the_settings_say(env: Any) -> None:
    env.setenv("WARN_SESSION_IDLE_MINUTES", "20")
    terms = session_terms(Settings())
    assert (terms.idle, terms.life) == (timedelta(minutes=20), timedelta(hours=12))
