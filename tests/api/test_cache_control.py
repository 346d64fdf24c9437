"""What a cache may keep: what anybody may read, and never what a key opens. Asked of every route that there is."""

from typing import Any

from dispatcher.api.public.answering import UNKNOWN_CACHE_CONTROL
from dispatcher.publication.documents import CACHE_CONTROL
from tests.api.conftest import INSTANCE_KEY, KEY, SECRET, Answer, Service
from tests.support.operations import Operation, operations
from tests.support.submissions import warning

PUBLIC, PRIVATE = CACHE_CONTROL, "private, no-store"
KEPT = {
    "/v1/webpush/key": "public, max-age=3600",
    "/v1/public/signing-certificates": "public, max-age=300",
    "/v1/public/widget": "public, max-age=3600, stale-if-error=604800",
    "/v1/public/widget.js": "public, max-age=3600, stale-if-error=604800",
}
"""What else is the same for everybody: by path, how long it may be kept where there is any."""
ENDLESS = ".events"
KEYS = ("", KEY, INSTANCE_KEY, f"wo_anna_{SECRET}", f"wk_nobody_{SECRET}")


async def answers(service: Service, operation: Operation, **values: str) -> list[Answer]:
    """How an operation answers with each kind of key."""
    target = operation.target(**values)
    return [await service.request(operation.method, target, key=key) for key in KEYS]


def described(service: Service) -> list[Operation]:
    assert service.description
    return list(operations(service.description.document))


async def test_whatever_a_key_opens_is_kept_by_no_cache_on_any_route(service: Service) -> None:
    alert_id = (await service.submit(warning())).json["alert"]["id"]
    found = [one for one in described(service) if not one.is_open]
    assert sum(one.needs_key for one in found) > 40
    opened = set()
    for operation in found:
        for answer in await answers(service, operation, alert_id=alert_id):
            allowed: set[Any] = {PRIVATE, KEPT.get(operation.path) if answer.status == 200 else None}
            assert answer.headers.get("cache-control") in allowed, (operation, answer)
            if operation.needs_key and answer.status == 200:
                opened.add(operation.path)
    assert {"/v1/alerts", "/v1/instance/alerts", "/v1/instance/alerts/{alert_id}/cap"} <= opened, (
        "it was seen inside"
    )


async def test_what_anybody_may_read_is_kept_for_a_second_whatever_key_comes_along(service: Service) -> None:
    alert_id = (await service.submit(warning())).json["alert"]["id"]
    found = [one for one in described(service) if one.is_open and one.method == "GET"]
    for operation in found:
        if operation.path.endswith(ENDLESS):
            await _is_streamed_past_caches(service, operation)
            continue
        assert not operation.needs_key, operation
        for answer in await answers(service, operation, alert_id=alert_id):
            expected = KEPT.get(operation.path, PUBLIC)
            assert (answer.status, answer.headers["cache-control"]) == (200, expected), operation


async def _is_streamed_past_caches(service: Service, operation: Operation) -> None:
    async with service.session.get(service.url + operation.target()) as answer:  # whose body has no end
        assert (answer.status, "no-store" in answer.headers["cache-control"]) == (200, True), operation


async def test_a_warning_that_there_is_not_is_refused_by_a_cache_for_a_second(service: Service) -> None:
    for path in ("", "/cap", "/cap/signed"):
        answer = await service.get(f"/v1/public/alerts/01K0Z3NDEKTSV4RRFFQ69G5FAV{path}")
        assert (answer.status, answer.headers["cache-control"]) == (404, UNKNOWN_CACHE_CONTROL)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_what_else_there_is_not_is_kept_by_no_cache(service: Service) -> None:
    for path in ("/v1/nothing", "/v1/municipalities/x/alerts", "/v1/public/alerts?lat=1", "/nothing"):
        answer = await service.get(path)
        assert answer.status >= 400
        assert "no-store" in answer.headers["cache-control"], path
