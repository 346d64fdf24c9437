"""Delivery reports of the SMS stand-in: each message it takes is reported on in one of the ways that go wrong.

Which way, and whether the first report overtakes the answer to the message, follows from seed and client reference. A
report is repeated until it is answered, as providers do.
"""

from __future__ import annotations

import asyncio
import http.client
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import msgspec

from ops.lab.gateways.faults import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EARLY_WITHIN_S = 1.0
"""How long the answer to a message waits for the report that is to overtake it: less than its sender waits."""
ANSWER_WITHIN_S = 10.0
AGAIN_S = 0.1
TRIES_MAX = 300
FINAL = frozenset({"delivered", "failed"})
NUMBER = "+4900000000000"
"""The phone number in every report, as real ones have one; it must appear nowhere in the service."""
UNKNOWN_REFERENCE = "00000000000000000000000000-1"


class ReportSequence(StrEnum):
    """Names the sequence of reports on a message."""

    DELIVERED = "delivered"
    FAILED = "failed"
    DUPLICATED = "duplicated"
    CONTRADICTED = "contradicted"
    DISORDERED = "disordered"
    """A report that is not final comes last."""
    TORN = "torn"
    """Both final states are reported at the same instant."""
    FOREIGN = "foreign"
    """A report of a message that was never sent comes before the right one."""
    FORGED = "forged"
    """A report without the right secret comes before the right one."""
    SILENT = "silent"


class Step(msgspec.Struct, frozen=True):
    """A report in a sequence."""

    status: str
    known: bool = True
    honest: bool = True


_DELIVERED, _FAILED, _PENDING = Step("delivered"), Step("failed"), Step("enroute")
REPORT_SEQUENCES: Mapping[ReportSequence, tuple[tuple[Step, ...], ...]] = {
    ReportSequence.DELIVERED: ((_DELIVERED,),),
    ReportSequence.FAILED: ((_FAILED,),),
    ReportSequence.DUPLICATED: ((_DELIVERED,), (_DELIVERED,)),
    ReportSequence.CONTRADICTED: ((_FAILED,), (_DELIVERED,)),
    ReportSequence.DISORDERED: ((_PENDING,), (_DELIVERED,), (_PENDING,)),
    ReportSequence.TORN: ((_DELIVERED, _FAILED),),
    ReportSequence.FOREIGN: ((Step("failed", known=False),), (_DELIVERED,)),
    ReportSequence.FORGED: ((Step("failed", honest=False),), (_DELIVERED,)),
    ReportSequence.SILENT: (),
}
"""Steps beside one another are sent at the same time, groups one after the other."""


class ReportPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says where to report, and how."""

    url: str
    secret: str
    seed: int = 0
    early: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    """The share of messages whose first report comes before the answer."""


class AnsweredReport(msgspec.Struct, frozen=True):
    """A report and its answer. Times are CLOCK_MONOTONIC."""

    client_ref: str
    way: str
    step: Step
    early: bool
    status: int
    """The last HTTP status; 0 where no answer ever came."""
    verdict: str
    """The verdict on it in the service's answer."""
    began_ns: int
    ended_ns: int


class ReportSummary(msgspec.Struct, frozen=True):
    """Holds all reports answered so far, and how many messages are still to be reported on."""

    heard: tuple[AnsweredReport, ...]
    open: int


def parse(body: bytes) -> ReportPlan:
    """Parse a plan from JSON. Raises msgspec.DecodeError or its subclass ValidationError."""
    return msgspec.json.decode(body, type=ReportPlan)


class Reporter:
    """Reports on messages by a plan."""

    def __init__(self, plan: ReportPlan) -> None:
        self._plan = plan
        self._known: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard: list[AnsweredReport] = []

    def account(self) -> ReportSummary:
        return ReportSummary(tuple(self._heard), len(self._tasks))

    def way(self, client_ref: str) -> ReportSequence:
        """Choose the sequence of reports on this message."""
        return tuple(ReportSequence)[int(draw(self._plan.seed, 0, client_ref, 1) * len(ReportSequence))]

    def follow(self, client_ref: str, answer: Callable[[], None]) -> None:
        """Have `answer` called, and the message reported on, once."""
        if client_ref in self._known:
            answer()
            return
        self._known.add(client_ref)
        task = asyncio.get_running_loop().create_task(self._follow(client_ref, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, client_ref: str, answer: Callable[[], None]) -> None:
        groups = list(REPORT_SEQUENCES[self.way(client_ref)])
        if groups and draw(self._plan.seed, 1, client_ref, 1) < self._plan.early:
            first = asyncio.ensure_future(self._send(client_ref, groups.pop(0), early=True))
            await asyncio.wait({first}, timeout=EARLY_WITHIN_S)
            answer()
            await first
        else:
            answer()
        for group in groups:
            await self._send(client_ref, group, early=False)

    async def _send(self, client_ref: str, group: tuple[Step, ...], *, early: bool) -> None:
        await asyncio.gather(*(self._report(client_ref, step, early=early) for step in group))

    async def _report(self, client_ref: str, step: Step, *, early: bool) -> None:
        reference = client_ref if step.known else UNKNOWN_REFERENCE
        body = msgspec.json.encode(
            {"client_ref": reference, "status": step.status, "to": NUMBER, "error": "27"}
        )
        secret = self._plan.secret if step.honest else self._plan.secret[::-1] + "x"
        status, verdict, began_ns = 0, "", time.monotonic_ns()
        for _ in range(TRIES_MAX):
            status, verdict = await asyncio.to_thread(_post, self._plan.url, secret, body)
            if 200 <= status < 500:
                break
            await asyncio.sleep(AGAIN_S)
        way = self.way(client_ref)
        heard = AnsweredReport(client_ref, way, step, early, status, verdict, began_ns, time.monotonic_ns())
        self._heard.append(heard)


def _post(url: str, secret: str, body: bytes) -> tuple[int, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_WITHIN_S)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"}
    try:
        connection.request("POST", parts.path, body, headers)
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()
    if response.status != 200:
        return response.status, ""
    return response.status, "+".join(msgspec.json.decode(content)["verdicts"])
