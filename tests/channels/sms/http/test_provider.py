"""One provider's request: what goes into the address, the headers and the body."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.http.addresses import MAX_URL_CHARACTERS
from channels.sms.fitting import compose
from channels.sms.gsm7 import Encoding
from channels.sms.http.provider import BodyKind, Outgoing, SmsGateway
from tests.support.sms_gateways import sms_gateway

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER = "+4915100000001"
RULES = {"rules": [{"means": "accepted", "status": "2xx"}]}


def gateway(request: Any, url: str = "https://sms.example/v1", **options: Any) -> SmsGateway:
    return sms_gateway("haupt", url, request=request, answer=RULES, **options)


def told(one: SmsGateway, text: str = "Hochwasser", language: str = "de") -> Outgoing:
    sms = compose(text, 6, language)
    return one.outgoing(sms, NUMBER, "01ALERT-7", 90, NOW, one.headers())


def test_a_nested_body_has_the_providers_shape() -> None:
    one = gateway(
        {
            "json": {
                "messages": [{"destinations": [{"to": "{to}"}], "from": "{sender}", "text": "{text}"}],
                "meta": {"ref": "{client_ref}", "ttl": "{validity}", "hook": "{report_url}"},
            },
            "headers": {"Authorization": "App {secret.key}"},
        },
        secrets={"key": "geheim"},
        plus=False,
    )
    made = told(one, 'Öl & "Gas"\n{to}')
    assert json.loads(made.body) == {
        "messages": [{"destinations": [{"to": NUMBER[1:]}], "from": "WARNUNG", "text": 'Öl & "Gas"\n{to}'}],
        "meta": {"ref": "01ALERT-7", "ttl": 90},
    }
    assert (made.url, made.get) == ("https://sms.example/v1", False)
    assert "Authorization: App geheim" in made.headers
    assert "geheim" not in repr(one)


def test_a_get_has_all_in_its_query() -> None:
    one = gateway(
        {
            "method": "GET",
            "query": {"to": "{to}", "text": "{text}", "coding": "{encoding}", "pw": "{secret.pw}"},
        },
        url="https://sms.example/send?v=2",
        secrets={"pw": "a&b=c"},
        encodings={"gsm7": "", "ucs2": "2"},
    )
    made = told(one, "Öl & Wasser = 100 % + mehr#")
    query = parse_qs(urlsplit(made.url).query)
    assert query == {"v": ["2"], "to": [NUMBER], "text": ["Öl & Wasser = 100 % + mehr#"], "pw": ["a&b=c"]}
    assert (made.get, made.body) == (True, b"")
    assert not [line for line in made.headers if line.startswith("Content-Type")]
    assert parse_qs(urlsplit(told(one, "Повінь", "uk").url).query)["coding"] == ["2"]


def test_a_query_stands_beside_a_body_too() -> None:
    made = told(gateway({"query": {"to": "{to}"}, "text": "{text}"}))
    assert (made.url, made.body) == ("https://sms.example/v1?to=%2B4915100000001", b"Hochwasser")


def test_an_address_may_hold_what_is_the_account_s() -> None:
    one = gateway(
        {"form": {"To": "{to}", "Body": "{text}"}, "headers": {"Authorization": "Basic {basic.sid.token}"}},
        url="https://sms.example/Accounts/{secret.sid}/Messages",
        secrets={"sid": "AC1", "token": "geheim"},
    )
    made = told(one)
    assert made.url == "https://sms.example/Accounts/AC1/Messages"
    assert "Authorization: Basic QUMxOmdlaGVpbQ==" in made.headers
    assert "Content-Type: application/x-www-form-urlencoded" in made.headers


def test_a_header_of_the_provider_takes_the_place_of_ours() -> None:
    request = {
        "json": {"to": "{to}", "text": "{text}"},
        "headers": {"content-type": "application/vnd.x+json"},
    }
    one = gateway(request, headers={"Accept": "text/plain"})
    assert told(one).headers == ["Accept: text/plain", "content-type: application/vnd.x+json"]


def test_an_address_has_an_end() -> None:
    one = gateway({"method": "GET", "query": {"to": "{to}", "text": "{text}"}})
    assert one.request.kind is BodyKind.NONE
    assert one.fits(compose("ä" * 160, 1), NOW)
    assert not one.fits(compose("ä" * 900, 6), NOW)
    assert gateway({"json": {"to": "{to}", "text": "{text}"}}).fits(compose("ä" * 900, 6), NOW)
    assert len(told(one, "ä" * 160).url) < MAX_URL_CHARACTERS


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦🌊🚒" * 3, "☔", "🌊 " * 90], ids=["families", "one", "many"])
def test_a_text_of_emoji_is_a_text(text: str) -> None:
    sms = compose(text, 6)
    assert sms.encoding is Encoding.UCS2
    request = {"json": {"to": "{to}", "text": "{text}", "enc": "{encoding}"}}
    assert json.loads(told(gateway(request), text).body) == {"to": NUMBER, "text": sms.text, "enc": "ucs2"}
    query = {"method": "GET", "query": {"to": "{to}", "text": "{text}"}}
    assert parse_qs(urlsplit(told(gateway(query), text).url).query)["text"] == [sms.text]
