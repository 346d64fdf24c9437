"""The record's time, whatever the machine's date says."""

from datetime import UTC, datetime, timedelta

from dispatcher.store.clock import RecordClock

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)


def test_before_the_first_reading_it_is_the_machines_own_time() -> None:
    assert RecordClock(own=lambda: NOON)() == NOON
    assert abs(RecordClock()() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_reading_is_carried_on_from_when_it_was_asked_for_and_the_last_one_counts() -> None:
    ticks = iter([103.5, 201.0])
    clock = RecordClock(lambda: next(ticks), own=lambda: NOON + timedelta(hours=1))
    clock.read(NOON, 100.0)
    assert clock() == NOON + timedelta(seconds=3.5)
    clock.read(NOON + timedelta(minutes=5), 200.0)
    assert clock() == NOON + timedelta(minutes=5, seconds=1)
