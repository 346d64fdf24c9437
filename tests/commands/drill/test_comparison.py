"""Two drills side by side."""

from dispatcher.commands.drill.comparison import compared
from tests.commands.drill.test_report import drill


def test_each_measure_of_either_is_compared() -> None:
    before, after = drill(), drill()
    channels = after["steps"][0]["channels"]
    channels["webpush"]["last_s"] = 6.5
    channels["sms"] = channels["webpush"] | {"recipients": 0, "not_owed": 0}
    found = {(one.step, one.channel, one.measure): one for one in compared(before, after)}
    last = found["alarm", "webpush", "last"]
    assert (last.before, last.after, last.difference) == (4.0, 6.5, 2.5)
    assert found["alarm", "webpush", "accepted"].difference == 0
    new = found["alarm", "sms", "p50"]
    assert (new.before, new.after, new.difference) == (None, 2.0, None)
    assert found["alarm", "sms", "accepted"].after is None, "a share of nobody"
