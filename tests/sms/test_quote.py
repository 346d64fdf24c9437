"""What an SMS to many takes, in numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from channels.sms.contract import Contract
from dispatcher.model.sms import Quote, Stop
from dispatcher.sms.budget import Spent
from dispatcher.sms.quote import Text, quote

NOW = datetime(2026, 11, 28, 18, tzinfo=UTC)


def test_ten_thousand_people_at_five_a_second_take_33_minutes() -> None:
    found = quote([Contract("a", rate=5)], [Text({"a": 10_000}, {"a": 1})], NOW, before={}, spent={})
    assert (found.people, found.parts, found.parts_total) == (10_000, 1, 10_000)
    assert found.seconds == 2000
    assert found.finishes_at == NOW + timedelta(minutes=33, seconds=20)


def test_gateways_work_side_by_side_and_the_slowest_ends_it() -> None:
    contracts = [Contract("a", rate=100), Contract("b", rate=10), Contract("idle")]
    found = quote(
        contracts, [Text({"a": 1000, "b": 500}, {"a": 2, "b": 1})], NOW, before={"a": 4000}, spent={}
    )
    assert [one.seconds for one in found.gateways] == [60.0, 50.0]
    assert (found.seconds, found.parts, found.parts_total) == (60.0, 2, 2500)


def test_without_a_declared_rate_nobody_knows_when_it_ends() -> None:
    found = quote(
        [Contract("a", rate=100), Contract("b")], [Text({"a": 10, "b": 1}, {})], NOW, before={}, spent={}
    )
    assert (found.seconds, found.finishes_at) == (None, None)


def test_prices_are_summed_up_by_currency_or_not_known() -> None:
    cent = Decimal("0.075")
    contracts = [
        Contract("a", price_per_part=cent),
        Contract("b", price_per_part=Decimal("0.1"), currency="CHF"),
        Contract("c"),
    ]
    parts = dict.fromkeys("abc", 2)
    found = quote(contracts, [Text({"a": 10_000, "b": 10}, parts)], NOW, before={}, spent={})
    assert found.prices == {"EUR": Decimal(1500), "CHF": Decimal(2)}
    assert quote(contracts, [Text({"a": 1, "c": 1}, parts)], NOW, before={}, spent={}).prices == {}


@pytest.mark.parametrize(("room", "over"), [(None, False), (200, False), (199, True)])
def test_a_budget_that_does_not_hold_it_is_said(room: int | None, over: bool) -> None:
    contracts = [Contract("a", parts_per_alert=room)]
    assert quote(contracts, [Text({"a": 100}, {"a": 2})], NOW, before={}, spent={}).over_budget is over


def test_time_and_price_are_those_of_the_way_it_goes() -> None:
    contracts = [
        Contract("a", rate=100, price_per_part=Decimal("0.05"), parts_per_month=1000),
        Contract("b", rate=1, price_per_part=Decimal("0.2")),
    ]
    spent = {"a": Spent(0, 940)}
    found = quote(contracts, [Text({"a": 100}, {"a": 2, "b": 3})], NOW, before={}, spent=spent)
    assert [(one.gateway, one.people, one.over_budget) for one in found.gateways] == [
        ("a", 30, True),
        ("b", 70, False),
    ]
    assert (found.seconds, found.prices, found.held) == (210.0, {"EUR": Decimal(45)}, 0)


def test_what_no_budget_holds_waits_for_a_person_but_for_an_extreme_warning() -> None:
    people, parts = {"a": 100}, {"a": 2, "b": 2}

    def held(a: int | None, b: int | None, *, unstoppable: bool = False) -> tuple[int, int]:
        contracts = [Contract("a", parts_per_alert=a), Contract("b", weight=0, parts_per_alert=b)]
        found = quote(contracts, [Text(people, parts)], NOW, before={}, spent={}, unstoppable=unstoppable)
        return found.people, found.held

    assert held(None, 0) == held(0, None) == held(150, 50) == (100, 0)
    assert held(100, 51) == (75, 25)
    assert held(100, 51, unstoppable=True) == (100, 0)


def test_two_budgets_are_used_to_the_full() -> None:
    contracts = [Contract(name, parts_per_alert=15) for name in "ab"]
    found = quote(contracts, [Text({"a": 20, "b": 20}, {"a": 1, "b": 1})], NOW, before={}, spent={})
    assert ([one.people for one in found.gateways], found.held) == ([15, 15], 10)


def test_while_a_gateway_on_the_way_is_stopped_nobody_knows_when_it_ends() -> None:
    contracts = [Contract("a", rate=1), Contract("b", rate=1)]
    stop = Stop("misconfigured", NOW, NOW + timedelta(minutes=5))

    def with_people(a: int, b: int) -> Quote:
        return quote(
            contracts,
            [Text({"a": a, "b": b}, {"a": 1, "b": 1})],
            NOW,
            before={},
            spent={},
            stopped={"a": stop},
        )

    found = with_people(10, 10)
    assert (found.seconds, found.finishes_at) == (None, None)
    assert [one.stopped for one in found.gateways] == [stop, None]
    assert with_people(0, 10).seconds == 10.0


def test_texts_of_different_lengths_are_counted_each() -> None:
    """Letters outside of GSM-7 halve what a part holds: three of a hundred make no text of all dearer."""
    contracts = [
        Contract("a", rate=1, price_per_part=Decimal("0.1"), parts_per_alert=203),
        Contract("b", rate=1),
    ]
    german, ukrainian = Text({"a": 97}, {"a": 2, "b": 2}), Text({"a": 3}, {"a": 3, "b": 3})
    found = quote(contracts, [german, ukrainian], NOW, before={}, spent={})
    [one] = found.gateways
    assert (one.people, one.parts, one.parts_total, one.price, one.seconds) == (
        100,
        3,
        203,
        Decimal("20.3"),
        203,
    )
    assert (found.parts, found.parts_total, found.over_budget, found.held) == (3, 203, False, 0)
    more = quote(contracts, [german, ukrainian._replace(people={"a": 4})], NOW, before={}, spent={})
    assert [(gateway.gateway, gateway.people, gateway.parts_total) for gateway in more.gateways] == [
        ("a", 100, 203),
        ("b", 1, 3),
    ]
    assert more.over_budget
