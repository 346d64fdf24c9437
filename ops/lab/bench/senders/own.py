"""Our channel: `python -m ops.lab.bench.senders.own JOB [fresh]`, with keys made ahead or, `fresh`, at the send."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import uvloop

from channels.base import Endpoint, Notice, Urgency
from channels.clock import utc_now
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.webpush.channel import LIMITS, WebPush
from channels.webpush.encoder import DirectEncoder
from channels.webpush.precomputed_keys import PrecomputedKeys
from channels.webpush.vapid import VapidSigner
from ops.lab.bench.senders.job import WARM_UP, Job, Timing, read_job

if TYPE_CHECKING:
    from collections.abc import Sequence

SLICE = 100
"""Sends in flight at once, as in one batch of the dispatcher (`WARN_SLICE_SIZE`); of several batches it may be more."""


async def send(job: Job, *, fresh: bool) -> None:
    """Send in batches, as the dispatcher does, and account for every receipt."""
    endpoints = [_endpoint(job, number) for number in range(job.count)]
    keys = PrecomputedKeys(job.count)
    http = HttpClient(AddressPolicy(frozenset({job.origin})), ca_file=job.ca_file)
    signer = VapidSigner(job.vapid_pem.encode(), "mailto:leitstelle@example.org")
    encoder = DirectEncoder() if fresh else DirectEncoder(ready=keys.seal)
    channel = WebPush(http, signer, encoder=encoder, limits=replace(LIMITS, concurrency=SLICE))
    await deliver(channel, job, endpoints[:WARM_UP])
    if not fresh:
        for endpoint in endpoints:
            keys.make(endpoint)
    timing = Timing()
    timing.start()
    await deliver(channel, job, endpoints)
    timing.stop(job.count)
    await http.aclose()


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
        async for receipts in channel.send(notice, endpoints[start : start + LIMITS.batch]):
            accepted += sum(receipt.error is None for receipt in receipts)
    assert accepted == len(endpoints)


def _endpoint(job: Job, number: int) -> Endpoint:
    url, keys = job.subscription(number)
    return Endpoint(number, url, {"p256dh": keys.p256dh, "auth": keys.auth})


if __name__ == "__main__":
    uvloop.run(send(read_job(sys.argv[1]), fresh="fresh" in sys.argv[2:]))
