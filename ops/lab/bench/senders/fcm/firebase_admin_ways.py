"""Google's own library: `python -m ops.lab.bench.senders.fcm.firebase_admin_ways JOB threads|async`.

`threads` is `send_each()`, which has a thread for each of 500 messages; `async` is `send_each_async()`, over HTTP/2.
"""

from __future__ import annotations

import asyncio
import sys
import warnings
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import firebase_admin
from firebase_admin import credentials, messaging
from google.oauth2.credentials import Credentials

from ops.lab.bench.senders.fcm.job import FcmJob, registration_token
from ops.lab.bench.senders.job import WARM_UP, Timing, read_job

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTION = 500
"""The most that it takes in a call."""


class ReadyToken(credentials.Base):  # type: ignore[misc]
    """Has its access token."""

    def __init__(self, value: str) -> None:
        ends = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)
        self._credential = Credentials(value, expiry=ends)

    def get_credential(self) -> Any:
        return self._credential


def portions(job: FcmJob, count: int) -> Iterator[list[Any]]:
    android = messaging.AndroidConfig(**{**job.android, "ttl": job.ttl_s})
    data = {"notice": job.payload}
    for first in range(0, count, PORTION):
        yield [
            messaging.Message(token=registration_token(number), data=data, android=android)
            for number in range(first, min(first + PORTION, count))
        ]


def send(job: FcmJob, count: int) -> None:
    for portion in portions(job, count):
        assert messaging.send_each(portion).success_count == len(portion)


async def send_async(job: FcmJob, count: int) -> None:
    for portion in portions(job, count):
        assert (await messaging.send_each_async(portion)).success_count == len(portion)


def opened(job: FcmJob) -> None:
    """Have it send to the job's address, with as many kept connections there as it has to Google's."""
    service: Any = messaging._MessagingService  # noqa: SLF001 - there is no setting for it
    service.FCM_URL = f"{job.origin}/v1/projects/{{0}}/messages:send"
    app = firebase_admin.initialize_app(ReadyToken(job.access_token), {"projectId": job.project})
    session = messaging._get_messaging_service(app)._client.session  # noqa: SLF001
    session.mount(job.origin, session.get_adapter("https://fcm.googleapis.com"))


async def measure_async(job: FcmJob) -> None:
    await send_async(job, min(WARM_UP, job.count))
    timing = Timing()
    timing.start()
    await send_async(job, job.count)
    timing.stop(job.count)


def measure(job: FcmJob) -> None:
    send(job, min(WARM_UP, job.count))
    timing = Timing()
    timing.start()
    send(job, job.count)
    timing.stop(job.count)


if __name__ == "__main__":
    warnings.filterwarnings("ignore", "Message.token is deprecated")  # it is what phones have
    given = read_job(sys.argv[1], FcmJob)
    opened(given)
    if sys.argv[2] == "async":
        asyncio.run(measure_async(given))
    else:
        measure(given)
