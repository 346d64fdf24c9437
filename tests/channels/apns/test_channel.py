"""What is APNs' own beside the contract that all channels keep: one key on a connection, one request first, one token."""

import asyncio
import dataclasses
import json
import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.apns.apple_apps import AppleApp, AppleApps
from channels.apns.channel import Apns
from channels.apns.message import MessageIds, headers
from channels.apns.provider_tokens import RENEWED_EVERY
from channels.base import (
    AccountRefused,
    ChannelError,
    ChannelMisconfigured,
    Endpoint,
    GatewayUnknown,
    Gone,
    Permanent,
    RateLimited,
    Transient,
)
from channels.http.addresses import AddressPolicy
from tests.channels.apns.test_message import NOTICE
from tests.channels.far_side import FarSide2, Seen, Stream, answer, far_side, far_side_2, reset_after, respond
from tests.support.apns_credentials import DEVICE, TOPIC, credential_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GATEWAY = f"production/{TOPIC}"
TAKEN = answer(200)
PATIENCE_S = 30.0
SETTINGS = 4


def refusal(status: int, reason: str, **more: Any) -> Any:
    return answer(status, {}, json.dumps({"reason": reason, **more}).encode())


def phone(number: int, topic: str = TOPIC, **keys: str) -> Endpoint:
    return Endpoint(number, f"{number:064x}", {"topic": topic, **keys})


def receipt_token(number: int) -> bytes:
    return b"%024d" % number


class Stage:
    """A channel whose phones are all at one place."""

    def __init__(self, client_for: Any, *origins: str, proven: bool = False, **options: Any) -> None:
        self.app = AppleApp(credential_of(), TOPIC, origins[0])
        self.apps = AppleApps(lambda: client_for(*origins, **options), [self.app])
        self.channel = Apns(self.apps, AddressPolicy(frozenset(origins)), now=lambda: NOW)
        self.raised: ChannelError | None = None
        if proven:
            self.apps.connections(self.app).prove()

    async def send(self, *endpoints: Endpoint, gateway: str = GATEWAY) -> dict[int, Any]:
        notice = dataclasses.replace(NOTICE, receipt_token=receipt_token)
        found: dict[int, Any] = {}
        try:
            async for receipts in self.channel.send(notice, gateway, endpoints):
                assert receipts
                for one in receipts:
                    assert one.endpoint_id not in found
                    found[one.endpoint_id] = one.error
        except ChannelError as error:
            self.raised = error
        return found


async def test_a_request_has_all_that_apple_asks_for(client_for: Any) -> None:
    async with far_side(TAKEN) as side:
        stage = Stage(client_for, side.origin)
        assert await stage.send(phone(1), phone(2)) == {1: None, 2: None}
    assert [one.target for one in side.seen] == [f"/3/device/{n:064x}" for n in (1, 2)]
    own = headers(NOTICE, TOPIC, NOW)
    assert all(one.headers.items() >= own.items() for one in side.seen)
    ids = MessageIds(NOTICE.alert_id)
    assert [one.headers["apns-id"] for one in side.seen] == [ids.of(1), ids.of(2)]
    token = stage.apps.tokens.token(stage.app.credential, NOW).value
    assert {one.headers["authorization"] for one in side.seen} == {f"bearer {token}"}
    assert [json.loads(one.body)["notice"]["receipt"] for one in side.seen] == ["1".zfill(24), "2".zfill(24)]


async def test_closing_it_closes_the_connections_of_all_keys(client_for: Any) -> None:
    async with far_side(TAKEN) as side:
        stage = Stage(client_for, side.origin)
        for number in range(2):
            assert await stage.send(phone(number)) == {number: None}
            await stage.channel.aclose()
        assert side.connections == 2


async def test_the_first_request_goes_alone_and_no_other_batch_goes_with_it(client_for: Any) -> None:
    waiting, most = 0, []

    async def react(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        nonlocal waiting
        waiting += 1
        most.append(waiting)
        for _ in range(50):
            await asyncio.sleep(0)
        waiting -= 1
        writer.write(respond(200))

    async with far_side(react) as side:
        stage = Stage(client_for, side.origin)
        batches = [map(phone, range(start, start + 20)) for start in (0, 100)]
        found = await asyncio.gather(*(stage.send(*one) for one in batches))
    assert [set(one.values()) for one in found] == [{None}, {None}]
    assert most[0] == 1
    assert max(most) > 1, "the others go together"


async def test_what_is_known_of_the_first_is_told_before_the_rest_is_left(client_for: Any) -> None:
    async with far_side(refusal(403, "InvalidProviderToken")) as side:
        stage = Stage(client_for, side.origin)
        found = await stage.send(*map(phone, range(5)))
        assert {number: type(error) for number, error in found.items()} == {0: AccountRefused}
    assert isinstance(stage.raised, ChannelMisconfigured)
    assert (stage.raised.code, stage.raised.gateway, len(side.seen)) == ("key_refused", GATEWAY, 1)


async def test_a_token_that_is_too_old_is_replaced_and_nobody_else_is_asked_with_it(client_for: Any) -> None:
    seen_first: list[str] = []

    async def react(seen: Seen, writer: asyncio.StreamWriter) -> None:
        token = seen.headers["authorization"]
        seen_first[:] = seen_first or [token]
        old = respond(403, {}, b'{"reason":"ExpiredProviderToken"}')
        writer.write(old if token == seen_first[0] else respond(200))

    async with far_side(react) as side:
        stage = Stage(client_for, side.origin)
        assert await stage.send(*map(phone, range(5))) == dict.fromkeys(range(5))
        tokens = [one.headers["authorization"] for one in side.seen]
        assert (tokens.count(tokens[0]), len(set(tokens)), len(tokens)) == (1, 2, 6)
        assert await stage.send(phone(9)) == {9: None}
        assert side.seen[-1].headers["authorization"] == tokens[-1], "it is shown from then on"


async def test_a_token_that_comes_too_soon_gives_way_to_the_one_before(client_for: Any) -> None:
    """Who sends seldom may have shown Apple the last one a minute ago."""

    async def react(seen: Seen, writer: asyncio.StreamWriter) -> None:
        soon = respond(429, {}, b'{"reason":"TooManyProviderTokenUpdates"}')
        writer.write(respond(200) if seen.headers["authorization"] == f"bearer {last}" else soon)

    async with far_side(react) as side:
        stage = Stage(client_for, side.origin)
        last = stage.apps.tokens.token(stage.app.credential, NOW - RENEWED_EVERY).value
        assert await stage.send(*map(phone, range(5))) == dict.fromkeys(range(5))
        assert len(side.seen) == 6, "one is asked with the new one"
        assert await stage.send(phone(9)) == {9: None}
        assert len(side.seen) == 7, "the one before is shown from then on"


async def test_where_apple_takes_neither_token_all_wait_and_nobody_is_blamed(client_for: Any) -> None:
    async with far_side(refusal(429, "TooManyProviderTokenUpdates")) as side:
        stage = Stage(client_for, side.origin)
        found = await stage.send(phone(1), phone(2))
    assert {type(error) for error in found.values()} == {RateLimited}
    assert (stage.raised, len(side.seen)) == (None, 3)


async def test_a_second_token_that_is_too_old_stops_the_app_and_names_our_clock(client_for: Any) -> None:
    async with far_side(refusal(403, "ExpiredProviderToken")) as side:
        stage = Stage(client_for, side.origin)
        found = await stage.send(phone(1), phone(2))
    assert {type(error) for error in found.values()} == {AccountRefused}
    assert stage.raised is not None
    assert (type(stage.raised), stage.raised.code, len(side.seen)) == (ChannelMisconfigured, "token_clock", 2)


async def test_who_is_gone_is_gone_since_when_apple_says_and_others_are_told(client_for: Any) -> None:
    gone = {"reason": "Unregistered", "timestamp": int(NOW.timestamp() * 1000)}
    bodies = {
        1: respond(410, {}, json.dumps(gone).encode()),
        2: respond(429, {}, b'{"reason":"TooManyRequests"}'),
    }

    async def react(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(bodies.get(int(seen.target.rpartition("/")[2], 16), respond(200)))

    async with far_side(react) as side:
        stage = Stage(client_for, side.origin)
        found = await stage.send(*map(phone, range(4)))
    assert [type(found[number]) for number in range(4)] == [type(None), Gone, RateLimited, type(None)]
    assert found[1].since == NOW
    assert stage.channel.gateway_limits(GATEWAY).limits_endpoints, "who gets too many waits alone"


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "BadDeviceToken"), (413, "PayloadTooLarge"), (410, "Unregistered")]
)
async def test_what_apple_says_of_a_phone_proves_the_key(client_for: Any, status: int, reason: str) -> None:
    async with far_side(refusal(status, reason)) as side:
        stage = Stage(client_for, side.origin)
        await stage.send(phone(1))
        assert stage.apps.connections(stage.app).proven


async def test_an_app_without_a_key_is_unknown_until_it_has_one(client_for: Any) -> None:
    async with far_side(TAKEN) as side:
        stage = Stage(client_for, side.origin)
        assert await stage.send(phone(1, "de.other"), gateway="production/de.other") == {}
        assert isinstance(stage.raised, GatewayUnknown)
        stage.apps.admit([AppleApp(credential_of("de.other"), "de.other", side.origin)])
        assert await stage.send(phone(1, "de.other"), gateway="production/de.other") == {1: None}
    assert side.seen[-1].headers["apns-topic"] == "de.other"


async def test_each_key_has_connections_of_its_own_and_its_apps_share_them(client_for: Any) -> None:
    async with far_side(TAKEN) as side:
        stage = Stage(client_for, side.origin)
        both, other = credential_of("de.a", "de.b"), credential_of("de.c", key_id="OTHER67890")
        stage.apps.admit(AppleApp(one, topic, side.origin) for one in (both, other) for topic in one.topics)
        for topic in ("de.a", "de.b", "de.c", "de.a"):
            await stage.send(phone(1, topic), gateway=f"production/{topic}")
        keys = {}
        for one in side.seen:
            keys.setdefault(one.connection, set()).add(one.headers["authorization"])
    assert [len(shown) for shown in keys.values()] == [1, 1]


@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_an_answer_without_its_end_stops_nobody_and_is_asked_again(
    client_for: Any, status: int
) -> None:
    head = f"HTTP/1.1 {status} Refused\r\nContent-Length: 90\r\n\r\n".encode()
    async with far_side(reset_after(head)) as side:
        stage = Stage(client_for, side.origin, proven=True)
        found = await stage.send(phone(1))
    assert stage.raised is None
    assert isinstance(found[1], Transient)


def test_it_checks_what_is_registered() -> None:
    channel = Apns.__new__(Apns)
    channel.check(Endpoint(1, DEVICE, {"topic": TOPIC}))
    for wrong in (Endpoint(1, DEVICE, {}), Endpoint(1, "x", {"topic": TOPIC})):
        with pytest.raises(Permanent):
            channel.check(wrong)


def endpoint_of(stream: Stream) -> int:
    found = re.search(rb'"receipt":"(\d{24})"', stream.body)
    assert found is not None
    return int(found[1])


class LeavingServer:
    """Apple's side of HTTP/2, which answers all that it gets, until it is told to leave in the middle of a batch: then
    it answers the streams up to one, and none beyond, even of those that come on that connection later.
    """

    def __init__(self, at: int) -> None:
        self.at = at
        self.leaves = False
        self.taken: list[int] = []
        self._held: list[Stream] = []
        self._left: asyncio.StreamWriter | None = None

    def act(self, stream: Stream) -> None:
        if stream.writer is self._left:
            return
        if not self.leaves:
            self._take(stream)
            return
        self._held.append(stream)
        if len(self._held) == self.at:
            self.leaves = False
            self._leave()

    def _leave(self) -> None:
        # The connection on which most are under way goes; half of its streams are covered.
        writers = [one.writer for one in self._held]
        self._left = max(set(writers), key=writers.count)
        own = sorted((one for one in self._held if one.writer is self._left), key=lambda one: one.number)
        last = own[len(own) // 2]
        last.go_away(last.number)
        for one in self._held:
            if one.writer is not self._left or one.number <= last.number:
                self._take(one)

    def _take(self, stream: Stream) -> None:
        self.taken.append(endpoint_of(stream))
        stream.answer(200)


async def test_a_connection_that_is_closed_in_the_middle_sends_nothing_twice(
    client_for: Any, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    server = LeavingServer(at=40)
    async with asyncio.timeout(PATIENCE_S), far_side_2(server.act, server_tls("h2")) as side:
        stage = Stage(client_for, side.origin, http2_after=1, per_host=1)
        await until_there_are_two_connections(stage, side)
        server.taken.clear()
        server.leaves = True
        found = await stage.send(*map(phone, range(100, 150)))
    assert (stage.raised, found) == (None, dict.fromkeys(range(100, 150)))
    assert sorted(server.taken) == list(range(100, 150)), "each of them once"


async def until_there_are_two_connections(stage: Stage, side: FarSide2) -> None:
    """Send until a connection of our own has taken requests: libcurl has the other one."""
    number = 1000
    while len({one.writer for one in side.streams}) < 2:
        number += 1
        assert await stage.send(phone(number)) == {number: None}


async def test_one_stream_is_enough_until_apple_allows_more(
    client_for: Any, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    def act(stream: Stream) -> None:
        stream.answer(200)

    async with asyncio.timeout(PATIENCE_S), far_side_2(act, server_tls("h2")) as side:
        side.settings = b"\x00\x03\x00\x00\x00\x01"  # SETTINGS_MAX_CONCURRENT_STREAMS = 1, for good
        stage = Stage(client_for, side.origin, http2_after=10**9, per_host=1)
        assert await stage.send(*map(phone, range(20))) == dict.fromkeys(range(20))
        assert side.connections == 1


class AllowingServer:
    """Apple's side of HTTP/2, which allows one stream on a connection until it has answered one there."""

    ONE = b"\x00\x03\x00\x00\x00\x01"
    MANY = b"\x00\x03\x00\x00\x00\x64"

    def __init__(self) -> None:
        self.early: list[int] = []
        """How many streams there were on each connection when the first one was answered."""
        self._begun: dict[asyncio.StreamWriter, list[Stream]] = {}

    def act(self, stream: Stream) -> None:
        begun = self._begun.setdefault(stream.writer, [])
        begun.append(stream)
        stream.widen(0, len(stream.body))
        if len(begun) == 1:
            asyncio.get_running_loop().call_later(0.02, self._allow, begun)
        elif begun[0].number < 0:
            stream.answer(200)

    def _allow(self, begun: list[Stream]) -> None:
        self.early.append(len(begun))
        begun[0]._write(SETTINGS, 0, 0, self.MANY)
        for one in begun:
            one.answer(200)
        begun[0].number = -1


async def test_no_connection_gets_a_second_request_before_its_first_is_answered(
    client_for: Any, server_tls: Callable[..., ssl.SSLContext]
) -> None:
    server = AllowingServer()
    async with asyncio.timeout(PATIENCE_S), far_side_2(server.act, server_tls("h2")) as side:
        side.settings = server.ONE
        stage = Stage(client_for, side.origin, http2_after=1, per_host=1)
        batches = [map(phone, range(start, start + 400)) for start in (0, 1000)]
        found = await asyncio.gather(*(stage.send(*one) for one in batches))
        assert side.connections > 1
    assert [set(one.values()) for one in found] == [{None}, {None}]
    assert set(server.early) == {1}


def test_a_deadline_that_is_near_is_the_last_moment_at_which_apple_keeps_it() -> None:
    soon = dataclasses.replace(NOTICE, deadline=NOW + timedelta(seconds=90))
    assert headers(soon, TOPIC, NOW)["apns-expiration"] == str(int(NOW.timestamp()) + 90)
