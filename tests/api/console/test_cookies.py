"""The cookies of the console."""

import pytest
from starlette.requests import Request
from starlette.responses import Response

from dispatcher.access.secret_tokens import form_token, new_token
from dispatcher.api.console.cookies import (
    device_cookie,
    drop_session,
    form_base,
    form_cookie,
    is_own,
    put_form_cookie,
    put_session,
    session_cookie,
)
from dispatcher.model.vocabulary import Environment
from dispatcher.sign_in.sign_in import Opened

LIVE, ORIGIN = Environment.LIVE, "https://warnung.dueren.example"


def request(origin: str = "", **cookies: str) -> Request:
    jar = "; ".join(f"__Host-{name.replace('_', '-')}={value}" for name, value in cookies.items())
    headers = [(b"cookie", jar.encode()), (b"origin", origin.encode())]
    return Request({"type": "http", "headers": headers})


def test_each_is_of_one_environment_and_of_this_host_alone() -> None:
    names = [name(one) for one in Environment for name in (session_cookie, form_cookie, device_cookie)]
    assert len(set(names)) == 6
    assert all(name.startswith("__Host-warn-") for name in names)
    assert (session_cookie(LIVE), session_cookie(Environment.EXERCISE)) == (
        "__Host-warn-live",
        "__Host-warn-exercise",
    )


def test_what_is_put_is_never_sent_over_http_or_shown_to_scripts() -> None:
    response = Response()
    put_form_cookie(response, LIVE, "x")
    put_session(response, Opened(LIVE, "token", "device"))
    drop_session(response, LIVE)
    lines = [value.decode() for name, value in response.raw_headers if name == b"set-cookie"]
    assert len(lines) == 5
    for line in lines:
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(line.split("; "))


def test_a_form_is_known_by_the_session_and_before_by_the_stay_at_the_door() -> None:
    door, session = new_token(), new_token()
    assert form_base(request(warn_live_form=door), LIVE) == door
    assert form_base(request(warn_live_form=door, warn_live=session), LIVE) == session
    assert form_base(request(warn_exercise=session), LIVE) == ""


@pytest.mark.parametrize(
    ("origin", "brings", "own"),
    [(ORIGIN, True, True), ("https://evil.example", True, False), ("", True, False), (ORIGIN, False, False)],
)
def test_what_changes_something_needs_origin_and_token(origin: str, brings: bool, own: bool) -> None:
    token = new_token()
    asked = request(origin, warn_live=token)
    assert is_own(asked, LIVE, form_token(token) if brings else "x", ORIGIN) is own
