"""Conditional requests and what is made of their answers."""

from typing import Any

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.messages import Answer, NotSent
from dispatcher.feeds.fetch import RETRY_AFTER_MAX_S, FetchError, conditions, fetch
from tests.channels import conftest as outbound
from tests.channels.far_side import answer, far_side
from tests.support.feed_messages import NOW

authority, ca_file, client_for = outbound.authority, outbound.ca_file, outbound.client_for


def test_a_source_cannot_put_headers_into_our_requests() -> None:
    assert "If-None-Match" not in conditions({"etag": "x\r\nHost: evil"})
    assert "If-None-Match" not in conditions({"etag": "ü"})
    assert conditions({"last_modified": "yesterday"})["If-Modified-Since"] == "yesterday"


class Lines:
    """A client that answers from a list."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    async def get(self, *_arguments: object, **_options: object) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_what_a_fetch_says() -> None:
    def ask(*answers: Any) -> Any:
        return fetch(
            Lines(*answers),
            "https://x.example/a",
            {},
            policy=AddressPolicy(),
            timeout_s=1,
            max_bytes=1,
            now=NOW,
        )

    moved = Answer(302, (b"Location: /b\r\n",))
    found = await ask(moved, Answer(200, (b"ETag: x\r\n",), b"body"))
    assert (found.body, found.requests, found.validators) == (b"body", 2, {"etag": "x"})
    with pytest.raises(FetchError, match="dns"):
        await ask(NotSent("dns"))
    with pytest.raises(FetchError, match="302"):
        await ask(Answer(302))


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("301", RETRY_AFTER_MAX_S), ("1000000000", RETRY_AFTER_MAX_S)]
)
async def test_a_source_may_ask_for_a_pause_and_not_for_silence(
    client_for: Any, value: str, seconds: float
) -> None:
    async with far_side(answer(429, {"Retry-After": value})) as side:
        with pytest.raises(FetchError) as refused:
            await fetch(
                client_for(side.origin),
                f"{side.origin}/list",
                {},
                policy=AddressPolicy(frozenset({side.origin})),
                timeout_s=5.0,
                max_bytes=1000,
                now=NOW,
            )
    assert (refused.value.result, refused.value.status) == ("refused", 429)
    assert refused.value.retry_after_s == seconds
