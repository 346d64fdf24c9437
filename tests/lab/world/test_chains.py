"""What Updates and Cancels owe to whom, who is excused, and what must never happen in a chain."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.lab.world.chains import audience, excuse, live, violations
from ops.lab.world.records import Expected, GatewayRecord, Kind, Message, RecipientChannel, ServiceRecord

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def at(seconds: Any) -> Any:
    return START + timedelta(seconds=seconds)


def message(name: Any, order: Any, kind: Any, seconds: Any, **other: Any) -> Message:
    return Message(name, other.pop("chain", "chain"), order, kind, at(seconds), at(3600), **other)


ALERT = message("A", 0, Kind.ALERT, 0)
UPDATE = message("U", 1, Kind.UPDATE, 100, contents={"over": Kind.NO_LONGER_AFFECTED, "still": Kind.UPDATE})
CANCEL = message("C", 2, Kind.CANCEL, 200)
CHAIN = (ALERT, UPDATE, CANCEL)


def got(
    message: Any,
    seconds: Any,
    recipient: str = "r1",
    kind: str = "",
    content_hash: str = "",
    channel: str = "webpush",
) -> GatewayRecord:
    return GatewayRecord(message, recipient, channel, True, at(seconds), content_hash, kind)


def refused(
    status: Any, recipient: str = "r1", message: str = "A", channel: str = "webpush"
) -> GatewayRecord:
    return GatewayRecord(message, recipient, channel, False, at(1), "", status=status)


def names(owed: Any) -> list[Any]:
    return [(one.message, one.recipient, one.channel) for one in owed]


def test_an_alert_is_owed_to_those_it_concerns() -> None:
    assert names(
        audience(ALERT, (), [RecipientChannel("r2", "sms"), RecipientChannel("r1", "webpush")], [])
    ) == [
        ("A", "r1", "webpush"),
        ("A", "r2", "sms"),
    ]


def test_an_update_is_owed_to_those_who_were_reached_and_to_those_it_newly_concerns() -> None:
    gateway = [got("A", 1, "r1"), refused(503, "r2"), got("X", 1, "r4")]
    owed = audience(UPDATE, (ALERT,), [RecipientChannel("r3", "webpush")], gateway)
    assert names(owed) == [("U", "r1", "webpush"), ("U", "r3", "webpush")]


def test_a_cancel_is_owed_to_those_who_were_reached_and_to_nobody_else() -> None:
    gateway = [got("A", 1, "r1"), got("U", 101, "r2", channel="sms")]
    owed = audience(CANCEL, (ALERT, UPDATE), [RecipientChannel("r9", "webpush")], gateway)
    assert names(owed) == [("C", "r1", "webpush"), ("C", "r2", "sms")]


@pytest.mark.parametrize("lifted", [{"kind": "no_longer_affected"}, {"content_hash": "over"}])
def test_who_was_told_that_it_is_over_is_not_told_again(lifted: dict[Any, Any]) -> None:
    gateway = [got("A", 1, "r1"), got("A", 1, "r2"), got("U", 101, "r1", **lifted), got("U", 101, "r2")]
    assert live((ALERT, UPDATE), gateway) == {RecipientChannel("r2", "webpush")}
    assert live((ALERT, UPDATE), gateway[::-1]) == {RecipientChannel("r2", "webpush")}
    assert names(audience(CANCEL, (ALERT, UPDATE), [], gateway)) == [("C", "r2", "webpush")]


OWED = [Expected("A", "r1", "webpush"), Expected("A", "r2", "webpush")]


def excused(gateway: Any, service: Any = (), messages: Any = (ALERT,), owed: Any = OWED) -> tuple[Any, ...]:
    found = excuse(owed, gateway, service, messages)
    return tuple(
        [one.recipient for one in part] for part in (found.expected, found.refused, found.superseded)
    )


@pytest.mark.parametrize("status", [400, 404, 410, 413])
def test_who_was_refused_for_good_is_no_longer_owed(status: int) -> None:
    assert excused([refused(status)]) == (["r2"], ["r1"], [])


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503, 0])
def test_a_passing_refusal_excuses_nothing(status: int) -> None:
    assert excused([refused(status)]) == (["r1", "r2"], [], [])


@pytest.mark.parametrize(("status", "refused_"), [(410, ["r1"]), (400, [])])
def test_a_recipient_who_is_gone_is_not_owed_other_messages_either(status: int, refused_: list[Any]) -> None:
    assert excused([refused(status, message="Z")])[1] == refused_


@pytest.mark.parametrize(
    ("channel", "status", "out"),
    [("app", 410, True), ("app", 404, False), ("sms", 410, False), ("sms", 400, True)],
)
def test_what_ends_a_recipient_depends_on_the_channel(channel: str, status: int, out: bool) -> None:
    owed = [Expected("A", "r1", channel)]
    assert bool(excused([refused(status, channel=channel)], owed=owed)[1]) is out


def test_who_was_accepted_stays_owed_whatever_else_was_answered() -> None:
    service = [ServiceRecord("A", "r1", "webpush", "superseded")]
    assert excused([refused(410), got("A", 2)], service, CHAIN) == (["r1", "r2"], [], [])


def test_superseded_excuses_only_where_something_superseded_it() -> None:
    service = [ServiceRecord("A", "r1", "webpush", "superseded"), ServiceRecord("A", "r2", "webpush", "dead")]
    assert excused([], service, CHAIN) == (["r2"], [], ["r1"])
    assert excused([], service, (ALERT,)) == (["r1", "r2"], [], [])
    other = message("O", 5, Kind.UPDATE, 50, chain="other")
    assert excused([], service, (ALERT, other)) == (["r1", "r2"], [], [])


def counted(*gateway: Any, messages: Any = CHAIN) -> dict[Any, Any]:
    found = violations(messages, gateway)
    total = {name: rows.total() for name, rows in found.items()}
    return {name: count for name, count in total.items() if count}


@pytest.mark.parametrize(
    ("gateway", "found"),
    [
        pytest.param([got("A", 1), got("U", 101), got("C", 201)], {}, id="in order"),
        pytest.param([got("A", 1), got("A", 2), got("C", 201), got("C", 202)], {}, id="doubles are not ours"),
        pytest.param([got("U", 101), got("C", 201)], {}, id="from the Update on"),
        pytest.param([got("C", 201)], {"lone_all_clear": 1}, id="lone"),
        pytest.param([got("U", 101, kind="no_longer_affected")], {"lone_all_clear": 1}, id="lone lifted"),
        pytest.param(
            [got("A", 1), got("U", 101, kind="no_longer_affected"), got("C", 201)],
            {"second_all_clear": 1},
            id="second",
        ),
        pytest.param(
            [got("A", 1), got("U", 101, content_hash="over"), got("C", 201)],
            {"second_all_clear": 1},
            id="second, by content",
        ),
        pytest.param(
            [got("U", 101, kind="no_longer_affected"), got("C", 201)],
            {"lone_all_clear": 1, "second_all_clear": 1},
            id="lone, then second",
        ),
        pytest.param([got("U", 100.2), got("A", 100.9)], {"overtaken": 1}, id="overtaken"),
        pytest.param([got("A", 101.1)], {"stale": 1}, id="stale"),
        pytest.param([got("A", 101)], {}, id="just in time"),
        pytest.param([got("A", 1), got("C", 201, channel="sms")], {"lone_all_clear": 1}, id="other channel"),
        pytest.param([got("A", 1), got("C", 201, "r2")], {"lone_all_clear": 1}, id="other recipient"),
        pytest.param([got("Z", 1), refused(410, message="C")], {}, id="unknown messages and refusals"),
        pytest.param([got("A", 1, kind="nonsense"), got("C", 201)], {}, id="a kind nobody knows"),
    ],
)
def test_each_violation_is_counted_and_nothing_else_is(gateway: list[Any], found: dict[Any, Any]) -> None:
    assert counted(*gateway) == found


def test_a_warning_after_an_all_clear_may_be_cleared_again() -> None:
    again = message("U2", 2, Kind.UPDATE, 150)
    end = message("C", 3, Kind.CANCEL, 200)
    history = [got("A", 1), got("U", 101, kind="no_longer_affected"), got("U2", 151), got("C", 201)]
    assert counted(*history, messages=(ALERT, UPDATE, again, end)) == {}


def test_violations_are_counted_at_the_message_that_commits_them() -> None:
    found = violations(CHAIN, [got("C", 201), got("A", 202.5)])
    assert {name: +rows for name, rows in found.items()} == {
        "lone_all_clear": Counter({("C", "webpush"): 1}),
        "second_all_clear": Counter(),
        "overtaken": Counter({("A", "webpush"): 1}),
        "stale": Counter({("A", "webpush"): 1}),
    }


def test_stale_counts_from_the_answer_to_what_replaced_it() -> None:
    slow = message("U", 1, Kind.UPDATE, 100, answered_at=at(103))
    assert counted(got("A", 103.9), messages=(ALERT, slow)) == {}
    assert counted(got("A", 104.1), messages=(ALERT, slow)) == {"stale": 1}
