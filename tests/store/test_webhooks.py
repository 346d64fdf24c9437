"""The webhook that an instance registers, on the record."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.model.principals import Instance
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.model.webhooks import Environment, WantedWebhook, WebhookTaken
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.keys import NoSuchBearer
from dispatcher.store.record import connect
from dispatcher.store.sources import Sources
from dispatcher.store.webhooks import Webhooks, callback_origins
from dispatcher.wiring.api import API_COMMAND_TIMEOUT_S
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.support.sealed import ADDRESSES

URL, OTHER = "https://app.dueren.example/a", "https://app.dueren.example/b"
WANTED = WantedWebhook(URL, "https://app.dueren.example")
KEYS = {"secret": "one"}


def given(_before: Any) -> dict[str, str]:
    return KEYS


def kept(before: Any) -> dict[str, str]:
    return dict(before)


@pytest.fixture
async def webhooks(pool: Any, sources: Sources) -> Webhooks:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN, JUELICH)), f"wi_dueren_{'s' * 43}")
    await sources.put_instance(Instance("nachbar", "Nachbar", (HEIMBACH,)), f"wi_nachbar_{'s' * 43}")
    await sources.put_instance(Instance("probe", "Probe", (DUEREN,), sandbox=True), f"wi_probe_{'s' * 43}")
    return Webhooks(pool, ADDRESSES)


async def told(subscriptions: Subscriptions, *places: str) -> int:
    return sum((await subscriptions.reach(places)).by_channel.values())


async def test_it_is_a_subscription_to_all_places_and_follows_what_these_come_to_be(
    webhooks: Webhooks, sources: Sources, subscriptions: Subscriptions
) -> None:
    webhook = await webhooks.put("dueren", WANTED, given)
    assert (webhook.places, webhook.follows_all) == ((DUEREN, JUELICH), True)
    assert await webhooks.of("dueren") == webhook
    found = await subscriptions.endpoints([webhook.subscription_id])
    assert found[webhook.subscription_id].address == URL
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN, HEIMBACH)), f"wi_more_{'s' * 43}")
    assert [await told(subscriptions, ags) for ags in (DUEREN, JUELICH, HEIMBACH)] == [1, 0, 1]


async def test_a_subset_stays_one(webhooks: Webhooks, sources: Sources, subscriptions: Subscriptions) -> None:
    await webhooks.put("dueren", replace(WANTED, places=(JUELICH,)), given)
    assert [await told(subscriptions, ags) for ags in (DUEREN, JUELICH)] == [0, 1]
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), f"wi_more_{'s' * 43}")
    assert await told(subscriptions, DUEREN, JUELICH) == 0
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN, JUELICH)), f"wi_most_{'s' * 43}")
    assert [await told(subscriptions, ags) for ags in (DUEREN, JUELICH)] == [0, 1]


async def test_another_url_keeps_the_recipient_so_that_what_is_under_way_arrives(
    webhooks: Webhooks, subscriptions: Subscriptions
) -> None:
    first = await webhooks.put("dueren", WANTED, given)
    second = await webhooks.put("dueren", replace(WANTED, url=OTHER, places=(DUEREN,)), kept)
    assert (second.subscription_id, second.url, second.keys) == (first.subscription_id, OTHER, KEYS)
    assert [await told(subscriptions, ags) for ags in (DUEREN, JUELICH)] == [1, 0]
    assert await webhooks.put("dueren", replace(WANTED, url=OTHER, places=(DUEREN,)), kept) == second


async def test_nobody_takes_anothers_callbacks_away(webhooks: Webhooks, pool: Any) -> None:
    await webhooks.put("dueren", WANTED, given)
    with pytest.raises(WebhookTaken):
        await webhooks.put("nachbar", WANTED, given)
    await webhooks.put("nachbar", replace(WANTED, url=OTHER), given)
    with pytest.raises(WebhookTaken):
        await webhooks.put("nachbar", WANTED, given)
    found = await webhooks.of("nachbar")
    assert found is not None
    assert found.url == OTHER
    assert await pool.fetchval("SELECT count(*) FROM subscription") == 2


async def test_what_was_imported_for_the_instance_is_taken_over_with_its_secret(
    webhooks: Webhooks, subscriptions: Subscriptions
) -> None:
    def imported(instance: str | None) -> NewSubscription:
        return NewSubscription("app", WANTED.gateway, URL, {"secret": "old"}, (DUEREN,), instance=instance)

    await subscriptions.add_many([imported(None)])
    with pytest.raises(WebhookTaken):
        await webhooks.put("dueren", WANTED, kept)
    await subscriptions.add_many([imported("dueren")])
    webhook = await webhooks.put("dueren", WANTED, kept)
    assert webhook.keys == {"secret": "old"}
    assert await told(subscriptions, DUEREN, JUELICH) == 1


async def test_what_its_receiver_ended_is_the_same_recipient_when_registered_again(
    webhooks: Webhooks, subscriptions: Subscriptions, pool: Any
) -> None:
    first = await webhooks.put("dueren", WANTED, given)
    await pool.execute("UPDATE subscription SET ended_at = now(), end_reason = 'gone'")
    ended = await webhooks.of("dueren")
    assert ended is not None
    assert ended.ended_at is not None
    assert await webhooks.change_keys("dueren", given) is None
    second = await webhooks.put("dueren", replace(WANTED, url=OTHER, places=(JUELICH,)), given)
    assert (second.ended_at, second.url) == (None, OTHER)
    assert second.subscription_id == first.subscription_id
    assert [await told(subscriptions, ags) for ags in (DUEREN, JUELICH)] == [0, 1]


@pytest.mark.parametrize("reason", [None, "gone"])
async def test_what_was_taken_back_is_the_same_recipient_with_a_new_secret(
    webhooks: Webhooks, pool: Any, reason: str | None
) -> None:
    first = await webhooks.put("dueren", WANTED, given)
    if reason:
        await pool.execute("UPDATE subscription SET ended_at = now(), end_reason = $1", reason)
    before: list[Any] = []

    def new(keys: Any) -> dict[str, str]:
        before.append(keys)
        return {"secret": "two"}

    for _ in range(2):
        await webhooks.remove("dueren")
        again = await webhooks.put("dueren", WANTED, new)
        assert again == replace(first, keys={"secret": "two"})
    assert before == [{}, {}], "a secret ends with its webhook"
    assert await pool.fetchval("SELECT count(*) FROM subscription") == 1


async def test_registered_again_at_a_url_that_became_anothers_is_refused(webhooks: Webhooks) -> None:
    await webhooks.put("dueren", WANTED, given)
    await webhooks.remove("dueren")
    await webhooks.put("nachbar", WANTED, given)
    with pytest.raises(WebhookTaken):
        await webhooks.put("dueren", WANTED, given)
    assert await webhooks.of("dueren") is None


async def test_taken_back_and_registered_at_once_stays_one_recipient(webhooks: Webhooks, pool: Any) -> None:
    await webhooks.put("dueren", WANTED, given)
    acts: list[Any] = [webhooks.remove("dueren") for _ in range(4)]
    await asyncio.gather(*acts, *(webhooks.put("dueren", WANTED, given) for _ in range(4)))
    await webhooks.put("dueren", WANTED, given)
    assert await pool.fetchval("SELECT count(*) FROM subscription") == 1


async def test_it_is_taken_back_once(webhooks: Webhooks, subscriptions: Subscriptions, pool: Any) -> None:
    await webhooks.put("dueren", WANTED, given)
    assert [await webhooks.remove("dueren") for _ in range(2)] == [True, False]
    assert await webhooks.of("dueren") is None
    assert await told(subscriptions, DUEREN, JUELICH) == 0
    assert await pool.fetchval("SELECT end_reason FROM subscription") == "removed"


async def test_a_sandbox_is_never_told_whatever_its_places_come_to_be(
    webhooks: Webhooks, sources: Sources, subscriptions: Subscriptions, pool: Any
) -> None:
    await subscriptions.add_many(
        [NewSubscription("app", WANTED.gateway, URL, {"secret": "old"}, (DUEREN,), instance="probe")]
    )
    webhook = await webhooks.put("probe", WANTED, given)
    assert (webhook.environment, webhook.places) == (Environment.SANDBOX, (DUEREN,))
    # Not even by the command that changes an instance.
    await sources.put_instance(Instance("probe", "Probe", (DUEREN, JUELICH)), f"wi_more_{'s' * 43}")
    assert await told(subscriptions, DUEREN, JUELICH) == 0
    assert (await pool.fetchval("SELECT environment FROM instance WHERE id = 'probe'")) == "sandbox"


async def test_two_at_once_come_one_after_the_other(webhooks: Webhooks, pool: Any) -> None:
    wanted = [replace(WANTED, url=f"{URL}/{number}") for number in range(8)]
    await asyncio.gather(*(webhooks.put("dueren", one, given) for one in wanted))
    assert await pool.fetchval("SELECT count(*) FROM subscription WHERE ended_at IS NULL") == 1


async def test_tests_keep_their_distance_over_all_processes(webhooks: Webhooks, pool: Any) -> None:
    await webhooks.put("dueren", WANTED, given)
    ten = timedelta(seconds=10)
    claims = await asyncio.gather(*(webhooks.claim_test("dueren", ten) for _ in range(5)))
    assert sorted(claim == 0 for claim in claims) == [False] * 4 + [True]
    assert all(0 <= claim <= 10 for claim in claims)
    await pool.execute("UPDATE webhook SET tested_at = now() - interval '11 s'")
    assert await webhooks.claim_test("dueren", ten) == 0


async def test_nobody_has_none(webhooks: Webhooks) -> None:
    with pytest.raises(NoSuchBearer):
        await webhooks.put("nobody", WANTED, given)


async def test_the_trail_says_who_did_what_and_no_url(webhooks: Webhooks, pool: Any) -> None:
    await webhooks.put("dueren", WANTED, given)
    await webhooks.change_keys("dueren", given)
    await webhooks.remove("dueren")
    rows = await pool.fetch("SELECT action, detail FROM audit WHERE action LIKE 'webhook.%' ORDER BY id")
    assert [row["action"] for row in rows] == ["webhook.put", "webhook.rotate", "webhook.remove"]
    assert all(row["detail"] == {"instance": "dueren"} for row in rows)


async def test_the_address_is_found_by_its_hash(webhooks: Webhooks, pool: Any) -> None:
    await webhooks.put("dueren", WANTED, given)
    await webhooks.put("dueren", replace(WANTED, url=OTHER), given)
    assert await pool.fetchval("SELECT address_hash FROM subscription") == ADDRESSES.hash(OTHER)


async def test_all_municipalities_of_germany_are_put_within_the_records_time(
    database_url: str, webhooks: Webhooks, sources: Sources, subscriptions: Subscriptions
) -> None:
    places = tuple(f"{number:08}" for number in range(1_000_000, 1_011_000))
    await sources.put_instance(Instance("land", "Land", places), f"wi_land_{'s' * 43}")
    async with await connect(database_url, size=1, command_timeout_s=API_COMMAND_TIMEOUT_S) as pool:
        for wanted, count in ((places, 11_000), (places[:-1], 10_999), (None, 11_000)):
            webhook = await Webhooks(pool, ADDRESSES).put("land", replace(WANTED, places=wanted), given)
            assert len(webhook.places) == count
    assert await told(subscriptions, places[0]) == 1


@pytest.mark.parametrize(
    "spelling",
    [
        "HTTPS://app.dueren.example/a",
        "https://APP.dueren.example:443/a",
        "https://app.dueren.example/a?",
        "https://app.dueren.example//a",
        "https://app.dueren.example/%61",
    ],
)
async def test_nobody_takes_anothers_callbacks_away_by_another_spelling(
    webhooks: Webhooks, spelling: str
) -> None:
    mine = await webhooks.put("dueren", WANTED, given)
    with pytest.raises(WebhookTaken):
        await webhooks.put("nachbar", replace(WANTED, url=spelling), given)
    again = await webhooks.put("dueren", replace(WANTED, url=spelling), given)
    assert (again.subscription_id, again.url) == (mine.subscription_id, spelling), "kept as it was typed"


async def test_two_spellings_at_the_same_time_are_not_both_taken(webhooks: Webhooks) -> None:
    answers = await asyncio.gather(
        webhooks.put("dueren", WANTED, given),
        webhooks.put("nachbar", replace(WANTED, url=URL + "?"), given),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, WebhookTaken) for answer in answers) == 1


async def test_the_servers_of_apps_are_named_each_once_while_somebody_is_told_there(
    webhooks: Webhooks, pool: Any
) -> None:
    assert await callback_origins(pool) == []
    elsewhere = WantedWebhook("https://a.nachbar.example/x", "https://a.nachbar.example")
    await webhooks.put("dueren", WANTED, given)
    await webhooks.put("probe", WantedWebhook(OTHER, WANTED.gateway), given)
    await webhooks.put("nachbar", elsewhere, given)
    assert await callback_origins(pool) == [elsewhere.gateway, WANTED.gateway]
    await webhooks.remove("nachbar")
    assert await callback_origins(pool) == [WANTED.gateway]
