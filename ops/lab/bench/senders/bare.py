"""HTTP clients without a push: `python -m ops.lab.bench.senders.bare JOB client|libcurl`, one ready-made body for all.

`client` is our client as channels use it. `libcurl` is pycurl's multi interface at its barest: reused handles, one
URL, no callbacks, no event loop, answers neither read nor judged.
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from typing import Any

import pycurl
import uvloop

from channels.clock import utc_now
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.http.messages import Answer, HttpError, Request, header_lines
from channels.webpush.vapid import VapidSigner
from ops.lab.bench.senders.job import (
    CONCURRENCY,
    ENCRYPTION_BYTES,
    TIMEOUT_S,
    WARM_UP,
    Job,
    Timing,
    headers,
    read_job,
)
from ops.lab.bench.senders.transports import await_own_connections, sent_by_own


def ready_made(job: Job) -> tuple[list[str], bytes]:
    """Make headers and a body such as every push has."""
    signer = VapidSigner(job.vapid_pem.encode(), "mailto:leitstelle@example.org")
    fixed = {"TTL": "3600", "Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream"}
    token = {"Authorization": signer.authorization(job.origin, utc_now())}
    return header_lines({**headers(), **fixed, **token}), os.urandom(len(job.payload) + ENCRYPTION_BYTES)


async def send_with_client(job: Job) -> None:
    http = HttpClient(AddressPolicy(frozenset({job.origin})), ca_file=job.ca_file)
    lines, body = ready_made(job)
    urls = [job.subscription(number)[0] for number in range(job.count)]
    await _rush(http, [Request(url, lines, body, TIMEOUT_S, brief=True) for url in urls[:WARM_UP]])
    requests = [Request(url, lines, body, TIMEOUT_S, brief=True) for url in urls]
    await await_own_connections(http)
    timing = Timing(partial(sent_by_own, http))
    timing.start()
    await _rush(http, requests)
    timing.stop(job.count)
    await http.aclose()


async def _rush(http: HttpClient, requests: list[Request]) -> None:
    over = asyncio.get_running_loop().create_future()
    waiting = iter(requests)
    left = len(requests)

    def landed(outcome: Answer | HttpError) -> None:
        nonlocal left
        assert isinstance(outcome, Answer)
        left -= 1
        if not left:
            over.set_result(None)
        elif request := next(waiting, None):
            http.submit(request, landed)

    for _ in range(CONCURRENCY):
        http.submit(next(waiting), landed)
    await over


def send_with_libcurl(job: Job) -> None:
    lines, body = ready_made(job)
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
    multi.setopt(pycurl.M_MAXCONNECTS, CONCURRENCY)
    handles = [_handle(job, lines, body) for _ in range(CONCURRENCY)]
    _drive(multi, handles, WARM_UP)
    timing = Timing()
    timing.start()
    _drive(multi, handles, job.count)
    timing.stop(job.count)


def _handle(job: Job, lines: list[str], body: bytes) -> Any:
    curl = pycurl.Curl()
    for option, value in (
        (pycurl.URL, job.subscription(0)[0]),
        (pycurl.NOSIGNAL, 1),
        (pycurl.CAINFO, os.fsencode(job.ca_file)),
        (pycurl.HTTPHEADER, lines),
        (pycurl.POSTFIELDS, body),
        (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
        (pycurl.TCP_NODELAY, 1),
        (pycurl.TIMEOUT_MS, int(TIMEOUT_S * 1000)),
    ):
        curl.setopt(option, value)
    return curl


def _drive(multi: Any, handles: list[Any], count: int) -> None:
    for handle in handles:
        multi.add_handle(handle)
    started, ended = len(handles), 0
    while ended < count:
        multi.perform()
        _, succeeded, failed = multi.info_read(len(handles))
        assert not failed
        for handle in succeeded:
            multi.remove_handle(handle)
            ended += 1
            if started < count:
                multi.add_handle(handle)
                started += 1
        if not succeeded:
            multi.select(1.0)


if __name__ == "__main__":
    if sys.argv[2] == "client":
        uvloop.run(send_with_client(read_job(sys.argv[1], Job)))
    else:
        send_with_libcurl(read_job(sys.argv[1], Job))
