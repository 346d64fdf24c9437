"""pyfcm, in the ways it has for many: `python -m ops.lab.bench.senders.fcm.pyfcm_ways JOB session|async`.

`session` is `notify()`, one request at a time on a connection that stays. `async` is `async_notify_multiple_devices()`,
as many at a time as ours.
"""

from __future__ import annotations

import sys
from typing import Any

from google.oauth2.credentials import Credentials
from pyfcm import FCMNotification
from pyfcm.baseapi import BaseAPI

from ops.lab.bench.senders.fcm.job import FcmJob, registration_token
from ops.lab.bench.senders.job import CONCURRENCY, TIMEOUT_S, WARM_UP, Timing, read_job


class ReadyToken(Credentials):  # type: ignore[misc]
    """Has its access token: pyfcm asks each time for a new one."""

    def refresh(self, request: Any) -> None:  # noqa: ARG002 - there is nothing to ask
        return


def arguments(job: FcmJob, number: int) -> dict[str, Any]:
    return {
        "fcm_token": registration_token(number),
        "data_payload": {"notice": job.payload},
        "android_config": job.android,
    }


def send_with_session(fcm: Any, job: FcmJob, count: int) -> None:
    for number in range(count):
        answer = fcm.notify(**arguments(job, number), timeout=TIMEOUT_S)
        assert answer["name"]


def send_async(fcm: Any, job: FcmJob, count: int) -> None:
    for first in range(0, count, CONCURRENCY):
        portion = [arguments(job, number) for number in range(first, min(first + CONCURRENCY, count))]
        answers = fcm.async_notify_multiple_devices(params_list=portion, timeout=TIMEOUT_S)
        assert all(answer["name"] for answer in answers)


def main() -> None:
    job = read_job(sys.argv[1], FcmJob)
    BaseAPI.FCM_END_POINT_BASE = f"{job.origin}/v1/projects"
    fcm = FCMNotification(credentials=ReadyToken(job.access_token), project_id=job.project)
    send = send_with_session if sys.argv[2] == "session" else send_async
    send(fcm, job, min(WARM_UP, job.count))
    timing = Timing()
    timing.start()
    send(fcm, job, job.count)
    timing.stop(job.count)


if __name__ == "__main__":
    main()
