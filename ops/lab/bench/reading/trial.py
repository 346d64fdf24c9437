"""Measures reading on one service: how many a second, beside submissions, and by streams."""

from __future__ import annotations

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from ops.lab.bench.fixtures.aside import Aside
from ops.lab.bench.fixtures.front import front, most_in_a_second
from ops.lab.bench.fixtures.list_reader import ReaderOrders, ReaderResult
from ops.lab.bench.fixtures.processes import Process
from ops.lab.bench.fixtures.slow_readers import SlowOrders, SlowResult
from ops.lab.bench.fixtures.stream_listeners import Heard, ListenerOrders
from ops.lab.bench.fixtures.submitter import ADD_SOURCE, Submitter
from ops.lab.bench.senders.measurement import processors

if TYPE_CHECKING:
    from ops.lab.world.service import Service

CONNECTIONS = 64
LIST = "/v1/municipalities/05358008/alerts"
MIX = (
    LIST,
    "/v1/municipalities/05358024/alerts",
    "/v1/districts/05358/alerts",
    "/api31/dashboard/053580000000.json",
)
SHOWN_WITHIN_S = 30.0
CROWD = (
    *(
        f"/v1/{kind}/alerts{form}"
        for kind in ("municipalities/05358008", "municipalities/05358024", "districts/05358", "public")
        for form in ("", "?language=en", ".atom", ".geojson")
    ),
    "/v1/municipalities/05358008/badge.svg",
    "/v1/public/widget.js",
    "/api/appdata/gsb/labels/de_labels.json",
    "/api31/dashboard/053580000000.json",
    "/api31/mowas/mapData.json",
)
"""What a crowd asks for that comes through a cache."""
SLOW_REQUESTS = 20
"""How many a slow reader sends at once, of which it reads a byte a second."""
FULL = 0.8
"""At which share of the full rate is read beside submissions."""


def read(
    port: int,
    seconds: float,
    rate: float = 0.0,
    paths: tuple[str, ...] = (LIST,),
    *,
    comes_last: bool = False,
) -> float:
    """Read for so long. Returns requests a second. Raises RuntimeError where one was refused. What `comes_last` is as
    `Aside` has it.
    """
    orders = ReaderOrders(port, list(paths), CONNECTIONS, seconds, rate)
    aside = Aside("list_reader", orders, comes_last=comes_last)
    aside.begin()
    found = msgspec.json.decode(aside.result(), type=ReaderResult)
    if found.refused:
        raise RuntimeError(f"{found.refused} of {found.requests} requests were refused")
    return found.requests / found.seconds


class Trial:
    """A service with a reading process, and some warnings in force."""

    def __init__(self, service: Service, warnings: int) -> None:
        self._service = service
        self.submitter = Submitter(service, "reading")
        service.key = service.commands(ADD_SOURCE)[0].strip().split()[-1]
        for _ in range(warnings):
            self.submitter.submit()
        self.port = urlsplit(self._reading_url()).port or 0
        self._wait_shown(warnings)

    def _reading_url(self) -> str:
        found: str = json.loads((self._service.home / "api" / "reading-1.json").read_bytes())["url"]
        return found

    def listed(self) -> bytes:
        """Return the list as it is served."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{LIST}") as answer:
            body: bytes = answer.read()
            return body

    def _wait_shown(self, count: int) -> None:
        deadline = time.monotonic() + SHOWN_WITHIN_S
        while len(json.loads(self.listed())["alerts"] or ()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError("the warnings are not shown")
            time.sleep(0.1)

    def pin(self) -> None:
        """Give the reading process a processor; all others but it have both."""
        own = processors()[0]
        if own is not None:
            Process(self._service.pids()["reading-1"]).pin({own})

    def beside(self, seconds: float, rate: float) -> tuple[list[float], float]:
        """Submit while others, who are no part of the machine, read at this rate. Returns how long each answer took, in
        seconds, and how many requests of theirs were answered a second.
        """
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(read, self.port, seconds, rate, MIX, comes_last=True)
            return self.submitter.submit_for(seconds), reading.result()

    def streams(self, count: int) -> dict[str, Any]:
        """Open streams, submit a warning, and wait until all have heard of it."""
        paths = [f"{path}.events" for path in (LIST, "/v1/districts/05358/alerts", "/v1/public/alerts")]
        reading = Process(self._service.pids()["reading-1"])
        listeners = Aside("stream_listeners", ListenerOrders(self.port, paths, count))
        open_mb = reading.rss_mb()
        reading.forget_peak()
        began = time.time()
        self.submitter.submit()
        accepted = time.time()
        heard = msgspec.json.decode(listeners.result(), type=Heard)
        return {
            "sse_streams": heard.streams,
            "sse_mb": round(max(open_mb, reading.peak_mb()), 1),
            "sse_first_s": round(heard.first - began, 3),
            "sse_last_s": round(heard.last - accepted, 3),
        }

    def slow(self, count: int, seconds: float) -> dict[str, Any]:
        """Read beside others who ask and take next to nothing, in as many forms as there are."""
        reading = Process(self._service.pids()["reading-1"])
        before = reading.rss_mb()
        reading.forget_peak()
        orders = SlowOrders(self.port, [*CROWD], count, SLOW_REQUESTS)
        slow = Aside("slow_readers", orders)
        per_s = read(self.port, seconds)
        slow.begin()
        found = msgspec.json.decode(slow.result(), type=SlowResult)
        return {
            "slow_readers": count,
            "slow_let_go": found.let_go,
            "slow_mb": round(reading.peak_mb() - before, 1),
            "slow_per_s": round(per_s),
        }

    def crowd(self, requests: int, seconds: float) -> dict[str, Any]:
        """Have a crowd read through a real nginx with its cache, and count what of it the service is asked."""
        with front(self.port, self._service.home / "nginx") as proxy:
            began = time.time()
            per_s = read(proxy.port, seconds, requests / seconds, CROWD)
            took = time.time() - began
            passed = proxy.passed()
        return {
            "crowd_requests": round(per_s * seconds),
            "crowd_s": round(took, 1),
            "crowd_addresses": len(passed),
            "crowd_passed": sum(map(len, passed.values())),
            "crowd_most_in_a_second": max(map(most_in_a_second, passed.values())),
        }
