"""A topic always has the one form that every push service takes."""

import re
from base64 import urlsafe_b64decode

import pytest

from channels.webpush.topic import topic
from dispatcher.delivery.render import collapse_key


@pytest.mark.parametrize(
    "key", ["", "spike", "neue-angebote", "ä", "a=b", "k" * 31, "k" * 33, "k" * 32, "k" * 31 + ".", "x\r\nEvil: 1", "\udc80"[:0]]
)  # fmt: skip
def test_any_key_becomes_32_characters_of_base64url(key: str) -> None:
    found = topic(key)
    assert re.fullmatch("[A-Za-z0-9_-]{32}", found)
    assert len(urlsafe_b64decode(found)) == 24
    assert found == topic(key)


def test_a_thread_has_a_key_that_stays_as_it_is() -> None:
    for thread in ("", "01JD8Z0000000000000000TEST", "Hochwasser an der Rur"):
        assert topic(collapse_key(thread)) == collapse_key(thread)


def test_different_keys_stay_different() -> None:
    assert topic("spike") != topic("spike ")
