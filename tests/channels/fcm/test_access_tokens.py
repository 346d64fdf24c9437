"""One token for all who send, renewed before its end; and what it means that there is none."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt

from channels.base import ChannelDown, ChannelError, ChannelMisconfigured
from channels.fcm.access_tokens import AccessToken, AccessTokens, token_of
from channels.fcm.service_account import ServiceAccount
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.http.messages import Answer
from tests.channels.far_side import FarSide, Seen, answer, closed_port, far_side, hang, respond
from tests.support.service_accounts import account_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DATE = b"Date: Sun, 22 Nov 2026 12:00:05 GMT"


class Clock:
    time = NOW

    def __call__(self) -> datetime:
        return self.time


def granted(value: str = "ya29.abc", life_s: Any = 3599) -> bytes:
    return json.dumps({"access_token": value, "expires_in": life_s, "token_type": "Bearer"}).encode()


async def in_turn(seen: Seen, writer: Any) -> None:
    """Grant another token each time."""
    in_turn.count += 1  # type: ignore[attr-defined]
    writer.write(respond(200, {}, granted(f"token-{in_turn.count}")))  # type: ignore[attr-defined]
    await writer.drain()


@pytest.fixture(autouse=True)
def _from_one() -> None:
    in_turn.count = 0  # type: ignore[attr-defined]


class Stage:
    """Tokens of one account, from a service that does as it is told."""

    def __init__(self, client_for: Callable[..., HttpClient], origin: str) -> None:
        self.clock = Clock()
        self.account: ServiceAccount = account_of("warn-project-0", f"{origin}/token")
        policy = AddressPolicy(frozenset({origin}))
        self.tokens = AccessTokens(client_for(origin), policy, self.clock, timeout_s=5.0)

    async def value(self) -> str:
        return (await self.tokens.token(self.account)).value

    def later(self, **time: float) -> None:
        self.clock.time += timedelta(**time)


def asserted(side: FarSide, account: ServiceAccount) -> list[Any]:
    forms = [parse_qs(seen.body.decode()) for seen in side.seen]
    assert {form["grant_type"][0] for form in forms} == {"urn:ietf:params:oauth:grant-type:jwt-bearer"}
    return [jwt.decode(form["assertion"][0], account.key, algorithms=["RS256"]).claims for form in forms]


async def test_many_who_send_at_once_ask_for_one_token(client_for: Any) -> None:
    async with far_side(in_turn) as side:
        stage = Stage(client_for, side.origin)
        assert set(await asyncio.gather(*(stage.value() for _ in range(20)))) == {"token-1"}
        assert [one["iss"] for one in asserted(side, stage.account)] == [stage.account.email]
        assert side.seen[0].headers["content-type"] == "application/x-www-form-urlencoded"


async def test_a_token_is_renewed_before_its_end(client_for: Any) -> None:
    async with far_side(in_turn) as side:
        stage = Stage(client_for, side.origin)
        seen = []
        for minutes in (0, 49, 50, 0):
            stage.later(minutes=minutes)
            seen.append(await stage.value())
    assert seen == ["token-1", "token-1", "token-2", "token-2"]


async def test_the_old_token_serves_while_the_service_fails_which_is_not_asked_each_time(
    client_for: Any,
) -> None:
    async with far_side(in_turn) as side:
        stage = Stage(client_for, side.origin)
        await stage.value()
        side.react = answer(500)
        stage.later(minutes=51)
        assert [await stage.value() for _ in range(5)] == ["token-1"] * 5
        assert len(side.seen) == 2
        stage.later(seconds=31)
        assert await stage.value() == "token-1"
        assert len(side.seen) == 3
        stage.later(minutes=8)
        with pytest.raises(ChannelDown, match="answers 500"):
            await stage.value()


async def test_a_token_from_before_the_clock_was_put_back_is_shown_no_more(client_for: Any) -> None:
    async with far_side(in_turn) as side:
        stage = Stage(client_for, side.origin)
        await stage.value()
        stage.later(hours=-2)
        assert await stage.value() == "token-2"


async def test_a_refused_token_is_replaced_once_for_all(client_for: Any) -> None:
    async with far_side(in_turn) as side:
        stage = Stage(client_for, side.origin)
        refused = await stage.tokens.token(stage.account)
        found = await asyncio.gather(*(stage.tokens.renewed(stage.account, refused) for _ in range(5)))
    assert {one.value for one in found} == {"token-2"}
    assert len(side.seen) == 2


async def test_who_asks_and_gives_up_leaves_the_way_free(client_for: Any) -> None:
    async with far_side(hang) as side:
        stage = Stage(client_for, side.origin)
        asking = asyncio.create_task(stage.value())
        await side.arrived.wait()
        asking.cancel()
        side.react = in_turn
        assert await stage.value() == "token-1"


async def test_a_service_out_of_reach_is_an_outage_and_a_forbidden_one_a_mistake(client_for: Any) -> None:
    stage = Stage(client_for, f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(ChannelDown, match="token_unavailable connect") as down:
        await stage.value()
    assert down.value.gateway == "warn-project-0"
    stage.tokens = AccessTokens(client_for(), AddressPolicy(), stage.clock)
    with pytest.raises(ChannelMisconfigured, match="token_refused url_not_https"):
        await stage.value()


HTML = b"<html>Error 400 (Bad Request)!!1</html>"
REVOKED = b'{"error":"invalid_grant","error_description":"Invalid grant: account not found sender@warn"}'


@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [
        (Answer(400, (DATE,), REVOKED), ChannelMisconfigured, "token_refused"),
        (Answer(401, (), b'{"error":"invalid_client"}'), ChannelMisconfigured, "token_refused"),
        (
            Answer(400, (b"Date: Sun, 22 Nov 2026 10:00:00 GMT",), REVOKED),
            ChannelMisconfigured,
            "token_clock",
        ),
        (Answer(400, (b"Date: soon",), REVOKED), ChannelMisconfigured, "token_refused"),
        (
            Answer(400, (b"Date: Sun, 99999999999999999999 Nov 2026 10:00:00 GMT",), REVOKED),
            ChannelMisconfigured,
            "token_refused",
        ),
        (Answer(400, (), HTML), ChannelDown, "token_unavailable"),
        (Answer(404, (), HTML), ChannelDown, "token_unavailable"),
        (Answer(400, (), b'{"error":"Sender <b>"}'), ChannelDown, "token_unavailable"),
        (Answer(429, (), b'{"error":"rate_limit"}'), ChannelDown, "token_unavailable"),
        (Answer(503, (), HTML), ChannelDown, "token_unavailable"),
        (Answer(302, (b"Location: http://127.0.0.1/",)), ChannelDown, "token_unavailable"),
        (Answer(200, (), HTML), ChannelDown, "token_unreadable"),
        (Answer(200, (), granted("a b")), ChannelDown, "token_unreadable"),
        (Answer(200, (), granted("t\u00f6ken")), ChannelDown, "token_unreadable"),
        (Answer(200, (), granted(life_s="3599")), ChannelDown, "token_unreadable"),
        (Answer(200, (), granted(life_s=0)), ChannelDown, "token_unreadable"),
        (Answer(200, (), granted(life_s=10**9)), ChannelDown, "token_unreadable"),
        (Answer(200, (), b"[" * 9000), ChannelDown, "token_unreadable"),
    ],
)
def test_what_it_means_that_there_is_no_token(given: Answer, kind: type[ChannelError], code: str) -> None:
    found = token_of(given, NOW)
    assert isinstance(found, ChannelError)
    assert (type(found), found.code) == (kind, code)
    assert "sender" not in str(found)


def test_a_clock_that_is_off_is_named_with_its_hours() -> None:
    off = token_of(Answer(400, (b"Date: Sun, 22 Nov 2026 10:00:00 GMT",), REVOKED), NOW)
    assert "+7200 s" in str(off)


def test_a_token_holds_as_long_as_was_said_and_shows_itself_to_nobody() -> None:
    token = token_of(Answer(200, (DATE,), granted()), NOW)
    assert isinstance(token, AccessToken)
    assert token.ends_at == NOW + timedelta(seconds=3599)
    assert token.value not in repr(token)
