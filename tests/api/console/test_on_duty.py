"""Persons see where they are told when on duty, and add the browser that they sit at."""

from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.on_duty.endpoints import typed_endpoint
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.store.on_duty.endpoints import DutyEndpoints
from tests.api.conftest import Service
from tests.channels.webpush import subscription as keys
from tests.support.console import Browser, text
from tests.support.on_duty import CODE, NUMBER, endpoints_of, messages_of, prove

SUBSCRIPTION = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/1",
    "keys": {"p256dh": keys.UA_PUBLIC, "auth": keys.AUTH},
}


@pytest.fixture
def pool(console: Service) -> Any:
    return console.parts.health.pool


@pytest.fixture
def endpoints(pool: Any) -> DutyEndpoints:
    return endpoints_of(pool)


@pytest.fixture
async def keller(pool: Any, browser: Browser, invite: Any) -> Browser:
    """A browser at which a person is signed in, in a service that has a key of Web Push."""
    await pool.execute("INSERT INTO shared_secret (name, fingerprint) VALUES ('vapid', $1)", "B" * 87)
    await browser.enrol(await invite())
    await browser.get("on-duty")
    return browser


async def phone(endpoints: DutyEndpoints, person: str = "m.keller") -> int:
    new = typed_endpoint(DutyChannel.SMS, NUMBER, "Diensthandy")
    number = await endpoints.add(person, new, UNNAMED_OPERATOR)
    assert number is not None
    return number


async def test_a_browser_is_added_and_proven_by_the_code_that_its_page_brings_back(
    pool: Any, keller: Browser, endpoints: DutyEndpoints
) -> None:
    added = await keller.json("on-duty/browsers", {"subscription": SUBSCRIPTION, "label": "Platz 2"})
    assert added.status == 201, added.body
    (due,) = await messages_of(pool).claim(9)
    assert (due.endpoint.id, due.endpoint.address) == (added.json["number"], SUBSCRIPTION["endpoint"])
    assert due.endpoint.keys["vapid"]
    path = f"on-duty/{added.json['number']}/code"
    assert (await keller.json(path, {"code": "wrong"})).status == 403
    assert (await keller.json(path, {})).status == 403
    assert (await keller.json(path, {"code": CODE})).json == {"confirmation": "proven"}
    assert [one.works for one in await endpoints.listed("m.keller")] == [True]
    page = await keller.get("on-duty")
    assert "Browser „Platz 2“ – funktioniert" in text(page)
    assert "fcm.googleapis.com" not in page.body.decode()
    assert page.headers["content-security-policy"].endswith("trusted-types worker")


@pytest.mark.parametrize(
    ("subscription", "status"),
    [
        ({**SUBSCRIPTION, "endpoint": "https://stranger.example/1"}, 422),
        ({**SUBSCRIPTION, "endpoint": "https://127.0.0.1/1"}, 422),
        ({**SUBSCRIPTION, "keys": {"p256dh": "x", "auth": "y"}}, 422),
        ({}, 422),
    ],
)
async def test_what_is_no_push_service_s_is_refused(
    keller: Browser, subscription: Any, status: int, endpoints: DutyEndpoints
) -> None:
    assert (await keller.json("on-duty/browsers", {"subscription": subscription})).status == status
    assert await endpoints.listed() == []


async def test_as_many_as_one_may_have(keller: Browser, env: pytest.MonkeyPatch) -> None:
    env.setattr("dispatcher.store.on_duty.endpoints.MOST", 0)
    assert (await keller.json("on-duty/browsers", {"subscription": SUBSCRIPTION})).status == 409


async def test_a_code_of_a_phone_is_typed_and_another_can_be_had(
    pool: Any, keller: Browser, endpoints: DutyEndpoints
) -> None:
    number = await phone(endpoints)
    sent = await keller.post(f"on-duty/{number}/test")
    assert "Ein Code ist unterwegs." in text(sent)
    await messages_of(pool).claim(9)
    soon = await keller.post(f"on-duty/{number}/test")
    assert (soon.status, "Warten Sie eine halbe Minute." in text(soon)) == (409, True)
    wrong = await keller.post(f"on-duty/{number}/code", code="999999")
    assert (wrong.status, "Das stimmt nicht überein." in text(wrong)) == (403, True)
    good = await keller.post(f"on-duty/{number}/code", code=f" {CODE} ")
    assert (good.status, "Bestätigt. Hier erreichen wir Sie." in text(good)) == (200, True)
    over = await keller.post(f"on-duty/{number}/code", code=CODE)
    assert (over.status, "gilt nicht mehr" in text(over)) == (409, True)
    assert (await keller.post(f"on-duty/{number}/remove")).status == 303
    assert "Bisher sind Sie nicht zu erreichen." in text(await keller.get("on-duty"))


async def test_nobody_minds_another_one_s(
    pool: Any, keller: Browser, endpoints: DutyEndpoints, invite: Any
) -> None:
    await invite("n.other")
    number = await phone(endpoints, "n.other")
    await prove(pool, number)
    assert "Diensthandy" not in text(await keller.get("on-duty"))
    for path in (f"on-duty/{number}/test", "on-duty/x/test", "on-duty/999/test"):
        assert (await keller.post(path)).status == 409
    assert (await keller.post(f"on-duty/{number}/code", code=CODE)).status == 409
    await keller.post(f"on-duty/{number}/remove")
    assert [one.works for one in await endpoints.listed("n.other")] == [True]


async def test_whoever_is_not_signed_in_or_comes_from_elsewhere_changes_nothing(
    keller: Browser, endpoints: DutyEndpoints
) -> None:
    keller.token = "foreign"
    assert (await keller.json("on-duty/browsers", {"subscription": SUBSCRIPTION})).status == 403
    keller.cookies.clear()
    stranger = await keller.get("on-duty")
    assert (stranger.status, stranger.headers["location"].startswith("/console/live/sign-in")) == (303, True)
    assert await endpoints.listed() == []


async def test_the_service_worker_is_for_the_pages_of_its_environment(browser: Browser) -> None:
    script = await browser.get("on-duty-worker.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cache-control"] == "no-cache"
    assert b"showNotification" in script.body


async def test_before_a_worker_has_run_there_is_no_key_to_subscribe_with(
    browser: Browser, invite: Any
) -> None:
    await browser.enrol(await invite())
    assert 'data-key=""' in (await browser.get("on-duty")).body.decode()
    assert (await browser.json("on-duty/browsers", {"subscription": SUBSCRIPTION})).status == 503
