"""What decides about retries is one value, which the settings set and the deliverer obeys."""

from base64 import b64encode
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import structlog
from pydantic import ValidationError

from channels.app.channel import App
from channels.http.retry_after import MAX_WAIT_S
from dispatcher.model.retry_policy import DEFAULT_POLICY, DeliveryPolicy, LeasePolicy
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.model.vocabulary import State
from dispatcher.settings import Settings, explained, variables
from tests.channels import conftest as outbound
from tests.channels.far_side import answer, closed_port, far_side
from tests.delivery.conftest import House
from tests.support.histories import ledger_of
from tests.support.messages import DUEREN

authority, ca_file, client_for = outbound.authority, outbound.ca_file, outbound.client_for
SECRET = "whsec_" + b64encode(b"s" * 24).decode()
LEASE = "WARN_DELIVERY__LEASE__DURATION_S"


def numbers(policy: Any = DEFAULT_POLICY, path: str = "WARN_DELIVERY") -> dict[Any, Any]:
    """{variable: default} of everything in it."""
    found = {}
    for field in fields(policy):
        value, name = getattr(policy, field.name), f"{path}__{field.name.upper()}"
        found |= numbers(value, name) if is_dataclass(value) else {name: value}
    return found


def sentences(error: Any) -> list[Any]:
    return [explained(item) for item in error.errors()]


def test_every_number_of_it_is_a_setting_that_is_explained() -> None:
    read = {one.name: one for one in variables()}
    assert len(numbers()) > 20
    for name, default in numbers().items():
        assert read[name].default == default
        assert len(read[name].meaning) > 20, name


@pytest.mark.parametrize("name", numbers())
def test_every_number_can_be_set_and_none_can_be_absurd(env: pytest.MonkeyPatch, name: Any) -> None:
    default = numbers()[name]
    env.setenv(name, str(default))
    assert numbers(Settings().delivery)[name] == default
    for absurd in ("-1", "1e12", "nan", "much"):
        env.setenv(name, absurd)
        with pytest.raises(ValidationError) as refused:
            Settings()
        assert sentences(refused.value)[0].startswith(f"setting {name}: ")


def test_it_can_be_set_as_a_whole_and_number_by_number(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_DELIVERY", '{"backoff": {"base_s": 1, "cap_s": 20}, "suspicion": {"crashes_max": 5}}')
    env.setenv("WARN_DELIVERY__BACKOFF__CAP_S", "40")
    policy = Settings().delivery
    assert (policy.backoff.base_s, policy.backoff.cap_s, policy.suspicion.crashes_max) == (1, 40, 5)
    assert policy.breaker == DEFAULT_POLICY.breaker


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({LEASE: "3"}, f"{LEASE} (3) must be at least twice WARN_DELIVERY__LEASE__HEARTBEAT_S (2)"),
        (
            {"WARN_DELIVERY__BACKOFF__BASE_S": "90"},
            "WARN_DELIVERY__BACKOFF__CAP_S (60) must be at least WARN_DELIVERY__BACKOFF__BASE_S (90)",
        ),
        (
            {"WARN_DELIVERY__BREAKER__PAUSE_CAP_S": "0.5"},
            "WARN_DELIVERY__BREAKER__PAUSE_CAP_S (0.5) must be at least WARN_DELIVERY__BREAKER__PAUSE_BASE_S (1)",
        ),
        (
            {"WARN_DELIVERY__RECORDING__FLUSH_S": "5"},
            f"{LEASE} (8) must be at least twice WARN_DELIVERY__RECORDING__FLUSH_S (5)",
        ),
        (
            {"WARN_DELIVERY__BACKOFF__CAPS_S": "5"},
            "setting WARN_DELIVERY__BACKOFF__CAPS_S: there is none of this name; the nearest is WARN_DELIVERY__BACKOFF__CAP_S",
        ),
        (
            {"WARN_DELIVERY__BACK_OFF__CAP_S": "5"},
            "setting WARN_DELIVERY__BACK_OFF: there is none of this name; the nearest is WARN_DELIVERY__BACKOFF",
        ),
    ],
)
def test_what_contradicts_itself_or_is_misspelt_is_refused_by_name(
    env: pytest.MonkeyPatch, wrong: dict[Any, Any], named: str
) -> None:
    for name, value in wrong.items():
        env.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    [sentence] = sentences(refused.value)
    assert named in sentence


def test_a_contradiction_is_refused_without_settings_too() -> None:
    with pytest.raises(ValueError, match=LEASE):
        DeliveryPolicy(lease=LeasePolicy(duration_s=1.0))


def test_a_dead_workers_batches_are_in_other_hands_within_ten_seconds() -> None:
    until_the_next_sweep = timedelta(seconds=Settings().reconcile_interval_s)
    assert DEFAULT_POLICY.lease.duration + until_the_next_sweep <= timedelta(
        seconds=9
    )  # a second for a busy machine


def test_no_gateway_can_say_more_than_the_policy_may_allow() -> None:
    assert DEFAULT_POLICY.pauses.retry_after_max_s <= MAX_WAIT_S


async def served_by(house: Any, policy: Any, channel: Any, origin: Any, people: int = 1) -> Any:
    """One app's batch, worked on by a worker with this policy; the batch."""
    await house.subscriptions.add_many(
        NewSubscription("app", origin, f"{origin}/{number}", {"secret": SECRET}, (DUEREN,))
        for number in range(people)
    )
    [batch] = await house.planned()
    deliverer = house.another(channels={"app": channel}, policy=policy, ledger=ledger_of(house.pool, policy))
    await deliverer.deliver(batch)
    return batch


async def paused(house: Any) -> Any:
    return await house.pool.fetchrow(
        "SELECT reason, extract(epoch FROM paused_until - clock_timestamp())::float8 AS s FROM gateway"
    )


@pytest.mark.parametrize(
    ("headers", "setting", "value"),
    [
        ({"Retry-After": "7200"}, "WARN_DELIVERY__PAUSES__RETRY_AFTER_MAX_S", 1234),
        ({"Retry-After": "1234"}, "WARN_DELIVERY__PAUSES__RETRY_AFTER_MAX_S", 1500),
    ],
)
async def test_who_is_told_to_wait_waits_as_long_as_the_settings_say(
    house: House, client_for: Any, env: pytest.MonkeyPatch, headers: dict[Any, Any], setting: str, value: int
) -> None:
    env.setenv(setting, str(value))
    async with far_side(answer(429, headers)) as side:
        await served_by(house, Settings().delivery, App(client_for(side.origin)), side.origin)
    wait_s = await house.pool.fetchval(
        "SELECT extract(epoch FROM not_before - clock_timestamp())::float8 FROM batch"
    )
    assert 1200 < wait_s <= 1234


async def test_a_recipient_waits_as_long_as_the_settings_say(
    house: House, client_for: Any, env: pytest.MonkeyPatch
) -> None:
    env.setenv("WARN_DELIVERY", '{"backoff": {"base_s": 2000, "cap_s": 2400}}')
    async with far_side(answer(500)) as side:
        batch = await served_by(house, Settings().delivery, App(client_for(side.origin)), side.origin)
    wait_s = await house.pool.fetchval(
        "SELECT extract(epoch FROM not_before - clock_timestamp())::float8 FROM batch WHERE id = $1", batch
    )
    assert 1170 < wait_s <= 1200, "half of the most: the jitter of these tests"


async def test_a_gateway_is_down_after_as_many_failures_as_the_settings_say(
    house: House, client_for: Any, env: pytest.MonkeyPatch
) -> None:
    env.setenv("WARN_DELIVERY__BREAKER__CONNECT_FAILURES", "2")
    env.setenv("WARN_DELIVERY__BREAKER__PAUSE_BASE_S", "25")
    policy, origin = Settings().delivery, f"http://127.0.0.1:{closed_port()}"
    channel = App(client_for(origin), connect_failures=policy.breaker.connect_failures)
    await served_by(house, policy, channel, origin, people=3)
    found = await paused(house)
    assert found["reason"] == "down"
    assert 20 < found["s"] <= 25


async def test_what_stops_every_request_pauses_the_gateway_and_ends_nobody(
    house: House, client_for: Any, env: pytest.MonkeyPatch
) -> None:
    policy = Settings().delivery
    async with far_side(answer(200)) as side:
        broken = App(client_for(side.origin, ca_file="/etc/\0"))
        with structlog.testing.capture_logs() as logs:
            batch = await served_by(house, policy, broken, side.origin, people=3)
        assert [one[1:] for one in await house.problems()] == [("fault", "ValueError", 1, 0)] * 3
        assert (await paused(house))["reason"] == "fault"
        assert {(one["reason"], one["code"]) for one in logs if one["event"] == "gateway_paused"} == {
            ("fault", "ValueError")
        }
        assert await house.outcomes(batch) == bytes([State.RETRY]) * 3
        await house.all_due_now()
        mended = house.another(channels={"app": App(client_for(side.origin))}, policy=policy)
        await mended.deliver(batch)
    assert await house.outcomes(batch) == bytes([State.ACCEPTED]) * 3


def test_channels_are_told_by_the_wiring(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from dispatcher.wiring.channels import channel_registry
    from dispatcher.wiring.http_client import http_client
    from dispatcher.wiring.sms.gateways import sms_carriers
    from dispatcher.wiring.webpush import checking_keys

    env.setenv("WARN_DATA_DIR", str(tmp_path))
    env.setenv("WARN_DELIVERY__BREAKER__CONNECT_FAILURES", "7")
    env.setenv("WARN_SMS_GATEWAYS", '[{"name": "sms-1", "url": "https://sms.example/"}]')
    settings = Settings()
    found = channel_registry(settings, http_client(settings), checking_keys(settings))
    [sms] = sms_carriers(settings, http_client(settings)).values()
    told = [found["app"], found["webpush"], sms]
    assert {cast("Any", one)._connect_failures for one in told} == {7}
