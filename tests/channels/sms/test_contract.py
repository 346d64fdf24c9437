"""What is agreed with a provider, as its operator writes it."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from channels.sms.contract import FAILOVER_AFTER_S, Contract, ContractSettings, require_usable
from channels.sms.settings import SmsGatewaySettings

WRITTEN: dict[str, Any] = {
    "rate": 30,
    "shared_rate": True,
    "weight": 2,
    "failover_after_s": None,
    "price_per_part": "0.075",
    "currency": "CHF",
    "parts_per_alert": 50_000,
    "parts_per_month": 200_000,
}


def test_a_contract_is_what_the_settings_say() -> None:
    found = ContractSettings.model_validate(WRITTEN).contract("a")
    assert found == Contract("a", 30.0, True, 2.0, None, Decimal("0.075"), "CHF", 50_000, 200_000)
    assert found.has_budget


def test_without_a_word_of_it_nothing_is_agreed_and_all_weigh_the_same() -> None:
    found = ContractSettings().contract("a")
    assert found == Contract("a")
    assert (found.rate, found.weight, found.failover_after_s) == (None, 1.0, FAILOVER_AFTER_S)
    assert not found.has_budget


def test_a_gateway_s_settings_have_the_members() -> None:
    gateway = {"name": "a", "url": "https://sms.example/send"}
    assert SmsGatewaySettings.model_validate(gateway | WRITTEN).contract("a").rate == 30.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"rate": 0}, "greater than 0"),
        ({"rate": float("inf")}, "finite"),
        ({"rate": "fast"}, "valid number"),
        ({"weight": -1}, "greater than or equal to 0"),
        ({"failover_after_s": 0}, "greater than or equal to 1"),
        ({"price_per_part": "-0.1"}, "greater than or equal to 0"),
        ({"price_per_part": "0,075"}, "valid decimal"),
        ({"currency": "€"}, "pattern"),
        ({"parts_per_alert": 0}, "greater than or equal to 1"),
        ({"parts_per_month": 1.5}, "valid integer"),
        ({"parts_per_alert": True}, "valid integer"),
        ({"parts_per_month": "5"}, "valid integer"),
        ({"rate": True}, "valid number"),
        ({"shared_rate": "no"}, "valid boolean"),
    ],
)
def test_what_makes_no_sense_is_named(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        ContractSettings.model_validate(wrong)
    assert caught.value.errors()[0]["loc"] == tuple(wrong)


def test_gateways_need_names_of_their_own_and_one_that_takes_those_who_name_none() -> None:
    require_usable([])
    require_usable([Contract("a"), Contract("b", weight=0)])
    with pytest.raises(ValueError, match="2 gateways are called a"):
        require_usable([Contract("a"), Contract("a")])
    with pytest.raises(ValueError, match="all gateways have the weight 0"):
        require_usable([Contract("a", weight=0), Contract("b", weight=0)])
