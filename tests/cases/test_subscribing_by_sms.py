"""Somebody subscribes with a number: the code by a real gateway's SMS, its bounds, and STOP in the end."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from prometheus_client import generate_latest

from channels.sms.settings import SmsGatewaySettings
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.apps.channel_credentials import CredentialChannel, OfferedCredential
from dispatcher.model.problems import ProblemType
from dispatcher.settings import Settings
from dispatcher.sms.budget import Spent
from dispatcher.store.instances.credentials import InstanceCredentials
from tests.api.conftest import INSTANCE_KEY
from tests.api.conftest import settings as api_settings
from tests.channels.far_side import FarSide, answer, far_side
from tests.support.messages import DUEREN, JUELICH
from tests.support.phones import Phone, World, phones
from tests.support.sealed import ADDRESSES, numbers

settings = api_settings
NUMBER = "+4915112345678"
SECRET = "geheimnis-des-gateways"
STRANGER = "+4916012345678"


@dataclass
class Town:
    """A service, and the gateway with all SMS that it took."""

    world: World
    gateway: FarSide

    async def sms(self) -> list[dict[str, Any]]:
        """What a worker sends now."""
        sender = self.world.worker and self.world.worker.endpoint_messages
        assert sender
        before = len(self.gateway.seen)
        while await sender.send():
            pass
        return [json.loads(one.body) for one in self.gateway.seen[before:]]

    async def code(self) -> str:
        [sms] = await self.sms()
        assert sms["to"] == NUMBER
        [code] = re.findall(r"\b[0-9]{6}\b", sms["text"])
        return str(code)

    async def told(self) -> set[str]:
        return set(await numbers(self.world.pool, "active AND ended_at IS NULL"))

    async def inbound(self, sender: str, text: str) -> None:
        body = json.dumps({"from": sender, "text": text}).encode()
        path, content_type = "/v1/gateways/sms-1/inbound", "application/json"
        asked = await self.world.service.request("POST", path, body, key=SECRET, content_type=content_type)
        assert asked.status == 200


@pytest.fixture
async def town(settings: Settings) -> AsyncIterator[Town]:
    async with far_side(answer(200)) as gateway:
        sms = SmsGatewaySettings(
            name="sms-1",
            url=f"{gateway.origin}/send",
            inbound={"secret": SECRET},
            reports={"secret": SECRET},
        )
        origins = {f"gateway={gateway.origin}"}
        async with phones(
            settings, sms_gateways=(sms,), allowed_origins=origins, sms_codes_per_number=2
        ) as world:
            yield Town(world, gateway)


def wanting(*written: str, **more: Any) -> bytes:
    endpoints = [{"channel": "sms", "address": one} for one in written]
    return json.dumps({"endpoints": endpoints, "places": [DUEREN], **more}).encode()


async def sign_up(phone: Phone, *written: str, **more: Any) -> Any:
    made = await phone.ask("PUT", "", wanting(*written, **more))
    if made.status == 200 and made.json["token"]:
        phone.token = made.json["token"]
    return made


async def ask_code(phone: Phone, position: int = 0) -> Any:
    return await phone.ask("POST", "/code", json.dumps({"position": position}).encode())


async def test_a_number_is_told_once_the_code_of_its_sms_was_typed(town: Town) -> None:
    anna = Phone(town.world)
    made = await sign_up(anna, "0151 123 456 78", languages=["en"])
    assert made.json["endpoints"][0]["state"] == "waiting"
    assert await town.sms() == [], "an app that starts sends no SMS"
    assert (await ask_code(anna)).status == 202
    [sms] = await town.sms()
    assert sms["to"] == NUMBER
    assert "(Düren)" in sms["text"]
    assert "your code" in sms["text"]
    [code] = re.findall(r"\b[0-9]{6}\b", sms["text"])
    wrong = "000000" if code != "000000" else "111111"
    (await anna.prove(wrong)).problem(422, ProblemType.CODE_REFUSED)
    assert await town.told() == set()
    assert (await anna.prove(f"{code[:3]} {code[3:]}")).status == 204
    (await anna.prove(code)).problem(422, ProblemType.CODE_REFUSED)
    assert await town.told() == {NUMBER}
    assert (await anna.states()) == ["active"]
    (await ask_code(anna)).problem(404, ProblemType.NOT_FOUND)
    # A neighbour's app, by its backend, and the number in another form: it is the same.
    backend = "/v1/instance/subscribers/bernd-bernd-bernd-bernd"
    made = await town.world.service.request("PUT", backend, wanting("0049151/12345678"), key=INSTANCE_KEY)
    assert made.json["endpoints"][0]["state"] == "waiting", "nobody learns that it is told already"
    asked = await town.world.service.request("POST", f"{backend}/code", b'{"position": 0}', key=INSTANCE_KEY)
    assert asked.status == 202
    body = json.dumps({"code": await town.code()}).encode()
    assert (
        await town.world.service.request("POST", f"{backend}/proof", body, key=INSTANCE_KEY)
    ).status == 204
    assert await town.world.pool.fetchval("SELECT count(*) FROM subscription") == 1
    count = town.world.service.count
    assert [count("warn_sms_codes_total", result=one) for one in ("sent", "confirmed")] == [2, 2]
    (await ask_code(anna, 9)).problem(422, ProblemType.INVALID_SUBSCRIBER)


async def test_what_became_of_a_code_is_no_lost_report(town: Town) -> None:
    """Neither of one to subscribe by, nor of one to leave by; it is counted, and nothing of it is recorded."""
    anna, service = Phone(town.world), town.world.service
    await sign_up(anna, NUMBER)
    await ask_code(anna)
    [proof] = await town.sms()
    [code] = re.findall(r"\b[0-9]{6}\b", proof["text"])
    assert (await anna.prove(code)).status == 204
    form = urlencode({"number": NUMBER}).encode()
    await service.request(
        "POST", "/v1/leave-number", form, key="", content_type="application/x-www-form-urlencoded"
    )
    [leaving] = await town.sms()
    for sms, status in ((proof, "delivered"), (leaving, "failed")):
        body = json.dumps({"client_ref": sms["client_ref"], "status": status}).encode()
        answered = await service.request(
            "POST", "/v1/gateways/sms-1/reports", body, key=SECRET, content_type="application/json"
        )
        assert (answered.status, answered.json) == (200, {"verdicts": {"code": 1}})

    def counted(verdict: str) -> float:
        return service.count("warn_delivery_reports_total", channel="sms", gateway="sms-1", verdict=verdict)

    assert [counted(one) for one in ("code", "unknown", "unreadable")] == [2, 0, 0]
    assert await town.world.pool.fetchval("SELECT count(*) FROM delivery_report") == 0


async def test_few_codes_leave_and_the_answer_is_the_same_for_every_number(town: Town) -> None:
    anna = Phone(town.world)
    await sign_up(anna, NUMBER)
    await ask_code(anna)
    first = await town.code()
    await ask_code(anna)
    second = await town.code()
    if first != second:
        (await anna.prove(first)).problem(422, ProblemType.CODE_REFUSED)
    assert (await anna.prove(second)).status == 204
    # Whether a number is told of warnings makes no difference.
    other = Phone(town.world, "other-other-other-other", "juelich")
    made = await sign_up(other, NUMBER, STRANGER, places=[JUELICH])
    assert [one["state"] for one in made.json["endpoints"]] == ["waiting", "waiting"]
    assert (await ask_code(other, 1)).status == 202
    refused = await ask_code(other, 0)
    assert refused.problem(429, ProblemType.RATE_LIMITED)["reason"] == "limit_number"
    assert int(refused.headers["Retry-After"]) > 80_000
    assert [one["to"] for one in await town.sms()] == [STRANGER]
    assert town.world.service.count("warn_sms_codes_total", result="limit_number") == 1
    # The test of what is proven counts as well.
    assert (await anna.ask("POST", "/test")).status == 202
    assert await town.sms() == []
    assert (await anna.ask("GET")).json["endpoints"][0]["answer"] == "limit_number"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("0900 1234567", "number_not_mobile"),
        ("0241 4327666", "number_not_mobile"),
        ("+31 6 12345678", "number_foreign"),
        ("110", "number_invalid"),
        ("https://push.example/x", "number_invalid"),
    ],
)
async def test_what_is_dear_or_abroad_is_named_and_changes_nothing(
    town: Town, written: str, code: str
) -> None:
    refused = await sign_up(Phone(town.world), written)
    [error] = refused.problem(422, ProblemType.INVALID_SUBSCRIBER)["errors"]
    assert (error["code"], error["path"]) == (code, "/endpoints/0/address")
    assert written not in refused.body.decode()
    assert town.world.service.count("warn_sms_codes_total", result=code) == 1
    assert await town.world.pool.fetchval("SELECT count(*) FROM subscriber") == 0


async def own_gateway(town: Town, **agreed: Any) -> Any:
    """Let the app of Düren have a gateway of its own, at the path `/own`. What counts its parts."""
    plain = json.dumps({"url": f"{town.gateway.origin}/own", **agreed}).encode()
    known = OfferedCredential(CredentialChannel.SMS, plain).known_as("dueren", ADDRESSES.sealing.keyed_hash)
    await InstanceCredentials(town.world.pool).put(known, plain, ADDRESSES, UNNAMED_OPERATOR)
    worker = town.world.worker
    assert worker
    assert worker.own_gateways
    await worker.own_gateways.look()
    return worker.planner._plans._charges


async def test_an_app_s_own_gateway_sends_its_codes_and_its_month_counts_them(town: Town) -> None:
    charges = await own_gateway(town, parts_per_month=2)
    anna, other = Phone(town.world), Phone(town.world, "other-other-other-other", "juelich")
    await sign_up(anna, NUMBER)
    await ask_code(anna)
    assert (await anna.prove(await town.code())).status == 204
    await sign_up(other, STRANGER, places=[JUELICH])
    await ask_code(other)
    await town.sms()
    assert [one.target for one in town.gateway.seen] == ["/own", "/send"]
    assert await charges.spent(town.world.pool) == {"own:dueren": Spent(0, 1), "sms-1": Spent(0, 1)}
    [own] = [one for one in await charges.budgets(town.world.pool) if one.gateway == "own:dueren"]
    assert own.month == 1, "what a warning may still have"
    # The last one of the month, and one too many: nobody else pays for it.
    assert (await anna.ask("POST", "/test")).status == 202
    assert len(await town.sms()) == 1
    bernd = Phone(town.world, "bernd-bernd-bernd-bernd")
    await sign_up(bernd, "+4915112345679")
    assert (await ask_code(bernd)).status == 202
    assert await town.sms() == []
    assert (await bernd.ask("GET")).json["endpoints"][0]["answer"] == "limit_month"
    assert town.world.worker
    shown = generate_latest(town.world.worker.metrics.registry)
    assert b'warn_sms_codes_total{result="limit_month"} 1.0' in shown
    # Nobody is kept, whatever it costs.
    form = urlencode({"number": NUMBER}).encode()
    await town.world.service.request(
        "POST", "/v1/leave-number", form, key="", content_type="application/x-www-form-urlencoded"
    )
    assert len(await town.sms()) == 1
    assert town.gateway.seen[-1].target == "/own"
    assert (await charges.spent(town.world.pool))["own:dueren"] == Spent(0, 3)


async def test_what_the_gateway_refuses_costs_nothing(town: Town) -> None:
    charges = await own_gateway(town, parts_per_month=2)
    town.gateway.react = answer(503)
    anna = Phone(town.world)
    await sign_up(anna, NUMBER)
    await ask_code(anna)
    await town.sms()
    assert (await anna.ask("GET")).json["endpoints"][0]["answer"] == "503"
    assert (await charges.spent(town.world.pool))["own:dueren"] == Spent(0, 0)


async def test_stop_ends_it_in_all_apps_and_only_its_owner_comes_back(town: Town) -> None:
    phones_of_anna = (Phone(town.world), Phone(town.world, "other-other-other-other", "juelich"))
    for phone, place in zip(phones_of_anna, (DUEREN, JUELICH), strict=True):
        await sign_up(phone, NUMBER, places=[place])
        await ask_code(phone)
        assert (await phone.prove(await town.code())).status == 204
    await town.inbound("4915112345678", "STOP bitte")
    assert await town.told() == {NUMBER}
    await town.inbound("4915112345678", "Stop")
    assert await town.told() == set()
    assert await town.sms() == [], "nothing is answered"
    anna = phones_of_anna[0]
    assert await anna.states() == []
    await sign_up(anna, NUMBER)
    assert await anna.states() == ["waiting"]
    assert await town.sms() == [], "the app starts again, and nobody is bothered"
    await town.world.pool.execute("UPDATE sms_code SET sent_at = sent_at - interval '1 day'")
    await ask_code(anna)
    assert (await anna.prove(await town.code())).status == 204
    assert await town.told() == {NUMBER}
    shown = generate_latest(town.world.service.parts.metrics.registry)
    assert NUMBER[3:].encode() not in shown


async def test_who_has_nothing_but_the_number_leaves_by_a_code(town: Town) -> None:
    anna = Phone(town.world)
    await sign_up(anna, NUMBER)
    await ask_code(anna)
    assert (await anna.prove(await town.code())).status == 204
    service = town.world.service

    async def post(path: str, **fields: str) -> Any:
        body, form = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        return await service.request("POST", path, body, key="", content_type=form)

    asked = await service.request("GET", "/v1/leave-number", key="")
    assert b'name="number"' in asked.body
    answers = [await post("/v1/leave-number", number=one) for one in ("0151 12345678", "0160 12345678")]
    assert {one.status for one in answers} == {200}
    assert answers[0].body.replace(b"0151", b"0160") == answers[1].body, "nobody learns who is told"
    code = await town.code()
    hostile = await post("/v1/leave-number", number='"><script>')
    assert b"<script>" not in hostile.body
    wrong = await post("/v1/leave-number/code", number='"><script>', code="1")
    assert b"<script>" not in wrong.body
    await post("/v1/leave-number/code", number=STRANGER, code=code)
    await post("/v1/leave-number/code", number=NUMBER, code="000000" if code != "000000" else "111111")
    await service.request("POST", "/v1/leave-number/code", b"\xff" * 100, key="", content_type="text/plain")
    assert await town.told() == {NUMBER}
    left = await post("/v1/leave-number/code", number="0049151 12345678", code=code)
    assert "Abbestellt" in left.body.decode()
    assert await town.told() == set()
    assert await anna.states() == []
    assert service.count("warn_subscribers_ended_total", reason="opted_out") == 1
