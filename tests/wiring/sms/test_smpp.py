"""The SMS gateways over SMPP."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from channels.base import (
    Endpoint,
)
from dispatcher.settings import Settings, SettingsError, explained
from dispatcher.wiring.channels import channel_registry
from dispatcher.wiring.check import check_settings
from dispatcher.wiring.http_client import http_client
from dispatcher.wiring.sms.smpp import require_allowed_sessions
from dispatcher.wiring.webpush import checking_keys
from tests.channels.sms.smpp.centre import scripted_centre
from tests.wiring.sending import sent


async def test_an_smpp_gateway_by_settings(env: pytest.MonkeyPatch) -> None:
    async with scripted_centre() as centre:
        settings = [{"name": "smsc", "hosts": [f"smpp://127.0.0.1:{centre.port}"], "system_id": "kreis"}]
        env.setenv("WARN_SMPP_GATEWAYS", json.dumps(settings))
        http = http_client(Settings())
        channel = channel_registry(Settings(), http, checking_keys(Settings()))["sms"]
        receipts = await sent(channel, Endpoint(1, "+4915100000001", {}))
        await channel.aclose()
        await http.aclose()
    assert [(receipt.accepted, receipt.reference) for receipt in receipts] == [(True, "m-1")]
    assert centre.submits[0].text == b"Hochwasser"
    assert channel.gateway_limits("smsc").concurrency == 10


@pytest.mark.parametrize(
    ("smpp", "words"),
    [
        ({"name": "a"}, "2 gateways are called a"),
        ({"hosts": ["ftp://h:1"]}, "begins with smpp:// or smpps://"),
        (
            {"passwort": "x"},
            "WARN_SMPP_GATEWAYS.0.passwort: there is no member of this name; the nearest is password",
        ),
    ],
)
def test_an_smpp_gateway_that_cannot_be_is_named(env: pytest.MonkeyPatch, smpp: Any, words: str) -> None:
    env.setenv("WARN_SMS_GATEWAYS", '[{"name": "a", "url": "https://a.example/"}]')
    gateway = {"name": "smsc", "hosts": ["smpp://127.0.0.1:1"], "system_id": "kreis", **smpp}
    env.setenv("WARN_SMPP_GATEWAYS", json.dumps([gateway]))
    with pytest.raises((SettingsError, ValidationError)) as raised:
        check_settings(Settings(), None)
    found = raised.value
    said = (
        [explained(dict(one)) for one in found.errors()]
        if isinstance(found, ValidationError)
        else [str(found)]
    )
    assert words in said[0]
    assert "WARN_SMPP_GATEWAYS" in said[0]


def test_workers_open_no_more_sessions_than_a_contract_allows(env: pytest.MonkeyPatch) -> None:
    gateway = {"name": "smsc", "hosts": ["smpp://127.0.0.1:1"], "system_id": "kreis", "sessions_allowed": 1}
    env.setenv("WARN_SMPP_GATEWAYS", json.dumps([gateway]))
    env.setenv("WARN_WORKERS", "1")
    require_allowed_sessions(Settings())
    env.setenv("WARN_WORKERS", "2")
    with pytest.raises(SettingsError, match="2 workers open 2 sessions and the contract allows 1"):
        require_allowed_sessions(Settings())
    env.setenv("WARN_SMPP_GATEWAYS", json.dumps([{**gateway, "sessions_allowed": None}]))
    require_allowed_sessions(Settings())
