"""What each command_status means."""

from typing import Any

import pytest

from channels.base import ChannelMisconfigured, Permanent, RateLimited, Transient
from channels.sms.smpp.statuses import (
    BINDS_REFUSED_FOR_GOOD,
    MEANINGS,
    NAMES,
    WORDS,
    code,
    ends_session,
    named,
    refusal,
)

DEFINED = (
    *range(0x01, 0x09), *range(0x0A, 0x10), 0x11, 0x13, 0x14, 0x15, 0x33, 0x34, 0x40, 0x42, 0x43, 0x44, 0x45, 0x48,
    0x49, 0x50, 0x51, 0x53, 0x54, 0x55, 0x58, *range(0x61, 0x68), *range(0xC0, 0xC5), 0xFE, 0xFF,
)  # fmt: skip
"""SMPP 3.4, section 5.1.3, table 5-2, without success."""


def test_only_what_the_specification_defines_has_a_meaning_of_its_own() -> None:
    assert MEANINGS.keys() <= set(DEFINED)
    assert MEANINGS.keys() >= BINDS_REFUSED_FOR_GOOD


@pytest.mark.parametrize(
    ("status", "kind", "retry_after"),
    [
        (0x58, RateLimited, 2.0),
        (0x14, RateLimited, 2.0),
        (0x0B, Permanent, None),
        (0x65, Permanent, None),
        (0x64, Transient, None),
        (0x08, Transient, None),
        (0x45, Transient, None),
        (0x04, Transient, None),
        (0xFF, Transient, None),
        (0x401, Transient, None),
        (0x12345678, Transient, None),
    ],
)
def test_refusals_of_one_text(status: int, kind: Any, retry_after: Any) -> None:
    error = refusal(status, {}, pause_s=2.0, detail="part 2 of 3")
    assert type(error) is kind
    assert error.code == code(status)
    assert error.detail == "part 2 of 3"
    assert getattr(error, "retry_after", None) == retry_after


@pytest.mark.parametrize("status", [0x01, 0x0A, 0x0E, 0x0F, 0x15, 0x43, 0x48, 0x50, 0x62, 0xC4])
def test_what_is_the_same_in_all_messages_needs_an_operator(status: int) -> None:
    assert isinstance(refusal(status, {}, pause_s=2.0), ChannelMisconfigured)


def test_the_operator_knows_better() -> None:
    assert isinstance(refusal(0x401, {0x401: WORDS["rejected"]}, pause_s=2.0), Permanent)
    assert isinstance(refusal(0x58, {0x58: WORDS["transient"]}, pause_s=2.0), Transient)
    limited = refusal(0x402, {0x402: WORDS["rate_limited"]}, pause_s=7.0)
    assert isinstance(limited, RateLimited)
    assert limited.retry_after == 7.0


def test_a_session_ends_where_the_centre_says_that_it_is_not_bound() -> None:
    assert [status for status in (0, *DEFINED) if ends_session(status)] == [0x04]


def test_codes_are_written_as_the_specification_writes_them() -> None:
    assert [code(0x08), code(0x58), code(0x40B)] == ["0x08", "0x58", "0x40b"]


def test_every_status_that_means_something_has_a_name() -> None:
    assert set(MEANINGS) <= set(NAMES)
    assert named("0x0b") == "command_status 0x0b, ESME_RINVDSTADR: the recipient's number"
    assert named("0x401").endswith("no name for")
    assert [named(code) for code in ("", "timeout", "0xfoo")] == ["", "", ""]
