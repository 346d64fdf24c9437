"""One table decides what an answer means; that it was accepted is only ever said by a rule."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import ChannelError, ChannelMisconfigured, DeliveryError
from channels.http.messages import Answer
from channels.sms.http.answers import (
    TEXT_BYTES,
    AnswerRule,
    AnswerTable,
    judge_answer,
    value_text,
)
from channels.sms.http.settings import SmsAnswerSettings
from channels.sms.meanings import AnswerMeaning, DecidedBy

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER = "4915100000001"
RULES = [
    {"means": "accepted", "status": "2xx", "path": "code", "is": 0},
    {"means": "rejected", "path": "code", "is": [7, "BAD*"]},
    {"means": "gone", "path": "code", "is": 8},
    {"means": "rate_limited", "path": "code", "is": 1},
    {"means": "misconfigured", "path": "code", "is": ["9", 29], "about": "no credit"},
    {"means": "transient", "text": ["ERROR:5*", "BUSY"]},
    {"means": "rejected", "status": 200, "text": "ERROR:14*", "code": "14"},
    {"means": "accepted", "status": 200, "text": "ID: *"},
    {"means": "uncertain", "status": [299, "450-459"]},
]


def table(rules: Any = RULES, **more: Any) -> AnswerTable:
    given = {"reference": "id", "reference_text": "ID: *", **more}
    return SmsAnswerSettings.model_validate({"rules": rules, **given}).table()


def meant(
    body: Any, status: int = 200, *, broken: str = "", headers: tuple[bytes, ...] = (), **more: Any
) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge_answer(table(**more), Answer(status, headers, content), broken, lambda: NOW)


@pytest.mark.parametrize(
    ("body", "status", "meaning", "code"),
    [
        ({"code": 0, "id": "a-1"}, 200, "accepted", ""),
        ({"code": "0"}, 201, "accepted", ""),
        ({"code": 7}, 200, "rejected", "7"),
        ({"code": "bad number"}, 200, "rejected", "BAD"),
        ({"code": 8}, 200, "gone", "8"),
        ({"code": 1}, 200, "rate_limited", "1"),
        ({"code": 9}, 200, "misconfigured", "9"),
        ({"code": 29}, 500, "misconfigured", "29"),
        (b"ERROR:5 try later\r\n", 200, "transient", "ERROR_5"),
        (b"BUSY", 503, "transient", "BUSY"),
        (b"ERROR:14", 200, "rejected", "14"),
        (b" \n ID: 77 ok", 200, "accepted", ""),
        (b"", 299, "uncertain", "299"),
        (b"", 455, "uncertain", "455"),
        # what no rule fits
        ({"code": 99}, 200, "uncertain", "answer_unknown"),
        ({}, 200, "uncertain", "answer_unknown"),
        (b"<html>\xff", 202, "uncertain", "answer_unknown"),
        (b"[" * 60_000, 200, "uncertain", "answer_unknown"),
        (b"9" * 60_000, 200, "uncertain", "answer_unknown"),
        ({"code": {"code": 0}}, 200, "uncertain", "answer_unknown"),
        ({"code": None}, 200, "uncertain", "answer_unknown"),
        ({"code": 0}, 400, "rejected", "400"),
        (b"", 401, "misconfigured", "401"),
        (b"", 404, "misconfigured", "404"),
        (b"", 429, "rate_limited", "429"),
        (b"", 500, "transient", "500"),
        (b"", 502, "uncertain", "502"),
        (b"", 999, "uncertain", "999"),
    ],
)
def test_the_first_rule_that_fits_decides(body: Any, status: int, meaning: str, code: str) -> None:
    decision = meant(body, status)
    assert (decision.meaning, decision.code) == (meaning, code)


def test_nothing_is_accepted_that_no_rule_accepts() -> None:
    assert {
        judge_answer(AnswerTable(), Answer(status), "", lambda: NOW).meaning for status in range(200, 300)
    } == {AnswerMeaning.UNCERTAIN}


@pytest.mark.parametrize("meaning", AnswerMeaning)
def test_every_meaning_is_an_error_of_its_own_but_one(meaning: AnswerMeaning) -> None:
    rules = (AnswerRule(meaning, "x", code="x"),)
    error = judge_answer(AnswerTable(rules), Answer(200), "", lambda: NOW).error()
    if meaning is AnswerMeaning.ACCEPTED:
        assert error is None
    else:
        assert isinstance(error, DeliveryError | ChannelError)
        assert error.label == {"rejected": "permanent"}.get(meaning, meaning)


def test_the_rule_that_decided_is_named_as_its_operator_finds_it() -> None:
    assert meant({"code": 9}).rule == "answer.rules.4 (no credit)"
    assert meant(b"", 500).rule == "general table of statuses"


@pytest.mark.parametrize("code", [NUMBER, int(NUMBER), f"INVALID_{NUMBER}", {"x": 1}])
def test_no_number_gets_into_a_code(code: Any) -> None:
    decision = meant({"code": 7, "error": code}, error="error")
    assert (decision.meaning, decision.code) == (AnswerMeaning.REJECTED, "7")


def test_the_provider_s_own_code_is_told_where_it_is_one() -> None:
    assert meant({"code": 7, "error": {"name": "BARRED"}}, error="error.name").code == "BARRED"


@pytest.mark.parametrize(
    ("body", "reference"),
    [
        ({"code": 0, "id": "a-1"}, "a-1"),
        ({"code": 0, "id": 77}, "77"),
        ({"code": 0, "id": "no id"}, ""),
        (b"ID: 0A1", "0A1"),
    ],
)
def test_the_id_stands_at_a_path_or_in_the_text(body: Any, reference: str) -> None:
    assert meant(body).reference == reference


def test_an_answer_that_broke_off_may_have_said_anything() -> None:
    decision = meant(b"", broken="oversized")
    assert (decision.meaning, decision.code) == (AnswerMeaning.UNCERTAIN, "oversized")
    assert (decision.by, meant(b"", broken="truncated").by) == (DecidedBy.OVERSIZED, DecidedBy.BROKEN_OFF)
    assert meant(b"", 400, broken="truncated").meaning is AnswerMeaning.REJECTED
    alone = table([{"means": "accepted", "status": "2xx"}])
    assert judge_answer(alone, Answer(200), "oversized", lambda: NOW).meaning is AnswerMeaning.ACCEPTED


def test_when_to_come_again_is_told_along() -> None:
    after = (b"Retry-After: 7",)
    assert meant({"code": 1}, headers=after).error().retry_after == 7.0
    assert meant(b"", 429, headers=after).error().retry_after == 7.0
    assert meant(b"", 503, headers=after).meaning is AnswerMeaning.RATE_LIMITED
    assert meant({"code": 7}, headers=after).error().retry_after is None
    assert isinstance(meant({"code": 9}, headers=after).error(), ChannelMisconfigured)


def test_only_the_beginning_is_compared_as_text() -> None:
    assert meant(b"BUSY" + b" " * TEXT_BYTES + b"x").meaning is AnswerMeaning.TRANSIENT
    assert meant(b" " * TEXT_BYTES + b"BUSY").meaning is AnswerMeaning.UNCERTAIN


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (7, "7"), ("x", "x"), (0.5, "0.5"), ([1], ""), ({}, "")],
)
def test_values_are_compared_as_json_writes_them(value: Any, text: str) -> None:
    assert value_text(value) == text
