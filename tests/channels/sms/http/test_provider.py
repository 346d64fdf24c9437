"""One provider's interface: what it is told, and how its answers are read."""

import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest

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
from channels.sms.http.provider import (
    AnswerFields,
    BodyKind,
    Failure,
    RequestFields,
    SmsGateway,
    ValidityUnit,
    parse_failure,
)

NUMBER = "+4915100000001"


def gateway(origin: str = "https://sms.example", **options: Any) -> SmsGateway:
    return SmsGateway("haupt", origin + "/messages", "WARNUNG", **options)


@pytest.mark.parametrize("body", [BodyKind.JSON, BodyKind.FORM])
def test_a_gateway_may_be_told_with_each_message_where_to_report(body: BodyKind) -> None:
    told = gateway(
        body=body,
        fields=RequestFields(report_url="dlr-url", client_ref=""),
        report_url="https://warn.example/?token=geheim&ref={client_ref}&status=%d",
    )
    _, content = told.encode(compose("Hochwasser", 6), NUMBER, "01ALERT-7", 60)
    document = json.loads(content) if body is BodyKind.JSON else dict(parse_qsl(content.decode()))
    assert document["dlr-url"] == "https://warn.example/?token=geheim&ref=01ALERT-7&status=%d"
    assert "geheim" not in repr(told)
    assert "dlr-url" not in json.loads(gateway().encode(compose("Hochwasser", 6), NUMBER, "01ALERT-7", 60)[1])


def test_fields_have_the_providers_names() -> None:
    fields = RequestFields(
        to="msisdn", text="body", sender="", client_ref="ref", validity_s="ttl", encoding="enc"
    )
    _, body = gateway(fields=fields, plus=False).encode(compose("я", 1), NUMBER, "ref-1", 60)
    assert json.loads(body) == {"msisdn": NUMBER[1:], "body": "я", "ref": "ref-1", "ttl": 60, "enc": "ucs2"}


def test_fields_can_be_sent_as_a_form() -> None:
    form = gateway(body=BodyKind.FORM)
    assert form.headers()[0] == "Content-Type: application/x-www-form-urlencoded"
    fields = parse_qs(form.encode(compose("Öl & Wasser", 1), NUMBER, "ref-1", 60)[1].decode())
    assert (fields["to"], fields["text"], fields["validity_s"]) == ([NUMBER], ["Öl & Wasser"], ["60"])


IN_HEADERS = RequestFields(
    to="X-To", sender="X-From", client_ref="", validity_s="X-Minutes", encoding="X-Coding"
)


@pytest.mark.parametrize(
    ("text", "seconds", "coding", "minutes"),
    [("Öl & Wasser", 3_659, "0", 60), ("я", 60, "2", 1), ("я", 59, "2", 1)],
)
def test_the_text_can_be_the_body_and_all_else_headers(
    text: str, seconds: int, coding: str, minutes: int
) -> None:
    """A validity is rounded down, so that nothing arrives late, but never to nothing."""
    told = gateway(
        body=BodyKind.TEXT,
        fields=IN_HEADERS,
        added=(("X-Password", "geheim"),),
        encodings=(("gsm7", "0"), ("ucs2", "2")),
        validity_unit=ValidityUnit.MINUTES,
    )
    lines, body = told.encode(compose(text, 1), NUMBER, "ref-1", seconds)
    assert body.decode() == text
    assert lines == [f"X-To: {NUMBER}", "X-From: WARNUNG", f"X-Minutes: {minutes}", f"X-Coding: {coding}"]
    assert "X-Password: geheim" in told.headers()
    assert "geheim" not in repr(told)


READING = gateway(
    answer=AnswerFields(reference="messages.0.id", success="success", error="error.code"),
    errors=(("101", Permanent), ("CREDIT", ChannelMisconfigured), ("BUSY", RateLimited)),
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
    assert READING.reference(Answer(200, (), json.dumps(document).encode())) == reference


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
def test_errors_inside_an_accepting_answer(document: object, meaning: Failure, code: str) -> None:
    with pytest.raises(meaning) as caught:
        READING.reference(Answer(200, (), json.dumps(document).encode()))
    assert isinstance(caught.value, DeliveryError | ChannelMisconfigured)
    assert (type(caught.value), caught.value.code) == (meaning, code)


def test_what_is_no_json_is_unreadable_only_where_it_must_be_read() -> None:
    with pytest.raises(Uncertain):
        READING.reference(Answer(200, (), b"\xff<html>"))
    assert gateway().reference(Answer(200, (), b"\xff<html>")) == ""


def test_what_is_nested_too_deep_is_unreadable_too() -> None:
    with pytest.raises(Uncertain, match="answer_unreadable"):
        READING.reference(Answer(200, (), b"[" * 200_000))
    assert gateway().reference(Answer(200, (), b"[" * 200_000)) == ""


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("permanent", Permanent),
        ("transient", Transient),
        ("rate_limited", RateLimited),
        ("misconfigured", ChannelMisconfigured),
    ],
)
def test_operators_words_for_errors(word: str, meaning: Failure) -> None:
    assert parse_failure(word) is meaning


@pytest.mark.parametrize("word", ["gone", "", "Permanent", 5, None, ["permanent"]])
def test_other_words(word: object) -> None:
    with pytest.raises(ValueError, match="one of permanent, transient, rate_limited, misconfigured"):
        parse_failure(word)


def test_the_authorization_is_not_shown() -> None:
    assert "geheim" not in repr(gateway(authorization="Bearer geheim"))


@pytest.mark.parametrize("body", BodyKind)
def test_headers_are_equal_for_all_messages(body: BodyKind) -> None:
    kind = {
        BodyKind.JSON: "application/json",
        BodyKind.FORM: "application/x-www-form-urlencoded",
        BodyKind.TEXT: "text/plain; charset=UTF-8",
    }[body]
    lines = [f"Content-Type: {kind}", "Accept: application/json"]
    assert gateway(body=body).headers() == lines
    assert gateway(body=body, authorization="Bearer x").headers() == [*lines, "Authorization: Bearer x"]


@pytest.mark.parametrize(("value", "accepted"), [(True, True), ("OK", True), ("no", False), (0, False)])
def test_words_of_success_are_the_operators(value: object, accepted: bool) -> None:
    provider = gateway(answer=AnswerFields(reference="id", success="state"))
    answer = Answer(200, (), json.dumps({"id": "r-1", "state": value}).encode())
    if accepted:
        assert provider.reference(answer) == "r-1"
    else:
        with pytest.raises(Transient):
            provider.reference(answer)
    other = gateway(
        answer=AnswerFields(reference="id", success="state", success_values=frozenset({"no", "0"}))
    )
    if not accepted:
        assert other.reference(answer) == "r-1"
