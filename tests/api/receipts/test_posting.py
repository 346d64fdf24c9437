"""Devices and backends post receipts: nobody learns anything, and nothing but a right token has an effect."""

import json
from typing import Any

import pytest

from dispatcher.access.receipt_tokens import ReceiptTokens
from dispatcher.api.receipts.collector import ReceiptCollector
from dispatcher.api.receipts.posting import LIST_BYTES, RECEIPT_BYTES, TOGETHER_MAX, ReceiptPosts
from dispatcher.metrics import Metrics
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.reports import ReceiptPosition, ReceiptState
from dispatcher.runtime.brief_requests import BriefVerdict
from dispatcher.store.delivery.device_receipts import DeviceReceipts
from tests.metrics.test_registry import samples

TOKENS = ReceiptTokens(bytes(32))
FORGED = "A" * 24


def token(position: int, batch: int = 7) -> str:
    return TOKENS.token(ReceiptPosition(batch, 0, position)).decode()


def body(one: Any, state: Any = "displayed", **more: Any) -> bytes:
    return json.dumps({"receipt": one, "state": state, **more}).encode()


def listed(*tokens: Any, state: Any = "displayed") -> bytes:
    return json.dumps({"receipts": [{"receipt": one, "state": state} for one in tokens]}).encode()


class Posted:
    """What takes receipts, without a record: nothing here writes."""

    def __init__(self, most: int = 10) -> None:
        self.metrics = Metrics()
        self.collector = ReceiptCollector(TOKENS, DeviceReceipts(None), self.metrics, most)
        self.posts = ReceiptPosts(self.collector, self.metrics)
        self.recognised = 0

    async def single(self, *chunks: bytes) -> Any:
        """The answer to a body that comes in these pieces, and then its client goes."""
        messages = [{"type": "http.request", "body": one, "more_body": True} for one in chunks]
        messages[-1]["more_body"] = False
        return await self.answered([*messages, {"type": "http.disconnect"}])

    async def answered(self, messages: list[Any]) -> Any:
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        def recognised() -> None:
            self.recognised += 1

        scope = {"type": "http", "extensions": {"cap-dispatcher.recognised": recognised}}
        await self.posts(scope, receive, send)
        start, end = sent
        return start["status"], dict(start["headers"]), end["body"]

    @property
    def waiting(self) -> Any:
        return self.collector._waiting

    def count(self, result: str) -> Any:
        return samples(self.metrics)["warn_device_receipts_posted_total", frozenset({("result", result)})]


@pytest.fixture
async def posted() -> Posted:
    return Posted()


async def test_a_device_posts_without_a_secret(posted: Posted) -> None:
    status, headers, answer = await posted.single(body(token(0))[:20], body(token(0))[20:])
    assert (status, answer) == (204, b"")
    assert headers[b"access-control-allow-origin"] == b"*"
    assert posted.waiting == {(7, 0): [0, 1, 0]}
    assert posted.recognised == 1


async def test_forged_foreign_and_repeated_are_answered_as_all_others(posted: Posted) -> None:
    """And change nothing."""
    right, other = token(3), token(4, batch=8)
    foreign = ReceiptTokens(bytes([1] * 32)).token(ReceiptPosition(7, 0, 3)).decode()
    shown = [await posted.single(body(right))]
    before = {key: list(masks) for key, masks in posted.waiting.items()}
    wrong = ["", "no token", "ü" * 24, right[:-1], FORGED, other[:12] + right[12:], right * 2, foreign]
    shown += [await posted.single(body(one)) for one in (right, *wrong)]
    assert all(one == shown[0] for one in shown)
    assert posted.waiting == before
    assert (posted.count("taken"), posted.count("forged"), posted.recognised) == (2, len(wrong), 2)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"receipt": "x"}',
        b'{"receipt": 1, "state": "displayed"}',
        body("x", "read"),
        body("x", more=1),
        body("x" * 65),
        b"[" * RECEIPT_BYTES,
    ],
)
async def test_what_cannot_be_read_is_refused(posted: Posted, wrong: bytes) -> None:
    status, headers, answer = await posted.single(wrong)
    assert (status, headers[b"access-control-allow-origin"]) == (422, b"*")
    assert len(json.loads(answer)["errors"]) == 1
    assert posted.posts.brief.take(wrong) is None
    assert (posted.waiting, posted.count("refused")) == ({}, 1)
    with pytest.raises(RequestRefused):
        await posted.posts.take_list(b'{"receipts":[' + (wrong or b"[]") + b"]}")
    assert posted.waiting == {}


async def test_who_sends_another_state_is_told_which_there_are(posted: Posted) -> None:
    _, _, answer = await posted.single(body(FORGED, "read"))
    [error] = json.loads(answer)["errors"]
    for state in ReceiptState:
        assert state in error["message"]
        assert state in error["message_de"]
    _, _, answer = await posted.single(body(FORGED, more=1))
    assert "confirmed" not in answer.decode()


async def test_a_long_body_is_refused_before_it_is_parsed(posted: Posted) -> None:
    status, _, answer = await posted.single(body(token(0)), b" " * RECEIPT_BYTES)
    assert (status, json.loads(answer)["max_bytes"]) == (413, RECEIPT_BYTES)
    assert posted.waiting == {}


async def test_a_body_that_does_not_arrive_is_refused(posted: Posted) -> None:
    status, _, _ = await posted.answered([{"type": "http.disconnect"}])
    assert status == 408


async def test_a_backend_posts_for_many_within_the_limits(posted: Posted) -> None:
    many = listed(*map(token, range(TOGETHER_MAX - 1)), FORGED, state="confirmed")
    assert len(many) < LIST_BYTES
    await posted.posts.take_list(many)
    assert posted.waiting == {(7, 0): [0, 0, (1 << TOGETHER_MAX - 1) - 1]}
    with pytest.raises(RequestRefused):
        await posted.posts.take_list(listed(*[token(0, batch=8)] * (TOGETHER_MAX + 1)))
    assert list(posted.waiting) == [(7, 0)]


async def test_where_too_many_wait_nobody_is_answered_otherwise() -> None:
    """A right token is refused as a forged one, and may be posted again."""
    posted = Posted(most=1)
    await posted.single(body(token(0)))
    answers = [await posted.single(body(one)) for one in (token(0, batch=8), token(1), FORGED)]
    assert {(status, headers[b"retry-after"]) for status, headers, _ in answers} == {(503, b"5")}
    assert posted.posts.brief.take(body(token(1))) is None
    with pytest.raises(RequestRefused) as caught:
        await posted.posts.take_list(listed(token(1)))
    assert caught.value.type is ProblemType.OVERLOADED
    assert posted.waiting == {(7, 0): [0, 1, 0]}


async def test_the_server_answers_by_the_same_words(posted: Posted) -> None:
    take = posted.posts.brief.take
    assert [take(body(one)) for one in (token(0), FORGED)] == [BriefVerdict.PROVED, BriefVerdict.UNPROVED]
    assert posted.posts.brief.answer([], closes=False) == (
        b"HTTP/1.1 204 No Content\r\naccess-control-allow-origin: *\r\n\r\n"
    )
