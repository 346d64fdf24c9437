"""What reading costs is seen, in time and in memory."""

import time

from ops.lab.worst_case.cost import cost, read


def spin(_body: bytes) -> None:
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass


def hoard(_body: bytes) -> None:
    bytearray(64 * 1024 * 1024)


def test_processor_time_is_seen() -> None:
    assert cost(b"", spin).seconds >= 0.05


def test_memory_is_seen_although_it_was_given_back() -> None:
    # The kernel may take back pages of a large process in between, of which the peak then knows nothing.
    assert max(cost(b"", hoard).growth for _ in range(3)) >= 60 * 1024 * 1024


def test_a_body_that_cannot_be_read_costs_little() -> None:
    assert cost(b"<a", read).seconds < 0.05
