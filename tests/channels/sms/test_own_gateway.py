"""An app's own gateway is one as of the settings, and is refused without a word of it."""

import json

import pytest

from channels.sms.own_gateway import own_gateway

URL = "https://sms.example/messages"


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
        (b'{"url": "https://sms.example", "sender": "GEHEIM GEHEIM GEHEIM"}', "sender: value error"),
    ],
)
def test_what_is_none_is_refused_without_a_word_of_it(given: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        own_gateway(given)
    assert "GEHEIM" not in str(refused.value)
