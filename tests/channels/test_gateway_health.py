"""One gateway within one call: when it is left alone, and what its refusals were about."""

import pytest

from channels.base import (
    ChannelDown,
    ChannelMisconfigured,
    DeliveryError,
    Endpoint,
    Permanent,
    RateLimited,
    Receipt,
    Transient,
    Uncertain,
)
from channels.crashes import Proof
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW, GatewayHealth

REFUSAL = ChannelMisconfigured("403", "no")


def endpoint(number: int) -> Endpoint:
    return Endpoint(number, "https://push.example/x", {})


def health_of(refusals_tolerated: int, connect_failures: int = 5) -> GatewayHealth:
    return GatewayHealth("haupt", refusals_tolerated, connect_failures, Proof())


def known(receipts: list[Receipt]) -> list[tuple[int, type[DeliveryError] | None]]:
    return [(receipt.endpoint_id, type(receipt.error) if receipt.error else None) for receipt in receipts]


def test_an_acceptance_is_a_receipt() -> None:
    health = health_of(1)
    assert health.accept(Receipt(1)) == [Receipt(1)]
    assert (health.error, health.pause, health.close()) == (None, None, [])


@pytest.mark.parametrize("error", [Permanent("400"), Transient("500"), Uncertain("timeout")])
def test_a_failure_of_one_endpoint_stops_nobody(error: DeliveryError) -> None:
    health = health_of(1)
    for number in range(9):
        assert health.fail(endpoint(number), error) == [Receipt(number, error)]
    assert (health.error, health.pause) == (None, None)


def test_a_limit_pauses_for_as_long_as_the_gateway_says() -> None:
    health = health_of(1)
    limited = RateLimited("429", "slow down", retry_after=7.0)
    assert health.fail(endpoint(1), limited) == [Receipt(1, limited)]
    assert health.pause is not None
    assert (health.pause.code, health.pause.detail, health.pause.retry_after) == ("429", "not started", 7.0)
    assert health.error is None


@pytest.mark.parametrize("most", [1, 3, CONNECT_FAILURES_IN_A_ROW])
def test_failures_to_connect_in_a_row_are_an_outage(most: int) -> None:
    health = health_of(1, most)
    errors = []
    for number in range(most + 1):
        assert known(health.miss(endpoint(number), Transient("connect", "refused"))) == [(number, Transient)]
        errors.append(health.error)
    assert errors[: most - 1] == [None] * (most - 1)
    down = errors[-1]
    assert isinstance(down, ChannelDown)
    assert (down.code, down.detail, down.gateway) == ("connect", "refused", "haupt")
    assert errors[-2] is down


@pytest.mark.parametrize("answer", ["accept", "fail", "refuse"])
def test_a_gateway_that_answered_once_is_not_down(answer: str) -> None:
    health = health_of(9)
    if answer == "accept":
        health.accept(Receipt(0))
    elif answer == "fail":
        health.fail(endpoint(0), Transient("500"))
    else:
        health.refuse(endpoint(0), REFUSAL)
    for number in range(1, 9):
        health.miss(endpoint(number), Transient("connect"))
    assert health.error is None


def test_a_refusal_that_can_only_mean_us_stops_at_once() -> None:
    health = health_of(1)
    assert known(health.refuse(endpoint(1), REFUSAL)) == [(1, Transient)]
    assert isinstance(health.error, ChannelMisconfigured)
    assert (health.error.code, health.error.detail, health.error.gateway) == ("403", "no", "haupt")


def test_refusals_are_held_back_until_enough_of_them_mean_us() -> None:
    health = health_of(3)
    assert [health.refuse(endpoint(number), REFUSAL) for number in (1, 2)] == [[], []]
    assert health.error is None
    assert known(health.refuse(endpoint(3), REFUSAL)) == [(1, Transient), (2, Transient), (3, Transient)]
    assert known(health.refuse(endpoint(4), REFUSAL)) == [(4, Transient)]
    assert health.close() == []


def test_an_acceptance_shows_that_refusals_were_about_their_endpoints() -> None:
    health = health_of(3)
    health.refuse(endpoint(1), REFUSAL)
    assert known(health.accept(Receipt(2))) == [(1, Permanent), (2, None)]
    assert known(health.accept(Receipt(3))) == [(3, None)]
    assert health.error is None


@pytest.mark.parametrize(("accepted", "meaning"), [(True, Permanent), (False, Transient)])
def test_what_is_held_back_at_the_end_is_decided(accepted: bool, meaning: type[DeliveryError]) -> None:
    health = health_of(3)
    if accepted:
        health.accept(Receipt(0))
    health.refuse(endpoint(1), REFUSAL)
    (receipt,) = health.close()
    assert (type(receipt.error), str(receipt.error)) == (meaning, "403 refused")
    assert (health.error is None) is accepted
    assert health.close() == []
