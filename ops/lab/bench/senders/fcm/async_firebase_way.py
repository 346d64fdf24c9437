"""async-firebase, over HTTP/2: `python -m ops.lab.bench.senders.fcm.async_firebase_way JOB`."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from async_firebase import AsyncFirebaseClient
from async_firebase.messages import AndroidConfig, Message
from google.oauth2.service_account import Credentials

from ops.lab.bench.senders.fcm.job import FcmJob, registration_token
from ops.lab.bench.senders.job import WARM_UP, Timing, read_job

PORTION = 500
"""The most that it takes in a call."""


def ready_token(job: FcmJob) -> Any:
    """Make the credentials of a service account that has its access token, and needs no key for an hour."""
    made = Credentials(None, "bench@example.org", "", project_id=job.project)
    made.token = job.access_token
    made.expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)
    return made


async def send(client: Any, job: FcmJob, count: int) -> None:
    android = AndroidConfig(**job.android)
    for first in range(0, count, PORTION):
        portion = [
            Message(token=registration_token(number), data={"notice": job.payload}, android=android)
            for number in range(first, min(first + PORTION, count))
        ]
        answer = await client.send_each(portion)
        assert all(one.success for one in answer.responses)


async def measure(job: FcmJob) -> None:
    AsyncFirebaseClient.BASE_URL = job.origin
    async with AsyncFirebaseClient(credentials=ready_token(job), use_http2=True) as client:
        await send(client, job, min(WARM_UP, job.count))
        timing = Timing()
        timing.start()
        await send(client, job, job.count)
        timing.stop(job.count)


if __name__ == "__main__":
    asyncio.run(measure(read_job(sys.argv[1], FcmJob)))
