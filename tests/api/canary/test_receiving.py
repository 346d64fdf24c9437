"""The service receives by itself what it sends to itself, and that proves the whole way; nobody else learns anything."""

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Message

from channels.base import Endpoint
from channels.webpush.encoder import DirectEncoder
from channels.webpush.receiver import MAX_BODY_BYTES
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.receipt_tokens import ReceiptTokens
from dispatcher.api.body import BodiesInReceipt
from dispatcher.api.canary.receiving import OwnReceivers, routes
from dispatcher.api.receipts.collector import ReceiptCollector
from dispatcher.metrics import Metrics
from dispatcher.model.canary.canaries import CanaryStage, NewCanary
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import Lane
from dispatcher.settings import Settings
from dispatcher.store.canary.endpoints import CanaryEndpoints, canaries
from dispatcher.store.delivery.device_receipts import DeviceReceipts
from dispatcher.wiring.worker import worker_dependencies
from dispatcher.worker.dependencies import WorkerDependencies
from tests.support.sealed import ADDRESSES

OWN = OwnReceivers(ADDRESSES.sealing.keyed_hash)


@pytest.fixture
async def worker(service: Any, settings: Settings) -> AsyncIterator[WorkerDependencies]:
    """A worker's parts; it may send to the API, which lies in a private net."""
    mine = settings.model_copy(update={"allowed_origins": [f"push={service.url}"]})
    async with worker_dependencies(mine) as parts:
        yield parts


async def test_a_test_leaves_by_web_push_and_its_receipt_is_on_record(
    service: Any, worker: WorkerDependencies, pool: Any
) -> None:
    address, keys = OWN.address(service.url, "own"), OWN.receiver("own").keys
    every = timedelta(minutes=1)
    own = NewCanary("own", "webpush", service.url, address, keys, every, CanaryStage.DELIVERED, in_turn=False)
    await CanaryEndpoints(pool, ADDRESSES).add(own, UNNAMED_OPERATOR)
    assert worker.canary_tests is not None
    await worker.canary_tests.step()
    for row in await pool.fetch("SELECT id FROM alert"):
        await worker.planner.plan(row["id"])
    for row in await pool.fetch("SELECT id FROM batch"):
        await worker.deliverer.deliver(row["id"])
    await service.parts.receipts.flush()
    await worker.canary_tests.step()
    [found], now = await canaries(pool)
    assert [proof.proven_at == proof.sent_at for proof in found.lanes] == [True] * len(Lane)
    assert found.late_lanes(now) == []


def sealed(said: bytes, name: str = "own") -> bytes:
    return DirectEncoder()(said, Endpoint(1, "https://warn.example/", OWN.receiver(name).keys))


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (OWN.address("", "own"), b"", 404),
        (OWN.address("", "own"), b"x" * 200, 404),
        (OWN.address("", "own"), sealed(b'{"receipt": "x"}', "other"), 404),
        (OWN.address("", "own"), sealed(b"{}"), 404),
        (OWN.address("", "own"), sealed(b"\xff"), 404),
        (OWN.address("", "own")[:-1] + "x", sealed(b'{"receipt": "x"}'), 404),
        ("/v1/canary/own/" + "%C3%A4" * 32, sealed(b'{"receipt": "x"}'), 404),
        (OWN.address("", "own"), bytes(MAX_BODY_BYTES + 1), 413),
        (OWN.address("", "own"), sealed(b'{"receipt": "forged"}'), 201),
    ],
)
async def test_what_is_not_its_own_finds_nothing_there(
    service: Any, path: str, body: bytes, status: int
) -> None:
    answer = await service.session.post(service.url + path, data=body)
    assert answer.status == status, await answer.text()
    assert service.count("warn_device_receipts_posted_total", result="taken") == 0


@pytest.mark.parametrize(
    ("most", "problem"), [(0, ProblemType.OVERLOADED), (1, ProblemType.NOT_FOUND)], ids=["full", "room"]
)
async def test_where_no_receipt_is_taken_no_message_is_opened(most: int, problem: ProblemType) -> None:
    """What cannot be opened is found out by opening it alone."""
    tokens = ReceiptTokens.of(ADDRESSES.sealing)
    [route] = routes(OWN, ReceiptCollector(tokens, DeviceReceipts(None), Metrics(), most))

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * 200, "more_body": False}

    *_, name, proof = OWN.address("", "own").split("/")
    app = Starlette()
    app.state.dependencies = SimpleNamespace(in_receipt=BodiesInReceipt())
    scope = {"type": "http", "headers": [], "path_params": {"name": name, "proof": proof}, "app": app}
    with pytest.raises(RequestRefused) as refused:
        await route.endpoint(Request(scope, receive))
    assert refused.value.type is problem
