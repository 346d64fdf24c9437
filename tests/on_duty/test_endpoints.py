"""What a person may type for an endpoint."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dispatcher.on_duty.endpoints import DutyEndpoint, browser_endpoint, typed_endpoint
from dispatcher.on_duty.matters import DutyChannel

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("channel", "typed", "address"),
    [
        (DutyChannel.SMS, " +49 (170) 000-0000 ", "+491700000000"),
        (DutyChannel.EMAIL, " M.Keller@Kreis.EXAMPLE ", "M.Keller@kreis.example"),
    ],
)
def test_an_address_is_kept_as_its_gateway_takes_it(channel: DutyChannel, typed: str, address: str) -> None:
    new = typed_endpoint(channel, typed, " Diensthandy ")
    assert (new.address, new.label) == (address, "Diensthandy")
    assert address not in repr(new)


@pytest.mark.parametrize(
    ("channel", "typed", "label"),
    [
        (DutyChannel.SMS, "0170 0000000", ""),
        (DutyChannel.SMS, "m.keller@kreis.example", ""),
        (DutyChannel.EMAIL, "m.keller", ""),
        (DutyChannel.EMAIL, "m.keller@localhost", ""),
        (DutyChannel.EMAIL, "a@b.example, c@d.example", ""),
        (DutyChannel.EMAIL, "a@b.example\r\nBcc: c@d.example", ""),
        (DutyChannel.EMAIL, f"{'a' * 250}@b.example", ""),
        (DutyChannel.WEBPUSH, "https://push.example/1", ""),
        (DutyChannel.SMS, "+491700000000", "x" * 41),
        (DutyChannel.SMS, "+491700000000", "a\x07b"),
    ],
)
def test_what_is_none_is_refused_without_a_word_of_it(channel: DutyChannel, typed: str, label: str) -> None:
    with pytest.raises(ValueError, match="a ") as refused:
        typed_endpoint(channel, typed, label)
    assert typed not in str(refused.value)


def posted(**changes: Any) -> bytes:
    subscription = {"endpoint": "https://push.example/1", "keys": {"p256dh": "public", "auth": "secret"}}
    return json.dumps({"subscription": subscription, "label": " Platz 2 ", **changes}).encode()


def test_a_browser_is_read_of_what_its_page_posts() -> None:
    new = browser_endpoint(posted(), "key-1")
    assert (new.channel, new.address, new.label) == (DutyChannel.WEBPUSH, "https://push.example/1", "Platz 2")
    assert new.keys == {"p256dh": "public", "auth": "secret", "vapid": "key-1"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        posted(subscription={"endpoint": "https://push.example/1"}),
        posted(subscription={"endpoint": "x" * 3000, "keys": {"p256dh": "public", "auth": "secret"}}),
        posted(label="x" * 41),
        posted(label=7),
    ],
)
def test_what_no_browser_posts_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="a "):
        browser_endpoint(body, "key-1")


def test_an_endpoint_works_once_it_is_proven_and_until_it_is_gone() -> None:
    new = DutyEndpoint(1, "m.keller", DutyChannel.SMS, "", NOW, None, None, None, None, None)
    assert not new.works
    assert replace(new, proven_at=NOW).works
    assert not replace(new, proven_at=NOW, gone_at=NOW).works
