"""Each row of FCM's table is met by an answer as FCM gives it, and by nothing that only looks like it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import (
    ChannelMisconfigured,
    Gone,
    OwnKeyRefused,
    Permanent,
    RateLimited,
    Transient,
    Uncertain,
)
from channels.fcm.answers import (
    BAD_REQUEST,
    FCM_ERROR,
    MAX_BODY_BYTES,
    QUOTA_FAILURE,
    TABLE,
    About,
    AccessTokenRefused,
    fcm_error,
    read,
    row_of,
)
from channels.http.messages import Answer
from tests.support import documents

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HTML = b"<!DOCTYPE html><html><title>Error</title><p>The requested URL was not found on this server.</html>"
NO_TOKEN = "The registration token is not a valid FCM registration token"


def fcm(code: str) -> dict[str, str]:
    return {"@type": FCM_ERROR, "errorCode": code}


def bad(*fields: str) -> dict[str, Any]:
    return {
        "@type": BAD_REQUEST,
        "fieldViolations": [{"field": one, "description": "Invalid"} for one in fields],
    }


def quota(text: str) -> dict[str, Any]:
    return {"@type": QUOTA_FAILURE, "violations": [{"subject": "project:1", "description": text}]}


def answer(
    status: int, word: str, *details: Any, message: str = "No.", lines: tuple[bytes, ...] = ()
) -> Answer:
    error = {"code": status, "message": message, "status": word, "details": details}
    return Answer(status, lines, json.dumps({"error": error}, indent=2).encode())


UNREGISTERED = answer(404, "NOT_FOUND", fcm("UNREGISTERED"), message="Requested entity was not found.")
CASES = [
    (UNREGISTERED, Gone),
    (answer(404, "NOT_FOUND", message="Requested entity was not found."), ChannelMisconfigured),
    (answer(404, "NOT_FOUND", fcm("SOMETHING_NEW")), ChannelMisconfigured),
    (Answer(404, body=HTML), ChannelMisconfigured),
    (Answer(410), ChannelMisconfigured),
    (answer(403, "PERMISSION_DENIED", fcm("SENDER_ID_MISMATCH")), Gone),
    (answer(403, "PERMISSION_DENIED"), ChannelMisconfigured),
    (answer(400, "INVALID_ARGUMENT", fcm("INVALID_ARGUMENT"), message=NO_TOKEN), Gone),
    (answer(400, "INVALID_ARGUMENT", fcm("INVALID_ARGUMENT"), bad("message.token")), Gone),
    (answer(400, "INVALID_ARGUMENT", fcm("INVALID_ARGUMENT"), bad("message.fid")), Gone),
    (answer(400, "INVALID_ARGUMENT", fcm("INVALID_ARGUMENT"), bad("message.android.ttl")), Permanent),
    (
        answer(
            400,
            "INVALID_ARGUMENT",
            fcm("INVALID_ARGUMENT"),
            bad("message.token", "message.data"),
            message=NO_TOKEN,
        ),
        Permanent,
    ),
    (answer(400, "INVALID_ARGUMENT", bad("message.token")), Permanent),
    (answer(400, "INVALID_ARGUMENT", fcm("INVALID_ARGUMENT"), message="Message too big"), Permanent),
    (Answer(400, body=HTML), Permanent),
    (Answer(413), Permanent),
    (answer(401, "UNAUTHENTICATED", fcm("THIRD_PARTY_AUTH_ERROR")), OwnKeyRefused),
    (answer(401, "UNAUTHENTICATED", fcm("APNS_AUTH_ERROR")), OwnKeyRefused),
    (answer(401, "UNAUTHENTICATED"), AccessTokenRefused),
    (Answer(401, body=HTML), AccessTokenRefused),
    (
        answer(429, "RESOURCE_EXHAUSTED", fcm("QUOTA_EXCEEDED"), quota("Device message rate exceeded")),
        Transient,
    ),
    (answer(429, "RESOURCE_EXHAUSTED", fcm("QUOTA_EXCEEDED"), quota("Message rate exceeded")), RateLimited),
    (answer(429, "RESOURCE_EXHAUSTED", fcm("QUOTA_EXCEEDED")), RateLimited),
    (Answer(429), RateLimited),
    (answer(500, "INTERNAL", fcm("INTERNAL")), Transient),
    (answer(503, "UNAVAILABLE", fcm("UNAVAILABLE")), Transient),
    (answer(503, "UNAVAILABLE", fcm("UNAVAILABLE"), lines=(b"Retry-After: 30",)), RateLimited),
    (Answer(502, body=HTML), Transient),
    (Answer(600), Uncertain),
]


@pytest.mark.parametrize(("given", "kind"), CASES)
def test_an_answer_means_what_the_table_says(given: Answer, kind: type[Exception]) -> None:
    error = fcm_error(given, lambda: NOW)
    assert type(error) is kind
    assert str(given.status) in str(error)
    assert "No." not in str(error), "nothing of an answer is repeated"


def test_every_row_is_reached() -> None:
    assert {row_of(given) for given, _ in CASES} - {None} == set(TABLE)


@pytest.mark.parametrize("body", [b"", b"{}", HTML, b'{"name":"projects/warn-app/messages/1"}'])
def test_any_answer_of_2xx_is_an_acceptance(body: bytes) -> None:
    assert fcm_error(Answer(200, body=body), lambda: NOW) is None


def test_a_time_to_wait_is_handed_on_where_it_is_the_projects() -> None:
    lines = (b"retry-after: 30",)
    limited = fcm_error(answer(429, "RESOURCE_EXHAUSTED", fcm("QUOTA_EXCEEDED"), lines=lines), lambda: NOW)
    assert isinstance(limited, RateLimited)
    assert limited.retry_after == 30
    device = answer(429, "RESOURCE_EXHAUSTED", fcm("QUOTA_EXCEEDED"), quota("device rate"), lines=lines)
    one = fcm_error(device, lambda: NOW)
    assert isinstance(one, Transient)
    assert one.retry_after is None


@pytest.mark.parametrize(
    "body",
    [
        b"[1]",
        b'{"error":"text"}',
        b'{"error":{"details":"text"}}',
        b'{"error":{"details":[1,{"@type":1},{"@type":"%s","errorCode":7}]}}' % FCM_ERROR.encode(),
        b'{"error":{"details":[{"@type":"%s","fieldViolations":[1]}]}}' % BAD_REQUEST.encode(),
        b'{"error":{"details":[{"@type":"%s","fieldViolations":[{"field":["x"]}]}]}}' % BAD_REQUEST.encode(),
        b"[" * 5000,
        b"\xff",
        UNREGISTERED.body + b" " * MAX_BODY_BYTES,
    ],
    ids=range(9),
)
def test_what_is_no_error_of_fcms_says_nothing_of_a_phone(body: bytes) -> None:
    assert read(Answer(404, body=body)) == ("", About.ANYTHING)
    assert type(fcm_error(Answer(404, body=body), lambda: NOW)) is ChannelMisconfigured


def test_the_page_for_app_makers_has_every_row() -> None:
    page = documents.rows(documents.section(documents.page("android-apps.md"), "## What FCM answers"))
    described = {
        (int(status), code)
        for row in page
        for status in row[0].split(", ")
        for code in documents.quoted(row[1])
    }
    assert {(row.status, row.code) for row in TABLE if row.code} <= described
    assert {row.status for row in TABLE} <= {int(status) for row in page for status in row[0].split(", ")}
