"""The contract of `channels.base.Channel`, the same for every channel, against real servers."""

import asyncio
import dataclasses
import logging
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from channels.base import (
    AccountRefused,
    ChannelDown,
    ChannelError,
    ChannelMisconfigured,
    DeliveryError,
    Expired,
    Permanent,
    RateLimited,
    Transient,
    Unauthorized,
    Uncertain,
)
from channels.gateway_health import CONNECT_FAILURES_IN_A_ROW
from channels.http.messages import MAX_ANSWER_BYTES
from channels.http.retry_after import MAX_WAIT_S
from tests.channels.far_side import (
    answer,
    closed_port,
    drip,
    far_side,
    far_side_2,
    hang,
    raw,
    reset,
    reset_after,
    respond,
)
from tests.contract.conftest import NOW, SECRETS, Case, Clock, Setting, notice

TAKEN = b'{"id": "m-1", "messages": [{"status": "0", "message-id": "m-1"}]}'
"""What says accepted to all channels, if the status allows it."""
ACCEPTED = answer(201, {"Content-Type": "application/json"}, TAKEN)
SHORT_S = 0.1
ENDLESS_S = 1.0
"""After how long what never ends is cut off: long enough that a busy machine has answered all else."""
PATIENT_S = 30.0


@dataclasses.dataclass
class Result:
    """All that one call of `send` gave."""

    receipts: dict[Any, Any]
    raised: ChannelError | None = None

    def labels(self) -> dict[Any, Any]:
        return {
            number: "accepted" if receipt.accepted else receipt.error.label
            for number, receipt in self.receipts.items()
        }


async def send(channel: Any, gateway: Any, endpoints: Any, message: Any = None) -> Result:
    result = Result({})
    try:
        async for known in channel.send(message or notice(), gateway, endpoints):
            assert known, "nothing is known"
            for receipt in known:
                assert receipt.endpoint_id not in result.receipts, "a second receipt for one endpoint"
                result.receipts[receipt.endpoint_id] = receipt
    except ChannelError as error:
        result.raised = error
    return result


class Stage:
    """A channel and the servers it sends to."""

    def __init__(self, case: Any, client_for: Any, *sides: Any, **options: Any) -> None:
        self.case = case
        self.origins = tuple(side.origin for side in sides)
        client_options = options.pop("client", {})
        http = client_for(*self.origins, **client_options)
        limits = options.pop("limits", {})
        setting = Setting(http, self.origins, **options)
        self.setting = dataclasses.replace(setting, limits=dataclasses.replace(setting.limits, **limits))
        self.channel = case.build(self.setting)

    def endpoints(self, numbers: Any, side: int = 0) -> list[Any]:
        return [self.case.endpoint(number, self.origins, side) for number in numbers]

    def gateway(self, side: int = 0) -> Any:
        return self.case.gateway(self.origins, side)

    async def send(self, numbers: Any, message: Any = None) -> Any:
        return await send(self.channel, self.gateway(), self.endpoints(numbers), message)


def expected_label(case: Any, status: Any) -> Any:
    """The table of the contract, written down a second time."""
    if status in case.departures:
        return case.departures[status]
    if status < 300:
        return "accepted"
    single = {
        401: "misconfigured",
        403: "misconfigured",
        404: "gone",
        408: "transient",
        410: "gone",
        429: "rate_limited",
    }
    return single.get(status) or (
        "permanent" if status < 500 else "transient" if status < 600 else "uncertain"
    )


async def test_every_status_means_what_the_table_says(case: Case, client_for: Any) -> None:
    statuses = (*range(200, 600), 600, 999)
    async with far_side() as side:
        stage = Stage(case, client_for, side)
        seen, expected = {}, {}
        for status in statuses:
            side.react = answer(status, {"Location": "http://169.254.169.254/"}, TAKEN)
            result = await stage.send([1])
            seen[status] = result.raised.label if result.raised else result.labels()[1]
            expected[status] = expected_label(case, status)
            assert list(result.receipts) == [1]
            error = result.receipts[1].error
            unread = case.reads_body and status == 204  # which has no body
            assert error is None or error.code == ("answer_unknown" if unread else str(status))
        assert len(side.seen) == len(statuses), "a status was tried again"
    assert seen == expected


async def test_nobody_is_unsubscribed_when_we_are_refused(case: Case, client_for: Any) -> None:
    async with far_side(answer(401)) as side:
        result = await Stage(case, client_for, side).send(range(3))
    if case.own_credentials:
        assert (result.raised, len(side.seen)) == (None, 3)
        assert all(isinstance(receipt.error, Unauthorized) for receipt in result.receipts.values())
        return
    assert isinstance(result.raised, ChannelMisconfigured)
    assert result.raised.gateway == case.gateway((side.origin,))
    assert {type(receipt.error) for receipt in result.receipts.values()} == {AccountRefused}


async def test_what_was_not_started_when_we_were_refused_has_no_receipt(case: Case, client_for: Any) -> None:
    refused = 401 if case.variant == "microsoft" else 403  # whose 403 is about one subscription
    async with far_side(answer(refused)) as side:
        result = await Stage(case, client_for, side, limits={"concurrency": 1}).send(range(20))
    if case.own_credentials:
        assert (result.raised, len(side.seen)) == (None, 20), "each is asked with its own"
        return
    assert isinstance(result.raised, ChannelMisconfigured)
    assert set(result.receipts) == {case.number(seen) for seen in side.seen}
    assert len(side.seen) == 1


@pytest.mark.parametrize(
    ("react", "label", "code"),
    [
        (hang, "uncertain", "timeout"),
        (reset, "uncertain", "reset"),
        (reset_after(b"HTTP/1.1 201 Created\r\nContent-"), "uncertain", "reset"),
        (raw(b"HTTP/1.1 103 Early Hints\r\n\r\n", close=True), "uncertain", "reset"),
        (raw(b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", close=True), "uncertain", "protocol"),
        (drip(b"x", head=b"HTTP/1.1 201 Created\r\nX: "), "uncertain", "timeout"),
        (reset_after(respond(503, {}, b"x" * 50)[:-1]), "transient", "503"),
        (answer(500, {}, b"x" * (MAX_ANSWER_BYTES + 1)), "transient", "500"),
    ],
    ids=["hang", "reset", "reset-in-head", "only-103", "garbage", "loris", "503-cut", "500-oversized"],
)
async def test_one_bad_exchange_never_hurts_another(
    case: Case, client_for: Any, react: Any, label: str, code: str
) -> None:
    # Only what never ends is cut off; and the others have time on a machine that is busy.
    timeout_s = ENDLESS_S if code == "timeout" else PATIENT_S
    async with far_side(case.by_number({2: react}, ACCEPTED)) as side:
        result = await Stage(case, client_for, side, timeout_s=timeout_s).send(range(6))
    assert result.raised is None
    assert result.labels() == {**dict.fromkeys(range(6), "accepted"), 2: label}
    assert result.receipts[2].error.code == code
    assert len(side.seen) == 6, "something was tried again"


@pytest.mark.parametrize(
    ("react", "timeout_s"),
    [
        (answer(201, {}, b"x" * (MAX_ANSWER_BYTES + 1)), PATIENT_S),
        (raw(respond(201, {}, b"x" * 50)[:-1], close=True), PATIENT_S),
        (drip(b"x", head=respond(201, {}, b"x" * 9999)[:-9999]), ENDLESS_S),
    ],
    ids=["oversized", "truncated", "loris"],
)
async def test_an_accepting_status_counts_even_if_the_body_breaks_off(
    case: Case, client_for: Any, react: Any, timeout_s: float
) -> None:
    async with far_side(react) as side:
        result = await Stage(case, client_for, side, timeout_s=timeout_s).send([1])
    assert result.labels() == {1: "uncertain" if case.reads_body else "accepted"}


async def test_redirects_into_the_own_network_are_not_followed(case: Case, client_for: Any) -> None:
    async with far_side() as inner, far_side(answer(307, {"Location": inner.origin})) as side:
        result = await Stage(case, client_for, side).send([1])
    assert (inner.seen, len(side.seen)) == ([], 1)
    assert not result.receipts[1].accepted


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 0.0),
        ("1000000000", MAX_WAIT_S),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_WAIT_S),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
    ],
)
async def test_retry_after_in_all_its_forms(
    case: Case, client_for: Any, status: int, value: str, seconds: Any
) -> None:
    async with far_side(answer(status, {"Retry-After": value})) as side:
        result = await Stage(case, client_for, side).send([1])
    error = result.receipts[1].error
    limited = seconds is not None if status == 503 else expected_label(case, status) == "rate_limited"
    kind = RateLimited if limited else Transient  # which is about one endpoint, and pauses nobody else's
    assert (type(error), error.retry_after) == (kind, seconds if limited else None)


async def test_one_who_is_told_to_wait_is_told_so_alone(case: Case, client_for: Any) -> None:
    """Whether it is the gateway's wish is for those to judge who see all calls."""
    wait = 503 if 429 in case.departures else 429
    async with far_side(case.by_number({2: answer(wait, {"Retry-After": "9"})}, ACCEPTED)) as side:
        result = await Stage(case, client_for, side, limits={"concurrency": 1}).send(range(6))
    assert result.raised is None
    assert result.labels() == {**dict.fromkeys(range(6), "accepted"), 2: "rate_limited"}
    assert result.receipts[2].error.retry_after == 9.0


async def test_no_more_than_the_limit_is_in_flight(case: Case, client_for: Any) -> None:
    waiting = []
    release = asyncio.Event()

    async def react(seen: Any, writer: Any) -> None:
        waiting.append(seen)
        await release.wait()
        await ACCEPTED(seen, writer)

    async with far_side(react) as side:
        stage = Stage(case, client_for, side, limits={"concurrency": 3})
        task = asyncio.create_task(stage.send(range(10)))
        while len(waiting) < 3:
            await side.arrived.wait()
            side.arrived.clear()
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(waiting) == 3
        release.set()
        result = await task
    assert result.labels() == dict.fromkeys(range(10), "accepted")


async def test_receipts_come_as_answers_come(case: Case, client_for: Any) -> None:
    async with far_side(case.by_number({0: hang}, ACCEPTED)) as side:
        stage = Stage(case, client_for, side)
        receipts = stage.channel.send(notice(), stage.gateway(), stage.endpoints(range(4)))
        first = []
        while len(first) < 3:
            first += await anext(receipts)
        assert {receipt.endpoint_id for receipt in first} == {1, 2, 3}
        await receipts.aclose()


async def test_unreachable_host_is_reported_after_five_failures_in_a_row(case: Case, client_for: Any) -> None:
    origins = (f"http://127.0.0.1:{closed_port()}",)
    channel = case.build(Setting(client_for(*origins), origins))
    endpoints = [case.endpoint(number, origins) for number in range(30)]
    result = await send(channel, case.gateway(origins), endpoints)
    assert isinstance(result.raised, ChannelDown)
    assert result.raised.gateway == case.gateway(origins)
    assert CONNECT_FAILURES_IN_A_ROW <= len(result.receipts) < 30
    assert {(type(receipt.error), receipt.error.code) for receipt in result.receipts.values()} == {
        (Transient, "connect")
    }


async def test_a_few_failures_to_connect_are_no_outage(case: Case, client_for: Any) -> None:
    origins = (f"http://127.0.0.1:{closed_port()}",)
    channel = case.build(Setting(client_for(*origins), origins))
    endpoints = [case.endpoint(number, origins) for number in range(4)]
    result = await send(channel, case.gateway(origins), endpoints)
    assert result.raised is None
    assert result.labels() == dict.fromkeys(range(4), "transient")


async def test_one_dead_host_does_not_stop_the_others(case: Case, client_for: Any) -> None:
    async with far_side(ACCEPTED) as side:
        origins = (side.origin, f"http://127.0.0.1:{closed_port()}")
        channel = case.build(Setting(client_for(*origins), origins))
        dead = [case.endpoint(number, origins, 1) for number in range(10)]
        alive = [case.endpoint(number, origins, 0) for number in range(10, 20)]
        down, up = await asyncio.gather(
            send(channel, case.gateway(origins, 1), dead), send(channel, case.gateway(origins), alive)
        )
    assert isinstance(down.raised, ChannelDown)
    assert down.raised.gateway == case.gateway(origins, 1)
    assert (up.raised, up.labels()) == (None, dict.fromkeys(range(10, 20), "accepted"))


async def test_an_endpoint_that_is_at_another_gateway_gets_nothing_there(case: Case, client_for: Any) -> None:
    async with far_side(ACCEPTED) as side, far_side(ACCEPTED) as other:
        stage = Stage(case, client_for, side, other)
        endpoints = [case.endpoint(number, stage.origins, int(number == 3)) for number in range(9)]
        result = await send(stage.channel, stage.gateway(), endpoints)
    assert (result.raised, other.seen) == (None, [])
    elsewhere = {3: "elsewhere"} if case.names_gateway else {}
    assert result.labels() == {**dict.fromkeys(range(9), "accepted"), **elsewhere}


async def test_unresolvable_host_is_transient(case: Case, client_for: Any) -> None:
    origins = ("https://nowhere.invalid",)
    channel = case.build(Setting(client_for(), origins))
    result = await send(channel, case.gateway(origins), [case.endpoint(1, origins)])
    assert (type(result.receipts[1].error), result.receipts[1].error.code) == (Transient, "dns")


async def test_a_private_address_is_not_contacted_and_is_the_fault_of_whoever_named_it(
    case: Case, client_for: Any
) -> None:
    origins = ("https://localhost",)
    channel = case.build(Setting(client_for(), origins))
    result = await send(channel, case.gateway(origins), [case.endpoint(1, origins)])
    meaning = AccountRefused if case.operators_url else Permanent
    assert (type(result.receipts[1].error), result.receipts[1].error.code) == (meaning, "private_address")
    if not case.operators_url:
        assert result.raised is None
    else:
        assert isinstance(result.raised, ChannelMisconfigured)
        assert (result.raised.code, result.raised.gateway) == ("private_address", case.gateway(origins))


async def test_nothing_is_started_after_the_deadline(case: Case, client_for: Any) -> None:
    async with far_side() as side:
        stage = Stage(case, client_for, side)
        result = await stage.send(range(3), notice(deadline=NOW))
    assert (side.seen, result.raised) == ([], None)
    assert {type(receipt.error) for receipt in result.receipts.values()} == {Expired}


async def test_the_deadline_is_looked_at_before_each_start(case: Case, client_for: Any) -> None:
    clock = Clock()

    async def react(seen: Any, writer: Any) -> None:
        clock.time += timedelta(minutes=1)
        await ACCEPTED(seen, writer)

    async with far_side(react) as side:
        stage = Stage(case, client_for, side, now=clock, limits={"concurrency": 1})
        result = await stage.send(range(5), notice(deadline=NOW + timedelta(minutes=3)))
    assert result.labels() == {**dict.fromkeys(range(3), "accepted"), 3: "expired", 4: "expired"}
    assert len(side.seen) == 3


async def test_no_request_outlives_the_deadline(case: Case, client_for: Any) -> None:
    async with far_side(hang) as side:
        stage = Stage(case, client_for, side, timeout_s=60.0)
        result = await stage.send([1], notice(deadline=NOW + timedelta(seconds=1.1)))
    assert type(result.receipts[1].error) is Uncertain


async def test_closing_the_generator_stops_everything(case: Case, client_for: Any) -> None:
    hanging = []

    async def hold(_seen: Any, writer: Any) -> None:
        hanging.append(writer)

    async with far_side(case.by_number({0: ACCEPTED}, hold)) as side:
        stage = Stage(case, client_for, side, limits={"concurrency": 2})
        receipts = stage.channel.send(notice(), stage.gateway(), stage.endpoints(range(10)))
        [first] = await anext(receipts)
        assert first.accepted
        while not hanging:
            side.arrived.clear()
            await side.arrived.wait()
        await receipts.aclose()
        await hanging[0].wait_closed()
        with pytest.raises(StopAsyncIteration):
            await anext(receipts)
    assert len(side.seen) == 2


async def test_cancelling_the_task_breaks_off_what_is_in_flight(case: Case, client_for: Any) -> None:
    async with far_side(hang) as side:
        stage = Stage(case, client_for, side, limits={"concurrency": 1})
        task = asyncio.create_task(stage.send(range(10)))
        await side.arrived.wait()
        (connection,) = side.open
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await connection.wait_closed()
    assert len(side.seen) == 1


async def test_an_empty_list_is_no_work(case: Case, client_for: Any) -> None:
    async with far_side() as side:
        result = await Stage(case, client_for, side).send([])
    assert (result.receipts, result.raised, side.seen) == ({}, None, [])


async def test_an_unusable_record_hurts_only_itself(case: Case, client_for: Any) -> None:
    async with far_side(ACCEPTED) as side:
        stage = Stage(case, client_for, side)
        good = stage.endpoints(range(3))
        broken = [
            good[0]._replace(id=10, address="javascript:alert(1)"),
            good[0]._replace(id=11, address=None),
        ]
        if case.wrong_keys:
            broken.append(good[0]._replace(id=12, keys=None))
            broken.append(good[0]._replace(id=13, keys=case.wrong_keys))
            broken.append(good[0]._replace(id=14, keys={}))
        result = await send(stage.channel, stage.gateway(), [*broken, *good])
    assert result.raised is None
    labels = result.labels()
    assert {labels.pop(endpoint.id) for endpoint in good} == {"accepted"}
    assert labels == {endpoint.id: "permanent" for endpoint in broken}


async def test_accepts_over_https_and_http_2(
    case: Case, client_for: Any, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(lambda stream: stream.answer(201, TAKEN), server_tls("h2")) as side:
        result = await Stage(case, client_for, side, limits={"concurrency": 20}).send(range(50))
    assert result.labels() == dict.fromkeys(range(50), "accepted")
    assert side.connections == 1


async def test_one_call_does_not_disturb_another(case: Case, client_for: Any) -> None:
    async with far_side(ACCEPTED) as side, far_side(hang) as slow:
        origins = (side.origin, slow.origin)
        channel = case.build(Setting(client_for(*origins), origins, timeout_s=ENDLESS_S))
        fast, hanging = await asyncio.gather(
            send(channel, case.gateway(origins), [case.endpoint(number, origins) for number in range(5)]),
            send(
                channel,
                case.gateway(origins, 1),
                [case.endpoint(number, origins, 1) for number in range(5)],
            ),
        )
    assert set(fast.labels().values()) == {"accepted"}
    assert set(hanging.labels().values()) == {"uncertain"}


async def test_gateway_names_what_stands_behind_an_endpoint(case: Case, client_for: Any) -> None:
    origins = ("https://push.example", "https://other.example")
    channel = case.build(Setting(client_for(), origins))
    for side in (0, 1):
        assert channel.gateway(case.endpoint(1, origins, side)) == case.gateway(origins, side)


async def test_limits_are_stated(case: Case, client_for: Any) -> None:
    origins = ("https://push.example",)
    channel = case.build(Setting(client_for(), origins))
    assert channel.name == case.name
    assert min(dataclasses.astuple(channel.limits)) > 0
    limits = channel.gateway_limits(case.gateway(origins))
    assert limits.concurrency > 0
    assert limits.rate is None or limits.rate > 0
    assert channel.units(notice(), case.gateway(origins)) >= 1


FAULTS = [
    *(
        answer(status, {"Location": "/geheim"}, b'{"error": "geheim"}')
        for status in (302, 400, 401, 404, 410, 413, 429, 500)
    ),
    hang,
    reset,
    raw(b"geheim\r\n\r\n", close=True),
    answer(200, {}, b"geheim" * MAX_ANSWER_BYTES),
]


async def test_no_secret_in_errors_logs_or_output(
    case: Case, client_for: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    async with far_side() as side:
        stage = Stage(case, client_for, side, timeout_s=SHORT_S)
        for react in FAULTS:
            side.react = react
            result = await stage.send([1])
            errors = [receipt.error for receipt in result.receipts.values() if receipt.error]
            said += [*map(_everything_said, errors), _everything_said(result.raised) if result.raised else ""]
        unusable = stage.endpoints([1])[0]._replace(address="https://u:geheim@push.example/geheim")
        with pytest.raises(Permanent) as caught:
            stage.channel.check(unusable)
        said.append(_everything_said(caught.value))
    text = "\n".join([*said, caplog.text, *capfd.readouterr()])
    assert text.strip()
    assert [secret for secret in SECRETS if secret in text] == []


def _everything_said(error: DeliveryError | ChannelError) -> str:
    chain = [error]
    while cause := chain[-1].__cause__ or (None if chain[-1].__suppress_context__ else chain[-1].__context__):
        chain.append(cause)
    return "\n".join(f"{one!s} {one!r} {vars(one)}" for one in chain)
