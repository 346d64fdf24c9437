"""What answers mean: by the first row that fits, else by the RFCs; hints are bounded and never repeated."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import ChannelMisconfigured, Gone, Permanent, RateLimited, Transient, Unauthorized
from channels.http.messages import Answer
from channels.webpush.services.answers import (
    ACCEPTANCES,
    MAX_HINT_BYTES,
    Citation,
    Hint,
    Judgement,
    Place,
    Row,
    judged,
    meant,
    row_of,
)
from channels.webpush.services.browsers import APPLE

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
SOURCE = Citation("a page", "https://push.example/errors", "2026-11-28")
ERRNO = Row(400, Judgement.GONE, SOURCE, Hint(Place.JSON, "errno", "7"))
HEADER = Row(ACCEPTANCES, Judgement.TRANSIENT, SOURCE, Hint(Place.HEADER, "x-status", "dropped"))
TEXT = Row(0, Judgement.UNAUTHORIZED, SOURCE, Hint(Place.TEXT, "another key"))
ALONE = Row(400, Judgement.REJECTED, SOURCE)
TABLE = (
    ERRNO,
    HEADER,
    TEXT,
    ALONE,
    Row(401, Judgement.MISCONFIGURED, SOURCE),
    Row(418, Judgement.UNCERTAIN, SOURCE),
)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (Answer(400, body=b'{"errno": 7}'), Judgement.GONE),
        (Answer(400, body=b'{"errno": "7"}'), Judgement.GONE),
        (Answer(400, body=b'{"errno": 71}'), Judgement.REJECTED),
        (Answer(201, (b"X-Status: Dropped",)), Judgement.TRANSIENT),
        (Answer(204, (b"x-status:dropped ",)), Judgement.TRANSIENT),
        (Answer(201, (b"X-Status: received",)), Judgement.ACCEPTED),
        (Answer(500, (b"X-Status: dropped",)), Judgement.TRANSIENT),
        (Answer(403, body=b"It is of Another Key, sorry"), Judgement.UNAUTHORIZED),
        (Answer(599, body=b"another key"), Judgement.UNAUTHORIZED),
        (Answer(201, body=b"another key"), Judgement.ACCEPTED),
        (Answer(401), Judgement.MISCONFIGURED),
        (Answer(418), Judgement.UNCERTAIN),
        *((Answer(status), Judgement.ACCEPTED) for status in (200, 201, 202, 204, 299)),
        (Answer(302), Judgement.REJECTED),
        (Answer(404), Judgement.GONE),
        (Answer(429), Judgement.RATE_LIMITED),
        (Answer(503), Judgement.TRANSIENT),
        (Answer(999), Judgement.UNCERTAIN),
    ],
)
def test_the_first_row_that_fits_counts_and_else_the_rfcs(answer: Answer, meaning: Judgement) -> None:
    assert meant(answer, TABLE) is meaning


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[" * 4000,
        b'{"errno": [7]}',
        b'{"errno": {"errno": 7}}',
        b'{"errno": 7.0}',
        b'["errno", 7]',
        b"7",
        b'{"errno": 7' + b" " * MAX_HINT_BYTES + b"}",
    ],
)
def test_garbage_and_what_is_too_long_gives_no_hint(body: bytes) -> None:
    assert row_of(Answer(400, body=body), TABLE) is ALONE


def test_words_are_looked_for_in_the_beginning_alone() -> None:
    assert row_of(Answer(403, body=b"x" * MAX_HINT_BYTES + b"another key"), TABLE) is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(400, body=b'{"errno": 7}'), Gone),
        (Answer(400), Permanent),
        (Answer(403, body=b"another key"), Unauthorized),
        (Answer(401), ChannelMisconfigured),
        (Answer(503), Transient),
        (Answer(503, (b"Retry-After: soon",)), Transient),
        (Answer(503, (b"Retry-After: 9",)), RateLimited),
        (Answer(429, (b"Retry-After: 9",)), RateLimited),
    ],
)
def test_an_error_has_the_status_for_its_code_and_no_word_of_the_answer(answer: Answer, kind: Any) -> None:
    error = judged(answer, TABLE, lambda: NOW)
    assert (type(error), error and error.code) == (kind, str(answer.status))
    assert "key" not in str(error)
    if isinstance(error, RateLimited):
        assert error.retry_after == 9


def test_what_is_about_one_endpoint_says_nothing_of_when_the_service_may_be_asked() -> None:
    """One subscriber of a service who has had too much must not delay all others."""
    for status, kind, seconds in ((429, Transient, None), (503, RateLimited, 900.0)):
        error = judged(Answer(status, (b"Retry-After: 900",)), APPLE.table, lambda: NOW)
        assert (type(error), error and error.retry_after) == (kind, seconds)


def test_an_acceptance_is_no_error() -> None:
    assert judged(Answer(201), TABLE, lambda: NOW) is None
