"""What records the delivery reports of SMS gateways."""

import json
from typing import Any

import pytest
from prometheus_client import generate_latest

from dispatcher.metrics import Metrics
from dispatcher.settings import Settings
from dispatcher.wiring.sms.inbound import inbound_by_smpp
from dispatcher.wiring.sms.reports import delivery_reports, receipt_journal

SECRET = "a-secret-of-thirty-two-characters"


def test_only_gateways_that_are_said_to_report_do(env: pytest.MonkeyPatch) -> None:
    assert delivery_reports(Settings(), None, Metrics()) is None
    silent = {"name": "still", "url": "https://still.example/"}
    reporting = {"name": "haupt", "url": "https://haupt.example/", "reports": {"secret": SECRET}}
    env.setenv("WARN_SMS_GATEWAYS", json.dumps([silent, reporting]))
    reports = delivery_reports(Settings(), None, Metrics())
    assert reports is not None
    assert list(reports.gateways) == ["haupt"]
    assert reports.gateways["haupt"].secret.current == SECRET.encode()


def test_receipts_of_smpp_gateways_are_counted_from_the_first_on(env: pytest.MonkeyPatch) -> None:
    env.setenv(
        "WARN_SMPP_GATEWAYS", '[{"name": "smsc", "hosts": ["smpp://127.0.0.1:1"], "system_id": "kreis"}]'
    )
    metrics = Metrics()
    no_record: Any = None
    receipt_journal(
        Settings(), no_record, metrics, inbound_by_smpp(Settings(), no_record, no_record, metrics)
    )
    assert b'gateway="smsc"' in generate_latest(metrics.registry)
