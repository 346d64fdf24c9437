"""What SMS cost, as it is shown."""

from decimal import Decimal

from dispatcher.api.schemas.sms import sms_body
from dispatcher.model.sms import GatewayQuote, Quote
from tests.support.messages import NOW


def test_prices_are_numbers_where_they_are_in_one_currency() -> None:
    euros = GatewayQuote("a", 30, 2, 0, 60.0, Decimal("4.5"), "EUR", parts_used=2, price_used=Decimal("0.15"))
    francs = GatewayQuote("b", 1, 2, 0, 1.0, Decimal(1), "CHF")
    one = sms_body(Quote((euros,), NOW))
    assert one is not None
    assert (one.price, one.currency, one.price_used, one.parts_used) == (4.5, "EUR", 0.15, 2)
    both = sms_body(Quote((euros, francs), NOW, held=3))
    assert both is not None
    assert (both.price, both.currency, both.people, both.held) == (None, "EUR", 31, 3)
    assert [gateway.currency for gateway in both.gateways] == ["EUR", "CHF"]
    assert [(one.currency, one.price) for one in both.prices] == [("CHF", 1.0), ("EUR", 4.5)]
    assert [(one.currency, one.price) for one in both.prices_used] == [("EUR", 0.15)]
    assert sms_body(None) is None
