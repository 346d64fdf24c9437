"""The short form of a gateway's settings: what such a gateway is told, and how its answers are read."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
from pydantic import ValidationError

from channels.base import (
    ChannelMisconfigured,
    DeliveryError,
    Permanent,
    RateLimited,
    Transient,
    Uncertain,
)
from channels.http.messages import Answer
from channels.sms.fitting import compose
from channels.sms.http.answers import judge_answer
from channels.sms.http.flat import flat_answers, flat_request, require_fields
from channels.sms.http.provider import BodyKind, Outgoing, SmsGateway
from channels.sms.meanings import AnswerMeaning
from tests.support.sms_gateways import sms_gateway

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER = "+4915100000001"


def gateway(**options: Any) -> SmsGateway:
    return sms_gateway("haupt", "https://sms.example/messages", **options)


def told(one: SmsGateway, text: str, reference: str = "ref-1", seconds: int = 60) -> Outgoing:
    return one.outgoing(compose(text, 6), NUMBER, reference, seconds, NOW, one.headers())


def reference_of(one: SmsGateway, body: bytes) -> str:
    decision = judge_answer(one.answers, Answer(200, (), body), "", lambda: NOW)
    if error := decision.error():
        raise error
    return decision.reference


@pytest.mark.parametrize("body", ["json", "form"])
def test_a_gateway_may_be_told_with_each_message_where_to_report(body: str) -> None:
    one = gateway(
        body=body,
        fields={"report_url": "dlr-url", "client_ref": ""},
        reports={
            "secret": "s" * 16,
            "url": "https://warn.example/?token=geheim&ref={client_ref}&status=%d",
        },
    )
    content = told(one, "Hochwasser", "01ALERT-7").body
    document = json.loads(content) if body == "json" else dict(parse_qsl(content.decode()))
    assert document["dlr-url"] == "https://warn.example/?token=geheim&ref=01ALERT-7&status=%d"
    assert "geheim" not in repr(one)
    assert "dlr-url" not in json.loads(told(gateway(), "Hochwasser").body)


def test_fields_have_the_providers_names() -> None:
    fields = {
        "to": "msisdn",
        "text": "body",
        "sender": "",
        "client_ref": "ref",
        "validity_s": "ttl",
        "encoding": "enc",
    }
    body = told(gateway(fields=fields, plus=False), "я").body
    assert json.loads(body) == {"msisdn": NUMBER[1:], "body": "я", "ref": "ref-1", "ttl": 60, "enc": "ucs2"}


def test_fields_can_be_sent_as_a_form() -> None:
    form = gateway(body="form")
    assert "Content-Type: application/x-www-form-urlencoded" in form.headers()
    fields = parse_qs(told(form, "Öl & Wasser").body.decode())
    assert (fields["to"], fields["text"], fields["validity_s"]) == ([NUMBER], ["Öl & Wasser"], ["60"])


IN_HEADERS = {
    "to": "X-To",
    "sender": "X-From",
    "client_ref": "",
    "validity_s": "X-Minutes",
    "encoding": "X-Coding",
}


@pytest.mark.parametrize(
    ("text", "seconds", "coding", "minutes"),
    [("Öl & Wasser", 3_659, "0", 60), ("я", 60, "2", 1), ("я", 59, "2", 1)],
)
def test_the_text_can_be_the_body_and_all_else_headers(
    text: str, seconds: int, coding: str, minutes: int
) -> None:
    """A validity is rounded down, so that nothing arrives late, but never to nothing."""
    one = gateway(
        body="text",
        fields=IN_HEADERS,
        headers={"X-Password": "geheim"},
        encodings={"gsm7": "0", "ucs2": "2"},
        validity_unit="min",
    )
    made = told(one, text, seconds=seconds)
    assert made.body.decode() == text
    assert made.headers == [
        *one.headers(),
        f"X-To: {NUMBER}",
        "X-From: WARNUNG",
        f"X-Minutes: {minutes}",
        f"X-Coding: {coding}",
    ]
    assert "X-Password: geheim" in one.headers()
    assert "geheim" not in repr(one)


READING = gateway(
    answer={"reference": "messages.0.id", "success": "success", "error": "error.code"},
    errors={"101": "permanent", "CREDIT": "misconfigured", "BUSY": "rate_limited"},
)


@pytest.mark.parametrize(
    ("document", "reference"),
    [
        ({"success": True, "messages": [{"id": "a-1"}]}, "a-1"),
        ({"success": "OK", "messages": [{"id": 77}]}, "77"),
        ({"success": "success", "messages": []}, ""),
        ({"success": True}, ""),
        ({"success": True, "messages": [{"id": "not an id"}]}, ""),
        ({"success": True, "messages": [{"id": {"a": 1}}]}, ""),
    ],
)
def test_references(document: object, reference: str) -> None:
    assert reference_of(READING, json.dumps(document).encode()) == reference


@pytest.mark.parametrize(
    ("document", "meaning", "code"),
    [
        ({"success": False}, Transient, "gateway_error"),
        ({"success": False, "error": {"code": 101}}, Permanent, "101"),
        ({"success": "no", "error": {"code": "CREDIT"}}, ChannelMisconfigured, "CREDIT"),
        ({"success": False, "error": {"code": "BUSY"}}, RateLimited, "BUSY"),
        ({"success": False, "error": {"code": "other"}}, Transient, "other"),
        ({"success": False, "error": {"code": NUMBER}}, Transient, "gateway_error"),
        ({"success": False, "error": {"code": 4915100000001}}, Transient, "gateway_error"),
        ({"success": False, "error": {"code": "INVALID_4915100000001"}}, Transient, "gateway_error"),
        ({"success": False, "error": "text"}, Transient, "gateway_error"),
        ({"fine": True}, Uncertain, "answer_unreadable"),
        ([], Uncertain, "answer_unreadable"),
        (None, Uncertain, "answer_unreadable"),
    ],
)
def test_errors_inside_an_accepting_answer(document: object, meaning: Any, code: str) -> None:
    with pytest.raises(meaning) as caught:
        reference_of(READING, json.dumps(document).encode())
    assert isinstance(caught.value, DeliveryError | ChannelMisconfigured)
    assert (type(caught.value), caught.value.code) == (meaning, code)


@pytest.mark.parametrize("body", [b"\xff<html>", b"[" * 200_000])
def test_what_is_no_json_is_unreadable_only_where_it_must_be_read(body: bytes) -> None:
    with pytest.raises(Uncertain, match="answer_unreadable"):
        reference_of(READING, body)
    assert reference_of(gateway(), body) == ""


@pytest.mark.parametrize("word", ["gone", "", "Permanent", 5, None, ["permanent"]])
def test_errors_have_four_words(word: object) -> None:
    with pytest.raises(ValidationError, match="one of permanent, transient, rate_limited, misconfigured"):
        gateway(answer={"success": "ok", "error": "code"}, errors={"101": word})


def test_the_authorization_is_not_shown() -> None:
    assert "geheim" not in repr(gateway(authorization="Bearer geheim"))


@pytest.mark.parametrize("body", ["json", "form", "text"])
def test_headers_are_equal_for_all_messages(body: str) -> None:
    kind = {
        "json": "application/json",
        "form": "application/x-www-form-urlencoded",
        "text": "text/plain; charset=UTF-8",
    }[body]
    lines = {f"Content-Type: {kind}", "Accept: application/json"}
    assert set(gateway(body=body).headers()) == lines
    assert set(gateway(body=body, authorization="Bearer x").headers()) == lines | {"Authorization: Bearer x"}


@pytest.mark.parametrize(("value", "accepted"), [(True, True), ("OK", True), ("no", False), (0, False)])
def test_words_of_success_are_the_operators(value: object, accepted: bool) -> None:
    answer = {"reference": "id", "success": "state"}
    body = json.dumps({"id": "r-1", "state": value}).encode()
    if accepted:
        assert reference_of(gateway(answer=answer), body) == "r-1"
    else:
        with pytest.raises(Transient):
            reference_of(gateway(answer=answer), body)
        assert reference_of(gateway(answer=answer | {"success_values": ["no", "0"]}), body) == "r-1"


def test_a_field_that_there_is_not_is_named_with_the_nearest() -> None:
    require_fields({"to": "x"})
    with pytest.raises(ValueError, match="there is no field sendr; the nearest is sender"):
        require_fields({"sendr": "x"})


def test_the_short_form_is_the_long_one() -> None:
    from channels.sms.http.flat import RequestFields

    flat = flat_request(BodyKind.JSON, RequestFields(client_ref="", validity_s=""))
    assert flat.names == {"to", "text", "sender"}
    table = flat_answers("id", "", frozenset(), "", {})
    assert [rule.means for rule in table.rules] == [AnswerMeaning.ACCEPTED]
