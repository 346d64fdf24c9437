"""The general table, and what the transport's errors mean. The whole table is in tests/contract."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import ChannelMisconfigured, Gone, Permanent, RateLimited, Transient, Uncertain
from channels.http.messages import Answer, BrokenAnswer, HttpError, NoAnswer, NotSent, Refused
from channels.http_statuses import classify, meaning_of, refused_gateway, transport_error

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (100, Uncertain),
        (200, None),
        (202, None),
        (299, None),
        (304, Permanent),
        (400, Permanent),
        (401, ChannelMisconfigured),
        (404, Gone),
        (413, Permanent),
        (429, RateLimited),
        (500, Transient),
        (600, Uncertain),
    ],
)
def test_table(status: int, meaning: Any) -> None:
    assert meaning_of(status, {}) is meaning


def test_a_channel_may_know_better() -> None:
    assert meaning_of(404, {404: Transient}) is Transient
    assert meaning_of(200, {200: Permanent}) is Permanent


def test_a_redirect_says_that_it_was_refused() -> None:
    error = classify(Answer(301), lambda: NOW, {})
    assert (str(error), error.label) == ("301 redirect refused", "permanent")


@pytest.mark.parametrize(
    ("status", "header", "meaning", "seconds"),
    [
        (429, b"Retry-After: 7\r\n", RateLimited, 7.0),
        (429, b"X: 7\r\n", RateLimited, None),
        (503, b"Retry-After: 7\r\n", RateLimited, 7.0),
        (503, b"Retry-After: soon\r\n", Transient, None),
        (500, b"retry-after:7\r\n", Transient, 7.0),
    ],
)
def test_who_asks_for_a_pause(status: int, header: bytes, meaning: Any, seconds: float | None) -> None:
    error = classify(Answer(status, (b"HTTP/1.1 X\r\n", header, b"\r\n")), lambda: NOW, {})
    assert (type(error), error.retry_after) == (meaning, seconds)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (Refused("private_address", "https://a"), Permanent),
        (NotSent("dns", "https://a"), Transient),
        (NoAnswer("reset", "https://a"), Uncertain),
        (BrokenAnswer("truncated", "https://a", Answer(201)), Uncertain),
        (HttpError("x"), Uncertain),
    ],
)
def test_transport_errors(
    error: BrokenAnswer | HttpError | NoAnswer | NotSent | Refused, meaning: Any
) -> None:
    got = transport_error(error)
    assert (type(got), got.code, got.detail) == (meaning, error.code, error.origin)


def test_only_a_forbidden_address_is_the_fault_of_a_gateway_whose_url_is_the_operator_s() -> None:
    error = refused_gateway(Refused("private_address", "https://a"))
    assert isinstance(error, ChannelMisconfigured)
    assert (error.code, error.detail) == ("private_address", "https://a")
    assert refused_gateway(NotSent("dns", "https://a")) is None
