"""What the log says of sends that fail: little, soon, and nothing about anybody."""

from typing import Any

import pytest
import structlog

from dispatcher.delivery.failure_log import KINDS_MAX, SUM_EVERY_S, Failure, FailureLog

REFUSED = Failure("app", "https://app.example", "transient", "connection_refused")
INFO = 20


class Clock:
    """Goes on when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lines(logs: list[Any]) -> list[Any]:
    return [(line["gateway"], line["code"], line["count"]) for line in logs]


def test_the_first_is_logged_at_once_and_the_others_once_a_minute(clock: Clock) -> None:
    failures = FailureLog(clock)
    with structlog.testing.capture_logs() as logs:
        for second in range(150):
            clock.now = float(second)
            failures.note(REFUSED, INFO)
            failures.sum_up()
    assert lines(logs) == [(REFUSED.gateway, REFUSED.code, count) for count in (1, 60, 60)]


def test_what_failed_before_the_end_is_not_forgotten(clock: Clock) -> None:
    failures = FailureLog(clock)
    for _ in range(3):
        failures.note(REFUSED, INFO)
    with structlog.testing.capture_logs() as logs:
        failures.sum_up(older_than_s=0.0)
        failures.sum_up(older_than_s=0.0)
    assert lines(logs) == [(REFUSED.gateway, REFUSED.code, 2)]


def test_after_a_quiet_minute_the_next_is_a_first_one_again(clock: Clock) -> None:
    failures = FailureLog(clock)
    with structlog.testing.capture_logs() as logs:
        failures.note(REFUSED, INFO)
        clock.now = SUM_EVERY_S
        failures.sum_up()
        failures.note(REFUSED, INFO)
    assert lines(logs) == [(REFUSED.gateway, REFUSED.code, 1)] * 2


def test_a_gateway_that_answers_something_else_each_time_does_not_fill_the_log(clock: Clock) -> None:
    failures = FailureLog(clock)
    with structlog.testing.capture_logs() as logs:
        for n in range(10_000):
            failures.note(REFUSED._replace(code=f"code-{n}"), INFO)
        clock.now = SUM_EVERY_S
        failures.sum_up()
    assert len(logs) == KINDS_MAX + 2
    assert sum(line["count"] for line in logs) == 10_000


def test_a_code_is_short_and_plain(clock: Clock) -> None:
    with structlog.testing.capture_logs() as logs:
        FailureLog(clock).note(REFUSED._replace(code="\x1b[31m" + "x" * 1000), INFO)
    assert logs[0]["code"] == "?[31m" + "x" * 35
