"""The verdict on hand-made ledgers: a clean run counts nothing, and every count can be made to speak."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.lab.world.records import Expected, GatewayRecord, Kind, Message, Row, ServiceRecord
from ops.lab.world.verdict import MUST_BE_ZERO, Evidence, judge

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EXPIRES = START + timedelta(hours=1)
END = EXPIRES + timedelta(seconds=60)


def at(seconds: Any) -> Any:
    return START + timedelta(seconds=seconds)


ALERT = Message("A", "chain", 0, Kind.ALERT, START, EXPIRES, contents={"good": Kind.ALERT})
CANCEL = Message("C", "chain", 2, Kind.CANCEL, at(60), EXPIRES)


def accepted(
    recipient: Any, seconds: float = 1.0, message: str = "A", channel: str = "webpush", **other: Any
) -> GatewayRecord:
    fields = {"content_hash": "good", "collapse": "topic"} | other
    return GatewayRecord(message, recipient, channel, accepted=True, wall_time=at(seconds), **fields)


def stated(
    recipient: Any, state: str = "accepted", message: str = "A", channel: str = "webpush"
) -> ServiceRecord:
    return ServiceRecord(message, recipient, channel, state)


def expected(*recipients: Any, message: str = "A", channel: str = "webpush") -> list[Any]:
    return [Expected(message, recipient, channel) for recipient in recipients]


def verdict(gateway: Any, service: Any, owed: Any = None, messages: Any = (ALERT,), **options: Any) -> Any:
    owed = expected("r1", "r2") if owed is None else owed
    return judge(Evidence(messages, owed, gateway, service), **({"at": END} | options))


CLEAN = [accepted("r1"), accepted("r2", 2.5)]
SAID = [stated("r1"), stated("r2", "delivered")]


def nonzero(judged: Any) -> dict[Any, Any]:
    return {name: count for name in (*MUST_BE_ZERO, "doubled") if (count := getattr(judged.total, name))}


def test_a_clean_run_has_no_failures_and_its_times() -> None:
    judged = verdict(CLEAN, SAID)
    assert judged.failures == ()
    assert nonzero(judged) == {}
    assert (judged.total.expected, judged.total.accepted) == (2, 2)
    assert (judged.total.time_to_first_ms, judged.total.time_to_last_ms) == (1000.0, 2500.0)
    assert judged.rows == {Row("A", "webpush"): judged.total}


REFUSED = GatewayRecord(
    "A", "r2", "webpush", accepted=False, wall_time=at(1), content_hash="good", status=503
)


@pytest.mark.parametrize(
    ("gateway", "service", "found"),
    [
        pytest.param([accepted("r1")], [SAID[0], stated("r2", "dead")], {"lost": 1}, id="lost"),
        pytest.param([accepted("r1"), REFUSED], [SAID[0], stated("r2", "dead")], {"lost": 1}, id="refused"),
        pytest.param([*CLEAN, accepted("r1", 3)], SAID, {"doubled": 1}, id="doubled"),
        pytest.param([*CLEAN, accepted("r1", 3), accepted("r1", 4)], SAID, {"doubled": 2}, id="tripled"),
        pytest.param(
            [*CLEAN, accepted("r1", 3, collapse="x")],
            SAID,
            {"doubled": 1, "uncollapsed": 1},
            id="uncollapsed",
        ),
        pytest.param(
            [accepted("r1", collapse=""), accepted("r1", collapse=""), CLEAN[1]],
            SAID,
            {"doubled": 1, "uncollapsed": 1},
            id="without a collapse key",
        ),
        pytest.param([*CLEAN, accepted("r3")], SAID, {"phantom": 1}, id="phantom"),
        pytest.param([*CLEAN, accepted("r1", channel="sms")], SAID, {"phantom": 1}, id="other channel"),
        pytest.param([*CLEAN, accepted("r1", message="B")], SAID, {"phantom": 1}, id="unknown message"),
        pytest.param([accepted("r1")], SAID, {"lost": 1, "false_delivered": 1}, id="false delivered"),
        pytest.param(CLEAN, [SAID[0], stated("r2", "dead")], {"unrecorded": 1}, id="unrecorded"),
        pytest.param(CLEAN, [SAID[0], stated("r2", "retry")], {"unknown": 1}, id="not terminal"),
        pytest.param(CLEAN, [SAID[0]], {"unknown": 1}, id="not in the export"),
        pytest.param(CLEAN, [*SAID, stated("r3", "queued")], {"unknown": 1}, id="unexpected and open"),
        pytest.param(CLEAN, [*SAID, stated("r3", "queued", "B")], {"unknown": 1}, id="open, no such message"),
        pytest.param([CLEAN[0], accepted("r2", 3601)], SAID, {"late": 1}, id="late"),
        pytest.param([CLEAN[0], accepted("r2", content_hash="bad")], SAID, {"wrong_content": 1}, id="wrong"),
        pytest.param(
            [*CLEAN, accepted("r2", message="", content_hash="")], SAID, {"wrong_content": 1}, id="unreadable"
        ),
    ],
)
def test_each_fault_is_counted_and_nothing_else_is(gateway: Any, service: Any, found: dict[Any, Any]) -> None:
    judged = verdict(gateway, service)
    assert nonzero(judged) == found
    assert [failure.partition("=")[0] for failure in judged.failures] == [
        name for name in (*MUST_BE_ZERO, "doubled") if name in found
    ]


def test_who_is_said_to_have_perhaps_been_reached_is_not_unrecorded() -> None:
    unsure = ServiceRecord("A", "r2", "webpush", "expired", uncertain=True)
    assert nonzero(verdict(CLEAN, [SAID[0], unsure])) == {}
    assert nonzero(verdict(CLEAN[:1], [SAID[0], unsure])) == {"lost": 1}


def test_doubles_within_the_bound_are_no_failure() -> None:
    doubles = [*CLEAN, accepted("r1", 3), accepted("r2", 3)]
    assert verdict(doubles, SAID, doubled_bound=2).failures == ()
    judged = verdict(doubles, SAID, doubled_bound=1)
    assert judged.failures == ("doubled=2>1",)
    assert judged.total.doubled_bound == 1


def test_what_is_still_in_time_is_pending_and_not_a_pass() -> None:
    open_end = [SAID[0], stated("r2", "queued")]
    early = verdict(CLEAN, open_end, at=END - timedelta(seconds=1))
    assert nonzero(early) == {"pending": 1}
    assert early.failures == ("pending=1",)


def test_a_message_can_be_due_before_its_expiry() -> None:
    due = Message("A", "chain", 0, Kind.ALERT, START, EXPIRES, settle_by=at(30))
    open_end = [SAID[0], stated("r2", "queued")]
    assert nonzero(verdict(CLEAN, open_end, messages=(due,), at=at(29))) == {"pending": 1}
    assert nonzero(verdict(CLEAN, open_end, messages=(due,), at=at(30))) == {"unknown": 1}


def test_content_is_checked_only_where_the_right_content_is_known() -> None:
    unchecked = Message("A", "chain", 0, Kind.ALERT, START, EXPIRES)
    assert verdict([CLEAN[0], accepted("r2", content_hash="bad")], SAID, messages=(unchecked,)).failures == ()


def test_a_second_accept_does_not_make_the_time_to_the_last_longer() -> None:
    assert verdict([*CLEAN, accepted("r1", 9)], SAID).total.time_to_last_ms == 2500.0


def test_a_run_in_which_nothing_arrived_has_no_times() -> None:
    judged = verdict([], [])
    assert (judged.total.lost, judged.total.unknown) == (2, 2)
    assert (judged.total.time_to_first_ms, judged.total.time_to_last_ms) == (None, None)


def test_an_expectation_for_a_message_that_was_never_submitted_has_no_time() -> None:
    judged = verdict([accepted("r1", message="X")], [stated("r1", message="X")], expected("r1", message="X"))
    assert judged.total.time_to_first_ms is None


def test_rows_are_per_message_and_channel_and_the_total_sums_them() -> None:
    owed = [*expected("r1", "r2"), *expected("s1", channel="sms"), *expected("r1", "r2", message="C")]
    gateway = [
        *CLEAN,
        accepted("s1", 7, channel="sms"),
        accepted("r1", 61, "C"),
        accepted("r1", 62, "C"),
    ]
    service = [*SAID, stated("s1", channel="sms"), stated("r1", message="C"), stated("r2", "dead", "C")]
    judged = verdict(gateway, service, owed, (ALERT, CANCEL))
    assert set(judged.rows) == {Row("A", "webpush"), Row("A", "sms"), Row("C", "webpush")}
    late_row = judged.rows[Row("C", "webpush")]
    assert (late_row.expected, late_row.accepted, late_row.lost, late_row.doubled) == (2, 1, 1, 1)
    assert (late_row.time_to_first_ms, late_row.time_to_last_ms) == (1000.0, 1000.0)
    assert (judged.total.expected, judged.total.accepted) == (5, 4)
    assert (judged.total.time_to_first_ms, judged.total.time_to_last_ms) == (1000.0, 7000.0)


def test_chain_violations_are_failures_too() -> None:
    gateway = [accepted("r1", 61, "C"), accepted("r1", 62.5)]
    service = [stated("r1"), stated("r1", message="C")]
    owed = [*expected("r1"), *expected("r1", message="C")]
    judged = verdict(gateway, service, owed, (ALERT, CANCEL))
    assert judged.failures == ("lone_all_clear=1", "overtaken=1", "stale=1")


def test_the_verdict_reads_as_json() -> None:
    report = verdict([accepted("r1")], SAID).as_json()
    assert report["failures"] == ["lost=1", "false_delivered=1"]
    assert report["total"]["lost"] == 1
    (row,) = report["rows"]
    assert (row["message"], row["channel"], row["lost"]) == ("A", "webpush", 1)


def test_where_nothing_collapses_a_repeat_is_a_duplicate_and_no_more() -> None:
    twice = [accepted("r1", collapse="", collapses=False), accepted("r1", 2, collapse="", collapses=False)]
    judged = verdict([*twice, CLEAN[1]], SAID)
    assert nonzero(judged) == {"doubled": 1}
    assert judged.failures == ("doubled=1>0",)
