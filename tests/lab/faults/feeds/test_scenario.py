"""What happens in the long run."""

from random import Random

from ops.lab.faults.feeds import scenario
from ops.lab.faults.feeds.scenario import ELSEWHERE, End
from ops.lab.faults.feeds.scenario import Event as Happening
from tests.support.feed_messages import NOW


def test_the_scenario_has_everything() -> None:
    happenings = scenario.events(Random(1), ["05358008", "05358024", "05358012"], 100)
    assert {event.end for event in happenings} == set(End)
    assert {event.source for event in happenings} == {"dwd", "nina"}
    assert any(event.places == (ELSEWHERE,) for event in happenings)
    event = Happening(0, "dwd", ("05358008",), 5, (13,), 30, End.ALL_CLEAR)
    said = [scenario.message(event, minute, NOW) for minute in (4, 5, 13, 30, 42)]
    assert [alert and str(alert.msg_type) for alert in said] == [None, "Alert", "Update", "Update", None]
