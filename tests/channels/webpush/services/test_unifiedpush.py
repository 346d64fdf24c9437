"""The servers of UnifiedPush: each row is met, and one of which nothing is known may be any of them."""

import re
from datetime import date
from typing import Any

import pytest

from channels.http.messages import Answer
from channels.webpush.services.answers import Judgement, meant, row_of
from channels.webpush.services.browsers import MOZILLA
from channels.webpush.services.unifiedpush import NEXTPUSH, NTFY, UNIFIEDPUSH
from tests.channels.webpush.services.personas import answer_of

SERVICES = (NTFY, NEXTPUSH, UNIFIEDPUSH)
ROWS = [(service, row) for service in SERVICES for row in service.table]


@pytest.mark.parametrize(
    ("service", "row"),
    ROWS,
    ids=[f"{service.name}-{row.status}-{row.hint.value or row.hint.name}" for service, row in ROWS],
)
def test_every_row_is_reached_and_says_where_it_was_read(service: Any, row: Any) -> None:
    assert row_of(answer_of(row), service.table) is row
    assert date(2016, 1, 1) <= date.fromisoformat(row.source.date) <= date(2026, 11, 28)
    assert re.fullmatch(r"https://\S+", row.source.url)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_acceptance_is_one(service: Any, status: Any) -> None:
    assert meant(Answer(status, body=b'{"id":"x","event":"message"}'), service.table) is Judgement.ACCEPTED


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (Answer(507, body=b'{"code":50701,"http":507,"error":"topic is inactive"}'), Judgement.ABSENT),
        (Answer(507), Judgement.TRANSIENT),
        (Answer(429, body=b'{"code":42908,"http":429}'), Judgement.TRANSIENT),
        (Answer(429), Judgement.RATE_LIMITED),
        (Answer(401, body=b'{"success":false}'), Judgement.GONE),
        (Answer(401), Judgement.MISCONFIGURED),
        (Answer(404), Judgement.GONE),
        (answer_of(MOZILLA.table[6]), MOZILLA.table[6].meaning),
    ],
)
def test_a_server_of_which_nothing_is_known_may_be_any_of_them(answer: Answer, meaning: Judgement) -> None:
    assert meant(answer, UNIFIEDPUSH.table) is meaning
