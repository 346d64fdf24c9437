"""What a source's list says, whatever its format."""

from dataclasses import replace

import pytest

import cap
from dispatcher.feeds.entry import LIMITS, LIST_LIMITS, fingerprint, unreadable_part
from tests.support.feed_messages import warning


def test_content_without_a_version_is_versioned_by_what_it_is() -> None:
    assert fingerprint(b"a") == fingerprint(b"a") != fingerprint(b"b")
    assert len(fingerprint(b"")) == 32


def test_what_cannot_be_read_is_kept_with_its_reason() -> None:
    with pytest.raises(cap.CapError) as caught:
        cap.parse(b"<html>")
    part = unreadable_part("k", b"<html>", caught.value)
    assert (part.key, part.content, part.code) == ("k", b"<html>", "not-xml")
    assert part.detail == str(caught.value)


def test_a_list_may_be_larger_than_a_message_but_no_alert_in_it_may() -> None:
    raw = cap.render(warning(description="x" * 90_000)).decode().partition("?>")[2]
    container = f"<alerts>{raw * (LIMITS.max_bytes // len(raw) + 1)}</alerts>".encode()
    with pytest.raises(cap.CapError):
        cap.parse(container, LIMITS)
    assert len(cap.parse(container, LIST_LIMITS).alerts) > LIMITS.max_bytes // len(raw)
    assert replace(LIST_LIMITS, max_bytes=0, max_elements=0, max_alerts=0) == replace(
        LIMITS, max_bytes=0, max_elements=0, max_alerts=0
    )
