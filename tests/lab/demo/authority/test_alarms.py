"""The messages of these chapters."""

from datetime import UTC, datetime

import cap
from cap.rules.validation import check_container
from ops.lab.demo.authority.alarms import alarm
from ops.lab.demo.authority.approval import PLACE


def test_an_alarm_breaks_no_rule_and_is_for_its_municipality() -> None:
    made = alarm("a@b.example", "x", datetime.now(UTC), place=PLACE, event="Gas", headline="Gas in Titz")
    document = cap.parse(cap.render(made))
    assert cap.is_valid(check_container(document))
    assert cap.is_valid(cap.check(document.alerts[0]))
    [info] = document.alerts[0].infos
    assert [code.value for area in info.areas for code in area.geocodes] == [PLACE[0]]
