"""What takes the texts that people send, as it is wired."""

import json
from typing import Any

import pytest
from prometheus_client import generate_latest

from dispatcher.metrics import Metrics
from dispatcher.settings import Settings
from dispatcher.wiring.sms.inbound import inbound_by_http, inbound_by_smpp

SECRET = "a-secret-of-thirty-two-characters"
NO_RECORD: Any = None


def test_only_gateways_that_are_said_to_hand_on_texts_may(env: pytest.MonkeyPatch) -> None:
    silent = {"name": "still", "url": "https://still.example/", "reports": {"secret": SECRET}}
    texted = {"name": "haupt", "url": "https://haupt.example/", "inbound": {"secret": SECRET, "text": "body"}}
    env.setenv("WARN_SMS_GATEWAYS", json.dumps([silent, texted]))
    inbound = inbound_by_http(Settings(), NO_RECORD, NO_RECORD, Metrics())
    assert list(inbound.gateways) == ["haupt"]
    assert inbound.gateways["haupt"].secret.current == SECRET.encode()
    assert inbound.gateways["haupt"].fields.text == "body"
    assert SECRET not in repr(inbound.gateways)


def test_texts_of_message_centres_are_counted_from_the_first_on(env: pytest.MonkeyPatch) -> None:
    env.setenv(
        "WARN_SMPP_GATEWAYS", '[{"name": "smsc", "hosts": ["smpp://127.0.0.1:1"], "system_id": "kreis"}]'
    )
    metrics = Metrics()
    inbound_by_smpp(Settings(), NO_RECORD, NO_RECORD, metrics)
    assert b'warn_sms_inbound_total{gateway="smsc",verdict="ended"}' in generate_latest(metrics.registry)
