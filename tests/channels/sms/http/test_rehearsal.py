"""A request is made once at the start, so that no warning is the first to show that it cannot be."""

from base64 import b64decode

import pytest

from channels.http.addresses import Exemptions, Purpose
from channels.sms.http.provider import PLACEHOLDERS
from channels.sms.http.rehearsal import placeholders, rehearse, require_allowed
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


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://sms.example/a", "url: is http; use https, or allow the origin: "),
        ("http://sms.example/a", "WARN_ALLOWED_ORIGINS=gateway=http://sms.example$"),
        ("https://sms.example:8443/a", "a port other than 443; .*gateway=https://sms.example:8443$"),
        ("https://sms.example:99999/a", "url: 99999 is no port: 1 to 65535"),
        ("https://sms.example:0", "url: 0 is no port"),
        ("https://10.0.0.7/a", "lies in a private net.*gateway=https://10.0.0.7$"),
        ("https://[::1]/a", "lies in a private net"),
        ("https://kannel/a", "no full host name; .*gateway=https://kannel$"),
        ("https://2130706433/a", "lies in a private net"),
        ("https://feeds.example/a", "for something else; add gateway=https://feeds.example$"),
        ("ftp://sms.example/a", "begins with 'ftp'; only https"),
        ("sms.example/a", "has no scheme; write https://"),
        ("", "has no scheme"),
        ("https://sms.example/a b", "has a blank in it"),
        (" https://sms.example/a", "begins with ' https'; only https"),
        ("https://user:geheim@sms.example/a", "has a user before the host"),
        ("https://düren.example/a", "is no URL of plain ASCII"),
        ("https://sms.example/a#b", "without #"),
        ("https://sms.example/" + "a" * 2048, "more than 2,048 characters"),
    ],
)
def test_an_address_that_is_not_allowed_is_named_with_what_to_do(url: str, said: str) -> None:
    policy = Exemptions.parse(["feed=https://feeds.example"]).policy(Purpose.GATEWAY)
    with pytest.raises(ValueError, match=said) as caught:
        require_allowed(sms_gateway("a", url), url, policy)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://sms.example/a", "https://8.8.8.8/", "http://10.0.0.7:13013/a"])
def test_an_address_that_is_allowed_passes(url: str) -> None:
    policy = Exemptions.parse(["gateway=http://10.0.0.7:13013"]).policy(Purpose.GATEWAY)
    require_allowed(sms_gateway("a", url), url, policy)


def test_of_an_address_with_a_secret_nothing_secret_is_said() -> None:
    request = {"json": {"to": "{to}", "text": "{text}"}}
    url = "http://sms.example/{secret.key}"
    gateway = sms_gateway("a", url, request=request, answer=RULES, secrets={"key": "geheim"})
    with pytest.raises(ValueError, match="is http") as caught:
        require_allowed(gateway, url, Exemptions.parse([]).policy(Purpose.GATEWAY))
    assert "geheim" not in str(caught.value)
