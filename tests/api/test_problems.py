"""Every refusal is a problem document."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import structlog
from yarl import URL

from dispatcher.api.problems import ERRORS_MAX, OCCURRENCE, Meant, meant_of
from dispatcher.embedded import EmbeddedPostgres
from dispatcher.settings import Settings
from dispatcher.store.migrate import upgrade
from tests.api.conftest import INSTANCE_KEY, KEY, Service, introduce, serving
from tests.support.submissions import warning


async def test_without_the_record_nothing_is_promised_and_it_says_when_to_come_again(
    settings: Settings, server_dir: Path
) -> None:
    with EmbeddedPostgres(server_dir, durable=False) as server:
        await upgrade(server.url)
        async with serving(settings.model_copy(update={"database_url": server.url})) as service:
            await introduce(service.parts)
            assert (await service.submit(warning())).status == 201
            await asyncio.to_thread(server.stop)
            one = warning()
            answer = await service.submit(one)
            assert "same identity" in answer.problem(503, "record-unavailable")["detail_en"]
            read = await service.get("/v1/alerts")
            assert "Nothing was changed" in read.problem(503, "record-unavailable")["detail_en"]
            changed = await service.request("DELETE", "/v1/instance/webhook", key=INSTANCE_KEY)
            assert "what was just asked for" in changed.problem(503, "record-unavailable")["detail_en"]
            assert int(answer.headers["retry-after"]) > 0
            assert service.refusals() == {"record-unavailable": 1}
            ready = await service.get("/readyz")
            assert (ready.status, ready.json) == (503, {"status": "unavailable"})
            assert service.count("warn_record_up") == 0
            server.start()
            assert (await service.submit(one)).status == 201
            assert (await service.get("/readyz")).status == 200


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
async def test_what_http_itself_refuses_is_a_problem_document_too(
    service: Service, method: str, path: str, status: int
) -> None:
    answer = await service.request(method, path)
    assert (answer.status, answer.json["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    for name in ("title", "title_de", "detail", "detail_en"):
        assert answer.json[name], name
    for error in answer.json.get("errors", ()):
        assert {"code", "path", "line", "message", "message_de"} <= set(error)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/alerts", "GET, POST"),
        ("POST", "/v1/instance/webhook", "DELETE, GET, PUT"),
        ("POST", "/v1/boundaries", "GET"),
    ],
)
async def test_a_method_that_is_not_there_is_told_all_that_are(
    service: Service, method: str, path: str, allowed: str
) -> None:
    answer = await service.request(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allowed)


async def test_an_unforeseen_error_is_counted_and_leaves_it_open_whether_the_message_counts(
    service: Service, pool: Any
) -> None:
    await pool.execute("ALTER TABLE affected RENAME TO affected_away")
    with structlog.testing.capture_logs() as logs:
        problem = (await service.submit(warning())).problem(500, "internal-error")
    [line] = [one for one in logs if one["event"] == "internal_error"]
    assert line["instance"] == problem["instance"]
    assert line["instance"].startswith(OCCURRENCE)
    assert line["route"] == "/v1/alerts"
    assert service.refusals() == {"internal-error": 1}
    await pool.execute("ALTER TABLE affected_away RENAME TO affected")
    assert await pool.fetchval("SELECT count(*) FROM alert") == 0


async def test_a_long_list_of_findings_is_bounded_and_its_rest_counted(service: Service) -> None:
    """Each code of another Land that the bundle has nothing of is a finding; a message may have thousands."""
    codes = [f"09{number:06}" for number in range(ERRORS_MAX + 7)]
    document = (await service.submit(warning(*codes))).problem(422, "area-unmatched")
    assert (len(document["errors"]), document["errors_left_off"]) == (ERRORS_MAX, 7)
    assert "außerhalb der Gebietsdaten dieses Dienstes" in document["errors"][0]["message_de"]


@pytest.mark.parametrize(
    "parameter",
    [
        "limit=0",
        "limit=many",
        "limit=%00%FF",
        "since=0.5",
        "since=1764301234",
        "until=2026-11-28",
        "before=x",
    ],
)
async def test_an_invalid_parameter_is_a_problem_with_a_type_of_its_own(
    service: Service, parameter: str
) -> None:
    problem = (await service.get(f"/v1/alerts?{parameter}")).problem(422, "invalid-request")
    (one,) = problem["errors"]
    assert one["path"] == "query/" + parameter.partition("=")[0]
    assert one["code"]
    assert one["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("OPTIONS", "/v1/alerts", "GET, POST"),
        ("HEAD", "/v1/alerts", "GET, POST"),
        ("TRACE", "/v1/alerts", "GET, POST"),
        ("GET", "/v1/alerts/preview", "POST"),
        ("DELETE", "/v1/alerts/preview", "POST"),
        ("PUT", "/v1/alerts/01JDQ3Z6W8R5K2M4N7P9S1T3V5/cap", "GET"),
        ("PATCH", "/v1/gateways/provider/reports", "GET, POST"),
        ("POST", "/livez", "GET, HEAD"),
        ("OPTIONS", "/v1/openapi.json", "GET"),
    ],
)
@pytest.mark.parametrize("key", [KEY, ""])
async def test_another_method_is_refused_with_all_that_the_path_has(
    service: Service, method: str, path: str, allowed: str, key: str
) -> None:
    answer = await service.request(method, path, key=key)
    if method == "GET" and not key:
        assert answer.status in {401, 405}
        return
    assert (answer.status, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_probes_take_head(service: Service, path: str) -> None:
    answer = await service.request("HEAD", path, key="")
    assert (answer.status, answer.body) == (200, b"")


async def test_a_name_that_is_a_line_s_end_is_none_that_anything_has(service: Any) -> None:
    url = URL(f"{service.url}/v1/instances/dueren/subscribers/%0A/test", encoded=True)
    async with service.session.post(url) as response:
        assert response.status == 404, "no other method has it either"


@pytest.mark.parametrize(
    ("method", "path", "meant"),
    [
        ("POST", "/v1/alerts", Meant.SUBMIT),
        ("POST", "/v1/feeds/mowas/messages", Meant.SUBMIT),
        ("POST", "/v1/alerts/preview", Meant.READ),
        ("GET", "/v1/alerts", Meant.READ),
        ("GET", "/v1/subscribers/dueren/phone", Meant.READ),
        ("PUT", "/v1/subscribers/dueren/phone", Meant.CHANGE),
        ("POST", "/v1/instance/webhook/test", Meant.CHANGE),
    ],
)
def test_only_who_submits_a_message_is_told_of_its_identity(method: str, path: str, meant: Meant) -> None:
    assert meant_of(method, path) is meant
