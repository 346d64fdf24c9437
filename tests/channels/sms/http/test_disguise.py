"""A request can be shown to a person without what may be a secret."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.sms.fitting import compose
from channels.sms.http.disguise import HIDDEN, concealed, disguised
from channels.sms.http.provider import Outgoing, SmsGateway
from tests.support.sms_gateways import sms_gateway

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER = "+4915100000001"
RULES = {"rules": [{"means": "accepted", "status": "2xx"}]}


def told(one: SmsGateway) -> Outgoing:
    return one.outgoing(compose("Hochwasser", 6), NUMBER, "01ALERT-7", 90, NOW, one.headers())


def gateway(request: Any, url: str = "https://sms.example/v1", **options: Any) -> SmsGateway:
    return sms_gateway("haupt", url, request=request, answer=RULES, **options)


def test_secrets_become_stars_wherever_they_stand() -> None:
    one = gateway(
        {
            "json": {
                "to": "{to}",
                "text": "{text}",
                "key": "{secret.key}",
                "hook": "{report_url}",
                "from": "{sender}",
                "login": [{"password": "geheim", "apiKey": 4711}],
            },
            "headers": {"Authorization": "Basic {basic.key}", "X-Auth": "geheim", "X-Kind": "sms"},
            "query": {"token": "geheim", "v": "2"},
        },
        url="https://sms.example/{secret.key}/send?sid=geheim&x=geheim",
        secrets={"key": "geheim"},
        headers={"X-Customer": "geheim"},
        reports={"secret": "s" * 16, "url": "https://warn.example/?token=geheim&ref={client_ref}"},
    )
    made = told(disguised(one))
    assert "geheim" in str(told(one))
    assert "Z2VoZWlt" in str(told(one))
    assert not {"geheim", "Z2VoZWlt", "4711"} & {
        word for word in ("geheim", "Z2VoZWlt", "4711") if word in str(made)
    }
    assert json.loads(made.body) == {
        "to": NUMBER,
        "text": "Hochwasser",
        "key": HIDDEN,
        "hook": HIDDEN,
        "from": "WARNUNG",
        "login": [{"password": HIDDEN, "apiKey": HIDDEN}],
    }
    assert made.url == f"https://sms.example/{HIDDEN}/send?sid={HIDDEN}&x={HIDDEN}&token=%2A%2A%2A&v=2"
    assert "X-Kind: sms" in made.headers


def test_what_is_the_messages_own_is_shown_whatever_it_is_called() -> None:
    one = gateway({"form": {"user_number": "{to}", "message_key": "{text}"}})
    assert b"Hochwasser" in told(disguised(one)).body


def test_a_text_and_an_address_without_secrets_stay() -> None:
    one = gateway({"text": "{text}", "headers": {"X-To": "{to}"}})
    assert told(disguised(one)) == told(one)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('{"key": "gehe/im\\"+"}', '{"key": "***"}'),
        ('{"key": "gehe\\/im\\"+"}', '{"key": "***"}'),
        ("key=gehe%2fim%22%2B&v=2", "key=***&v=2"),
        ("key=gehe/im%22%2B", "key=***"),
        ("&lt;gehe/im&quot;+&gt;", "&lt;***&gt;"),
        ("Basic " + b64encode(b'nutzer:gehe/im"+').decode(), "Basic ***"),
        ("pw and pwd", "*** and pwd"),
        ("Bearer zugang-7, zugang-7", "***, ***"),
        ("status 2, WARNUNG, 01ALERT-7", "status 2, WARNUNG, 01ALERT-7"),
        ("https://warn.example/?token=t0ken%2B&ref=01ALERT-7 t0ken+", "*** ***"),
    ],
)
def test_an_answer_that_repeats_secrets_has_stars_for_them(said: str, shown: str) -> None:
    one = gateway(
        {
            "form": {"to": "{to}", "text": "{text}", "p": "{secret.p}", "k": "{secret.key}"},
            "headers": {"X-Basic": "{basic.user.key}"},
        },
        url="https://sms.example/v1?v=2",
        secrets={"key": 'gehe/im"+', "user": "nutzer", "p": "pw"},
        authorization="Bearer zugang-7",
        reports={"secret": "s" * 16, "url": "https://warn.example/?token=t0ken%2B&ref={client_ref}"},
    )
    assert concealed(said, one, NUMBER, "01ALERT-7") == shown
