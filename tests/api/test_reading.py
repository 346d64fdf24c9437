"""Following an alert, pulling what is in force, and asking how the process is."""

import asyncio
import json
import re

import pytest

from dispatcher.embedded import EmbeddedValkey
from dispatcher.model.problems import ProblemType
from dispatcher.model.vocabulary import State
from dispatcher.runtime.probes import Health
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from tests.api.conftest import INSTANCE_KEY, KEY, NEIGHBOUR, OTHER_KEY, introduce, serving
from tests.api.test_submission import AACHEN, warning
from tests.support.histories import finish, ledger_of, plan, subscription
from tests.support.messages import DUEREN, JUELICH

NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
async def sent(service, pool):
    """An alert to Anna and Bernd: accepted for one, rejected for the other."""
    await Subscriptions(pool).add_many(
        [subscription("anna", DUEREN, ref="r-1"), subscription("bernd", DUEREN)]
    )
    one = warning(DUEREN, JUELICH)
    alert_id = (await service.submit(one)).json["alert"]["id"]
    ledger = ledger_of(pool)
    [wake_ups] = await plan(ledger, Plans(pool, 10), alert_id)
    await finish(ledger, wake_ups.batch_id, [State.ACCEPTED, State.REJECTED])
    return one, alert_id


async def test_the_status_accounts_for_every_recipient(service, sent):
    _, alert_id = sent
    status = (await service.get(f"/v1/alerts/{alert_id}")).json
    assert (status["alert"]["state"], status["alert"]["audience"]) == ("settled", 2)
    [channel] = status["channels"]
    assert (channel["channel"], channel["kind"]) == ("webpush", "alert")
    assert channel["states"] == {"accepted": 1, "rejected": 1}
    assert [place["ags"] for place in status["municipalities"]] == [DUEREN, JUELICH]
    assert status["recipients_by_municipality"] == {DUEREN: {"accepted": 1, "rejected": 1}}


async def test_the_message_comes_back_byte_for_byte(service, sent):
    one, alert_id = sent
    answer = await service.get(f"/v1/alerts/{alert_id}/cap")
    assert (answer.body, answer.headers["content-type"]) == (one.xml(), "application/cap+xml")


async def test_the_ledger_has_one_line_per_recipient_and_no_address(service, sent):
    _, alert_id = sent
    answer = await service.get(f"/v1/alerts/{alert_id}/ledger")
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert sorted(line["state"] for line in lines) == ["accepted", "rejected"]
    assert {line["ref"] for line in lines} == {"r-1", None}
    assert b"push.example/" not in answer.body


async def test_a_source_lists_its_own_newest_first(service):
    ids = [(await service.submit(warning())).json["alert"]["id"] for _ in range(3)]
    await service.submit(warning(AACHEN, sender=NEIGHBOUR), key=OTHER_KEY)
    listed = await service.get("/v1/alerts")
    assert [alert["id"] for alert in listed.json["alerts"]] == ids[::-1]
    limited = await service.get("/v1/alerts?limit=1")
    assert [alert["id"] for alert in limited.json["alerts"]] == ids[-1:]


@pytest.mark.parametrize("path", ["", "/cap", "/ledger"])
async def test_what_belongs_to_another_source_is_not_there(service, sent, path):
    _, alert_id = sent
    (await service.get(f"/v1/alerts/{alert_id}{path}", key=OTHER_KEY)).problem(404, "not-found")
    (await service.get(f"/v1/alerts/{NOWHERE}{path}")).problem(404, "not-found")
    (await service.get(f"/v1/alerts/{alert_id}{path}", key="")).problem(401, "unauthenticated")
    (await service.get(f"/v1/alerts/{alert_id}{path}", key=INSTANCE_KEY)).problem(401, "unauthenticated")
    assert service.refusals() == {}, "the counter is of submissions"


async def test_an_instance_pulls_what_is_in_force_for_its_places(service):
    one = warning(DUEREN)
    first = (await service.submit(one)).json["alert"]["id"]
    elsewhere = (await service.submit(warning(JUELICH))).json["alert"]["id"]
    exercise = warning(DUEREN, status="Exercise", more="<note>Übung</note>")
    exercise_id = (await service.submit(exercise)).json["alert"]["id"]

    async def current():
        answer = await service.get("/v1/instance/alerts", key=INSTANCE_KEY)
        return [alert["id"] for alert in answer.json["alerts"]]

    assert await current() == [first]
    answer = await service.get(f"/v1/instance/alerts/{first}/cap", key=INSTANCE_KEY)
    assert (answer.body, answer.headers["content-type"]) == (one.xml(), "application/cap+xml")
    for hidden in (elsewhere, exercise_id, NOWHERE):
        (await service.get(f"/v1/instance/alerts/{hidden}/cap", key=INSTANCE_KEY)).problem(404, "not-found")
    await service.submit(one.later("ende", "Cancel", infos=()))
    assert await current() == []


@pytest.mark.parametrize("path", ["/v1/instance/alerts", f"/v1/instance/alerts/{NOWHERE}/cap"])
@pytest.mark.parametrize("key", ["", KEY])
async def test_only_an_instance_pulls(service, path, key):
    (await service.get(path, key=key)).problem(401, "unauthenticated")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/alerts", 405),
        ("GET", "/v1/alerts?limit=0", 422),
        ("GET", "/v1/alerts?limit=many", 422),
        ("GET", "/v1/alerts/not-an-id", 404),
        ("GET", "/v1/instance/alerts/not-an-id/cap", 404),
    ],
)
async def test_what_http_itself_refuses_is_a_problem_document_too(service, method, path, status):
    answer = await service.request(method, path)
    assert (answer.status, answer.json["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["title"]


async def test_an_unforeseen_error_is_counted_and_leaves_it_open_whether_the_message_counts(service, pool):
    await pool.execute("ALTER TABLE affected RENAME TO affected_away")
    (await service.submit(warning())).problem(500, "internal-error")
    assert service.refusals() == {"internal-error": 1}
    await pool.execute("ALTER TABLE affected_away RENAME TO affected")
    assert await pool.fetchval("SELECT count(*) FROM alert") == 0


async def test_the_boundaries_in_use_are_named_with_their_attribution(service):
    boundaries = (await service.get("/v1/boundaries", key="")).json
    assert boundaries["municipalities"] > 80
    assert "BKG" in boundaries["attribution"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", boundaries["vintage"])


async def test_the_description_of_the_api_is_complete_and_loads_nothing_from_elsewhere(service):
    description = (await service.get("/v1/openapi.json", key="")).json
    submission = description["paths"]["/v1/alerts"]["post"]
    assert "application/cap+xml" in submission["requestBody"]["content"]
    for status in ("201", "200", "400", "401", "403", "409", "413", "415", "422", "503"):
        assert status in submission["responses"]
    assert (await service.get("/docs", key="")).status == 404


async def test_a_live_and_ready_process_says_so(service):
    assert (await service.get("/livez", key="")).json == {"status": "ok"}
    ready = await service.get("/readyz", key="")
    assert (ready.status, ready.json) == (200, {"status": "ok", "record": True, "queue": True})
    assert service.count("warn_record_up") == 1
    assert service.count("warn_queue_up") == 1


async def test_metrics_are_there_in_prometheus_words_with_every_problem_at_zero(service):
    answer = await service.get("/metrics", key="")
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.body.decode()
    for problem in ProblemType:
        assert f'warn_alerts_rejected_total{{problem="{problem}"}} 0.0' in text


async def test_sources_known_at_the_start_show_their_counters(settings):
    async with serving(settings) as service:
        await introduce(service.parts)
    async with serving(settings) as service:
        text = (await service.get("/metrics")).body.decode()
        assert 'warn_alerts_repeated_total{source="leitstelle"} 0.0' in text


async def test_readiness_does_not_wait_for_a_pool_that_is_used_up(service, pool):
    """A probe that hangs looks to its supervisor like a process that hangs."""
    taken = [await pool.acquire() for _ in range(pool.get_max_size())]
    ready = await asyncio.wait_for(service.get("/readyz"), 10)
    assert (ready.status, ready.json["record"]) == (503, False)
    for connection in taken:
        await pool.release(connection)
    assert (await service.get("/readyz")).status == 200


async def test_readiness_does_not_wait_for_a_record_that_hangs(service):
    """Breaking off a statement takes as long as the server takes to hear of it."""
    heard = asyncio.Event()

    class Hanging:
        async def fetchval(self, _):
            try:
                await heard.wait()
            finally:
                await heard.wait()

    health = Health(Hanging(), service.parts.health.wake_ups, needs_queue=True)
    assert (await health.check())["record"] is False
    heard.set()


async def test_the_queue_that_goes_and_comes_is_seen(settings, server_dir):
    with EmbeddedValkey(server_dir, durable=False) as server:
        async with serving(settings.model_copy(update={"redis_url": server.url})) as service:
            assert (await service.get("/readyz")).json["queue"] is True
            await asyncio.to_thread(server.stop)
            assert (await service.get("/readyz")).json["queue"] is False
            server.start()
            assert (await service.get("/readyz")).json["queue"] is True
