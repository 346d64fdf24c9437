"""A test notice goes to the instance's own webhook, and its answer is said in a word."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from channels.app.channel import App
from channels.http.client import HttpClient
from dispatcher.access.principals import UNNAMED_OPERATOR as BY
from dispatcher.api.instances.bodies import Meaning, NoticeBody
from dispatcher.apps.registration import Registration, WebhookRequest
from dispatcher.apps.trial import TrialResult, Trials, TriedTooSoon
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.model.principals import Instance
from dispatcher.store.webhooks import Webhooks
from tests.channels.far_side import answer, far_side, reset
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES

OWN = (DUEREN,)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class World:
    trials: Trials
    pool: Any
    side: Any
    secret: str

    async def run(self) -> TrialResult:
        await self.pool.execute("UPDATE webhook SET tested_at = NULL")
        result = await self.trials.run("dueren", OWN)
        assert result is not None
        return result


@pytest.fixture
async def world(
    pool: Any, sources: Any, client_for: Callable[..., HttpClient], boundaries: Boundaries
) -> AsyncIterator[World]:
    await sources.put_instance(Instance("dueren", "Düren", OWN), f"wi_dueren_{'s' * 43}")
    async with far_side() as side:
        channel, webhooks = App(client_for(side.origin), timeout_s=5), Webhooks(pool, ADDRESSES)
        asked = WebhookRequest(f"{side.origin}/x")
        found = await Registration(webhooks, channel, now).put("dueren", OWN, asked, BY)
        yield World(Trials(webhooks, channel, boundaries, now), pool, side, found.new_secret or "")


async def test_it_is_signed_as_a_warning_is_and_says_what_it_is(world: World) -> None:
    result = await world.run()
    (seen,) = world.side.seen
    Webhook(world.secret).verify(seen.body, seen.headers)
    assert json.loads(seen.body) == result.notice
    assert result.notice["test"] is True
    assert str(result.notice["title"]).startswith("ÜBUNG/TEST")
    shown = NoticeBody.model_validate(result.notice)
    assert shown.notification is not None
    assert shown.notification.title.startswith("ÜBUNG/TEST: WARNUNG: ")
    assert shown.in_force is not None
    assert (shown.in_force.active, shown.sequence > 0, shown.web_push) == (1, True, None)
    assert result.webhook_id == seen.headers["webhook-id"]
    assert (result.status, result.error, result.meaning) == (201, None, "accepted")


async def test_it_is_declarative_where_warnings_are(
    world: World, client_for: Callable[..., HttpClient], boundaries: Boundaries
) -> None:
    page = "https://warnung.example/"
    channel = App(client_for(world.side.origin), timeout_s=5)
    result = await Trials(Webhooks(world.pool, ADDRESSES), channel, boundaries, now, page).run("dueren", OWN)
    assert result is not None
    shown = NoticeBody.model_validate(result.notice)
    assert shown.notification is not None
    assert (shown.web_push, shown.notification.navigate) == (8030, f"{page}#{shown.alert}")


async def test_each_is_a_notice_of_its_own(world: World) -> None:
    first, second = await world.run(), await world.run()
    assert first.webhook_id.split("-")[1] == second.webhook_id.split("-")[1]


@pytest.mark.parametrize(
    ("status", "headers", "meaning"),
    [
        (200, {}, "accepted"),
        (204, {}, "accepted"),
        (302, {"Location": "https://elsewhere.example/"}, "refused"),
        (400, {}, "refused"),
        (401, {}, "retried"),
        (403, {}, "retried"),
        (404, {}, "retried"),
        (410, {}, "ended"),
        (429, {"Retry-After": "7"}, "postponed"),
        (500, {}, "retried"),
        (503, {"Retry-After": "7"}, "postponed"),
    ],
)
async def test_an_answer_is_said_as_what_a_warning_would_make_of_it(
    world: World, status: int, headers: dict[str, str], meaning: str
) -> None:
    world.side.react = answer(status, headers, b"a secret of the receiver's net")
    result = await world.run()
    assert (result.status, result.meaning) == (status, Meaning(meaning))
    assert "a secret" not in repr(result), "of the answer nothing is shown but its status"
    assert len(world.side.seen) == 1, "no redirect is followed, nothing is repeated"
    webhook = await Webhooks(world.pool, ADDRESSES).of("dueren")
    assert webhook is not None
    assert webhook.ended_at is None, "a test ends nothing"


async def test_without_an_answer_there_is_a_code(world: World) -> None:
    world.side.react = reset
    result = await world.run()
    assert (result.status, result.meaning) == (None, "retried")
    assert result.error


async def test_where_nothing_may_be_sent_nothing_is(
    world: World, client_for: Callable[..., HttpClient], boundaries: Boundaries
) -> None:
    """An exemption that is taken away holds for what was registered under it."""
    trials = Trials(Webhooks(world.pool, ADDRESSES), App(client_for()), boundaries, now)
    result = await trials.run("dueren", OWN)
    assert result is not None
    assert (result.status, result.error, result.meaning) == (None, "url_not_https", "refused")
    assert world.side.seen == []


async def test_one_is_sent_in_ten_seconds(world: World) -> None:
    await world.run()
    with pytest.raises(TriedTooSoon) as caught:
        await world.trials.run("dueren", OWN)
    assert 0 < caught.value.seconds <= 10
    assert len(world.side.seen) == 1


async def test_without_a_webhook_nothing_is_sent(world: World) -> None:
    await Webhooks(world.pool, ADDRESSES).remove("dueren")
    assert await world.trials.run("dueren", OWN) is None
