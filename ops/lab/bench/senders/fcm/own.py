"""Our channel: `python -m ops.lab.bench.senders.fcm.own JOB`, with an access token that it has."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import uvloop

from channels.base import Endpoint, Notice, Urgency
from channels.clock import utc_now
from channels.fcm.access_tokens import AccessToken
from channels.fcm.channel import LIMITS, Fcm
from channels.fcm.projects import Project, Projects
from channels.fcm.service_account import ServiceAccount
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from ops.lab.bench.senders.fcm.job import FcmJob, registration_token
from ops.lab.bench.senders.job import WARM_UP, Timing, read_job
from ops.lab.bench.senders.own import SLICE
from ops.lab.bench.senders.transports import await_own_connections, sent_by_own

if TYPE_CHECKING:
    from collections.abc import Sequence


class ReadyToken:
    """Has the one access token there is: asking for it is no part of sending."""

    def __init__(self, value: str) -> None:
        now = utc_now()
        self._token = AccessToken(value, now, now + timedelta(hours=1))

    async def token(self, account: ServiceAccount) -> AccessToken:  # noqa: ARG002 - there is one
        return self._token

    async def renewed(self, account: ServiceAccount, refused: AccessToken) -> AccessToken:  # noqa: ARG002
        return self._token


async def send(job: FcmJob) -> None:
    """Send in batches, as the dispatcher does, and account for every receipt."""
    http = HttpClient(AddressPolicy(frozenset({job.origin})), ca_file=job.ca_file)
    account = ServiceAccount(job.project, "bench", "bench@example.org", None, "")  # type: ignore[arg-type]
    projects = Projects(ReadyToken(job.access_token), [Project(account, job.origin)])
    channel = Fcm(http, projects, limits=replace(LIMITS, concurrency=SLICE))
    endpoints = [
        Endpoint(number, registration_token(number), {"project": job.project}) for number in range(job.count)
    ]
    await deliver(channel, job, endpoints[:WARM_UP])
    await await_own_connections(http)
    timing = Timing(partial(sent_by_own, http))
    timing.start()
    await deliver(channel, job, endpoints)
    timing.stop(job.count)
    await http.aclose()


async def deliver(channel: Fcm, job: FcmJob, endpoints: Sequence[Endpoint]) -> None:
    """Send one notice to all. Raises `AssertionError` unless every one was accepted."""
    notice = Notice(
        alert_id="01JD8Z0000000000000000TEST",
        collapse_key=job.android["collapse_key"],
        title="",
        text="",
        payload=job.payload.encode(),
        language="de",
        urgency=Urgency.HIGH,
        deadline=utc_now() + timedelta(seconds=job.ttl_s),
    )
    accepted = 0
    for start in range(0, len(endpoints), LIMITS.batch):
        async for receipts in channel.send(notice, job.project, endpoints[start : start + LIMITS.batch]):
            accepted += sum(receipt.error is None for receipt in receipts)
    assert accepted == len(endpoints)


if __name__ == "__main__":
    uvloop.run(send(read_job(sys.argv[1], FcmJob)))
