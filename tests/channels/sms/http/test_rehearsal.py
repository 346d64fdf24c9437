"""A request is made once at the start, so that no warning is the first to show that it cannot be."""

from base64 import b64decode

import pytest

from channels.sms.http.provider import PLACEHOLDERS
from channels.sms.http.rehearsal import placeholders, rehearse
from tests.support.sms_gateways import sms_gateway

RULES = {"rules": [{"means": "accepted", "status": "2xx"}]}


def test_secrets_stand_alone_or_as_basic_authentication() -> None:
    found = placeholders({"user": "warn", "password": "geheim"})
    assert (found["secret.user"], found["secret.password"]) == ("warn", "geheim")
    assert b64decode(found["basic.user.password"]) == b"warn:geheim"
    assert b64decode(found["basic.user"]) == b"warn:"
    assert placeholders({}) == {}


def test_all_that_a_request_may_name_can_be_put_in() -> None:
    body = {name: f"{{{name}}}" for name in (*PLACEHOLDERS, "sender", "secret.key", "basic.key")}
    rehearse(
        sms_gateway("a", "https://a.example", request={"json": body}, secrets={"key": "x"}, answer=RULES),
        {"key"},
    )


def test_a_secret_that_nothing_uses_is_a_slip_of_the_pen() -> None:
    gateway = sms_gateway("a", "https://a.example")
    with pytest.raises(ValueError, match=r"secrets\.key: nothing uses it$"):
        rehearse(gateway, {"key"})
