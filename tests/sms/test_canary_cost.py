"""What the service's tests of itself cost by SMS: as often as they go, by what is agreed for a part."""

from datetime import timedelta
from decimal import Decimal

import pytest

from channels.sms.contract import Contract
from dispatcher.sms.canary_cost import CanaryCost, canary_cost

HOUR = timedelta(hours=1)
AGREED = Contract("a", price_per_part=Decimal("0.075"), currency="CHF")


@pytest.mark.parametrize(
    ("every", "parts", "contract", "found"),
    [
        (HOUR, 1, AGREED, CanaryCost(720, 720, Decimal("54.000"), "CHF")),
        (HOUR, 2, AGREED, CanaryCost(720, 1440, Decimal("108.000"), "CHF")),
        (4 * HOUR, 2, AGREED, CanaryCost(180, 360, Decimal("27.000"), "CHF")),
        (HOUR, None, AGREED, CanaryCost(720, None, None, "CHF")),
        (HOUR, 2, Contract("a"), CanaryCost(720, 1440, None, "EUR")),
        (HOUR, 2, None, CanaryCost(720, 1440, None, "")),
    ],
    ids=["hourly", "two parts", "one lane", "not sent yet", "no price", "no gateway"],
)
def test_a_month_costs_what_its_parts_do(
    every: timedelta, parts: int | None, contract: Contract | None, found: CanaryCost
) -> None:
    assert canary_cost(every, parts, contract) == found


def test_the_four_lanes_together_cost_what_the_receiver_does() -> None:
    lane = canary_cost(4 * HOUR, 2, AGREED).price
    assert lane is not None
    assert 4 * lane == canary_cost(HOUR, 2, AGREED).price
