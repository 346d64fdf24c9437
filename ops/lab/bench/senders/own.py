"""Our channel: `python -m ops.lab.bench.senders.own JOB [fresh|ready|stalled]`, with keys made ahead or, `fresh`, at
the send.

`ready`: all get one body that was made before, noise of the right length. `stalled`: while the first connection of a
mass send is being made, the event loop is held until its time is up.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import uvloop

from channels.base import Endpoint, Notice, Urgency
from channels.clock import utc_now
from channels.http.addresses import AddressPolicy
from channels.http.client import DEFAULT_CONNECT_TIMEOUT_S, HttpClient
from channels.webpush.channel import LIMITS, WebPush
from channels.webpush.encoder import DirectEncoder
from channels.webpush.keys.precomputed_keys import TURN, PrecomputedKeys
from channels.webpush.vapid import VapidKeys, VapidSigner
from ops.lab.bench.senders.job import ENCRYPTION_BYTES, WARM_UP, Job, Timing, read_job
from ops.lab.bench.senders.transports import await_own_connections, sent_by_own

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from channels.webpush.encoder import Encoder

SLICE = 100
"""Sends in flight at once, as in one batch of the dispatcher (`WARN_SLICE_SIZE`); of several batches it may be more."""


STALLED_CONNECT_S = 0.2
"""The time for a connection where it is to run out."""


async def send(job: Job, way: str = "") -> None:
    """Send in batches, as the dispatcher does, and account for every receipt."""
    endpoints = [_endpoint(job, number) for number in range(job.count)]
    keys = PrecomputedKeys(job.count)
    stalled = way == "stalled"
    connect_s = STALLED_CONNECT_S if stalled else DEFAULT_CONNECT_TIMEOUT_S
    http = HttpClient(
        AddressPolicy(frozenset({job.origin})), ca_file=job.ca_file, connect_timeout_s=connect_s
    )
    keys_of_ours = VapidKeys(VapidSigner(job.vapid_pem.encode(), "mailto:leitstelle@example.org"))
    encoders: dict[str, Callable[[], Encoder]] = {"fresh": DirectEncoder, "ready": partial(ready_made, job)}
    encoder = encoders[way]() if way in encoders else DirectEncoder(ready=keys.seal)
    channel = WebPush(http, keys_of_ours, encoder=encoder, limits=replace(LIMITS, concurrency=SLICE))
    holding = asyncio.create_task(hold_a_connect(http)) if stalled else None
    await deliver(channel, job, endpoints[:WARM_UP])
    if holding is not None:
        await holding
    if way not in encoders:
        for number, endpoint in enumerate(endpoints):
            keys.make(endpoint)
            if number % TURN == 0:  # a worker's loop is not held either: connections are being made
                await asyncio.sleep(0)
    if not stalled:
        await await_own_connections(http)
    timing = Timing(partial(sent_by_own, http))
    timing.start()
    await deliver(channel, job, endpoints)
    timing.stop(job.count)
    await http.aclose()


def ready_made(job: Job) -> Encoder:
    """Return what gives everybody the same body: what sending costs without encryption."""
    body = os.urandom(len(job.payload.encode()) + ENCRYPTION_BYTES)
    return lambda _payload, _endpoint: body


async def hold_a_connect(http: HttpClient) -> None:
    """Hold the loop while a connection of our own is being made, for longer than that may take."""
    pools = http._http2._pools  # noqa: SLF001 - nothing public tells the moment
    while not any(pool._connecting for pool in pools.values()):  # noqa: ASYNC110, SLF001
        await asyncio.sleep(0)
    time.sleep(2 * STALLED_CONNECT_S)  # noqa: ASYNC251 - that is the fault


async def deliver(channel: WebPush, job: Job, endpoints: Sequence[Endpoint]) -> None:
    """Send one notice to all. Raises `AssertionError` unless every one was accepted."""
    notice = Notice(
        alert_id="01JD8Z0000000000000000TEST",
        collapse_key="k" * 32,
        title="",
        text="",
        payload=job.payload.encode(),
        language="de",
        urgency=Urgency.HIGH,
        deadline=utc_now() + timedelta(hours=1),
    )
    accepted = 0
    for start in range(0, len(endpoints), LIMITS.batch):
        async for receipts in channel.send(notice, job.origin, endpoints[start : start + LIMITS.batch]):
            accepted += sum(receipt.error is None for receipt in receipts)
    assert accepted == len(endpoints)


def _endpoint(job: Job, number: int) -> Endpoint:
    url, keys = job.subscription(number)
    return Endpoint(number, url, {"p256dh": keys.p256dh, "auth": keys.auth})


if __name__ == "__main__":
    uvloop.run(send(read_job(sys.argv[1], Job), *sys.argv[2:]))
