"""What a message means to do, and until when."""

from dataclasses import replace
from typing import Any

import pytest

import cap
from dispatcher.intake.meaning import expiry, is_ending
from tests.support.messages import HOUR, NOW, InfoPart, Message

LIFETIME = 12 * HOUR
FIRST = Message()
UPDATE = FIRST.later("hochwasser-2")
CANCEL = FIRST.later("hochwasser-3", "Cancel", minutes=2)


def alert_of(message: Any) -> cap.Alert:
    return cap.parse(message.xml()).alerts[0]


@pytest.mark.parametrize(
    ("lifetimes", "expected"),
    [
        ((2 * HOUR,), NOW + 2 * HOUR),
        ((2 * HOUR, 5 * HOUR), NOW + 5 * HOUR),
        ((5 * HOUR, 2 * HOUR), NOW + 5 * HOUR),
        ((None,), NOW + HOUR + LIFETIME),
        ((2 * HOUR, None), NOW + HOUR + LIFETIME),
        ((48 * HOUR, None), NOW + 48 * HOUR),
        ((), NOW + HOUR + LIFETIME),
        ((-HOUR,), NOW - HOUR),
    ],
)
def test_a_message_ends_with_the_last_of_its_infos_or_after_the_default_lifetime(
    lifetimes: tuple[Any, ...], expected: Any
) -> None:
    """NOW + HOUR is when it is received: the default lifetime counts from there."""
    infos = tuple(InfoPart(lifetime=lifetime) for lifetime in lifetimes)
    assert expiry(alert_of(Message(infos=infos)), NOW + HOUR, LIFETIME) == expected


@pytest.mark.parametrize(
    ("message", "ending"),
    [
        (FIRST, False),
        (UPDATE, False),
        (CANCEL, True),
        (replace(CANCEL, infos=()), True),
        (replace(UPDATE, infos=()), False),
        (replace(UPDATE, infos=(InfoPart(response="AllClear"),)), True),
        (
            replace(
                UPDATE, infos=(InfoPart(response="AllClear"), InfoPart(response="AllClear", language="en"))
            ),
            True,
        ),
        (replace(UPDATE, infos=(InfoPart(response="AllClear"), InfoPart(response="Shelter"))), False),
        (replace(FIRST, infos=(InfoPart(response="AllClear"),)), False),
        (FIRST.later("ack", "Ack", infos=(InfoPart(response="AllClear"),)), False),
    ],
)
def test_only_a_cancel_and_an_update_that_is_all_clear_throughout_end(message: Any, ending: bool) -> None:
    assert is_ending(alert_of(message)) is ending
