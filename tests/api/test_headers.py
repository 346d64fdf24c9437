"""Credentials in the Authorization header."""

import base64

import pytest
from starlette.requests import Request

from dispatcher.api.headers import basic_password, bearer


def request(authorization: str | None) -> Request:
    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    return Request({"type": "http", "headers": headers})


def basic(credentials: bytes) -> str:
    return "Basic " + base64.b64encode(credentials).decode()


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        (None, ""),
        ("", ""),
        ("Bearer", ""),
        ("Bearer wk_a_b", "wk_a_b"),
        ("bearer  wk_a_b ", "wk_a_b"),
        ("Basic wk_a_b", ""),
        ("wk_a_b", ""),
    ],
)
def test_the_bearer_token(authorization: str | None, token: str) -> None:
    assert bearer(request(authorization)) == token


@pytest.mark.parametrize(
    ("authorization", "password"),
    [
        (None, ""),
        (basic(b"anybody:secret"), "secret"),
        (basic(b"anybody:with:colons"), "with:colons"),
        (basic(b"nobody"), ""),
        (basic(b"a:\xff"), ""),
        ("Basic !!!", ""),
        ("Basic", ""),
        ("Bearer YTpi", ""),
    ],
)
def test_the_password_of_basic(authorization: str | None, password: str) -> None:
    assert basic_password(request(authorization)) == password
