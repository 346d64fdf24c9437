"""aioapns, with as many sends at a time as ours: `python -m ops.lab.bench.senders.apns.aioapns_way JOB`."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aioapns import APNs, NotificationRequest, PushType
from aioapns.connection import APNsProductionClientProtocol

from ops.lab.bench.senders.apns.job import ApnsJob, device_token
from ops.lab.bench.senders.job import CONCURRENCY, WARM_UP, Timing, read_job

if TYPE_CHECKING:
    from collections.abc import Iterator


async def send(apns: Any, job: ApnsJob, count: int) -> None:
    message = json.loads(job.payload)

    async def work(numbers: Iterator[int]) -> None:
        for number in numbers:
            request = NotificationRequest(
                device_token=device_token(number),
                message=message,
                time_to_live=job.ttl_s,
                priority=10,
                collapse_key=job.collapse_id,
                push_type=PushType.ALERT,
            )
            assert (await apns.send_notification(request)).is_successful

    numbers = iter(range(count))
    await asyncio.gather(*(work(numbers) for _ in range(CONCURRENCY)))


async def measure(job: ApnsJob) -> None:
    there = urlsplit(job.origin)
    APNsProductionClientProtocol.APNS_SERVER = there.hostname or ""
    APNsProductionClientProtocol.APNS_PORT = there.port or 0
    trusting = ssl.create_default_context(cafile=job.ca_file)
    trusting.set_alpn_protocols(["h2"])  # it names none itself in a context that it is given
    apns = APNs(
        key=job.key,
        key_id=job.key_id,
        team_id=job.team_id,
        topic=job.topic,
        ssl_context=trusting,
    )
    await send(apns, job, min(WARM_UP, job.count))
    timing = Timing()
    timing.start()
    await send(apns, job, job.count)
    timing.stop(job.count)
    apns.pool.close()


if __name__ == "__main__":
    asyncio.run(measure(read_job(sys.argv[1], ApnsJob)))
