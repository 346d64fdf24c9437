"""An alert's id is its trace's, and of a sender's context only what is one is believed."""

from datetime import UTC, datetime

import pytest

from dispatcher.model.alerts import new_alert_id
from dispatcher.traces.context import SpanContext, root_of, sender_context, trace_id_of

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize("randomness", [bytes(10), b"\xff" * 10, bytes(range(10))])
def test_the_trace_of_an_alert_is_its_id_as_a_number(randomness: bytes) -> None:
    trace_id = trace_id_of(new_alert_id(NOW, randomness))
    assert int.from_bytes(trace_id[:6], "big") == NOW.timestamp() * 1000
    assert trace_id[6:] == randomness


@pytest.mark.parametrize(
    "alert_id", ["", "A", "canary01JDQ3Z6W8R5K2M4N7P9S1T3V5", 26 * "0", 26 * "Z", 26 * "ü"]
)
def test_an_id_that_is_no_ulid_has_a_trace_too(alert_id: str) -> None:
    trace_id = trace_id_of(alert_id)
    assert len(trace_id) == 16
    assert any(trace_id)
    assert trace_id == trace_id_of(alert_id) != trace_id_of(alert_id + "A")


def test_every_process_knows_the_first_span() -> None:
    one, other = trace_id_of("A"), trace_id_of("B")
    assert len(root_of(one)) == 8
    assert root_of(one) == root_of(one) != root_of(other)


@pytest.mark.parametrize("value", [GOOD, f"cc-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what-comes-later"])
def test_a_senders_context_is_read(value: str) -> None:
    assert sender_context([value]) == SpanContext(bytes.fromhex(TRACE), bytes.fromhex(SPAN), 1)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        [GOOD, GOOD],
        [GOOD.upper()],
        [f" {GOOD}"],
        [f"{GOOD}\n"],
        [f"{GOOD}-more"],
        [f"ff-{TRACE}-{SPAN}-01"],
        [f"00-{32 * '0'}-{SPAN}-01"],
        [f"00-{TRACE}-{16 * '0'}-01"],
        [f"00-{TRACE[1:]}-{SPAN}-01"],
        [f"00-{TRACE}-{SPAN}-1"],
        [f"cc-{TRACE}-{SPAN}-01-{201 * 'x'}"],
        ["00-+4915550123456-anruf-01"],
        [f"00-{TRACE.replace('4', '٤')}-{SPAN}-01"],
    ],
)
def test_any_other_is_none(values: list[str]) -> None:
    assert sender_context(values) is None
