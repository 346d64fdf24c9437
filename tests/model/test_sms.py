"""What SMS take over all gateways, as sums."""

from datetime import timedelta
from decimal import Decimal

from dispatcher.model.sms import GatewayQuote, Quote
from tests.support.messages import NOW

A = GatewayQuote("a", 30, 2, 0, 60.0, Decimal("4.5"), "EUR")
B = GatewayQuote("b", 10, 3, 5, 35.0, Decimal(3), "EUR")


def test_gateways_are_summed_up_and_the_slowest_ends_it() -> None:
    found = Quote((A, B), NOW)
    assert (found.people, found.parts, found.parts_total) == (40, 3, 90)
    assert (found.seconds, found.finishes_at) == (60.0, NOW + timedelta(minutes=1))
    assert found.prices == {"EUR": Decimal("7.5")}
    assert not found.over_budget


def test_one_gateway_of_which_something_is_not_known_leaves_the_whole_unknown() -> None:
    found = Quote((A, GatewayQuote("c", 1, 1)), NOW)
    assert (found.seconds, found.finishes_at, found.prices) == (None, None, {})
    idle = Quote((A, GatewayQuote("c", 0, 1)), NOW)
    assert (idle.seconds, idle.prices) == (60.0, {"EUR": Decimal("4.5")})


def test_what_was_used_is_counted_apart() -> None:
    one = GatewayQuote("a", 0, 2, 0, 0.0, Decimal(0), "EUR", parts_used=30, price_used=Decimal(3))
    found = Quote((one, GatewayQuote("b", 0, 2)), NOW)
    assert (found.parts_used, found.prices_used) == (30, {"EUR": Decimal(3)})
    assert (found.seconds, found.prices) == (0.0, {}), "nobody waits"
    assert Quote((GatewayQuote("b", 0, 2, parts_used=1),), NOW).prices_used == {}
    assert Quote((), NOW).parts == 0
