"""The machinery under all channels: what the contract's suite cannot provoke through a well-made channel."""

import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.base import (
    ChannelDown,
    ChannelFault,
    ChannelMisconfigured,
    DeliveryError,
    Endpoint,
    NotMade,
    Permanent,
    Receipt,
    Uncertain,
)
from channels.crashes import Proof
from channels.fanout import Bounds, fan_out
from channels.http.client import HttpClient
from channels.http.messages import Request
from tests.channels.far_side import answer, far_side

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BOUNDS = Bounds(4, NOW + timedelta(hours=1), lambda: NOW)


class Clumsy:
    """An adapter that stumbles over one answer, and is refused by another status."""

    gateway = "haupt"

    def request(self, endpoint: Any, seconds_left: Any) -> Request:
        return Request(endpoint.address, [], b"", 5.0)

    def interpret(self, endpoint: Any, answer: Any, broken: Any) -> Receipt:
        if answer.status == 401:
            raise ChannelMisconfigured("401")
        if answer.status == 299:
            raise RuntimeError("geheim")
        return Receipt(endpoint.id)


async def test_an_answer_that_cannot_be_judged_is_uncertain_and_hurts_only_itself(
    client_for: Callable[..., HttpClient],
) -> None:
    async def react(seen: Any, writer: Any) -> None:
        await answer(299 if seen.target == "/1" else 200)(seen, writer)

    async with far_side(react) as side:
        endpoints = [Endpoint(number, f"{side.origin}/{number}", {}) for number in range(3)]
        receipts = [
            one
            async for known in fan_out(client_for(side.origin), Clumsy(), endpoints, BOUNDS, Proof())
            for one in known
        ]
    errors = {receipt.endpoint_id: receipt.error for receipt in receipts}
    assert (errors[0], errors[2]) == (None, None)
    assert (type(errors[1]), str(errors[1])) == (Uncertain, "RuntimeError unreadable")


class Sleepy(Clumsy):
    """A process that stands still while it makes a request, until the request's time is over."""

    def request(self, endpoint: Any, seconds_left: Any) -> Request:
        time.sleep(seconds_left + 0.01)
        return Request(endpoint.address, [], b"", seconds_left)


async def test_nothing_is_sent_whose_time_ran_out_while_it_was_made(
    client_for: Callable[..., HttpClient],
) -> None:
    bounds = Bounds(1, NOW + timedelta(seconds=0.05), lambda: NOW)
    async with far_side() as side:
        endpoints = [Endpoint(1, f"{side.origin}/1", {})]
        runs = fan_out(client_for(side.origin), Sleepy(), endpoints, bounds, Proof())
        [receipt] = [one async for known in runs for one in known]
    assert side.seen == []
    assert isinstance(receipt.error, DeliveryError)


async def test_what_the_client_refuses_is_permanent_even_if_the_courier_did_not_look(
    client_for: Callable[..., HttpClient],
) -> None:
    endpoints = [Endpoint(1, "http://push.example/x", {})]
    (receipt,) = [
        one async for known in fan_out(client_for(), Clumsy(), endpoints, BOUNDS, Proof()) for one in known
    ]
    assert (receipt.error.label, receipt.error.code) == ("permanent", "url_not_https")


class Stumbling(Clumsy):
    """An adapter that cannot make one endpoint's request."""

    def __init__(self, error: Any) -> None:
        self.error = error

    def request(self, endpoint: Any, seconds_left: Any) -> Any:
        if endpoint.id == 1:
            raise self.error
        return super().request(endpoint, seconds_left)


async def test_an_odd_record_is_given_up_and_hurts_only_itself(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(answer(200)) as side:
        endpoints = [Endpoint(number, f"{side.origin}/{number}", {}) for number in range(3)]
        adapter = Stumbling(RuntimeError("geheim"))
        receipts = [
            one
            async for known in fan_out(client_for(side.origin), adapter, endpoints, BOUNDS, Proof())
            for one in known
        ]
    errors = {receipt.endpoint_id: receipt.error for receipt in receipts}
    assert (errors[0], errors[2]) == (None, None)
    assert str(errors[1]) == "RuntimeError unusable record"


class Broken(Clumsy):
    """An adapter that can make no request at all while it is broken."""

    broken = True

    def request(self, endpoint: Any, seconds_left: Any) -> Any:
        if self.broken:
            raise UnicodeEncodeError("ascii", "+4915100000001", 0, 1, "geheim")
        return super().request(endpoint, seconds_left)


async def ran(runs: Any) -> tuple[dict[int, Any], Any]:
    """The errors by endpoint, and what was raised at the end."""
    errors = {}
    try:
        async for known in runs:
            errors |= {receipt.endpoint_id: receipt.error for receipt in known}
    except ChannelDown as raised:
        return errors, raised
    return errors, None


@pytest.mark.parametrize("recipients", [1, 3])
async def test_what_stops_everybody_is_our_fault_and_ends_no_recipient(
    client_for: Callable[..., HttpClient], recipients: int
) -> None:
    adapter, proof = Broken(), Proof()
    async with far_side(answer(200)) as side:
        client = client_for(side.origin)
        endpoints = [Endpoint(number, f"{side.origin}/{number}", {}) for number in range(recipients)]
        errors, raised = await ran(fan_out(client, adapter, endpoints, BOUNDS, proof))
        assert {type(error) for error in errors.values()} == {NotMade}
        assert len(errors) == recipients
        assert (type(raised), raised.code, raised.gateway) == (
            ChannelFault,
            "UnicodeEncodeError",
            "haupt",
        )
        assert "geheim" not in f"{raised} {errors}"
        assert "+49" not in f"{raised} {errors}"

        adapter.broken = False
        errors, raised = await ran(fan_out(client, adapter, endpoints, BOUNDS, proof))
        assert (set(errors.values()), raised) == ({None}, None)

        adapter.broken = True  # of one that works, a single record is odd
        errors, raised = await ran(fan_out(client, adapter, endpoints[:1], BOUNDS, proof))
    assert (type(errors[0]), errors[0].code, raised) == (Permanent, "UnicodeEncodeError", None)


async def test_after_a_fault_of_ours_a_probe_of_one_ends_nobody_either(
    client_for: Callable[..., HttpClient],
) -> None:
    adapter, proof = Broken(), Proof()
    async with far_side(answer(200)) as side:
        client = client_for(side.origin)
        endpoints = [Endpoint(number, f"{side.origin}/{number}", {}) for number in range(3)]
        for some, broken in ((endpoints, False), (endpoints, True), (endpoints[:1], True)):
            adapter.broken = broken
            errors, _ = await ran(fan_out(client, adapter, some, BOUNDS, proof))
    assert [type(error) for error in errors.values()] == [NotMade]


@pytest.mark.parametrize("origin", ["https://127.0.0.1", "http://127.0.0.1"])
async def test_a_setting_that_libcurl_cannot_take_is_our_fault(
    client_for: Callable[..., HttpClient], origin: str
) -> None:
    client = client_for(origin, ca_file="/etc/\0")
    endpoints = [Endpoint(number, f"{origin}/{number}", {}) for number in range(3)]
    errors, raised = await ran(fan_out(client, Clumsy(), endpoints, BOUNDS, Proof()))
    assert [type(error) for error in errors.values()] == [NotMade] * 3
    assert (type(raised), raised.code) == (ChannelFault, "ValueError")


async def test_want_of_memory_is_held_against_no_recipient(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(answer(200)) as side:
        endpoints = [Endpoint(number, f"{side.origin}/{number}", {}) for number in range(3)]
        adapter = Stumbling(MemoryError())
        with pytest.raises(MemoryError):
            await anext(fan_out(client_for(side.origin), adapter, endpoints, BOUNDS, Proof()))


def test_want_of_memory_is_known_whatever_a_library_calls_it(
    python: Callable[..., subprocess.Popen[str]],
) -> None:
    process = python(
        """
        import resource
        from channels.fanout import _starved

        print(_starved(RuntimeError()))
        size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        print(_starved(RuntimeError()))
        """
    )
    out, _ = process.communicate(timeout=20)
    assert out == "False\nTrue\n"
