"""One gateway within one call: when it is left alone."""

import pytest

from channels.base import (
    AccountRefused,
    ChannelDown,
    ChannelMisconfigured,
    DeliveryError,
    Endpoint,
    Permanent,
    RateLimited,
    Receipt,
    Transient,
    Unauthorized,
    Uncertain,
)
from channels.crashes import Proof
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW, GatewayHealth

REFUSAL = ChannelMisconfigured("403", "no")


def endpoint(number: int) -> Endpoint:
    return Endpoint(number, "https://push.example/x", {})


def health_of(connect_failures: int = 5) -> GatewayHealth:
    return GatewayHealth("haupt", connect_failures, Proof())


def known(receipts: list[Receipt]) -> list[tuple[int, type[DeliveryError] | None]]:
    return [(receipt.endpoint_id, type(receipt.error) if receipt.error else None) for receipt in receipts]


def test_an_acceptance_is_a_receipt() -> None:
    health = health_of()
    assert health.accept(Receipt(1)) == [Receipt(1)]
    assert (health.error, health.close()) == (None, [])


@pytest.mark.parametrize(
    "error",
    [
        Permanent("400"),
        Transient("500"),
        Uncertain("timeout"),
        RateLimited("429", retry_after=7.0),
        Unauthorized("403"),
    ],
)
def test_a_failure_of_one_endpoint_stops_nobody(error: DeliveryError) -> None:
    health = health_of()
    for number in range(9):
        assert health.fail(endpoint(number), error) == [Receipt(number, error)]
    assert health.error is None


@pytest.mark.parametrize("most", [1, 3, CONNECT_FAILURES_IN_A_ROW])
def test_failures_to_connect_in_a_row_are_an_outage(most: int) -> None:
    health = health_of(most)
    errors = []
    for number in range(most + 1):
        assert known(health.miss(endpoint(number), Transient("connect", "refused"))) == [(number, Transient)]
        errors.append(health.error)
    assert errors[: most - 1] == [None] * (most - 1)
    down = errors[-1]
    assert isinstance(down, ChannelDown)
    assert (down.code, down.detail, down.gateway) == ("connect", "refused", "haupt")
    assert errors[-2] is down


@pytest.mark.parametrize("answer", ["accept", "fail"])
def test_a_gateway_that_answered_once_is_not_down(answer: str) -> None:
    health = health_of()
    if answer == "accept":
        health.accept(Receipt(0))
    else:
        health.fail(endpoint(0), Transient("500"))
    for number in range(1, 9):
        health.miss(endpoint(number), Transient("connect"))
    assert health.error is None


def test_a_refusal_that_can_only_mean_us_stops_at_once() -> None:
    health = health_of()
    assert known(health.refuse(endpoint(1), REFUSAL)) == [(1, AccountRefused)]
    assert isinstance(health.error, ChannelMisconfigured)
    assert (health.error.code, health.error.detail, health.error.gateway) == ("403", "no", "haupt")
