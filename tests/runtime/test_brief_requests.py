"""Small requests are answered as they are read: as all others are, and no more of them than a turn has room for."""

import asyncio
from typing import Any

import pytest

from dispatcher.runtime import brief_requests
from dispatcher.runtime.brief_requests import BriefRequests, BriefVerdict
from dispatcher.runtime.http_transport import HttpLimits
from dispatcher.runtime.strangers import StrangerLimits
from tests.support.bounded_server import serving

ANSWERS = {b"proved": BriefVerdict.PROVED, b"unproved": BriefVerdict.UNPROVED}
LIMITS = HttpLimits(head_s=0.2, strangers=StrangerLimits(requests=3))


def brief() -> BriefRequests:
    return BriefRequests(b"/brief", 64, ANSWERS.get, b"HTTP/1.1 204 No Content\r\n", b"x-by: all\r\n")


class Application:
    """Answers as the brief ones are answered, and counts."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 204, "headers": [(b"x-by", b"all")]})
        await send({"type": "http.response.body", "body": b""})


def post(body: bytes, path: bytes = b"/brief", more: bytes = b"") -> bytes:
    return b"POST %b HTTP/1.1\r\nhost: a\r\n%bcontent-length: %d\r\n\r\n%b" % (path, more, len(body), body)


CLOSE = b"connection: close\r\n"


async def answered(*parts: bytes, limits: Any = None) -> tuple[list[bytes], Application]:
    """The answers without their dates, and the application behind."""
    application = Application()
    async with serving(application, limits or HttpLimits(), brief()) as server:
        raw = await server.answered(*parts)
    heads = [head for head in raw.split(b"\r\n\r\n") if head]
    return [
        b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"date")) for head in heads
    ], application


async def test_a_brief_request_is_answered_as_the_application_would() -> None:
    for body in ANSWERS:
        [own], application = await answered(post(body, more=CLOSE))
        assert application.bodies == []
        [its], application = await answered(post(body, b"/other", CLOSE))
        assert (own, application.bodies) == (its, [body])


@pytest.mark.parametrize(
    "request_",
    [
        post(b"something else", more=CLOSE),
        post(b"x" * 65, more=CLOSE),
        post(b"proved", b"/brief?x", CLOSE),
        post(b"proved", more=CLOSE + b"expect: 100-continue\r\n"),
        b"PUT /brief HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 6\r\n\r\nproved",
        (
            b"POST /brief HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
            b"6\r\nproved\r\n0\r\n\r\n"
        ),
    ],
)
async def test_any_other_is_the_applications(request_: bytes) -> None:
    answers, application = await answered(request_)
    assert answers[-1].startswith(b"HTTP/1.1 204")
    assert len(application.bodies) == 1


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    answers, application = await answered(
        post(b"proved")
        + post(b"odd")
        + post(b"unproved")
        + post(b"proved", b"/other")
        + post(b"proved", more=CLOSE)
    )
    assert len(answers) == 5
    assert application.bodies[:2] == [b"odd", b"proved"] or b"unproved" in application.bodies


async def test_a_body_may_come_in_pieces() -> None:
    whole = post(b"proved", more=CLOSE)
    answers, application = await answered(whole[:-4], whole[-4:-2], whole[-2:])
    assert (len(answers), application.bodies) == (1, [])


async def test_a_body_that_does_not_come_ends_the_connection() -> None:
    answers, application = await answered(post(b"proved")[:-1], limits=LIMITS)
    assert (answers, application.bodies) == ([], [])


async def test_who_proves_nothing_is_a_stranger() -> None:
    many = [post(b"unproved")] * 5
    answers, _ = await answered(b"".join(many), limits=LIMITS)
    assert len(answers) == LIMITS.strangers.requests
    assert answers[-1].endswith(b"connection: close")
    answers, _ = await answered(
        b"".join([post(b"proved")] * 5 + [post(b"proved", more=CLOSE)]), limits=LIMITS
    )
    assert len(answers) == 6


async def test_a_turn_has_room_for_so_many() -> None:
    one = brief()
    for _ in range(2):
        found = [one.take(b"proved") for _ in range(brief_requests.A_TURN + 1)]
        assert found == [BriefVerdict.PROVED] * brief_requests.A_TURN + [None]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
