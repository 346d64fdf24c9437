"""The messages of a drill."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import cap
from dispatcher.commands.drill import messages
from dispatcher.commands.drill.plan import read_plan
from tests.commands.drill.test_plan import written

NOW = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)


def test_all_three_are_valid_exercises_that_name_what_came_before(tmp_path: Path) -> None:
    plan = read_plan(written(tmp_path))
    first = messages.alarm(plan, "drill-1", NOW)
    second = messages.correction(plan, "drill-1", [first], NOW)
    last = messages.all_clear(plan, "drill-1", [first, second], NOW + timedelta(minutes=5))
    for one in (first, second, last):
        assert messages.faults(one) == []
        assert (one.status, one.scope, one.note) == (cap.Status.EXERCISE, cap.Scope.PUBLIC, plan.name)
        assert cap.parse(cap.render(one)).alerts[0].status is cap.Status.EXERCISE
    assert second.sent == NOW + timedelta(seconds=1), "later, also within one second"
    assert [one.identifier for one in last.references] == ["drill-1-alarm", "drill-1-correction"]
    assert last.infos[0].response_types == (cap.ResponseType.ALL_CLEAR,)
    assert first.infos[0].expires == NOW + plan.lasts + messages.MARGIN, "what nobody ends runs out"
