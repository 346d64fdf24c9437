"""Somebody subscribes with their municipality's app on Android: the round trip over FCM, a warning, and the end."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
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
from ops.lab.gateways.standins.fcm import PROJECT, STANDIN
from ops.lab.gateways.state import FCM_FILE
from ops.lab.world import ledger
from tests.api.conftest import KEY
from tests.api.conftest import settings as api_settings
from tests.support.messages import DUEREN
from tests.support.phones import Phone, World, phones
from tests.support.sealed import ADDRESSES
from tests.support.service_accounts import key_file
from tests.support.submissions import warning

settings = api_settings
OLD, NEW = (STANDIN.subscriber(7, name) for name in ("present", "later"))
"""Two phones with the app of one project."""
pytestmark = pytest.mark.processes


@dataclass
class Town:
    """A service, and a push service with the phones of its people."""

    world: World
    gateway: launch.Standin

    def shown(self) -> list[tuple[str, Any]]:
        """What reached phones, by the phone, in the order in which it came."""
        entries = ledger.read(self.gateway.ledger).entries
        return [(one.recipient, json.loads(one.text)) for one in entries if one.accepted]

    async def sends(self) -> list[tuple[str, Any]]:
        """What a worker sends now of codes."""
        before = len(self.shown())
        sender = self.world.worker and self.world.worker.endpoint_messages
        assert sender
        while await sender.send():
            pass
        return self.shown()[before:]

    async def warns(self, headline: str) -> list[tuple[str, Any]]:
        """What reaches phones of a warning that is submitted now."""
        before = len(self.shown())
        taken = await self.world.service.submit(warning(DUEREN, headline=headline), key=KEY)
        assert taken.status == 201, taken.body
        assert self.world.worker
        await self.world.worker.planner.plan(taken.json["alert"]["id"])
        for row in await self.world.pool.fetch("SELECT id FROM batch ORDER BY id"):
            await self.world.worker.deliverer.deliver(row["id"])
        return self.shown()[before:]


@pytest.fixture
async def town(settings: Settings, processes: Any, tmp_path: Path) -> AsyncIterator[Town]:
    (tmp_path / FCM_FILE).write_bytes(b"\n".join(msgspec.json.encode(one.secret) for one in (OLD, NEW)))
    (tmp_path / "key.json").write_bytes(key_file(PROJECT))
    options = ("--key-file", str(tmp_path / "key.json"), "--texts", "9")
    with launch.start("fcm", ledger=tmp_path / "ledger", state=tmp_path, options=options) as fcm:
        changes = {"fcm_url": fcm.url, "allowed_origins": {f"gateway={fcm.url}"}}
        async with phones(settings, **changes) as world:
            terms = OperatorTerms("", AddressPolicy(frozenset({fcm.url})))
            plain = key_file(PROJECT, f"{fcm.url}/token")
            own = offered(CredentialChannel.FCM, plain, "", terms)
            kept = own.known_as("dueren", ADDRESSES.sealing.keyed_hash)
            assert kept.fingerprint.startswith(f"{PROJECT}/")
            await InstanceCredentials(world.pool).put(kept, own.plain, ADDRESSES, UNNAMED_OPERATOR)
            assert world.worker
            assert world.worker.own_projects
            await world.worker.own_projects.look()
            yield Town(world, fcm)


async def put(phone: Phone, one: Any, **keys: str) -> Any:
    endpoint = {"channel": "fcm", "address": one.address, "keys": keys or {"project": PROJECT}}
    made = await phone.ask("PUT", "", json.dumps({"endpoints": [endpoint], "places": [DUEREN]}).encode())
    phone.token = made.json.get("token") or phone.token
    return made


async def test_a_phone_is_told_after_its_round_trip_and_again_at_its_new_address(town: Town) -> None:
    anna = Phone(town.world)
    refused = await put(anna, OLD, project="warn-other-1")
    assert [one["code"] for one in refused.json["errors"]] == ["project_unknown"]
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
    assert town.gateway.stats()["by_status"] == {"200": 5}, "with one access token for codes and warnings"
