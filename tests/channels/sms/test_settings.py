"""What an operator writes of a gateway becomes the provider that the channel uses."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from channels.sms.http.provider import BodyKind
from channels.sms.http.validity import ValidityUnit
from channels.sms.settings import SmsGatewaySettings, SmsReportSettings, SmsSettings

SECRET = "s" * 16
GATEWAY: dict[str, Any] = {"name": "a", "url": "https://sms.example/send"}


def test_a_gateway_is_what_its_settings_say() -> None:
    gateway = SmsGatewaySettings.model_validate(
        GATEWAY
        | {"authorization": "Bearer x", "body": "form", "plus": False, "max_parts": 3}
        | {
            "fields": {"to": "msisdn"},
            "reports": {"secret": SECRET, "url": "https://warn.example/{client_ref}"},
        }
    ).gateway()
    assert (gateway.name, gateway.url.fill({})) == ("a", "https://sms.example/send")
    assert "Authorization: Bearer x" in gateway.headers()
    assert (gateway.request.kind, gateway.plus, gateway.max_parts) == (BodyKind.FORM, False, 3)
    assert dict(gateway.request.body.members)["msisdn"].names == {"to"}
    assert gateway.report_url == "https://warn.example/{client_ref}"


def test_without_reports_no_address_is_sent_along() -> None:
    gateway = SmsGatewaySettings.model_validate(GATEWAY).gateway()
    assert gateway.report_url == ""
    assert not [line for line in gateway.headers() if line.startswith("Authorization")]


def test_the_words_of_reports_are_compared_in_small_letters() -> None:
    settings = SmsReportSettings.model_validate(
        {"secret": SECRET, "delivered": ["DELIVRD"], "status": "stat"}
    )
    assert settings.report_fields().delivered == {"delivrd"}
    assert settings.report_fields().status == "stat"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "A b"},
        {"max_parts": 0},
        {"max_parts": True},
        {"plus": "no"},
        {"validity": {"unit": "s", "at_least_s": True}},
        {"colour": "red"},
        {"errors": {"101": "permanent"}},
        {"fields": {"nosuch": "x"}},
        {"reports": {"secret": "short"}},
        {"reports": {"secret": f" {SECRET}"}},
        {"reports": {"secret": ""}},
        {"reports": {"secret": SECRET, "previous_secret": "p" * 16}},
        {"reports": {"secret": SECRET, "previous_until": "2027-01-31T12:00Z"}},
        {"reports": {"secret": SECRET, "previous_secret": "", "previous_until": "2027-01-31T12:00Z"}},
        {"reports": {"secret": SECRET, "previous_secret": "short", "previous_until": "2027-01-31T12:00Z"}},
        {"reports": {"secret": SECRET, "previous_secret": SECRET, "previous_until": "2027-01-31T12:00Z"}},
        {"reports": {"secret": SECRET, "previous_secret": "p" * 16, "previous_until": "2027-01-31T12:00"}},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_no_gateway_can_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SmsGatewaySettings.model_validate(GATEWAY | wrong)


def test_a_secret_is_replaced_with_an_overlap() -> None:
    reports = SmsReportSettings.model_validate(
        {"secret": SECRET, "previous_secret": "p" * 16, "previous_until": "2027-01-31T12:00+01:00"}
    )
    assert reports.previous_until == datetime(2027, 1, 31, 11, tzinfo=UTC)
    assert "p" * 16 not in repr(reports)
    assert reports.report_fields() == SmsReportSettings.model_validate({"secret": SECRET}).report_fields()


def test_two_gateways_need_two_names() -> None:
    with pytest.raises(ValidationError, match="2 gateways are called a"):
        SmsSettings.model_validate({"sms_gateways": [GATEWAY, GATEWAY]})


IN_HEADERS: dict[str, Any] = {
    "name": "kannel",
    "url": "https://sms.example/sendsms",
    "body": "text",
    "headers": {"X-Password": "geheim"},
    "encodings": {"gsm7": "0", "ucs2": "2"},
    "validity_unit": "min",
}


def test_a_gateway_can_be_told_in_headers() -> None:
    settings = SmsGatewaySettings(**IN_HEADERS)
    gateway = settings.gateway()
    assert (gateway.request.kind, gateway.validity.unit) == (BodyKind.TEXT, ValidityUnit.MINUTES)
    assert (gateway.added, gateway.encodings) == (
        (("X-Password", "geheim"),),
        (("gsm7", "0"), ("ucs2", "2")),
    )
    assert "geheim" not in repr(settings)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": "Köln"},
        {"headers": {"X-A": "a\r\nX-B: b"}},
        {"headers": {"X A": "a"}},
        {"encodings": {"latin1": "1"}},
        {"validity_unit": "h"},
        {"reports": {"secret": "x" * 16, "url": "https://api.example/ä"}},
    ],
)
def test_what_no_header_can_hold_stops_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        SmsGatewaySettings(**{**IN_HEADERS, **wrong})
