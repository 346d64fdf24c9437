"""What counts the parts of SMS."""

from typing import Any

import pytest

from dispatcher.metrics import Metrics
from dispatcher.settings import Settings
from dispatcher.wiring.sms.charges import sms_charges, sms_upkeep


def test_nothing_is_kept_in_order_where_there_is_no_gateway() -> None:
    charges = sms_charges(Settings())
    assert (charges.contracts, sms_upkeep(None, charges, Metrics())) == ((), None)


def test_the_contracts_of_all_gateways_count(env: pytest.MonkeyPatch) -> None:
    over_http: Any = '[{"name": "a", "url": "https://a.example/", "parts_per_month": 1000}]'
    env.setenv("WARN_SMS_GATEWAYS", over_http)
    env.setenv("WARN_SMPP_GATEWAYS", '[{"name": "b", "hosts": ["smpp://127.0.0.1:1"], "system_id": "kreis"}]')
    charges = sms_charges(Settings())
    assert [one.gateway for one in charges.contracts] == ["a", "b"]
    assert sms_upkeep(None, charges, Metrics()) is not None
