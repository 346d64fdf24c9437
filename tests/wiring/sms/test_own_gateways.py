"""Apps' own gateways are carried where their address is allowed, and counted where the operator has one."""

from typing import Any

import pytest
import structlog

from channels.clock import utc_now
from channels.sms.contract import Contract
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.apps.own_gateways import OwnGateway
from dispatcher.model.principals import ChannelCredential, Instance
from dispatcher.settings import Settings
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.parties import Parties
from dispatcher.store.sms.charges import Charges
from dispatcher.wiring.channels import channel_registry
from dispatcher.wiring.http_client import http_client
from dispatcher.wiring.sms.own_gateways import carrying, own_gateways
from dispatcher.wiring.webpush import checking_keys
from tests.store import conftest as on_record
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES
from tests.wiring.sending import sms_gateway

pool = on_record.pool
GOOD = b'{"url": "https://sms.example/messages", "rate": 5}'


async def test_one_whose_address_is_not_allowed_is_left_out(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_SMS_GATEWAYS", sms_gateway("https://sms.example/send"))
    settings = Settings()
    http = http_client(settings)
    channel = channel_registry(settings, http, checking_keys(settings))["sms"]
    inside = OwnGateway.of("juelich", b'{"url": "http://10.0.0.7/messages"}')
    with structlog.testing.capture_logs() as lines:
        carried = carrying(settings, http, utc_now, channel)([OwnGateway.of("dueren", GOOD), inside])
    assert [one.contract.gateway for one in carried] == ["own:dueren"]
    assert [(line["event"], line["gateway"]) for line in lines] == [("own_gateway_unusable", "own:juelich")]
    assert channel.gateway_limits("own:dueren").rate == 5
    await http.aclose()


async def test_those_on_record_are_counted_where_the_operator_has_one(pool: Any) -> None:
    await Parties(pool).add(
        Instance("dueren", "", (DUEREN,)), f"wi_dueren_{'s' * 43}", on_record.PEPPER, UNNAMED_OPERATOR
    )
    credential = ChannelCredential("dueren", "sms", "ab12")
    await InstanceCredentials(pool).put(credential, GOOD, ADDRESSES, UNNAMED_OPERATOR)
    charges = Charges([Contract("a")])
    assert await own_gateways(pool, ADDRESSES, charges) is not None
    assert [one.gateway for one in charges.contracts] == ["a", "own:dueren"]
    assert await own_gateways(pool, ADDRESSES, Charges()) is None
