"""An SMS gateway that takes so many a second, from the settings to the stand-in's journal."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatcher.model.subscriptions import NewSubscription
from dispatcher.settings import Settings
from dispatcher.wiring.channels import channel_registry
from dispatcher.wiring.http_client import http_client
from dispatcher.wiring.webpush import checking_keys
from ops.lab.gateways import launch
from ops.lab.gateways.launch import Standin
from ops.lab.world import ledger
from tests.delivery.conftest import House
from tests.support.busiest_second import most_in_a_second
from tests.support.messages import DUEREN

Account = dict[str, Any]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Standin]:
    with launch.start("sms", ledger=tmp_path / "sms.ndjson", state=tmp_path) as standin:
        yield standin


@pytest.fixture
async def channels(gateway: Standin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What makes the channels of these settings of the gateway, as a worker does."""
    opened = []

    def made(**account: Any) -> Any:
        one = {"name": "sms", "url": f"{gateway.url}/messages", **account}
        monkeypatch.setenv("WARN_SMS_GATEWAYS", json.dumps([one]))
        monkeypatch.setenv("WARN_ALLOWED_ORIGINS", f"gateway={gateway.url}")
        monkeypatch.setenv("WARN_DATA_DIR", str(tmp_path))
        settings = Settings()
        http = http_client(settings)
        opened.append(http)
        return channel_registry(settings, http, checking_keys(settings))

    yield made
    for http in opened:
        await http.aclose()


async def warn(house: House, channels: Any, people: int) -> None:
    """Warn so many by SMS, and work until nothing is open."""
    await house.subscriptions.add_many(
        NewSubscription("sms", "sms", f"+4900{number:09}", {}, (DUEREN,)) for number in range(people)
    )
    deliverer = house.another(channels=channels, slice_size=100)
    batches = await house.planned()
    while batches:
        await asyncio.gather(*(deliverer.deliver(batch) for batch in batches))
        rows = await house.pool.fetch("SELECT id FROM batch WHERE state = 'open'")
        batches = [row["id"] for row in rows]
        await asyncio.sleep(0.02 if batches else 0)  # a batch that was put down is due a little later


MEANS_TOO_FAST = {
    "answer": {
        "rules": [{"status": 403, "means": "rate_limited"}, {"status": "2xx", "means": "accepted"}],
        "reference": "id",
    }
}


@pytest.mark.parametrize(
    ("status", "headers", "account"),
    [(429, {}, {}), (429, {"retry-after": "1"}, {}), (403, {}, MEANS_TOO_FAST)],
    ids=["429", "429 with a time", "403 by the operator's table"],
)
async def test_an_account_that_is_throttled_gets_what_it_takes_and_nobody_is_called(
    house: House, gateway: Standin, channels: Any, status: int, headers: dict[str, str], account: Account
) -> None:
    action = {"kind": "status", "status": status, "headers": headers}
    gateway.set_faults({"match": {"above_per_s": 20}, "action": action})
    await warn(house, channels(**account), 60)
    entries = ledger.read(gateway.ledger).entries
    taken = [entry for entry in entries if entry.accepted]
    assert len(taken) == len({entry.recipient for entry in taken}) == 60
    assert 0 < len(entries) - 60 <= 60, "few are refused"
    assert house.count("warn_deliveries_total", channel="sms", lane="priority", outcome="accepted") == 60
    labels = {"channel": "sms", "gateway": "sms"}
    assert await house.pool.fetch("SELECT FROM gateway WHERE reason = 'misconfigured'") == []
    assert house.count("warn_delivery_attempts_total", **labels, result="rate_limited") == len(entries) - 60
    assert 5 <= house.count("warn_gateway_rate_per_second", **labels, basis="learnt") <= 60


@pytest.mark.timeout(60)
async def test_a_declared_rate_is_kept_in_every_second_and_nothing_is_refused(
    house: House, gateway: Standin, channels: Any
) -> None:
    await warn(house, channels(rate=50), 500)
    entries = ledger.read(gateway.ledger).entries
    assert [entry.accepted for entry in entries] == [True] * 500
    assert len({entry.recipient for entry in entries}) == 500
    most = most_in_a_second([entry.wall_ns for entry in entries], 10**9)
    assert most <= 50 * 1.2, "a fifth for a stand-in that stands still in between"
    assert house.count("warn_gateway_rate_per_second", channel="sms", gateway="sms", basis="configured") == 49
