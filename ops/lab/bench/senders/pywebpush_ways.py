"""pywebpush as it is meant to be used in bulk: `python -m ops.lab.bench.senders.pywebpush_ways JOB session|async`."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from typing import Any

import aiohttp
import requests
from py_vapid import Vapid
from pywebpush import webpush, webpush_async

from ops.lab.bench.senders.job import (
    CONCURRENCY,
    TIMEOUT_S,
    WARM_UP,
    Job,
    Timing,
    claims,
    headers,
    read_job,
)


def arguments(job: Job, vapid: Any, number: int) -> dict[str, Any]:
    url, keys = job.subscription(number)
    return {
        "subscription_info": {"endpoint": url, "keys": {"p256dh": keys.p256dh, "auth": keys.auth}},
        "data": job.payload,
        "vapid_private_key": vapid,
        "vapid_claims": claims(),
        "ttl": 3600,
        "headers": headers(),
        "timeout": TIMEOUT_S,
    }


def send_with_session(job: Job) -> None:
    """Send by `webpush()` with one requests session: one request at a time, on a connection that stays."""
    # requests takes a session's own bundle only where the environment names none
    os.environ.pop("REQUESTS_CA_BUNDLE", None)
    os.environ.pop("CURL_CA_BUNDLE", None)
    vapid = Vapid.from_pem(job.vapid_pem.encode())
    with requests.Session() as session:
        session.verify = job.ca_file
        timing = Timing()
        for first, last in ((0, min(WARM_UP, job.count)), (0, job.count)):
            timing.start()
            for number in range(first, last):
                answer = webpush(requests_session=session, **arguments(job, vapid, number))
                assert not isinstance(answer, str)
                assert answer.status_code == 201
        timing.stop(job.count)


async def send_async(job: Job) -> None:
    """Send by `webpush_async()` with one aiohttp session, as many at a time as our channel."""
    vapid = Vapid.from_pem(job.vapid_pem.encode())
    context = ssl.create_default_context(cafile=job.ca_file)
    connector = aiohttp.TCPConnector(ssl=context, limit=CONCURRENCY)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def work(numbers: Any) -> None:
            for number in numbers:
                answer = await webpush_async(aiohttp_session=session, **arguments(job, vapid, number))
                assert not isinstance(answer, str)
                assert answer.status == 201
                answer.release()

        timing = Timing()
        for count in (min(WARM_UP, job.count), job.count):
            numbers = iter(range(count))
            timing.start()
            await asyncio.gather(*(work(numbers) for _ in range(CONCURRENCY)))
        timing.stop(job.count)


if __name__ == "__main__":
    if sys.argv[2] == "session":
        send_with_session(read_job(sys.argv[1], Job))
    else:
        asyncio.run(send_async(read_job(sys.argv[1], Job)))
