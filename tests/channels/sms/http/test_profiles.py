"""The profiles that come with the program: each row of their tables, and what each provider is told."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest

from channels.http.messages import Answer
from channels.sms.delivery_reports import ReportState, read_reports
from channels.sms.fitting import compose
from channels.sms.http.answers import AnswerRule, judge_answer
from channels.sms.http.patterns import Pattern
from channels.sms.http.profiles import UnknownProfile, laid_over, names, profile
from channels.sms.http.provider import SmsGateway
from channels.sms.http.settings import SmsAnswerSettings
from channels.sms.meanings import AnswerMeaning
from channels.sms.settings import SmsGatewaySettings

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
NUMBER = "+4915100000001"
REPORTS = {"secret": "s" * 16, "url": "https://warn.example/?client_ref={client_ref}"}


def settings(name: str, **own: Any) -> SmsGatewaySettings:
    secrets = {secret: f"geheim-{secret}" for secret in profile(name).secrets}
    url = {} if "url" in profile(name).gateway else {"url": "https://sms.example/send"}
    return SmsGatewaySettings.model_validate({"name": "a", "profile": name, "secrets": secrets, **url, **own})


def gateway(name: str, **own: Any) -> SmsGateway:
    return settings(name, **own).gateway()


# The tables


def example(rule: AnswerRule) -> Answer:
    """An answer that this rule is about."""
    status = min(rule.statuses & set(range(200, 600)))
    if rule.texts:
        return Answer(status, (), rule.texts[0].text.replace("*", " x ").encode())
    if not rule.path:
        return Answer(status)
    value: Any = rule.values[0].text.replace("*", "1") if rule.values else "x"
    for step in reversed(rule.path.split(".")):
        value = [value] if step.isdecimal() else {step: value}
    return Answer(status, (), json.dumps(value).encode())


ROWS = [(name, place) for name in names() for place in range(len(profile(name).gateway["answer"]["rules"]))]


@pytest.mark.parametrize(("name", "place"), ROWS)
def test_every_row_decides_what_it_is_about(name: str, place: int) -> None:
    table = gateway(name).answers
    rule = table.rules[place]
    decision = judge_answer(table, example(rule), "", lambda: NOW)
    assert (decision.rule, decision.meaning) == (rule.name, rule.means)


@pytest.mark.parametrize(("name", "place"), ROWS)
def test_every_row_says_where_it_could_be_read(name: str, place: int) -> None:
    """Or is unverified, which few are."""
    rule = profile(name).gateway["answer"]["rules"][place]
    assert rule["about"]
    assert rule.get("source", "") in {"", *profile(name).sources}
    for source in profile(name).sources.values():
        assert date.fromisoformat(source.read) <= date(2026, 11, 28)


@pytest.mark.parametrize("name", names())
def test_every_profile_says_where_its_provider_was_read(name: str) -> None:
    """And some row of it was: a table of nothing but guesses is none."""
    assert profile(name).sources
    assert all(source.what for source in profile(name).sources.values())
    assert any(rule.get("source") for rule in profile(name).gateway["answer"]["rules"])


# The order of the tables


def forestalled(rules: Sequence[AnswerRule]) -> list[tuple[str, str]]:
    """Return pairs of rules of which the first takes answers that are the second's: a general rule before one that
    knows the error, or an acceptance before one that denies it.
    """
    return [
        (one.label, other.label)
        for place, one in enumerate(rules)
        for other in rules[place + 1 :]
        if one.means is not other.means
        and other.means is not AnswerMeaning.ACCEPTED
        and (one.means is AnswerMeaning.ACCEPTED or (is_general(one) and not is_general(other)))
        and may_fit_one_answer(one, other)
    ]


def is_general(rule: AnswerRule) -> bool:
    """Whether it names no error: it goes by the status, by what is there at all, or by a truth value."""
    return not rule.texts and {value.text for value in rule.values} <= {"true", "false"}


def may_fit_one_answer(one: AnswerRule, other: AnswerRule) -> bool:
    """Whether some answer could be both rules'. Two places of a document may say anything beside each other."""
    apart = one.path == other.path and disjoint(one.values, other.values)
    return bool(one.statuses & other.statuses) and not (apart or disjoint(one.texts, other.texts))


def disjoint(some: Sequence[Pattern], others: Sequence[Pattern]) -> bool:
    """Whether nothing is matched by both; that two patterns with stars are is taken for possible if they begin alike."""
    return bool(some and others) and not any(
        one.covers(other) or other.covers(one) or one.text[:1] == other.text[:1] == "*"
        for one in some
        for other in others
    )


@pytest.mark.parametrize("name", names())
def test_no_general_row_stands_before_one_that_knows_the_error(name: str) -> None:
    assert forestalled(gateway(name).answers.rules) == []


WRONG_KEY = {"path": "success", "is": 900, "means": "misconfigured"}
NOT_TAKEN = {"path": "messages.0.success", "is": False, "means": "transient"}
TAKEN = {"path": "success", "is": 100, "means": "accepted"}


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([WRONG_KEY, NOT_TAKEN, TAKEN], []),
        ([NOT_TAKEN, WRONG_KEY, TAKEN], [(0, 1)]),
        ([WRONG_KEY, TAKEN, NOT_TAKEN], [(1, 2)]),
        ([TAKEN, WRONG_KEY], []),  # one place says one thing
        ([{"path": "messages.0.success", "means": "transient"}, WRONG_KEY, TAKEN], [(0, 1)]),
        ([{"status": "200", "means": "uncertain"}, WRONG_KEY, {**TAKEN, "status": "201"}], [(0, 1)]),
        ([{"status": "4xx", "means": "rejected"}, {**WRONG_KEY, "status": "200"}, TAKEN], []),
        ([{"path": "id", "means": "accepted"}, {"text": "*no credit*", "means": "misconfigured"}], [(0, 1)]),
    ],
)
def test_a_row_that_forestalls_another_is_found(rows: list[Any], wrong: list[tuple[int, int]]) -> None:
    table = SmsAnswerSettings.model_validate({"rules": rows}).table()
    pairs = [(f"answer.rules.{one}", f"answer.rules.{other}") for one, other in wrong]
    assert forestalled(table.rules) == pairs


CODES: dict[str, list[tuple[int, Any, str, str]]] = {
    "kannel": [
        (202, b"0: Accepted for delivery", "accepted", ""),
        (202, b"3: Queued for later delivery", "accepted", ""),
        (202, b"5: something new", "uncertain", "answer_unknown"),
        (403, b"Authorization failed for sendsms", "misconfigured", "403"),
        (400, b"Priority field misformed, rejected", "misconfigured", "request"),
        (400, b"Invalid content-type", "misconfigured", "request"),
        (503, b"Temporal failure, try again later.", "transient", "503"),
        (400, b"To many", "rejected", "400"),
    ],
    "seven": [
        (200, {"success": "100", "messages": [{"id": "77", "success": True}]}, "accepted", ""),
        (200, {"success": "100", "messages": [{"id": "77", "success": False}]}, "transient", "100"),
        (200, {"success": "900", "messages": [{"success": False}]}, "misconfigured", "900"),
        (200, {"success": "500", "messages": [{"success": False}]}, "misconfigured", "500"),
        (200, {"success": "202", "messages": [{"success": False}]}, "rejected", "202"),
        (200, {"success": "402", "messages": [{"success": False}]}, "rejected", "402"),
        (200, {"success": "999", "messages": [{"success": False}]}, "transient", "999"),
        (200, {"success": "202"}, "rejected", "202"),
        (200, {"success": 402}, "rejected", "402"),
        (200, {"success": "500"}, "misconfigured", "500"),
        (200, {"success": "600"}, "transient", "600"),
        (200, {"success": "700"}, "uncertain", "700"),
        (200, {"success": "900"}, "misconfigured", "900"),
        (200, {"success": "999"}, "uncertain", "answer_unknown"),
        (200, b"900", "misconfigured", "900"),
        (401, b"900", "misconfigured", "900"),
    ],
    "link": [
        (200, {"statusCode": 2000, "transferId": "0059d7ed"}, "accepted", ""),
        (200, {"statusCode": 2001}, "accepted", ""),
        (200, {"statusCode": 2002}, "misconfigured", "2002"),
        (200, {"statusCode": 4001}, "misconfigured", "4001"),
        (200, {"statusCode": 4002}, "rejected", "4002"),
        (200, {"statusCode": 4013}, "misconfigured", "4013"),
        (200, {"statusCode": 4012}, "rate_limited", "4012"),
        (200, {"statusCode": 4025}, "rate_limited", "4025"),
        (200, {"statusCode": 5003}, "transient", "5003"),
        (200, {"statusCode": 4999}, "uncertain", "answer_unknown"),
        (400, {"statusCode": 2000}, "rejected", "400"),
    ],
    "twilio": [
        (201, {"sid": "SM1", "status": "queued", "error_code": None}, "accepted", ""),
        (400, {"code": 21211, "status": 400}, "rejected", "21211"),
        (400, {"code": 21610}, "rejected", "21610"),
        (400, {"code": 21606}, "misconfigured", "21606"),
        (400, {"code": 90007}, "misconfigured", "90007"),
        (401, {"code": 20003}, "misconfigured", "20003"),
        (403, {"code": 20403}, "misconfigured", "20403"),
        (429, {"code": 20429}, "rate_limited", "20429"),
        (400, {"code": 29999}, "rejected", "400"),
        (200, {}, "uncertain", "answer_unknown"),
        (200, {"sid": "SM1", "code": 21610}, "rejected", "21610"),
    ],
    "vonage": [
        (200, {"messages": [{"status": "0", "message-id": "0A"}]}, "accepted", ""),
        (200, {"messages": [{"status": "1"}]}, "rate_limited", "1"),
        (200, {"messages": [{"status": "4"}]}, "misconfigured", "4"),
        (200, {"messages": [{"status": "5"}]}, "transient", "5"),
        (200, {"messages": [{"status": "7"}]}, "rejected", "7"),
        (200, {"messages": [{"status": "9"}]}, "misconfigured", "9"),
        (200, {"messages": [{"status": "29"}]}, "misconfigured", "29"),
        (200, {"messages": [{"status": "33"}]}, "rejected", "33"),
        (200, {"messages": []}, "uncertain", "answer_unknown"),
    ],
    "gatewayapi": [
        (200, {"ids": [421332671], "usage": {}}, "accepted", ""),
        (403, {"code": "0x0213", "variables": ["1.2.3.4"]}, "misconfigured", "0x0213"),
        (403, {"code": "0x0216"}, "misconfigured", "0x0216"),
        (400, {"code": "0x0215", "variables": [NUMBER]}, "rejected", "0x0215"),
        (400, {"code": "0x021f"}, "rejected", "0x021f"),
        (500, {"code": "0x0309"}, "transient", "0x0309"),
        (422, {}, "rejected", "422"),
        (200, {"ids": [1], "code": "0x0216"}, "misconfigured", "0x0216"),
        (200, {"ids": []}, "uncertain", "answer_unknown"),
    ],
    "generic": [
        (202, {"id": "s-1"}, "accepted", ""),
        (204, b"", "accepted", ""),
        (400, b"", "rejected", "400"),
        (410, b"", "misconfigured", "410"),
        (429, b"", "rate_limited", "429"),
    ],
}


@pytest.mark.parametrize(
    ("name", "status", "body", "meaning", "code"),
    [(name, *row) for name, rows in CODES.items() for row in rows],
)
def test_the_table_a_second_time(name: str, status: int, body: Any, meaning: str, code: str) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    decision = judge_answer(gateway(name).answers, Answer(status, (), content), "", lambda: NOW)
    assert (decision.meaning, decision.code) == (meaning, code)


def test_every_profile_is_written_down_twice() -> None:
    assert set(CODES) == set(names())


@pytest.mark.parametrize("name", names())
def test_an_answer_that_nobody_can_read_is_never_accepted(name: str) -> None:
    if name == "generic":
        return  # there the status says all, and its name says so
    for body in (b"", b"OK", b"{}", b"<html>", b"\xff", b"[" * 60_000, b'{"success": "OK"}'):
        assert (
            judge_answer(gateway(name).answers, Answer(200, (), body), "", lambda: NOW).meaning == "uncertain"
        )


# The requests


def told(
    name: str, text: str = "Hochwasser", language: str = "de", **own: Any
) -> tuple[str, dict[str, str], Any]:
    """Address, own headers and body of a message that is good for two days."""
    one = gateway(name, **own)
    made = one.outgoing(compose(text, 6, language), NUMBER, "01ALERT-7", 172_800, NOW, one.headers())
    headers = dict(line.split(": ", 1) for line in made.headers)
    headers.pop("Accept")
    kind = headers.pop("Content-Type")
    if kind == "application/json":
        return made.url, headers, json.loads(made.body)
    return made.url, headers, made.body.decode() if "plain" in kind else dict(parse_qsl(made.body.decode()))


def test_kannel_is_told_in_headers() -> None:
    _, headers, body = told("kannel", "Повінь", "uk", reports=REPORTS)
    assert body == "Повінь"
    assert headers == {
        "X-Kannel-Username": "geheim-user",
        "X-Kannel-Password": "geheim-password",
        "X-Kannel-To": NUMBER,
        "X-Kannel-From": "WARNUNG",
        "X-Kannel-Coding": "2",
        "X-Kannel-Validity": "2880",
        "X-Kannel-DLR-Mask": "31",
        "X-Kannel-DLR-Url": "https://warn.example/?client_ref=01ALERT-7",
    }


@pytest.mark.parametrize("reports", [None, {"secret": "s" * 16}])
def test_kannel_is_asked_for_no_reports_that_it_knows_no_address_for(reports: Any) -> None:
    headers = told("kannel", reports=reports)[1]
    assert not [name for name in headers if "DLR" in name]
    own = {"headers": {"X-Kannel-DLR-Mask": "3"}}
    assert told("kannel", reports=reports, request=own)[1]["X-Kannel-DLR-Mask"] == "3"
    assert "X-Kannel-DLR-Mask" not in told("kannel", request={"headers": {"X-Kannel-DLR-Mask": None}})[1]


def test_seven() -> None:
    url, headers, body = told("seven")
    assert (url, headers) == ("https://gateway.seven.io/api/sms", {"X-Api-Key": "geheim-key"})
    assert body == {
        "to": NUMBER,
        "from": "WARNUNG",
        "text": "Hochwasser",
        "ttl": 2880,
        "foreign_id": "01ALERT-7",
    }


def test_link_has_its_recipients_in_a_list() -> None:
    url, headers, body = told("link", sender="112")
    assert url == "https://api.linkmobility.eu/rest/smsmessaging/text"
    assert headers == {"Authorization": "Bearer geheim-token"}
    assert body == {
        "recipientAddressList": [NUMBER[1:]],
        "messageContent": "Hochwasser",
        "senderAddress": "112",
        "senderAddressType": "alphanumeric",
        "clientMessageId": "01ALERT-7",
        "validityPeriode": 172_800,
        "contentCategory": "informational",
    }


def test_twilio_has_ten_hours_at_most() -> None:
    url, headers, body = told("twilio", reports=REPORTS)
    assert url == "https://api.twilio.com/2010-04-01/Accounts/geheim-account/Messages.json"
    assert headers["Authorization"].startswith("Basic ")
    assert body == {
        "To": NUMBER,
        "From": "WARNUNG",
        "Body": "Hochwasser",
        "ValidityPeriod": "36000",
        "StatusCallback": "https://warn.example/?client_ref=01ALERT-7",
    }


def test_vonage_is_told_the_alphabet_and_milliseconds() -> None:
    _, _, body = told("vonage", "Повінь", "uk")
    assert body == {
        "to": NUMBER[1:],
        "from": "WARNUNG",
        "text": "Повінь",
        "type": "unicode",
        "ttl": "172800000",
        "client-ref": "01ALERT-7",
    }
    assert told("vonage")[2]["type"] == "text"


def test_gatewayapi_has_its_recipients_in_a_list_of_objects() -> None:
    _, _, body = told("gatewayapi", reports=REPORTS)
    assert body == {
        "sender": "WARNUNG",
        "message": "Hochwasser",
        "encoding": "UTF8",
        "recipients": [{"msisdn": NUMBER[1:]}],
        "userref": "01ALERT-7",
        "validity_period": 172_800,
        "callback_url": "https://warn.example/?client_ref=01ALERT-7",
    }


def test_generic_is_what_the_short_form_is() -> None:
    assert told("generic")[2] == {
        "to": NUMBER,
        "text": "Hochwasser",
        "sender": "WARNUNG",
        "client_ref": "01ALERT-7",
        "validity_s": 172_800,
    }


# Reports


@pytest.mark.parametrize(
    ("name", "report", "state"),
    [
        ("kannel", b"client_ref=01ALERT-7&status=16", ReportState.FAILED),
        ("twilio", b"client_ref=01ALERT-7&MessageStatus=undelivered&ErrorCode=30003", ReportState.FAILED),
        (
            "vonage",
            {"client-ref": "01ALERT-7", "status": "delivered", "err-code": "0"},
            ReportState.DELIVERED,
        ),
        ("gatewayapi", {"userref": "01ALERT-7", "status": "UNDELIVERABLE"}, ReportState.FAILED),
        (
            "link",
            {"clientMessageId": "01ALERT-7", "deliveryReportMessageStatus": "delivered"},
            ReportState.DELIVERED,
        ),
    ],
)
def test_reports_are_read_as_the_provider_writes_them(name: str, report: Any, state: Any) -> None:
    reports = settings(name, reports=REPORTS).reports
    assert reports is not None
    kind = "application/json" if isinstance(report, dict) else "application/x-www-form-urlencoded"
    content = json.dumps(report).encode() if isinstance(report, dict) else report
    (read,) = read_reports(reports.report_fields(), kind, content, b"")
    assert (read.ref, read.state) == (("01ALERT", 7), state)


@pytest.mark.parametrize("name", names())
def test_without_a_secret_no_reports_are_taken(name: str) -> None:
    assert settings(name).reports is None


# Laying over


def test_an_operators_member_is_laid_over_the_profiles() -> None:
    one = gateway(
        "kannel", request={"headers": {"X-Kannel-SMSC": "nord", "X-Kannel-DLR-Mask": None}}, plus=False
    )
    named = dict(one.request.headers.members)
    assert "X-Kannel-SMSC" in named
    assert "X-Kannel-DLR-Mask" not in named
    assert "X-Kannel-To" in named
    assert one.plus is False


def test_own_rules_come_first() -> None:
    own = {"means": "transient", "path": "messages.0.status", "is": 7}
    table = gateway("vonage", answer={"rules": [own]}).answers
    first = judge_answer(table, Answer(200, (), b'{"messages": [{"status": "7"}]}'), "", lambda: NOW)
    assert (first.meaning, first.rule) == ("transient", "answer.rules.0")
    other = judge_answer(table, Answer(200, (), b'{"messages": [{"status": "9"}]}'), "", lambda: NOW)
    assert other.rule.startswith("vonage #3 (")


def test_an_own_body_takes_the_place_of_the_profiles() -> None:
    one = gateway("generic", request={"form": {"msisdn": "{to}", "msg": "{text}"}})
    assert one.request.kind == "form"
    query = {"to": "{to}", "text": "{text}"}
    assert gateway("generic", request={"method": "GET", "query": query}).request.kind == "none"


def test_a_member_of_a_nested_body_can_be_changed_alone() -> None:
    one = gateway("link", request={"json": {"senderAddressType": "international", "priority": 9}})
    body = one.outgoing(compose("x", 1), NUMBER, "r-1", 60, NOW, one.headers()).body
    assert json.loads(body)["senderAddressType"] == "international"
    assert json.loads(body)["priority"] == 9
    assert json.loads(body)["messageContent"] == "x"


def test_a_profile_is_never_changed() -> None:
    before = json.dumps(profile("kannel").gateway, default=str)
    laid_over(
        profile("kannel"), {"request": {"headers": {"X-A": "b"}}, "answer": {"rules": [{"means": "gone"}]}}
    )
    assert json.dumps(profile("kannel").gateway, default=str) == before


@pytest.mark.parametrize(
    "strange", [{"request": 5}, {"answer": []}, {"answer": {"rules": 5}}, {"reports": 7}]
)
def test_what_is_no_object_is_refused_and_not_laid_over(strange: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        settings("kannel", **strange)


def test_a_profile_that_there_is_not_has_a_nearest() -> None:
    with pytest.raises(UnknownProfile, match="the nearest is vonage"):
        profile("vonnage")
