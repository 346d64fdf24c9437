"""What receipts mean for the batch, its gateway and who is called."""

from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from channels.base import (
    Gone,
    OurKeyMissing,
    OwnKeyRefused,
    Permanent,
    RateLimited,
    Transient,
    Unauthorized,
)
from dispatcher.delivery.health.evidence import Sign
from dispatcher.delivery.outcome import RecipientState, settle
from dispatcher.delivery.work.answers import sign_of
from dispatcher.model.retry_policy import DEFAULT_POLICY
from dispatcher.model.vocabulary import State
from tests.delivery.conftest import House, paused
from tests.support.messages import HOUR

ACCEPTED = State.ACCEPTED
PUSH = "https://push.example"


async def test_a_rate_limit_leaves_the_gateway_alone_and_is_no_attempt(house: House) -> None:
    ids = await house.subscribe(*"abcd")
    house.channel.script[ids[0]] = [RateLimited("429", retry_after=30)]
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    assert house.channel.calls == [ids[:3]], "no further slice"
    pause = await paused(house)
    assert pause["reason"] == "retry_after"
    assert 25 < pause["s"] <= 30
    assert await house.problems() == [(ids[0], "rate_limited", "429", 0, 0)]
    assert (
        house.count("warn_gateway_pauses_total", channel="webpush", gateway=PUSH, reason="retry_after") == 1
    )
    [due_ms] = [
        score for name, score in (await house.wake_ups_waiting()).items() if name == f"deliver:{batch}:1"
    ]
    now_ms = await house.pool.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8 * 1000")
    assert due_ms - now_ms > 20_000
    await house.all_due_now()
    await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 4)


async def test_a_rate_limit_without_a_time_slows_the_gateway_down_and_pauses_nobody(house: House) -> None:
    ids = await house.subscribe(*"abcd")
    house.channel.script[ids[1]] = [RateLimited("429")]
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    assert await house.outcomes(batch) == bytes([ACCEPTED] * 4)
    assert await paused(house) is None
    assert await house.problems() == [(ids[1], "accepted", "", 1, 0)]
    pace = house.deliverer._gateways.of("webpush", PUSH).limiter.pace
    assert pace.learnt is not None


async def test_a_kind_of_failure_is_logged_with_its_gateway_and_code_and_without_its_detail(
    house: House,
) -> None:
    one, two, _ = await house.subscribe(*"abc")
    for each in (one, two):
        house.channel.script[each] = [Permanent("413", "somebody's number")]
    [batch] = await house.planned()
    with structlog.testing.capture_logs() as logs:
        await house.deliverer.deliver(batch)
    [line] = [line for line in logs if line["event"] == "delivery_failed"]
    assert line == {
        "event": "delivery_failed",
        "log_level": "warning",
        "label": "permanent",
        "code": "413",
        "channel": "webpush",
        "gateway": PUSH,
        "count": 1,
    }


async def test_one_who_is_told_to_wait_keeps_nobody_waiting_where_single_endpoints_are_limited(
    house: House,
) -> None:
    house.channel.gateway_changes = {"limits_endpoints": True}
    one, *others = await house.subscribe(*"abcd")
    house.channel.script[one] = [RateLimited("429", retry_after=30)]
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    assert [each for _, each in house.channel.seen] == others
    assert await paused(house) is None
    assert await house.problems() == [(one, "rate_limited", "429", 1, 0)]
    assert await house.pool.fetchval("SELECT due > clock_timestamp() + interval '25 s' FROM problem")


@pytest.mark.parametrize(
    ("error", "shared_key", "sign"),
    [
        (Transient("503"), False, Sign.FAULT),
        (RateLimited("429", retry_after=3), False, Sign.THROTTLED),
        (Unauthorized("401"), True, Sign.REFUSED),
        (Unauthorized("401"), False, None),
        (OurKeyMissing("401"), True, Sign.REFUSED),
        (OwnKeyRefused("401"), True, None),
        (Gone("410"), True, None),
        (None, True, None),
    ],
)
def test_what_a_failure_may_be_a_sign_of(error: Any, shared_key: bool, sign: Any) -> None:
    now = datetime.now(UTC)
    state = RecipientState(State.CLAIMED, 0)
    result = settle(error, state, DEFAULT_POLICY, now=now, deadline=now + HOUR, random=lambda: 0.5)
    assert sign_of(result, shared_key=shared_key) is sign
