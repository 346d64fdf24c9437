"""What is read about a subscriber, within its limits, and how many at once."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from dispatcher.api.shedding import ENROLMENTS_OF_ONE, Places
from dispatcher.api.subscribers.requests import Asker, client_of, require_few
from dispatcher.metrics import Metrics
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.queue.sign_ups import Unbounded
from dispatcher.store.audience.subscribers import Installation


class Bounds:
    """Sign-ups that are bounded as it is told."""

    def __init__(self, wait: float | None, change: float = 0.0) -> None:
        self._wait, self._change = wait, change

    async def take(self, _address: str, _instance: str) -> float:
        if self._wait is None:
            raise Unbounded
        return self._wait

    async def take_change(self, _installation: bytes) -> float:
        return self._change


class Dependencies:
    """As much of an API process as is asked."""

    def __init__(self, sign_ups: Bounds) -> None:
        self.sign_ups, self.metrics, self.enrolment = sign_ups, Metrics(), self

    async def owner(self, _installation: Any, token: str) -> int | None:
        return 7 if token == "right" else None


def asker(token: str) -> Asker:
    return Asker(Installation("dueren", b"hash"), (), "192.0.2.1", token)


@pytest.mark.parametrize(
    ("bounds", "token", "refused"),
    [
        (Bounds(0.0), "", None),
        (Bounds(0.0), "wrong", None),
        (Bounds(3.2), "", ProblemType.RATE_LIMITED),
        (Bounds(3.2), "wrong", ProblemType.RATE_LIMITED),
        (Bounds(3.2), "right", None),
        (Bounds(None), "", ProblemType.SIGN_UPS_CLOSED),
        (Bounds(None), "right", None),
        (Bounds(0.0, 9.0), "right", ProblemType.RATE_LIMITED),
    ],
)
async def test_strangers_are_bounded_together_and_who_is_known_by_himself(
    bounds: Bounds, token: str, refused: ProblemType | None
) -> None:
    dependencies: Any = Dependencies(bounds)
    if refused is None:
        await require_few(dependencies, asker(token))
        return
    with pytest.raises(RequestRefused) as caught:
        await require_few(dependencies, asker(token))
    assert (caught.value.type, bool(caught.value.retry_after_s)) == (refused, True)


def test_a_client_is_known_by_its_address() -> None:
    assert client_of(Request({"type": "http", "client": ("192.0.2.1", 1)})) == "192.0.2.1"
    assert client_of(Request({"type": "http", "client": None})) == ""


async def test_one_client_takes_not_all_turns() -> None:
    gate = Places(lambda: None).enrolments
    assert all([await gate.enter("one") for _ in range(ENROLMENTS_OF_ONE)])
    waiting = asyncio.create_task(gate.enter("one"))
    assert await gate.enter("another")
    gate.leave("one")
    assert await waiting
