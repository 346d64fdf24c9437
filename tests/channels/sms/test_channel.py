"""Which gateway a recipient has, and what carries an SMS there."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import Endpoint, GatewayLimits, GatewayUnknown, Notice, Permanent, Receipt, Urgency
from channels.sms.channel import Sms, choose
from channels.sms.contract import Contract

NOTICE = Notice("01A", "k" * 32, "", "Sturm", b"{}", "de", Urgency.HIGH, datetime(2026, 11, 28, tzinfo=UTC))


class Pigeons:
    """A carrier that takes everything, one receipt a message."""

    def __init__(self, limits: Any) -> None:
        self.limits = limits
        self.sent: list[int] = []
        self.closed = False

    async def send(self, _notice: Any, endpoints: Any) -> Any:
        for endpoint in endpoints:
            self.sent.append(endpoint.id)
            yield [Receipt(endpoint.id)]

    def parts(self, _notice: Any) -> int:
        return self.limits.concurrency

    async def aclose(self) -> None:
        self.closed = True


def two() -> tuple[Sms, Pigeons, Pigeons]:
    first, second = Pigeons(GatewayLimits(3)), Pigeons(GatewayLimits(7, rate=10.0, account="konto"))
    return Sms({"haupt": first, "zweit": second}), first, second


async def test_the_gateway_that_the_plan_names_carries() -> None:
    channel, first, second = two()
    endpoints = [Endpoint(number, "+4915100000001", {"gateway": "haupt"}) for number in (1, 2)]
    assert [one async for known in channel.send(NOTICE, "zweit", endpoints) for one in known] == [
        Receipt(1),
        Receipt(2),
    ]
    assert (first.sent, second.sent) == ([], [1, 2])


async def test_nothing_is_sent_by_another_gateway_than_the_plan_says_and_who_names_none_has_the_first() -> (
    None
):
    channel, first, _ = two()
    endpoint = Endpoint(1, "+4915100000001", {"gateway": "fort"})
    assert channel.gateway(endpoint) == "haupt"
    with pytest.raises(GatewayUnknown) as raised:
        channel.send(NOTICE, "fort", [endpoint])
    assert (raised.value.gateway, first.sent) == ("fort", [])
    assert channel.gateway_limits("fort") == GatewayLimits(3, account="sms:haupt")


def test_an_endpoint_may_name_its_gateway() -> None:
    channel, _, _ = two()
    keys: list[dict[str, str]] = [{}, {"gateway": "zweit"}, {"gateway": "fort"}]
    found = [channel.gateway(Endpoint(1, "+4915100000001", one)) for one in keys]
    assert found == ["haupt", "zweit", "haupt"]
    assert choose("zweit", ("haupt", "zweit")) == "zweit"


def test_limits_are_the_carriers() -> None:
    channel, _, _ = two()
    assert channel.gateway_limits("zweit") == GatewayLimits(7, 10.0, "konto")


def test_a_contracts_rate_is_the_gateways_and_shared_where_the_provider_counts_the_account_or_it_is_learnt() -> (
    None
):
    carriers = {name: Pigeons(GatewayLimits(3)) for name in ("haupt", "zweit", "dritt")}
    contracts = {"haupt": Contract("haupt", 50.0), "zweit": Contract("zweit", 50.0, shared_rate=True)}
    channel = Sms(carriers, contracts={**contracts, "dritt": Contract("dritt")})
    assert channel.gateway_limits("haupt") == GatewayLimits(3, 50.0)
    assert channel.gateway_limits("zweit") == GatewayLimits(3, 50.0, "sms:zweit")
    assert channel.gateway_limits("dritt") == GatewayLimits(3, account="sms:dritt")
    assert channel.gateway_limits("fort") == GatewayLimits(3, 50.0), "the first takes its recipients"


def test_a_message_counts_for_its_parts() -> None:
    assert two()[0].units(NOTICE, "zweit") == 7


def test_what_is_no_number_is_refused_at_subscription() -> None:
    with pytest.raises(Permanent, match="number_invalid"):
        two()[0].check(Endpoint(1, "015112345678", {}))


def test_without_gateways_there_is_no_channel() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Sms({})


async def test_it_closes_its_carriers() -> None:
    channel, first, second = two()
    await channel.aclose()
    assert (first.closed, second.closed) == (True, True)


async def test_gateways_that_apps_have_of_their_own_come_beside_those_of_the_operator() -> None:
    channel, _, _ = two()
    own = Pigeons(GatewayLimits(3))
    channel.admit({"own:dueren": own}, {"own:dueren": Contract("own:dueren", 5.0, own=True)})
    assert channel.gateway_limits("own:dueren") == GatewayLimits(3, 5.0)
    assert channel.gateway_limits("own:else") == channel.gateway_limits("haupt"), "one that is not there"
    channel.admit({}, {})
    assert channel.gateway_limits("own:dueren") == channel.gateway_limits("haupt")
