"""A warning that nobody has fetched yet is taken back where its all-clear could not be handed over."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels.http.client import HttpClient
from channels.webpush.channel import Notes, WebPush
from channels.webpush.locations import Locations
from channels.webpush.vapid import VapidKeys, VapidSigner, generate_key
from channels.webpush.withdrawal import Withdrawer
from dispatcher.delivery.lanes import LaneGate
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.model.vocabulary import Reason
from dispatcher.store.delivery.message_locations import MessageLocations
from dispatcher.worker.message_withdrawals import LOOK_EVERY_S, MessageWithdrawals
from ops.lab.gateways import launch
from ops.lab.gateways.launch import Standin
from ops.lab.gateways.standins.webpush import STANDIN, WITHDRAWN
from ops.lab.gateways.state import WEBPUSH_FILE
from ops.lab.world import ledger as gateways
from tests.channels.conftest import authority, ca_file, client_for  # noqa: F401 - fixtures
from tests.delivery.conftest import House
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES

SUBSCRIBERS = [STANDIN.subscriber(7, number) for number in range(3)]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Standin]:
    """A push service whose user agents are offline."""
    agents = [msgspec.json.encode(one.secret) for one in SUBSCRIBERS]
    (tmp_path / WEBPUSH_FILE).write_bytes(b"\n".join(agents) + b"\n")
    with launch.start(
        "webpush", ledger=tmp_path / "ledger.ndjson", state=tmp_path, options=("--offline",)
    ) as one:
        yield one


class Worker:
    """A worker's part, with Web Push to the stand-in."""

    def __init__(self, house: House, http: HttpClient) -> None:
        self.house = house
        self.locations = Locations()
        signer = VapidSigner(generate_key(), "mailto:ops@warn.example")
        channel = WebPush(http, VapidKeys(signer), notes=Notes(locations=self.locations))
        self.deliverer = house.another(channels={"webpush": channel})
        self.withdrawals = MessageWithdrawals(
            self.locations,
            MessageLocations(house.pool, ADDRESSES),
            Withdrawer(http, http.policy),
            LaneGate(),
            house.dependencies.metrics,
        )

    async def send(self, alert_id: str, **changes: Any) -> None:
        for batch in await self.house.planned(alert_id, **changes):
            await self.deliverer.deliver(batch)
        await self.withdrawals.keep()


async def subscribed(house: House, service: Standin) -> None:
    await house.subscriptions.add_many(
        NewSubscription("webpush", service.url, service.url + one.address, one.keys, (DUEREN,))
        for one in SUBSCRIBERS
    )


async def test_what_an_all_clear_did_not_reach_is_taken_back_and_nothing_else(
    house: House,
    service: Standin,
    client_for: Callable[..., HttpClient],  # noqa: F811
) -> None:
    await subscribed(house, service)
    http = client_for(service.url)
    worker = Worker(house, http)
    await worker.send("A")
    refused = SUBSCRIBERS[1].ref
    service.set_faults(
        {"match": {"recipient_prefix": refused}, "action": {"kind": "status", "status": 413}, "name": "size"}
    )
    await worker.send("C", chain="A", reason=Reason.CANCEL)
    service.clear_faults()
    await Worker(house, http).withdrawals.withdraw()  # another worker's
    entries = gateways.read(service.ledger).entries
    assert [(one.recipient, one.status) for one in entries if one.reason == WITHDRAWN] == [(refused, 204)]
    waiting = {one.recipient: one.kind for one in entries if one.accepted}
    assert waiting == {one.ref: ("alert" if one.ref == refused else "cancel") for one in SUBSCRIBERS}
    assert house.count("warn_messages_withdrawn_total", result="withdrawn") == 1
    await worker.withdrawals.withdraw()
    assert len(gateways.read(service.ledger).entries) == len(entries), "once"


async def test_where_every_all_clear_was_handed_over_nothing_is_deleted(
    house: House,
    service: Standin,
    client_for: Callable[..., HttpClient],  # noqa: F811
) -> None:
    """A DELETE would take the all-clear back, which has the warning's place."""
    await subscribed(house, service)
    worker = Worker(house, client_for(service.url))
    await worker.send("A")
    await worker.send("C", chain="A", reason=Reason.CANCEL)
    await worker.withdrawals.withdraw()
    entries = gateways.read(service.ledger).entries
    assert [one.kind for one in entries] == ["alert"] * 3 + ["cancel"] * 3
    assert await house.pool.fetchval("SELECT count(*) FROM message_location WHERE alert_id = 'A'") == 0


async def test_an_outage_of_the_record_is_waited_out(house: House) -> None:
    class Away:
        rounds = 0

        async def forget_expired(self) -> None:
            self.rounds += 1
            raise ConnectionRefusedError if self.rounds < 3 else KeyboardInterrupt

    away: Any = Away()
    nobody: Any = None
    working = MessageWithdrawals(
        Locations(),
        away,
        nobody,
        LaneGate(),
        house.dependencies.metrics,
        interval_s=0.0,
        clock=partial(next, count(0.0, LOOK_EVERY_S)),
    )
    with pytest.raises(KeyboardInterrupt):
        await working.run()
    assert away.rounds == 3
