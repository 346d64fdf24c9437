"""Each row of the browsers' tables is met by an answer as the service gives it."""

import re
from datetime import date
from typing import Any

import pytest

from channels.http.messages import Answer
from channels.webpush.services.answers import Judgement, meant, row_of
from channels.webpush.services.browsers import APPLE, BROWSERS, GOOGLE, MICROSOFT, MOZILLA
from tests.channels.webpush.services.personas import answer_of

ROWS = [(service, row) for service in BROWSERS for row in service.table]


@pytest.mark.parametrize(
    ("service", "row"),
    ROWS,
    ids=[f"{service.name}-{row.status}-{row.hint.value or row.hint.name}" for service, row in ROWS],
)
def test_every_row_is_reached_and_says_where_it_was_read(service: Any, row: Any) -> None:
    assert row_of(answer_of(row), service.table) is row
    assert date(2016, 1, 1) <= date.fromisoformat(row.source.date) <= date(2026, 11, 28)
    assert re.fullmatch(r"https://\S+", row.source.url)


@pytest.mark.parametrize(
    ("service", "answer", "meaning"),
    [
        (MOZILLA, Answer(401, body=b'{"code":401,"errno":109,"error":"Unauthorized"}'), Judgement.MISCONFIGURED),
        (
            MOZILLA,
            Answer(401, body=b'{"code":401,"errno":109,"message":"VAPID public key mismatch"}'),
            Judgement.UNAUTHORIZED,
        ),
        (APPLE, Answer(403, body=b'{"reason":"BadJwtToken"}'), Judgement.MISCONFIGURED),
        (APPLE, Answer(400, body=b'{"reason":"VapidPkHashMismatch"}'), Judgement.UNAUTHORIZED),
        (APPLE, Answer(400, body=b'{"reason":"BadWebPushTopic"}'), Judgement.REJECTED),
        (APPLE, Answer(400, body=b'{"reason":"SomethingNew"}'), Judgement.REJECTED),
        (APPLE, Answer(404), Judgement.REJECTED),
        (
            GOOGLE,
            Answer(
                403,
                body=b"the VAPID credentials in the authorization header do not correspond to the credentials used to"
                b" create the subscriptions.\n",
            ),
            Judgement.UNAUTHORIZED,
        ),
        (GOOGLE, Answer(403), Judgement.MISCONFIGURED),
        (
            MICROSOFT,
            Answer(406, (b"Retry-After: 900", b"X-WNS-NOTIFICATIONSTATUS: appthrottled", b"X-WNS-STATUS: appthrottled")),
            Judgement.RATE_LIMITED,
        ),
        (MICROSOFT, Answer(406), Judgement.RATE_LIMITED),
        (MICROSOFT, Answer(406, (b"X-WNS-Status: channelthrottled",)), Judgement.TRANSIENT),
        (MICROSOFT, Answer(201, (b"X-WNS-STATUS: received",)), Judgement.ACCEPTED),
        (MICROSOFT, Answer(201, (b"X-WNS-STATUS: dropped",)), Judgement.TRANSIENT),
        (MICROSOFT, Answer(201), Judgement.ACCEPTED),
    ],
)  # fmt: skip
def test_answers_that_others_got(service: Any, answer: Any, meaning: Any) -> None:
    assert meant(answer, service.table) is meaning


@pytest.mark.parametrize("service", BROWSERS, ids=lambda service: service.name)
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_acceptance_is_one(service: Any, status: Any) -> None:
    assert meant(Answer(status), service.table) is Judgement.ACCEPTED
