"""What is FCM's own beside the contract that all channels keep: access tokens, projects, what stands in a request."""

import asyncio
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.base import (
    AccountRefused,
    ChannelDown,
    ChannelMisconfigured,
    Endpoint,
    GatewayUnknown,
    Gone,
    Permanent,
    Transient,
)
from channels.fcm.access_tokens import AccessToken
from channels.fcm.answers import FCM_ERROR
from channels.fcm.channel import LIMITS, Fcm
from channels.fcm.projects import Project, Projects
from tests.channels.far_side import Seen, answer, far_side, reset_after, respond
from tests.channels.fcm.test_message import NOTICE
from tests.support.service_accounts import account_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PROJECT = "warn-project-0"
TAKEN = answer(200, {}, b'{"name":"projects/warn-project-0/messages/1"}')


class Tokens:
    """Gives the next token when one is refused."""

    def __init__(self, *values: str, error: Exception | None = None) -> None:
        self._tokens = [AccessToken(one, NOW, NOW + timedelta(hours=1)) for one in values]
        self._error = error
        self.asked = 0

    async def token(self, _account: Any) -> AccessToken:
        self.asked += 1
        if self._error:
            raise self._error
        return self._tokens[0]

    async def renewed(self, _account: Any, refused: AccessToken) -> AccessToken:
        if self._tokens[0] is refused and len(self._tokens) > 1:
            del self._tokens[0]
        return self._tokens[0]


def endpoint(number: int, **keys: str) -> Endpoint:
    return Endpoint(number, f"token:{number}", {"project": PROJECT, **keys})


class Stage:
    def __init__(self, client_for: Any, origin: str, tokens: Tokens) -> None:
        self.projects = Projects(tokens, [Project(account_of(PROJECT), origin)])
        self.channel = Fcm(client_for(origin), self.projects, now=lambda: NOW)

    async def send(self, *endpoints: Endpoint, gateway: str = PROJECT) -> dict[int, Any]:
        found: dict[int, Any] = {}
        async for receipts in self.channel.send(NOTICE, gateway, endpoints):
            assert receipts
            for one in receipts:
                assert one.endpoint_id not in found
                found[one.endpoint_id] = one.error
        return found


async def takes_only_second(seen: Seen, writer: Any) -> None:
    status = 200 if seen.headers["authorization"] == "Bearer second" else 401
    writer.write(respond(status, {}, b"{}"))
    await writer.drain()


async def test_a_request_is_the_projects_and_has_its_token(client_for: Any) -> None:
    async with far_side(TAKEN) as side:
        found = await Stage(client_for, side.origin, Tokens("first")).send(
            endpoint(1), endpoint(2, target="fid")
        )
    assert found == {1: None, 2: None}
    assert {one.target for one in side.seen} == {f"/v1/projects/{PROJECT}/messages:send"}
    assert {one.headers["authorization"] for one in side.seen} == {"Bearer first"}
    messages = [json.loads(one.body)["message"] for one in side.seen]
    assert sorted(one.get("token") or one["fid"] for one in messages) == ["token:1", "token:2"]
    assert {one["android"]["ttl"] for one in messages} <= {"3600s", "3599s"}


async def test_a_refused_access_token_is_replaced_and_all_are_asked_once_more(client_for: Any) -> None:
    async with far_side(takes_only_second) as side:
        stage = Stage(client_for, side.origin, Tokens("first", "second"))
        stage.channel.limits = dataclasses.replace(LIMITS, concurrency=1)
        found = await stage.send(*map(endpoint, range(5)))
    assert found == dict.fromkeys(range(5))
    assert [one.headers["authorization"] for one in side.seen] == ["Bearer first"] + ["Bearer second"] * 5, (
        "nobody is asked with a token that was refused"
    )


async def test_a_second_refusal_stops_the_project(client_for: Any) -> None:
    async with far_side(answer(401)) as side:
        stage = Stage(client_for, side.origin, Tokens("first", "second", "third"))
        with pytest.raises(ChannelMisconfigured) as refused:
            await stage.send(endpoint(1))
    assert (refused.value.code, refused.value.gateway, len(side.seen)) == ("401", PROJECT, 2)


async def test_addresses_are_judged_as_by_a_message_that_nobody_gets(client_for: Any) -> None:
    gone = {"error": {"details": [{"@type": FCM_ERROR, "errorCode": "UNREGISTERED"}]}}

    async def react(seen: Seen, writer: Any) -> None:
        body = json.loads(seen.body)
        assert body["validate_only"] is True
        if seen.headers["authorization"] != "Bearer second":
            writer.write(respond(401))
        elif body["message"]["token"] == "token:1":
            writer.write(respond(404, {}, json.dumps(gone).encode()))
        else:
            writer.write(respond(200, {}, b"{}"))
        await writer.drain()

    async with far_side(react) as side:
        channel = Stage(client_for, side.origin, Tokens("first", "second")).channel
        asked = channel.validate(PROJECT, [endpoint(1), endpoint(2)])
        found = {one.endpoint_id: one.error async for receipts in asked for one in receipts}
    assert (type(found[1]), found[2]) == (Gone, None)
    assert all(json.loads(one.body)["message"]["data"] == {"notice": '{"v":1}'} for one in side.seen)


async def test_without_another_token_those_who_were_asked_are_told_so(client_for: Any) -> None:
    async with far_side(answer(401)) as side:
        stage = Stage(client_for, side.origin, Tokens("only"))
        seen = stage.channel.send(NOTICE, PROJECT, [endpoint(1)])
        [receipt] = await anext(seen)
        assert isinstance(receipt.error, AccountRefused)
        with pytest.raises(ChannelMisconfigured):
            await anext(seen)
    assert len(side.seen) == 1


async def test_who_is_gone_is_gone_whatever_becomes_of_the_token(client_for: Any) -> None:
    gone = {"error": {"details": [{"@type": FCM_ERROR, "errorCode": "UNREGISTERED"}]}}

    async def react(seen: Seen, writer: Any) -> None:
        is_gone = json.loads(seen.body)["message"]["token"] == "token:1"
        writer.write(respond(404, {}, json.dumps(gone).encode()) if is_gone else respond(401))
        await writer.drain()

    async with far_side(react) as side:
        stage = Stage(client_for, side.origin, Tokens("only"))
        seen = stage.channel.send(NOTICE, PROJECT, [endpoint(1), endpoint(2)])
        found = [one for _ in range(2) for one in await anext(seen)]
        with pytest.raises(ChannelMisconfigured):
            await anext(seen)
    assert {one.endpoint_id: type(one.error) for one in found} == {1: Gone, 2: AccountRefused}


async def test_without_a_token_nothing_is_sent(client_for: Any) -> None:
    async with far_side(TAKEN) as side:
        stage = Stage(
            client_for, side.origin, Tokens(error=ChannelDown("token_unavailable", gateway=PROJECT))
        )
        with pytest.raises(ChannelDown, match="token_unavailable"):
            await stage.send(endpoint(1))
    assert side.seen == []


async def test_no_token_is_asked_for_where_nothing_is_to_be_sent(client_for: Any) -> None:
    tokens = Tokens("first")
    assert await Stage(client_for, "http://127.0.0.1:9", tokens).send() == {}
    assert tokens.asked == 0


async def test_a_project_of_no_app_is_unknown_until_it_is_admitted(client_for: Any) -> None:
    async with far_side(TAKEN) as side:
        stage = Stage(client_for, side.origin, Tokens("first"))
        other = "warn-project-1"
        with pytest.raises(GatewayUnknown):
            await stage.send(endpoint(1, project=other), gateway=other)
        stage.projects.admit([Project(account_of(other), side.origin)])
        assert await stage.send(endpoint(1, project=other), gateway=other) == {1: None}
        with pytest.raises(GatewayUnknown):
            await stage.send(endpoint(1))


async def test_two_projects_have_rates_and_accounts_of_their_own(client_for: Any) -> None:
    channel = Fcm(client_for(), Projects(Tokens("first")), per_minute=60_000)
    limits = [channel.gateway_limits(name) for name in ("warn-project-0", "warn-project-1")]
    assert [one.rate for one in limits] == [1000.0, 1000.0]
    assert [one.account for one in limits] == ["fcm:warn-project-0", "fcm:warn-project-1"]


@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_an_answer_without_its_end_stops_nobody_and_is_asked_again(
    client_for: Any, status: int
) -> None:
    head = f"HTTP/1.1 {status} Refused\r\nContent-Length: 90\r\n\r\n".encode()
    async with far_side(reset_after(head)) as side:
        found = await Stage(client_for, side.origin, Tokens("first")).send(endpoint(1))
    assert isinstance(found[1], Transient)


def test_it_checks_what_is_registered() -> None:
    channel = Fcm.__new__(Fcm)
    channel.check(endpoint(1))
    with pytest.raises(Permanent, match="project_missing"):
        channel.check(Endpoint(1, "token:1", {}))


async def test_closing_it_early_leaves_nothing_in_flight(client_for: Any) -> None:
    async with far_side(TAKEN) as side:
        stage = Stage(client_for, side.origin, Tokens("first"))
        stage.channel.limits = dataclasses.replace(LIMITS, concurrency=1)
        receipts = stage.channel.send(NOTICE, PROJECT, list(map(endpoint, range(5))))
        await anext(receipts)
        await receipts.aclose()
        before = len(side.seen)
        await asyncio.sleep(0)
    assert before < 5
