"""Gateways that report: who may, what is recorded, and that nothing else changes by it."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
import structlog

from channels.sms.delivery_reports import REPORTS_MAX
from channels.sms.settings import SmsGatewaySettings
from dispatcher.api.gateway_secret import MAX_QUERY_BYTES
from dispatcher.api.reports import MAX_BYTES
from dispatcher.delivery.reports import DeliveryReports
from dispatcher.embedded import EmbeddedPostgres
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.model.vocabulary import State
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.delivery.reports import Reports
from dispatcher.store.migrate import upgrade
from tests.api.conftest import KEY, OTHER_KEY, introduce, serving
from tests.support.histories import finish, ledger_of, plan
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

SECRET = "geheimnis-des-gateways"
NUMBER = "+4915100000001"
PATIENCE = 20.0  # seconds; only a failing test waits so long
NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV-1"
PATH = "/v1/gateways/sms-1/reports"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def gateway(name: Any, **reports: Any) -> SmsGatewaySettings:
    plain = {"name": name, "url": "https://sms.example/messages"}
    return SmsGatewaySettings(
        **plain, reports={"secret": SECRET, "error": "error", **reports} if reports else None
    )


@pytest.fixture
def settings(settings: Any) -> Any:
    gateways = (
        gateway("sms-1", items="reports"),
        gateway("kannel", delivered={"1"}, failed={"2", "16"}, pending={"4", "8"}),
        gateway("silent"),
    )
    return settings.model_copy(update={"sms_gateways": gateways})


class Sent:
    """A warning on its way to people by SMS."""

    def __init__(self, service: Any, pool: Any, alert_id: Any, batches: Any) -> None:
        self.service, self.pool, self.alert_id, self.batches = service, pool, alert_id, batches
        self.ledger = ledger_of(pool)

    async def refs(self) -> list[Any]:
        rows = await self.pool.fetch("SELECT unnest(recipients) AS id FROM batch ORDER BY 1")
        return [f"{self.alert_id}-{row['id']}" for row in rows]

    async def lines(self) -> dict[Any, Any]:
        answer = await self.service.get(f"/v1/alerts/{self.alert_id}/ledger")
        return {
            f"{self.alert_id}-{one['recipient']}": one for one in map(json.loads, answer.body.splitlines())
        }

    async def reports(self) -> list[Any]:
        return [line["report"] for _, line in sorted((await self.lines()).items())]

    async def channel(self) -> Any:
        [channel] = (await self.service.get(f"/v1/alerts/{self.alert_id}")).json["channels"]
        return channel


async def warn(service: Any, pool: Any, *wanted: Any) -> Sent:
    """One recipient for each gateway named, in this order."""
    for n, name in enumerate(wanted):
        keys = {"gateway": name} if name else {}
        one = NewSubscription("sms", name or "sms-1", f"+491510000000{n}", keys, (DUEREN,))
        await Subscriptions(pool, ADDRESSES).add_many([one])
    alert_id = (await service.submit(warning(DUEREN))).json["alert"]["id"]
    ready_batches = await plan(ledger_of(pool), Plans(pool, 2), alert_id)
    return Sent(service, pool, alert_id, [wake_ups.batch_id for wake_ups in ready_batches])


@pytest.fixture
async def sent(service: Any, pool: Any) -> Any:
    sent = await warn(service, pool, "", "", "sms-1", "kannel")
    for batch_id in sent.batches:
        await finish(sent.ledger, batch_id, State.ACCEPTED)
    return sent


async def report(service: Any, *reports: Any, path: Any = PATH, key: Any = SECRET) -> Any:
    body = json.dumps(
        {"reports": [{"client_ref": ref, "status": status, "to": NUMBER} for ref, status in reports]}
    )
    return await service.request("POST", path, body.encode(), key=key, content_type=JSON)


async def test_what_is_reported_stands_beside_the_states_and_changes_none(service: Any, sent: Any) -> None:
    one, two, three, other = await sent.refs()
    before = await sent.pool.fetch("SELECT * FROM batch ORDER BY id")
    answer = await report(service, (one, "DELIVRD"), (two, "UNDELIV"), (three, "ENROUTE"))
    assert (answer.status, answer.json) == (200, {"verdicts": {"delivered": 1, "failed": 1, "pending": 1}})
    lines = await sent.lines()
    assert [lines[ref]["report"] for ref in (one, two, three, other)] == ["delivered", "failed", None, None]
    assert {line["state"] for line in lines.values()} == {"accepted"}
    assert lines[one]["reported_at"]
    channel = await sent.channel()
    assert (channel["states"], channel["reports"]) == ({"accepted": 4}, {"delivered": 1, "failed": 1})
    assert await sent.pool.fetch("SELECT * FROM batch ORDER BY id") == before
    assert await sent.pool.fetchval("SELECT state FROM alert") == "settled"
    for verdict in ("delivered", "failed", "pending"):
        labels = {"channel": "sms", "gateway": "sms-1", "verdict": verdict}
        assert service.count("warn_delivery_reports_total", **labels) == 1
    assert service.count("warn_delivered_latency_seconds_count", channel="sms", lane="priority") == 1


async def test_a_failure_stays_and_is_believed_of_what_was_delivered(service: Any, sent: Any) -> None:
    one, two, *_ = await sent.refs()
    await report(service, (one, "failed"), (two, "delivered"))
    answer = await report(service, (one, "delivered"), (one, "failed"), (one, "sent"), (two, "failed"))
    assert answer.json["verdicts"] == {"contradiction": 1, "duplicate": 1, "pending": 1, "failed": 1}
    assert (await sent.reports())[:2] == ["failed", "failed"]
    assert await sent.pool.fetch("SELECT contradictions FROM delivery_report ORDER BY position") == [
        (1,),
        (1,),
    ]


async def test_of_two_reports_at_the_same_instant_one_is_recorded(service: Any, sent: Any) -> None:
    refs = (await sent.refs())[:3]
    words = ["delivered", "failed"] * 8
    answers = await asyncio.gather(*(report(service, *((ref, word) for ref in refs)) for word in words))
    verdicts = [answer.json["verdicts"] for answer in answers]
    assert sum(one.get("failed", 0) for one in verdicts) == len(refs)
    assert sum(one.get("delivered", 0) + one.get("contradiction", 0) for one in verdicts) == len(refs)
    assert sum(sum(one.values()) for one in verdicts) == len(refs) * len(words)
    assert (await sent.reports())[:3] == ["failed"] * 3
    assert await sent.pool.fetchval("SELECT sum(contradictions) FROM delivery_report") == len(refs)


async def test_one_that_another_overtakes_is_judged_by_what_is_there_then(
    service: Any, sent: Any, env: pytest.MonkeyPatch
) -> None:
    """Between the look at the record and the write another request records something."""
    one, *_ = await sent.refs()
    deliveries = Reports.deliveries

    async def overtaken(self: Any, refs: Any) -> Any:
        found = await deliveries(self, refs)
        env.setattr(Reports, "deliveries", deliveries)
        await report(service, (one, "delivered"))
        return found

    env.setattr(Reports, "deliveries", overtaken)
    answer = await report(service, (one, "failed"), (one, "delivered"))
    assert answer.json["verdicts"] == {"failed": 1, "duplicate": 1}
    assert (await sent.reports())[0] == "failed"


async def test_a_report_may_come_before_the_answer_to_the_message_is_written_down(
    service: Any, pool: Any
) -> None:
    sent = await warn(service, pool, "", "")
    one, two = await sent.refs()
    assert (await report(service, (one, "delivered"))).json["verdicts"] == {"unsent": 1}
    lease = await sent.ledger.acquire(sent.batches[0])
    await pool.execute("UPDATE batch SET outcomes = '\\x0101'")  # as the worker does before it sends
    answer = await report(service, (one, "delivered"), (two, "failed"))
    assert answer.json["verdicts"] == {"delivered": 1, "failed": 1}
    assert lease is not None
    assert await sent.reports() == ["delivered", "failed"]


async def test_what_nobody_sent_is_answered_all_the_same_and_counted(service: Any, sent: Any) -> None:
    *_, other = await sent.refs()
    nobody = [NOBODY, f"{sent.alert_id}-999", f"{sent.alert_id}-{10**17}", other]
    answer = await report(service, *((ref, "failed") for ref in nobody), ("x", "failed"), (other, "odd"))
    assert (answer.status, answer.json["verdicts"]) == (200, {"unknown": 4, "unreadable": 2})
    assert await sent.reports() == [None] * 4
    labels = {"channel": "sms", "gateway": "sms-1"}
    assert service.count("warn_delivery_reports_total", verdict="unknown", **labels) == 4
    assert service.count("warn_delivery_reports_total", verdict="unreadable", **labels) == 2


async def test_a_recipient_of_another_channel_has_no_reports(service: Any, pool: Any) -> None:
    await Subscriptions(pool, ADDRESSES).add_many(
        [NewSubscription("webpush", "sms-1", "https://push.example/a", {}, (DUEREN,))]
    )
    sent = await warn(service, pool)
    [ref] = await sent.refs()
    assert (await report(service, (ref, "failed"))).json["verdicts"] == {"unknown": 1}


async def test_one_whose_gateway_is_no_longer_there_is_reported_by_the_first(service: Any, pool: Any) -> None:
    sent = await warn(service, pool, "gone")
    await finish(sent.ledger, sent.batches[0], State.ACCEPTED)
    [ref] = await sent.refs()
    assert (await report(service, (ref, "delivered"))).json["verdicts"] == {"delivered": 1}


async def test_kannel_calls_an_address(service: Any, sent: Any) -> None:
    *_, ref = await sent.refs()
    for status, verdict in (("8", "pending"), ("1", "delivered"), ("16", "failed")):
        path = f"/v1/gateways/kannel/reports?token={SECRET}&client_ref={ref}&status={status}"
        answer = await service.request("GET", path, key="")
        assert (answer.status, answer.json["verdicts"]) == (200, {verdict: 1})
    assert (await sent.reports())[-1] == "failed"


async def test_a_form_with_the_secret_as_password(service: Any, sent: Any) -> None:
    *_, ref = await sent.refs()
    basic = "Basic " + base64.b64encode(f"anybody:{SECRET}".encode()).decode()
    answer = await service.request(
        "POST",
        f"/v1/gateways/kannel/reports?client_ref={ref}",
        b"status=2&error=27&to=%2B4915100000001",
        key="",
        content_type=FORM,
        authorization=basic,
    )
    assert answer.json["verdicts"] == {"failed": 1}
    assert (await sent.lines())[ref]["report_code"] == "27"


@pytest.mark.parametrize("key", ["", "wrong", SECRET[:-1], SECRET + "x", KEY, OTHER_KEY, "ä" * 20])
async def test_only_who_knows_the_secret_reports(service: Any, sent: Any, key: Any) -> None:
    one, *_ = await sent.refs()
    for answer in (
        await report(service, (one, "failed"), key=key),
        await service.request("GET", f"{PATH}?token={key}&client_ref={one}&status=failed", key=""),
        await service.request("POST", PATH, b"{", key="", content_type=JSON, authorization=f"Basic {key}".encode().decode("latin-1")),
    ):  # fmt: skip
        answer.problem(401, "unauthenticated")
        assert SECRET.encode() not in answer.body
    assert await sent.reports() == [None] * 4
    assert (
        service.count(
            "warn_delivery_report_requests_refused_total", gateway="sms-1", problem="unauthenticated"
        )
        == 3
    )
    assert service.refusals() == {}, "that counter is of submissions"


@pytest.mark.parametrize("name", ["silent", "nobody", "SMS-1", "a" * 33])
async def test_without_a_secret_there_is_no_such_route(service: Any, name: Any) -> None:
    path = f"/v1/gateways/{name}/reports"
    (await report(service, (NOBODY, "failed"), path=path)).problem(404, "not-found")
    (await service.request("GET", path, key=SECRET)).problem(404, "not-found")


async def test_without_any_gateway_there_is_no_such_route(settings: Any) -> None:
    async with serving(settings.model_copy(update={"sms_gateways": ()})) as service:
        (await report(service, (NOBODY, "failed"))).problem(404, "not-found")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "type_"),
    [
        (b"{" + NUMBER.encode(), JSON, 400, "malformed-report"),
        (b"[" * MAX_BYTES, JSON, 400, "malformed-report"),
        (b'"' + NUMBER.encode() + b'"', JSON, 400, "malformed-report"),
        (b'{"reports": [' + b"{}," * REPORTS_MAX + b"{}]}", JSON, 400, "malformed-report"),
        (b"to=" + NUMBER.encode(), "text/plain", 400, "malformed-report"),
        (b"&".join(b"a%d=1" % n for n in range(500)), FORM, 400, "malformed-report"),
        (b" " * (MAX_BYTES + 1), JSON, 413, "too-large"),
    ],
)
async def test_hostile_bodies_are_refused_and_nothing_of_them_comes_back(
    service: Any, body: Any, content_type: Any, status: int, type_: str
) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = await service.request("POST", PATH, body, key=SECRET, content_type=content_type)
    answer.problem(status, type_)
    assert b"49151" not in answer.body
    assert "49151" not in repr(logs)
    assert service.count("warn_delivery_report_requests_refused_total", gateway="sms-1", problem=type_) == 1


@pytest.mark.parametrize("path", [f"{PATH}/?token={SECRET}&to={NUMBER[1:]}", "/v1/alerts/"])
async def test_nobody_is_sent_on_with_a_secret(service: Any, path: str) -> None:
    async with service.session.get(service.url + path, allow_redirects=False) as answer:
        assert (answer.status, answer.headers.get("location")) == (404, None)


@pytest.mark.parametrize("key", ["", SECRET])
async def test_a_query_is_not_taken_apart_beyond_what_one_may_hold(service: Any, key: Any) -> None:
    """The secret may stand in it, so whoever comes has it read."""
    padding = "&".join(["a=b"] * 3_000)
    answer = await service.request("GET", f"{PATH}?{padding}&token={SECRET}", key=key)
    assert answer.problem(413, "too-large")["max_bytes"] == MAX_QUERY_BYTES
    longest = f"token={SECRET}&client_ref={NOBODY}&status=failed&text="
    longest += "x" * (MAX_QUERY_BYTES - len(longest))
    assert (await service.request("GET", f"{PATH}?{longest}", key=key)).json["verdicts"] == {"unknown": 1}


async def test_what_is_dropped_is_logged_by_its_reason_and_never_by_its_content(
    service: Any, sent: Any
) -> None:
    one, *_ = await sent.refs()
    with structlog.testing.capture_logs() as logs:
        await report(service, (NUMBER, "failed"), (one, NUMBER), (NOBODY, "failed"), (one, "delivered"))
    [line] = logs
    assert (line["unreadable"], line["unknown"], line["gateway"]) == (2, 1, "sms-1")
    assert "49151" not in repr(logs)
    assert one not in repr(logs)


async def test_without_the_record_a_report_is_not_taken(settings: Any, server_dir: Path) -> None:
    with EmbeddedPostgres(server_dir, durable=False) as server:
        await upgrade(server.url)
        async with serving(settings.model_copy(update={"database_url": server.url})) as service:
            await introduce(service.parts)
            await asyncio.to_thread(server.stop)
            answer = await report(service, (NOBODY, "failed"))
            answer.problem(503, "record-unavailable")
            assert int(answer.headers["retry-after"]) > 0
            assert (
                service.count(
                    "warn_delivery_reports_total", channel="sms", gateway="sms-1", verdict="unknown"
                )
                == 0
            )
            server.start()
            assert (await report(service, (NOBODY, "failed"))).json["verdicts"] == {"unknown": 1}


async def test_a_flood_of_reports_does_not_hold_up_a_warning(
    service: Any, pool: Any, env: pytest.MonkeyPatch
) -> None:
    """However many come, and however long the record takes for them."""
    take, here, all_here = DeliveryReports.take, [], asyncio.Event()

    async def counted(self: Any, gateway: Any, reports: Any) -> Any:
        here.append(gateway)
        if len(here) == 20:
            all_here.set()
        return await take(self, gateway, reports)

    env.setattr(DeliveryReports, "take", counted)
    async with pool.acquire() as holder:
        held = holder.transaction()
        await held.start()
        await holder.execute("LOCK TABLE delivery_report")
        flood = [asyncio.create_task(report(service, (NOBODY, "failed"))) for _ in range(20)]
        await all_here.wait()
        async with asyncio.timeout(PATIENCE):
            assert (await service.submit(warning(DUEREN))).status == 201
        await held.rollback()
    answers = await asyncio.gather(*flood)
    assert [answer.json["verdicts"] for answer in answers] == [{"unknown": 1}] * len(flood)


async def test_a_batch_is_found_by_its_range_of_recipients(pool: Any, sent: Any) -> None:
    """In a mass send a report must not read every batch."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off; DROP INDEX batch_alert")
        found = await connection.fetch(
            "EXPLAIN SELECT id FROM batch WHERE alert_id = 'x' AND channel = 'sms' AND recipients[1] <= 7"
            " AND recipients[cardinality(recipients)] >= 7"
        )
        indexes = await connection.fetch("SELECT indexdef FROM pg_indexes WHERE indexname = 'batch_reported'")
        definition = indexes[0]["indexdef"]
    assert any("batch_reported" in row[0] for row in found), found
    assert "WHERE (channel = 'sms'::text)" in definition
