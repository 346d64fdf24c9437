"""An app's own gateway is one as of the settings, and is refused without a word of it."""

import json

import pytest

from channels.sms.own_gateway import own_gateway

URL = "https://sms.example/messages"


def templated(url: str, text: str) -> bytes:
    rules = [{"status": "2xx", "means": "accepted"}]
    return json.dumps({"url": url, "request": {"text": text}, "answer": {"rules": rules}}).encode()


def test_it_is_read_as_one_of_the_settings() -> None:
    found = own_gateway(json.dumps({"url": URL, "authorization": "Bearer GEHEIM", "rate": 10}).encode())
    assert (found.url, found.contract("own:dueren").rate) == (URL, 10)
    assert "GEHEIM" not in repr(found)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (b"GEHEIM", "a JSON object"),
        (b'["GEHEIM"]', "a JSON object"),
        (b"[" * 100_000, "a JSON object"),
        (b"\xff", "a JSON object"),
        (b"{}", "url: missing"),
        (b'{"url": "https://sms.example", "name": "GEHEIM"}', "name: not to be said"),
        (
            b'{"url": "https://sms.example", "reports": {"secret": "GEHEIM"}, "weight": 1}',
            "reports, weight: not",
        ),
        (b'{"url": "https://sms.example", "rate": "GEHEIM"}', "rate: float parsing"),
        (
            b'{"url": "https://sms.example", "sender": "GEHEIM GEHEIM GEHEIM"}',
            "sender: a number of 3 to 15 digits",
        ),
        (
            b'{"url": "https://sms.example", "profile": "GEHEIM"}',
            "profile: there is none .* there are .*seven",
        ),
        (b'{"url": "https://sms.example?GEHEIM", "profile": "seven"}', "secrets.[a-z_]+: missing"),
        (b'{"url": "https://sms.example", "secrets": {"k": "GEHEIM"}}', "secrets.k: nothing uses it"),
        (
            templated("https://sms.example?k={GEHEIM}", "{to}{text}"),
            "url: has a placeholder that there is not",
        ),
        (templated(URL, "{to}{text}{GEHEIM}"), "request: has a placeholder that there is not"),
        (templated(URL, "{to}{text}{secret.GEHEIM}"), "secrets: one that the request names is missing"),
    ],
)
def test_what_is_none_is_refused_without_a_word_of_it(given: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        own_gateway(given)
    assert "GEHEIM" not in str(refused.value)
