"""Whose session it is; who is let in by it is tried in `tests/api/test_authentication.py`."""

from starlette.requests import Request

from dispatcher.api.console.api_session import person_at
from dispatcher.model.principals import CredentialState


async def test_without_a_console_nobody_is_there() -> None:
    headers = [(b"cookie", f"__Host-warn-live={'x' * 43}".encode())]
    request = Request(
        {"type": "http", "method": "GET", "path": "/v1/alerts", "headers": headers, "query_string": b""}
    )
    assert (await person_at(request, None)).state is CredentialState.MISSING
