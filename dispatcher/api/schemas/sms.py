"""What the API says of an alert's SMS: what they cost, how long they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from dispatcher.model.sms import Quote


class SmsGatewayBody(Body):
    """What one SMS gateway has to do."""

    gateway: str = Field(description="its name in the settings", examples=["provider"])
    people: int = Field(description="recipients who wait, or would be sent to", examples=[10000])
    parts: int = Field(description="parts of one text", examples=[2])
    before: int = Field(
        description="parts that go out before: of more urgent warnings, and of what came before as urgent as this",
        examples=[0],
    )
    seconds: float | None = Field(
        description="until the last of them is out, by the contract's rate; null: none is declared, the gateway is "
        "stopped, or a text is not counted yet",
        examples=[2000.0],
    )
    price: float | None = Field(
        description="null: no price is declared, or a text is not counted yet", examples=[1500.0]
    )
    currency: str | None = Field(description="ISO 4217", examples=["EUR"])
    over_budget: bool = Field(
        description="its budget does not hold all whom it was to take: `people` are those by it all the same",
        examples=[False],
    )
    parts_used: int = Field(description="parts that it has accepted for this warning", examples=[0])
    stopped_reason: str | None = Field(
        description="why it takes nothing now, as in `waiting`; null: it does", examples=["misconfigured"]
    )
    stopped_since: words.Moment | None = Field(description="since when; null where that is not known")
    stopped_until: words.Moment | None = Field(description="when it is tried again")


class PriceBody(Body):
    """A sum in one currency."""

    currency: str = Field(description="ISO 4217", examples=["EUR"])
    price: float = Field(description="the sum", examples=[1500.0])


class SmsBody(Body):
    """What a warning's SMS cost and how long they take. Gateways work side by side."""

    people: int = Field(
        description="recipients who wait to be sent to, or would be sent to; without those `held`",
        examples=[10000],
    )
    parts: int = Field(description="parts of one text, at most", examples=[2])
    parts_total: int = Field(description="parts of all their texts", examples=[20000])
    seconds: float | None = Field(
        description="until the last of them is out; null where a contract says no rate, a gateway is stopped, or a "
        "text is not counted yet",
        examples=[2000.0],
    )
    finishes_at: words.Moment | None = Field(description="when that is")
    price: float | None = Field(
        description="for all of them; null where a price is not declared, they are in several currencies, or a text is "
        "not counted yet",
        examples=[1500.0],
    )
    currency: str | None = Field(description="ISO 4217", examples=["EUR"])
    parts_used: int = Field(description="parts that were accepted for this warning so far", examples=[0])
    price_used: float | None = Field(description="what these cost; null as `price`", examples=[0.0])
    prices: list[PriceBody] = Field(
        description="as `price`, for each currency; empty where a price is not declared",
        examples=[[{"currency": "EUR", "price": 1500.0}]],
    )
    prices_used: list[PriceBody] = Field(
        description="as `price_used`, for each currency", examples=[[{"currency": "EUR", "price": 0.0}]]
    )
    held: int = Field(
        description="people whose SMS waits, or would wait, for a person, because no gateway's budget holds it; an "
        "Extreme warning and an end are sent all the same",
        examples=[0],
    )
    gateways: list[SmsGatewayBody] = Field(description="the same by gateway")


def sms_body(quote: Quote | None) -> SmsBody | None:
    """Return what SMS cost and how long they take; None where there are none."""
    if quote is None:
        return None
    price, currency = _one_price(quote.prices)
    price_used, currency_used = _one_price(quote.prices_used)
    return SmsBody(
        people=quote.people,
        parts=quote.parts,
        parts_total=quote.parts_total,
        seconds=quote.seconds,
        finishes_at=quote.finishes_at,
        price=price,
        currency=currency or currency_used,
        parts_used=quote.parts_used,
        price_used=price_used,
        prices=_prices(quote.prices),
        prices_used=_prices(quote.prices_used),
        held=quote.held,
        gateways=[
            SmsGatewayBody(
                gateway=one.gateway,
                people=one.people,
                parts=one.parts,
                before=one.before,
                seconds=one.seconds,
                price=None if one.price is None else float(one.price),
                currency=one.currency or None,
                over_budget=one.over_budget,
                parts_used=one.parts_used,
                stopped_reason=one.stopped.reason if one.stopped else None,
                stopped_since=one.stopped.since if one.stopped else None,
                stopped_until=one.stopped.until if one.stopped else None,
            )
            for one in quote.gateways
        ],
    )


def _prices(prices: Mapping[str, Decimal]) -> list[PriceBody]:
    return [PriceBody(currency=currency, price=float(price)) for currency, price in sorted(prices.items())]


def _one_price(prices: Mapping[str, Decimal]) -> tuple[float | None, str | None]:
    """Return the sum and its currency, where there is one."""
    if len(prices) != 1:
        return None, None
    [(currency, price)] = prices.items()
    return float(price), currency
