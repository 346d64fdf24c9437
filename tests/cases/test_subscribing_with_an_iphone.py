"""Somebody subscribes with their municipality's app on an iPhone: the round trip over APNs, a warning, and the end."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels.http.addresses import AddressPolicy
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.apps.channel_credentials import CredentialChannel, OperatorTerms, offered
from dispatcher.settings import Settings
from dispatcher.store.instances.credentials import InstanceCredentials
from ops.lab.gateways import launch
from ops.lab.gateways.standins.apns import STANDIN, TOPIC
from ops.lab.gateways.state import APNS_FILE
from tests.api.conftest import settings as api_settings
from tests.cases.test_subscribing_with_an_app import Town
from tests.support.apns_credentials import credential_file
from tests.support.messages import DUEREN
from tests.support.phones import Phone, phones
from tests.support.sealed import ADDRESSES

settings = api_settings
OLD, NEW = (STANDIN.subscriber(7, name) for name in ("former", "after"))
"""Two iPhones with one app."""
pytestmark = pytest.mark.processes


@pytest.fixture
async def town(settings: Settings, processes: Any, tmp_path: Path) -> AsyncIterator[Town]:
    (tmp_path / APNS_FILE).write_bytes(b"\n".join(msgspec.json.encode(one.secret) for one in (OLD, NEW)))
    (tmp_path / "key.json").write_bytes(credential_file(TOPIC))
    options = ("--credential", str(tmp_path / "key.json"), "--texts", "9")
    with launch.start("apns", ledger=tmp_path / "ledger", state=tmp_path, options=options) as apns:
        changes = {"apns_url": apns.url, "allowed_origins": {f"gateway={apns.url}"}}
        async with phones(settings, **changes) as world:
            terms = OperatorTerms("", AddressPolicy())
            own = offered(CredentialChannel.APNS, credential_file(TOPIC), "", terms)
            kept = own.known_as("dueren", ADDRESSES.sealing.keyed_hash)
            await InstanceCredentials(world.pool).put(kept, own.plain, ADDRESSES, UNNAMED_OPERATOR)
            assert world.worker
            assert world.worker.own_apple_apps
            await world.worker.own_apple_apps.look()
            yield Town(world, apns)


async def put(phone: Phone, one: Any, **keys: str) -> Any:
    endpoint = {"channel": "apns", "address": one.address.upper(), "keys": {"topic": TOPIC, **keys}}
    made = await phone.ask("PUT", "", json.dumps({"endpoints": [endpoint], "places": [DUEREN]}).encode())
    phone.token = made.json.get("token") or phone.token
    return made


async def test_an_iphone_is_told_after_its_round_trip_and_again_at_its_new_token(town: Town) -> None:
    anna = Phone(town.world)
    refused = await put(anna, OLD, environment="sandbox")
    assert [one["code"] for one in refused.json["errors"]] == ["topic_unknown"]
    assert (await put(anna, OLD)).json["endpoints"][0]["state"] == "waiting"
    assert await town.warns("Sturm") == [], "nothing is told before the round trip"
    [(ref, trip)] = await town.sends()
    assert (ref, trip["round_trip"]) == (OLD.ref, "proof")
    assert (await anna.prove(trip["code"])).status == 204
    [(ref, notice)] = await town.warns("Hochwasser")
    assert (ref, notice["kind"], len(notice["receipt"])) == (OLD.ref, "alert", 24)
    # The app has got another token, and says so at its next start.
    await put(anna, NEW)
    assert await anna.states() == ["waiting", "replaced"]
    [(ref, trip)] = await town.sends()
    assert (ref, (await anna.prove(trip["code"])).status) == (NEW.ref, 204)
    [(ref, notice)] = await town.warns("Glatteis")
    assert (ref, notice["kind"]) == (NEW.ref, "alert")
    assert town.gateway.stats()["by_status"] == {"200": 4}, "with one token for codes and warnings"
