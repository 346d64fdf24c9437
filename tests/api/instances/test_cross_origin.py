"""What pages of other origins may ask."""

from typing import Any

import pytest

from dispatcher.api.instances.cross_origin import CrossOrigin

ASKS = [(b"origin", b"https://app.example"), (b"access-control-request-method", b"PUT")]


async def answered(method: str, path: str, headers: Any = ASKS) -> tuple[int, dict[bytes, bytes]]:
    """Status and headers, with an application below that answers 405 to everything."""
    sent: list[Any] = []

    async def below(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 405, "headers": [(b"allow", b"GET")]})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    await CrossOrigin(below)(scope, None, send)
    return sent[0]["status"], dict(sent[0]["headers"])


@pytest.mark.parametrize("path", ["/v1/instances/dueren/subscribers/x", "/v1/webpush/key"])
async def test_a_page_may_ask_for_what_a_browser_needs_and_read_the_answer(path: str) -> None:
    status, headers = await answered("OPTIONS", path)
    assert (status, headers[b"access-control-allow-origin"]) == (204, b"*")
    assert b"PUT" in headers[b"access-control-allow-methods"]
    assert b"access-control-allow-credentials" not in headers
    status, headers = await answered("GET", path, [])
    assert (status, headers[b"access-control-allow-origin"], headers[b"allow"]) == (405, b"*", b"GET")
    assert (await answered("OPTIONS", path, ASKS[:1]))[0] == 405, "that is no preflight"


@pytest.mark.parametrize(
    "path", ["/v1/alerts", "/v1/instance/subscribers/x", "/v1/instance/webhook", "/metrics"]
)
async def test_nothing_else_is_open_to_pages(path: str) -> None:
    assert await answered("OPTIONS", path) == (405, {b"allow": b"GET"})
