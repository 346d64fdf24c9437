"""What a drill is measured by."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dispatcher.commands.drill.measurement import CURVE, curve, measured, percentile, weak_channels
from dispatcher.commands.drill.plan import Expected

ZERO = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)


def at(seconds: float) -> str:
    return (ZERO + timedelta(seconds=seconds)).isoformat()


def line(recipient: int, seconds: float, **changes: Any) -> dict[str, Any]:
    named = {"recipient": recipient, "kind": "alert", "channel": "webpush", "state": "accepted"}
    return named | {"last_attempt_at": at(seconds), "uncertain": False} | changes


STATUS: dict[str, Any] = {
    "alert": {"id": "A", "reason": "drill", "received_at": at(0)},
    "progress": {"recipients": 5, "accepted": 3, "waiting": 1, "failed": 1, "quiet_past_end": 0},
    "channels": [
        {
            "channel": "webpush",
            "kind": "alert",
            "states": {"accepted": 3, "pending": 1, "dead": 1, "gone": 1},
            "first_accepted_at": at(0.5),
            "last_accepted_at": at(4),
            "receipts": {"delivered": 3, "displayed": 2, "confirmed": 1},
        }
    ],
    "municipalities": [{"ags": "05358008", "name": "Düren"}],
    "recipients_by_municipality": {"05358008": {"accepted": 3, "pending": 1, "dead": 1}},
    "receipts_by_municipality": {"05358008": {"delivered": 3}},
}
LEDGER = [line(1, 0.5), line(2, 2), line(3, 4, uncertain=True), line(4, 9, state="dead"), line(1, 3)]


def test_a_step_is_measured_by_the_services_own_clock() -> None:
    found = measured("alarm", 0.25, STATUS, LEDGER)
    push = found["channels"]["webpush"]
    assert (push["recipients"], push["accepted"], push["waiting"], push["not_owed"]) == (6, 3, 1, 1)
    assert push["failed"] == {"dead": 1}
    assert (push["first_s"], push["p50_s"], push["p95_s"], push["last_s"]) == (0.5, 2.0, 4.0, 4.0)
    assert (push["delivered"], push["displayed"], push["confirmed"]) == (3, 2, 1)
    assert (push["twice"], push["perhaps_twice"]) == (1, 1)
    assert push["curve"] == [[0.5, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]]
    named = {"ags": "05358008", "name": "Düren", "recipients": 5, "accepted": 3}
    assert found["municipalities"] == [named | {"delivered": 3, "displayed": 0, "confirmed": 0}]


def test_nobody_is_counted_where_the_service_could_not() -> None:
    uncounted = {"recipients_by_municipality": None, "receipts_by_municipality": None}
    assert measured("alarm", 0.25, STATUS | uncounted, LEDGER)["municipalities"] is None


def test_kinds_of_one_channel_are_one() -> None:
    one = STATUS["channels"][0]
    later = one | {"kind": "cancel", "first_accepted_at": None, "last_accepted_at": at(7)}
    push = measured("alarm", 0, STATUS | {"channels": [one, later]}, [])["channels"]["webpush"]
    assert (push["recipients"], push["first_s"], push["last_s"], push["p50_s"]) == (12, 0.5, 7.0, None)


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (95, 4.0), (99, 4.0), (1, 1.0)])
def test_a_percentile_is_one_of_the_values(percent: int, value: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], percent) == value
    assert percentile([], percent) is None


def test_a_curve_has_few_points_and_ends_with_all() -> None:
    found = curve([number / 1000 for number in range(1, 10_001)])
    assert len(found) <= CURVE
    assert found[-1] == [10.0, 10_000.0]
    assert curve([]) == []
    assert curve([-0.2, 0.1]) == [[0.0, 1.0], [0.1, 2.0]], "clocks of machines differ"


def test_a_channel_is_weak_for_each_bound_that_it_misses() -> None:
    step = measured("alarm", 0, STATUS, LEDGER)
    found = weak_channels(
        [step], Expected.model_validate({"accepted": 0.9, "within": "3s", "displayed": 0.5})
    )
    assert [(one["what"], one["value"], one["bound"]) for one in found] == [
        ("accepted", 0.6, 0.9),
        ("within", 4.0, 3.0),
        ("displayed", 0.4, 0.5),
        ("twice", 1, 0),
    ]
    lenient = Expected.model_validate({"accepted": 0.5, "within": "9s"})
    assert [one["what"] for one in weak_channels([step], lenient)] == ["twice"]
