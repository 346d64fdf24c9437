"""One conditional request."""

from datetime import UTC, datetime

import pytest

from dispatcher.feeds.fetch import RETRY_AFTER_MAX_S, FetchError, fetch
from tests.channels import conftest as outbound
from tests.channels.far_side import answer, far_side

authority, ca_file, client_for = outbound.authority, outbound.ca_file, outbound.client_for


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("301", RETRY_AFTER_MAX_S), ("1000000000", RETRY_AFTER_MAX_S)]
)
async def test_a_source_may_ask_for_a_pause_and_not_for_silence(client_for, value, seconds):
    async with far_side(answer(429, {"Retry-After": value})) as side:
        with pytest.raises(FetchError) as refused:
            await fetch(
                client_for(side.origin),
                f"{side.origin}/list",
                {},
                timeout_s=5.0,
                max_bytes=1000,
                now=datetime(2026, 11, 22, tzinfo=UTC),
            )
    assert (refused.value.result, refused.value.status) == ("refused", 429)
    assert refused.value.retry_after_s == seconds
