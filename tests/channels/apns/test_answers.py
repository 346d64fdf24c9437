"""Each row of Apple's table means what is said beside it, and what Apple has not said ends nobody."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from channels.apns.answers import TABLE, ApnsMeaning, TokenTooOld, TokenTooSoon, apns_error, row_of
from channels.base import ChannelMisconfigured, Gone, Permanent, RateLimited, Transient
from channels.http.messages import Answer
from tests.support import documents

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EXPECTED: dict[str, tuple[int, type[Exception]]] = {
    "BadCollapseId": (400, Permanent),
    "BadDeviceToken": (400, Gone),
    "BadExpirationDate": (400, Permanent),
    "BadMessageId": (400, Permanent),
    "BadPriority": (400, Permanent),
    "BadTopic": (400, ChannelMisconfigured),
    "DeviceTokenNotForTopic": (400, Gone),
    "DuplicateHeaders": (400, Permanent),
    "IdleTimeout": (400, Transient),
    "InvalidPushType": (400, Permanent),
    "MissingDeviceToken": (400, Permanent),
    "MissingTopic": (400, Permanent),
    "PayloadEmpty": (400, Permanent),
    "TopicDisallowed": (400, ChannelMisconfigured),
    "BadCertificate": (403, ChannelMisconfigured),
    "BadCertificateEnvironment": (403, ChannelMisconfigured),
    "BadEnvironmentKeyIdInToken": (403, ChannelMisconfigured),
    "BadEnvironmentKeyInToken": (403, ChannelMisconfigured),
    "ExpiredProviderToken": (403, TokenTooOld),
    "Forbidden": (403, ChannelMisconfigured),
    "InvalidProviderToken": (403, ChannelMisconfigured),
    "MissingProviderToken": (403, ChannelMisconfigured),
    "UnrelatedKeyIdInToken": (403, Transient),
    "BadPath": (404, ChannelMisconfigured),
    "MethodNotAllowed": (405, ChannelMisconfigured),
    "ExpiredToken": (410, Gone),
    "Unregistered": (410, Gone),
    "PayloadTooLarge": (413, Permanent),
    "TooManyProviderTokenUpdates": (429, TokenTooSoon),
    "TooManyRequests": (429, RateLimited),
    "InternalServerError": (500, Transient),
    "ServiceUnavailable": (503, Transient),
    "Shutdown": (503, Transient),
}
"""The table of Apple's page, written down a second time, with what follows."""


def refusal(status: int, reason: object = None, headers: dict[str, str] | None = None, **more: Any) -> Answer:
    lines = tuple(f"{name}: {value}".encode() for name, value in (headers or {}).items())
    return Answer(status, lines, json.dumps({"reason": reason, **more}).encode())


def error(answer: Answer, **options: Any) -> Any:
    return apns_error(answer, lambda: NOW, **options)


@pytest.mark.parametrize("reason", EXPECTED)
def test_a_row_means_what_the_page_says(reason: str) -> None:
    status, kind = EXPECTED[reason]
    found = error(refusal(status, reason))
    assert type(found) is kind
    assert reason in str(found)


def test_the_table_is_the_page() -> None:
    assert {row.reason: row.status for row in TABLE} == {one: status for one, (status, _) in EXPECTED.items()}
    assert {row.meaning for row in TABLE} == set(ApnsMeaning)


def test_the_page_for_app_makers_has_every_row() -> None:
    page = documents.rows(documents.section(documents.page("iphone-apps.md"), "## What APNs answers"))
    described = {
        (int(status), reason)
        for row in page
        for status in row[0].split(", ")
        for reason in documents.quoted(row[1])
    }
    assert {(row.status, row.reason) for row in TABLE} <= described


@pytest.mark.parametrize("status", [200, 201])
def test_an_acceptance_is_none(status: int) -> None:
    assert error(Answer(status)) is None


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [
        ("BadEnvironmentKeyIdInToken", 403, "key_environment"),
        ("BadEnvironmentKeyInToken", 403, "key_environment"),
        ("InvalidProviderToken", 403, "key_refused"),
        ("TopicDisallowed", 400, "topic_refused"),
        ("BadTopic", 400, "topic_refused"),
        ("Forbidden", 403, "403"),
    ],
)
def test_a_person_reads_what_to_mend(reason: str, status: int, code: str) -> None:
    assert error(refusal(status, reason)).code == code


def test_a_token_that_is_too_old_is_replaced_once_and_then_our_clock_is_named() -> None:
    answer = refusal(403, "ExpiredProviderToken")
    assert isinstance(error(answer), TokenTooOld)
    last = error(answer, is_last=True, ahead=True)
    assert (type(last), last.code, "clock is behind" in last.detail) == (
        ChannelMisconfigured,
        "token_clock",
        True,
    )


@pytest.mark.parametrize(("hours", "code"), [(2, "token_clock"), (-2, "token_clock"), (0, "key_refused")])
def test_where_apple_says_what_time_it_is_a_refused_token_names_our_clock(hours: int, code: str) -> None:
    date = format_datetime(NOW - timedelta(hours=hours))
    found = error(refusal(403, "InvalidProviderToken", {"date": date}))
    assert found.code == code
    assert (f"{hours * 3600:+} s" in found.detail) == bool(hours)
    assert error(refusal(403, "InvalidProviderToken", {"date": "x"})).code == "key_refused"


@pytest.mark.parametrize("reason", ["Unregistered", "ExpiredToken"])
def test_since_when_a_phone_is_gone_is_kept(reason: str) -> None:
    milliseconds = int(NOW.timestamp() * 1000) + 67
    assert error(refusal(410, reason, timestamp=milliseconds)).since == NOW + timedelta(milliseconds=67)


@pytest.mark.parametrize("timestamp", [None, "1454402113067", -1, 0, 1.5, 1 << 60])
def test_a_time_that_is_none_is_left_out(timestamp: object) -> None:
    assert error(refusal(410, "Unregistered", timestamp=timestamp)).since is None


def test_what_is_about_one_phone_says_nothing_of_others() -> None:
    assert not error(refusal(429, "TooManyRequests")).gateway_fault
    assert error(refusal(429, "TooManyRequests")).retry_after is None


@pytest.mark.parametrize("shown", [{"is_last": True}, {"earlier": True}, {"earlier": True, "ahead": True}])
@pytest.mark.parametrize(
    ("status", "reason"), [(429, "TooManyProviderTokenUpdates"), (403, "ExpiredProviderToken")]
)
def test_where_apple_takes_neither_a_new_token_nor_the_one_before_it_is_waited(
    status: int, reason: str, shown: dict[str, bool]
) -> None:
    found = error(refusal(status, reason), **shown)
    assert (type(found), found.retry_after) == (RateLimited, 60.0)


def test_503_with_a_time_to_wait_is_waited_out() -> None:
    found = error(refusal(503, "ServiceUnavailable", {"retry-after": "7"}))
    assert (type(found), found.retry_after) == (RateLimited, 7.0)


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><title>410 Gone</title>",
        b"",
        b"[]",
        b'{"reason": ["Unregistered"]}',
        b'{"reason": "Unregistered", "x": "' + b"x" * 5_000 + b'"}',
        b"[" * 4_000,
    ],
    ids=["html", "empty", "list", "no text", "long", "deep"],
)
@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 503])
def test_whatever_something_between_says_nobody_is_unsubscribed(status: int, body: bytes) -> None:
    found = error(Answer(status, (b"content-type: text/html",), body))
    assert not isinstance(found, Gone)
    assert row_of(Answer(status, (), body)) is None


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "Unregistered"), (410, "SomethingNew"), (403, "Unregistered")]
)
def test_a_reason_of_another_status_and_a_new_one_end_nobody(status: int, reason: str) -> None:
    assert not isinstance(error(refusal(status, reason)), Gone)
