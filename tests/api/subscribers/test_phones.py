"""Phones and browsers that subscribe without any secret, over real HTTP and a real push service."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from dispatcher.api.shedding import EnrolmentGate
from dispatcher.api.subscribers.exported import ExportBody
from dispatcher.model.problems import ProblemType
from dispatcher.queue.address import parse
from dispatcher.queue.sign_ups import SignUps
from dispatcher.queue.wakeups import open_queue
from dispatcher.settings import Settings
from tests.support.messages import DUEREN, JUELICH
from tests.support.phones import Phone, World, phones
from tests.support.subscribers import named

STRANGER = "wt_" + "x" * 43


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    async with phones(settings) as world:
        yield world


async def followed(world: World) -> dict[str, list[str]]:
    rows = await world.pool.fetch(
        "SELECT subscription_id AS id, array_agg(ags ORDER BY ags) AS places FROM followed_municipality GROUP BY 1"
    )
    names = {number: name for name, number in (await named(world.pool)).items()}
    return {names[row["id"]]: row["places"] for row in rows}


async def test_a_phone_is_told_after_its_round_trip(world: World) -> None:
    phone = Phone(world)
    made = await phone.put(
        "a", languages=["DE-simple", "uk"], quiet_hours={"begins": "22:00", "ends": "06:30"}
    )
    assert (made.status, made.json["active"]) == (200, False)
    assert made.headers["Cache-Control"] == "private, no-store"
    assert made.json["languages"] == ["de-simple", "uk"]
    assert made.json["quiet_hours"] == {"begins": "22:00", "ends": "06:30"}
    assert await followed(world) == {}
    codes = await world.codes()
    assert (await phone.prove("wrong")).problem(422, ProblemType.CODE_REFUSED)
    assert (await phone.prove(codes["a"])).status == 204
    found = (await phone.ask("GET")).json
    assert found["active"]
    assert found["endpoints"][0]["state"] == "active"
    assert found["endpoints"][0]["answer"] == "accepted"
    assert await followed(world) == {"a": [DUEREN]}
    assert found["token"] is None
    again = await phone.put("a")
    assert again.json["endpoints"][0]["state"] == "active"
    assert await world.codes() == {}, "an app may start as often as it likes"
    # An answer that got lost costs nothing before the first proof.
    phone = Phone(world, "another-another-another")
    await phone.put("b")
    lost, phone.token = phone.token, ""
    assert (await phone.put("b")).json["token"] not in {None, lost}
    [code] = (await world.codes()).values()
    assert (await phone.prove(code)).status == 204


class CountedTurns(EnrolmentGate):
    """A gate that counts who wants to get in."""

    wanted = 0

    async def enter(self, client: Any) -> bool:
        self.wanted += 1
        return await super().enter(client)


class NoTurns(EnrolmentGate):
    """A gate that lets nobody in."""

    async def enter(self, client: Any) -> bool:
        return False


async def test_who_subscribes_waits_once(world: World) -> None:
    """Or somebody who is refused a second turn has used up one of the few sign-ups of an address for nothing."""
    gate = world.service.places.enrolments = CountedTurns(1)
    phone = Phone(world)
    assert (await phone.put("a")).status == 200
    assert gate.wanted == 1
    assert (await phone.put("b")).status == 200, "and who changes it, too"
    assert gate.wanted == 2
    world.service.places.enrolments = NoTurns()
    assert (await Phone(world, "another-another-another").put("c")).status == 503
    assert await world.pool.fetchval("SELECT count(*) FROM subscriber") == 1


async def test_a_visitor_subscribes_until_a_date(world: World) -> None:
    now = (await world.pool.fetchval("SELECT clock_timestamp()")).replace(microsecond=0)
    end, zone = now + timedelta(days=30), timezone(timedelta(hours=1))
    made = await Phone(world).put("a", ends_at=end.astimezone(zone).isoformat())
    assert made.status == 200, made.body
    assert datetime.fromisoformat(made.json["ends_at"]) == end
    day, bare = f"{end:%Y-%m-%d}", f"{end:%Y-%m-%dT%H:%M:%S}"
    for wrong in (day, bare, int(end.timestamp()), True):
        refused = await Phone(world, "another-another-another").put("b", ends_at=wrong)
        found = refused.problem(422, ProblemType.INVALID_SUBSCRIBER)
        assert [one["path"] for one in found["errors"]] == ["/ends_at"]


async def test_a_new_endpoint_takes_the_place_of_the_old_one_when_it_is_proven(world: World) -> None:
    phone = Phone(world)
    await phone.enrol("old")
    await phone.put("new")
    assert await phone.states() == ["waiting", "replaced"]
    assert set(await followed(world)) == {"old"}
    [code] = (await world.codes()).values()
    await phone.prove(code)
    assert await phone.states() == ["active"]
    assert set(await followed(world)) == {"new"}
    # And the self-test.
    before = (await phone.ask("GET")).json["endpoints"][0]
    asked = await phone.ask("POST", "/test")
    assert asked.status == 202
    too_soon = await phone.ask("POST", "/test")
    too_soon.problem(429, ProblemType.RATE_LIMITED)
    assert 0 < int(too_soon.headers["Retry-After"]) <= 30
    [code] = (await world.codes()).values()
    sent = (await phone.ask("GET")).json["endpoints"][0]
    assert sent["answer"] == "accepted"
    assert sent["last_accepted"] > before["last_accepted"]
    assert sent["last_confirmed"] == before["last_confirmed"], "accepted is not confirmed"
    await phone.prove(code)
    assert (await phone.ask("GET")).json["endpoints"][0]["last_confirmed"] > before["last_confirmed"]


async def test_without_its_token_nobody_sees_or_changes_anything(world: World) -> None:
    phone = Phone(world)
    await phone.enrol("a")
    nobody = Phone(world, name="nobody-nobody-nobody")
    for shown in ("", STRANGER, "nonsense"):
        for stranger in (Phone(world, token=shown), Phone(world, nobody.name, token=shown)):
            answers = [
                await stranger.ask(method, what, body)
                for method, what, body in (
                    ("GET", "", b""),
                    ("DELETE", "", b""),
                    ("POST", "/test", b""),
                    ("GET", "/export", b""),
                    ("POST", "/proof", json.dumps({"code": "x"}).encode()),
                )
            ]
            assert {answer.body for answer in answers} == {answers[0].body}, "all alike"
            answers[0].problem(401, ProblemType.UNAUTHENTICATED)
        (await Phone(world, token=shown).put("mine")).problem(401, ProblemType.UNAUTHENTICATED)
    assert await followed(world) == {"a": [DUEREN]}


async def test_an_endpoint_of_another_tenant_is_united_after_a_round_trip_of_its_own(world: World) -> None:
    anna = Phone(world)
    await anna.enrol("a")
    other = Phone(world, "other-other-other-other", "juelich")
    await other.put("a", places=[JUELICH])
    assert await followed(world) == {"a": [DUEREN]}
    [code] = (await world.codes()).values()
    assert (await anna.prove(code)).status == 422, "it is the other's code"
    assert (await other.prove(code)).status == 204
    assert await followed(world) == {"a": [DUEREN, JUELICH]}
    assert (await other.ask("DELETE")).status == 204
    assert await followed(world) == {"a": [DUEREN]}
    assert (await anna.ask("GET")).json["active"]


REFUSED = {
    "https://10.0.0.1/push": "private_address",
    "https://push.example/unknown": "unknown_push_service",
    "http://updates.push.services.mozilla.com/a": "url_not_https",
    "nonsense": "url_malformed",
}


async def test_what_cannot_be_is_refused_with_where_and_why(world: World) -> None:
    for address, code in REFUSED.items():
        body = json.loads(world.wish("a"))
        body["endpoints"][0]["address"] = address
        answer = await Phone(world).ask("PUT", "", json.dumps(body).encode())
        [error] = answer.problem(422, ProblemType.INVALID_SUBSCRIBER)["errors"]
        assert (error["code"], code in error["message"]) == ("endpoint_invalid", True)
        assert address not in answer.body.decode()
        for message in (error["message"], error["message_de"]):
            exemption = "WARN_ALLOWED_ORIGINS=push=" in message
            assert exemption == (code in {"private_address", "url_not_https"}), "what would let it in"
    await Phone(world).enrol("a")
    body = json.loads(world.wish("a"))
    body["endpoints"][0]["keys"]["auth"] = "AAAAAAAAAAAAAAAAAAAAAA"
    other = Phone(world, "other-other-other-other")
    answer = await other.ask("PUT", "", json.dumps(body).encode())
    found = answer.problem(422, ProblemType.INVALID_SUBSCRIBER)
    assert [(one["code"], one["path"]) for one in found["errors"]] == [("endpoint_taken", "/endpoints/0")]


async def test_bad_bodies_are_refused_before_they_are_parsed(service: Any) -> None:
    world = World(service)
    phone = Phone(world)
    (await phone.ask("PUT", "", b"{" + b" " * 70_000)).problem(413, ProblemType.TOO_LARGE)
    (await phone.ask("PUT", "", b"{nonsense")).problem(422, ProblemType.INVALID_SUBSCRIBER)
    found = (await phone.put("a", endpoint=1)).problem(422, ProblemType.INVALID_SUBSCRIBER)
    assert [one["path"] for one in found["errors"]] == ["/endpoint"]
    unknown = Phone(world, instance="nowhere")
    (await unknown.put("a")).problem(404, ProblemType.NOT_FOUND)
    short = Phone(world, name="short")
    [error] = (await short.put("a")).problem(422, ProblemType.INVALID_SUBSCRIBER)["errors"]
    assert error["path"] == "path/installation", "the app chose it, and is told what is wrong with it"
    (await short.ask("GET")).problem(404, ProblemType.NOT_FOUND)


@pytest.mark.parametrize(
    "changes",
    [
        {"drills": "yes"},
        {"drills": 1},
        {"escalate_after_s": 60.0},
        {"escalate_after_s": "60"},
    ],
)
async def test_nothing_is_taken_for_another_type_than_it_is(service: Any, changes: Any) -> None:
    found = (await Phone(World(service)).put("a", **changes)).problem(422, ProblemType.INVALID_SUBSCRIBER)
    assert [one["path"] for one in found["errors"]] == [f"/{next(iter(changes))}"]


async def test_who_has_subscribed_goes_on_in_an_app_that_takes_nobody_new(world: World) -> None:
    phone, stranger = Phone(world), Phone(world, "stranger-stranger-stranger")
    await phone.enrol("old")
    await world.pool.execute("UPDATE instance SET disabled_at = now()")
    (await stranger.put("x")).problem(404, ProblemType.NOT_FOUND)
    (await Phone(world, token=STRANGER).put("x")).problem(404, ProblemType.NOT_FOUND)
    await phone.enrol("new")
    assert await followed(world) == {"new": [DUEREN]}


async def test_who_leaves_is_erased_and_may_come_back(world: World) -> None:
    phone = Phone(world)
    await phone.enrol("a")
    kept = (await phone.ask("GET", "/export")).json
    assert kept["endpoints"][0]["address"].endswith("/a")
    assert kept["places"] == [DUEREN]
    assert ExportBody.model_validate(kept).endpoints[0].proven_at is not None
    assert await world.pool.fetchval("SELECT count(*) FROM audit WHERE action = 'subscriber.export'") == 1
    assert (await phone.ask("DELETE")).status == 204
    (await phone.ask("GET")).problem(401, ProblemType.UNAUTHENTICATED)
    assert set(await named(world.pool, "true")) == {""}
    assert world.service.count("warn_subscribers_ended_total", reason="left") == 1
    assert (await phone.enrol("a"))["active"], "its old token is no hindrance"


@pytest.fixture
async def few(settings: Settings) -> AsyncIterator[World]:
    async with phones(settings, sign_ups_per_address=2) as world:
        yield world


async def test_few_sign_up_from_one_address_and_those_who_have_are_not_kept_out(
    few: World, monkeypatch: Any
) -> None:
    first, second, third = (Phone(few, f"{n}-phone-phone-phone") for n in range(3))
    assert (await first.put("a")).status == (await second.put("b")).status == 200
    limited = await third.put("c")
    limited.problem(429, ProblemType.RATE_LIMITED)
    assert int(limited.headers["Retry-After"]) > 0
    assert (await first.put("a")).status == 200
    assert few.service.count("warn_sign_ups_total", result="limited") == 1
    # Behind a proxy on this machine it is the client's own address that counts, not what the client says of itself.
    wanted = few.wish("c")
    for said, status in (
        ("192.0.2.1", 200),
        ("192.0.2.1", 200),
        ("192.0.2.9, 192.0.2.1", 429),
        ("2001:db8::1", 200),
    ):
        third.name = f"phone-of-{said.replace(':', '-').replace(', ', '-')}-{status}"
        answer = await few.service.request("PUT", third.path, wanted, key="", x_forwarded_for=said)
        assert answer.status == status, said
    # Without Redis it cannot be known how many they are.
    sign_ups = few.service.parts.sign_ups
    away = open_queue(parse("redis://127.0.0.1:1/0"))
    monkeypatch.setattr(sign_ups, "_take", SignUps(away, lambda *_: b"", of_address=1, of_instance=1)._take)
    closed = await Phone(few, "other-other-other-other").put("b")
    closed.problem(503, ProblemType.SIGN_UPS_CLOSED)
    assert closed.headers["Retry-After"] == "60"
    assert (await first.put("a")).status == 200
    await away.aclose()
