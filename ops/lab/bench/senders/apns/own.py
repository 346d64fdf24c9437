"""Our channel: `python -m ops.lab.bench.senders.apns.own JOB`."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from channels.apns.apple_apps import AppleApp, AppleApps
from channels.apns.channel import LIMITS, Apns
from channels.apns.credential import ApnsCredential
from channels.base import Endpoint, Notice, Urgency
from channels.clock import utc_now
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from ops.lab.bench.senders.apns.job import ApnsJob, device_token
from ops.lab.bench.senders.job import WARM_UP, Timing, read_job
from ops.lab.bench.senders.own import SLICE
from ops.lab.bench.senders.transports import await_own_connections, sent_by_own

if TYPE_CHECKING:
    from collections.abc import Sequence


async def send(job: ApnsJob) -> None:
    """Send in batches, as the dispatcher does, and account for every receipt."""
    policy = AddressPolicy(frozenset({job.origin}))
    key = load_pem_private_key(job.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    app = AppleApp(
        ApnsCredential(job.team_id, job.key_id, key, (job.topic,), "production"), job.topic, job.origin
    )
    clients: list[HttpClient] = []

    def connect() -> HttpClient:
        clients.append(HttpClient(policy, ca_file=job.ca_file))
        return clients[-1]

    apps = AppleApps(connect, [app])
    channel = Apns(apps, policy, limits=replace(LIMITS, concurrency=SLICE))
    endpoints = [Endpoint(number, device_token(number), {"topic": job.topic}) for number in range(job.count)]
    await deliver(channel, app.gateway, job, endpoints[:WARM_UP])
    for http in clients:
        await await_own_connections(http)
    timing = Timing(lambda: sum(map(sent_by_own, clients)))
    timing.start()
    await deliver(channel, app.gateway, job, endpoints)
    timing.stop(job.count)
    await channel.aclose()


async def deliver(channel: Apns, gateway: str, job: ApnsJob, endpoints: Sequence[Endpoint]) -> None:
    """Send one notice to all. Raises `AssertionError` unless every one was accepted."""
    sent = replace(notice(job), deadline=utc_now() + timedelta(seconds=job.ttl_s))
    accepted = 0
    for start in range(0, len(endpoints), LIMITS.batch):
        async for receipts in channel.send(sent, gateway, endpoints[start : start + LIMITS.batch]):
            accepted += sum(receipt.error is None for receipt in receipts)
    assert accepted == len(endpoints)


def notice(job: ApnsJob) -> Notice:
    """Return what is sent."""
    return Notice(
        alert_id="01JD8Z0000000000000000TEST",
        collapse_key=job.collapse_id,
        title=job.title,
        text=job.text,
        payload=job.document.encode(),
        language="de",
        urgency=Urgency.HIGH,
        deadline=utc_now(),
    )


if __name__ == "__main__":
    uvloop.run(send(read_job(sys.argv[1], ApnsJob)))
